//! The decisions of a policy about a set of backups: [`RetentionPlan`] and [`Decision`].

use std::fmt;

use jiff::Timestamp;

use super::super::backup::Backup;
use super::super::clock::Clock;
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{Guard, Keep, Pick, Select};
use super::bucket::{Bucket, Buckets};
use super::engine::RuleOutcome;
use super::expiry::{Expiry, agrees};
use super::reason::Reason;
use super::rows::{BackupRow, SortedBackups};
use super::series::SeriesPlan;
use super::window::Grouping;

impl Policy {
    /// Decides about every backup of a set, as of `now`.
    ///
    /// Each [series](Backup::series) is decided on its own. The order of `backups` does not matter. Of several taken at
    /// the same instant, the one whose id sorts first counts as the newer. The plan borrows the policy and the backups.
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
        let sorted = SortedBackups::by_series(backups, now, &mut clock);
        let mut plan = RetentionPlan {
            policy: self,
            backups,
            now,
            series: Vec::new(),
            verdicts: vec![Verdict::default(); backups.len()],
        };
        for sorted in sorted {
            let series = SeriesPlan::new(self, sorted, &clock);
            plan.add(series);
        }
        plan
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
    backups: &'a [Backup<Id>],
    now: Timestamp,
    series: Vec<SeriesPlan<'a, Id>>,
    /// One for each backup, in the caller's order.
    verdicts: Vec<Verdict>,
}

/// The decision about a backup, and where its reasons are: the number of its series, and its rank there.
#[derive(Clone, Copy, Default)]
struct Verdict {
    series: usize,
    rank: usize,
    keeps: bool,
}

impl<'a, Id> RetentionPlan<'a, Id> {
    fn add(&mut self, series: SeriesPlan<'a, Id>) {
        let mut matched = series.matches.iter().map(|found| found.rank).peekable();
        let mut guarded = series.held.iter().map(|(rank, _)| *rank).peekable();
        for (rank, row) in series.sorted.rows.iter().enumerate() {
            let mut keeps = self.policy.rules().is_empty();
            while matched.next_if_eq(&rank).or_else(|| guarded.next_if_eq(&rank)).is_some() {
                keeps = true;
            }
            if let Some(verdict) = self.verdicts.get_mut(row.index) {
                *verdict = Verdict { series: self.series.len(), rank, keeps };
            }
        }
        self.series.push(series);
    }
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
        self.now
    }

    /// Returns the decision about the backup at a position in the caller's order.
    #[must_use]
    pub fn decision(&self, index: usize) -> Option<Decision<'_, Id>> {
        let (backup, verdict) = (self.backups.get(index)?, *self.verdicts.get(index)?);
        Some(Decision { plan: self, series: self.series.get(verdict.series)?, backup, index, verdict })
    }

    /// Returns all decisions, in the caller's order.
    pub fn decisions(&self) -> impl Iterator<Item = Decision<'_, Id>> {
        (0..self.backups.len()).filter_map(|index| self.decision(index))
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

    /// Returns `true` if the platform accepts another backup of a series after what goes has been deleted. See
    /// [`Policy::quota_count`].
    ///
    /// ```
    /// use appsnap::retention::{Backup, Policy, Rule, policy::Keep};
    ///
    /// let policy = Policy::new("ours").with_rule(Rule::new("last", Keep::last(4))).with_quota_count(2);
    /// let backups = [1, 2, 3].map(|id| Backup::new(id, Default::default()));
    /// assert!(!policy.plan(&backups, Default::default()).admits_another(None));
    /// ```
    #[must_use]
    pub fn admits_another(&self, series: Option<&str>) -> bool {
        let kept = self.kept().filter(|decision| decision.backup().series() == series);
        self.policy.admits_another(kept.count() as u64)
    }

    pub(in super::super) fn backups(&self) -> &'a [Backup<Id>] {
        self.backups
    }

    /// The outcome of each rule for the first series, in the order of the policy.
    pub(in super::super) fn outcomes(&self) -> &[RuleOutcome] {
        self.series.first().map_or(&[], |series| &series.outcomes)
    }

    /// The oldest backup of the first series.
    pub(in super::super) fn oldest_at(&self) -> Option<Timestamp> {
        self.series.first()?.sorted.rows.last().map(|row| row.at)
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
    series: &'p SeriesPlan<'p, Id>,
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
        self.series.reasons(self.plan.policy, self.verdict.rank)
    }

    /// Returns every guard that holds the backup, even if a rule keeps it, too.
    pub fn guards(&self) -> impl Iterator<Item = &'p Guard> + use<'p, Id> {
        self.series.guards(self.verdict.rank)
    }

    /// Returns the owner and the reason of the legal hold: that of the backup, or else one of the policy.
    ///
    /// ```
    /// use appsnap::retention::{Backup, Policy};
    ///
    /// let text = r#"{"rules": [{"name": "last", "keep": {"last": 1}}],
    ///     "guards": [{"hold": {"tag": "case-7", "owner": "legal", "reason": "case 7"}}]}"#;
    /// let policy = Policy::from_json(text)?;
    /// let backups = [Backup::new("a", "2020-11-10T02:00:00Z".parse()?).with_tags(["case-7"])];
    /// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
    /// assert_eq!(plan.decision(0).unwrap().legal_hold(), Some(("legal", "case 7")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn legal_hold(&self) -> Option<(&'p str, &'p str)> {
        let own = self.backup.legal_hold().map(|hold| (hold.owner.as_str(), hold.reason.as_str()));
        own.or_else(|| {
            self.guards().find_map(|guard| match guard {
                Guard::Hold { owner, reason, .. } => Some((owner.as_str(), reason.as_str())),
                _ => None,
            })
        })
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

    /// Returns the instant at which the policy lets the backup go, if it keeps the backup until then and that instant is
    /// known: no guard holds it, and every rule that keeps it gives a date.
    #[must_use]
    pub fn goes_at(&self) -> Option<Timestamp> {
        if self.guards().next().is_some() {
            return None;
        }
        let dates: Option<Vec<Timestamp>> = self.reasons().map(|reason| reason.expires_at()).collect();
        dates?.into_iter().max()
    }

    /// Returns the instant before which the backup has to be downloaded to outlive the rules.
    ///
    /// That is the date [stated by the platform](Backup::stated_expiry), or otherwise [`goes_at`](Self::goes_at). `None`
    /// if it is past or unknown, or if there is nothing to download because the backup is not complete.
    #[must_use]
    pub fn download_before(&self) -> Option<Timestamp> {
        if !self.backup.is_completed() {
            return None;
        }
        self.backup.stated_expiry().or_else(|| self.goes_at()).filter(|at| *at > self.plan.now)
    }

    /// The instant as of which the policy decided.
    pub(super) const fn now(&self) -> Timestamp {
        self.plan.now
    }

    /// Returns `true` if the platform states another date than the rules give. See [`expires_at`](Self::expires_at).
    #[must_use]
    pub fn contradicts_stated_expiry(&self) -> bool {
        match (self.backup.stated_expiry(), self.expires_at()) {
            (Some(stated), Some(Expiry::At(given))) => !agrees(stated, given),
            (stated, given) => stated.is_some() && given.is_some(),
        }
    }

    /// Returns the date until which an object store can lock the backup: never before the policy lets it go.
    ///
    /// [`Expiry::Never`] if a rule keeps it forever or a guard holds it: then lock it without a date, such as with a legal
    /// hold. `None` if it goes already, or if a rule that gives no date keeps it.
    #[must_use]
    pub fn lock_until(&self) -> Option<Expiry> {
        let is_forever = |reason: Reason<'_>| matches!(reason.rule().keep(), Keep::Forever);
        if self.guards().next().is_some() || self.reasons().any(is_forever) {
            return Some(Expiry::Never);
        }
        self.goes_at().map(Expiry::At)
    }

    /// The newest backup of the series that represents a bucket for a rule.
    pub(in super::super) fn representative(&self, rule: usize, bucket: Bucket) -> Option<&'p Backup<Id>> {
        let mut matches = self.series.matches.iter().filter(|found| found.rule == rule);
        let reason = |found| self.series.reason(self.plan.policy, found);
        let found = matches.find(|found| reason(found).is_some_and(|reason| reason.bucket() == Some(bucket)))?;
        self.plan.backups.get(self.series.sorted.rows.get(found.rank)?.index)
    }

    /// The other backup that represents the finer bucket of this one, among whose representatives a rule selects.
    pub(in super::super) fn finer_representative(&self, rule: &Rule) -> Option<(Bucket, &'p Backup<Id>)> {
        let inner = Buckets::inner_of_rule(rule, self.plan.policy.calendar())?;
        let rows = &self.series.sorted.rows;
        let own = rows.get(self.verdict.rank)?;
        let start = inner.start_of(own.local, own.day);
        let backup = |row: &BackupRow| self.plan.backups.get(row.index);
        let mut of_bucket = rows.iter().filter(|row| {
            inner.start_of(row.local, row.day) == start
                && !row.is_set_aside
                && backup(row).is_some_and(|backup| rule.covers(backup))
        });
        let is_oldest = matches!(rule.select(), Select::Tiered { pick: Pick::Oldest, .. });
        let chosen = if is_oldest { of_bucket.next_back() } else { of_bucket.next() }?;
        if chosen.index == self.index { None } else { Some((inner.of(own.local, own.day), backup(chosen)?)) }
    }

    /// The backup that represents the rolling window of this one for a rule.
    pub(in super::super) fn window_representative(
        &self,
        number: usize,
        rule: &Rule,
        clock: &Clock,
    ) -> Option<&'p Backup<Id>> {
        if !matches!(rule.select(), Select::Rolling { .. }) {
            return None;
        }
        let end = self.outcome(number)?.windows_end?;
        let grouping = Grouping::of_rule(rule, self.plan.policy.calendar(), clock, end)?;
        let rows = &self.series.sorted.rows;
        let start = grouping.start(rows.get(self.verdict.rank)?);
        let matches = self.series.matches.iter().filter(|found| found.rule == number);
        let chosen = matches.filter_map(|found| rows.get(found.rank)).find(|row| grouping.start(row) == start)?;
        self.plan.backups.get(chosen.index)
    }

    /// Returns `true` if the backup belongs to the night of another date than its own.
    pub(in super::super) fn is_of_night(&self) -> bool {
        self.series.sorted.rows.get(self.verdict.rank).is_some_and(BackupRow::is_of_night)
    }

    pub(in super::super) fn outcome(&self, rule: usize) -> Option<&'p RuleOutcome> {
        self.series.outcomes.get(rule)
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
