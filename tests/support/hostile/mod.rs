//! A hostile corpus by code: archives that must be accepted, tolerated or refused, each with its reason.
//!
//! Every case is a legal snapshot that was bent in one place. The letter before its number is its group, and a module
//! of its own: `a` accepted without a word, `w` tolerated with a warning, `g` gzip, `h` headers, `n` numbers,
//! `x` extensions, `t` types, `p` paths, `l` limits, `e` the end, `m` metadata, `d` the dump.

mod accept;
mod dialects;
pub mod dump;
mod dumps;
mod ends;
pub mod extension;
mod extensions;
pub mod gzip;
mod gzips;
pub mod header;
mod headers;
mod limits;
mod metadata;
mod numbers;
mod paths;
pub mod plan;
mod types;
mod warn;

use std::sync::LazyLock;

use appsnap::Limits;

use plan::Plan;

/// The expected result of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    Warn,
    Reject,
}

/// An archive with the verdict that a correct reader gives.
pub struct Case {
    /// Group letter and what it is about, unique.
    pub name: String,
    pub bytes: Vec<u8>,
    pub verdict: Verdict,
    /// Why: one class for a rejection, one or several with commas for warnings, `-` without any.
    pub reason: &'static str,
    pub limits: Limits,
    /// Documents that a correct reader yields; `None` for a rejected archive.
    pub documents: Option<usize>,
}

impl Case {
    fn new(name: impl Into<String>, bytes: Vec<u8>, verdict: Verdict, reason: &'static str, documents: usize) -> Self {
        let limits = Limits::untrusted().with_max_total_bytes(256 << 20).with_max_entries(1_000_000);
        let documents = (verdict != Verdict::Reject).then_some(documents);
        Self { name: name.into(), bytes, verdict, reason, limits, documents }
    }

    /// Accepted without a word, with the sample's three documents.
    fn accept(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::new(name, bytes, Verdict::Accept, "-", plan::IDS.len())
    }

    /// Tolerated with a warning, with the sample's three documents.
    fn warn(name: impl Into<String>, reason: &'static str, bytes: Vec<u8>) -> Self {
        Self::new(name, bytes, Verdict::Warn, reason, plan::IDS.len())
    }

    fn reject(name: impl Into<String>, reason: &'static str, bytes: Vec<u8>) -> Self {
        Self::new(name, bytes, Verdict::Reject, reason, 0)
    }

    fn documents(mut self, count: usize) -> Self {
        self.documents = Some(count);
        self
    }

    fn limits(mut self, change: impl FnOnce(Limits) -> Limits) -> Self {
        self.limits = change(self.limits);
        self
    }
}

/// All cases, made once.
pub fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(make);
    &CASES
}

fn make() -> Vec<Case> {
    let groups = [
        accept::cases,
        dialects::cases,
        warn::cases,
        gzips::cases,
        headers::cases,
        numbers::cases,
        extensions::cases,
        types::cases,
        paths::cases,
        limits::cases,
        ends::cases,
        metadata::cases,
        dumps::cases,
    ];
    groups.iter().flat_map(|group| group()).collect()
}

/// One rejected case a row: name, and how the sample is bent.
fn rejected(reason: &'static str, rows: Vec<(&str, Plan)>) -> impl Iterator<Item = Case> {
    rows.into_iter().map(move |(name, plan)| Case::reject(name, reason, plan.gz()))
}

/// One accepted case a row.
fn accepted(rows: Vec<(&str, Plan)>) -> impl Iterator<Item = Case> {
    rows.into_iter().map(|(name, plan)| Case::accept(name, plan.gz()))
}

/// One tolerated case a row.
fn warned(reason: &'static str, rows: Vec<(&str, Plan)>) -> impl Iterator<Item = Case> {
    rows.into_iter().map(move |(name, plan)| Case::warn(name, reason, plan.gz()))
}
