//! Shows what a policy keeps over time: [`Simulation`] applies it to the runs of a schedule, without real backups.

mod run;

use std::cmp::Reverse;
use std::ops::{Range, RangeInclusive};

use jiff::Timestamp;
use jiff::civil::Date;

use super::error::Error;

/// The runs of a schedule under a policy. Created by [`Policy::simulate`](super::Policy::simulate).
///
/// ```
/// use appsnap::jiff::civil::date;
/// use appsnap::retention::{Calendar, presets, schedule::Schedule};
///
/// let schedule = Schedule::cron("0 2 * * *", &Calendar::utc())?;
/// let january = "2026-01-01T00:00:00Z".parse()?.."2026-01-31T00:00:00Z".parse()?;
/// let simulation = presets::by_name("restic:daily=7")?.simulate(&schedule, january, Some(1000))?;
/// let day = simulation.days().iter().find(|day| day.date == date(2026, 1, 20)).unwrap();
/// assert_eq!((day.taken_count, day.deleted_count, day.retained_count), (1, 1, 7));
/// // On the 30th, nothing is left from before the 24th.
/// assert!(simulation.restorable(date(2026, 1, 30), date(2026, 1, 20)).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulation {
    policy: String,
    days: Vec<SimulatedDay>,
    backups: Vec<SimulatedBackup>,
    refused: Vec<Timestamp>,
    steady_since: Option<Date>,
}

/// A day of a simulation, at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimulatedDay {
    /// The date in the time zone of the policy's calendar.
    pub date: Date,
    /// The number of backups taken on the day.
    pub taken_count: usize,
    /// The number of runs of the day that the platform refused because of its quota.
    pub refused_count: usize,
    /// The number of backups deleted at the end of the day.
    pub deleted_count: usize,
    /// The number of backups that exist after that.
    pub retained_count: usize,
    /// The size of these, if the size of a backup was given.
    pub retained_bytes: Option<u64>,
}

/// A backup of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimulatedBackup {
    /// The instant at which it was taken.
    pub taken_at: Timestamp,
    /// The date of that instant in the time zone of the policy's calendar.
    pub taken_on: Date,
    /// The day, or the night, to which the policy's calendar assigns it.
    pub day: Date,
    /// The date at the end of which it was deleted.
    pub deleted_on: Option<Date>,
    /// The rules that kept it last, by their positions in the policy.
    pub kept_by: Vec<usize>,
}

impl SimulatedBackup {
    /// Returns `true` if the backup exists at the end of a date.
    #[must_use]
    pub fn exists_on(&self, date: Date) -> bool {
        self.taken_on <= date && self.deleted_on.is_none_or(|deleted_on| deleted_on > date)
    }
}

/// The difference between two policies under the same schedule. Created by [`Simulation::difference`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimulationDifference {
    /// For each day, the number of backups that the second policy keeps more than the first.
    pub days: Vec<(Date, i64)>,
    /// The backups that only the first policy keeps at the end.
    pub only_first: Vec<Timestamp>,
    /// The backups that only the second policy keeps at the end.
    pub only_second: Vec<Timestamp>,
    /// The size that the second policy needs more at the end, if the size of a backup was given.
    pub bytes: Option<i128>,
}

impl Simulation {
    /// Returns the name of the policy.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// Returns every day, in order.
    #[must_use]
    pub fn days(&self) -> &[SimulatedDay] {
        &self.days
    }

    /// Returns every backup that was taken, in order, including deleted ones.
    #[must_use]
    pub fn backups(&self) -> &[SimulatedBackup] {
        &self.backups
    }

    /// Returns the instants of the runs that the platform refused: there were as many backups as its
    /// [quota](super::Policy::quota_count) allows, and the policy deleted none of them for the new one.
    ///
    /// ```
    /// use appsnap::retention::{Calendar, presets, schedule::Schedule};
    ///
    /// let schedule = Schedule::cron("0 2 * * *", &Calendar::utc())?;
    /// let january = "2026-01-01T00:00:00Z".parse()?.."2026-01-31T00:00:00Z".parse()?;
    /// let simulation = presets::squidex_quota().simulate(&schedule, january, None)?;
    /// assert_eq!((simulation.backups().len(), simulation.refused().len()), (10, 20));
    /// assert_eq!(simulation.refused()[0], "2026-01-11T02:00:00Z".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn refused(&self) -> &[Timestamp] {
        &self.refused
    }

    /// Returns the first day on which every rule has begun to release what it kept: from then on, the number of backups
    /// only varies. `None` if the simulated time is too short to tell, or if the policy keeps something forever.
    #[must_use]
    pub const fn steady_since(&self) -> Option<Date> {
        self.steady_since
    }

    /// Returns the smallest and the largest number of backups from [`steady_since`](Self::steady_since) on.
    ///
    /// ```
    /// use appsnap::retention::{presets, schedule::{Region, Schedule}};
    ///
    /// let nightly = Schedule::region(Region::named("Frankfurt")?);
    /// let years = "2025-01-01T00:00:00Z".parse()?.."2026-12-31T00:00:00Z".parse()?;
    /// let simulation = presets::mendix_cloud().simulate(&nightly, years, None)?;
    /// assert_eq!(simulation.steady_counts(), Some(33..=35));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn steady_counts(&self) -> Option<RangeInclusive<usize>> {
        let since = self.steady_since?;
        let counts = || self.days.iter().filter(|day| day.date >= since).map(|day| day.retained_count);
        Some(counts().min()?..=counts().max()?)
    }

    /// Returns the backups that exist at the end of a date, the oldest first.
    pub fn retained_on(&self, date: Date) -> impl Iterator<Item = &SimulatedBackup> {
        self.backups.iter().filter(move |backup| backup.exists_on(date))
    }

    /// Returns the backup that can be restored at the end of `on` for the state of the date `wanted`: the newest that
    /// still exists and was taken on or before that date.
    #[must_use]
    pub fn restorable(&self, on: Date, wanted: Date) -> Option<&SimulatedBackup> {
        self.backups.iter().rev().find(|backup| backup.taken_on <= wanted && backup.exists_on(on))
    }

    /// Returns the gaps at the end of a date, the longest first: consecutive backups that are further apart than any
    /// two consecutive runs of the schedule.
    #[must_use]
    pub fn gaps_on(&self, date: Date) -> Vec<Range<Timestamp>> {
        let regular = gaps(self.backups.iter()).map(|gap| length(&gap)).max();
        let mut gaps: Vec<_> =
            gaps(self.retained_on(date)).filter(|gap| regular.is_none_or(|regular| length(gap) > regular)).collect();
        gaps.sort_by_key(|gap| Reverse(length(gap)));
        gaps
    }

    /// Returns the difference to another policy under the same schedule.
    ///
    /// # Errors
    /// Returns an error if the simulations do not cover the same days.
    ///
    /// ```
    /// use appsnap::retention::{Calendar, presets, schedule::Schedule};
    ///
    /// let schedule = Schedule::cron("0 2 * * *", &Calendar::utc())?;
    /// let january = "2026-01-01T00:00:00Z".parse()?.."2026-01-31T00:00:00Z".parse()?;
    /// let less = presets::by_name("restic:daily=7")?.simulate(&schedule, january.clone(), Some(1000))?;
    /// let more = presets::by_name("restic:daily=10")?.simulate(&schedule, january, Some(1000))?;
    /// let difference = less.difference(&more)?;
    /// assert_eq!((difference.only_first.len(), difference.only_second.len()), (0, 3));
    /// assert_eq!(difference.bytes, Some(3000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn difference(&self, second: &Self) -> Result<SimulationDifference, Error> {
        if !self.days.iter().map(|day| day.date).eq(second.days.iter().map(|day| day.date)) {
            return Err(Error::misuse("the simulations do not cover the same days: compare simulations of one span"));
        }
        let pairs = || self.days.iter().zip(&second.days);
        let count_difference = |(a, b): (&SimulatedDay, &SimulatedDay)| {
            // A simulation has at most a million backups.
            (a.date, (b.retained_count as i64).saturating_sub(a.retained_count as i64))
        };
        let bytes = pairs().next_back().and_then(|(a, b)| {
            let (a, b) = (i128::from(a.retained_bytes?), i128::from(b.retained_bytes?));
            b.checked_sub(a)
        });
        let (first, second) = (self.existing(), second.existing());
        let only = |these: &[Timestamp], those: &[Timestamp]| -> Vec<Timestamp> {
            these.iter().filter(|at| those.binary_search(at).is_err()).copied().collect()
        };
        Ok(SimulationDifference {
            days: pairs().map(count_difference).collect(),
            only_first: only(&first, &second),
            only_second: only(&second, &first),
            bytes,
        })
    }

    /// When the backups that exist at the end were taken.
    fn existing(&self) -> Vec<Timestamp> {
        self.backups.iter().filter(|backup| backup.deleted_on.is_none()).map(|backup| backup.taken_at).collect()
    }
}

/// The times between consecutive backups.
fn gaps<'a>(backups: impl Iterator<Item = &'a SimulatedBackup>) -> impl Iterator<Item = Range<Timestamp>> {
    let mut older: Option<Timestamp> = None;
    backups.filter_map(move |backup| Some(older.replace(backup.taken_at)?..backup.taken_at))
}

fn length(gap: &Range<Timestamp>) -> jiff::SignedDuration {
    gap.end.duration_since(gap.start)
}
