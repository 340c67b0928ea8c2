//! Days and nights in time zones with unusual clocks.

use appsnap::retention::policy::{Keep, Select, Unit};
use appsnap::retention::{Backup, Calendar, Policy, Rule};
use jiff::civil::time;

use super::{at, automatic, calendar, reasons};

/// The day that a backup belongs to.
fn day_of(calendar: Calendar, taken_at: &str) -> String {
    let rule = Rule::new("daily", Keep::last(1)).with_select(Select::newest_of(Unit::Day));
    let policy = Policy::new("daily").with_calendar(calendar).with_rule(rule);
    let backups = [Backup::new((), at(taken_at))];
    let plan = policy.plan(&backups, at("2100-01-01T00:00:00Z"));
    plan.decision(0).unwrap().reasons().next().unwrap().bucket().unwrap().to_string()
}

#[test]
fn offsets_of_30_and_45_minutes_move_the_days() {
    for (zone, taken_at, civil, of_night) in [
        ("Asia/Kolkata", "2026-11-01T18:29:59Z", "2026-11-01", "2026-11-01"),
        ("Asia/Kolkata", "2026-11-01T18:30:00Z", "2026-11-02", "2026-11-01"),
        ("Asia/Kathmandu", "2026-11-01T18:14:59Z", "2026-11-01", "2026-11-01"),
        ("Asia/Kathmandu", "2026-11-01T18:15:00Z", "2026-11-02", "2026-11-01"),
        ("Asia/Kathmandu", "2026-11-02T06:14:59Z", "2026-11-02", "2026-11-01"),
        ("Asia/Kathmandu", "2026-11-02T06:15:00Z", "2026-11-02", "2026-11-02"),
        ("Australia/Lord_Howe", "2026-11-01T12:59:59Z", "2026-11-01", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-11-01T13:00:00Z", "2026-11-02", "2026-11-01"),
    ] {
        assert_eq!(day_of(calendar(zone).with_civil_days(), taken_at), civil, "{zone} {taken_at}");
        assert_eq!(day_of(calendar(zone), taken_at), of_night, "{zone} {taken_at}");
    }
}

#[test]
fn a_day_can_start_at_a_chosen_hour() {
    let nights = calendar("Europe/Amsterdam").with_nights_from(time(4, 0, 0, 0));
    assert_eq!(day_of(nights.clone(), "2026-11-02T02:59:59Z"), "2026-11-01");
    assert_eq!(day_of(nights, "2026-11-02T03:00:00Z"), "2026-11-02");
}

#[test]
fn a_run_after_midnight_counts_for_the_night_it_began_in() {
    let rule = Rule::new("nightly", Keep::last(9)).with_select(Select::newest_of(Unit::Day));
    let policy = Policy::new("nightly").with_calendar(calendar("Europe/Dublin")).with_guards([]).with_rule(rule);
    // Two tries of one night, before and after midnight, and the next night.
    let backups = automatic(&["2026-11-01T23:50:00Z", "2026-11-02T00:10:00Z", "2026-11-02T23:50:00Z"]);
    assert_eq!(reasons(&policy.plan(&backups, at("2026-11-05T00:00:00Z"))), [vec![], vec!["nightly"], vec!["nightly"]]);
}

#[test]
fn the_repeated_hour_is_one_hour_and_the_skipped_day_is_no_day() {
    let hourly = Rule::new("hourly", Keep::last(9)).with_select(Select::newest_of(Unit::Hour));
    let policy = Policy::new("hourly").with_calendar(calendar("Europe/Berlin")).with_guards([]).with_rule(hourly);
    let backups = automatic(&["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]);
    assert_eq!(reasons(&policy.plan(&backups, at("2026-11-05T00:00:00Z"))), [vec![], vec!["hourly"]]);
    // Samoa went from Thursday 29 to Saturday 31 December 2011.
    assert_eq!(day_of(calendar("Pacific/Apia").with_civil_days(), "2011-12-30T09:59:59Z"), "2011-12-29");
    assert_eq!(day_of(calendar("Pacific/Apia").with_civil_days(), "2011-12-30T10:00:00Z"), "2011-12-31");
}

#[test]
fn weeks_start_when_the_calendar_says() {
    let weekly = |start| {
        let rule = Rule::new("weekly", Keep::last(9)).with_select(Select::newest_of(Unit::Week));
        let calendar = calendar("UTC").with_civil_days().with_week_start(start);
        let policy = Policy::new("weekly").with_calendar(calendar).with_guards([]).with_rule(rule);
        let backups = automatic(&["2026-10-31T01:00:00Z", "2026-11-01T01:00:00Z", "2026-11-02T01:00:00Z"]);
        let plan = policy.plan(&backups, at("2026-11-05T00:00:00Z"));
        let buckets = plan.decisions().flat_map(|decision| {
            decision.reasons().map(|reason| reason.bucket().unwrap().to_string()).collect::<Vec<_>>()
        });
        buckets.collect::<Vec<_>>()
    };
    assert_eq!(weekly(jiff::civil::Weekday::Monday), ["2026-W44", "2026-W45"]);
    assert_eq!(weekly(jiff::civil::Weekday::Sunday), ["week of 2026-10-25", "week of 2026-11-01"]);
}
