//! Hours, days, weeks, months and years into which rules sort backups: [`Bucket`].

use std::fmt;
use std::num::NonZeroU32;

use super::super::calendar::Calendar;
use super::super::clock::month_start;
use super::super::names::weekday;
use super::super::policy::rule::Rule;
use super::super::policy::{Select, Unit};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, ISOWeekDate, Time, Weekday};

/// A bucket of the calendar, such as a week.
///
/// It is displayed as `2026-11-01T23`, `2026-11-01`, `2026-W44`, `2026-11`, `2026-Q4`, `2026-H2` or `2026`, and as
/// `2026-11-01T18 and 6 hours` if it has several units.
///
/// ```
/// use appsnap::retention::{Backup, presets};
///
/// let policy = presets::by_name("restic:monthly=12")?;
/// let backups = [Backup::new("a", "2026-11-20T02:00:00Z".parse()?)];
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// let bucket = plan.decision(0).unwrap().reasons().next().unwrap().bucket().unwrap();
/// assert_eq!(bucket.to_string(), "2026-11");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    unit: Unit,
    every: NonZeroU32,
    start: DateTime,
}

impl Bucket {
    pub(in super::super) const fn of_day(day: Date) -> Self {
        Self { unit: Unit::Day, every: NonZeroU32::MIN, start: day.to_datetime(Time::midnight()) }
    }

    /// The bucket as text for people, for a backup that belongs to the night of another date than its own or not.
    pub(in super::super) fn text(&self, is_of_night: bool) -> String {
        if self.unit == Unit::Day && self.every == NonZeroU32::MIN {
            day_text(self.start.date(), is_of_night)
        } else {
            self.to_string()
        }
    }

    /// Returns the unit.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// Returns the number of units.
    #[must_use]
    pub const fn unit_count(&self) -> NonZeroU32 {
        self.every
    }

    /// Returns the first moment on the wall clock. For a night, that is midnight of the date whose night it is.
    #[must_use]
    pub const fn start(&self) -> DateTime {
        self.start
    }
}

/// The buckets of a rule.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Buckets {
    pub(in super::super) unit: Unit,
    pub(in super::super) every: NonZeroU32,
    pub(in super::super) week_start: Weekday,
}

const SECONDS_PER_DAY: i64 = 86_400;

impl Buckets {
    /// The buckets of a rule, if it selects by them.
    pub(in super::super) const fn of_rule(rule: &Rule, calendar: &Calendar) -> Option<Self> {
        match rule.select() {
            Select::Bucket { unit, every, .. } => Some(Self { unit, every, week_start: calendar.week_start() }),
            Select::Tiered { unit, .. } => {
                Some(Self { unit, every: NonZeroU32::MIN, week_start: calendar.week_start() })
            }
            _ => None,
        }
    }

    /// The finer buckets of a rule, among whose backups it selects.
    pub(in super::super) const fn inner_of_rule(rule: &Rule, calendar: &Calendar) -> Option<Self> {
        match rule.select() {
            Select::Tiered { among: unit, .. } => {
                Some(Self { unit, every: NonZeroU32::MIN, week_start: calendar.week_start() })
            }
            _ => None,
        }
    }

    pub(in super::super) fn of(self, local: DateTime, day: Date) -> Bucket {
        Bucket { unit: self.unit, every: self.every, start: self.start_of(local, day) }
    }

    /// The start of the bucket that contains a time on the wall clock; `day` is the day that it belongs to.
    ///
    /// A bucket that would begin before the calendar begins with it.
    pub(in super::super) fn start_of(self, local: DateTime, day: Date) -> DateTime {
        let midnight = |day: Date| day.to_datetime(Time::midnight());
        match self.unit {
            Unit::Second => self.time_start(local, 1),
            Unit::Minute => self.time_start(local, 60),
            Unit::Hour => self.time_start(local, 3_600),
            Unit::Day => midnight(self.day_start(day, 0, 1)),
            Unit::Week => midnight(self.day_start(day, self.first_week_day(), 7)),
            Unit::WeekOfYear => midnight(self.day_start(day, FIRST_MONDAY, 7).max(day.first_of_year())),
            Unit::Month => midnight(self.month_start(day, 1)),
            Unit::Quarter => midnight(self.month_start(day, 3)),
            Unit::WeekQuarter => midnight(self.week_quarter_start(day)),
            Unit::HalfYear => midnight(self.month_start(day, 6)),
            Unit::Year => midnight(self.month_start(day, 12)),
        }
    }

    /// Returns the remainder of `number` by `units` times [`Self::every`].
    fn excess(self, number: i64, units: i64) -> i64 {
        // No unit is so large that it is out of range with a count of 32 bits.
        number.rem_euclid(units.saturating_mul(i64::from(self.every.get())))
    }

    fn time_start(self, local: DateTime, unit_seconds: i64) -> DateTime {
        let time = local.time();
        let whole = local.date().at(time.hour(), time.minute(), time.second(), 0);
        let since_1970 = whole.duration_since(EPOCH.to_datetime(Time::midnight())).as_secs();
        whole.saturating_sub(SignedDuration::from_secs(self.excess(since_1970, unit_seconds)))
    }

    /// `first` is the first day of a bucket, counted from 1970-01-01.
    fn day_start(self, day: Date, first: i64, unit_days: i64) -> Date {
        let since_1970 = day.duration_since(EPOCH).as_secs() / SECONDS_PER_DAY;
        let excess = self.excess(since_1970.saturating_sub(first), unit_days);
        if excess == 0 { day } else { day.saturating_sub(SignedDuration::from_hours(excess.saturating_mul(24))) }
    }

    /// The first day of the week of 1970-01-01, counted from there.
    fn first_week_day(self) -> i64 {
        i64::from(self.week_start.until(EPOCH.weekday())).saturating_neg()
    }

    fn month_start(self, day: Date, unit_months: i64) -> Date {
        let number = i64::from(day.year()).saturating_mul(12).saturating_add(i64::from(day.month())).saturating_sub(1);
        month_start(number.saturating_sub(self.excess(number, unit_months))).unwrap_or(Date::MIN)
    }

    fn week_quarter_start(self, day: Date) -> Date {
        let week = day.iso_week_date();
        let quarter = i64::from(week.week()).saturating_sub(1).div_euclid(13).min(3);
        let number = i64::from(week.year()).saturating_mul(4).saturating_add(quarter);
        let number = number.saturating_sub(self.excess(number, 1));
        let first_week = number.rem_euclid(4).saturating_mul(13).saturating_add(1);
        let start = i16::try_from(number.div_euclid(4)).ok().zip(i8::try_from(first_week).ok());
        let start = start.and_then(|(year, week)| ISOWeekDate::new(year, week, Weekday::Monday).ok());
        start.map_or(Date::MIN, ISOWeekDate::date)
    }
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);
/// The Monday of the week of 1970-01-01, counted from there in days.
const FIRST_MONDAY: i64 = -3;

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.start.date(), self.start.time());
        let (year, month) = (Year(date.year()), date.month());
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
            Unit::WeekOfYear => write!(f, "{year}-W{:02}", date.iso_week_date().week())?,
            Unit::Month => write!(f, "{year}-{month:02}")?,
            Unit::Quarter => write!(f, "{year}-Q{}", part_of_year(month, 3))?,
            Unit::WeekQuarter => {
                let week = date.iso_week_date();
                write!(f, "{}-WQ{}", Year(week.year()), part_of_year(week.week(), 13))?;
            }
            Unit::HalfYear => write!(f, "{year}-H{}", part_of_year(month, 6))?,
            Unit::Year => write!(f, "{year}")?,
        }
        if self.every == NonZeroU32::MIN { Ok(()) } else { write!(f, " and {} {}", self.every, self.unit.plural()) }
    }
}

/// A day as text for people.
pub(in super::super) fn day_text(day: Date, is_night: bool) -> String {
    if is_night { format!("night of {} {day}", weekday::name(day.weekday())) } else { day.to_string() }
}

/// The part of the year, counted from 1, in which its first month or week is.
const fn part_of_year(first: i8, length: i8) -> i8 {
    first.saturating_sub(1).div_euclid(length).saturating_add(1)
}

/// A year as in the dates of ISO 8601: four digits, or a sign and six.
struct Year(i16);

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 { write!(f, "{:07}", self.0) } else { write!(f, "{:04}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn bucket(unit: Unit, every: u32, at: DateTime) -> String {
        let buckets = Buckets { unit, every: NonZeroU32::new(every).unwrap(), week_start: Weekday::Monday };
        buckets.of(at, at.date()).to_string()
    }

    #[test]
    fn every_unit_prints_its_own_name() {
        let at = date(2026, 11, 1).at(23, 4, 11, 7);
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
    }

    #[test]
    fn several_units_are_counted_from_1970_and_months_from_the_year_0() {
        let at = date(2026, 11, 1).at(23, 4, 11, 0);
        for (unit, every, name) in [
            (Unit::Hour, 6, "2026-11-01T18 and 6 hours"),
            (Unit::Day, 10, "2026-10-24 and 10 days"),
            (Unit::Week, 2, "2026-W43 and 2 weeks"),
            (Unit::Quarter, 3, "2026-Q3 and 3 quarters"),
            (Unit::WeekQuarter, 3, "2026-WQ3 and 3 quarters"),
            (Unit::Year, 10, "2020 and 10 years"),
            (Unit::Year, u32::MAX, "0000 and 4294967295 years"),
        ] {
            assert_eq!(bucket(unit, every, at), name);
        }
        let at = date(-3, 11, 1).at(0, 0, 0, 1);
        for (unit, every, name) in [
            (Unit::Month, 1, "-000003-11"),
            (Unit::Year, u32::MAX, "-009999 and 4294967295 years"),
            (Unit::Day, u32::MAX, "-009999-01-01 and 4294967295 days"),
        ] {
            assert_eq!(bucket(unit, every, at), name);
        }
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
    }

    #[test]
    fn a_week_of_the_year_ends_with_the_year() {
        for (at, name) in [
            (date(2025, 12, 28), "2025-W52"),
            (date(2025, 12, 29), "2025-W01"),
            (date(2026, 1, 1), "2026-W01"),
            (date(2026, 1, 5), "2026-W02"),
            (date(2027, 1, 3), "2027-W53"),
        ] {
            assert_eq!(bucket(Unit::WeekOfYear, 1, at.to_datetime(Time::midnight())), name, "{at}");
        }
    }

    #[test]
    fn the_quarter_of_weeks_53_is_the_fourth() {
        assert_eq!(bucket(Unit::WeekQuarter, 1, date(2027, 1, 3).at(0, 0, 0, 0)), "2026-WQ4");
        assert_eq!(bucket(Unit::WeekQuarter, 1, date(2023, 4, 2).at(0, 0, 0, 0)), "2023-WQ1");
    }
}
