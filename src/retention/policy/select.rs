//! The selection of a rule among the covered backups: [`Select`].

use std::num::NonZeroU32;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::names;
use super::super::period::Period;
use super::keep::SpanEnd;
use super::unit::Unit;

/// The backups that a rule selects, of those that it covers.
///
/// ```
/// use appsnap::jiff::civil::Weekday;
/// use appsnap::retention::policy::{Select, Unit};
///
/// let select: Select = serde_json::from_str(r#"{"nth-weekday": {"nth": 1, "weekday": "sunday"}}"#)?;
/// assert_eq!(Some(select), Select::nth_weekday(1, Weekday::Sunday));
/// let select: Select = serde_json::from_str(r#"{"bucket": {"unit": "day"}}"#)?;
/// assert_eq!(select, Select::newest_of(Unit::Day));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # JSON
/// ```json
/// "every"
/// {"weekday": "sunday"}
/// {"nth-weekday": {"nth": 1, "weekday": "sunday", "month": 1}}
/// {"bucket": {"unit": "day", "every": 1, "pick": "newest", "fallback": "none"}}
/// {"tiered": {"unit": "month", "among": "week", "pick": "oldest"}}
/// {"rolling": {"every": "6 hours", "pick": "newest"}}
/// {"older-than": {"span": "7 days", "of": "now"}}
/// ```
/// `pick` can be `newest` or `oldest`; `"fallback": "oldest"` means [`Pick::NewestAndOldestOfAll`]. `month`, `pick` and
/// `of` may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Select {
    /// Every covered backup.
    #[default]
    Every,
    /// The backups of a day of the week.
    Weekday(#[serde(with = "names::weekday")] Weekday),
    /// The backups of the nth such day of the month. See [`Select::nth_weekday`].
    #[non_exhaustive]
    NthWeekday {
        /// The number, from 1 to 5, or from -1 to -5 counted from the end of the month.
        #[serde(deserialize_with = "nth")]
        nth: i8,
        /// The day of the week.
        #[serde(with = "names::weekday")]
        weekday: Weekday,
        /// The only month in which there is one, from 1 to 12. See [`Select::in_month`].
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "month")]
        month: Option<i8>,
    },
    /// One backup of each bucket of the calendar.
    #[serde(with = "bucket_form")]
    Bucket {
        /// The unit of a bucket.
        unit: Unit,
        /// The number of units in one bucket.
        every: NonZeroU32,
        /// The backup that is selected.
        pick: Pick,
    },
    /// One backup of each bucket, among those that represent a finer bucket: the first weekly of each month. See
    /// [`Select::tiered`].
    #[non_exhaustive]
    Tiered {
        /// The unit of a bucket.
        unit: Unit,
        /// The unit of the finer buckets.
        among: Unit,
        /// The backup that is selected, in the finer buckets and of them.
        #[serde(default, with = "pick_word")]
        pick: Pick,
    },
    /// One backup of each window of a length, counted back from now, or from the fixed instant at which the rule's time
    /// span ends. A window contains its end, and not its start. See [`Select::rolling`].
    #[non_exhaustive]
    Rolling {
        /// The length of a window.
        #[serde(deserialize_with = "length")]
        every: Period,
        /// The backup that is selected.
        #[serde(default, with = "pick_word")]
        pick: Pick,
    },
    /// The backups that were taken at least a length of time before an instant. With [`Keep::last`](super::Keep::last) of
    /// 1, that is the newest backup older than a window, which point-in-time recovery begins from.
    OlderThan {
        /// The length of time.
        span: Period,
        /// The instant at which it ends.
        #[serde(default)]
        of: SpanEnd,
    },
}

/// The backup that a rule selects from a bucket. Of several taken at the same instant, the one whose id sorts first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pick {
    /// The newest backup of the bucket.
    #[default]
    Newest,
    /// The newest backup of the bucket, and in addition the oldest backup that the rule covers, as long as the rule
    /// keeps fewer than its count: the history then reaches back as far as possible.
    NewestAndOldestOfAll,
    /// The oldest backup of the bucket.
    Oldest,
}

impl Select {
    /// Selects the newest backup of each unit.
    #[must_use]
    pub const fn newest_of(unit: Unit) -> Self {
        Self::Bucket { unit, every: NonZeroU32::MIN, pick: Pick::Newest }
    }

    /// Selects the backups of, for example, the first Sunday of the month.
    ///
    /// `None` if `nth` is neither 1 to 5, nor -1 to -5, which counts from the end of the month.
    #[must_use]
    pub const fn nth_weekday(nth: i8, weekday: Weekday) -> Option<Self> {
        if nth != 0 && -5 <= nth && nth <= 5 { Some(Self::NthWeekday { nth, weekday, month: None }) } else { None }
    }

    /// Restricts [`Select::nth_weekday`] to one month of the year: the first Sunday of January. `None` for another
    /// selection, or if `month` is not 1 to 12.
    #[must_use]
    pub const fn in_month(self, month: i8) -> Option<Self> {
        match self {
            Self::NthWeekday { nth, weekday, .. } if 1 <= month && month <= 12 => {
                Some(Self::NthWeekday { nth, weekday, month: Some(month) })
            }
            _ => None,
        }
    }

    /// Selects one backup of each unit, among those that represent a finer unit.
    ///
    /// ```
    /// use appsnap::retention::policy::{Keep, Pick, Select, Unit};
    /// use appsnap::retention::{Backup, Policy, Rule};
    ///
    /// let first_weekly = Select::tiered(Unit::Month, Unit::Week, Pick::Oldest);
    /// let policy = Policy::new("ours").with_rule(Rule::new("monthly", Keep::last(12)).with_select(first_weekly));
    /// // 1 November is the Sunday of a week whose first backup is of October.
    /// let backups = ["2026-10-26", "2026-11-01", "2026-11-02", "2026-11-03"]
    ///     .map(|date| Backup::new(date, format!("{date}T02:00:00Z").parse().unwrap()));
    /// let plan = policy.with_guards([]);
    /// let plan = plan.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
    /// assert!(plan.kept().map(|decision| *decision.backup().id()).eq(["2026-10-26", "2026-11-02"]));
    /// # Ok::<(), appsnap::jiff::Error>(())
    /// ```
    #[must_use]
    pub const fn tiered(unit: Unit, among: Unit, pick: Pick) -> Self {
        Self::Tiered { unit, among, pick }
    }

    /// Selects one backup of each window of a length. `None` if the length is zero.
    ///
    /// ```
    /// use appsnap::retention::policy::{Keep, Pick, Select, SpanEnd};
    /// use appsnap::retention::{Backup, Period, Policy, Rule};
    ///
    /// let hourly = Select::rolling(Period::hours(1), Pick::Newest).unwrap();
    /// let day = Keep::Within { span: Period::days(1), of: SpanEnd::Now };
    /// let policy = Policy::new("ours").with_rule(Rule::new("hourly", day).with_select(hourly));
    /// let backups = ["10:15", "10:45", "11:20"].map(|time| Backup::new(time, format!("2026-11-20T{time}:00Z").parse().unwrap()));
    /// let plan = policy.plan(&backups, "2026-11-20T11:30:00Z".parse()?);
    /// // The windows end at half past.
    /// assert!(plan.kept().map(|decision| *decision.backup().id()).eq(["10:15", "11:20"]));
    /// # Ok::<(), appsnap::jiff::Error>(())
    /// ```
    #[must_use]
    pub const fn rolling(every: Period, pick: Pick) -> Option<Self> {
        if every.is_zero() { None } else { Some(Self::Rolling { every, pick }) }
    }

    /// Returns `true` if the answer for a backup can depend on the other backups.
    pub(in super::super) const fn depends_on_others(self) -> bool {
        matches!(self, Self::Bucket { .. } | Self::Tiered { .. } | Self::Rolling { .. } | Self::OlderThan { .. })
    }

    /// Returns `true` if it selects by the day of the week.
    pub(in super::super) const fn is_by_weekday(self) -> bool {
        matches!(self, Self::Weekday(_) | Self::NthWeekday { .. })
    }

    /// Returns `true` if the backups of a day can be selected.
    pub(in super::super) fn admits_day(self, day: Date) -> bool {
        match self {
            Self::Weekday(weekday) => day.weekday() == weekday,
            Self::NthWeekday { nth, weekday, month } => {
                day.weekday() == weekday
                    && month.is_none_or(|month| month == day.month())
                    && day.nth_weekday_of_month(nth, weekday).is_ok_and(|nth| nth == day)
            }
            _ => true,
        }
    }
}

fn nth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i8, D::Error> {
    let nth = i8::deserialize(deserializer)?;
    let wrong =
        || format_args!("{nth} is not a position in a month: write 1 to 5, or -1 to -5 from its end").to_string();
    Select::nth_weekday(nth, Weekday::Sunday).map(|_| nth).ok_or_else(|| serde::de::Error::custom(wrong()))
}

fn month<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i8>, D::Error> {
    let month = i8::deserialize(deserializer)?;
    let wrong = || serde::de::Error::custom(format_args!("{month} is not a month: write 1 to 12"));
    if (1..=12).contains(&month) { Ok(Some(month)) } else { Err(wrong()) }
}

fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    let every = Period::deserialize(deserializer)?;
    let wrong = || serde::de::Error::custom("a window has a length: write one such as `6 hours`");
    if every.is_zero() { Err(wrong()) } else { Ok(every) }
}

/// A pick as one word.
mod pick_word {
    use super::{Deserialize, Deserializer, Pick, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Word {
        Newest,
        NewestAndOldestOfAll,
        Oldest,
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(pick: &Pick, serializer: S) -> Result<S::Ok, S::Error> {
        let word = match pick {
            Pick::Newest => Word::Newest,
            Pick::NewestAndOldestOfAll => Word::NewestAndOldestOfAll,
            Pick::Oldest => Word::Oldest,
        };
        word.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pick, D::Error> {
        Ok(match Word::deserialize(deserializer)? {
            Word::Newest => Pick::Newest,
            Word::NewestAndOldestOfAll => Pick::NewestAndOldestOfAll,
            Word::Oldest => Pick::Oldest,
        })
    }
}

/// The JSON form of [`Select::Bucket`], which spells a pick in two members.
mod bucket_form {
    use super::{Deserialize, Deserializer, NonZeroU32, Pick, Serialize, Serializer, Unit};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        unit: Unit,
        #[serde(default = "one")]
        every: NonZeroU32,
        #[serde(default)]
        pick: PickForm,
        #[serde(default)]
        fallback: FallbackForm,
    }

    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum PickForm {
        #[default]
        Newest,
        Oldest,
    }

    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum FallbackForm {
        #[default]
        None,
        Oldest,
    }

    const fn one() -> NonZeroU32 {
        NonZeroU32::MIN
    }

    pub(super) fn serialize<S: Serializer>(
        unit: &Unit,
        every: &NonZeroU32,
        pick: &Pick,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let (pick, fallback) = match pick {
            Pick::Newest => (PickForm::Newest, FallbackForm::None),
            Pick::NewestAndOldestOfAll => (PickForm::Newest, FallbackForm::Oldest),
            Pick::Oldest => (PickForm::Oldest, FallbackForm::None),
        };
        Form { unit: *unit, every: *every, pick, fallback }.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<(Unit, NonZeroU32, Pick), D::Error> {
        let Form { unit, every, pick, fallback } = Form::deserialize(deserializer)?;
        let pick = match (pick, fallback) {
            (PickForm::Newest, FallbackForm::None) => Pick::Newest,
            (PickForm::Newest, FallbackForm::Oldest) => Pick::NewestAndOldestOfAll,
            // The oldest of all is the oldest of its bucket.
            (PickForm::Oldest, _) => Pick::Oldest,
        };
        Ok((unit, every, pick))
    }
}
