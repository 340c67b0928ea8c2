//! The severity of a finding: [`Severity`].

use std::fmt;

use serde::{Serialize, Serializer};

/// The severity of a finding.
///
/// Every code has a default; a [profile](crate::check::Profile) can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Useful to know; no action is needed.
    Info,
    /// The input is usable, but something about it may surprise.
    Warning,
    /// The platform refuses the input, or what is restored from it differs from what was saved.
    Error,
}

impl Severity {
    /// Returns the name for programs: `info`, `warning` or `error`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
