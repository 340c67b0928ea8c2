//! The verdict about a file: [`Verdict`].

use std::fmt;

use serde::{Serialize, Serializer};

use crate::diagnostic::Severity;

/// The verdict about a file: that of its worst finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// No finding worse than [`Severity::Info`].
    Accept,
    /// No finding worse than [`Severity::Warning`].
    Warn,
    /// At least one [`Severity::Error`].
    Reject,
}

impl Verdict {
    /// Returns the name for programs: `accept`, `warn` or `reject`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Warn => "warn",
            Self::Reject => "reject",
        }
    }

    pub(super) const fn of_worst(severity: Option<Severity>) -> Self {
        match severity {
            None | Some(Severity::Info) => Self::Accept,
            Some(Severity::Warning) => Self::Warn,
            Some(Severity::Error) => Self::Reject,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
