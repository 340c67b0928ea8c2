//! Applies the rules of a policy to a set of backups: [`RuleEngine`].

use std::cell::Cell;
use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::super::clock::Clock;
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{Count, Counting, Keep, Pick, Select, SpanEnd};
use super::bucket::Buckets;
use super::expiry::expiry_date;
use super::rows::{BackupRow, SortedBackups};

/// A backup that a rule keeps.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct RuleMatch {
    /// The rank of the backup among all.
    pub(in super::super) rank: usize,
    /// The number of the rule in its policy.
    pub(in super::super) rule: usize,
    /// Counted from 1 within the rule, if the rule counts.
    pub(in super::super) number: Option<u32>,
    /// Kept as the oldest of all, although another backup represents its bucket.
    pub(in super::super) is_oldest: bool,
    /// The end, for a rule that gives a date.
    pub(in super::super) until: Option<Timestamp>,
}

/// The outcome of applying a rule.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct RuleOutcome {
    /// The instant before which the rule keeps nothing.
    pub(in super::super) cutoff: Option<Timestamp>,
    pub(in super::super) kept_count: u32,
    pub(in super::super) is_count_used_up: bool,
    /// The earliest date that the rule gives a backup that it keeps.
    pub(in super::super) first_date: Option<Timestamp>,
}

/// The effect of earlier rules on a backup.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mark {
    #[default]
    Open,
    Kept,
    /// Skipped inside a bucket from which another backup was kept.
    Lost,
}

/// Applies the rules of a policy in order.
pub(in super::super) struct RuleEngine<'a, Id> {
    policy: &'a Policy,
    sorted: &'a SortedBackups<'a, Id>,
    clock: &'a Clock,
    /// One for each row.
    marks: Vec<Cell<Mark>>,
}

/// A backup that a rule selects as far as origin, status, tags and day of the week go.
struct Candidate<'c> {
    rank: usize,
    row: &'c BackupRow,
    mark: &'c Cell<Mark>,
}

impl<'a, Id> RuleEngine<'a, Id> {
    pub(in super::super) fn new(policy: &'a Policy, sorted: &'a SortedBackups<'a, Id>, clock: &'a Clock) -> Self {
        Self { policy, sorted, clock, marks: vec![Cell::default(); sorted.rows.len()] }
    }

    /// Applies all rules. Returns the matches in the order of ranks, and the outcomes.
    pub(in super::super) fn run(&self) -> (Vec<RuleMatch>, Vec<RuleOutcome>) {
        let mut matches = Vec::new();
        let mut outcomes = Vec::new();
        for (number, rule) in self.policy.rules().iter().enumerate() {
            let skips_buckets = self.policy.counting() == Counting::SkipKeptBuckets && rule.depends_on_others();
            let apply = if skips_buckets { Self::apply_to_free_buckets } else { Self::apply_in_order };
            outcomes.push(apply(self, number, rule, &mut matches));
        }
        // Stable: the rules of a backup stay in the order of the policy.
        matches.sort_by_key(|found: &RuleMatch| found.rank);
        (matches, outcomes)
    }

    fn apply_in_order(&self, number: usize, rule: &Rule, matches: &mut Vec<RuleMatch>) -> RuleOutcome {
        let (buckets, pick) = (Buckets::of_rule(rule, self.policy.calendar()), pick(rule));
        let start = |row: &BackupRow| buckets.map(|buckets| buckets.start_of(row.local, row.day));
        let oldest = if pick == Pick::NewestAndOldestOfAll { self.candidates(rule).next_back() } else { None };
        let oldest_rank = oldest.map(|candidate| candidate.rank);
        let skips_kept = self.policy.counting() == Counting::SkipKept && rule.depends_on_others();
        let mut outcome = RuleOutcome { cutoff: self.cutoff(rule), ..RuleOutcome::default() };
        let mut previous = None;
        let mut candidates = self.candidates(rule).peekable();
        while let Some(Candidate { rank, row, mark }) = candidates.next() {
            if !rule.keep().count().admits(outcome.kept_count) || is_too_old(rule.keep(), outcome.cutoff, row) {
                break;
            }
            let bucket = start(row);
            let is_picked = match pick {
                _ if bucket.is_none() => true,
                Pick::Newest | Pick::NewestAndOldestOfAll => previous != bucket,
                Pick::Oldest => candidates.peek().is_none_or(|next| start(next.row) != bucket),
            };
            previous = bucket;
            let is_oldest = !is_picked && oldest_rank == Some(rank);
            if !(is_picked || is_oldest) || (skips_kept && mark.get() == Mark::Kept) {
                continue;
            }
            let until = expiry_date(self.clock, rule.keep(), row);
            if until.is_some_and(|until| until <= self.sorted.now) {
                continue;
            }
            mark.set(Mark::Kept);
            let number_kept = outcome.add(until);
            matches.push(RuleMatch { rank, rule: number, number: counted(rule, number_kept), is_oldest, until });
        }
        outcome.finish(rule.keep().count())
    }

    /// Like [`Self::apply_in_order`], but skips buckets that contain a kept backup. The rule selects the newest backup of
    /// a bucket.
    fn apply_to_free_buckets(&self, number: usize, rule: &Rule, matches: &mut Vec<RuleMatch>) -> RuleOutcome {
        let buckets = Buckets::of_rule(rule, self.policy.calendar());
        let start = |row: &BackupRow| buckets.map(|buckets| buckets.start_of(row.local, row.day));
        let kept = self.sorted.rows.iter().zip(&self.marks).filter(|(_, mark)| mark.get() == Mark::Kept);
        let taken: HashSet<DateTime> = kept.filter_map(|(row, _)| start(row)).collect();
        let mut own: HashSet<DateTime> = HashSet::new();
        let mut outcome = RuleOutcome { cutoff: self.cutoff(rule), ..RuleOutcome::default() };
        for Candidate { rank, row, mark } in self.candidates(rule) {
            if is_too_old(rule.keep(), outcome.cutoff, row) {
                break;
            }
            let bucket = start(row);
            if mark.get() != Mark::Open || bucket.is_some_and(|bucket| taken.contains(&bucket)) {
                continue;
            }
            if bucket.is_some_and(|bucket| own.contains(&bucket)) {
                mark.set(Mark::Lost);
                continue;
            }
            if !rule.keep().count().admits(outcome.kept_count) {
                break;
            }
            own.extend(bucket);
            mark.set(Mark::Kept);
            let until = expiry_date(self.clock, rule.keep(), row);
            let number_kept = outcome.add(until);
            let is_oldest = false;
            matches.push(RuleMatch { rank, rule: number, number: counted(rule, number_kept), is_oldest, until });
        }
        outcome.finish(rule.keep().count())
    }

    fn candidates(&self, rule: &Rule) -> impl DoubleEndedIterator<Item = Candidate<'_>> {
        let depends_on_others = rule.depends_on_others();
        let rows = self.sorted.rows.iter().zip(&self.marks).enumerate();
        let all = rows.map(|(rank, (row, mark))| Candidate { rank, row, mark });
        all.filter(move |Candidate { row, .. }| {
            rule.covers_kind(row.origin, row.status)
                && !(row.is_set_aside && depends_on_others)
                && (rule.tags().is_empty() || rule.covers_tags(self.sorted.tags(row)))
                && rule.select().admits_day(row.day)
        })
    }

    /// The instant before which a rule keeps nothing, if it has one.
    fn cutoff(&self, rule: &Rule) -> Option<Timestamp> {
        let (span, end) = rule.keep().span_and_end()?;
        let now = self.sorted.now;
        let (at, offset) = match end {
            SpanEnd::Now => (now, None),
            SpanEnd::At(at) => (at, None),
            SpanEnd::Newest | SpanEnd::NewestStamped => {
                let is_end = |row: &BackupRow| end == SpanEnd::NewestStamped || row.at < now;
                let newest = self.candidates(rule).find(|candidate| is_end(candidate.row))?;
                (newest.row.at, newest.row.offset)
            }
        };
        Some(self.clock.before(at, span, offset))
    }
}

fn pick(rule: &Rule) -> Pick {
    match rule.select() {
        Select::Bucket { pick, .. } => pick,
        _ => Pick::Newest,
    }
}

fn counted(rule: &Rule, kept_count: u32) -> Option<u32> {
    rule.depends_on_others().then_some(kept_count)
}

impl RuleOutcome {
    /// Adds a backup that is kept, and returns its number.
    fn add(&mut self, until: Option<Timestamp>) -> u32 {
        self.kept_count = self.kept_count.saturating_add(1);
        self.first_date = [self.first_date, until].into_iter().flatten().min();
        self.kept_count
    }

    const fn finish(self, count: Count) -> Self {
        Self { is_count_used_up: !count.admits(self.kept_count), ..self }
    }
}

fn is_too_old(keep: &Keep, cutoff: Option<Timestamp>, row: &BackupRow) -> bool {
    cutoff.is_some_and(|cutoff| match keep {
        Keep::Within { .. } => row.at <= cutoff,
        _ => row.at < cutoff,
    })
}
