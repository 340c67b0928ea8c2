//! Reads instants on a calendar's wall clock and back, fast for many neighbouring instants.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::calendar::{Calendar, Day, MonthEnd, Zone};
use super::civil::{Local, NANOS_PER_DAY, NANOS_PER_SECOND, SECONDS_PER_DAY, date_of};
use super::period::Period;

/// No offset from UTC reaches this far (jiff's own bound is 25:59:59), so that away from a change of offset by more
/// than this, a wall clock time stands for exactly one instant.
const FARTHEST_OFFSET_SECONDS: i64 = 26 * 3_600;

/// A stretch of time, in seconds since 1970, over which a zone's offset does not change.
#[derive(Clone, Copy)]
struct Steady {
    from: i64,
    until: i64,
    offset_seconds: i64,
}

impl Steady {
    fn around(zone: &TimeZone, at: Timestamp) -> Self {
        // "Preceding" is strictly before: one nanosecond on includes a change at this very instant.
        let next = at.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MAX);
        Self {
            from: zone.preceding(next).next().map_or(i64::MIN / 2, |change| change.timestamp().as_second()),
            until: zone.following(at).next().map_or(i64::MAX / 2, |change| change.timestamp().as_second()),
            offset_seconds: i64::from(zone.to_offset(at).seconds()),
        }
    }

    const fn holds(&self, second: i64) -> bool {
        self.from <= second && second < self.until
    }

    const fn holds_surroundings(&self, second: i64) -> bool {
        self.holds(second - FARTHEST_OFFSET_SECONDS) && self.holds(second + FARTHEST_OFFSET_SECONDS)
    }
}

/// A calendar at work: it remembers the last steady stretches it looked up, one for reading and one for writing.
pub(super) struct Clock {
    zone: Option<TimeZone>,
    day: Day,
    months: MonthEnd,
    read: Option<Steady>,
    written: Option<Steady>,
}

impl Clock {
    pub(super) fn new(calendar: &Calendar) -> Self {
        let zone = match calendar.zone() {
            Zone::Named(zone) => Some(zone.clone()),
            Zone::Stamped => None,
        };
        Self { zone, day: calendar.day(), months: calendar.months(), read: None, written: None }
    }

    /// What the wall clock shows at `at`.
    pub(super) fn local(&mut self, at: Timestamp, stamped: Option<Offset>) -> Local {
        let (second, nanos) = floor(at);
        let offset_seconds = match &self.zone {
            None => i64::from(stamped.unwrap_or(Offset::UTC).seconds()),
            Some(zone) => match self.read.filter(|steady| steady.holds(second)) {
                Some(steady) => steady.offset_seconds,
                None => self.read.insert(Steady::around(zone, at)).offset_seconds,
            },
        };
        let wall = second + offset_seconds;
        Local {
            day: wall.div_euclid(SECONDS_PER_DAY),
            nanos: wall.rem_euclid(SECONDS_PER_DAY) * NANOS_PER_SECOND + nanos,
        }
    }

    /// The instant at which the wall clock shows `local`: the first of two where clocks are set back, as much later as
    /// clocks are set forward where it never shows (RFC 5545 section 3.3.5). Beyond the range: its end.
    pub(super) fn instant(&mut self, local: Local, stamped: Option<Offset>) -> Timestamp {
        let wall = local.wall_seconds();
        let Some(zone) = &self.zone else {
            return unfloor(wall - i64::from(stamped.unwrap_or(Offset::UTC).seconds()), local.subsecond_nanos());
        };
        if let Some(steady) = self.written.filter(|steady| steady.holds_surroundings(wall)) {
            return unfloor(wall - steady.offset_seconds, local.subsecond_nanos());
        }
        let time = Time::midnight() + jiff::SignedDuration::from_nanos(local.nanos.clamp(0, NANOS_PER_DAY - 1));
        let shown = DateTime::from_parts(date_of(local.day), time);
        let nearest = if local.day < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let at = zone.to_ambiguous_timestamp(shown).compatible().unwrap_or(nearest);
        if !self.written.is_some_and(|steady| steady.holds(floor(at).0)) {
            self.written = Some(Steady::around(zone, at));
        }
        at
    }

    /// The day, counted from 1970-01-01, that a backup taken at `at` belongs to.
    pub(super) fn day(&mut self, at: Timestamp, stamped: Option<Offset>) -> i64 {
        let local = self.local(at, stamped);
        let Day::NightOf(start) = self.day else { return local.day };
        let day = if local.nanos >= nanos_of(start) { local.day } else { local.day - 1 };
        let second = floor(at).0;
        if self.zone.is_none() || self.read.is_some_and(|steady| steady.holds_surroundings(second)) {
            return day;
        }
        // Near a change of offset the wall clock may show the start of a night twice or never: instants decide.
        if self.start_of(day + 1, stamped) <= at {
            day + 1
        } else if at < self.start_of(day, stamped) {
            day - 1
        } else {
            day
        }
    }

    /// The instant at which a day (or its night) begins.
    pub(super) fn start_of(&mut self, day: i64, stamped: Option<Offset>) -> Timestamp {
        let nanos = match self.day {
            Day::Civil => 0,
            Day::NightOf(start) => nanos_of(start),
        };
        self.instant(Local { day, nanos }, stamped)
    }

    /// `local` and `period` later.
    pub(super) fn after(&mut self, local: Local, period: Period, stamped: Option<Offset>) -> Timestamp {
        let at = self.instant(local.plus(period, self.months), stamped);
        at.saturating_add(jiff::SignedDuration::from_secs(period.clock_seconds())).unwrap_or(Timestamp::MAX)
    }

    /// `period` before `at`.
    pub(super) fn before(&mut self, at: Timestamp, period: Period, stamped: Option<Offset>) -> Timestamp {
        let local = self.local(at, stamped).minus(period, self.months);
        let back =
            if period.whole_months() == 0 && period.whole_days() == 0 { at } else { self.instant(local, stamped) };
        back.saturating_sub(jiff::SignedDuration::from_secs(period.clock_seconds())).unwrap_or(Timestamp::MIN)
    }
}

fn nanos_of(time: Time) -> i64 {
    Local::of(DateTime::from_parts(jiff::civil::Date::ZERO, time)).nanos
}

/// Whole seconds, rounded towards the past, and the nanoseconds on top.
pub(super) fn floor(at: Timestamp) -> (i64, i64) {
    let (second, nanos) = (at.as_second(), i64::from(at.subsec_nanosecond()));
    if nanos < 0 { (second - 1, nanos + NANOS_PER_SECOND) } else { (second, nanos) }
}

fn unfloor(second: i64, nanos: i64) -> Timestamp {
    let nearest = if second < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::new(second, i32::try_from(nanos).unwrap_or(0)).unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps through the years around changes of offset, comparing the remembered stretches with plain lookups.
    #[test]
    fn remembered_stretches_agree_with_plain_lookups() {
        for name in ["Europe/Dublin", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"] {
            let zone = Zone::named(name).unwrap();
            let plain = zone.for_people();
            let mut clock = Clock::new(&Calendar::new(zone));
            let start: Timestamp = "2010-01-01T00:00:07.25Z".parse().unwrap();
            for step in 0..6_000 {
                let at = start + jiff::SignedDuration::from_mins(step * 1_013);
                let shown = plain.to_datetime(at);
                assert_eq!(clock.local(at, None), Local::of(shown), "{name} {at}");
                let back = plain.to_ambiguous_timestamp(shown).compatible().unwrap();
                assert_eq!(clock.instant(Local::of(shown), None), back, "{name} {at}");
            }
        }
    }

    #[test]
    fn the_ends_of_time_saturate() {
        let mut clock = Clock::new(&Calendar::new(Zone::named("Asia/Tokyo").unwrap()));
        for at in [Timestamp::MIN, Timestamp::MAX] {
            let local = clock.local(at, None);
            assert_eq!(clock.after(local, Period::years(u32::MAX), None), Timestamp::MAX);
            assert!(clock.before(at, Period::years(u32::MAX), None) <= at);
        }
    }

    #[test]
    fn a_night_that_begins_in_a_repeated_hour_begins_once() {
        let start = Time::midnight() + jiff::SignedDuration::from_mins(150);
        let calendar = Calendar::new(Zone::named("Europe/Berlin").unwrap()).with_day(Day::NightOf(start));
        let mut clock = Clock::new(&calendar);
        let mut last = i64::MIN;
        for minute in 0..240 {
            let at: Timestamp = "2026-10-24T23:00:00Z".parse().unwrap();
            let day = clock.day(at + jiff::SignedDuration::from_mins(minute), None);
            assert!(day >= last, "minute {minute} belongs to an earlier night than the minute before");
            last = day;
        }
    }
}
