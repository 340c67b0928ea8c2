//! Why one backup stays or goes: [`Explanation`], what every rule says about it, and what each would have needed.

mod text;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

use super::backup::{Backup, Origin, Status};
use super::bucket::Bucket;
use super::civil::{date_of, nth_weekday_of, weekday_offset};
use super::clock::Clock;
use super::expiry::{self, Expiry};
use super::keep::Count;
use super::plan::{Decision, Judge, Plan, Reason};
use super::policy::{Counting, Guard};
use super::rule::{Rule, Select};

/// Why one backup stays or goes. Made by [`Plan::explain`]; printed as lines for a person to read.
///
/// ```
/// use appsnap::retention::{Answer, Backup, Miss, presets};
///
/// let policy = presets::by_name("restic:last=1")?;
/// let backups = ["2026-11-19T02:00:00Z", "2026-11-20T02:00:00Z"].map(|at| Backup::new(at, at.parse().unwrap()));
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// let explanation = plan.explain(0).unwrap();
/// assert!(!explanation.decision().keeps());
/// match &explanation.answers()[0].answer {
///     Answer::Misses(Miss::CountUsedUp(count)) => assert_eq!(*count, 1),
///     _ => unreachable!("{explanation}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Explanation<'p, Id> {
    decision: Decision<'p, Id>,
    answers: Vec<RuleAnswer<'p, Id>>,
    plan: &'p Plan<'p, Id>,
}

/// What one rule says about a backup.
///
/// ```
/// # use appsnap::retention::{Backup, presets};
/// # let policy = presets::mendix_cloud();
/// # let backups = [Backup::new("b", "2026-11-18T02:00:00Z".parse()?)];
/// # let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// use appsnap::retention::Answer;
///
/// let explanation = plan.explain(0).unwrap();
/// let keeping: Vec<_> = explanation
///     .answers()
///     .iter()
///     .filter(|said| matches!(said.answer, Answer::Keeps(_)))
///     .map(|said| said.rule.name())
///     .collect();
/// assert_eq!(keeping, ["nightly"]);
/// # Ok::<(), jiff::Error>(())
/// ```
pub struct RuleAnswer<'p, Id> {
    /// The rule that was asked.
    pub rule: &'p Rule,
    /// What it says about the backup.
    pub answer: Answer<'p, Id>,
}

/// What a rule says about a backup.
///
/// ```
/// # use appsnap::retention::{Backup, presets};
/// # let policy = presets::mendix_cloud();
/// # let backups = [Backup::new("b", "2026-10-20T02:00:00Z".parse()?)];
/// # let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// use appsnap::retention::Answer;
///
/// match plan.explain(0).unwrap().answers()[0].answer {
///     Answer::Expired(at) => assert_eq!(at, "2026-11-03T02:00:00Z".parse()?),
///     Answer::Keeps(_) | Answer::Misses(_) => unreachable!(),
///     _ => {}
/// }
/// # Ok::<(), jiff::Error>(())
/// ```
#[non_exhaustive]
pub enum Answer<'p, Id> {
    /// It keeps the backup.
    Keeps(Reason<'p>),
    /// It kept the backup until this instant, which is past.
    Expired(Timestamp),
    /// It is not about this backup, or not any more.
    Misses(Miss<'p, Id>),
}

/// Why a rule does not keep a backup.
///
/// ```
/// # use appsnap::retention::{Backup, Origin, presets};
/// # let policy = presets::mendix_cloud();
/// # let backups = [Backup::new("b", "2026-11-18T02:00:00Z".parse()?).with_origin(Origin::Manual)];
/// # let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// use appsnap::retention::{Answer, Miss};
///
/// // A manual backup, asked about the rule for nightlies.
/// match &plan.explain(0).unwrap().answers()[0].answer {
///     Answer::Misses(Miss::Origin(wanted)) => assert_eq!(*wanted, Origin::Automatic),
///     _ => unreachable!(),
/// }
/// # Ok::<(), jiff::Error>(())
/// ```
#[non_exhaustive]
pub enum Miss<'p, Id> {
    /// The rule is about another origin.
    Origin(Origin),
    /// The rule is about another status.
    Status(Status),
    /// The backup lacks some of these tags.
    Tags(&'p [String]),
    /// The backup is of another day.
    #[non_exhaustive]
    Day {
        /// The day it belongs to.
        is: Date,
        /// The day that would have been right: for a day of the week the nearest one, for the nth such day the one of
        /// the same month. None in a month without a fifth.
        needed: Option<Date>,
        /// What there is of that day.
        found: Found<'p, Id>,
    },
    /// A guard holds it, and keeps it out of the count of this rule.
    SetAside(&'p Guard),
    /// It is older than the rule reaches back.
    TooOld(Timestamp),
    /// Another backup stands for its bucket.
    #[non_exhaustive]
    BucketTaken {
        /// The bucket that both lie in.
        bucket: Bucket,
        /// The backup that stands for it.
        by: &'p Backup<Id>,
    },
    /// An earlier rule keeps it, or one of its bucket, so this rule passes it over.
    KeptEarlier,
    /// The rule's count was used up by newer ones.
    CountUsedUp(u32),
}

/// What there is of the day that a rule about days would have needed.
///
/// ```
/// use appsnap::retention::{Answer, Backup, Found, Miss, Status, presets};
///
/// let policy = presets::mendix_cloud();
/// let backups = [
///     Backup::new("sunday", "2026-11-08T23:00:00Z".parse()?).with_status(Status::Failed),
///     Backup::new("monday", "2026-11-09T23:00:00Z".parse()?),
/// ];
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// let explanation = plan.explain(1).unwrap();
/// let weekly = explanation.answers().iter().find(|said| said.rule.name() == "weekly").unwrap();
/// match &weekly.answer {
///     Answer::Misses(Miss::Day { found: Found::Failed(backup), .. }) => assert_eq!(*backup.id(), "sunday"),
///     _ => unreachable!("{explanation}"),
/// }
/// # Ok::<(), jiff::Error>(())
/// ```
#[non_exhaustive]
pub enum Found<'p, Id> {
    /// There is no backup of that day.
    Absent,
    /// Nothing yet: the day is still to come.
    Ahead,
    /// A backup that the rule covers: it is that one's day, not this one's.
    Present(&'p Backup<Id>),
    /// One that failed.
    Failed(&'p Backup<Id>),
    /// One that is running or queued.
    Unfinished(&'p Backup<Id>),
    /// Only one of another origin, for example manual: that does not count.
    OtherOrigin(&'p Backup<Id>),
    /// Only one that the rule's tags leave out.
    OtherTags(&'p Backup<Id>),
}

impl<Id> Plan<'_, Id> {
    /// Explains the decision about the backup at `index` in the caller's order.
    ///
    /// ```
    /// use appsnap::retention::{Backup, Status, presets};
    ///
    /// // The nightly of the first Sunday failed, so there is no monthly in November.
    /// let failed = Backup::new("sun", "2026-11-01T23:00:00Z".parse()?).with_status(Status::Failed);
    /// let next = Backup::new("mon", "2026-11-02T23:00:00Z".parse()?);
    /// let backups = [failed, next];
    /// let policy = presets::mendix_cloud();
    /// let plan = policy.plan(&backups, "2026-11-05T00:00:00Z".parse()?);
    /// let text = plan.explain(1).unwrap().to_string();
    /// assert!(text.contains("needed is 2026-11-01, whose backup failed"), "{text}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain(&self, index: usize) -> Option<Explanation<'_, Id>> {
        let decision = self.decision(index)?;
        let explainer = Explainer { plan: self, decision };
        let rules = self.policy().rules().iter().enumerate();
        let answers = rules.map(|(number, rule)| RuleAnswer { rule, answer: explainer.answer(number, rule) }).collect();
        Some(Explanation { decision, answers, plan: self })
    }
}

impl<'p, Id> Explanation<'p, Id> {
    /// The decision that is explained.
    #[must_use]
    pub const fn decision(&self) -> Decision<'p, Id> {
        self.decision
    }

    /// What every rule says, in the order of the policy.
    #[must_use]
    pub fn answers(&self) -> &[RuleAnswer<'p, Id>] {
        &self.answers
    }

    /// The rule that came nearest to keeping the backup and did not: fewest days off, then a bucket or a count, then
    /// tags, status and origin. Of equally near ones the last of the policy.
    #[must_use]
    pub fn nearest_miss(&self) -> Option<&RuleAnswer<'p, Id>> {
        let misses = self.answers.iter().rev().filter(|answer| matches!(answer.answer, Answer::Misses(_)));
        misses.min_by_key(|answer| answer.answer.distance())
    }

    /// The instant by which to download the backup if it should outlive the rules; none when it goes already or nobody
    /// knows when it goes.
    #[must_use]
    pub fn download_before(&self) -> Option<Timestamp> {
        if !self.decision.keeps() || self.decision.guards().next().is_some() {
            return None;
        }
        let dates: Option<Vec<Timestamp>> = self.decision.reasons().map(|reason| reason.expires_at()).collect();
        dates?.into_iter().max()
    }
}

impl<Id> Answer<'_, Id> {
    /// How far a rule is from keeping the backup; days count as themselves.
    fn distance(&self) -> u64 {
        let Self::Misses(miss) = self else { return 0 };
        match miss {
            Miss::Day { is, needed: Some(needed), .. } => needed.duration_since(*is).as_hours().unsigned_abs() / 24,
            Miss::KeptEarlier | Miss::SetAside(_) => 0,
            Miss::BucketTaken { .. } => 1,
            Miss::CountUsedUp(_) | Miss::TooOld(_) => 2,
            Miss::Day { needed: None, .. } => 31,
            Miss::Tags(_) => 1_000,
            Miss::Status(_) => 2_000,
            Miss::Origin(_) => 3_000,
        }
    }
}

struct Explainer<'p, Id> {
    plan: &'p Plan<'p, Id>,
    decision: Decision<'p, Id>,
}

impl<'p, Id> Explainer<'p, Id> {
    fn answer(&self, number: usize, rule: &'p Rule) -> Answer<'p, Id> {
        if let Some(reason) = self.decision.reasons().find(|reason| reason.rule_index() == number) {
            return Answer::Keeps(reason);
        }
        let backup = self.decision.backup();
        let mut clock = Clock::new(self.plan.policy().calendar());
        if let Some(Expiry::At(at)) = expiry::alone(rule, backup, &mut clock) {
            return Answer::Expired(at);
        }
        Answer::Misses(self.miss(number, rule, &mut clock))
    }

    fn miss(&self, number: usize, rule: &'p Rule, clock: &mut Clock) -> Miss<'p, Id> {
        let (backup, from) = (self.decision.backup(), rule.from());
        if let super::Wanted::Only(origin) = from.wanted_origin()
            && origin != backup.origin()
        {
            return Miss::Origin(origin);
        }
        if let super::Wanted::Only(status) = from.wanted_status()
            && status != backup.status()
        {
            return Miss::Status(status);
        }
        if !from.has_tags(backup.tags()) {
            return Miss::Tags(from.wanted_tags());
        }
        let day = clock.day(backup.taken_at(), backup.offset());
        if !rule.select().is_day(day) {
            let needed = needed_day(rule.select(), day);
            let found = needed.map_or(Found::Absent, |needed| self.found(rule, needed, clock));
            return Miss::Day { is: date_of(day), needed: needed.map(date_of), found };
        }
        self.miss_in_set(number, rule, clock, day)
    }

    /// Why a rule that looks at the set passes over a backup that it covers.
    fn miss_in_set(&self, number: usize, rule: &'p Rule, clock: &mut Clock, day: i64) -> Miss<'p, Id> {
        let (plan, backup) = (self.plan, self.decision.backup());
        if let Some(guard) = self.decision.guards().find(|guard| guard.sets_aside()) {
            return Miss::SetAside(guard);
        }
        let Some(ruling) = plan.rulings.get(number) else { return Miss::KeptEarlier };
        if let Some(cutoff) = ruling.cutoff.filter(|cutoff| backup.taken_at() <= *cutoff) {
            return Miss::TooOld(cutoff);
        }
        let kept_earlier = self.decision.reasons().any(|reason| reason.rule_index() < number);
        if plan.policy().counting() != Counting::Independent && kept_earlier {
            return Miss::KeptEarlier;
        }
        if let Some(sorter) = Judge::<Id>::sorter(plan.policy(), rule) {
            let bucket = sorter.bucket(sorter.key(clock.local(backup.taken_at(), backup.offset()), day));
            let mut holds = ruling.holds.iter();
            let holder = holds.find(|hold| Judge::<Id>::bucket(plan.policy(), rule, hold) == Some(bucket));
            if let Some(by) = holder.and_then(|hold| plan.decision_at(hold.place as usize)) {
                return Miss::BucketTaken { bucket, by: by.backup() };
            }
        }
        match rule.keep().count() {
            Count::AtMost(count) if ruling.used_up => Miss::CountUsedUp(count),
            _ => Miss::KeptEarlier,
        }
    }

    /// What there is of a day, the most telling first.
    fn found(&self, rule: &Rule, day: i64, clock: &mut Clock) -> Found<'p, Id> {
        let backups = self.plan.field.backups;
        let of_day: Vec<&Backup<Id>> =
            backups.iter().filter(|backup| clock.day(backup.taken_at(), backup.offset()) == day).collect();
        let first = |wanted: &dyn Fn(&Backup<Id>) -> bool| of_day.iter().copied().find(|backup| wanted(backup));
        let right_origin = |backup: &Backup<Id>| rule.from().wanted_origin().admits(&backup.origin());
        if let Some(backup) = first(&|backup| rule.from().covers(backup)) {
            Found::Present(backup)
        } else if let Some(backup) = first(&|backup| right_origin(backup) && backup.status() == Status::Failed) {
            Found::Failed(backup)
        } else if let Some(backup) = first(&|backup| right_origin(backup) && !backup.status().is_finished()) {
            Found::Unfinished(backup)
        } else if let Some(backup) = first(&|backup| right_origin(backup)) {
            Found::OtherTags(backup)
        } else if let Some(backup) = of_day.first() {
            Found::OtherOrigin(backup)
        } else if clock.start_of(day, None) > self.plan.now() {
            Found::Ahead
        } else {
            Found::Absent
        }
    }
}

/// The day nearest to `day` that a rule about days would have taken.
fn needed_day(select: Select, day: i64) -> Option<i64> {
    match select {
        Select::Every | Select::Bucket { .. } => None,
        Select::Weekday(weekday) => Some(nearest_weekday(day, weekday)),
        Select::NthWeekday { nth, weekday } => nth_weekday_of(day, nth, weekday),
    }
}

fn nearest_weekday(day: i64, weekday: Weekday) -> i64 {
    let ahead = (i64::from(weekday.to_monday_zero_offset()) - weekday_offset(day)).rem_euclid(7);
    if ahead <= 3 { day + ahead } else { day + ahead - 7 }
}
