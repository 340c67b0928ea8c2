//! The backups of each day under a policy, and how many exist: what a calendar or a picture shows.

use std::collections::BTreeMap;

use appsnap::jiff::civil::Date;
use appsnap::jiff::tz::TimeZone;
use appsnap::jiff::{Span, Timestamp};
use appsnap::retention::Policy;
use appsnap::retention::plan::{Decision, RetentionPlan};
use appsnap::retention::simulate::{SimulatedBackup, Simulation};

use crate::backup_change;
use crate::backup_name::Name;

/// The years before the present that are shown of a listing. A wrong date must not make a picture of millennia.
const MAX_YEARS: i32 = 40;

/// The state of a day's backups at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// None was taken.
    None,
    /// All are deleted.
    Gone,
    /// One exists, kept by this rule; if several keep it, by the last of the policy; if it is held without a rule, by a rule
    /// that the policy does not have.
    KeptBy(usize),
}

/// The backups of each day under a policy.
pub(crate) struct History {
    /// Every day, with the number of backups that exist at its end.
    days: Vec<(Date, usize)>,
    /// The days with backups.
    fates: BTreeMap<Date, Fate>,
    /// The meaning of [`Fate::Gone`].
    pub(crate) gone: &'static str,
    /// All of it in one line.
    pub(crate) summary: String,
}

impl History {
    /// Returns the history of a simulation.
    pub(crate) fn of_simulation(simulation: &Simulation) -> Self {
        let days: Vec<_> = simulation.days().iter().map(|day| (day.date, day.retained_count)).collect();
        let rule = |backup: &SimulatedBackup| backup.kept_by.iter().max().copied();
        let fate = |backup: &SimulatedBackup| match backup.deleted_on {
            None => Fate::KeptBy(rule(backup).unwrap_or(usize::MAX)),
            Some(_) => Fate::Gone,
        };
        let retained = days.last().map_or(0, |(_, count)| *count);
        let refused = match simulation.refused().len() {
            0 => String::new(),
            count => format!(", {count} refused because of the quota"),
        };
        let summary = format!("{} taken{refused}, {retained} exist at the end", simulation.backups().len());
        let fates = fates(simulation.backups().iter().map(|backup| (backup.day, fate(backup))));
        Self { days, fates, gone: "taken, and deleted by the end", summary }
    }

    /// Returns the history of listed backups, from the first one, at most [`MAX_YEARS`] ago, to the day on which the last one
    /// that has a date goes, at most a year ahead.
    pub(crate) fn of_plan(plan: &RetentionPlan<'_, Name>) -> Self {
        let zone = plan.policy().calendar().time_zone().cloned().unwrap_or(TimeZone::UTC);
        let date = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let today = date(plan.now());
        let goes_on = |decision: &Decision<'_, Name>| {
            if decision.keeps() { decision.goes_at().map(date) } else { Some(today) }
        };
        let fate = |decision: &Decision<'_, Name>| {
            if !decision.keeps() {
                return Fate::Gone;
            }
            Fate::KeptBy(decision.reasons().map(|reason| reason.rule_index()).max().unwrap_or(usize::MAX))
        };
        let fates = fates(plan.decisions().map(|decision| (date(decision.backup().taken_at()), fate(&decision))));
        let horizon = today.checked_add(Span::new().years(1)).unwrap_or(today);
        let ends = plan.decisions().filter_map(|decision| goes_on(&decision));
        let last = ends.chain([today]).max().unwrap_or(today).min(horizon);
        let oldest = today.checked_sub(Span::new().years(MAX_YEARS)).unwrap_or(today);
        let first = fates.keys().next().copied().unwrap_or(today).clamp(oldest, today);
        let (mut begun, mut ended) = (BTreeMap::<Date, usize>::new(), BTreeMap::<Date, usize>::new());
        let count = |days: &mut BTreeMap<Date, usize>, date| {
            let count = days.entry(date).or_default();
            *count = count.saturating_add(1);
        };
        for decision in plan.decisions() {
            count(&mut begun, date(decision.backup().taken_at()));
            if let Some(date) = goes_on(&decision) {
                count(&mut ended, date);
            }
        }
        let before = |days: &BTreeMap<Date, usize>| days.range(..first).map(|(_, count)| count).sum::<usize>();
        let mut existing = before(&begun).saturating_sub(before(&ended));
        let days = first.series(Span::new().days(1)).take_while(|date| *date <= last).map(|date| {
            existing = existing.saturating_add(begun.get(&date).copied().unwrap_or(0));
            existing = existing.saturating_sub(ended.get(&date).copied().unwrap_or(0));
            (date, existing)
        });
        let days = days.collect();
        let listed = backup_change::backups(plan.decisions().count());
        let summary = format!("{listed}, {} of them stay", plan.kept_count());
        Self { days, fates, gone: "taken, and goes now", summary }
    }

    /// Returns the first and the last day; `None` if there are no days.
    pub(crate) fn first_and_last(&self) -> Option<(Date, Date)> {
        Some((self.days.first()?.0, self.days.last()?.0))
    }

    /// Returns every day, with the number of backups that exist at its end.
    pub(crate) fn days(&self) -> &[(Date, usize)] {
        &self.days
    }

    /// Returns the state of a day's backups at the end.
    pub(crate) fn fate(&self, date: Date) -> Fate {
        self.fates.get(&date).copied().unwrap_or(Fate::None)
    }

    /// Returns the number of backups that exist at the end of a day.
    pub(crate) fn existing_on(&self, date: Date) -> usize {
        let index = self.days.partition_point(|(day, _)| *day < date);
        self.days.get(index).map_or(0, |(_, count)| *count)
    }

    /// Returns `true` if a backup is held without a rule.
    pub(crate) fn has_held(&self) -> bool {
        self.fates.values().any(|fate| *fate == Fate::KeptBy(usize::MAX))
    }
}

/// The letters of the rules: for each, the first of its name that is still free.
pub(crate) fn letters(policy: &Policy) -> Vec<char> {
    let mut letters: Vec<char> = Vec::new();
    for rule in policy.rules() {
        let own = rule.name().chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase());
        let letter = own.chain('A'..='Z').find(|letter| !letters.contains(letter)).unwrap_or('?');
        letters.push(letter);
    }
    letters
}

/// Returns the state of each day with backups.
fn fates(backups: impl Iterator<Item = (Date, Fate)>) -> BTreeMap<Date, Fate> {
    // A rule says more than that a backup is held.
    let rank = |fate: &Fate| match fate {
        Fate::None => (0, 0),
        Fate::Gone => (1, 0),
        Fate::KeptBy(usize::MAX) => (2, 0),
        Fate::KeptBy(rule) => (3, *rule),
    };
    let mut fates = BTreeMap::new();
    for (date, fate) in backups {
        let known = fates.entry(date).or_insert(fate);
        if rank(&fate) > rank(known) {
            *known = fate;
        }
    }
    fates
}
