//! Plays a schedule and a policy against each other, day by day.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::backup::Backup;
use super::super::civil::date_of;
use super::super::clock::Clock;
use super::super::keep::{Count, Keep};
use super::super::plan::Plan;
use super::super::policy::Policy;
use super::super::schedule::Schedule;
use super::super::{Error, Rule};
use super::{Simulated, SimulatedDay, Simulation, Steady};

/// A hundred years: more would only be a mistake.
const MAX_DAYS: i64 = 36_525;
/// About two years of one backup every minute.
const MAX_RUNS: usize = 1_000_000;
/// Decisions about one backup on one day: a million runs that are all kept for a hundred years would make fifteen times
/// as many, and keep a processor busy for hours.
const MAX_DECISIONS: u64 = 1_000_000_000;

impl Policy {
    /// Plays `schedule` from `from` to `to` with this policy, starting without any backups.
    ///
    /// Every run is a completed automatic backup, taken at the start of its window, of `backup_bytes` bytes where that
    /// is given. The policy is applied at the end of every day of the calendar's zone, and what it deletes is gone.
    ///
    /// # Errors
    /// When the span runs backwards, is longer than a hundred years or holds more than a million runs, or when so many
    /// backups are kept for so long that there would be more than 1,000,000,000 decisions.
    ///
    /// ```
    /// use appsnap::retention::{Region, Schedule, presets};
    ///
    /// let nightly = Schedule::region(Region::named("Frankfurt")?);
    /// let span = ("2025-01-01T00:00:00Z".parse()?, "2026-12-31T00:00:00Z".parse()?);
    /// let simulation = presets::mendix_cloud().simulate(&nightly, span.0, span.1, None)?;
    /// let steady = simulation.steady().unwrap();
    /// assert_eq!((steady.min_count, steady.max_count), (33, 35));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn simulate(
        &self,
        schedule: &Schedule,
        from: Timestamp,
        to: Timestamp,
        backup_bytes: Option<u64>,
    ) -> Result<Simulation, Error> {
        if to < from || to.duration_since(from) > SignedDuration::from_hours(MAX_DAYS * 24) {
            return Err(Error::misuse("a simulation runs forwards, and for a hundred years at most"));
        }
        let zone = self.calendar().zone().for_people();
        let mut run = Run::new(self, zone, backup_bytes, MAX_DECISIONS);
        // "After" is exclusive, and a run at the very start belongs to the span.
        let before = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
        let mut runs = schedule.runs(before).map(|window| window.start_at).take_while(|at| *at < to).peekable();
        let mut date = zone_date(&run.zone, from);
        loop {
            let end = run.end_of(date).min(to);
            let mut taken_count = 0;
            while let Some(at) = runs.next_if(|at| *at < end) {
                run.take(at)?;
                taken_count += 1;
            }
            // The last moment of the day: what goes with the first of the next is still there.
            run.close(date, end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(end), taken_count)?;
            match date.tomorrow() {
                Ok(tomorrow) if end < to => date = tomorrow,
                _ => break,
            }
        }
        Ok(run.finish())
    }
}

fn zone_date(zone: &TimeZone, at: Timestamp) -> Date {
    zone.to_datetime(at).date()
}

struct Run<'a> {
    policy: &'a Policy,
    zone: TimeZone,
    clock: Clock,
    backup_bytes: Option<u64>,
    decisions_left: u64,
    alive: Vec<Backup<usize>>,
    taken: Vec<Simulated>,
    days: Vec<SimulatedDay>,
    /// For each rule, whether it ever kept anything, when its first date is due, and the day on which it was at work
    /// with all it can hold.
    progress: Vec<Progress>,
}

#[derive(Clone, Copy, Default)]
struct Progress {
    began: bool,
    first_date: Option<Timestamp>,
    settled: Option<Date>,
}

impl<'a> Run<'a> {
    fn new(policy: &'a Policy, zone: TimeZone, backup_bytes: Option<u64>, max_decisions: u64) -> Self {
        let progress = vec![Progress::default(); policy.rules().len()];
        let clock = Clock::new(policy.calendar());
        let (alive, taken, days) = (Vec::new(), Vec::new(), Vec::new());
        Self { policy, zone, clock, backup_bytes, decisions_left: max_decisions, alive, taken, days, progress }
    }

    /// The first instant of the day after `date`.
    fn end_of(&self, date: Date) -> Timestamp {
        let next = date.tomorrow().ok().and_then(|next| next.to_zoned(self.zone.clone()).ok());
        next.map_or(Timestamp::MAX, |next| next.timestamp())
    }

    fn take(&mut self, at: Timestamp) -> Result<(), Error> {
        if self.taken.len() >= MAX_RUNS {
            return Err(Error::misuse(
                "the schedule has more than a million runs in that span: simulate a shorter one",
            ));
        }
        let backup = Backup::new(self.taken.len(), at);
        let backup = match self.backup_bytes {
            Some(bytes) => backup.with_bytes(bytes),
            None => backup,
        };
        self.alive.push(backup);
        let taken_on = zone_date(&self.zone, at);
        let day = date_of(self.clock.day(at, None));
        self.taken.push(Simulated { taken_at: at, taken_on, day, deleted_on: None, kept_by: Vec::new() });
        Ok(())
    }

    fn close(&mut self, date: Date, now: Timestamp, taken_count: usize) -> Result<(), Error> {
        let before_count = self.alive.len();
        self.decisions_left = self.decisions_left.checked_sub(before_count as u64).ok_or_else(|| {
            Error::misuse(
                "so many backups are kept for so long that there is too much to decide: simulate a shorter span",
            )
        })?;
        let plan = self.policy.plan(&self.alive, now);
        let progress = self.policy.rules().iter().enumerate().zip(&mut self.progress);
        for ((number, rule), progress) in progress {
            watch(&plan, number, rule, progress, date);
        }
        for decision in plan.decisions() {
            let Some(simulated) = self.taken.get_mut(*decision.backup().id()) else { continue };
            if decision.keeps() {
                simulated.kept_by = decision.reasons().map(|reason| reason.rule_index()).collect();
            } else {
                simulated.deleted_on = Some(date);
            }
        }
        let taken = &self.taken;
        self.alive.retain(|backup| taken.get(*backup.id()).is_some_and(|simulated| simulated.deleted_on.is_none()));
        let retained_count = self.alive.len();
        self.days.push(SimulatedDay {
            date,
            taken_count,
            deleted_count: before_count - retained_count,
            retained_count,
            retained_bytes: self.backup_bytes.map(|bytes| bytes.saturating_mul(retained_count as u64)),
        });
        Ok(())
    }

    fn finish(self) -> Simulation {
        let begun = self.progress.iter().filter(|progress| progress.began);
        let settled: Option<Vec<Date>> = begun.map(|progress| progress.settled).collect();
        let since = settled.and_then(|dates| dates.into_iter().max());
        let steady = since.and_then(|since| {
            let counts = || self.days.iter().filter(|day| day.date >= since).map(|day| day.retained_count);
            Some(Steady { since, min_count: counts().min()?, max_count: counts().max()? })
        });
        Simulation { policy: self.policy.name().to_owned(), days: self.days, backups: self.taken, steady }
    }
}

/// Notes whether a rule is at work, and whether it has begun to let go of what it kept.
fn watch(plan: &Plan<'_, usize>, number: usize, rule: &Rule, progress: &mut Progress, date: Date) {
    let Some(ruling) = plan.rulings.get(number) else { return };
    progress.began |= !ruling.holds.is_empty();
    if progress.first_date.is_none() {
        progress.first_date = ruling.holds.iter().filter_map(|hold| hold.until).min();
    }
    let first = plan.field.rows.last().map(|row| row.at);
    let reaches_past_the_first = ruling.cutoff.is_some_and(|cutoff| first.is_some_and(|first| first <= cutoff));
    let settled = match rule.keep() {
        Keep::For { .. } => progress.first_date.is_some_and(|at| at <= plan.now()),
        Keep::Forever | Keep::Last(Count::Unlimited) => false,
        Keep::Last(_) => ruling.used_up,
        Keep::Within { .. } => reaches_past_the_first,
        Keep::LastWithin { .. } => ruling.used_up || reaches_past_the_first,
    };
    if settled && progress.settled.is_none() {
        progress.settled = Some(date);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::super::presets;
    use super::*;

    #[test]
    fn keeping_everything_forever_stops_at_the_limit_of_decisions() {
        let policy = presets::by_name("restic:last=unlimited").unwrap();
        // One backup a day makes 1 + 2 + 3 + 4 decisions in four days.
        let mut run = Run::new(&policy, TimeZone::UTC, None, 10);
        let first = date(2026, 11, 1);
        for number in 0..5_i64 {
            let at = first.to_zoned(TimeZone::UTC).unwrap().timestamp() + SignedDuration::from_hours(24 * number);
            run.take(at).unwrap();
            let closed = run.close(first, at, 1);
            assert_eq!(closed.is_ok(), number < 4, "day {number}");
        }
    }
}
