//! The engine against a model that walks the calendar one day at a time, over six years in ten zones.

use appsnap::retention::plan::Expiry;
use appsnap::retention::{Backup, Origin, Policy, presets};
use jiff::civil::{Date, DateTime, Weekday, date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{ZONES, at, in_zone};

/// Six years with two leap days and, depending on the zone, twelve changes of the clocks.
const FIRST: Date = date(2023, 6, 1);
const LAST: Date = date(2029, 6, 1);

/// The first instant of a night, found by asking the zone for noon of its date.
fn night_start(zone: &TimeZone, day: Date) -> Timestamp {
    zone.to_ambiguous_timestamp(day.to_datetime(time(12, 0, 0, 0))).compatible().unwrap()
}

/// One day later, `count` times.
fn days_later(mut day: Date, count: u32) -> Date {
    for _ in 0..count {
        day = day.tomorrow().unwrap();
    }
    day
}

/// The same day of a later month, or the last day there is in it, found by walking there.
fn months_later(day: Date, count: u32) -> Date {
    let mut walk = day.first_of_month();
    for _ in 0..count {
        let month = walk.month();
        while walk.month() == month {
            walk = walk.tomorrow().unwrap();
        }
    }
    let month = walk.month();
    while walk.day() < day.day() && walk.tomorrow().unwrap().month() == month {
        walk = walk.tomorrow().unwrap();
    }
    walk
}

/// Counts the Sundays of the month up to and including `day`.
fn is_first_sunday(day: Date) -> bool {
    let mut walk = day.first_of_month();
    let mut sundays = 0;
    while walk <= day {
        sundays += u32::from(walk.weekday() == Weekday::Sunday);
        walk = walk.tomorrow().unwrap();
    }
    day.weekday() == Weekday::Sunday && sundays == 1
}

/// The rules of Mendix Cloud (2021) for an automatic backup of a night or day, and its latest date.
fn mendix(zone: &TimeZone, day: Date, taken_at: Timestamp) -> (Vec<&'static str>, Timestamp) {
    let shown = zone.to_datetime(taken_at);
    let end = |day: Date| {
        let shown = DateTime::from_parts(day, shown.time());
        zone.to_ambiguous_timestamp(shown).compatible().unwrap()
    };
    let (mut rules, mut latest) = (vec!["nightly"], end(days_later(shown.date(), 30)));
    if day.weekday() == Weekday::Sunday {
        rules.push("weekly");
        latest = latest.max(end(months_later(shown.date(), 3)));
    }
    if is_first_sunday(day) {
        rules.push("monthly");
        latest = latest.max(end(months_later(shown.date(), 12)));
    }
    (rules, latest)
}

fn rules_at(policy: &Policy, backup: &Backup<u32>) -> Vec<String> {
    let backups = std::slice::from_ref(backup);
    let plan = policy.plan(backups, backup.taken_at());
    plan.decision(0).unwrap().reasons().map(|reason| reason.rule().name().to_owned()).collect()
}

/// Walks all nights of a zone, taking a backup `into` each.
fn walk_nights(name: &str, into: SignedDuration) {
    let policy = in_zone(presets::mendix_cloud_2021(), name);
    let zone = TimeZone::get(name).unwrap();
    let mut day = FIRST;
    while day < LAST {
        let (start, next) = (night_start(&zone, day), night_start(&zone, day.tomorrow().unwrap()));
        let taken_at = start + into;
        if taken_at < next {
            let backup = Backup::new(0, taken_at);
            let (rules, latest) = mendix(&zone, day, taken_at);
            assert_eq!(rules_at(&policy, &backup), rules, "{name} {day} {taken_at}");
            assert_eq!(policy.expires_at(&backup), Some(Expiry::At(latest)), "{name} {day} {taken_at}");
        }
        day = day.tomorrow().unwrap();
    }
}

#[test]
fn nights_agree_with_a_walk_over_every_day_of_six_years() {
    for name in ZONES {
        for minutes in [0, 690, 1_379] {
            walk_nights(name, SignedDuration::from_mins(minutes));
        }
    }
}

#[test]
fn nights_of_23_and_25_hours_belong_to_one_date_from_end_to_end() {
    let policy = in_zone(presets::mendix_cloud_2021(), "Europe/Dublin");
    let zone = TimeZone::get("Europe/Dublin").unwrap();
    for (day, hours) in [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (date(2026, 10, 25), 24)] {
        let (start, next) = (night_start(&zone, day), night_start(&zone, day.tomorrow().unwrap()));
        assert_eq!(next.duration_since(start).as_hours(), hours, "{day}");
        for taken_at in [start, start + SignedDuration::from_hours(13), next - SignedDuration::from_nanos(1)] {
            let rules = mendix(&zone, day, taken_at).0;
            assert_eq!(rules_at(&policy, &Backup::new(0, taken_at)), rules, "{day} {taken_at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_time_of_night_in_any_zone_agrees_with_the_walk(zone in 0..ZONES.len(), minutes in 0_i64..1_440) {
        walk_nights(ZONES[zone], SignedDuration::from_mins(minutes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn civil_days_agree_with_the_date_on_the_wall(zone in 0..ZONES.len(), second in 0_i64..189_000_000) {
        let name = ZONES[zone];
        let policy = in_zone(presets::mendix_cloud_2021(), name);
        let calendar = policy.calendar().clone().with_civil_days();
        let policy = policy.with_calendar(calendar);
        let tz = TimeZone::get(name).unwrap();
        let taken_at = at("2023-06-01T00:00:00Z") + SignedDuration::from_secs(second);
        let backup = Backup::new(0, taken_at).with_origin(Origin::Automatic);
        let (rules, latest) = mendix(&tz, tz.to_datetime(taken_at).date(), taken_at);
        prop_assert_eq!(rules_at(&policy, &backup), rules);
        prop_assert_eq!(policy.expires_at(&backup), Some(Expiry::At(latest)));
    }
}
