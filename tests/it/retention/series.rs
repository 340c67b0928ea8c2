//! Every series is decided on its own.

use appsnap::retention::policy::{Guard, Keep, Select, Unit};
use appsnap::retention::{Backup, Policy, Rule, Status, presets};
use proptest::prelude::*;

use super::{at, automatic, kept, reasons};

/// Backups of two environments, of the last two days each, in turn.
fn two_environments() -> Vec<Backup<usize>> {
    let times = ["2026-11-27T04:00:00Z", "2026-11-27T04:09:00Z", "2026-11-26T04:00:00Z", "2026-11-26T04:09:00Z"];
    let series = ["main", "staging"];
    let backups = automatic(&times).into_iter();
    backups.enumerate().map(|(number, backup)| backup.with_series(series[number % 2])).collect()
}

#[test]
fn counts_and_buckets_are_those_of_a_series() {
    let now = at("2026-11-28T04:00:00Z");
    let backups = two_environments();
    assert_eq!(kept(&presets::platformsh_basic().plan(&backups, now)), [0, 1, 2, 3]);
    let mut mixed = backups.clone();
    Backup::group_by(&mut mixed, |_| None);
    assert_eq!(kept(&presets::platformsh_basic().plan(&mixed, now)), [1, 3], "one of each day");
    let last = presets::by_name("restic:last=1").unwrap();
    assert_eq!(kept(&last.plan(&backups, now)), [0, 1]);
}

#[test]
fn guards_and_reference_instants_are_those_of_a_series() {
    let mut backups = two_environments();
    backups.push(Backup::new(4, at("2026-01-01T00:00:00Z")).with_series("old"));
    backups.push(Backup::new(5, at("2025-01-01T00:00:00Z")).with_series("old"));
    let now = at("2026-11-28T04:00:00Z");
    let within = presets::by_name("restic:within=1h").unwrap();
    assert_eq!(kept(&within.plan(&backups, now)), [0, 1, 4]);
    let newest =
        Policy::new("newest").with_guards([Guard::NewestSuccessful]).with_rule(Rule::new("none", Keep::last(0)));
    assert_eq!(kept(&newest.plan(&backups, now)), [0, 1, 4]);
}

#[test]
fn an_explanation_looks_at_its_own_series_only() {
    let daily = Rule::new("daily", Keep::last(9)).with_select(Select::newest_of(Unit::Day));
    let policy = Policy::new("daily").with_guards([]).with_rule(daily);
    let mut backups = automatic(&["2026-11-27T01:00:00Z", "2026-11-27T02:00:00Z", "2026-11-27T03:00:00Z"]);
    for (backup, series) in backups.iter_mut().zip(["a", "a", "b"]) {
        *backup = backup.clone().with_series(series);
    }
    let plan = policy.plan(&backups, at("2026-11-28T00:00:00Z"));
    assert_eq!(reasons(&plan), [vec![], vec!["daily"], vec!["daily"]]);
    let text = plan.explain(0).unwrap().to_string();
    assert!(text.contains("daily: has 1 for 2026-11-27") && text.contains("series   a"), "{text}");
    // The nightly backup of the first Sunday failed in another series.
    let sunday = Backup::new(0, at("2026-11-01T23:00:00Z")).with_status(Status::Failed).with_series("b");
    let monday = Backup::new(1, at("2026-11-02T23:00:00Z")).with_series("a");
    let (policy, backups) = (presets::mendix_cloud(), [sunday, monday]);
    let text = policy.plan(&backups, at("2026-11-05T00:00:00Z")).explain(1).unwrap().to_string();
    assert!(text.contains("needed is 2026-11-01, of which there is no backup"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_plan_of_several_series_is_the_plan_of_each(
        parts in prop::collection::vec((0_i64..2_000, 0..3_usize), 0..60),
        name in prop::sample::select(vec![
            "restic:last=2,daily=3,within=5d", "borg:hourly=2,daily=3,monthly=all", "proxmox:last=1,daily=2,weekly=2",
            "kopia:latest=1,daily=3", "rustic:weekly=2,within-daily=20days", "platformsh-advanced", "mendix-cloud",
        ]),
    ) {
        let now = at("2026-11-28T04:00:00Z");
        let backup = |(id, (hours, series)): (usize, &(i64, usize))| {
            Backup::new(id, now - jiff::SignedDuration::from_hours(*hours)).with_series(["x", "y", "z"][*series])
        };
        let all: Vec<_> = parts.iter().enumerate().map(backup).collect();
        let policy = presets::by_name(name).unwrap();
        let together = kept(&policy.plan(&all, now));
        let mut apart = Vec::new();
        for series in ["x", "y", "z"] {
            let of_series: Vec<_> = all.iter().filter(|backup| backup.series() == Some(series)).cloned().collect();
            apart.extend(kept(&policy.plan(&of_series, now)));
        }
        apart.sort_unstable();
        prop_assert_eq!(together, apart);
    }
}
