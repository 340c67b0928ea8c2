//! Calendar buckets: hours, days, weeks, months, years, and how one is written.

use std::fmt;

use jiff::civil::{Date, DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

use super::civil::{Local, SECONDS_PER_DAY, date_of, day_number, weekday_offset, ymd};

/// The length of a bucket.
///
/// Several of a unit are counted from 1970-01-01T00:00 (a Thursday, so weeks from the week it lies in), months and
/// years from the year 0: six hours begin at 0, 6, 12 and 18 o'clock, three months with January, April, July, October.
///
/// ```
/// use appsnap::retention::{Backup, Keep, Policy, Rule, Select, Unit};
///
/// let weekly = Rule::new("weekly", Keep::last(4)).with_select(Select::newest_of(Unit::Week));
/// let policy = Policy::new("ours").with_rule(weekly);
/// let backups = [Backup::new("a", "2026-11-20T02:00:00Z".parse()?)];
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// let bucket = plan.decision(0).unwrap().reasons().next().unwrap().bucket().unwrap();
/// assert_eq!((bucket.unit(), bucket.to_string().as_str()), (Unit::Week, "2026-W47"));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unit {
    /// A second on the wall clock.
    Second,
    /// A minute on the wall clock.
    Minute,
    /// An hour on the wall clock: the hour that is shown twice when clocks are set back is one.
    Hour,
    /// A day, or a night where the calendar reads nights.
    Day,
    /// Seven days from the calendar's first day of the week. From Monday these are the weeks of ISO 8601.
    Week,
    /// A calendar month.
    Month,
    /// Three calendar months from January, April, July or October.
    Quarter,
    /// Thirteen ISO weeks from week 1, 14, 27 or 40; the last has fourteen in a year of 53 weeks.
    WeekQuarter,
    /// Six calendar months from January or July.
    HalfYear,
    /// A calendar year.
    Year,
}

/// One bucket of the calendar, known by its beginning.
///
/// Printed as the calendar's own name of it: `2026-11-01T23`, `2026-11-01`, `2026-W44`, `2026-11`, `2026-Q4`,
/// `2026-H2`, `2026`, and `2026-11-01T18 and 6 hours` where several units make one bucket.
///
/// ```
/// use appsnap::retention::{Backup, presets};
///
/// let policy = presets::by_name("restic:monthly=12")?;
/// let backups = [Backup::new("a", "2026-11-20T02:00:00Z".parse()?)];
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// let bucket = plan.decision(0).unwrap().reasons().next().unwrap().bucket().unwrap();
/// assert_eq!(bucket.to_string(), "2026-11");
/// assert_eq!(bucket.start(), jiff::civil::date(2026, 11, 1).at(0, 0, 0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    unit: Unit,
    every: u32,
    start: DateTime,
}

impl Bucket {
    /// The unit whose bucket this is.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// How many units it is long.
    #[must_use]
    pub const fn every(&self) -> u32 {
        self.every
    }

    /// Its first moment on the wall clock; for a night, midnight of the date that it is the night of.
    #[must_use]
    pub const fn start(&self) -> DateTime {
        self.start
    }

    pub(super) fn of_day(day: i64) -> Self {
        Self { unit: Unit::Day, every: 1, start: DateTime::from_parts(date_of(day), Time::midnight()) }
    }
}

/// How instants are sorted into buckets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sorter {
    pub(super) unit: Unit,
    pub(super) every: u32,
    pub(super) week_start: Weekday,
}

impl Sorter {
    fn every(self) -> i64 {
        i64::from(self.every.max(1))
    }

    /// Whether the day alone decides, not the time of day.
    pub(super) const fn is_by_day(self) -> bool {
        !matches!(self.unit, Unit::Second | Unit::Minute | Unit::Hour)
    }

    /// Days from the Monday of 1970's first week to the first day of a week.
    fn first_weekday(self) -> i64 {
        i64::from(self.week_start.to_monday_zero_offset())
    }

    /// The number of the bucket; `day` is the day that the calendar says `local` belongs to.
    pub(super) fn key(self, local: Local, day: i64) -> i64 {
        let single = match self.unit {
            Unit::Second => local.wall_seconds(),
            Unit::Minute => local.wall_seconds().div_euclid(60),
            Unit::Hour => local.wall_seconds().div_euclid(3_600),
            Unit::Day => day,
            Unit::Week => (day + 3 - self.first_weekday()).div_euclid(7),
            Unit::Month => months(day),
            Unit::Quarter => months(day).div_euclid(3),
            Unit::WeekQuarter => {
                let (year, week) = iso_week(day);
                year * 4 + ((week - 1) / 13).min(3)
            }
            Unit::HalfYear => months(day).div_euclid(6),
            Unit::Year => ymd(day).0,
        };
        single.div_euclid(self.every())
    }

    /// The bucket of a number.
    pub(super) fn bucket(self, key: i64) -> Bucket {
        let single = key.saturating_mul(self.every());
        let month = |number: i64| day_number(number.div_euclid(12), number.rem_euclid(12) + 1, 1) * SECONDS_PER_DAY;
        let wall = match self.unit {
            Unit::Second => single,
            Unit::Minute => single.saturating_mul(60),
            Unit::Hour => single.saturating_mul(3_600),
            Unit::Day => single.saturating_mul(SECONDS_PER_DAY),
            Unit::Week => (single * 7 - 3 + self.first_weekday()).saturating_mul(SECONDS_PER_DAY),
            Unit::Month => month(single),
            Unit::Quarter => month(single * 3),
            Unit::WeekQuarter => {
                let (year, quarter) = (single.div_euclid(4), single.rem_euclid(4));
                (iso_year_start(year) + quarter * 91).saturating_mul(SECONDS_PER_DAY)
            }
            Unit::HalfYear => month(single * 6),
            Unit::Year => month(single.saturating_mul(12)),
        };
        let (day, second) = (wall.div_euclid(SECONDS_PER_DAY), wall.rem_euclid(SECONDS_PER_DAY));
        let time = Time::midnight() + jiff::SignedDuration::from_secs(second);
        Bucket { unit: self.unit, every: self.every, start: DateTime::from_parts(date_of(day), time) }
    }
}

/// Months since January of the year 0.
fn months(day: i64) -> i64 {
    let (year, month, _) = ymd(day);
    year * 12 + month - 1
}

/// ISO 8601 year and week: the week belongs to the year that its Thursday lies in.
fn iso_week(day: i64) -> (i64, i64) {
    let thursday = day - weekday_offset(day) + 3;
    let year = ymd(thursday).0;
    (year, (thursday - day_number(year, 1, 1)) / 7 + 1)
}

/// The Monday of ISO week 1, which is the week of 4 January.
fn iso_year_start(year: i64) -> i64 {
    let fourth = day_number(year, 1, 4);
    fourth - weekday_offset(fourth)
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.start.date(), self.start.time());
        match self.unit {
            Unit::Second => write!(f, "{date}T{time}")?,
            Unit::Minute => write!(f, "{date}T{:02}:{:02}", time.hour(), time.minute())?,
            Unit::Hour => write!(f, "{date}T{:02}", time.hour())?,
            Unit::Day => write!(f, "{date}")?,
            Unit::Week if date.weekday() == Weekday::Monday => {
                let week = date.iso_week_date();
                write!(f, "{}-W{:02}", Year(week.year()), week.week())?;
            }
            Unit::Week => write!(f, "week of {date}")?,
            Unit::Month => write!(f, "{}-{:02}", Year(date.year()), date.month())?,
            Unit::Quarter => write!(f, "{}-Q{}", Year(date.year()), (date.month() - 1) / 3 + 1)?,
            Unit::WeekQuarter => {
                let week = date.iso_week_date();
                write!(f, "{}-WQ{}", Year(week.year()), ((week.week() - 1) / 13).min(3) + 1)?;
            }
            Unit::HalfYear => write!(f, "{}-H{}", Year(date.year()), (date.month() - 1) / 6 + 1)?,
            Unit::Year => write!(f, "{}", Year(date.year()))?,
        }
        if self.every > 1 { write!(f, " and {} {}", self.every, plural(self.unit)) } else { Ok(()) }
    }
}

/// A year as the dates of jiff print it: four digits, or a sign and six.
struct Year(i16);

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let january = Date::new(self.0, 1, 1).unwrap_or(Date::ZERO).to_string();
        f.write_str(january.trim_end_matches("-01"))
    }
}

const fn plural(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "seconds",
        Unit::Minute => "minutes",
        Unit::Hour => "hours",
        Unit::Day => "days",
        Unit::Week => "weeks",
        Unit::Month => "months",
        Unit::Quarter | Unit::WeekQuarter => "quarters",
        Unit::HalfYear => "half-years",
        Unit::Year => "years",
    }
}

#[cfg(test)]
mod tests {
    use super::super::civil::day_of;
    use super::*;
    use jiff::civil::date;

    fn bucket(unit: Unit, every: u32, at: DateTime) -> String {
        let sorter = Sorter { unit, every, week_start: Weekday::Monday };
        let key = sorter.key(Local::of(at), day_of(at.date()));
        sorter.bucket(key).to_string()
    }

    #[test]
    fn every_unit_prints_its_own_name() {
        let at = date(2026, 11, 1).at(23, 4, 11, 0);
        let expected = [
            (Unit::Second, "2026-11-01T23:04:11"),
            (Unit::Minute, "2026-11-01T23:04"),
            (Unit::Hour, "2026-11-01T23"),
            (Unit::Day, "2026-11-01"),
            (Unit::Week, "2026-W44"),
            (Unit::Month, "2026-11"),
            (Unit::Quarter, "2026-Q4"),
            (Unit::WeekQuarter, "2026-WQ4"),
            (Unit::HalfYear, "2026-H2"),
            (Unit::Year, "2026"),
        ];
        for (unit, name) in expected {
            assert_eq!(bucket(unit, 1, at), name);
        }
        assert_eq!(bucket(Unit::Hour, 6, at), "2026-11-01T18 and 6 hours");
    }

    #[test]
    fn weeks_agree_with_iso_8601_at_both_ends_of_the_year() {
        for (at, name) in [
            (date(2025, 12, 29), "2026-W01"),
            (date(2026, 1, 1), "2026-W01"),
            (date(2026, 1, 4), "2026-W01"),
            (date(2027, 1, 1), "2026-W53"),
            (date(2024, 12, 30), "2025-W01"),
            (date(2024, 1, 1), "2024-W01"),
            (date(-1, 1, 1), "-000002-W53"),
        ] {
            assert_eq!(bucket(Unit::Week, 1, at.to_datetime(Time::midnight())), name, "{at}");
        }
        for day in -800_000..800_000_i64 {
            if day % 13 == 0 {
                let week = date_of(day).iso_week_date();
                assert_eq!(iso_week(day), (i64::from(week.year()), i64::from(week.week())));
            }
        }
    }

    #[test]
    fn the_quarter_of_weeks_53_is_the_fourth() {
        assert_eq!(bucket(Unit::WeekQuarter, 1, date(2027, 1, 3).at(0, 0, 0, 0)), "2026-WQ4");
        assert_eq!(bucket(Unit::WeekQuarter, 1, date(2023, 4, 2).at(0, 0, 0, 0)), "2023-WQ1");
    }
}
