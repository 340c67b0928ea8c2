//! Applies a policy to the runs of a schedule, day by day.

use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::backup::Backup;
use super::super::clock::Clock;
use super::super::error::Error;
use super::super::plan::{RetentionPlan, RuleOutcome};
use super::super::policy::data::Policy;
use super::super::policy::{Count, Keep};
use super::super::schedule::Schedule;
use super::{SimulatedBackup, SimulatedDay, Simulation};

/// A hundred years.
const MAX_SPAN: SignedDuration = SignedDuration::from_hours(36_525 * 24);
/// About two years of a backup every minute.
const MAX_RUNS: usize = 1_000_000;
/// Decisions about one backup on one day. A million runs that are all kept for a hundred years would make fifteen times
/// as many, and keep a processor busy for hours.
const MAX_DECISIONS: u64 = 1_000_000_000;

impl Policy {
    /// Simulates this policy under a schedule, from the start of a time span to its end, beginning without any backups.
    ///
    /// Every run is a completed automatic backup, taken at the start of its window. `backup_bytes` is the size of a
    /// backup, if sizes are wanted. At the end of every day in the time zone of the calendar, the policy is applied, and
    /// the backups that it does not keep are deleted.
    ///
    /// # Errors
    /// Returns an error if the end of the span is before its start, if it is longer than a hundred years, if it contains
    /// more than a million runs, or if so many backups are kept for so long that more than 1,000,000,000 decisions would
    /// be needed.
    pub fn simulate(
        &self,
        schedule: &Schedule,
        span: Range<Timestamp>,
        backup_bytes: Option<u64>,
    ) -> Result<Simulation, Error> {
        let Range { start, end } = span;
        if end < start || end.duration_since(start) > MAX_SPAN {
            return Err(Error::misuse("the simulated time ends before it starts, or is longer than a hundred years"));
        }
        let mut run = Run::new(self, backup_bytes, MAX_DECISIONS);
        // Runs start after an instant, and one at the very start counts.
        let before = start.checked_sub(NANOSECOND).unwrap_or(start);
        let mut runs = schedule.runs(before).map(|window| window.start).take_while(|at| *at < end).peekable();
        let mut date = run.date_of(start);
        loop {
            let day_end = run.end_of(date).min(end);
            let (taken_before, refused_before) = (run.taken.len(), run.refused.len());
            while let Some(at) = runs.next_if(|at| *at < day_end) {
                run.take(at)?;
            }
            let counts = DayCounts {
                taken: run.taken.len().saturating_sub(taken_before),
                refused: run.refused.len().saturating_sub(refused_before),
            };
            // The last moment of the day: what expires with the next day still exists.
            run.close(date, day_end.checked_sub(NANOSECOND).unwrap_or(day_end), counts)?;
            match date.tomorrow() {
                Ok(tomorrow) if day_end < end => date = tomorrow,
                _ => break,
            }
        }
        Ok(run.finish())
    }
}

const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

struct Run<'a> {
    policy: &'a Policy,
    zone: TimeZone,
    clock: Clock,
    backup_bytes: Option<u64>,
    decisions_left: u64,
    /// Their ids are positions in `taken`.
    existing: Vec<Backup<usize>>,
    taken: Vec<SimulatedBackup>,
    refused: Vec<Timestamp>,
    days: Vec<SimulatedDay>,
    /// One for each rule.
    progress: Vec<Progress>,
}

/// The runs of a day.
#[derive(Clone, Copy)]
struct DayCounts {
    taken: usize,
    refused: usize,
}

/// The progress of a rule towards a steady state.
#[derive(Clone, Copy, Default)]
struct Progress {
    has_kept: bool,
    first_date: Option<Timestamp>,
    /// The day on which the rule began to release what it kept.
    steady_since: Option<Date>,
}

impl<'a> Run<'a> {
    fn new(policy: &'a Policy, backup_bytes: Option<u64>, decisions_left: u64) -> Self {
        Self {
            policy,
            zone: policy.calendar().shown_zone(),
            clock: Clock::new(policy.calendar()),
            backup_bytes,
            decisions_left,
            existing: Vec::new(),
            taken: Vec::new(),
            refused: Vec::new(),
            days: Vec::new(),
            progress: vec![Progress::default(); policy.rules().len()],
        }
    }

    fn date_of(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// The first instant of the day after `date`.
    fn end_of(&self, date: Date) -> Timestamp {
        let next = date.tomorrow().ok().and_then(|next| next.to_zoned(self.zone.clone()).ok());
        next.map_or(Timestamp::MAX, |next| next.timestamp())
    }

    fn take(&mut self, at: Timestamp) -> Result<(), Error> {
        if self.taken.len().saturating_add(self.refused.len()) >= MAX_RUNS {
            return Err(Error::misuse(
                "the schedule has more than a million runs in the simulated time: simulate a shorter one",
            ));
        }
        let backup = Backup::new(self.taken.len(), at);
        self.existing.push(match self.backup_bytes {
            Some(bytes) => backup.with_bytes(bytes),
            None => backup,
        });
        if self.exceeds_quota(at)? {
            self.existing.pop();
            self.refused.push(at);
            return Ok(());
        }
        let day = self.clock.day(at, self.clock.local(at, None));
        let taken_on = self.date_of(at);
        self.taken.push(SimulatedBackup { taken_at: at, taken_on, day, deleted_on: None, kept_by: Vec::new() });
        Ok(())
    }

    /// Returns `true` if there are more backups than the platform accepts, and the policy deletes none for the newest.
    fn exceeds_quota(&mut self, now: Timestamp) -> Result<bool, Error> {
        let is_accepted = |count: usize| self.policy.admits_another((count as u64).saturating_sub(1));
        if is_accepted(self.existing.len()) {
            return Ok(false);
        }
        let exceeds = !is_accepted(self.policy.plan(&self.existing, now).kept_count());
        self.count_decisions(self.existing.len())?;
        Ok(exceeds)
    }

    fn count_decisions(&mut self, count: usize) -> Result<(), Error> {
        self.decisions_left = self.decisions_left.checked_sub(count as u64).ok_or_else(|| {
            Error::misuse(
                "too many backups are kept for too long to decide about each on every day: simulate a shorter time",
            )
        })?;
        Ok(())
    }

    fn close(&mut self, date: Date, now: Timestamp, counts: DayCounts) -> Result<(), Error> {
        let existing_count = self.existing.len();
        self.count_decisions(existing_count)?;
        let plan = self.policy.plan(&self.existing, now);
        let rules = self.policy.rules().iter().zip(plan.outcomes());
        for ((rule, outcome), progress) in rules.zip(&mut self.progress) {
            progress.watch(&plan, rule.keep(), outcome, date);
        }
        for decision in plan.decisions() {
            let Some(simulated) = self.taken.get_mut(*decision.backup().id()) else { continue };
            if decision.keeps() {
                simulated.kept_by = decision.reasons().map(|reason| reason.rule_index()).collect();
            } else {
                simulated.deleted_on = Some(date);
            }
        }
        let stays: Vec<bool> = plan.decisions().map(|decision| decision.keeps()).collect();
        let mut stays = stays.into_iter();
        self.existing.retain(|_| stays.next().is_none_or(|stays| stays));
        let retained_count = self.existing.len();
        self.days.push(SimulatedDay {
            date,
            taken_count: counts.taken,
            refused_count: counts.refused,
            deleted_count: existing_count.saturating_sub(retained_count),
            retained_count,
            retained_bytes: self.backup_bytes.map(|bytes| bytes.saturating_mul(retained_count as u64)),
        });
        Ok(())
    }

    fn finish(self) -> Simulation {
        let begun = self.progress.iter().filter(|progress| progress.has_kept);
        let steady: Option<Vec<Date>> = begun.map(|progress| progress.steady_since).collect();
        Simulation {
            policy: self.policy.name().to_owned(),
            days: self.days,
            backups: self.taken,
            refused: self.refused,
            steady_since: steady.and_then(|dates| dates.into_iter().max()),
        }
    }
}

impl Progress {
    fn watch(&mut self, plan: &RetentionPlan<'_, usize>, keep: &Keep, outcome: &RuleOutcome, date: Date) {
        self.has_kept |= outcome.kept_count > 0;
        self.first_date = self.first_date.or(outcome.first_date);
        let is_past = |at: Option<Timestamp>| at.is_some_and(|at| at <= plan.now());
        let reaches_the_oldest =
            || outcome.cutoff.is_some_and(|cutoff| plan.oldest_at().is_some_and(|oldest| oldest <= cutoff));
        let is_steady = match keep {
            Keep::For { .. } => is_past(self.first_date),
            Keep::Forever | Keep::Last(Count::Unlimited) => false,
            Keep::Last(_) => outcome.is_count_used_up,
            Keep::Within { .. } => reaches_the_oldest(),
            Keep::LastWithin { .. } => outcome.is_count_used_up || reaches_the_oldest(),
        };
        if is_steady {
            self.steady_since.get_or_insert(date);
        }
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
        let mut run = Run::new(&policy, None, 10);
        let first = date(2026, 11, 1);
        for number in 0..5_i64 {
            let at = first.to_zoned(TimeZone::UTC).unwrap().timestamp() + SignedDuration::from_hours(24 * number);
            run.take(at).unwrap();
            let closed = run.close(first, at, DayCounts { taken: 1, refused: 0 });
            assert_eq!(closed.is_ok(), number < 4, "day {number}");
        }
    }
}
