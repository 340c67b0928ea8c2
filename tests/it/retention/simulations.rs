//! Schedules played against policies.

use appsnap::retention::policy::{Keep, Select, Unit};
use appsnap::retention::schedule::{Region, Schedule};
use appsnap::retention::simulate::Simulation;
use appsnap::retention::{Period, Policy, Rule, presets};
use jiff::civil::date;

use super::{at, in_zone};

fn nightly(region: &str) -> Schedule {
    Schedule::region(Region::named(region).unwrap())
}

fn simulate(policy: &Policy, schedule: &Schedule, from: &str, to: &str) -> Simulation {
    policy.simulate(schedule, at(from)..at(to), Some(1_000)).unwrap()
}

#[test]
fn every_day_is_the_day_before_plus_what_was_taken_less_what_went() {
    let policy = in_zone(presets::mendix_cloud(), "Europe/Dublin");
    let simulation = simulate(&policy, &nightly("Dublin"), "2026-01-01T00:00:00Z", "2027-05-31T23:00:00Z");
    let mut before = 0;
    for day in simulation.days() {
        assert_eq!(day.retained_count, before + day.taken_count - day.deleted_count, "{}", day.date);
        assert_eq!(day.retained_count, simulation.retained_on(day.date).count(), "{}", day.date);
        assert_eq!(day.retained_bytes, Some(1_000 * day.retained_count as u64));
        before = day.retained_count;
    }
    assert_eq!(simulation.days().len(), 516);
}

#[test]
fn a_fortnight_of_nightlies_is_steady_after_a_fortnight() {
    let policy = Policy::new("two weeks").with_guards([]).with_rule(Rule::new("all", Keep::span(Period::days(14))));
    let simulation = simulate(&policy, &nightly("Frankfurt"), "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z");
    assert_eq!((simulation.steady_since(), simulation.steady_counts()), (Some(date(2026, 1, 15)), Some(14..=14)));
}

#[test]
fn mendix_is_steady_when_the_first_monthly_has_gone() {
    let policy = presets::mendix_cloud();
    let short = simulate(&policy, &nightly("Frankfurt"), "2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z");
    assert_eq!(short.steady_since(), None);
    let long = simulate(&policy, &nightly("Frankfurt"), "2026-01-01T00:00:00Z", "2027-12-01T00:00:00Z");
    // The first Sunday's night of January 2026 is that of the fourth: its run started at midnight of the fifth.
    assert_eq!(long.steady_since(), Some(date(2027, 1, 5)));
}

#[test]
fn a_policy_that_keeps_something_for_good_is_never_steady() {
    let policy = presets::squidex_quota();
    let simulation = simulate(&policy, &nightly("Frankfurt"), "2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z");
    assert_eq!((simulation.steady_since(), simulation.steady_counts()), (None, None));
    // The quota refuses all others.
    assert_eq!((simulation.days().last().unwrap().retained_count, simulation.refused().len()), (10, 324));
    assert_eq!((simulation.days()[9].refused_count, simulation.days()[10].refused_count), (0, 1));
}

#[test]
fn a_quota_refuses_nothing_for_which_the_policy_makes_room() {
    let policy = presets::by_name("restic:last=4").unwrap().with_quota_count(4);
    let simulation = simulate(&policy, &nightly("Frankfurt"), "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    assert_eq!((simulation.refused().len(), simulation.backups().len()), (0, 31));
}

#[test]
fn a_date_is_restored_from_the_newest_backup_before_it_that_is_left() {
    let policy = in_zone(presets::mendix_cloud(), "Europe/Berlin");
    let simulation = simulate(&policy, &nightly("Frankfurt"), "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z");
    let restored = |wanted| simulation.restorable(date(2026, 6, 30), wanted).map(|backup| backup.taken_on);
    assert_eq!(restored(date(2026, 6, 30)), Some(date(2026, 6, 30)));
    // Nightlies are gone: the night of Sunday 10 May, taken after midnight, represents the week after it.
    assert_eq!(restored(date(2026, 5, 13)), Some(date(2026, 5, 11)));
    // Weeklies are gone, too: the first Sunday of February.
    assert_eq!(restored(date(2026, 2, 20)), Some(date(2026, 2, 2)));
    assert_eq!(restored(date(2025, 12, 31)), None);
}

#[test]
fn gaps_are_what_is_further_apart_than_the_schedule() {
    let monthly = Rule::new("monthly", Keep::last(3)).with_select(Select::newest_of(Unit::Month));
    let policy = Policy::new("monthly").with_guards([]).with_rule(monthly);
    let simulation = simulate(&policy, &nightly("Frankfurt"), "2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z");
    let gaps = simulation.gaps_on(date(2026, 4, 30));
    let days: Vec<_> = gaps.iter().map(|gap| gap.end.duration_since(gap.start).as_hours() / 24).collect();
    assert_eq!(days, [31, 30]);
    let all = Policy::new("all").with_rule(Rule::new("all", Keep::Forever));
    let simulation = simulate(&all, &nightly("Frankfurt"), "2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z");
    assert!(simulation.gaps_on(date(2026, 4, 30)).is_empty());
}

#[test]
fn two_policies_differ_by_what_only_one_keeps() {
    let (from, to) = ("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z");
    let old = simulate(&presets::mendix_cloud_2021(), &nightly("Frankfurt"), from, to);
    let new = simulate(&presets::mendix_cloud(), &nightly("Frankfurt"), from, to);
    let difference = old.difference(&new).unwrap();
    // Sixteen nights more, of which two or three are Sundays, which both keep.
    assert_eq!(difference.only_second, []);
    assert_eq!(difference.only_first.len(), 14);
    assert_eq!(difference.days.last().unwrap().1, -14);
    assert_eq!(difference.bytes, Some(-14_000));
    let other = simulate(&presets::mendix_cloud(), &nightly("Frankfurt"), from, "2026-02-01T00:00:00Z");
    assert!(old.difference(&other).is_err());
}

#[test]
fn cron_schedules_are_played_in_their_zone() {
    let policy = in_zone(Policy::new("all").with_rule(Rule::new("all", Keep::Forever)), "Europe/Berlin");
    let cron = Schedule::cron("30 2 * * *", policy.calendar()).unwrap();
    let simulation = simulate(&policy, &cron, "2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z");
    assert!(simulation.days().iter().all(|day| day.taken_count == 1));
    assert_eq!(simulation.days().len(), 365);
}

#[test]
fn spans_that_make_no_sense_are_refused() {
    let (policy, schedule) = (presets::mendix_cloud(), nightly("Dublin"));
    let (early, late) = (at("2026-01-01T00:00:00Z"), at("2126-06-01T00:00:00Z"));
    assert!(policy.simulate(&schedule, late..early, None).is_err());
    assert!(policy.simulate(&schedule, early..late, None).is_err());
    let empty = policy.simulate(&schedule, early..early, None).unwrap();
    assert_eq!((empty.days().len(), empty.backups().len()), (1, 0));
}
