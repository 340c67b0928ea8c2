//! A length of time as people write it: [`Period`], in months, days and seconds that are never confused.

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::Error;

const SECONDS_PER_MINUTE: u64 = 60;
const SECONDS_PER_HOUR: u64 = 60 * SECONDS_PER_MINUTE;
const DAYS_PER_WEEK: u32 = 7;
const MONTHS_PER_YEAR: u32 = 12;

/// A length of time in calendar months, calendar days and seconds.
///
/// Months and days are counted on the calendar and keep the time of day; seconds are counted on the clock. A year is
/// twelve months and a week seven days, but a month is never thirty-one days and a day never twenty-four hours: whoever
/// wants hours writes hours.
///
/// Written `3 months`, `1 year 2 days`, `36 hours` or as ISO 8601 (`P3M`), in JSON as such a string; never negative.
///
/// ```
/// use appsnap::retention::Period;
///
/// let period: Period = "1 year 5 months 7 days 2 hours".parse()?;
/// assert_eq!(period, Period::months(17).and(Period::days(7)).and(Period::hours(2)));
/// assert_eq!(period.to_string(), "1 year 5 months 7 days 2 hours");
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Period {
    months: u32,
    days: u32,
    seconds: u64,
}

impl Period {
    /// So many calendar years, of twelve months each.
    #[must_use]
    pub const fn years(count: u32) -> Self {
        Self::months(count.saturating_mul(MONTHS_PER_YEAR))
    }

    /// So many calendar months.
    #[must_use]
    pub const fn months(count: u32) -> Self {
        Self { months: count, days: 0, seconds: 0 }
    }

    /// So many weeks of seven calendar days.
    #[must_use]
    pub const fn weeks(count: u32) -> Self {
        Self::days(count.saturating_mul(DAYS_PER_WEEK))
    }

    /// So many calendar days.
    #[must_use]
    pub const fn days(count: u32) -> Self {
        Self { months: 0, days: count, seconds: 0 }
    }

    /// So many hours on the clock.
    #[must_use]
    pub const fn hours(count: u32) -> Self {
        Self::seconds(count as u64 * SECONDS_PER_HOUR)
    }

    /// So many minutes on the clock.
    #[must_use]
    pub const fn minutes(count: u32) -> Self {
        Self::seconds(count as u64 * SECONDS_PER_MINUTE)
    }

    /// So many seconds on the clock.
    #[must_use]
    pub const fn seconds(count: u64) -> Self {
        Self { months: 0, days: 0, seconds: count }
    }

    /// Both one after the other; sums beyond the range stay at its end.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            months: self.months.saturating_add(other.months),
            days: self.days.saturating_add(other.days),
            seconds: self.seconds.saturating_add(other.seconds),
        }
    }

    /// Whether it is no time at all.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.months == 0 && self.days == 0 && self.seconds == 0
    }

    pub(super) const fn whole_months(self) -> i64 {
        self.months as i64
    }

    pub(super) const fn whole_days(self) -> i64 {
        self.days as i64
    }

    /// Capped far beyond any instant, so that sums of two stay in range.
    pub(super) fn clock_seconds(self) -> i64 {
        i64::try_from(self.seconds).unwrap_or(i64::MAX).min(1 << 40)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (u64::from(self.months / MONTHS_PER_YEAR), "year"),
            (u64::from(self.months % MONTHS_PER_YEAR), "month"),
            (u64::from(self.days), "day"),
            (self.seconds / SECONDS_PER_HOUR, "hour"),
            (self.seconds % SECONDS_PER_HOUR / SECONDS_PER_MINUTE, "minute"),
            (self.seconds % SECONDS_PER_MINUTE, "second"),
        ];
        let mut gap = "";
        for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{gap}{count} {unit}{}", if count == 1 { "" } else { "s" })?;
            gap = " ";
        }
        if gap.is_empty() { f.write_str("0 days") } else { Ok(()) }
    }
}

impl FromStr for Period {
    type Err = Error;

    /// Reads `3 months`, `1y 2d`, `P3M`.
    ///
    /// # Errors
    /// When the text is neither form, is negative, or counts less than a second.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::syntax("period", text, text, "is not a length of time such as `3 months` or `14 days`");
        let span: Span = text.parse().map_err(|_| wrong())?;
        let fine = span.get_milliseconds() | span.get_microseconds() | span.get_nanoseconds();
        if span.is_negative() || fine != 0 {
            return Err(Error::syntax("period", text, text, "must be positive and in whole seconds"));
        }
        let small = |count: i32| u32::try_from(count).map_err(|_| wrong());
        let large = |count: i64, each: u64| u64::try_from(count).map(|n| n.saturating_mul(each)).map_err(|_| wrong());
        let seconds = large(i64::from(span.get_hours()), SECONDS_PER_HOUR)?
            .saturating_add(large(span.get_minutes(), SECONDS_PER_MINUTE)?)
            .saturating_add(large(span.get_seconds(), 1)?);
        Ok(Self::years(small(i32::from(span.get_years()))?)
            .and(Self::months(small(span.get_months())?))
            .and(Self::weeks(small(span.get_weeks())?))
            .and(Self::days(small(span.get_days())?))
            .and(Self::seconds(seconds)))
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for period in [Period::default(), Period::years(1), Period::months(17).and(Period::seconds(3_725))] {
            assert_eq!(period.to_string().parse::<Period>().unwrap(), period, "{period}");
        }
    }

    #[test]
    fn both_notations_mean_the_same() {
        assert_eq!("P1Y2M3DT4H".parse::<Period>().unwrap(), "1y 2mo 3d 4h".parse().unwrap());
        assert_eq!("2 weeks".parse::<Period>().unwrap(), Period::days(14));
    }

    #[test]
    fn negative_fine_and_meaningless_lengths_are_refused() {
        for text in ["-3 days", "3 days ago", "1500ms", "soon", ""] {
            assert!(text.parse::<Period>().is_err(), "{text:?}");
        }
    }
}
