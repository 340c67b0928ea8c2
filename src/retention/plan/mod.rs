//! The verdict on a set of backups: [`Plan`], a [`Decision`] for each, with the [`Reason`]s for it.

mod field;
mod judge;

use std::fmt;

use jiff::Timestamp;

pub(super) use field::Field;
pub(super) use judge::{Hold, Judge, Ruling};

use super::backup::Backup;
use super::bucket::Bucket;
use super::expiry::Expiry;
use super::policy::{Guard, Policy};
use super::rule::Rule;

impl Policy {
    /// Decides about every backup of a set, as of `now`.
    ///
    /// The order of `backups` does not matter; of several taken at the same instant, the one whose id sorts first
    /// counts as the newer. Nothing is copied: the plan borrows policy and backups.
    ///
    /// ```
    /// use appsnap::retention::{Backup, presets};
    ///
    /// let policy = presets::by_name("restic:last=1,daily=2")?;
    /// let backups: Vec<_> = [(1, "2026-11-18T02:00:00Z"), (2, "2026-11-19T02:00:00Z"), (3, "2026-11-20T02:00:00Z")]
    ///     .map(|(id, at)| Backup::new(id, at.parse().unwrap()))
    ///     .into();
    /// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
    /// let kept: Vec<_> = plan.kept().map(|decision| *decision.backup().id()).collect();
    /// assert_eq!(kept, [2, 3]);
    /// let reasons: Vec<_> = plan.decision(2).unwrap().reasons().map(|reason| reason.to_string()).collect();
    /// assert_eq!(reasons, ["last snapshot", "daily snapshot"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// Never; sets of more than `u32::MAX` backups are cut there.
    pub fn plan<'a, Id: Ord>(&'a self, backups: &'a [Backup<Id>], now: Timestamp) -> Plan<'a, Id> {
        let backups = backups.get(..backups.len().min(u32::MAX as usize)).unwrap_or(backups);
        let mut field = Field::new(backups, now);
        let guarded = field.guard(self);
        let mut judge = Judge::new(self, &field);
        let rulings: Vec<Ruling> = self.rules().iter().map(|rule| judge.apply(rule)).collect();
        let mut kept: Vec<bool> = judge.kept().collect();
        for (place, _) in &guarded {
            if let Some(kept) = kept.get_mut(*place as usize) {
                *kept = true;
            }
        }
        if self.rules().is_empty() {
            kept.fill(true);
        }
        let index = Slots::new(&rulings, field.rows.len());
        Plan { policy: self, field, rulings, guarded, kept, index, places: Vec::new() }.with_places()
    }
}

/// For each place, which holds of which rules concern it, in the order of the rules.
struct Slots {
    /// Where the slots of a place begin; one more than there are places.
    starts: Vec<u32>,
    /// Rule and index of the hold among the rule's.
    slots: Vec<(u32, u32)>,
}

impl Slots {
    fn new(rulings: &[Ruling], places: usize) -> Self {
        let mut starts = vec![0_u32; places + 1];
        let holds = || {
            rulings
                .iter()
                .zip(0_u32..)
                .flat_map(|(ruling, rule)| ruling.holds.iter().zip(0_u32..).map(move |hold| (rule, hold)))
        };
        for (_, (hold, _)) in holds() {
            if let Some(count) = starts.get_mut(hold.place as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut slots = vec![(0, 0); sum as usize];
        let mut free = starts.clone();
        for (rule, (hold, number)) in holds() {
            if let Some(at) = free.get_mut(hold.place as usize) {
                if let Some(slot) = slots.get_mut(*at as usize) {
                    *slot = (rule, number);
                }
                *at += 1;
            }
        }
        Self { starts, slots }
    }

    fn of(&self, place: usize) -> &[(u32, u32)] {
        let bounds = (self.starts.get(place), self.starts.get(place + 1));
        let (Some(from), Some(to)) = bounds else { return &[] };
        self.slots.get(*from as usize..*to as usize).unwrap_or(&[])
    }
}

/// Which backups of a set stay and which go, and why. Made by [`Policy::plan`].
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
pub struct Plan<'a, Id> {
    pub(super) policy: &'a Policy,
    pub(super) field: Field<'a, Id>,
    pub(super) rulings: Vec<Ruling>,
    /// Pairs of place and guard, in the order of places.
    guarded: Vec<(u32, u32)>,
    kept: Vec<bool>,
    index: Slots,
    /// The place of each backup in the caller's order.
    places: Vec<u32>,
}

impl<'a, Id> Plan<'a, Id> {
    fn with_places(mut self) -> Self {
        self.places = vec![0; self.field.rows.len()];
        for (row, place) in self.field.rows.iter().zip(0_u32..) {
            if let Some(slot) = self.places.get_mut(row.index as usize) {
                *slot = place;
            }
        }
        self
    }

    /// The policy that was applied.
    #[must_use]
    pub const fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// The instant as of which it was applied.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.field.now
    }

    /// The decision about the backup at `index` in the caller's order.
    #[must_use]
    pub fn decision(&self, index: usize) -> Option<Decision<'_, Id>> {
        let place = *self.places.get(index)? as usize;
        Some(Decision { plan: self, index, place, backup: self.field.backups.get(index)? })
    }

    /// All decisions, in the caller's order.
    pub fn decisions(&self) -> impl Iterator<Item = Decision<'_, Id>> {
        (0..self.places.len()).filter_map(|index| self.decision(index))
    }

    /// The decisions that keep, in the caller's order.
    pub fn kept(&self) -> impl Iterator<Item = Decision<'_, Id>> {
        self.decisions().filter(Decision::keeps)
    }

    /// The decisions that delete, in the caller's order.
    pub fn deleted(&self) -> impl Iterator<Item = Decision<'_, Id>> {
        self.decisions().filter(|decision| !decision.keeps())
    }

    /// How many backups stay.
    #[must_use]
    pub fn kept_count(&self) -> usize {
        self.kept.iter().filter(|kept| **kept).count()
    }

    pub(super) fn decision_at(&self, place: usize) -> Option<Decision<'_, Id>> {
        self.decision(self.field.rows.get(place)?.index as usize)
    }
}

impl<Id: fmt::Debug> fmt::Debug for Plan<'_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.decisions()).finish()
    }
}

/// What becomes of one backup.
///
/// ```
/// use appsnap::retention::{Backup, Guard, presets};
///
/// let policy = presets::mendix_cloud().with_guards([Guard::Protected]);
/// let backups = [Backup::new("b", "2020-11-10T02:00:00Z".parse()?).with_protected(true)];
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// let decision = plan.decision(0).unwrap();
/// assert!(decision.keeps() && decision.reasons().next().is_none());
/// assert!(decision.guards().eq([&Guard::Protected]));
/// # Ok::<(), jiff::Error>(())
/// ```
pub struct Decision<'p, Id> {
    plan: &'p Plan<'p, Id>,
    index: usize,
    place: usize,
    backup: &'p Backup<Id>,
}

impl<Id> Clone for Decision<'_, Id> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Id> Copy for Decision<'_, Id> {}

impl<'p, Id> Decision<'p, Id> {
    /// The backup that was decided about.
    #[must_use]
    pub const fn backup(&self) -> &'p Backup<Id> {
        self.backup
    }

    /// Where the backup stands in the caller's order, counted from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Whether it stays.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.plan.kept.get(self.place).copied().unwrap_or(true)
    }

    /// Every rule that keeps it, in the order of the policy.
    pub fn reasons(&self) -> impl Iterator<Item = Reason<'p>> + use<'p, Id> {
        let plan = self.plan;
        plan.index.of(self.place).iter().filter_map(move |(rule, hold)| {
            let hold = plan.rulings.get(*rule as usize)?.holds.get(*hold as usize)?;
            let rule_index = *rule as usize;
            let rule = plan.policy.rules().get(rule_index)?;
            let bucket = Judge::<Id>::bucket(plan.policy, rule, hold);
            Some(Reason { rule, rule_index, bucket, hold: *hold })
        })
    }

    /// Every guard that holds it, whether or not a rule keeps it, too.
    pub fn guards(&self) -> impl Iterator<Item = &'p Guard> + use<'p, Id> {
        let plan = self.plan;
        let place = u32::try_from(self.place).unwrap_or(u32::MAX);
        let from = plan.guarded.partition_point(|(held, _)| *held < place);
        let held = plan.guarded.iter().skip(from).take_while(move |(held, _)| *held == place);
        held.filter_map(move |(_, guard)| plan.policy.guards().get(*guard as usize))
    }

    /// Whether it stays because the policy has no rules at all.
    #[must_use]
    pub fn is_kept_for_want_of_rules(&self) -> bool {
        self.plan.policy.rules().is_empty()
    }

    /// The latest date that any rule gives it, past ones included: the platform's "expires on". None where no rule
    /// that covers it gives a date.
    #[must_use]
    pub fn expires_at(&self) -> Option<Expiry> {
        let alone = self.plan.policy.expires_at(self.backup);
        let in_set = self.reasons().filter_map(|reason| reason.expires_at()).map(Expiry::At).max();
        alone.max(in_set)
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

/// That one rule keeps a backup. Printed as the rule's name, with `oldest` in front where that is why.
///
/// ```
/// use appsnap::retention::{Backup, presets};
///
/// let policy = presets::mendix_cloud();
/// let backups = [Backup::new("b", "2026-11-18T02:00:00Z".parse()?)];
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// let reason = plan.decision(0).unwrap().reasons().next().unwrap();
/// assert_eq!((reason.to_string().as_str(), reason.rule_index()), ("nightly", 0));
/// assert_eq!(reason.expires_at(), Some("2026-12-02T02:00:00Z".parse()?));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Reason<'p> {
    rule: &'p Rule,
    rule_index: usize,
    bucket: Option<Bucket>,
    hold: Hold,
}

impl<'p> Reason<'p> {
    /// The rule that keeps the backup.
    #[must_use]
    pub const fn rule(&self) -> &'p Rule {
        self.rule
    }

    /// Where the rule stands in its policy, counted from 0.
    #[must_use]
    pub const fn rule_index(&self) -> usize {
        self.rule_index
    }

    /// The bucket that the backup stands for, or the day for a rule about days of the week.
    #[must_use]
    pub const fn bucket(&self) -> Option<Bucket> {
        self.bucket
    }

    /// Which one it is of those that the rule keeps, counted from 1 at the newest, for rules that look at the set.
    #[must_use]
    pub const fn rank(&self) -> Option<u32> {
        if self.hold.rank == 0 { None } else { Some(self.hold.rank) }
    }

    /// Whether it is kept as the oldest of all, although its bucket was taken.
    #[must_use]
    pub const fn is_oldest(&self) -> bool {
        self.hold.oldest
    }

    /// When this reason ends, for rules that give a date.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.hold.until
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
