//! Plans when backups are taken: [`Schedule`], a region's nightly window or a cron expression.

mod cron;
mod region;

use std::fmt;
use std::iter;
use std::ops::Range;

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use self::cron::Cron;
pub use self::region::Region;
use super::calendar::Calendar;
use super::clock::day_before;
use super::error::Error;

/// A cron expression that names any day names one within this many days: 29 February can be eight years away.
const CRON_HORIZON_DAYS: usize = 8 * 366 + 1;

/// The times at which backups are taken.
///
/// ```
/// use appsnap::retention::{Calendar, schedule::{Region, Schedule}};
///
/// let nightly = Schedule::region(Region::named("Dublin")?);
/// let window = nightly.next_run("2026-11-01T22:00:00Z".parse()?).unwrap();
/// assert_eq!(window, "2026-11-01T23:00:00Z".parse()?.."2026-11-02T02:00:00Z".parse()?);
///
/// let mondays = Schedule::cron("30 2 * * mon", &Calendar::in_zone("Europe/Berlin")?)?;
/// let run = mondays.next_run("2026-11-01T00:00:00Z".parse()?).unwrap();
/// assert_eq!(run.start, "2026-11-02T01:30:00Z".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Runs);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Runs {
    Region(Region),
    Cron { cron: Cron, zone: TimeZone, length: SignedDuration },
}

impl Schedule {
    /// Creates a schedule with one run in every nightly window of a region. Windows start at the same time in UTC in
    /// summer and winter.
    #[must_use]
    pub const fn region(region: Region) -> Self {
        Self(Runs::Region(region))
    }

    /// Creates a schedule with one run at every minute that a cron expression names, in the time zone of a calendar
    /// (UTC for [`Calendar::stamped`]).
    ///
    /// The five fields are minute, hour, day of the month, month and day of the week. Each is `*`, a number, a range
    /// `a-b`, one of these with a step `/n`, or a list of these with commas. Months and days of the week can be
    /// three-letter English names; Sunday is 0 and 7. If both days are restricted, a day that meets either is named
    /// (POSIX crontab).
    ///
    /// If clocks are set forward over a time of day, its run starts as much later. If a time occurs twice, its run
    /// starts at the first. Expressions that name every hour follow elapsed time instead.
    ///
    /// # Errors
    /// Returns an error with the wrong part and its position.
    pub fn cron(expression: &str, calendar: &Calendar) -> Result<Self, Error> {
        let (cron, zone) = (expression.parse()?, calendar.shown_zone());
        Ok(Self(Runs::Cron { cron, zone, length: SignedDuration::ZERO }))
    }

    /// Creates a schedule like [`Schedule::cron`] in which each run may start up to `minutes` later.
    ///
    /// # Errors
    /// Returns an error with the wrong part and its position.
    pub fn cron_within(expression: &str, calendar: &Calendar, minutes: u32) -> Result<Self, Error> {
        let (cron, zone) = (expression.parse()?, calendar.shown_zone());
        Ok(Self(Runs::Cron { cron, zone, length: SignedDuration::from_mins(i64::from(minutes)) }))
    }

    /// Creates a schedule from the name of a region, or from a cron expression.
    ///
    /// # Errors
    /// Returns an error if the text is neither.
    pub fn parse(text: &str, calendar: &Calendar) -> Result<Self, Error> {
        if text.split_ascii_whitespace().count() >= 4 {
            return Self::cron(text, calendar);
        }
        Region::named(text).map(Self::region)
    }

    /// Returns the first window that ends after `after`. A window that has begun still counts, since the backup can be
    /// taken at any time in it.
    ///
    /// The start is the earliest instant of the run, and the end the instant by which it has started; both are equal if
    /// the schedule is exact. `None` if there is no further run, for example on 30 February.
    #[must_use]
    pub fn next_run(&self, after: Timestamp) -> Option<Range<Timestamp>> {
        let started_after = after.checked_sub(self.length()).ok()?;
        self.runs(started_after).next()
    }

    /// Returns the windows that start after `after`, in order. See [`Schedule::next_run`].
    ///
    /// ```
    /// use appsnap::retention::{Calendar, schedule::Schedule};
    ///
    /// let schedule = Schedule::cron("30 2 * * sun", &Calendar::in_zone("Europe/Berlin")?)?;
    /// let starts: Vec<_> =
    ///     schedule.runs("2026-03-20T00:00:00Z".parse()?).take(2).map(|run| run.start.to_string()).collect();
    /// // On the 29th, clocks are set forward from 2:00 to 3:00, and the run is at 3:30.
    /// assert_eq!(starts, ["2026-03-22T01:30:00Z", "2026-03-29T01:30:00Z"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn runs(&self, after: Timestamp) -> impl Iterator<Item = Range<Timestamp>> {
        // A time that clocks skip can move a run to the next day.
        let first = day_before(self.date_of(after));
        let mut days = iter::successors(Some(first), |day| day.tomorrow().ok());
        let (mut pending, mut last) = (Vec::new().into_iter(), after);
        iter::from_fn(move || {
            for _ in 0..=CRON_HORIZON_DAYS {
                // The same can move a run beyond the next one.
                if let Some(run) = pending.find(|run: &Range<Timestamp>| run.start > last) {
                    last = run.start;
                    return Some(run);
                }
                pending = self.windows_of(days.next()?).into_iter();
            }
            None
        })
    }

    /// The date on the wall clock that the schedule reads.
    fn date_of(&self, at: Timestamp) -> Date {
        match &self.0 {
            Runs::Region(_) => Offset::UTC.to_datetime(at).date(),
            Runs::Cron { zone, .. } => zone.to_datetime(at).date(),
        }
    }

    /// The length of a window.
    fn length(&self) -> SignedDuration {
        match &self.0 {
            Runs::Region(region) => SignedDuration::from_hours(i64::from(region.duration_hours)),
            Runs::Cron { length, .. } => *length,
        }
    }

    /// The windows that start on a day, in order.
    fn windows_of(&self, day: Date) -> Vec<Range<Timestamp>> {
        let mut starts: Vec<Timestamp> = match &self.0 {
            Runs::Region(region) => Offset::UTC.to_timestamp(day.to_datetime(region.start_utc)).into_iter().collect(),
            Runs::Cron { cron, .. } if !cron.names_day(day) => Vec::new(),
            Runs::Cron { cron, zone, .. } => {
                cron.times().flat_map(|time| instants(zone, day, time, cron.is_hourly())).collect()
            }
        };
        starts.sort_unstable();
        starts.dedup();
        let length = self.length();
        starts.into_iter().filter_map(|start| Some(start..start.checked_add(length).ok()?)).collect()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Runs::Region(region) => write!(f, "{} nightly", region.name),
            Runs::Cron { cron, zone, .. } => write!(f, "{cron} {}", zone.iana_name().unwrap_or("UTC")),
        }
    }
}

/// The instants at which the wall clock of `zone` shows a time of a day, as cron reads it.
fn instants(zone: &TimeZone, day: Date, time: Time, follows_elapsed_time: bool) -> impl Iterator<Item = Timestamp> {
    let shown = zone.to_ambiguous_timestamp(day.to_datetime(time));
    let (first, second) = match shown.offset() {
        AmbiguousOffset::Gap { .. } if follows_elapsed_time => (None, None),
        AmbiguousOffset::Fold { .. } if follows_elapsed_time => (shown.earlier().ok(), shown.later().ok()),
        _ => (shown.compatible().ok(), None),
    };
    first.into_iter().chain(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::cron(expression, &Calendar::in_zone(zone).unwrap()).unwrap();
        schedule.runs(after.parse().unwrap()).take(count).map(|window| window.start.to_string()).collect()
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
        let next = |at: &str| schedule.next_run(at.parse().unwrap()).unwrap().start.to_string();
        assert_eq!(next("2026-11-02T01:59:59Z"), "2026-11-01T23:00:00Z");
        assert_eq!(next("2026-11-02T02:00:00Z"), "2026-11-02T23:00:00Z");
        let cron = Schedule::cron_within("0 2 * * *", &Calendar::utc(), 90).unwrap();
        let run = cron.next_run("2026-11-02T03:29:59Z".parse().unwrap()).unwrap();
        assert_eq!(
            (run.start.to_string(), run.end.to_string()),
            ("2026-11-02T02:00:00Z".into(), "2026-11-02T03:30:00Z".into())
        );
    }
}
