//! Explanations: near misses, the day a missed monthly needed, and the remedy.

use appsnap::retention::explain::{Miss, NeededBackup};
use appsnap::retention::plan::RetentionPlan;
use appsnap::retention::{Backup, Origin, Status, presets};
use jiff::civil::{Date, date};

use super::{at, automatic, in_zone};

/// The day that the monthly rule would have needed for the backup at `index`, and what there is of it, in one word.
fn needed(plan: &RetentionPlan<'_, usize>, index: usize) -> (Option<Date>, &'static str) {
    let explanation = plan.explain(index).unwrap();
    let (_, monthly) = explanation.answers().find(|(rule, _)| rule.name() == "monthly").unwrap();
    let Err(Miss::Day { needed, found, .. }) = monthly else { panic!("{explanation}") };
    let word = match found {
        NeededBackup::Absent => "absent",
        NeededBackup::Ahead => "ahead",
        NeededBackup::Present(_) => "present",
        NeededBackup::Failed(_) => "failed",
        NeededBackup::Unfinished(_) => "unfinished",
        NeededBackup::OtherOrigin(backup) if backup.origin() == Origin::Manual => "manual",
        NeededBackup::OtherOrigin(_) => "uploaded",
        _ => "other",
    };
    (*needed, word)
}

#[test]
fn a_missed_first_sunday_is_named_with_what_there_was_of_it() {
    let policy = presets::mendix_cloud();
    let sunday = at("2026-11-01T23:00:00Z");
    let now = at("2026-11-05T00:00:00Z");
    let backup = Backup::new(1, sunday);
    for (on_sunday, expected) in [
        (None, "absent"),
        (Some(backup.clone()), "present"),
        (Some(backup.clone().with_status(Status::Failed)), "failed"),
        (Some(backup.clone().with_status(Status::Running)), "unfinished"),
        (Some(backup.clone().with_origin(Origin::Manual)), "manual"),
        (Some(backup.with_origin(Origin::Uploaded)), "uploaded"),
    ] {
        let mut backups = vec![Backup::new(0, at("2026-11-02T23:00:00Z"))];
        backups.extend(on_sunday);
        let plan = policy.plan(&backups, now);
        assert_eq!(needed(&plan, 0), (Some(date(2026, 11, 1)), expected));
        let has_monthly =
            plan.decisions().any(|decision| decision.reasons().any(|reason| reason.rule().name() == "monthly"));
        assert_eq!(has_monthly, expected == "present", "no other backup becomes the monthly");
    }
}

#[test]
fn the_first_sunday_of_the_backups_own_month_is_the_one_that_counts() {
    let (policy, backups) = (presets::mendix_cloud(), automatic(&["2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z"]));
    let plan = policy.plan(&backups, at("2026-12-02T00:00:00Z"));
    assert_eq!(needed(&plan, 0), (Some(date(2026, 11, 1)), "absent"));
    assert_eq!(needed(&plan, 1), (Some(date(2026, 12, 6)), "ahead"));
}

#[test]
fn the_nearest_miss_is_the_rule_that_was_fewest_days_off() {
    let policy = in_zone(presets::mendix_cloud(), "Europe/Dublin");
    let backups = automatic(&["2026-11-09T23:00:00Z", "2026-11-02T23:00:00Z"]);
    let plan = policy.plan(&backups, at("2026-11-10T00:00:00Z"));
    let nearest = |index: usize| plan.explain(index).unwrap().nearest_miss().unwrap().0.name().to_owned();
    // A day after the second Sunday, and a day after the first, where weekly and monthly are equally near.
    assert_eq!([nearest(0), nearest(1)], ["weekly", "monthly"]);
}

#[test]
fn advice_is_a_date_while_there_is_one() {
    let policy = presets::mendix_cloud();
    let mut backups = automatic(&["2026-11-10T01:00:00Z", "2026-11-01T13:00:00Z", "2026-10-01T01:00:00Z"]);
    backups.push(Backup::new(3, at("2026-11-19T01:00:00Z")).with_status(Status::Running));
    let plan = policy.plan(&backups, at("2026-11-20T00:00:00Z"));
    let before = |index: usize| plan.decision(index).unwrap().download_before();
    assert_eq!(before(0), Some(at("2026-11-24T01:00:00Z")));
    assert_eq!(before(1), Some(at("2027-11-01T13:00:00Z")));
    assert_eq!([before(2), before(3)], [None, None]);
}

#[test]
fn a_rule_that_counts_says_who_has_the_place() {
    let policy = presets::by_name("restic:last=1,daily=2,yearly=1").unwrap();
    let backups =
        automatic(&["2026-11-17T01:00:00Z", "2026-11-18T01:00:00Z", "2026-11-18T02:00:00Z", "2026-11-19T01:00:00Z"]);
    let plan = policy.plan(&backups, at("2026-11-20T00:00:00Z"));
    let text = |index: usize| plan.explain(index).unwrap().to_string();
    assert!(text(1).contains("daily snapshot: has 2 for 2026-11-18"), "{}", text(1));
    assert!(text(0).contains("daily snapshot: has its 2 newer ones"), "{}", text(0));
    assert!(text(0).contains("yearly snapshot: has 3 for 2026"), "{}", text(0));
    assert!(text(3).contains("daily snapshot: keeps it for 2026-11-19, number 1"), "{}", text(3));
}

#[test]
fn an_explanation_is_read_by_people() {
    let policy = in_zone(presets::mendix_cloud(), "Europe/Dublin");
    let failed = Backup::new("sun", at("2026-11-01T23:00:00Z")).with_status(Status::Failed);
    let backups = [failed, Backup::new("mon", at("2026-11-02T23:00:00Z"))];
    let plan = policy.plan(&backups, at("2026-11-05T00:00:00Z"));
    let expected = "\
mon stays as of 2026-11-05T00:00:00Z
  taken    2026-11-02T23:00:00Z (Mon 2026-11-02 23:00 +00:00), automatic, completed
  expires  2026-11-16T23:00:00Z (Mon 2026-11-16 23:00 +00:00)
  rule     nightly: keeps it until 2026-11-16T23:00:00Z (Mon 2026-11-16 23:00 +00:00)
  rule     weekly: selects every Sunday; this is 2026-11-02, needed is 2026-11-01, whose backup failed (sun)
  rule     monthly: selects the first Sunday of the month; this is 2026-11-02, needed is 2026-11-01, \
    whose backup failed (sun)
  rule     manual: covers manual backups only
  rule     uploaded: covers uploaded backups only
  nearest  monthly, of the rules that do not keep it
  advice   download it before 2026-11-16T23:00:00Z (Mon 2026-11-16 23:00 +00:00) if it should outlive its rules
";
    assert_eq!(plan.explain(1).unwrap().to_string(), expected);
}
