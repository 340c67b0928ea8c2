//! Arithmetic on the proleptic Gregorian calendar in plain numbers, for loops over a million backups.

use jiff::civil::{Date, DateTime, Weekday};

use super::calendar::MonthEnd;
use super::period::Period;

pub(super) const NANOS_PER_SECOND: i64 = 1_000_000_000;
pub(super) const SECONDS_PER_DAY: i64 = 86_400;
pub(super) const NANOS_PER_DAY: i64 = SECONDS_PER_DAY * NANOS_PER_SECOND;

/// A reading of a wall clock, as a day counted from 1970-01-01 and the nanoseconds since its midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Local {
    pub(super) day: i64,
    pub(super) nanos: i64,
}

impl Local {
    /// Seconds since 1970-01-01T00:00 on the same wall clock.
    pub(super) const fn wall_seconds(self) -> i64 {
        self.day * SECONDS_PER_DAY + self.nanos / NANOS_PER_SECOND
    }

    pub(super) const fn subsecond_nanos(self) -> i64 {
        self.nanos % NANOS_PER_SECOND
    }

    pub(super) fn of(at: DateTime) -> Self {
        let seconds = i64::from(at.hour()) * 3_600 + i64::from(at.minute()) * 60 + i64::from(at.second());
        Self { day: day_of(at.date()), nanos: seconds * NANOS_PER_SECOND + i64::from(at.subsec_nanosecond()) }
    }

    /// The months and days of `period` later. Its seconds belong to the clock, not to the calendar.
    pub(super) fn plus(self, period: Period, end: MonthEnd) -> Self {
        self.moved(period.whole_months(), period.whole_days(), end)
    }

    /// The months and days of `period` earlier.
    pub(super) fn minus(self, period: Period, end: MonthEnd) -> Self {
        self.moved(-period.whole_months(), -period.whole_days(), end)
    }

    fn moved(self, months: i64, days: i64, end: MonthEnd) -> Self {
        let day = if months == 0 {
            self.day
        } else {
            let (year, month, day) = ymd(self.day);
            let months = year * 12 + (month - 1) + months;
            let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
            match end {
                MonthEnd::Clamp => day_number(year, month, day.min(days_in_month(year, month))),
                MonthEnd::Normalise => day_number(year, month, 1) + day - 1,
            }
        };
        Self { day: day + days, nanos: self.nanos }
    }
}

/// Days from 1970-01-01 to a date; `day` may be any number, the first of the month being 1.
///
/// Years are counted from March, so that the leap day is the last of them, and in eras of 400 years, after which the
/// Gregorian calendar repeats itself.
pub(super) const fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let march_year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day counted from 1970-01-01.
pub(super) const fn ymd(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_year - (153 * march_month + 2) / 5 + 1)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    day_number(next_year, next_month, 1) - day_number(year, month, 1)
}

/// Days from Monday, 0 to 6.
pub(super) const fn weekday_offset(day: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (day + 3).rem_euclid(7)
}

pub(super) fn is_weekday(day: i64, weekday: Weekday) -> bool {
    weekday_offset(day) == i64::from(weekday.to_monday_zero_offset())
}

/// Which of its kind a day's weekday is in its month: 1 for days 1 to 7, 2 for 8 to 14; from the end, -1 for the last.
pub(super) const fn nth_in_month(day: i64) -> (i64, i64) {
    let (year, month, date) = ymd(day);
    ((date - 1) / 7 + 1, -((days_in_month(year, month) - date) / 7 + 1))
}

/// The `nth` `weekday` of the month that `day` lies in; none where the month has no fifth.
pub(super) fn nth_weekday_of(day: i64, nth: i8, weekday: Weekday) -> Option<i64> {
    let date = date_of(day).nth_weekday_of_month(nth, weekday).ok()?;
    Some(day_of(date))
}

pub(super) fn day_of(date: Date) -> i64 {
    day_number(i64::from(date.year()), i64::from(date.month()), i64::from(date.day()))
}

/// The date of a day, the nearest one that can be written where it lies beyond the years -9999 to 9999.
pub(super) fn date_of(day: i64) -> Date {
    let (year, month, date) = ymd(day);
    let small = |number: i64| i8::try_from(number).unwrap_or(1);
    let nearest = if day < 0 { Date::MIN } else { Date::MAX };
    i16::try_from(year).ok().and_then(|year| Date::new(year, small(month), small(date)).ok()).unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_and_dates_are_inverse_over_the_whole_range() {
        for day in (day_of(Date::MIN)..=day_of(Date::MAX)).step_by(97) {
            let there = date_of(day);
            assert_eq!(day_of(there), day);
            assert_eq!(i64::from(there.weekday().to_monday_zero_offset()), weekday_offset(day), "{there}");
        }
        assert_eq!(day_of(date(1970, 1, 1)), 0);
    }

    #[test]
    fn only_normalising_runs_over_the_end_of_the_month() {
        let from = Local::of(date(2014, 11, 30).at(3, 18, 0, 0));
        let to = |end| date_of(from.plus(Period::months(3), end).day);
        assert_eq!(to(MonthEnd::Clamp), date(2015, 2, 28));
        assert_eq!(to(MonthEnd::Normalise), date(2015, 3, 2));
        let from = Local::of(date(2015, 5, 31).at(0, 0, 0, 0));
        assert_eq!(date_of(from.minus(Period::months(3), MonthEnd::Normalise).day), date(2015, 3, 3));
    }

    #[test]
    fn weekdays_are_counted_from_both_ends_of_the_month() {
        assert_eq!(nth_in_month(day_of(date(2026, 11, 1))), (1, -5));
        assert_eq!(nth_in_month(day_of(date(2026, 11, 7))), (1, -4));
        assert_eq!(nth_in_month(day_of(date(2026, 11, 29))), (5, -1));
        assert_eq!(nth_weekday_of(day_of(date(2026, 11, 20)), 1, Weekday::Sunday), Some(day_of(date(2026, 11, 1))));
        assert_eq!(nth_weekday_of(day_of(date(2026, 10, 20)), 5, Weekday::Sunday), None);
    }
}
