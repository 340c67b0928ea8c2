//! The retention engine: published vectors, calendars, peers' answers, properties, and the example's command line.

mod calendars;
mod example;
mod explanations;
mod forms;
mod naive;
mod november;
mod peers;
mod properties;
mod restic;
mod simulations;
mod vectors;

use appsnap::retention::{Backup, Calendar, Plan, Policy, Zone};
use jiff::Timestamp;

/// Ten zones: both hemispheres, no clock changes at all, changes of half an hour, offsets of 30 and 45 minutes, changes
/// at midnight, a day that never was, and one where summer time is the standard.
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
    let calendar = policy.calendar().clone().with_zone(Zone::named(name).unwrap());
    policy.with_calendar(calendar)
}

/// Automatic backups named by their place in the list.
pub(super) fn automatic(instants: &[&str]) -> Vec<Backup<usize>> {
    instants.iter().enumerate().map(|(id, text)| Backup::new(id, at(text))).collect()
}

/// The ids that a plan keeps.
pub(super) fn kept<Id: Clone>(plan: &Plan<'_, Id>) -> Vec<Id> {
    plan.kept().map(|decision| decision.backup().id().clone()).collect()
}

/// For each backup, the reasons and guards that keep it.
pub(super) fn reasons<Id>(plan: &Plan<'_, Id>) -> Vec<Vec<String>> {
    let words = |decision: appsnap::retention::Decision<'_, Id>| {
        let guards = decision.guards().map(|guard| guard.name().to_owned());
        decision.reasons().map(|reason| reason.to_string()).chain(guards).collect()
    };
    plan.decisions().map(words).collect()
}

/// The calendar of a zone with everything else as it is by default.
pub(super) fn calendar(zone: &str) -> Calendar {
    Calendar::new(Zone::named(zone).unwrap())
}
