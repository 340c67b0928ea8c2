//! The answers of borg, Proxmox, kopia, Platform.sh and Upsun, by hand and against straightforward models.

use std::collections::{BTreeMap, BTreeSet};

use appsnap::retention::{Backup, Origin, Policy, Status, presets};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{at, automatic, in_zone, kept, reasons};

fn named(name: &str) -> Policy {
    presets::by_name(name).unwrap()
}

fn judge(name: &str, instants: &[&str], now: &str) -> Vec<Vec<String>> {
    reasons(&named(name).plan(&automatic(instants), at(now)))
}

#[test]
fn borg_passes_over_what_a_finer_rule_keeps() {
    let days = ["2026-09-30T01:00:00Z", "2026-10-30T01:00:00Z", "2026-10-31T01:00:00Z", "2026-11-01T01:00:00Z"];
    let expected = [vec!["monthly"], vec![], vec!["daily"], vec!["daily"]];
    assert_eq!(judge("borg:daily=2,monthly=1", &days, "2026-11-02T00:00:00Z"), expected);
}

#[test]
fn borg_lets_the_oldest_fill_the_coarsest_rule_only() {
    let days = ["2026-10-01T01:00:00Z", "2026-10-02T01:00:00Z", "2026-10-03T01:00:00Z"];
    let now = "2026-11-02T00:00:00Z";
    assert_eq!(judge("borg:daily=1,yearly=2", &days, now), [vec!["oldest yearly"], vec![], vec!["daily"]]);
    assert_eq!(judge("borg:daily=1,yearly=0", &days, now), [vec![], vec![], vec!["daily"]]);
}

#[test]
fn borg_counts_quarters_of_thirteen_weeks_and_of_three_months() {
    let ends = [
        "2023-04-02T00:00:00Z",
        "2023-04-02T00:00:01Z",
        "2023-07-02T00:00:00Z",
        "2023-07-02T00:00:01Z",
        "2023-10-01T00:00:00Z",
    ];
    let expected = [vec![], vec!["13weekly"], vec![], vec!["13weekly"], vec!["13weekly"]];
    for options in ["13weekly=3", "13weekly=39w"] {
        assert_eq!(judge(&format!("borg:{options}"), &ends, "2023-12-31T00:00:00Z"), expected, "{options}");
    }
    let ends = ["2023-03-31T00:00:00Z", "2023-06-30T00:00:00Z", "2023-07-01T00:00:00Z"];
    let expected = [vec!["3monthly"], vec!["3monthly"], vec!["3monthly"]];
    assert_eq!(judge("borg:3monthly=all", &ends, "2023-12-31T00:00:00Z"), expected);
}

#[test]
fn borg_reaches_back_from_now_with_months_of_31_days() {
    let times = ["2026-10-20T00:00:00Z", "2026-10-20T00:00:01Z"];
    assert_eq!(judge("borg:within=1m", &times, "2026-11-20T00:00:00Z"), [vec![], vec!["within"]]);
    assert_eq!(judge("borg:daily=1m,within-yearly=2y", &times, "2026-11-20T00:00:00Z")[1], ["daily"]);
}

#[test]
fn borg_neither_prunes_nor_counts_what_is_protected() {
    let mut backups = automatic(&["2026-10-01T01:00:00Z", "2026-10-02T01:00:00Z", "2026-10-03T01:00:00Z"]);
    backups[1] = backups[1].clone().with_tags(["@PROT"]);
    backups[2] = backups[2].clone().with_protected(true);
    let plan = named("borg:last=1");
    let plan = plan.plan(&backups, at("2026-11-20T00:00:00Z"));
    assert_eq!(reasons(&plan), [vec!["last"], vec!["tagged"], vec!["protected"]]);
}

#[test]
fn proxmox_passes_over_a_bucket_that_holds_a_kept_one() {
    let days = ["2026-10-25T01:00:00Z", "2026-10-31T01:00:00Z", "2026-11-01T01:00:00Z", "2026-11-02T01:00:00Z"];
    let now = "2026-11-03T00:00:00Z";
    // The week of 26 October is that of 1 November: 31 October is lost in it, so 25 October represents the month.
    let expected = [vec!["monthly"], vec![], vec!["weekly"], vec!["daily"]];
    assert_eq!(judge("proxmox:daily=1,weekly=1,monthly=1", &days, now), expected);
    // In borg 31 October is the newest of its month, whatever happened to its week.
    let expected = [vec![], vec!["monthly"], vec!["weekly"], vec!["daily"]];
    assert_eq!(judge("borg:daily=1,weekly=1,monthly=1", &days, now), expected);
}

#[test]
fn proxmox_keeps_an_unfinished_one_only_as_the_newest_of_all() {
    let unfinished = |id, text: &str| Backup::new(id, at(text)).with_status(Status::Failed);
    let backups = [
        unfinished(0, "2026-10-01T01:00:00Z"),
        Backup::new(1, at("2026-10-02T01:00:00Z")),
        unfinished(2, "2026-10-03T01:00:00Z"),
        unfinished(3, "2026-10-04T01:00:00Z"),
    ];
    assert_eq!(kept(&named("proxmox:last=1").plan(&backups, at("2026-11-03T00:00:00Z"))), [1, 3]);
}

#[test]
fn kopia_reads_a_count_as_a_duration_too() {
    let now = "2020-05-01T00:00:00Z";
    let days = [
        "2020-01-01T15:00:00Z",
        "2020-01-02T12:00:00Z",
        "2020-01-02T15:00:00Z",
        "2020-01-03T15:00:00Z",
        "2020-01-04T15:00:00Z",
    ];
    let daily = vec!["daily"];
    assert_eq!(judge("kopia:daily=3", &days, now), [vec![], vec![], daily.clone(), daily.clone(), daily.clone()]);
    // A day without a snapshot is lost, not made up for.
    let gap = ["2020-01-01T15:00:00Z", "2020-01-03T15:00:00Z", "2020-01-04T15:00:00Z"];
    assert_eq!(judge("kopia:daily=2", &gap, now), [vec![], daily.clone(), daily]);
    let months = ["2020-01-02T15:00:00Z", "2020-03-02T15:00:00Z", "2020-04-01T12:00:00Z", "2020-04-02T15:00:00Z"];
    let monthly = vec!["monthly"];
    assert_eq!(judge("kopia:monthly=3", &months, now), [monthly.clone(), monthly.clone(), vec![], monthly]);
}

#[test]
fn weeks_and_months_do_not_shut_each_other_out() {
    // Week 1 and month 1 of 2026: programs that keep their names in one list lose 4 January.
    let days = ["2026-01-04T01:00:00Z", "2026-01-11T01:00:00Z", "2026-01-31T01:00:00Z"];
    let now = "2026-02-01T00:00:00Z";
    for name in ["kopia:weekly=9,monthly=9", "restic:weekly=9,monthly=9"] {
        assert_eq!(kept(&named(name).plan(&automatic(&days), at(now))), [0, 1, 2], "{name}");
    }
}

#[test]
fn kopia_keeps_young_incomplete_snapshots_until_the_first_complete_one() {
    let incomplete = |id, text: &str| Backup::new(id, at(text)).with_status(Status::Failed);
    let mut backups = automatic(&["2020-04-02T15:00:00Z"]);
    for (id, hour) in (1..).zip([15, 16, 17, 18, 19, 20, 21]) {
        backups.push(incomplete(id, &format!("2020-04-02T{hour}:01:00Z")));
    }
    backups.push(incomplete(8, "2020-04-01T00:00:00Z"));
    let policy = named("kopia:latest=3");
    // Younger than four hours before the newest: those of 18, 19, 20 and 21 o'clock. 17:01 is not younger.
    assert_eq!(kept(&policy.plan(&backups, at("2020-05-01T00:00:00Z"))), [0, 4, 5, 6, 7]);
    let old: Vec<_> = backups.iter().filter(|backup| ![4, 5, 6].contains(backup.id())).cloned().collect();
    // Three are kept whatever their age.
    assert_eq!(kept(&policy.plan(&old, at("2020-05-01T00:00:00Z"))), [0, 2, 3, 7]);
}

#[test]
fn kopia_without_limits_keeps_everything_complete() {
    for name in ["kopia:", "kopia:daily=0"] {
        let backups = automatic(&["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]);
        assert_eq!(kept(&named(name).plan(&backups, at("2026-01-01T00:00:00Z"))), [0, 1]);
    }
}

/// One backup a day at four o'clock, or one every six hours, up to `now`.
fn regular(hours: i64, days: i64, now: Timestamp) -> Vec<Backup<i64>> {
    let first = now - SignedDuration::from_hours(days * 24);
    (0..days * 24 / hours).map(|id| Backup::new(id, first + SignedDuration::from_hours(id * hours + 4))).collect()
}

/// Applies a policy day by day, as a platform does, so that only what was kept can be promoted.
fn lived(policy: &Policy, all: &[Backup<i64>]) -> Vec<Backup<i64>> {
    let mut alive: Vec<Backup<i64>> = Vec::new();
    for backup in all {
        alive.push(backup.clone());
        let ids = kept(&policy.plan(&alive, backup.taken_at()));
        alive.retain(|backup| ids.contains(backup.id()));
    }
    alive
}

#[test]
fn the_schedules_of_platform_sh_grow_to_their_published_totals() {
    let now = at("2026-11-20T00:00:00Z");
    for (policy, hours, total) in [
        (presets::platformsh_basic(), 24, 2),
        (presets::platformsh_advanced(), 24, 21),
        (presets::platformsh_premium(), 6, 44),
    ] {
        let alive = lived(&policy, &regular(hours, 500, now));
        assert_eq!(alive.len(), total, "{}", policy.name());
    }
}

#[test]
fn manual_backups_of_platform_sh_are_counted_apart() {
    let mut backups = automatic(&["2026-11-19T04:00:00Z"]);
    for (id, day) in (1..).zip(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"]) {
        backups.push(Backup::new(id, at(&format!("{day}T00:00:00Z"))).with_origin(Origin::Manual));
    }
    let now = at("2026-11-20T00:00:00Z");
    assert_eq!(kept(&presets::platformsh_basic().plan(&backups, now)), [0, 4, 5]);
    assert_eq!(kept(&presets::platformsh_advanced().plan(&backups, now)), [0, 2, 3, 4, 5]);
}

#[test]
fn squidex_keeps_ten_or_refuses_the_eleventh() {
    let backups = regular(24, 11, at("2026-11-20T00:00:00Z"));
    let now = at("2026-11-21T00:00:00Z");
    assert_eq!(kept(&presets::squidex().plan(&backups, now)), (1..11).collect::<Vec<_>>());
    let quota = presets::squidex_quota();
    assert_eq!(quota.plan(&backups, now).kept_count(), 11);
    assert!(quota.admits_another(9) && !quota.admits_another(10));
}

const UPSUN: &str = r#"{"data_retention":{"production":{"max_backups":10,"default_config":{"manual_count":1,
    "schedule":[{"interval":"1d","count":7},{"interval":"1w","count":4},{"interval":"1M","count":12}]}}}}"#;

#[test]
fn upsun_schedules_are_stages() {
    let policies = presets::upsun(UPSUN).unwrap();
    let policy = &policies["production"];
    assert_eq!((policies.len(), policy.name(), policy.quota_count()), (1, "upsun-production", Some(10)));
    let names: Vec<_> = policy.rules().iter().map(|rule| rule.name()).collect();
    assert_eq!(names, ["1d", "1w", "1M", "manual"]);
    assert_eq!(lived(policy, &regular(24, 500, at("2026-11-20T00:00:00Z"))).len(), 7 + 4 + 12);
}

#[test]
fn upsun_documents_are_refused_with_line_and_member() {
    for (from, to, member, word) in [
        (
            "\"1d\"",
            "\"1m\"",
            "data_retention.production.default_config.schedule[0].interval",
            "m, which does not exist",
        ),
        ("\"1w\"", "\"w\"", "data_retention.production.default_config.schedule[1].interval", "is not an interval"),
        ("\"1M\"", "\"0M\"", "data_retention.production.default_config.schedule[2].interval", "is not an interval"),
        ("max_backups", "max", "data_retention.production.max", "unknown field"),
    ] {
        let refused = presets::upsun(&UPSUN.replace(from, to)).unwrap_err();
        let cause = std::error::Error::source(&refused).unwrap().to_string();
        assert!(refused.to_string().contains(&format!("member {member}")), "{refused}");
        assert!(cause.contains(word), "{cause}");
    }
}

/// The name of the period that contains a time on the wall clock.
type Naming = fn(DateTime) -> String;

const PERIODS: [(&str, Naming); 5] = [
    ("hourly", |shown| shown.strftime("%F %H").to_string()),
    ("daily", |shown| shown.date().to_string()),
    ("weekly", |shown| shown.strftime("%G-%V").to_string()),
    ("monthly", |shown| shown.strftime("%Y-%m").to_string()),
    ("yearly", |shown| shown.strftime("%Y").to_string()),
];

fn newest_first(instants: &[Timestamp]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..instants.len()).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(instants[*index]), *index));
    order
}

fn borg(zone: &TimeZone, instants: &[Timestamp], counts: [u32; 5]) -> BTreeMap<usize, String> {
    let order = newest_first(instants);
    let mut keep = BTreeMap::new();
    let coarsest = PERIODS.len() - 1;
    for (number, ((word, naming), count)) in PERIODS.iter().zip(counts).enumerate() {
        let (mut own, mut last) = (0, String::new());
        for index in &order {
            let period = naming(zone.to_datetime(instants[*index]));
            if own < count && period != last {
                last = period;
                if !keep.contains_key(index) {
                    own += 1;
                    keep.insert(*index, (*word).to_owned());
                }
            }
        }
        let oldest = order[order.len() - 1];
        if number == coarsest && own < count && !keep.contains_key(&oldest) {
            keep.insert(oldest, format!("oldest {word}"));
        }
    }
    keep
}

fn proxmox(zone: &TimeZone, instants: &[Timestamp], counts: [u32; 5]) -> BTreeMap<usize, String> {
    let order = newest_first(instants);
    let (mut keep, mut removed) = (BTreeMap::new(), BTreeSet::new());
    for ((word, naming), count) in PERIODS.iter().zip(counts) {
        let name = |index: usize| naming(zone.to_datetime(instants[index]));
        let included: BTreeSet<String> = keep.keys().map(|index| name(*index)).collect();
        let mut own = BTreeSet::new();
        for index in order.iter().copied() {
            if keep.contains_key(&index) || removed.contains(&index) || included.contains(&name(index)) {
                continue;
            }
            if own.contains(&name(index)) {
                removed.insert(index);
            } else if own.len() >= count as usize {
                break;
            } else {
                own.insert(name(index));
                keep.insert(index, (*word).to_owned());
            }
        }
    }
    keep
}

fn instants() -> impl Strategy<Value = Vec<Timestamp>> {
    let spread = prop_oneof![Just(3_i64), Just(60), Just(900)];
    (spread, prop::collection::vec((0.0..1.0_f64, 0..3_u8), 1..200)).prop_map(|(days, parts)| {
        let make = |(place, coarse): (f64, u8)| {
            let second = (place * (days * 86_400) as f64) as i64;
            at("2026-11-20T00:00:00Z")
                - SignedDuration::from_secs(if coarse == 0 { second / 7_200 * 7_200 } else { second })
        };
        parts.into_iter().map(make).collect()
    })
}

fn counts() -> impl Strategy<Value = [u32; 5]> {
    let count = || prop_oneof![1 => Just(0_u32), 3 => 1..8_u32, 1 => 8..100_u32];
    [count(), count(), count(), count(), count()]
}

fn check(program: &str, zone: &str, instants: &[Timestamp], counts: [u32; 5]) -> Result<(), TestCaseError> {
    let options: Vec<String> = PERIODS.iter().zip(counts).map(|((word, _), count)| format!("{word}={count}")).collect();
    let policy = in_zone(named(&format!("{program}:{}", options.join(","))), zone);
    let backups: Vec<_> = instants.iter().enumerate().map(|(id, at)| Backup::new(id, *at)).collect();
    let plan = policy.plan(&backups, at("2026-11-21T00:00:00Z"));
    let zone = TimeZone::get(zone).unwrap();
    let model = if program == "borg" { borg } else { proxmox };
    let mut expected: Vec<Vec<String>> = vec![Vec::new(); instants.len()];
    for (index, reason) in model(&zone, instants, counts) {
        expected[index].push(reason);
    }
    prop_assert_eq!(reasons(&plan), expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn borg_agrees_with_a_straightforward_model(
        instants in instants(),
        counts in counts(),
        zone in 0..super::ZONES.len(),
    ) {
        check("borg", super::ZONES[zone], &instants, counts)?;
    }

    #[test]
    fn proxmox_agrees_with_a_straightforward_model(
        instants in instants(),
        counts in counts(),
        zone in 0..super::ZONES.len(),
    ) {
        // All zero is no policy at all, which keeps everything.
        prop_assume!(counts != [0; 5]);
        check("proxmox", super::ZONES[zone], &instants, counts)?;
    }
}
