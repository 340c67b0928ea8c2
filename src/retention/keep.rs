//! How long a rule keeps what it selects: [`Keep`].

use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::Period;

/// Where a retention period is counted from.
///
/// ```
/// use appsnap::retention::{Anchor, Backup, Expiry, Keep, Period, Policy, Rule};
///
/// let from_day_before = Keep::For { span: Period::days(14), anchor: Anchor::PreviousDay };
/// let policy = Policy::new("azure's").with_rule(Rule::new("nightly", from_day_before));
/// let expiry = policy.expires_at(&Backup::new("b", "2026-11-10T02:00:00Z".parse()?));
/// assert_eq!(expiry, Some(Expiry::At("2026-11-23T02:00:00Z".parse()?)));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Anchor {
    /// The instant at which the backup was taken.
    #[default]
    Created,
    /// The start of its day, or of its night where the calendar reads nights.
    StartOfDay,
    /// The same time of day on the day before it was taken.
    PreviousDay,
}

/// What a span reaches back from.
///
/// ```
/// use appsnap::retention::{Backup, Keep, Period, Policy, Reference, Rule};
///
/// let within = |of| {
///     let recent = Rule::new("recent", Keep::Within { span: Period::days(2), of });
///     Policy::new("ours").with_rule(recent).with_guards([])
/// };
/// let backups = [Backup::new("b", "2026-11-10T02:00:00Z".parse()?)];
/// let now = "2026-11-20T00:00:00Z".parse()?;
/// // Nothing has been backed up for ten days: counted from now all is old, counted from the newest it is not.
/// assert_eq!(within(Reference::Now).plan(&backups, now).kept_count(), 0);
/// assert_eq!(within(Reference::Newest).plan(&backups, now).kept_count(), 1);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reference {
    /// The `now` that the caller gives.
    #[default]
    Now,
    /// The newest backup that the rule covers and that is not stamped in the future; without one, the span has no end.
    Newest,
    /// The newest backup that the rule covers, whatever its stamp. This is kopia's reading.
    NewestStamped,
    /// A given instant. In JSON `{"at": "2026-11-01T00:00:00Z"}`.
    At(Timestamp),
}

/// How many a rule keeps.
///
/// ```
/// use appsnap::retention::{Count, Keep};
///
/// assert_eq!(Keep::last(7), Keep::Last(Count::AtMost(7)));
/// assert_eq!(serde_json::to_string(&Keep::Last(Count::Unlimited))?, r#"{"last":"unlimited"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Count {
    /// No more than this many; none at all is a number, too.
    AtMost(u32),
    /// As many as there are. In JSON `"unlimited"`.
    Unlimited,
}

impl Count {
    pub(super) const fn admits(self, already: u32) -> bool {
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
        struct Word;
        impl Visitor<'_> for Word {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a count from 0 to {} or \"{UNLIMITED}\"", u32::MAX)
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Count, E> {
                let small = u32::try_from(value);
                small.map(Count::AtMost).map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(value), &self))
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Count, E> {
                let known = value == UNLIMITED;
                known
                    .then_some(Count::Unlimited)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(value), &self))
            }
        }
        deserializer.deserialize_any(Word)
    }
}

/// How long a rule keeps what it selects.
///
/// ```
/// use appsnap::retention::{Keep, Period};
///
/// let keep: Keep = serde_json::from_str(r#"{"for": {"span": "3 months"}}"#)?;
/// assert_eq!(keep, Keep::span(Period::months(3)));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # JSON
/// ```json
/// {"for": {"span": "3 months", "anchor": "created"}}
/// {"last": 7}
/// {"within": {"span": "2 days", "of": "newest"}}
/// {"last-within": {"last": 7, "span": "7 days", "of": "newest-stamped"}}
/// "forever"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Keep {
    /// Until a date that depends on the backup alone: a platform's "expires on". At that instant it goes.
    For {
        /// How long it is kept.
        span: Period,
        /// Counted from where.
        #[serde(default)]
        anchor: Anchor,
    },
    /// The newest so many backups or, where the rule selects buckets, the newest so many buckets.
    Last(Count),
    /// Everything taken after the instant that lies `span` before the reference; the instant itself is not after.
    Within {
        /// How far back from the reference.
        span: Period,
        /// Where the span reaches back from.
        #[serde(default)]
        of: Reference,
    },
    /// The newest so many, as long as they are not older than `span` before the reference; the instant itself is not
    /// older.
    LastWithin {
        /// How many at most.
        last: Count,
        /// How far back from the reference.
        span: Period,
        /// Where the span reaches back from.
        #[serde(default)]
        of: Reference,
    },
    /// For good: the backup has no date.
    Forever,
}

impl Keep {
    /// [`Keep::For`] counted from the creation.
    #[must_use]
    pub const fn span(span: Period) -> Self {
        Self::For { span, anchor: Anchor::Created }
    }

    /// [`Keep::Last`] with a number.
    #[must_use]
    pub const fn last(count: u32) -> Self {
        Self::Last(Count::AtMost(count))
    }

    /// How many may be kept.
    pub(super) const fn count(&self) -> Count {
        match self {
            Self::Last(count) | Self::LastWithin { last: count, .. } => *count,
            _ => Count::Unlimited,
        }
    }

    /// The span and the reference that bound how old a kept backup may be, where there are such.
    pub(super) const fn reach(&self) -> Option<(Period, Reference)> {
        match self {
            Self::Within { span, of } | Self::LastWithin { span, of, .. } => Some((*span, *of)),
            _ => None,
        }
    }
}
