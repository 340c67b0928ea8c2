//! When backups are taken: [`Schedule`], a region's nightly window or a cron expression in a zone.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::civil::{Local, NANOS_PER_SECOND, SECONDS_PER_DAY, date_of, day_of};
use super::clock::floor;
use super::cron::Cron;
use super::regions::Region;
use super::{Error, Zone};

/// Every cron expression that names any day at all names one within this many days: 29 February can be eight years off.
const CRON_HORIZON_DAYS: i64 = 8 * 366 + 1;

/// A span of time in which a run may start.
///
/// ```
/// use appsnap::retention::{Region, Schedule};
///
/// let next = Schedule::region(Region::named("Dublin")?).next_run("2026-11-20T12:00:00Z".parse()?).unwrap();
/// assert_eq!(next.end_at.duration_since(next.start_at).as_hours(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Window {
    /// The earliest instant.
    pub start_at: Timestamp,
    /// The instant by which it has started; equal to `start_at` where the schedule is exact.
    pub end_at: Timestamp,
}

/// When backups are taken.
///
/// ```
/// use appsnap::retention::{Region, Schedule, Zone};
///
/// let nightly = Schedule::region(Region::named("Dublin")?);
/// let next = nightly.next_run("2026-11-01T22:00:00Z".parse()?).unwrap();
/// assert_eq!(next.start_at, "2026-11-01T23:00:00Z".parse()?);
/// assert_eq!(next.end_at, "2026-11-02T02:00:00Z".parse()?);
///
/// let cron = Schedule::cron("30 2 * * mon".parse()?, Zone::named("Europe/Berlin")?);
/// assert_eq!(cron.next_run("2026-11-01T00:00:00Z".parse()?).unwrap().start_at, "2026-11-02T01:30:00Z".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Region(Region),
    Cron { cron: Cron, zone: TimeZone, length: SignedDuration },
}

impl Schedule {
    /// One run in every nightly window of a region. Windows start at the same time in UTC the year round.
    #[must_use]
    pub const fn region(region: Region) -> Self {
        Self(Kind::Region(region))
    }

    /// One run at every minute that a cron expression names on a zone's wall clock; [`Zone::Stamped`] reads as UTC.
    ///
    /// Where clocks are set forward, a run at a skipped time of day starts as much later; where they are set back, a
    /// run starts at the first of two such times. Expressions that name every hour follow elapsed time instead.
    #[must_use]
    pub fn cron(cron: Cron, zone: Zone) -> Self {
        Self(Kind::Cron { cron, zone: zone.for_people(), length: SignedDuration::ZERO })
    }

    /// A region's name or a cron expression, in `zone`: what a command line takes.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str, zone: &Zone) -> Result<Self, Error> {
        if text.split_ascii_whitespace().count() >= 4 {
            return Ok(Self::cron(text.parse()?, zone.clone()));
        }
        Region::named(text).map(Self::region)
    }

    /// Lets each run start up to `minutes` after the named one. Regions have published windows and keep them.
    #[must_use]
    pub fn with_window_minutes(mut self, minutes: u32) -> Self {
        if let Kind::Cron { length, .. } = &mut self.0 {
            *length = SignedDuration::from_mins(i64::from(minutes));
        }
        self
    }

    /// The first window that ends after `after`. A backup can be taken at any time in a window, so one that has begun
    /// is still the next.
    ///
    /// None where there is none: a cron expression for 30 February, or the end of the calendar.
    #[must_use]
    pub fn next_run(&self, after: Timestamp) -> Option<Window> {
        let length = match &self.0 {
            Kind::Region(region) => SignedDuration::from_hours(i64::from(region.duration_hours)),
            Kind::Cron { length, .. } => *length,
        };
        let started_after = after.checked_sub(length).ok()?;
        self.runs(started_after).next()
    }

    /// The windows that start after `after`, in order.
    pub fn runs(&self, after: Timestamp) -> Runs<'_> {
        let day = match &self.0 {
            Kind::Region(_) => floor(after).0.div_euclid(SECONDS_PER_DAY),
            // The wall clock may be a day off either way.
            Kind::Cron { zone, .. } => day_of(zone.to_datetime(after).date()) - 1,
        };
        Runs { schedule: self, after, day, pending: Vec::new() }
    }

    /// The windows of one day, counted from 1970-01-01, the last first.
    fn windows_of(&self, day: i64) -> Vec<Window> {
        let mut windows: Vec<Window> = match &self.0 {
            Kind::Region(region) => {
                let start = Local::of(DateTime::from_parts(date_of(day), region.start_utc));
                let length = SignedDuration::from_hours(i64::from(region.duration_hours));
                Timestamp::from_second(start.wall_seconds()).into_iter().filter_map(|at| window(at, length)).collect()
            }
            Kind::Cron { cron, .. } if !cron.names_day(day) => Vec::new(),
            Kind::Cron { cron, zone, length } => {
                let starts = cron.minutes().flat_map(|minute| instants(zone, day, minute, cron.is_hourly()));
                starts.filter_map(|at| window(at, *length)).collect()
            }
        };
        windows.sort_unstable();
        windows.dedup();
        windows.reverse();
        windows
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Region(region) => write!(f, "{} nightly", region.name),
            Kind::Cron { cron, zone, .. } => write!(f, "{cron} {}", zone.iana_name().unwrap_or("UTC")),
        }
    }
}

fn window(start_at: Timestamp, length: SignedDuration) -> Option<Window> {
    Some(Window { start_at, end_at: start_at.checked_add(length).ok()? })
}

/// The instants at which the wall clock of `zone` shows a minute of a day, as cron reads it.
fn instants(zone: &TimeZone, day: i64, minute: i64, follows_elapsed_time: bool) -> impl Iterator<Item = Timestamp> {
    let time = jiff::civil::Time::midnight() + SignedDuration::from_nanos(minute * 60 * NANOS_PER_SECOND);
    let shown = zone.to_ambiguous_timestamp(DateTime::from_parts(date_of(day), time));
    let (first, second) = match shown.offset() {
        AmbiguousOffset::Gap { .. } if follows_elapsed_time => (None, None),
        AmbiguousOffset::Fold { .. } if follows_elapsed_time => (shown.earlier().ok(), shown.later().ok()),
        _ => (shown.compatible().ok(), None),
    };
    first.into_iter().chain(second)
}

/// The windows of a schedule, in order. Made by [`Schedule::runs`].
///
/// ```
/// use appsnap::retention::{Schedule, Zone};
///
/// let schedule = Schedule::cron("30 2 * * sun".parse()?, Zone::named("Europe/Berlin")?);
/// let starts: Vec<_> =
///     schedule.runs("2026-03-20T00:00:00Z".parse()?).take(2).map(|run| run.start_at.to_string()).collect();
/// // On the 29th clocks are set forward from 2:00 to 3:00, and the run is at 3:30.
/// assert_eq!(starts, ["2026-03-22T01:30:00Z", "2026-03-29T01:30:00Z"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Runs<'a> {
    schedule: &'a Schedule,
    after: Timestamp,
    day: i64,
    /// What is left of the day before `day`, the last first.
    pending: Vec<Window>,
}

impl Iterator for Runs<'_> {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        let end = self.day.saturating_add(CRON_HORIZON_DAYS).min(day_of(jiff::civil::Date::MAX));
        loop {
            while let Some(window) = self.pending.pop() {
                if window.start_at > self.after {
                    self.after = window.start_at;
                    return Some(window);
                }
            }
            if self.day > end {
                return None;
            }
            self.pending = self.schedule.windows_of(self.day);
            self.day += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::cron(expression.parse().unwrap(), Zone::named(zone).unwrap());
        schedule.runs(after.parse().unwrap()).take(count).map(|window| window.start_at.to_string()).collect()
    }

    #[test]
    fn a_skipped_time_runs_later_and_a_repeated_one_once() {
        let spring = starts("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        assert_eq!(spring, ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
        let autumn = starts("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(autumn, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn an_hourly_run_follows_elapsed_time() {
        for day in ["2026-03-28T23:15:00Z", "2026-10-24T22:15:00Z"] {
            let runs = starts("0 * * * *", "Europe/Berlin", day, 5);
            let instants: Vec<Timestamp> = runs.iter().map(|at| at.parse().unwrap()).collect();
            assert!(instants.windows(2).all(|pair| pair[1].duration_since(pair[0]).as_hours() == 1), "{runs:?}");
        }
    }

    #[test]
    fn leap_days_are_found_and_impossible_days_are_not() {
        assert_eq!(starts("0 0 29 2 *", "UTC", "2097-01-01T00:00:00Z", 1), ["2104-02-29T00:00:00Z"]);
        assert!(starts("0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", 1).is_empty());
        assert!(starts("0 0 * * *", "UTC", "9999-12-30T01:00:00Z", 9).len() <= 1);
    }

    #[test]
    fn a_window_that_has_begun_is_still_the_next() {
        let schedule = Schedule::region(Region::named("Dublin").unwrap());
        let next = |at: &str| schedule.next_run(at.parse().unwrap()).unwrap().start_at.to_string();
        assert_eq!(next("2026-11-02T01:59:59Z"), "2026-11-01T23:00:00Z");
        assert_eq!(next("2026-11-02T02:00:00Z"), "2026-11-02T23:00:00Z");
    }
}
