//! A calendar at work: [`Clock`] reads instants on the wall clock and back.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::calendar::{Calendar, MonthEnd};
use super::period::Period;

const MONTHS_PER_YEAR: i64 = 12;
const HOURS_PER_DAY: i64 = 24;

/// The wall clock of a calendar.
///
/// `stamped` is the UTC offset of the backup in question, for calendars that read each backup in its own.
pub(super) struct Clock {
    zone: Option<TimeZone>,
    night_start: Option<Time>,
    months: MonthEnd,
    /// The last night that was looked up: of neighbouring instants, most are in the same.
    night: Option<Night>,
}

#[derive(Clone, Copy)]
struct Night {
    of: Date,
    start_at: Timestamp,
    end_at: Timestamp,
}

impl Clock {
    pub(super) fn new(calendar: &Calendar) -> Self {
        Self {
            zone: calendar.time_zone().cloned(),
            night_start: calendar.night_start(),
            months: calendar.months(),
            night: None,
        }
    }

    /// The wall clock's time at an instant.
    pub(super) fn local(&self, at: Timestamp, stamped: Option<Offset>) -> DateTime {
        match &self.zone {
            Some(zone) => zone.to_datetime(at),
            None => stamped.unwrap_or(Offset::UTC).to_datetime(at),
        }
    }

    /// The instant of a time on the wall clock: the first of two where clocks are set back, and where they are set
    /// forward over it, as much later (RFC 5545, section 3.3.5). Beyond the end of the calendar: its end.
    pub(super) fn instant(&self, local: DateTime, stamped: Option<Offset>) -> Timestamp {
        let at = match &self.zone {
            Some(zone) => zone.to_ambiguous_timestamp(local).compatible(),
            None => stamped.unwrap_or(Offset::UTC).to_timestamp(local),
        };
        at.unwrap_or(if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }

    /// The day that a backup belongs to, for an instant and its time on the wall clock.
    pub(super) fn day(&mut self, at: Timestamp, local: DateTime) -> Date {
        let Some(night_start) = self.night_start else { return local.date() };
        if let Some(night) = self.night.filter(|night| night.start_at <= at && at < night.end_at) {
            return night.of;
        }
        let date = if local.time() >= night_start { local.date() } else { day_before(local.date()) };
        if self.zone.is_none() {
            return date;
        }
        // Near a change of the clocks, the wall clock may show the start of a night twice or never: instants decide.
        let of = if self.start_of(day_after(date), None) <= at {
            day_after(date)
        } else if at < self.start_of(date, None) {
            day_before(date)
        } else {
            date
        };
        let (start_at, end_at) = (self.start_of(of, None), self.start_of(day_after(of), None));
        self.night = Some(Night { of, start_at, end_at });
        of
    }

    /// The instant at which a day, or its night, begins.
    pub(super) fn start_of(&self, day: Date, stamped: Option<Offset>) -> Timestamp {
        self.instant(day.to_datetime(self.night_start.unwrap_or(Time::midnight())), stamped)
    }

    /// The instant that is `period` after a time on the wall clock.
    pub(super) fn after(&self, local: DateTime, period: Period, stamped: Option<Offset>) -> Timestamp {
        let at = self.instant(self.moved(local, period.whole_months(), period.whole_days()), stamped);
        let clock = SignedDuration::from_secs(period.clock_seconds());
        at.checked_add(clock).unwrap_or(Timestamp::MAX)
    }

    /// The instant that is `period` before another.
    pub(super) fn before(&self, at: Timestamp, period: Period, stamped: Option<Offset>) -> Timestamp {
        let (months, days) = (period.whole_months(), period.whole_days());
        let back = if months == 0 && days == 0 {
            at
        } else {
            let local = self.local(at, stamped);
            self.instant(self.moved(local, months.saturating_neg(), days.saturating_neg()), stamped)
        };
        let clock = SignedDuration::from_secs(period.clock_seconds());
        back.checked_sub(clock).unwrap_or(Timestamp::MIN)
    }

    /// The same time of day, months and days later or earlier; beyond the end of the calendar: its end.
    fn moved(&self, local: DateTime, months: i64, days: i64) -> DateTime {
        let date = if months == 0 { local.date() } else { months_from(local.date(), months, self.months) };
        // No period has so many days that their hours are out of range.
        let days = SignedDuration::from_hours(days.saturating_mul(HOURS_PER_DAY));
        date.saturating_add(days).to_datetime(local.time())
    }
}

fn months_from(date: Date, months: i64, end: MonthEnd) -> Date {
    let (year, month) = (i64::from(date.year()), i64::from(date.month()));
    let number = year.saturating_mul(MONTHS_PER_YEAR).saturating_add(month).saturating_add(months);
    let Some(first) = month_start(number.saturating_sub(1)) else {
        return if months < 0 { Date::MIN } else { Date::MAX };
    };
    let days = match end {
        MonthEnd::Clamp => date.day().min(first.days_in_month()),
        MonthEnd::Normalise => date.day(),
    };
    first.saturating_add(SignedDuration::from_hours(i64::from(days).saturating_sub(1).saturating_mul(HOURS_PER_DAY)))
}

/// The first day of a month, which is counted from January of the year 0. `None` beyond the calendar.
pub(super) fn month_start(number: i64) -> Option<Date> {
    let year = i16::try_from(number.div_euclid(MONTHS_PER_YEAR)).ok()?;
    let month = i8::try_from(number.rem_euclid(MONTHS_PER_YEAR)).ok()?.checked_add(1)?;
    Date::new(year, month, 1).ok()
}

/// The day before, except for the first day of the calendar.
pub(super) fn day_before(date: Date) -> Date {
    date.yesterday().unwrap_or(Date::MIN)
}

/// The day after, except for the last day of the calendar.
pub(super) fn day_after(date: Date) -> Date {
    date.tomorrow().unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn only_normalising_runs_over_the_end_of_the_month() {
        for (from, months, clamped, normalised) in [
            (date(2014, 11, 30), 3, date(2015, 2, 28), date(2015, 3, 2)),
            (date(2015, 5, 31), -3, date(2015, 2, 28), date(2015, 3, 3)),
            (date(2015, 1, 31), -1, date(2014, 12, 31), date(2014, 12, 31)),
            (date(2015, 12, 1), 1, date(2016, 1, 1), date(2016, 1, 1)),
            (date(2015, 12, 1), i64::MAX, Date::MAX, Date::MAX),
        ] {
            assert_eq!(months_from(from, months, MonthEnd::Clamp), clamped);
            assert_eq!(months_from(from, months, MonthEnd::Normalise), normalised);
        }
    }

    #[test]
    fn the_ends_of_time_saturate() {
        let clock = Clock::new(&Calendar::in_zone("Asia/Tokyo").unwrap());
        for at in [Timestamp::MIN, Timestamp::MAX] {
            let local = clock.local(at, None);
            for period in [Period::years(u32::MAX), Period::weeks(u32::MAX), Period::hours(u32::MAX)] {
                assert_eq!(clock.after(local, period, None), Timestamp::MAX);
                assert!(clock.before(at, period, None) <= at);
            }
        }
    }

    #[test]
    fn a_night_that_begins_in_a_repeated_hour_begins_once() {
        let calendar = Calendar::in_zone("Europe/Berlin").unwrap().with_nights_from(time(2, 30, 0, 0));
        let mut clock = Clock::new(&calendar);
        let mut last = Date::MIN;
        for minute in 0..240 {
            let at: Timestamp = "2026-10-24T23:00:00Z".parse().unwrap();
            let at = at + SignedDuration::from_mins(minute);
            let day = clock.day(at, clock.local(at, None));
            assert!(day >= last, "minute {minute} belongs to an earlier night than the minute before");
            last = day;
        }
    }

    #[test]
    fn the_night_that_is_remembered_changes_nothing() {
        let calendar = Calendar::in_zone("Australia/Lord_Howe").unwrap();
        let mut clock = Clock::new(&calendar);
        let start: Timestamp = "2010-01-01T00:00:07.25Z".parse().unwrap();
        for step in 0..6_000 {
            let at = start + SignedDuration::from_mins(step * 1_013);
            let local = clock.local(at, None);
            assert_eq!(clock.day(at, local), Clock::new(&calendar).day(at, local), "{at}");
        }
    }
}
