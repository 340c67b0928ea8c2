//! Explains a decision: [`Explanation`], with the answer of every rule and what each would have needed.

mod text;

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};

use super::backup::{Backup, Origin, Status};
use super::clock::Clock;
use super::plan::{Bucket, Buckets, Decision, Expiry, Reason, RetentionPlan, expiry_alone};
use super::policy::rule::Rule;
use super::policy::{Count, Counting, Guard, Select};

/// An explanation of a decision. Created by [`RetentionPlan::explain`]; displayed as lines for people.
///
/// ```
/// use appsnap::retention::{Backup, explain::Miss, presets};
///
/// let policy = presets::by_name("restic:last=1")?;
/// let backups = ["2026-11-19T02:00:00Z", "2026-11-20T02:00:00Z"].map(|at| Backup::new(at, at.parse().unwrap()));
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// let explanation = plan.explain(0).unwrap();
/// let (rule, answer) = explanation.answers().next().unwrap();
/// assert_eq!(rule.name(), "last snapshot");
/// assert!(matches!(answer, Err(Miss::CountUsedUp(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Explanation<'p, Id> {
    decision: Decision<'p, Id>,
    answers: Vec<(&'p Rule, Answer<'p, Id>)>,
    plan: &'p RetentionPlan<'p, Id>,
}

/// The reason to keep the backup, or why the rule does not keep it.
type Answer<'p, Id> = Result<Reason<'p>, Miss<'p, Id>>;

/// Why a rule does not keep a backup.
#[derive(Debug)]
#[non_exhaustive]
pub enum Miss<'p, Id> {
    /// The rule kept the backup until this instant, which is past.
    Expired(Timestamp),
    /// The rule covers only another origin.
    Origin(Origin),
    /// The rule covers only another status.
    Status(Status),
    /// The backup does not have all of these tags.
    Tags(&'p [String]),
    /// The rule selects other days of the week.
    #[non_exhaustive]
    Day {
        /// The day that the backup belongs to.
        is: Date,
        /// The day that the rule selects: for a day of the week the nearest one, for the nth such day the one of the
        /// same month. `None` in a month without a fifth.
        needed: Option<Date>,
        /// The backup of that day.
        found: NeededBackup<'p, Id>,
    },
    /// A guard holds the backup, and keeps it out of the count of this rule.
    SetAside(&'p Guard),
    /// The backup was taken before this instant, and the rule reaches back to it.
    TooOld(Timestamp),
    /// The backup was taken after this instant, and the rule selects older ones.
    TooNew(Timestamp),
    /// Another backup represents the rolling window.
    WindowTaken(&'p Backup<Id>),
    /// Another backup represents the bucket.
    #[non_exhaustive]
    BucketTaken {
        /// The bucket that contains both.
        bucket: Bucket,
        /// The backup that represents it.
        by: &'p Backup<Id>,
    },
    /// An earlier rule keeps the backup, or one of the same bucket, so this rule skips it.
    KeptEarlier,
    /// The rule already keeps this number of newer backups.
    CountUsedUp(Count),
}

/// The backup of the day that a rule selects.
#[derive(Debug)]
#[non_exhaustive]
pub enum NeededBackup<'p, Id> {
    /// There is none.
    Absent,
    /// There is none, and the day has not begun yet.
    Ahead,
    /// There is one, which the rule covers.
    Present(&'p Backup<Id>),
    /// It failed.
    Failed(&'p Backup<Id>),
    /// It is running or queued.
    Unfinished(&'p Backup<Id>),
    /// There is only one of another origin.
    OtherOrigin(&'p Backup<Id>),
    /// There is only one that does not have the rule's tags.
    OtherTags(&'p Backup<Id>),
}

impl<Id> RetentionPlan<'_, Id> {
    /// Explains the decision about the backup at a position in the caller's order.
    ///
    /// ```
    /// use appsnap::retention::{Backup, Status, presets};
    ///
    /// // The nightly backup of the first Sunday failed, so there is no monthly one in November.
    /// let failed = Backup::new("sun", "2026-11-01T23:00:00Z".parse()?).with_status(Status::Failed);
    /// let next = Backup::new("mon", "2026-11-02T23:00:00Z".parse()?);
    /// let (policy, backups) = (presets::mendix_cloud(), [failed, next]);
    /// let plan = policy.plan(&backups, "2026-11-05T00:00:00Z".parse()?);
    /// let text = plan.explain(1).unwrap().to_string();
    /// assert!(text.contains("needed is 2026-11-01, whose backup failed"), "{text}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain(&self, index: usize) -> Option<Explanation<'_, Id>> {
        let decision = self.decision(index)?;
        let mut explainer = Explainer { plan: self, decision, clock: Clock::new(self.policy().calendar()) };
        let rules = self.policy().rules().iter().enumerate();
        let answers = rules.map(|(number, rule)| (rule, explainer.answer(number, rule))).collect();
        Some(Explanation { decision, answers, plan: self })
    }
}

impl<'p, Id> Explanation<'p, Id> {
    /// Returns the decision.
    #[must_use]
    pub const fn decision(&self) -> Decision<'p, Id> {
        self.decision
    }

    /// Returns every rule in the order of the policy, each with its reason to keep the backup, or why it does not keep it.
    pub fn answers(&self) -> impl Iterator<Item = (&'p Rule, Result<&Reason<'p>, &Miss<'p, Id>>)> {
        self.answers.iter().map(|(rule, answer)| (*rule, answer.as_ref()))
    }

    /// Returns the rule that was nearest to keeping the backup and does not: the fewest days off, then a
    /// bucket or a count, then tags. Of equally near ones, the last of the policy.
    ///
    /// Rules about another origin or status are left out, since nothing can be changed about that.
    #[must_use]
    pub fn nearest_miss(&self) -> Option<(&'p Rule, &Miss<'p, Id>)> {
        let misses = self.answers.iter().rev().filter_map(|(rule, answer)| Some((*rule, answer.as_ref().err()?)));
        let misses = misses.filter_map(|(rule, miss)| Some((miss.distance()?, (rule, miss))));
        misses.min_by_key(|(distance, _)| *distance).map(|(_, nearest)| nearest)
    }
}

impl<Id> Miss<'_, Id> {
    /// The distance from keeping the backup: days count as themselves. `None` if the rule did keep it, or if nothing can
    /// be changed.
    fn distance(&self) -> Option<u64> {
        Some(match self {
            Self::Expired(_) | Self::Status(_) | Self::Origin(_) => return None,
            Self::Day { is, needed: Some(needed), .. } => needed.duration_since(*is).as_hours().unsigned_abs() / 24,
            Self::KeptEarlier | Self::SetAside(_) => 0,
            Self::BucketTaken { .. } | Self::WindowTaken(_) => 1,
            Self::CountUsedUp(_) | Self::TooOld(_) | Self::TooNew(_) => 2,
            Self::Day { needed: None, .. } => 31,
            Self::Tags(_) => 1_000,
        })
    }
}

struct Explainer<'p, Id> {
    plan: &'p RetentionPlan<'p, Id>,
    decision: Decision<'p, Id>,
    clock: Clock,
}

impl<'p, Id> Explainer<'p, Id> {
    fn answer(&mut self, number: usize, rule: &'p Rule) -> Result<Reason<'p>, Miss<'p, Id>> {
        if let Some(reason) = self.decision.reasons().find(|reason| reason.rule_index() == number) {
            return Ok(reason);
        }
        if let Some(Expiry::At(at)) = expiry_alone(rule, self.decision.backup(), &mut self.clock) {
            return Err(Miss::Expired(at));
        }
        Err(self.miss(number, rule))
    }

    fn miss(&mut self, number: usize, rule: &'p Rule) -> Miss<'p, Id> {
        let backup = self.decision.backup();
        if let Some(origin) = rule.origin().filter(|origin| *origin != backup.origin()) {
            return Miss::Origin(origin);
        }
        if let Some(status) = rule.status().filter(|status| *status != backup.status()) {
            return Miss::Status(status);
        }
        if !rule.covers_tags(backup.tags()) {
            return Miss::Tags(rule.tags());
        }
        let day = self.day(backup);
        if !rule.select().admits_day(day) {
            let needed = needed_day(rule.select(), day);
            let found = needed.map_or(NeededBackup::Absent, |needed| self.backup_of(rule, needed));
            return Miss::Day { is: day, needed, found };
        }
        self.miss_in_set(number, rule)
    }

    fn day(&mut self, backup: &Backup<Id>) -> Date {
        let local = self.clock.local(backup.taken_at(), backup.offset());
        self.clock.day(backup.taken_at(), local)
    }

    fn bucket(&mut self, buckets: Buckets, backup: &Backup<Id>) -> Bucket {
        buckets.of(self.clock.local(backup.taken_at(), backup.offset()), self.day(backup))
    }

    /// Why a rule that counts skips a backup that it covers.
    fn miss_in_set(&mut self, number: usize, rule: &'p Rule) -> Miss<'p, Id> {
        let (policy, backup) = (self.plan.policy(), self.decision.backup());
        if let Some(guard) = self.decision.guards().find(|guard| guard.sets_aside()) {
            return Miss::SetAside(guard);
        }
        let outcome = self.decision.outcome(number);
        if let Some(cutoff) = outcome.and_then(|outcome| outcome.cutoff).filter(|cutoff| backup.taken_at() <= *cutoff) {
            return Miss::TooOld(cutoff);
        }
        if let Some(at) = outcome.and_then(|outcome| outcome.not_after).filter(|at| backup.taken_at() > *at) {
            return Miss::TooNew(at);
        }
        let is_kept_earlier = self.decision.reasons().any(|reason| reason.rule_index() < number);
        if policy.counting() != Counting::Independent && is_kept_earlier {
            return Miss::KeptEarlier;
        }
        if let Some((bucket, by)) = self.decision.finer_representative(rule) {
            return Miss::BucketTaken { bucket, by };
        }
        if let Some(by) = self.decision.window_representative(number, rule, &self.clock) {
            return Miss::WindowTaken(by);
        }
        if let Some(buckets) = Buckets::of_rule(rule, policy.calendar()) {
            let bucket = self.bucket(buckets, backup);
            if let Some(by) = self.decision.representative(number, bucket) {
                return Miss::BucketTaken { bucket, by };
            }
        }
        match rule.keep().count() {
            Count::AtMost(count) if outcome.is_some_and(|outcome| outcome.is_count_used_up) => {
                Miss::CountUsedUp(Count::AtMost(count))
            }
            _ => Miss::KeptEarlier,
        }
    }

    /// The backup of a day that says most about why there is none for the rule.
    fn backup_of(&mut self, rule: &Rule, day: Date) -> NeededBackup<'p, Id> {
        let mut of_day: Vec<&'p Backup<Id>> = Vec::new();
        let series = self.decision.backup().series();
        for backup in self.plan.backups().iter().filter(|backup| backup.series() == series) {
            if self.day(backup) == day {
                of_day.push(backup);
            }
        }
        let first = |wanted: &dyn Fn(&Backup<Id>) -> bool| of_day.iter().copied().find(|backup| wanted(backup));
        let has_origin = |backup: &Backup<Id>| rule.origin().is_none_or(|origin| origin == backup.origin());
        if let Some(backup) = first(&|backup| rule.covers(backup)) {
            NeededBackup::Present(backup)
        } else if let Some(backup) = first(&|backup| has_origin(backup) && backup.status() == Status::Failed) {
            NeededBackup::Failed(backup)
        } else if let Some(backup) = first(&|backup| has_origin(backup) && !backup.status().is_finished()) {
            NeededBackup::Unfinished(backup)
        } else if let Some(backup) = first(&|backup| has_origin(backup)) {
            NeededBackup::OtherTags(backup)
        } else if let Some(backup) = of_day.first() {
            NeededBackup::OtherOrigin(backup)
        } else if self.clock.start_of(day, None) > self.plan.now() {
            NeededBackup::Ahead
        } else {
            NeededBackup::Absent
        }
    }
}

/// The nearest day that a rule about days of the week selects.
fn needed_day(select: Select, day: Date) -> Option<Date> {
    match select {
        Select::NthWeekday { nth, weekday, month: Some(month) } => {
            Date::new(day.year(), month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
        }
        Select::Weekday(weekday) => Some(nearest(day, weekday)),
        Select::NthWeekday { nth, weekday, month: None } => day.nth_weekday_of_month(nth, weekday).ok(),
        Select::Every
        | Select::Bucket { .. }
        | Select::Tiered { .. }
        | Select::Rolling { .. }
        | Select::OlderThan { .. } => None,
    }
}

fn nearest(day: Date, weekday: Weekday) -> Date {
    let ahead = i64::from(day.weekday().until(weekday));
    let days = if ahead <= 3 { ahead } else { ahead.saturating_sub(7) };
    day.saturating_add(SignedDuration::from_hours(days.saturating_mul(24)))
}
