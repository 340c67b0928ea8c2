//! The progress of a restore, as a journal records it: [`Step`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// The progress of a restore.
///
/// ```
/// use appsnap::restore::Step;
///
/// assert!(Step::Verified < Step::Swapping);
/// assert_eq!(Step::Swapping.to_string(), "swapping");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// The new database and the new folder are incomplete. Nothing that is in use has changed.
    Staging,
    /// The new database and the new folder are complete, verified and on disk. Nothing that is in use has changed.
    Verified,
    /// The databases are being renamed, and then the folders. The database server knows whether its part is done.
    Swapping,
    /// The new database and the new folder are in use; the old ones are being removed.
    Swapped,
}

impl Step {
    /// Returns the name that the journal stores, for example `swapping`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Verified => "verified",
            Self::Swapping => "swapping",
            Self::Swapped => "swapped",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
