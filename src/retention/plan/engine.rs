//! Applies the rules of a policy to a set of backups: [`RuleEngine`].

use std::cell::Cell;
use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::super::backup::Backup;
use super::super::clock::Clock;
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{Count, Counting, Keep, Pick, Select, SpanEnd};
use super::bucket::Buckets;
use super::expiry::expiry_date;
use super::rows::{BackupRow, SortedBackups};
use super::window::{Grouping, StampedInstant};

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
    /// The instant after which the rule selects nothing.
    pub(in super::super) not_after: Option<Timestamp>,
    /// The instant from which windows are counted back.
    pub(in super::super) windows_end: Option<StampedInstant>,
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

/// The candidates that a rule selects.
struct Selection<'c> {
    grouping: Option<Grouping<'c>>,
    windows_end: StampedInstant,
    not_after: Option<Timestamp>,
    among: Option<HashSet<usize>>,
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
        let (selection, pick) = (self.selection(rule), pick(rule));
        let start = |row: &BackupRow| selection.grouping.as_ref().map(|grouping| grouping.start(row));
        let oldest =
            if pick == Pick::NewestAndOldestOfAll { self.selected(rule, &selection).next_back() } else { None };
        let oldest_rank = oldest.map(|candidate| candidate.rank);
        let skips_kept = self.policy.counting() == Counting::SkipKept && rule.depends_on_others();
        let end = self.end(rule).map(|(at, _)| at);
        let mut outcome = self.outcome(rule, &selection);
        let mut previous = None;
        let mut candidates = self.selected(rule, &selection).peekable();
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
            let Some(until) = self.date(rule, end, row) else { continue };
            mark.set(Mark::Kept);
            let number_kept = outcome.add(until);
            matches.push(RuleMatch { rank, rule: number, number: counted(rule, number_kept), is_oldest, until });
        }
        outcome.finish(rule.keep().count())
    }

    /// Like [`Self::apply_in_order`], but skips buckets that contain a kept backup. The rule selects the newest backup of
    /// a bucket.
    fn apply_to_free_buckets(&self, number: usize, rule: &Rule, matches: &mut Vec<RuleMatch>) -> RuleOutcome {
        let selection = self.selection(rule);
        let start = |row: &BackupRow| selection.grouping.as_ref().map(|grouping| grouping.start(row));
        let kept = self.sorted.rows.iter().zip(&self.marks).filter(|(_, mark)| mark.get() == Mark::Kept);
        let taken: HashSet<DateTime> = kept.filter_map(|(row, _)| start(row)).collect();
        let mut own: HashSet<DateTime> = HashSet::new();
        let end = self.end(rule).map(|(at, _)| at);
        let mut outcome = self.outcome(rule, &selection);
        for Candidate { rank, row, mark } in self.selected(rule, &selection) {
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
            let Some(until) = self.date(rule, end, row) else { continue };
            own.extend(bucket);
            mark.set(Mark::Kept);
            let number_kept = outcome.add(until);
            let is_oldest = false;
            matches.push(RuleMatch { rank, rule: number, number: counted(rule, number_kept), is_oldest, until });
        }
        outcome.finish(rule.keep().count())
    }

    fn selection(&self, rule: &Rule) -> Selection<'_> {
        // Not from the newest backup: that may go, and the windows would move.
        let windows_end = match rule.keep().end() {
            Some(SpanEnd::At(at)) => (at, None),
            _ => (self.sorted.now, None),
        };
        let not_after = match rule.select() {
            Select::OlderThan { span, of } => {
                Some(self.end_of(rule, of).map_or(Timestamp::MIN, |(at, offset)| self.clock.before(at, span, offset)))
            }
            _ => None,
        };
        Selection {
            grouping: Grouping::of_rule(rule, self.policy.calendar(), self.clock, windows_end),
            windows_end,
            not_after,
            among: self.among(rule),
        }
    }

    /// The ranks of the backups among which a rule selects, if it selects among those that represent finer buckets.
    fn among(&self, rule: &Rule) -> Option<HashSet<usize>> {
        let inner = Buckets::inner_of_rule(rule, self.policy.calendar())?;
        let mut chosen: Vec<(DateTime, usize)> = Vec::new();
        for Candidate { rank, row, .. } in self.candidates(rule) {
            let start = inner.start_of(row.local, row.day);
            match chosen.last_mut() {
                Some((last, _)) if *last == start && pick(rule) != Pick::Oldest => {}
                Some((last, oldest)) if *last == start => *oldest = rank,
                _ => chosen.push((start, rank)),
            }
        }
        Some(chosen.into_iter().map(|(_, rank)| rank).collect())
    }

    /// The candidates that a rule selects among.
    fn selected<'s>(
        &'s self,
        rule: &Rule,
        selection: &'s Selection<'_>,
    ) -> impl DoubleEndedIterator<Item = Candidate<'s>> {
        self.candidates(rule).filter(|candidate| {
            selection.not_after.is_none_or(|not_after| candidate.row.at <= not_after)
                && selection.among.as_ref().is_none_or(|among| among.contains(&candidate.rank))
        })
    }

    fn outcome(&self, rule: &Rule, selection: &Selection<'_>) -> RuleOutcome {
        RuleOutcome {
            cutoff: self.cutoff(rule),
            not_after: selection.not_after,
            windows_end: Some(selection.windows_end),
            ..RuleOutcome::default()
        }
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

    /// The date that a rule gives a backup, if it gives dates. `None` if the rule no longer keeps it as of `end`.
    fn date(&self, rule: &Rule, end: Option<Timestamp>, row: &BackupRow) -> Option<Option<Timestamp>> {
        let finished_at = self.sorted.backups.get(row.index).and_then(Backup::finished_at);
        let until = expiry_date(self.clock, rule.keep(), row, finished_at);
        if until.zip(end).is_some_and(|(until, end)| until <= end) {
            return None;
        }
        Some(until.filter(|_| rule.keep().end() == Some(SpanEnd::Now)))
    }

    /// The instant before which a rule keeps nothing, if it has one.
    fn cutoff(&self, rule: &Rule) -> Option<Timestamp> {
        let (span, _) = rule.keep().span_and_end()?;
        let (at, offset) = self.end(rule)?;
        Some(self.clock.before(at, span, offset))
    }

    /// The instant as of which a rule decides, and the UTC offset of the backup that it is from.
    fn end(&self, rule: &Rule) -> Option<StampedInstant> {
        self.end_of(rule, rule.keep().end()?)
    }

    fn end_of(&self, rule: &Rule, end: SpanEnd) -> Option<StampedInstant> {
        let now = self.sorted.now;
        match end {
            SpanEnd::Now => Some((now, None)),
            SpanEnd::At(at) => Some((at, None)),
            SpanEnd::Newest | SpanEnd::NewestStamped => {
                let is_end = |row: &BackupRow| end == SpanEnd::NewestStamped || row.at < now;
                let newest = self.candidates(rule).find(|candidate| is_end(candidate.row))?;
                Some((newest.row.at, newest.row.offset))
            }
        }
    }
}

fn pick(rule: &Rule) -> Pick {
    match rule.select() {
        Select::Bucket { pick, .. } | Select::Tiered { pick, .. } | Select::Rolling { pick, .. } => pick,
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
