//! The retention engine: published vectors, calendars, peers' answers, properties, and the example's command line.

mod calendars;
mod example;
mod explanations;
mod forms;
mod longterm;
mod naive;
mod november;
mod peers;
mod properties;
mod restic;
mod series;
mod simulations;
mod stated;
mod vectors;

use appsnap::retention::plan::{Decision, RetentionPlan};
use appsnap::retention::{Backup, Calendar, Policy};
use jiff::Timestamp;

/// Ten zones: both hemispheres, no clock changes at all, changes of half an hour, offsets of 30 and 45 minutes, changes
/// at midnight, a day that was skipped, and one whose standard time is summer time.
pub(super) const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Dublin",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Pacific/Apia",
];

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn in_zone(policy: Policy, name: &str) -> Policy {
    policy.in_zone(name).unwrap()
}

/// Automatic backups whose ids are their positions in the list.
pub(super) fn automatic(instants: &[&str]) -> Vec<Backup<usize>> {
    instants.iter().enumerate().map(|(id, text)| Backup::new(id, at(text))).collect()
}

/// The ids that a plan keeps.
pub(super) fn kept<Id: Clone>(plan: &RetentionPlan<'_, Id>) -> Vec<Id> {
    plan.kept().map(|decision| decision.backup().id().clone()).collect()
}

/// For each backup, the reasons and guards that keep it.
pub(super) fn reasons<Id>(plan: &RetentionPlan<'_, Id>) -> Vec<Vec<String>> {
    let words = |decision: Decision<'_, Id>| {
        let guards = decision.guards().map(|guard| guard.name().to_owned());
        decision.reasons().map(|reason| reason.to_string()).chain(guards).collect()
    };
    plan.decisions().map(words).collect()
}

/// The default calendar in a time zone, with nights from noon to noon.
pub(super) fn calendar(zone: &str) -> Calendar {
    Calendar::in_zone(zone).unwrap().with_nights()
}
