//! Groups of backups of which a rule selects one: buckets of the calendar, or windows counted back from an instant.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::super::calendar::Calendar;
use super::super::clock::Clock;
use super::super::period::Period;
use super::super::policy::Select;
use super::super::policy::rule::Rule;
use super::bucket::Buckets;
use super::rows::BackupRow;

/// An instant, and the UTC offset of the backup that it is from.
pub(in super::super) type StampedInstant = (Timestamp, Option<Offset>);

/// The groups of a rule.
pub(in super::super) enum Grouping<'c> {
    Calendar(Buckets),
    Rolling(Windows<'c>),
}

impl<'c> Grouping<'c> {
    /// The groups of a rule, if it selects by them. Windows are counted back from `end`.
    pub(in super::super) fn of_rule(
        rule: &Rule,
        calendar: &Calendar,
        clock: &'c Clock,
        end: StampedInstant,
    ) -> Option<Self> {
        match rule.select() {
            Select::Rolling { every, .. } => Some(Self::Rolling(Windows { clock, end, every })),
            _ => Buckets::of_rule(rule, calendar).map(Self::Calendar),
        }
    }

    /// The start of the group that contains a backup, which identifies it.
    pub(in super::super) fn start(&self, row: &BackupRow) -> DateTime {
        match self {
            Self::Calendar(buckets) => buckets.start_of(row.local, row.day),
            Self::Rolling(windows) => Offset::UTC.to_datetime(windows.start(row.at)),
        }
    }
}

/// Windows of one length: the last ends at an instant, and each contains its end and not its start.
pub(in super::super) struct Windows<'c> {
    clock: &'c Clock,
    end: StampedInstant,
    every: Period,
}

/// The shortest month and the shortest day that there are, in seconds.
const MONTH_SECONDS: i64 = 28 * DAY_SECONDS;
const DAY_SECONDS: i64 = 22 * 3_600;

impl Windows<'_> {
    /// The start of the window that contains an instant. What is after the last window is a window of its own.
    fn start(&self, at: Timestamp) -> Timestamp {
        let (end, _) = self.end;
        if at > end {
            return end;
        }
        // The number of the window, counted back from 0: the first whose start is before the instant.
        let (mut low, mut high) = (0_u32, self.most(end, at));
        while low < high {
            let middle = low.midpoint(high);
            if self.start_of(middle) < at {
                high = middle;
            } else {
                low = middle.saturating_add(1);
            }
        }
        self.start_of(low)
    }

    /// A window that begins before an instant.
    fn most(&self, end: Timestamp, at: Timestamp) -> u32 {
        let months = self.every.whole_months().saturating_mul(MONTH_SECONDS);
        let days = self.every.whole_days().saturating_mul(DAY_SECONDS);
        let shortest = months.saturating_add(days).saturating_add(self.every.clock_seconds()).max(1);
        let count = end.duration_since(at).as_secs().div_euclid(shortest).saturating_add(1);
        // So many windows begin before the calendar does.
        u32::try_from(count).map_or(u32::MAX, |count| count)
    }

    fn start_of(&self, number: u32) -> Timestamp {
        let (end, offset) = self.end;
        let length = number.checked_add(1).and_then(|count| self.every.times(count));
        length.map_or(Timestamp::MIN, |length| self.clock.before(end, length, offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(every: Period, zone: &str, at: &str) -> String {
        let clock = Clock::new(&Calendar::in_zone(zone).unwrap());
        let end = ("2026-11-28T04:00:00Z".parse().unwrap(), None);
        Windows { clock: &clock, end, every }.start(at.parse().unwrap()).to_string()
    }

    #[test]
    fn a_window_contains_its_end_and_not_its_start() {
        for (at, expected) in [
            ("2026-11-28T04:00:00Z", "2026-11-28T03:00:00Z"),
            ("2026-11-28T03:00:00.000000001Z", "2026-11-28T03:00:00Z"),
            ("2026-11-28T03:00:00Z", "2026-11-28T02:00:00Z"),
            ("2020-01-01T00:30:00Z", "2020-01-01T00:00:00Z"),
            ("2026-11-28T04:00:01Z", "2026-11-28T04:00:00Z"),
        ] {
            assert_eq!(start(Period::hours(1), "UTC", at), expected, "{at}");
        }
    }

    #[test]
    fn days_and_months_are_those_of_the_calendar() {
        // In New York, clocks are set back on 1 November, and that day has 25 hours.
        assert_eq!(start(Period::days(1), "America/New_York", "2026-11-01T05:00:00Z"), "2026-11-01T03:00:00Z");
        assert_eq!(start(Period::months(1), "UTC", "2000-02-29T00:00:00Z"), "2000-02-28T04:00:00Z");
        assert_eq!(start(Period::years(1), "UTC", "-009999-01-02T01:59:59Z"), Timestamp::MIN.to_string());
    }

    #[test]
    fn windows_follow_each_other_without_gaps() {
        for every in [Period::seconds(7), Period::days(3), Period::months(5), Period::weeks(2)] {
            let clock = Clock::new(&Calendar::in_zone("Europe/Dublin").unwrap());
            let windows = Windows { clock: &clock, end: ("2026-05-31T04:00:00Z".parse().unwrap(), None), every };
            let mut last = windows.end.0;
            for number in 0..400 {
                let start = windows.start(last);
                assert_eq!(start, windows.start_of(number));
                assert!(start < last);
                last = start;
            }
        }
    }
}
