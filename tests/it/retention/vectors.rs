//! Expiry dates as the platforms print them, and what the engine does at the edges.

use appsnap::retention::plan::{Decision, Expiry, Reason};
use appsnap::retention::policy::{Guard, Keep, Pick, Select, SpanEnd, Unit};
use appsnap::retention::{Backup, Calendar, Origin, Period, Policy, Rule, Status, presets};
use jiff::Timestamp;
use jiff::civil::Weekday;

use super::{at, automatic, calendar, in_zone, kept, reasons};

fn expiry(policy: &Policy, taken_at: &str, origin: Origin) -> String {
    let backup = Backup::new((), at(taken_at)).with_origin(origin);
    policy.expires_at(&backup).and_then(Expiry::at).unwrap().to_string()
}

#[test]
fn mendix_cloud_prints_these_dates() {
    let (old, new) = (presets::mendix_cloud_2021(), presets::mendix_cloud());
    for (policy, taken_at, origin, expected) in [
        (&old, "2020-02-18T16:00:18Z", Origin::Manual, "2020-05-18T16:00:18Z"),
        (&old, "2021-05-05T18:38:41Z", Origin::Uploaded, "2021-08-05T18:38:41Z"),
        (&new, "2021-05-04T01:41:27Z", Origin::Automatic, "2021-05-18T01:41:27Z"),
        (&old, "2017-08-04T14:07:50Z", Origin::Manual, "2017-11-04T14:07:50Z"),
        (&old, "2018-12-03T03:18:00Z", Origin::Automatic, "2019-12-03T03:18:00Z"),
    ] {
        assert_eq!(expiry(policy, taken_at, origin), expected, "{} {taken_at}", policy.name());
    }
}

#[test]
fn a_weekly_of_3_december_expires_on_3_march_at_the_same_time() {
    let weekly = Rule::new("weekly", Keep::span(Period::months(3))).with_select(Select::Weekday(Weekday::Sunday));
    let policy = Policy::new("weekly").with_calendar(Calendar::utc().with_civil_days()).with_rule(weekly);
    assert_eq!(expiry(&policy, "2017-12-03T03:18:00Z", Origin::Automatic), "2018-03-03T03:18:00Z");
}

#[test]
fn mendix_on_azure_counts_from_the_previous_day_and_from_the_sunday() {
    let policy = presets::mendix_on_azure();
    for (taken_at, expected) in [
        ("2026-03-10T02:00:00Z", "2026-03-23T02:00:00Z"),
        ("2026-03-16T01:00:00Z", "2026-06-15T01:00:00Z"),
        ("2026-03-02T01:00:00Z", "2027-03-01T12:00:00Z"),
    ] {
        assert_eq!(expiry(&policy, taken_at, Origin::Automatic), expected, "{taken_at}");
    }
    assert_eq!(expiry(&policy, "2026-03-10T09:30:00Z", Origin::Manual), "2026-03-23T09:30:00Z");
}

#[test]
fn months_are_clamped_unless_they_are_to_run_over() {
    let quarter = |calendar| {
        Policy::new("quarter").with_calendar(calendar).with_rule(Rule::new("all", Keep::span(Period::months(3))))
    };
    for (taken_at, clamped, normalised) in [
        ("2025-11-29T01:00:00Z", "2026-02-28T01:00:00Z", "2026-03-01T01:00:00Z"),
        ("2025-11-30T01:00:00Z", "2026-02-28T01:00:00Z", "2026-03-02T01:00:00Z"),
        ("2026-08-31T01:00:00Z", "2026-11-30T01:00:00Z", "2026-12-01T01:00:00Z"),
        ("2027-11-29T01:00:00Z", "2028-02-29T01:00:00Z", "2028-02-29T01:00:00Z"),
        ("2025-12-01T01:00:00Z", "2026-03-01T01:00:00Z", "2026-03-01T01:00:00Z"),
    ] {
        assert_eq!(expiry(&quarter(Calendar::utc()), taken_at, Origin::Automatic), clamped);
        assert_eq!(expiry(&quarter(Calendar::utc().with_normalised_months()), taken_at, Origin::Automatic), normalised);
    }
}

#[test]
fn a_year_from_the_leap_day_ends_on_28_february() {
    let policy = Policy::new("year").with_rule(Rule::new("all", Keep::span(Period::years(1))));
    assert_eq!(expiry(&policy, "2028-02-29T05:00:00Z", Origin::Automatic), "2029-02-28T05:00:00Z");
    let policy = Policy::new("years").with_rule(Rule::new("all", Keep::span(Period::years(4))));
    assert_eq!(expiry(&policy, "2028-02-29T05:00:00Z", Origin::Automatic), "2032-02-29T05:00:00Z");
}

#[test]
fn the_time_of_day_is_kept_on_the_wall_clock() {
    let policy = in_zone(presets::mendix_cloud(), "Europe/Dublin");
    // Taken at 23:30 in winter, gone at 23:30 in summer.
    assert_eq!(expiry(&policy, "2026-03-19T23:30:00Z", Origin::Automatic), "2026-04-02T22:30:00Z");
}

#[test]
fn an_expiry_in_a_skipped_hour_is_as_much_later_and_in_a_repeated_one_the_first() {
    let policy = in_zone(presets::mendix_cloud(), "Europe/Berlin");
    assert_eq!(expiry(&policy, "2025-12-29T01:30:00Z", Origin::Manual), "2026-03-29T01:30:00Z");
    assert_eq!(expiry(&policy, "2026-07-25T00:30:00Z", Origin::Manual), "2026-10-25T00:30:00Z");
}

#[test]
fn both_passes_of_a_repeated_hour_keep_their_time_of_day() {
    let policy = in_zone(presets::mendix_cloud(), "Europe/Berlin");
    let (first, second) = ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
    assert_eq!(expiry(&policy, first, Origin::Manual), "2027-01-25T01:30:00Z");
    assert_eq!(expiry(&policy, second, Origin::Manual), "2027-01-25T01:30:00Z");
}

#[test]
fn a_backup_goes_at_its_very_expiry_and_not_before() {
    let (policy, backups) = (presets::mendix_cloud(), automatic(&["2026-11-03T01:00:00Z"]));
    let last = at("2026-11-17T01:00:00Z");
    let before = last - jiff::SignedDuration::from_nanos(1);
    assert_eq!(policy.plan(&backups, before).kept_count(), 1);
    assert_eq!(policy.plan(&backups, last).kept_count(), 0);
}

#[test]
fn the_platform_removes_even_the_newest_when_its_day_has_come() {
    let backups = automatic(&["2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z"]);
    assert!(kept(&presets::mendix_cloud().plan(&backups, at("2026-01-01T00:00:00Z"))).is_empty());
}

#[test]
fn a_manual_backup_on_a_sunday_is_no_weekly() {
    let backup = Backup::new((), at("2026-11-15T20:00:00Z")).with_origin(Origin::Manual);
    let (policy, backups) = (presets::mendix_cloud(), [backup]);
    let plan = policy.plan(&backups, at("2026-11-16T00:00:00Z"));
    assert_eq!(reasons(&plan), [["manual"]]);
}

#[test]
fn only_completed_backups_have_a_date_and_unfinished_ones_are_held() {
    let policy = presets::mendix_cloud();
    for (status, expected) in [
        (Status::Completed, vec!["nightly"]),
        (Status::Failed, vec![]),
        (Status::Running, vec!["unfinished"]),
        (Status::Queued, vec!["unfinished"]),
    ] {
        let backups = [Backup::new((), at("2026-11-18T01:00:00Z")).with_status(status)];
        let plan = policy.plan(&backups, at("2026-11-20T00:00:00Z"));
        assert_eq!(reasons(&plan), [expected], "{status:?}");
        assert_eq!(policy.expires_at(&backups[0]).is_some(), status == Status::Completed, "{status:?}");
    }
}

#[test]
fn every_successful_automatic_of_a_night_matches_and_a_bucket_picks_one() {
    let night = automatic(&["2026-11-08T23:00:00Z", "2026-11-08T23:40:00Z", "2026-11-09T00:20:00Z"]);
    let now = at("2026-11-30T00:00:00Z");
    let mendix = in_zone(presets::mendix_cloud(), "Europe/Dublin");
    assert_eq!(kept(&mendix.plan(&night, now)), [0, 1, 2]);
    let nightly = |pick| Select::Bucket { unit: Unit::Day, every: 1.try_into().unwrap(), pick };
    for (pick, expected) in [(Pick::Newest, 2), (Pick::Oldest, 0)] {
        let policy = Policy::new("one a night")
            .with_calendar(calendar("Europe/Dublin"))
            .with_guards([])
            .with_rule(Rule::new("nightly", Keep::last(9)).with_select(nightly(pick)));
        assert_eq!(kept(&policy.plan(&night, now)), [expected]);
    }
}

#[test]
fn of_identical_instants_the_smaller_id_counts_as_newer() {
    let backups: Vec<_> = [3, 1, 2].map(|id| Backup::new(id, at("2026-11-08T23:00:00Z"))).into();
    let policy = Policy::new("last").with_guards([]).with_rule(Rule::new("last", Keep::last(2)));
    let plan = policy.plan(&backups, at("2026-11-09T00:00:00Z"));
    assert_eq!(kept(&plan), [1, 2]);
    let rank = |index: usize| plan.decision(index).unwrap().reasons().next().map(|reason| reason.rank().unwrap());
    assert_eq!([rank(0), rank(1), rank(2)], [None, Some(1), Some(2)]);
}

#[test]
fn an_empty_set_and_an_all_failed_set_make_plain_plans() {
    let policy = Policy::new("ours").with_rule(Rule::new("last", Keep::last(3)));
    let none: [Backup<u8>; 0] = [];
    assert_eq!(policy.plan(&none, at("2026-01-01T00:00:00Z")).kept_count(), 0);
    let failed = [1, 2].map(|id| Backup::new(id, at("2026-01-01T00:00:00Z")).with_status(Status::Failed));
    assert!(kept(&policy.plan(&failed, at("2026-01-02T00:00:00Z"))).is_empty());
}

#[test]
fn a_policy_without_rules_keeps_everything() {
    let (policy, backups) = (Policy::new("empty").with_guards([]), automatic(&["2001-01-01T00:00:00Z"]));
    let plan = policy.plan(&backups, at("2026-01-01T00:00:00Z"));
    assert!(plan.decision(0).unwrap().keeps() && plan.decision(0).unwrap().is_kept_without_rules());
}

#[test]
fn a_count_of_zero_keeps_nothing_and_the_largest_count_everything() {
    let backups = automatic(&["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:01Z"]);
    for (count, expected) in [(0, 0), (1, 1), (u32::MAX, 3)] {
        let policy = Policy::new("last").with_guards([]).with_rule(Rule::new("last", Keep::last(count)));
        assert_eq!(policy.plan(&backups, at("2026-01-03T00:00:00Z")).kept_count(), expected);
    }
    let endless = Rule::new("for ever", Keep::span(Period::years(u32::MAX)));
    let policy = Policy::new("for").with_guards([]).with_rule(endless);
    assert_eq!(policy.expires_at(&backups[0]), Some(Expiry::At(Timestamp::MAX)));
}

#[test]
fn one_stamp_in_the_future_does_not_wipe_the_rest() {
    let backups = automatic(&["2026-11-18T01:00:00Z", "2026-11-19T01:00:00Z", "2099-01-01T00:00:00Z"]);
    let now = at("2026-11-20T00:00:00Z");
    let last = Policy::new("last").with_rule(Rule::new("last", Keep::last(1)));
    assert_eq!(reasons(&last.plan(&backups, now)), [vec![], vec!["last", "newest-successful"], vec!["future"]]);
    let span = Period::days(2);
    let within = Keep::Within { span, of: SpanEnd::Newest };
    let within = Policy::new("within").with_guards([]).with_rule(Rule::new("within", within));
    assert_eq!(kept(&within.plan(&backups, now)), [0, 1, 2]);
}

#[test]
fn a_clock_that_was_set_back_leaves_the_order_to_the_stamps() {
    let backups = automatic(&["2026-11-20T03:00:00Z", "2026-11-20T02:00:00Z", "2026-11-20T02:30:00Z"]);
    let policy = Policy::new("last").with_guards([]).with_rule(Rule::new("last", Keep::last(1)));
    assert_eq!(kept(&policy.plan(&backups, at("2026-11-21T00:00:00Z"))), [0]);
}

#[test]
fn guards_hold_what_no_rule_keeps_and_take_no_place() {
    let old = |id| Backup::new(id, at("2020-01-01T00:00:00Z"));
    let backups = vec![
        old("protected").with_protected(true),
        old("tagged").with_tags(["keep"]),
        old("running").with_status(Status::Running),
        Backup::new("newest", at("2021-01-01T00:00:00Z")),
        Backup::new("failed", at("2022-01-01T00:00:00Z")).with_status(Status::Failed),
        Backup::new("future", at("2030-01-01T00:00:00Z")),
    ];
    let mut guards = Policy::default_guards();
    guards.push(Guard::Tagged("keep".into()));
    let policy = Policy::new("none")
        .with_guards(guards)
        .with_rule(Rule::new("short", Keep::span(Period::days(1))).with_origin(Origin::Manual));
    let expected =
        [vec!["protected"], vec!["tagged"], vec!["unfinished"], vec!["newest-successful"], vec![], vec!["future"]];
    assert_eq!(reasons(&policy.plan(&backups, at("2026-01-01T00:00:00Z"))), expected);
}

#[test]
fn when_everything_is_in_the_future_the_newest_of_it_is_held() {
    let policy = Policy::new("none").with_guards([Guard::NewestSuccessful]).with_rule(Rule::new("none", Keep::last(0)));
    let backups = automatic(&["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"]);
    assert_eq!(kept(&policy.plan(&backups, at("2026-01-01T00:00:00Z"))), [1]);
}

#[test]
fn the_ends_of_the_calendar_are_nothing_special() {
    let policy = presets::mendix_cloud_2021();
    for (taken_at, expected) in
        [("0001-01-02T00:00:00Z", "0001-02-01T00:00:00Z"), ("9999-12-30T12:00:00Z", "9999-12-30T22:00:00.999999999Z")]
    {
        assert_eq!(expiry(&policy, taken_at, Origin::Automatic), expected);
    }
    let first = Backup::new((), Timestamp::MIN);
    let last = Backup::new((), Timestamp::MAX);
    for name in presets::NAMES.into_iter().chain(["restic:yearly=3,within=9999y", "borg:yearly=3", "kopia:annual=9"]) {
        let (policy, backups) = (presets::by_name(name).unwrap(), [first.clone(), last.clone()]);
        for now in [Timestamp::MIN, Timestamp::MAX] {
            assert!(policy.plan(&backups, now).explain(0).is_some(), "{name}");
        }
    }
}

/// The name of the rule that keeps a backup longest.
fn last_rule<'p>(decision: &Decision<'p, usize>) -> &'p str {
    decision.reasons().max_by_key(Reason::expires_at).unwrap().rule().name()
}

#[test]
fn expiring_lists_what_goes_soon_and_not_what_is_held_otherwise() {
    let policy = presets::mendix_cloud();
    let mut backups =
        automatic(&["2026-11-10T01:00:00Z", "2026-11-08T01:00:00Z", "2026-11-09T01:00:00Z", "2026-11-19T01:00:00Z"]);
    backups.push(Backup::new(4, at("2026-11-07T01:00:00Z")).with_status(Status::Running));
    let plan = policy.plan(&backups, at("2026-11-20T00:00:00Z"));
    let soon: Vec<_> =
        plan.expiring(Period::weeks(1)).iter().map(|soon| (*soon.backup().id(), last_rule(soon))).collect();
    // The night of 8 November, a Sunday, is kept as a weekly; 2 was taken in it.
    assert_eq!(soon, [(1, "nightly"), (0, "nightly")]);
}

#[test]
fn a_fifth_sunday_is_selected_where_there_is_one() {
    let fifth = Policy::new("fifth").with_guards([]).with_rule(
        Rule::new("fifth", Keep::span(Period::years(9))).with_select(Select::nth_weekday(5, Weekday::Sunday).unwrap()),
    );
    let last = Policy::new("last").with_guards([]).with_rule(
        Rule::new("last", Keep::span(Period::years(9))).with_select(Select::nth_weekday(-1, Weekday::Sunday).unwrap()),
    );
    // November 2026 has five Sundays, December four.
    let sundays =
        automatic(&["2026-11-22T13:00:00Z", "2026-11-29T13:00:00Z", "2026-12-20T13:00:00Z", "2026-12-27T13:00:00Z"]);
    let now = at("2027-01-01T00:00:00Z");
    assert_eq!(kept(&fifth.plan(&sundays, now)), [1]);
    assert_eq!(kept(&last.plan(&sundays, now)), [1, 3]);
}

#[test]
fn the_first_sunday_may_be_the_first_or_the_seventh() {
    let policy = presets::mendix_cloud();
    let monthly = |text: &str| expiry(&policy, text, Origin::Automatic).starts_with("2027");
    assert!(monthly("2026-11-01T23:00:00Z"));
    assert!(monthly("2026-06-07T23:00:00Z") && !monthly("2026-06-08T23:00:00Z") && !monthly("2026-05-31T23:00:00Z"));
}

#[test]
fn the_month_is_that_of_the_night_and_not_of_the_instant() {
    // 00:30 local on Monday 2 November, still 31 October in none of the readings; 23:30 UTC on 31 October is already
    // Sunday in Tokyo, but the night of a Saturday.
    let policy = in_zone(presets::mendix_cloud(), "Asia/Tokyo");
    assert_eq!(expiry(&policy, "2026-10-31T15:30:00Z", Origin::Automatic), "2026-11-14T15:30:00Z");
    let civil = policy.calendar().clone().with_civil_days();
    let policy = policy.with_calendar(civil);
    assert_eq!(expiry(&policy, "2026-10-31T15:30:00Z", Origin::Automatic), "2027-10-31T15:30:00Z");
}
