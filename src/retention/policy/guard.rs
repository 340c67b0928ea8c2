//! Protection of backups that no rule keeps: [`Guard`].

use serde::{Deserialize, Serialize};

use super::super::period::Period;

/// A reason to keep a backup that no rule keeps.
///
/// The backups that a guard holds are left out of the counts and buckets of the rules, so that one backup that is
/// stamped in the future cannot displace the others. The guards `pinned`, `newest-successful` and `newest-unfinished`
/// are exceptions: what they hold is counted.
///
/// ```
/// use appsnap::retention::{Policy, policy::Guard};
///
/// let names: Vec<_> = Policy::default_guards().iter().map(Guard::name).collect();
/// assert_eq!(names, ["unfinished", "protected", "newest-successful", "future"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Guard {
    /// Backups that are running or queued.
    Unfinished,
    /// Backups that are marked as protected.
    Protected,
    /// Backups that are marked as protected, and that count in the rules like all others. This is how kopia treats its
    /// pins.
    Pinned,
    /// The newest completed backup that is not stamped in the future. If all are, the newest of them.
    NewestSuccessful,
    /// Backups that are stamped later than `now`.
    Future,
    /// Backups with this tag.
    Tagged(String),
    /// Backups with a legal hold. Every policy has this guard, whether or not it lists it.
    LegalHold,
    /// Backups with this tag, because of a legal hold. In JSON
    /// `{"hold": {"tag": "case-7", "owner": "legal", "reason": "case 7"}}`.
    Hold {
        /// The tag.
        tag: String,
        /// The person or department that decides about the hold.
        owner: String,
        /// The reason.
        reason: String,
    },
    /// Backups that are not completed and newer than the newest completed one: the newest `count` of them, and others
    /// that are younger than `younger_than`, compared with the newest backup of all.
    NewestUnfinished {
        /// The number of backups that are held at any age.
        count: u32,
        /// The age up to which others are held.
        younger_than: Period,
    },
}

impl Guard {
    /// Returns the name, as in the JSON form of a policy.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Protected => "protected",
            Self::Pinned => "pinned",
            Self::NewestSuccessful => "newest-successful",
            Self::Future => "future",
            Self::Tagged(_) => "tagged",
            Self::LegalHold => "legal-hold",
            Self::Hold { .. } => "hold",
            Self::NewestUnfinished { .. } => "newest-unfinished",
        }
    }

    /// Returns `true` if the backups that it holds are left out of counts and buckets.
    pub(in super::super) const fn sets_aside(&self) -> bool {
        !matches!(self, Self::Pinned | Self::NewestSuccessful | Self::NewestUnfinished { .. })
    }
}
