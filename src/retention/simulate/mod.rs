//! What a policy would keep over time: [`Simulation`], a schedule played against a policy without any real backups.

mod run;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Error;

/// A schedule played against a policy. Made by [`Policy::simulate`](super::Policy::simulate).
///
/// ```
/// use appsnap::retention::{Schedule, Zone, presets};
/// use jiff::civil::date;
///
/// let schedule = Schedule::cron("0 2 * * *".parse()?, Zone::UTC);
/// let (from, to) = ("2026-01-01T00:00:00Z".parse()?, "2026-01-31T00:00:00Z".parse()?);
/// let simulation = presets::by_name("restic:daily=7")?.simulate(&schedule, from, to, Some(1000))?;
/// assert_eq!(simulation.retained_on(date(2026, 1, 30)).count(), 7);
/// // On the 30th nothing is left from before the 24th.
/// assert!(simulation.restorable(date(2026, 1, 30), date(2026, 1, 20)).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulation {
    policy: String,
    days: Vec<SimulatedDay>,
    backups: Vec<Simulated>,
    steady: Option<Steady>,
}

/// One day of a simulation, as it ends.
///
/// ```
/// # use appsnap::retention::{Schedule, Zone, presets};
/// # let schedule = Schedule::cron("0 2 * * *".parse()?, Zone::UTC);
/// # let (from, to) = ("2026-01-01T00:00:00Z".parse()?, "2026-01-31T00:00:00Z".parse()?);
/// # let simulation = presets::by_name("restic:daily=7")?.simulate(&schedule, from, to, Some(1000))?;
/// let day = simulation.days().iter().find(|day| day.date == jiff::civil::date(2026, 1, 20)).unwrap();
/// assert_eq!((day.taken_count, day.deleted_count, day.retained_count), (1, 1, 7));
/// assert_eq!(day.retained_bytes, Some(7000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimulatedDay {
    /// The date in the zone of the policy's calendar.
    pub date: Date,
    /// Backups taken on the day.
    pub taken_count: usize,
    /// Backups deleted at its end.
    pub deleted_count: usize,
    /// Backups there are afterwards.
    pub retained_count: usize,
    /// Their size, where the size of a backup was given.
    pub retained_bytes: Option<u64>,
}

/// One backup of a simulation.
///
/// ```
/// # use appsnap::retention::{Schedule, Zone, presets};
/// # let schedule = Schedule::cron("0 2 * * *".parse()?, Zone::UTC);
/// # let (from, to) = ("2026-01-01T00:00:00Z".parse()?, "2026-01-31T00:00:00Z".parse()?);
/// # let simulation = presets::by_name("restic:daily=7")?.simulate(&schedule, from, to, Some(1000))?;
/// use jiff::civil::date;
///
/// let first = &simulation.backups()[0];
/// assert_eq!((first.taken_on, first.deleted_on), (date(2026, 1, 1), Some(date(2026, 1, 8))));
/// assert!(first.is_there_on(date(2026, 1, 7)) && !first.is_there_on(date(2026, 1, 8)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Simulated {
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The date of that in the zone of the policy's calendar.
    pub taken_on: Date,
    /// The day, or the night, that it belongs to as the policy's calendar reads it.
    pub day: Date,
    /// The date at whose end it was deleted.
    pub deleted_on: Option<Date>,
    /// The rules that kept it last, by their place in the policy.
    pub kept_by: Vec<usize>,
}

impl Simulated {
    /// Whether it is there when `date` has ended.
    #[must_use]
    pub fn is_there_on(&self, date: Date) -> bool {
        self.taken_on <= date && self.deleted_on.is_none_or(|deleted_on| deleted_on > date)
    }
}

/// The time from which on a simulation only repeats itself: every rule has begun to let go of what it kept.
///
/// ```
/// # use appsnap::retention::{Schedule, Zone, presets};
/// # let schedule = Schedule::cron("0 2 * * *".parse()?, Zone::UTC);
/// # let (from, to) = ("2026-01-01T00:00:00Z".parse()?, "2026-01-31T00:00:00Z".parse()?);
/// # let simulation = presets::by_name("restic:daily=7")?.simulate(&schedule, from, to, Some(1000))?;
/// let steady = simulation.steady().expect("a month is enough to fill a week");
/// assert_eq!((steady.min_count, steady.max_count), (7, 7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Steady {
    /// The first such day.
    pub since: Date,
    /// The fewest backups there were on any day from then on.
    pub min_count: usize,
    /// The most backups there were on any day from then on.
    pub max_count: usize,
}

/// Two neighbouring backups that are further apart than any two neighbouring runs of the schedule.
///
/// ```
/// use appsnap::retention::{Schedule, Zone, presets};
///
/// let schedule = Schedule::cron("0 2 * * *".parse()?, Zone::UTC);
/// let (from, to) = ("2026-01-01T00:00:00Z".parse()?, "2026-04-30T00:00:00Z".parse()?);
/// let simulation = presets::by_name("restic:daily=2,monthly=3")?.simulate(&schedule, from, to, None)?;
/// let longest = simulation.gaps_on(jiff::civil::date(2026, 4, 28))[0];
/// assert_eq!(longest.length().as_hours(), 31 * 24);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// When the older one was taken.
    pub older_at: Timestamp,
    /// When the newer one was taken.
    pub newer_at: Timestamp,
}

impl Gap {
    /// How far they are apart.
    #[must_use]
    pub fn length(&self) -> SignedDuration {
        self.newer_at.duration_since(self.older_at)
    }
}

/// How two policies differ over the same schedule. Made by [`Simulation::difference`].
///
/// ```
/// # use appsnap::retention::{Schedule, Zone, presets};
/// # let schedule = Schedule::cron("0 2 * * *".parse()?, Zone::UTC);
/// # let (from, to) = ("2026-01-01T00:00:00Z".parse()?, "2026-01-31T00:00:00Z".parse()?);
/// # let simulation = presets::by_name("restic:daily=7")?.simulate(&schedule, from, to, Some(1000))?;
///
/// let more = presets::by_name("restic:daily=10")?.simulate(&schedule, from, to, Some(1000))?;
/// let difference = simulation.difference(&more)?;
/// assert_eq!((difference.only_first.len(), difference.only_second.len(), difference.bytes), (0, 3, Some(3000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// For each day, how many backups the second policy keeps more than the first.
    pub days: Vec<(Date, i64)>,
    /// What only the first policy keeps at the end.
    pub only_first: Vec<Timestamp>,
    /// What only the second policy keeps at the end.
    pub only_second: Vec<Timestamp>,
    /// How many bytes more the second policy needs at the end, where the size of a backup was given.
    pub bytes: Option<i128>,
}

impl Simulation {
    /// The name of the policy.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// Every day, in order.
    #[must_use]
    pub fn days(&self) -> &[SimulatedDay] {
        &self.days
    }

    /// Every backup that was taken, in order, deleted ones included.
    #[must_use]
    pub fn backups(&self) -> &[Simulated] {
        &self.backups
    }

    /// From when on the number of backups only goes up and down, and between what. None when the span was too short to
    /// tell, or the policy keeps something for good.
    #[must_use]
    pub const fn steady(&self) -> Option<Steady> {
        self.steady
    }

    /// The backups there are when `date` has ended, the oldest first.
    pub fn retained_on(&self, date: Date) -> impl Iterator<Item = &Simulated> {
        self.backups.iter().filter(move |backup| backup.is_there_on(date))
    }

    /// What could be restored on `on` for the state of `wanted`: the newest backup there is that was taken on or before
    /// that date.
    #[must_use]
    pub fn restorable(&self, on: Date, wanted: Date) -> Option<&Simulated> {
        self.backups.iter().rev().find(|backup| backup.taken_on <= wanted && backup.is_there_on(on))
    }

    /// The gaps in what is there when `date` has ended, the longest first.
    #[must_use]
    pub fn gaps_on(&self, date: Date) -> Vec<Gap> {
        let apart = |pair: &[&Simulated]| match pair {
            [older, newer] => Some(Gap { older_at: older.taken_at, newer_at: newer.taken_at }),
            _ => None,
        };
        let runs: Vec<&Simulated> = self.backups.iter().collect();
        let regular = runs.windows(2).filter_map(apart).map(|gap| gap.length()).max().unwrap_or_default();
        let there: Vec<&Simulated> = self.retained_on(date).collect();
        let mut gaps: Vec<Gap> = there.windows(2).filter_map(apart).filter(|gap| gap.length() > regular).collect();
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.length()));
        gaps
    }

    /// How `second` differs from this one.
    ///
    /// # Errors
    /// When the two were not played over the same days.
    pub fn difference(&self, second: &Self) -> Result<Difference, Error> {
        let dates = |simulation: &Self| -> Vec<Date> { simulation.days.iter().map(|day| day.date).collect() };
        if dates(self) != dates(second) {
            return Err(Error::misuse("two simulations can be compared when they cover the same days"));
        }
        let pairs = || self.days.iter().zip(&second.days);
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let days = pairs().map(|(a, b)| (a.date, signed(b.retained_count) - signed(a.retained_count))).collect();
        let bytes =
            pairs().next_back().and_then(|(a, b)| Some(i128::from(b.retained_bytes?) - i128::from(a.retained_bytes?)));
        let left = |simulation: &Self| -> Vec<Timestamp> {
            let there = simulation.backups.iter().filter(|backup| backup.deleted_on.is_none());
            there.map(|backup| backup.taken_at).collect()
        };
        let (first, second) = (left(self), left(second));
        let only = |these: &[Timestamp], those: &[Timestamp]| -> Vec<Timestamp> {
            these.iter().filter(|at| those.binary_search(at).is_err()).copied().collect()
        };
        Ok(Difference { days, only_first: only(&first, &second), only_second: only(&second, &first), bytes })
    }
}
