//! Applies one rule to a set of backups.

use std::collections::HashSet;

use jiff::Timestamp;

use super::super::bucket::{Bucket, Sorter};
use super::super::civil::Local;
use super::super::clock::Clock;
use super::super::expiry::date;
use super::super::keep::{Count, Keep, Reference};
use super::super::policy::{Counting, Policy};
use super::super::rule::{Fallback, Pick, Rule, Select};
use super::field::{Field, Row};

/// That a rule keeps the backup at a place, and how it came to.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Hold {
    pub(in super::super) place: u32,
    /// Counted from 1 within the rule; 0 where the rule does not count.
    pub(in super::super) rank: u32,
    /// Kept as the oldest although its bucket was taken.
    pub(in super::super) oldest: bool,
    /// The bucket's number, or the day for a rule about weekdays.
    key: Option<i64>,
    /// When the hold ends, for a rule that gives a date.
    pub(in super::super) until: Option<Timestamp>,
}

/// What became of one rule.
#[derive(Debug, Default)]
pub(in super::super) struct Ruling {
    pub(in super::super) holds: Vec<Hold>,
    /// The instant that kept backups must not be older than.
    pub(in super::super) cutoff: Option<Timestamp>,
    /// Whether the count was used up.
    pub(in super::super) used_up: bool,
}

/// What earlier rules did to a place, for the counting that looks at it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mark {
    #[default]
    Open,
    Kept,
    /// Passed over inside a bucket of which another backup was kept.
    Lost,
}

/// Applies the rules of a policy one after the other, remembering what they did.
pub(in super::super) struct Judge<'a, 'b, Id> {
    policy: &'a Policy,
    field: &'b Field<'a, Id>,
    pub(in super::super) clock: Clock,
    marks: Vec<Mark>,
    /// The last day whose bucket was looked up, and the bucket: neighbours mostly share it.
    last_key: Option<(i64, i64)>,
}

impl<'a, 'b, Id> Judge<'a, 'b, Id> {
    pub(in super::super) fn new(policy: &'a Policy, field: &'b Field<'a, Id>) -> Self {
        Self {
            policy,
            field,
            clock: Clock::new(policy.calendar()),
            marks: vec![Mark::Open; field.rows.len()],
            last_key: None,
        }
    }

    /// The backups that any rule keeps.
    pub(in super::super) fn kept(&self) -> impl Iterator<Item = bool> {
        self.marks.iter().map(|mark| *mark == Mark::Kept)
    }

    pub(in super::super) fn is_kept(&self, place: usize) -> bool {
        self.marks.get(place) == Some(&Mark::Kept)
    }

    pub(in super::super) fn sorter(policy: &Policy, rule: &Rule) -> Option<Sorter> {
        let Select::Bucket { unit, every, .. } = rule.select() else { return None };
        Some(Sorter { unit, every, week_start: policy.calendar().week_start() })
    }

    /// The bucket that a hold stands for.
    pub(in super::super) fn bucket(policy: &Policy, rule: &Rule, hold: &Hold) -> Option<Bucket> {
        let key = hold.key?;
        Some(Self::sorter(policy, rule).map_or_else(|| Bucket::of_day(key), |sorter| sorter.bucket(key)))
    }

    /// Whether a rule is about the backup in `row` as far as origin, status, tags and day go.
    fn is_candidate(&mut self, rule: &Rule, row: &Row) -> bool {
        let from = rule.from();
        from.wanted_origin().admits(&row.origin)
            && from.wanted_status().admits(&row.status)
            && !(row.set_aside && rule.looks_at_others())
            && (from.wanted_tags().is_empty()
                || self.field.backups.get(row.index as usize).is_some_and(|b| from.has_tags(b.tags())))
            && (!rule.select().asks_for_a_day() || rule.select().is_day(self.clock.day(row.at, row.offset())))
    }

    /// The first place at or behind `from` that the rule is about.
    fn next_candidate(&mut self, rule: &Rule, from: usize) -> Option<usize> {
        let field = self.field;
        field.rows.iter().enumerate().skip(from).find(|(_, row)| self.is_candidate(rule, row)).map(|(place, _)| place)
    }

    fn last_candidate(&mut self, rule: &Rule) -> Option<usize> {
        let field = self.field;
        field.rows.iter().enumerate().rev().find(|(_, row)| self.is_candidate(rule, row)).map(|(place, _)| place)
    }

    /// The instant before which the rule keeps nothing; none where it does not say.
    fn cutoff(&mut self, rule: &Rule) -> Option<Timestamp> {
        let (span, of) = rule.keep().reach()?;
        let now = self.field.now;
        let (at, offset) = match of {
            Reference::Now => (now, None),
            Reference::At(at) => (at, None),
            Reference::Newest | Reference::NewestStamped => {
                let field = self.field;
                let past = |row: &Row| of == Reference::NewestStamped || row.at < now;
                let row = field.rows.iter().find(|row| past(row) && self.is_candidate(rule, row))?;
                (row.at, row.offset())
            }
        };
        Some(self.clock.before(at, span, offset))
    }

    /// The key of the bucket that a place lies in; the place itself where every backup is a bucket of its own.
    fn key(&mut self, sorter: Option<Sorter>, place: usize) -> i64 {
        let (Some(sorter), Some(row)) = (sorter, self.field.rows.get(place)) else {
            return i64::try_from(place).unwrap_or(i64::MAX);
        };
        let day = self.clock.day(row.at, row.offset());
        if !sorter.is_by_day() {
            return sorter.key(self.clock.local(row.at, row.offset()), day);
        }
        match self.last_key {
            Some((last, key)) if last == day => key,
            _ => {
                let key = sorter.key(Local { day, nanos: 0 }, day);
                self.last_key = Some((day, key));
                key
            }
        }
    }

    /// Applies `rule`, which comes behind all that were applied before.
    pub(in super::super) fn apply(&mut self, rule: &Rule) -> Ruling {
        self.last_key = None;
        match self.policy.counting() {
            Counting::SkipKeptBuckets if rule.looks_at_others() => self.apply_to_free_buckets(rule),
            _ => self.apply_in_order(rule),
        }
    }

    fn apply_in_order(&mut self, rule: &Rule) -> Ruling {
        let sorter = Self::sorter(self.policy, rule);
        let (pick, fallback) = match rule.select() {
            Select::Bucket { pick, fallback, .. } => (pick, fallback),
            _ => (Pick::Newest, Fallback::None),
        };
        let last = if fallback == Fallback::Oldest { self.last_candidate(rule) } else { None };
        let skips_kept = self.policy.counting() == Counting::SkipKept && rule.looks_at_others();
        let count = rule.keep().count();
        let mut ruling = Ruling { cutoff: self.cutoff(rule), ..Ruling::default() };
        let (mut rank, mut previous) = (0, None);
        let mut next = self.next_candidate(rule, 0);
        while let Some(place) = next {
            if !count.admits(rank) {
                break;
            }
            let Some(row) = self.field.rows.get(place).copied() else { break };
            if Self::is_too_old(rule.keep(), ruling.cutoff, &row) {
                break;
            }
            next = self.next_candidate(rule, place + 1);
            let key = self.key(sorter, place);
            let picked = match pick {
                Pick::Newest => previous != Some(key),
                Pick::Oldest => next.is_none_or(|next| self.key(sorter, next) != key),
            };
            previous = Some(key);
            let oldest = !picked && last == Some(place);
            if !(picked || oldest) || (skips_kept && self.is_kept(place)) {
                continue;
            }
            let until = date(&mut self.clock, rule.keep(), row.at, row.offset());
            if until.is_some_and(|until| until <= self.field.now) {
                continue;
            }
            rank += 1;
            self.hold(&mut ruling, rule, sorter.map(|_| key), place, rank, oldest, until);
        }
        ruling.used_up = matches!(count, Count::AtMost(_)) && !count.admits(rank);
        ruling
    }

    /// As [`Self::apply_in_order`] for newest-first buckets, passing over buckets that hold a kept backup.
    fn apply_to_free_buckets(&mut self, rule: &Rule) -> Ruling {
        let sorter = Self::sorter(self.policy, rule);
        let count = rule.keep().count();
        let mut ruling = Ruling { cutoff: self.cutoff(rule), ..Ruling::default() };
        let mut taken = HashSet::new();
        for place in 0..self.field.rows.len() {
            if self.is_kept(place) {
                taken.insert(self.key(sorter, place));
            }
        }
        let mut own = HashSet::new();
        let mut next = self.next_candidate(rule, 0);
        while let Some(place) = next {
            next = self.next_candidate(rule, place + 1);
            let Some(row) = self.field.rows.get(place).copied() else { break };
            if Self::is_too_old(rule.keep(), ruling.cutoff, &row) {
                break;
            }
            let key = self.key(sorter, place);
            if self.marks.get(place) != Some(&Mark::Open) || taken.contains(&key) {
                continue;
            }
            if own.contains(&key) {
                if let Some(mark) = self.marks.get_mut(place) {
                    *mark = Mark::Lost;
                }
                continue;
            }
            let rank = u32::try_from(own.len()).unwrap_or(u32::MAX);
            if !count.admits(rank) {
                break;
            }
            own.insert(key);
            let until = date(&mut self.clock, rule.keep(), row.at, row.offset());
            self.hold(&mut ruling, rule, sorter.map(|_| key), place, rank.saturating_add(1), false, until);
        }
        ruling.used_up = !count.admits(u32::try_from(own.len()).unwrap_or(u32::MAX));
        ruling
    }

    fn is_too_old(keep: &Keep, cutoff: Option<Timestamp>, row: &Row) -> bool {
        cutoff.is_some_and(|cutoff| match keep {
            Keep::Within { .. } => row.at <= cutoff,
            _ => row.at < cutoff,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one hold")]
    fn hold(
        &mut self,
        ruling: &mut Ruling,
        rule: &Rule,
        key: Option<i64>,
        place: usize,
        rank: u32,
        oldest: bool,
        until: Option<Timestamp>,
    ) {
        let key = match rule.select() {
            select if select.asks_for_a_day() => {
                let row = self.field.rows.get(place);
                row.map(|row| self.clock.day(row.at, row.offset()))
            }
            _ => key,
        };
        let rank = if rule.looks_at_others() { rank } else { 0 };
        let place_number = u32::try_from(place).unwrap_or(u32::MAX);
        ruling.holds.push(Hold { place: place_number, rank, oldest, key, until });
        if let Some(mark) = self.marks.get_mut(place) {
            *mark = Mark::Kept;
        }
    }
}
