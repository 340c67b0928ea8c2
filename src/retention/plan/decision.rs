//! The decisions of a policy about a set of backups: [`RetentionPlan`], [`Decision`] and [`Reason`].

use std::fmt;

use jiff::Timestamp;

use super::super::backup::Backup;
use super::super::clock::Clock;
use super::super::policy::Guard;
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::bucket::{Bucket, Buckets};
use super::engine::{RuleEngine, RuleMatch, RuleOutcome};
use super::expiry::Expiry;
use super::rows::SortedBackups;

impl Policy {
    /// Decides about every backup of a set, as of `now`.
    ///
    /// The order of `backups` does not matter. Of several taken at the same instant, the one whose id sorts first counts
    /// as the newer. The plan borrows the policy and the backups.
    ///
    /// ```
    /// use appsnap::retention::{Backup, presets};
    ///
    /// let policy = presets::by_name("restic:last=1,daily=2")?;
    /// let backups = [(1, "2026-11-18T02:00:00Z"), (2, "2026-11-19T02:00:00Z"), (3, "2026-11-20T02:00:00Z")]
    ///     .map(|(id, at)| Backup::new(id, at.parse().unwrap()));
    /// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
    /// let kept: Vec<_> = plan.kept().map(|decision| *decision.backup().id()).collect();
    /// assert_eq!(kept, [2, 3]);
    /// let reasons: Vec<_> = plan.decision(2).unwrap().reasons().map(|reason| reason.to_string()).collect();
    /// assert_eq!(reasons, ["last snapshot", "daily snapshot"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan<'a, Id: Ord>(&'a self, backups: &'a [Backup<Id>], now: Timestamp) -> RetentionPlan<'a, Id> {
        let mut clock = Clock::new(self.calendar());
        let mut sorted = SortedBackups::new(backups, now, &mut clock);
        let held = sorted.apply_guards(self);
        let (matches, outcomes) = RuleEngine::new(self, &sorted, &clock).run();
        let mut verdicts = vec![Verdict { rank: 0, keeps: false }; backups.len()];
        let mut matched = matches.iter().map(|found| found.rank).peekable();
        let mut guarded = held.iter().map(|(rank, _)| *rank).peekable();
        for (rank, row) in sorted.rows.iter().enumerate() {
            let mut keeps = self.rules().is_empty();
            while matched.next_if_eq(&rank).or_else(|| guarded.next_if_eq(&rank)).is_some() {
                keeps = true;
            }
            if let Some(verdict) = verdicts.get_mut(row.index) {
                *verdict = Verdict { rank, keeps };
            }
        }
        RetentionPlan { policy: self, sorted, verdicts, matches, outcomes, held }
    }
}

/// The decisions of a policy about a set of backups. Created by [`Policy::plan`].
///
/// ```
/// use appsnap::retention::{Backup, presets};
///
/// let policy = presets::by_name("restic:last=2")?;
/// let backups = ["2026-11-20T02:00:00Z", "2026-11-18T02:00:00Z", "2026-11-19T02:00:00Z"]
///     .map(|at| Backup::new(at, at.parse().unwrap()));
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// assert_eq!((plan.kept_count(), plan.deleted().count()), (2, 1));
/// assert!(!plan.decision(1).unwrap().keeps());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RetentionPlan<'a, Id> {
    policy: &'a Policy,
    sorted: SortedBackups<'a, Id>,
    /// One for each backup, in the caller's order.
    verdicts: Vec<Verdict>,
    /// In the order of ranks, and of rules for one rank.
    matches: Vec<RuleMatch>,
    outcomes: Vec<RuleOutcome>,
    /// Pairs of rank and guard, in the order of ranks.
    held: Vec<(usize, usize)>,
}

/// The decision about a backup, which has this rank among all.
#[derive(Clone, Copy)]
struct Verdict {
    rank: usize,
    keeps: bool,
}

impl<'a, Id> RetentionPlan<'a, Id> {
    /// Returns the policy.
    #[must_use]
    pub const fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Returns the instant as of which the policy decided.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.sorted.now
    }

    /// Returns the decision about the backup at a position in the caller's order.
    #[must_use]
    pub fn decision(&self, index: usize) -> Option<Decision<'_, Id>> {
        let (backup, verdict) = (self.sorted.backups.get(index)?, *self.verdicts.get(index)?);
        Some(Decision { plan: self, backup, index, verdict })
    }

    /// Returns all decisions, in the caller's order.
    pub fn decisions(&self) -> impl Iterator<Item = Decision<'_, Id>> {
        let decisions = self.sorted.backups.iter().zip(&self.verdicts).enumerate();
        decisions.map(|(index, (backup, verdict))| Decision { plan: self, backup, index, verdict: *verdict })
    }

    /// Returns the decisions about the backups that stay, in the caller's order.
    pub fn kept(&self) -> impl Iterator<Item = Decision<'_, Id>> {
        self.decisions().filter(Decision::keeps)
    }

    /// Returns the decisions about the backups that go, in the caller's order.
    pub fn deleted(&self) -> impl Iterator<Item = Decision<'_, Id>> {
        self.decisions().filter(|decision| !decision.keeps())
    }

    /// Returns the number of backups that stay.
    #[must_use]
    pub fn kept_count(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.keeps).count()
    }

    pub(in super::super) fn backups(&self) -> &'a [Backup<Id>] {
        self.sorted.backups
    }

    /// The newest backup that represents a bucket for a rule.
    pub(in super::super) fn representative(&self, rule: usize, bucket: Bucket) -> Option<&'a Backup<Id>> {
        let mut matches = self.matches.iter().filter(|found| found.rule == rule);
        let found = matches.find(|found| self.reason(found).is_some_and(|reason| reason.bucket() == Some(bucket)))?;
        self.sorted.backups.get(self.sorted.rows.get(found.rank)?.index)
    }

    pub(in super::super) fn oldest_at(&self) -> Option<Timestamp> {
        self.sorted.rows.last().map(|row| row.at)
    }

    /// The outcome of each rule, in the order of the policy.
    pub(in super::super) fn outcomes(&self) -> &[RuleOutcome] {
        &self.outcomes
    }
}

impl<Id: fmt::Debug> fmt::Debug for RetentionPlan<'_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.decisions()).finish()
    }
}

/// The decision about one backup.
///
/// ```
/// use appsnap::retention::{Backup, policy::Guard, presets};
///
/// let policy = presets::mendix_cloud().with_guards([Guard::Protected]);
/// let backups = [Backup::new("b", "2020-11-10T02:00:00Z".parse()?).with_protected(true)];
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// let decision = plan.decision(0).unwrap();
/// assert!(decision.keeps() && decision.reasons().next().is_none());
/// assert!(decision.guards().eq([&Guard::Protected]));
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
pub struct Decision<'p, Id> {
    plan: &'p RetentionPlan<'p, Id>,
    backup: &'p Backup<Id>,
    index: usize,
    verdict: Verdict,
}

impl<Id> Clone for Decision<'_, Id> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Id> Copy for Decision<'_, Id> {}

impl<'p, Id> Decision<'p, Id> {
    /// Returns the backup.
    #[must_use]
    pub const fn backup(&self) -> &'p Backup<Id> {
        self.backup
    }

    /// Returns the position of the backup in the caller's order, counted from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Returns `true` if the backup stays.
    #[must_use]
    pub const fn keeps(&self) -> bool {
        self.verdict.keeps
    }

    /// Returns a reason for every rule that keeps the backup, in the order of the policy.
    pub fn reasons(&self) -> impl Iterator<Item = Reason<'p>> + use<'p, Id> {
        let (plan, rank) = (self.plan, self.verdict.rank);
        let from = plan.matches.partition_point(|found| found.rank < rank);
        let matches = plan.matches.iter().skip(from).take_while(move |found| found.rank == rank);
        matches.filter_map(move |found| plan.reason(found))
    }

    /// Returns every guard that holds the backup, even if a rule keeps it, too.
    pub fn guards(&self) -> impl Iterator<Item = &'p Guard> + use<'p, Id> {
        let (plan, rank) = (self.plan, self.verdict.rank);
        let from = plan.held.partition_point(|(held, _)| *held < rank);
        let held = plan.held.iter().skip(from).take_while(move |(held, _)| *held == rank);
        held.filter_map(move |(_, guard)| plan.policy.guards().get(*guard))
    }

    /// Returns `true` if the backup stays because the policy has no rules.
    #[must_use]
    pub fn is_kept_without_rules(&self) -> bool {
        self.plan.policy.rules().is_empty()
    }

    /// Returns the latest date that a rule gives the backup, even if it is past. `None` if no rule gives one.
    #[must_use]
    pub fn expires_at(&self) -> Option<Expiry> {
        let alone = self.plan.policy.expires_at(self.backup);
        let in_set = self.reasons().filter_map(|reason| reason.expires_at()).map(Expiry::At).max();
        alone.max(in_set)
    }

    /// Returns the instant at which the backup goes, if it stays until then and that instant is known: no guard holds
    /// it, and every rule that keeps it gives a date.
    #[must_use]
    pub fn goes_at(&self) -> Option<Timestamp> {
        if self.guards().next().is_some() {
            return None;
        }
        let dates: Option<Vec<Timestamp>> = self.reasons().map(|reason| reason.expires_at()).collect();
        dates?.into_iter().max()
    }
}

impl<Id: fmt::Debug> fmt::Debug for Decision<'_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons: Vec<String> = self.reasons().map(|reason| reason.to_string()).collect();
        let guards: Vec<&str> = self.guards().map(Guard::name).collect();
        f.debug_struct("Decision")
            .field("id", self.backup.id())
            .field("keeps", &self.keeps())
            .field("reasons", &reasons)
            .field("guards", &guards)
            .finish()
    }
}

/// A rule that keeps a backup. It is displayed as the name of the rule, after `oldest` if [`Reason::is_oldest`].
#[derive(Clone, Copy, Debug)]
pub struct Reason<'p> {
    rule: &'p Rule,
    bucket: Option<Bucket>,
    found: RuleMatch,
}

impl<'a, Id> RetentionPlan<'a, Id> {
    /// The reason that a match is. Matches have a rule and a row.
    fn reason<'p>(&'p self, found: &RuleMatch) -> Option<Reason<'p>>
    where
        'a: 'p,
    {
        let (rule, row) = (self.policy.rules().get(found.rule)?, self.sorted.rows.get(found.rank)?);
        let by_weekday = rule.select().is_by_weekday().then(|| Bucket::of_day(row.day));
        let buckets = Buckets::of_rule(rule, self.policy.calendar());
        let bucket = by_weekday.or_else(|| buckets.map(|buckets| buckets.of(row.local, row.day)));
        Some(Reason { rule, bucket, found: *found })
    }
}

impl<'p> Reason<'p> {
    /// Returns the rule.
    #[must_use]
    pub const fn rule(&self) -> &'p Rule {
        self.rule
    }

    /// Returns the position of the rule in its policy, counted from 0.
    #[must_use]
    pub const fn rule_index(&self) -> usize {
        self.found.rule
    }

    /// Returns the bucket that the backup represents, or the day for a rule about days of the week.
    #[must_use]
    pub const fn bucket(&self) -> Option<Bucket> {
        self.bucket
    }

    /// Returns the number of the backup among those that the rule keeps, counted from 1 at the newest. `None` if the
    /// rule does not count.
    #[must_use]
    pub const fn rank(&self) -> Option<u32> {
        self.found.number
    }

    /// Returns `true` if the backup is kept as the oldest of all, although another one represents its bucket.
    #[must_use]
    pub const fn is_oldest(&self) -> bool {
        self.found.is_oldest
    }

    /// Returns the instant at which this reason ends, if the rule gives a date.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.found.until
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_oldest() {
            f.write_str("oldest ")?;
        }
        f.write_str(self.rule.name())
    }
}
