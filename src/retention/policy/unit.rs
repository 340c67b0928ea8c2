//! Units of the calendar: [`Unit`].

use serde::{Deserialize, Serialize};

/// The length of a bucket.
///
/// If a bucket has several units, it is counted from 1970-01-01T00:00, weeks from the week of that day, and months and
/// years from the year 0: buckets of six hours begin at 0:00, 6:00, 12:00 and 18:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unit {
    /// A second on the wall clock.
    Second,
    /// A minute on the wall clock.
    Minute,
    /// An hour on the wall clock. The hour that is repeated when clocks are set back is one hour.
    Hour,
    /// A day, or a night if the calendar counts nights.
    Day,
    /// Seven days from the calendar's first day of the week. If that is Monday, these are the weeks of ISO 8601.
    Week,
    /// A calendar month.
    Month,
    /// Three calendar months from January, April, July or October.
    Quarter,
    /// Thirteen ISO weeks from week 1, 14, 27 or 40. In a year of 53 weeks, the last has fourteen.
    WeekQuarter,
    /// Six calendar months from January or July.
    HalfYear,
    /// A calendar year.
    Year,
}

impl Unit {
    pub(in super::super) const fn plural(self) -> &'static str {
        match self {
            Self::Second => "seconds",
            Self::Minute => "minutes",
            Self::Hour => "hours",
            Self::Day => "days",
            Self::Week => "weeks",
            Self::Month => "months",
            Self::Quarter | Self::WeekQuarter => "quarters",
            Self::HalfYear => "half-years",
            Self::Year => "years",
        }
    }
}
