//! A length of time in calendar months, calendar days and seconds: [`Period`].

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::Error;

const SECONDS_PER_MINUTE: i64 = 60;
const SECONDS_PER_HOUR: i64 = 60 * SECONDS_PER_MINUTE;
const DAYS_PER_WEEK: i64 = 7;
const MONTHS_PER_YEAR: i64 = 12;

/// A length of time in calendar months, calendar days and seconds.
///
/// Months and days are counted on the calendar and keep the time of day; seconds are counted on the clock. A year has
/// twelve months and a week seven days, but a month is not a fixed number of days, and a day is not 24 hours: to count
/// hours, write hours.
///
/// The text form is `3 months`, `1 year 2 days`, `36 hours`, or ISO 8601 (`P3M`). JSON has the same text in a string.
/// A period is never negative. It may be longer than the calendar: what it leads to is then the end of the calendar.
///
/// ```
/// use appsnap::retention::Period;
///
/// let period: Period = "1 year 5 months 7 days 2 hours".parse()?;
/// assert_eq!(Some(period), Period::months(17).and(Period::days(7)).and_then(|sum| sum.and(Period::hours(2))));
/// assert_eq!(period.to_string(), "1 year 5 months 7 days 2 hours");
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Period {
    // None is negative, and none is larger than the constructors can make it, so that sums in seconds fit.
    months: i64,
    days: i64,
    seconds: i64,
}

/// The longest period in each of its parts.
const MAX: Period = Period {
    months: MONTHS_PER_YEAR * u32::MAX as i64,
    days: DAYS_PER_WEEK * u32::MAX as i64,
    seconds: SECONDS_PER_HOUR * u32::MAX as i64,
};

impl Period {
    const fn new(months: i64, days: i64, seconds: i64) -> Self {
        Self { months, days, seconds }
    }

    /// Creates a period of calendar years, of twelve months each.
    #[must_use]
    pub const fn years(count: u32) -> Self {
        Self::new((count as i64).saturating_mul(MONTHS_PER_YEAR), 0, 0)
    }

    /// Creates a period of calendar months.
    #[must_use]
    pub const fn months(count: u32) -> Self {
        Self::new(count as i64, 0, 0)
    }

    /// Creates a period of weeks, of seven calendar days each.
    #[must_use]
    pub const fn weeks(count: u32) -> Self {
        Self::new(0, (count as i64).saturating_mul(DAYS_PER_WEEK), 0)
    }

    /// Creates a period of calendar days.
    #[must_use]
    pub const fn days(count: u32) -> Self {
        Self::new(0, count as i64, 0)
    }

    /// Creates a period of hours on the clock.
    #[must_use]
    pub const fn hours(count: u32) -> Self {
        Self::new(0, 0, (count as i64).saturating_mul(SECONDS_PER_HOUR))
    }

    /// Creates a period of minutes on the clock.
    #[must_use]
    pub const fn minutes(count: u32) -> Self {
        Self::new(0, 0, (count as i64).saturating_mul(SECONDS_PER_MINUTE))
    }

    /// Creates a period of seconds on the clock.
    #[must_use]
    pub const fn seconds(count: u32) -> Self {
        Self::new(0, 0, count as i64)
    }

    /// Returns the sum of two periods. `None` if it is out of range, which is above the largest number of years, weeks
    /// or hours that the constructors accept.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        let sum = Self::new(
            self.months.checked_add(other.months)?,
            self.days.checked_add(other.days)?,
            self.seconds.checked_add(other.seconds)?,
        );
        sum.in_range()
    }

    /// Returns this period a number of times. `None` if that is out of range.
    pub(super) fn times(self, count: u32) -> Option<Self> {
        let count = i64::from(count);
        let product =
            Self::new(self.months.checked_mul(count)?, self.days.checked_mul(count)?, self.seconds.checked_mul(count)?);
        product.in_range()
    }

    fn in_range(self) -> Option<Self> {
        (self.months <= MAX.months && self.days <= MAX.days && self.seconds <= MAX.seconds).then_some(self)
    }

    /// Returns `true` if the period has no length.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.months == 0 && self.days == 0 && self.seconds == 0
    }

    pub(super) const fn whole_months(self) -> i64 {
        self.months
    }

    pub(super) const fn whole_days(self) -> i64 {
        self.days
    }

    pub(super) const fn clock_seconds(self) -> i64 {
        self.seconds
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.months / MONTHS_PER_YEAR, "year"),
            (self.months % MONTHS_PER_YEAR, "month"),
            (self.days, "day"),
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

    /// Reads a period such as `3 months`, `1y 2d` or `P3M`.
    ///
    /// # Errors
    /// Returns an error if the text has neither form, is negative, or contains fractions of a second.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |reason: &'static str| Error::syntax("period", text, text, reason);
        let span: Span =
            text.parse().map_err(|_| wrong("is not a length of time: write one such as `3 months` or `14 days`"))?;
        if span.is_negative() || span.get_milliseconds() | span.get_microseconds() | span.get_nanoseconds() != 0 {
            return Err(wrong("is negative or has fractions of a second: write a positive number of whole seconds"));
        }
        let parts = [
            (i64::from(span.get_years()), Self::years(1)),
            (i64::from(span.get_months()), Self::months(1)),
            (i64::from(span.get_weeks()), Self::weeks(1)),
            (i64::from(span.get_days()), Self::days(1)),
            (i64::from(span.get_hours()), Self::hours(1)),
            (span.get_minutes(), Self::minutes(1)),
            (span.get_seconds(), Self::seconds(1)),
        ];
        let sum = parts.into_iter().try_fold(Self::default(), |sum, (count, unit)| {
            let part = unit.times(u32::try_from(count).ok()?)?;
            sum.and(part)
        });
        sum.ok_or_else(|| wrong("is too long: write at most 4294967295 of each unit"))
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
    fn the_printed_text_is_read_back() {
        let mixed = Period::months(17).and(Period::seconds(3_725)).unwrap();
        for period in [Period::default(), Period::years(1), mixed] {
            assert_eq!(period.to_string().parse::<Period>().unwrap(), period, "{period}");
        }
    }

    #[test]
    fn both_notations_mean_the_same() {
        assert_eq!("P1Y2M3DT4H".parse::<Period>().unwrap(), "1y 2mo 3d 4h".parse().unwrap());
        assert_eq!("2 weeks".parse::<Period>().unwrap(), Period::days(14));
    }

    #[test]
    fn negative_fractional_and_meaningless_lengths_are_refused() {
        for text in ["-3 days", "3 days ago", "1500ms", "soon", ""] {
            assert!(text.parse::<Period>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_sum_out_of_range_is_refused() {
        assert_eq!(Period::years(u32::MAX).and(Period::months(1)), None);
        assert_eq!(Period::hours(u32::MAX).and(Period::days(1)), Some(Period::new(0, 1, MAX.seconds)));
    }
}
