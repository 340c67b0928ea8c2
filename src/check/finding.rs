//! One thing that was found, and the place where findings are gathered: [`Finding`], [`Tally`].

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::profile::Profile;
use super::registry::Code;
use crate::diagnostic::Severity;

/// One thing that was found.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::check::{CheckOptions, Profile, check};
/// # use appsnap::observe::NoObserver;
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let report = check(dump, &Profile::mendix_cloud(), &CheckOptions::new(), &mut NoObserver)?;
/// use appsnap::check::Code;
///
/// let finding = report.findings().iter().find(|finding| finding.code() == Code::DatabaseOnly).expect("no documents");
/// println!("{} at {}: {}", finding.severity(), finding.place().unwrap_or("the file"), finding.message());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    code: Code,
    severity: Severity,
    place: Option<String>,
    message: String,
}

impl Finding {
    /// What it is about; [`Code::explanation`] and [`Code::help`] say more.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// How bad it is under the profile of the check.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// Where: a member of the archive, an entry of the dump, a row of the database; `None` for the file as a whole.
    /// Safe to print, whatever the archive holds.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// What was found there, in one line. Safe to print, whatever the archive holds.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.severity, self.code)?;
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("Finding", 6)?;
        finding.serialize_field("code", self.code.code())?;
        finding.serialize_field("name", self.code.name())?;
        finding.serialize_field("severity", &self.severity)?;
        finding.serialize_field("place", &self.place)?;
        finding.serialize_field("message", &self.message)?;
        finding.serialize_field("help", self.code.help())?;
        finding.end()
    }
}

/// Gathers findings: counts all, keeps as many of each code as are wanted.
#[derive(Debug)]
pub(super) struct Tally<'p> {
    profile: &'p Profile,
    max_kept_count: u64,
    counts: [u64; Code::ALL.len()],
    findings: Vec<Finding>,
}

impl<'p> Tally<'p> {
    pub(super) const fn new(profile: &'p Profile, max_kept_count: u64) -> Self {
        Self { profile, max_kept_count, counts: [0; Code::ALL.len()], findings: Vec::new() }
    }

    /// Adds a finding, unless the profile leaves it out; place and message are made only if it is kept.
    pub(super) fn add(&mut self, code: Code, place: impl FnOnce() -> Option<String>, message: impl FnOnce() -> String) {
        let Some(severity) = self.profile.severity(code) else { return };
        let Some(count) = self.counts.get_mut(code as usize) else { return };
        *count = count.saturating_add(1);
        if *count <= self.max_kept_count {
            self.findings.push(Finding { code, severity, place: place(), message: message() });
        }
    }

    /// Counts findings that nobody has the particulars of any more.
    pub(super) fn count_more(&mut self, code: Code, count: u64) {
        if self.profile.severity(code).is_some()
            && let Some(of_code) = self.counts.get_mut(code as usize)
        {
            *of_code = of_code.saturating_add(count);
        }
    }

    /// The worst severity, the counts of all codes that occur, and the findings: the worst first, each code together,
    /// and otherwise in the order in which they came.
    pub(super) fn finish(mut self) -> (Option<Severity>, Vec<(Code, u64)>, Vec<Finding>) {
        self.findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.code));
        let counts = Code::ALL.iter().copied().zip(self.counts).filter(|(_, count)| *count > 0).collect::<Vec<_>>();
        let worst = counts.iter().filter_map(|(code, _)| self.profile.severity(*code)).max();
        (worst, counts, self.findings)
    }
}
