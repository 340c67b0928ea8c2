//! A rule that keeps a backup, with its bucket, rank and date: [`Reason`].

use std::fmt;

use jiff::Timestamp;

use super::super::policy::rule::Rule;
use super::bucket::Bucket;
use super::engine::RuleMatch;

/// A rule that keeps a backup. It is displayed as the name of the rule, after `oldest` if [`Reason::is_oldest`].
#[derive(Clone, Copy, Debug)]
pub struct Reason<'p> {
    pub(super) rule: &'p Rule,
    pub(super) bucket: Option<Bucket>,
    pub(super) found: RuleMatch,
    pub(super) is_of_night: bool,
}

impl<'p> Reason<'p> {
    /// Returns the rule.
    #[must_use]
    pub const fn rule(&self) -> &'p Rule {
        self.rule
    }

    /// Returns the position of the rule in its policy, counted from 0.
    #[must_use]
    pub const fn rule_index(&self) -> usize {
        self.found.rule
    }

    /// Returns the bucket that the backup represents, or the day for a rule about days of the week.
    #[must_use]
    pub const fn bucket(&self) -> Option<Bucket> {
        self.bucket
    }

    /// Returns the bucket as text for people: as it is displayed, but for example `night of Saturday 2026-07-11` if the
    /// backup was taken after midnight.
    #[must_use]
    pub fn bucket_text(&self) -> Option<String> {
        self.bucket.map(|bucket| bucket.text(self.is_of_night))
    }

    /// Returns the number of the backup among those that the rule keeps, counted from 1 at the newest. `None` if the
    /// rule does not count.
    #[must_use]
    pub const fn rank(&self) -> Option<u32> {
        self.found.number
    }

    /// Returns `true` if the backup is kept as the oldest of all, although another one represents its bucket.
    #[must_use]
    pub const fn is_oldest(&self) -> bool {
        self.found.is_oldest
    }

    /// Returns the instant at which this reason ends, if the rule gives a date.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.found.until
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_oldest() {
            f.write_str("oldest ")?;
        }
        f.write_str(self.rule.name())
    }
}
