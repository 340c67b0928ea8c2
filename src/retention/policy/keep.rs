//! The time for which a rule keeps the backups that it selects: [`Keep`].

use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, Unexpected, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::super::period::Period;

/// The time for which a rule keeps the backups that it selects.
///
/// ```
/// use appsnap::retention::{Period, policy::Keep};
///
/// let keep: Keep = serde_json::from_str(r#"{"for": {"span": "3 months"}}"#)?;
/// assert_eq!(keep, Keep::span(Period::months(3)));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # JSON
/// ```json
/// {"for": {"span": "3 months", "anchor": "created", "of": "now"}}
/// {"last": 7}
/// {"within": {"span": "2 days", "of": "newest"}}
/// {"last-within": {"last": 7, "span": "7 days", "of": "newest-stamped"}}
/// "forever"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Keep {
    /// Until a date that depends on the backup alone: what platforms call "expires on". It goes at that instant.
    ///
    /// With another end than [`SpanEnd::Now`], the backup goes when that instant has passed the date, and the rule gives
    /// no date. Then it decides like [`Keep::Within`], except that months are added to each backup instead of being
    /// subtracted from the end. This is how rustic counts.
    For {
        /// The length of time.
        span: Period,
        /// The instant from which it is counted.
        #[serde(default)]
        anchor: ExpiryStart,
        /// The instant as of which the date is past.
        #[serde(default, skip_serializing_if = "SpanEnd::is_now")]
        of: SpanEnd,
    },
    /// The newest backups up to a number, or the newest buckets if the rule selects buckets.
    Last(Count),
    /// Everything taken after the instant that is `span` before `of`. A backup taken at that instant is not kept.
    Within {
        /// The length of time.
        span: Period,
        /// The instant at which it ends.
        #[serde(default)]
        of: SpanEnd,
    },
    /// The newest backups up to a number, except those taken before the instant that is `span` before `of`. A backup
    /// taken at that instant is kept.
    LastWithin {
        /// The largest number.
        last: Count,
        /// The length of time.
        span: Period,
        /// The instant at which it ends.
        #[serde(default)]
        of: SpanEnd,
    },
    /// Always: the backup has no date.
    Forever,
}

/// The instant from which [`Keep::For`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ExpiryStart {
    /// The instant at which the backup was taken.
    #[default]
    Created,
    /// The start of its day, or of its night if the calendar counts nights.
    StartOfDay,
    /// The same time of day on the day before it was taken.
    PreviousDay,
    /// The instant at which the backup ended, or started if its end is unknown. This is how a time to live is counted.
    Finished,
}

/// The instant at which the time span of a [`Keep`] ends.
///
/// ```
/// use appsnap::retention::policy::{Keep, SpanEnd};
/// use appsnap::retention::{Backup, Period, Policy, Rule};
///
/// let within = |of| {
///     let recent = Rule::new("recent", Keep::Within { span: Period::days(2), of });
///     Policy::new("ours").with_rule(recent).with_guards([])
/// };
/// let backups = [Backup::new("b", "2026-11-10T02:00:00Z".parse()?)];
/// let now = "2026-11-20T00:00:00Z".parse()?;
/// // There was no backup for ten days: seen from now it is old, seen from the newest backup it is not.
/// assert_eq!(within(SpanEnd::Now).plan(&backups, now).kept_count(), 0);
/// assert_eq!(within(SpanEnd::Newest).plan(&backups, now).kept_count(), 1);
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SpanEnd {
    /// The `now` that the caller passes.
    #[default]
    Now,
    /// The newest backup that the rule covers and that is not stamped in the future. If there is none, everything is
    /// kept.
    Newest,
    /// The newest backup that the rule covers, even if it is stamped in the future. This is how kopia counts.
    NewestStamped,
    /// A fixed instant. In JSON `{"at": "2026-11-01T00:00:00Z"}`.
    At(Timestamp),
}

/// The number of backups or buckets that a rule keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Count {
    /// At most this many. It may be zero.
    AtMost(u32),
    /// Any number. In JSON `"unlimited"`.
    Unlimited,
}

impl SpanEnd {
    const fn is_now(&self) -> bool {
        matches!(self, Self::Now)
    }
}

impl Count {
    pub(in super::super) const fn admits(self, already: u32) -> bool {
        match self {
            Self::AtMost(limit) => already < limit,
            Self::Unlimited => true,
        }
    }
}

const UNLIMITED: &str = "unlimited";

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => limit.fmt(f),
            Self::Unlimited => f.write_str(UNLIMITED),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AtMost(limit) => serializer.serialize_u32(*limit),
            Self::Unlimited => serializer.serialize_str(UNLIMITED),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a count from 0 to {} or \"{UNLIMITED}\"", u32::MAX)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Count, E> {
        let small = u32::try_from(value);
        small.map(Count::AtMost).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Count, E> {
        let count = (value == UNLIMITED).then_some(Count::Unlimited);
        count.ok_or_else(|| E::invalid_value(Unexpected::Str(value), &self))
    }
}

impl Keep {
    /// Keeps backups for a length of time after they were taken: [`Keep::For`] from [`ExpiryStart::Created`].
    #[must_use]
    pub const fn span(span: Period) -> Self {
        Self::For { span, anchor: ExpiryStart::Created, of: SpanEnd::Now }
    }

    /// Keeps the newest backups up to a number: [`Keep::Last`] with [`Count::AtMost`].
    #[must_use]
    pub const fn last(count: u32) -> Self {
        Self::Last(Count::AtMost(count))
    }

    /// The largest number that may be kept.
    pub(in super::super) const fn count(&self) -> Count {
        match self {
            Self::Last(count) | Self::LastWithin { last: count, .. } => *count,
            _ => Count::Unlimited,
        }
    }

    /// The time span that limits the age of what is kept, and its end.
    pub(in super::super) const fn span_and_end(&self) -> Option<(Period, SpanEnd)> {
        match self {
            Self::Within { span, of } | Self::LastWithin { span, of, .. } => Some((*span, *of)),
            _ => None,
        }
    }

    /// The instant as of which the rule decides, if it reaches back from one.
    pub(in super::super) const fn end(&self) -> Option<SpanEnd> {
        match self {
            Self::For { of, .. } | Self::Within { of, .. } | Self::LastWithin { of, .. } => Some(*of),
            _ => None,
        }
    }
}
