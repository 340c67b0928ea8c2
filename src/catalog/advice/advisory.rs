//! Pieces of advice, and all of them about one operation: [`Advice`] and [`Advisory`].

use std::cmp::Reverse;
use std::fmt;

use super::kind::AdviceKind;
use crate::diagnostic::{self, Severity};

/// A piece of advice: its subject, its severity, and the text that it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    kind: AdviceKind,
    severity: Severity,
    source: &'static str,
    published_year: u16,
}

impl Advice {
    /// Returns the subject.
    #[must_use]
    pub const fn kind(&self) -> &AdviceKind {
        &self.kind
    }

    /// Returns the code, which is stable.
    #[must_use]
    pub const fn code(&self) -> diagnostic::Code {
        self.kind.code()
    }

    /// Returns the severity: [`Severity::Error`] if the platform refuses, or if the result cannot be used;
    /// [`Severity::Warning`] if the operation works with a consequence that may be unwanted.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// Returns the title of the text that it is from.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// Returns the year of that text. A later text may differ.
    #[must_use]
    pub const fn published_year(&self) -> u16 {
        self.published_year
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, source, published_year, .. } = self;
        write!(f, "{kind}; {} ({source}, {published_year})", kind.help())
    }
}

/// All advice about an operation, the most severe first. Created by [`Operation::advise`](super::Operation::advise).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advisory(Vec<Advice>);

impl Advisory {
    /// Returns `true` if no known rule forbids the operation.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.worst() != Some(Severity::Error)
    }

    /// Returns the highest severity, or `None` if there is no advice.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.0.first().map(Advice::severity)
    }

    /// Returns the pieces of advice, the most severe first.
    pub fn iter(&self) -> std::slice::Iter<'_, Advice> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Advisory {
    type Item = &'a Advice;
    type IntoIter = std::slice::Iter<'a, Advice>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Collects advice in the order of the rules.
#[derive(Default)]
pub(super) struct Collector(Vec<Advice>);

impl Collector {
    pub(super) fn add(&mut self, kind: AdviceKind, severity: Severity, source: &'static str, published_year: u16) {
        self.0.push(Advice { kind, severity, source, published_year });
    }

    pub(super) fn finish(mut self) -> Advisory {
        self.0.sort_by_key(|advice| Reverse(advice.severity));
        Advisory(self.0)
    }
}
