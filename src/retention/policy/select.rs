//! Which of the covered backups a rule selects: [`Select`].

use std::num::NonZeroU32;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::names;
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
/// {"nth-weekday": {"nth": 1, "weekday": "sunday"}}
/// {"bucket": {"unit": "day", "every": 1, "pick": "newest", "fallback": "none"}}
/// ```
/// `pick` can be `newest` or `oldest`; `"fallback": "oldest"` means [`Pick::NewestAndOldestOfAll`].
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
        if nth != 0 && -5 <= nth && nth <= 5 { Some(Self::NthWeekday { nth, weekday }) } else { None }
    }

    /// Returns `true` if it selects by the day of the week.
    pub(in super::super) const fn is_by_weekday(self) -> bool {
        matches!(self, Self::Weekday(_) | Self::NthWeekday { .. })
    }

    /// Returns `true` if the backups of a day can be selected.
    pub(in super::super) fn admits_day(self, day: Date) -> bool {
        match self {
            Self::Every | Self::Bucket { .. } => true,
            Self::Weekday(weekday) => day.weekday() == weekday,
            Self::NthWeekday { nth, weekday } => {
                day.weekday() == weekday && day.nth_weekday_of_month(nth, weekday).is_ok_and(|nth| nth == day)
            }
        }
    }
}

fn nth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i8, D::Error> {
    let nth = i8::deserialize(deserializer)?;
    let wrong =
        || format_args!("{nth} is not a position in a month: write 1 to 5, or -1 to -5 from its end").to_string();
    Select::nth_weekday(nth, Weekday::Sunday).map(|_| nth).ok_or_else(|| serde::de::Error::custom(wrong()))
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
