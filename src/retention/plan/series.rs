//! The decisions about a series: the matches of its rules and the guards that hold its backups: [`SeriesPlan`].

use super::super::clock::Clock;
use super::super::policy::Guard;
use super::super::policy::data::Policy;
use super::bucket::{Bucket, Buckets};
use super::engine::{RuleEngine, RuleMatch, RuleOutcome};
use super::reason::Reason;
use super::rows::SortedBackups;

/// The decisions about a series.
pub(super) struct SeriesPlan<'a, Id> {
    pub(super) sorted: SortedBackups<'a, Id>,
    /// In the order of ranks, and of rules for one rank.
    pub(super) matches: Vec<RuleMatch>,
    pub(super) outcomes: Vec<RuleOutcome>,
    /// Pairs of rank and guard, in the order of ranks.
    pub(super) held: Vec<(usize, &'a Guard)>,
}

impl<'a, Id> SeriesPlan<'a, Id> {
    pub(super) fn new(policy: &'a Policy, mut sorted: SortedBackups<'a, Id>, clock: &Clock) -> Self {
        let held = sorted.apply_guards(policy);
        let (matches, outcomes) = RuleEngine::new(policy, &sorted, clock).run();
        Self { sorted, matches, outcomes, held }
    }

    /// Returns a reason for every rule that keeps the backup of a rank, in the order of the policy.
    pub(super) fn reasons(&self, policy: &'a Policy, rank: usize) -> impl Iterator<Item = Reason<'a>> {
        let from = self.matches.partition_point(|found| found.rank < rank);
        let matches = self.matches.iter().skip(from).take_while(move |found| found.rank == rank);
        matches.filter_map(move |found| self.reason(policy, found))
    }

    /// Returns every guard that holds the backup of a rank.
    pub(super) fn guards(&self, rank: usize) -> impl Iterator<Item = &'a Guard> {
        let from = self.held.partition_point(|(held, _)| *held < rank);
        self.held.iter().skip(from).take_while(move |(held, _)| *held == rank).map(|(_, guard)| *guard)
    }

    /// Returns the reason that a match of the series is. Matches have a rule and a row.
    pub(super) fn reason(&self, policy: &'a Policy, found: &RuleMatch) -> Option<Reason<'a>> {
        let (rule, row) = (policy.rules().get(found.rule)?, self.sorted.rows.get(found.rank)?);
        let by_weekday = rule.select().is_by_weekday().then(|| Bucket::of_day(row.day));
        let buckets = Buckets::of_rule(rule, policy.calendar());
        let bucket = by_weekday.or_else(|| buckets.map(|buckets| buckets.of(row.local, row.day)));
        Some(Reason { rule, bucket, found: *found, is_of_night: row.is_of_night() })
    }
}
