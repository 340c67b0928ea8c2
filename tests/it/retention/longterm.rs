//! Long-term retention: the formulas of Veeam and AWS Backup, windows that roll, the newest backup before a window, time to
//! live from completion, and first weeklies.

use appsnap::retention::explain::Miss;
use appsnap::retention::plan::Expiry;
use appsnap::retention::policy::{Keep, Pick, Select, SpanEnd, Unit};
use appsnap::retention::{Backup, Period, Policy, Rule, presets};
use jiff::civil::{Weekday, date};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{at, automatic, kept};

fn ours(select: Select, keep: Keep) -> Policy {
    Policy::new("ours").with_rule(Rule::new("rule", keep).with_select(select)).with_guards([])
}

#[test]
fn veeam_adds_weeks_and_one_day_to_months_and_years() {
    // Formulas of the user guide: weekly: date + N x 7 days; monthly: + N months + 1 day; yearly: + N years + 1 day.
    for (options, taken, gone) in [
        ("weekly=1", "2026-11-08T22:00:00Z", Some("2026-11-15T22:00:00Z")),
        ("weekly=4", "2026-11-08T22:00:00Z", Some("2026-12-06T22:00:00Z")),
        ("weekly=4", "2026-11-09T22:00:00Z", None),
        ("weekly=4,day=monday", "2026-11-09T22:00:00Z", Some("2026-12-07T22:00:00Z")),
        ("monthly=1", "2026-01-04T22:00:00Z", Some("2026-02-05T22:00:00Z")),
        ("monthly=3", "2026-11-01T22:00:00Z", Some("2027-02-02T22:00:00Z")),
        ("monthly=3", "2026-11-08T22:00:00Z", None),
        ("monthly=1,week=last", "2027-01-31T22:00:00Z", Some("2027-03-01T22:00:00Z")),
        ("monthly=1,week=second", "2026-11-08T22:00:00Z", Some("2026-12-09T22:00:00Z")),
        ("yearly=1", "2026-01-04T22:00:00Z", Some("2027-01-05T22:00:00Z")),
        ("yearly=1", "2026-02-01T22:00:00Z", None),
        ("yearly=2,month=february", "2026-02-01T22:00:00Z", Some("2028-02-02T22:00:00Z")),
        ("yearly=1,month=February,week=last,day=saturday", "2020-02-29T22:00:00Z", Some("2021-03-01T22:00:00Z")),
        ("weekly=4,monthly=12,yearly=3", "2026-01-04T22:00:00Z", Some("2029-01-05T22:00:00Z")),
        ("days=14", "2026-11-09T22:00:00Z", Some("2026-11-23T22:00:00Z")),
    ] {
        let policy = presets::by_name(&format!("veeam:{options}")).unwrap();
        let expiry = policy.expires_at(&Backup::new(1, at(taken)));
        assert_eq!(expiry, gone.map(|gone| Expiry::At(at(gone))), "{options} {taken}");
    }
    let last = presets::by_name("veeam:last=2,weekly=4").unwrap();
    let backups = automatic(&["2026-11-10T22:00:00Z", "2026-11-11T22:00:00Z", "2026-11-12T22:00:00Z"]);
    assert_eq!(kept(&last.plan(&backups, at("2026-11-13T00:00:00Z"))), [1, 2]);
    for (options, part) in
        [("weekly=x", "x"), ("day=funday,weekly=1", "funday"), ("week=sixth", "sixth"), ("daily=1", "daily")]
    {
        let error = presets::by_name(&format!("veeam:{options}")).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_shorter_gfs_term_applies_to_existing_backups() {
    let (old, new) = (presets::by_name("veeam:monthly=12").unwrap(), presets::by_name("veeam:monthly=6").unwrap());
    let backups = automatic(&["2026-01-04T22:00:00Z", "2026-06-07T22:00:00Z"]);
    let now = at("2026-11-20T00:00:00Z");
    let (before, after) = (old.plan(&backups, now), new.plan(&backups, now));
    let change = before.change_to(&after).unwrap();
    let dates: Vec<_> = change.earlier.iter().map(|changed| (*changed.after.backup().id(), changed.goes_at)).collect();
    assert_eq!(dates, [(0, Some(now)), (1, Some(at("2026-12-08T22:00:00Z")))]);
    let other = automatic(&["2026-01-04T22:00:00Z"]);
    assert!(before.change_to(&new.plan(&other, now)).is_err());
}

#[test]
fn aws_counts_days_from_the_creation() {
    for (options, gone) in [
        ("delete-after=35", Some("2026-12-06T05:00:00Z")),
        ("delete-after-days=1", Some("2026-11-02T05:00:00Z")),
        ("cold-after=30,delete-after=120", Some("2027-03-01T05:00:00Z")),
        ("delete-after=365d", Some("2027-11-01T05:00:00Z")),
        ("delete-after=-1", None),
        ("cold-after=30", None),
    ] {
        let policy = presets::by_name(&format!("aws-backup:{options}")).unwrap();
        let expiry = policy.expires_at(&Backup::new(1, at("2026-11-01T05:00:00Z")));
        assert_eq!(expiry, Some(gone.map_or(Expiry::Never, |gone| Expiry::At(at(gone)))), "{options}");
    }
    for options in ["cold-after=30,delete-after=119", "delete-after=0", "delete-after=36501", "keep=3"] {
        assert!(presets::by_name(&format!("aws-backup:{options}")).is_err(), "{options}");
    }
}

#[test]
fn a_plan_of_aws_is_read_from_its_own_json() {
    let plan = r#"{"BackupPlanId": "1", "BackupPlan": {"BackupPlanName": "two", "Rules": [
        {"RuleName": "daily", "TargetBackupVaultName": "v", "ScheduleExpression": "cron(0 5 ? * * *)", "StartWindowMinutes": 480,
         "Lifecycle": {"DeleteAfterDays": 35}},
        {"RuleName": "monthly", "Lifecycle": {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 365}}]},
        "AdvancedBackupSettings": []}"#;
    let policy = presets::program::aws_backup_plan(plan).unwrap();
    assert_eq!((policy.name(), policy.rules().len()), ("two", 2));
    let backup = Backup::new(1, at("2026-11-01T05:00:00Z"));
    let expiry = |tag: &str| policy.expires_at(&backup.clone().with_tags([tag])).map(|expiry| expiry.to_string());
    assert_eq!(expiry("daily").unwrap(), "2026-12-06T05:00:00Z");
    assert_eq!((expiry("monthly").unwrap(), expiry("other")), ("2027-11-01T05:00:00Z".to_owned(), None));
    let inner = &plan[plan.find("{\"BackupPlanName\"").unwrap()..plan.find("},\n        \"Advanced").unwrap()];
    assert_eq!(presets::program::aws_backup_plan(&format!("{inner}}}")).unwrap(), policy);
    for (from, to) in [("365", "100"), ("\"Rules\"", "\"rules\""), ("\"RuleName\": \"daily\", ", "")] {
        assert!(presets::program::aws_backup_plan(&plan.replacen(from, to, 1)).is_err(), "{to}");
    }
}

#[test]
fn the_newest_backup_before_a_window_stays() {
    let within = Rule::new("window", Keep::Within { span: Period::days(7), of: SpanEnd::Now });
    let base =
        Rule::new("base", Keep::last(1)).with_select(Select::OlderThan { span: Period::days(7), of: SpanEnd::Now });
    let policy = Policy::new("recovery").with_rule(within).with_rule(base).with_guards([]);
    let text = serde_json::to_string(&policy).unwrap();
    assert!(text.contains(r#""select":{"older-than":{"span":"7 days","of":"now"}}"#), "{text}");
    assert_eq!(Policy::from_json(&text).unwrap(), policy);
    let backups =
        automatic(&["2026-11-10T02:00:00Z", "2026-11-12T02:00:00Z", "2026-11-14T02:00:00Z", "2026-11-20T02:00:00Z"]);
    let plan = policy.plan(&backups, at("2026-11-20T12:00:00Z"));
    assert_eq!(kept(&plan), [1, 2, 3]);
    let newer = plan.explain(3).unwrap();
    assert!(
        matches!(newer.answers().nth(1).unwrap().1, Err(Miss::TooNew(cutoff)) if *cutoff == at("2026-11-13T12:00:00Z"))
    );
    assert!(newer.to_string().contains("base: selects what was taken until 2026-11-13T12:00:00Z only"), "{newer}");
    assert!(plan.explain(0).unwrap().to_string().contains("base: has its 1 newer ones"));
}

#[test]
fn a_time_to_live_counts_from_completion() {
    let text =
        r#"{"rules": [{"name": "ttl", "keep": {"for": {"span": "30 days", "anchor": "finished"}}}], "guards": []}"#;
    let policy = Policy::from_json(text).unwrap();
    let backup = Backup::new(1, at("2026-11-01T22:00:00Z"));
    let expiry = |backup: &Backup<i32>| policy.expires_at(backup).unwrap().to_string();
    assert_eq!(expiry(&backup), "2026-12-01T22:00:00Z");
    let finished = backup.with_finished_at(at("2026-11-02T03:30:00Z"));
    assert_eq!(expiry(&finished), "2026-12-02T03:30:00Z");
    let backups = [finished];
    let plan = policy.plan(&backups, at("2026-12-02T00:00:00Z"));
    assert_eq!(plan.decision(0).unwrap().goes_at(), Some(at("2026-12-02T03:30:00Z")));
}

#[test]
fn selections_have_json_forms_that_refuse_nonsense() {
    for text in [
        r#"{"nth-weekday":{"nth":1,"weekday":"sunday","month":1}}"#,
        r#"{"tiered":{"unit":"month","among":"week","pick":"oldest"}}"#,
        r#"{"rolling":{"every":"6 hours","pick":"newest"}}"#,
        r#"{"older-than":{"span":"7 days","of":"now"}}"#,
    ] {
        let select: Select = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&select).unwrap(), text);
    }
    for text in [
        r#"{"nth-weekday":{"nth":1,"weekday":"sunday","month":13}}"#,
        r#"{"rolling":{"every":"0 hours"}}"#,
        r#"{"rolling":{"every":"6 hours","pick":"any"}}"#,
        r#"{"tiered":{"unit":"month"}}"#,
    ] {
        assert!(serde_json::from_str::<Select>(text).is_err(), "{text}");
    }
    assert_eq!(Select::rolling(Period::default(), Pick::Newest), None);
    assert_eq!(Select::Every.in_month(1), None);
    assert_eq!(Select::nth_weekday(1, Weekday::Sunday).unwrap().in_month(0), None);
}

#[test]
fn the_first_weekly_of_a_month_is_kept_and_others_say_why_not() {
    let policy = ours(Select::tiered(Unit::Month, Unit::Week, Pick::Oldest), Keep::last(3));
    // Every day from 26 October (a Monday) to 15 November.
    let first = date(2026, 10, 26);
    let backups: Vec<Backup<usize>> = (0..21)
        .map(|day| {
            Backup::new(
                day,
                (first + jiff::Span::new().days(day as i64)).at(2, 0, 0, 0).in_tz("UTC").unwrap().timestamp(),
            )
        })
        .collect();
    let plan = policy.plan(&backups, at("2026-11-20T00:00:00Z"));
    // The weekly of 26 October is that of October; the first of November is 2 November, not the 1st.
    assert_eq!(kept(&plan), [0, 7]);
    let sunday = plan.explain(6).unwrap();
    let Err(Miss::BucketTaken { bucket, by, .. }) = sunday.answers().next().unwrap().1 else { panic!("{sunday}") };
    assert_eq!((bucket.to_string(), *by.id()), ("2026-W44".to_owned(), 0));
    let ninth = plan.explain(14).unwrap();
    assert!(matches!(ninth.answers().next().unwrap().1, Err(Miss::BucketTaken { by, .. }) if *by.id() == 7), "{ninth}");
}

#[test]
fn a_rolling_window_says_who_has_it() {
    let policy = ours(
        Select::rolling(Period::hours(6), Pick::Newest).unwrap(),
        Keep::Within { span: Period::days(1), of: SpanEnd::Now },
    );
    let backups = automatic(&["2026-11-20T05:00:00Z", "2026-11-20T05:30:00Z", "2026-11-18T05:30:00Z"]);
    let plan = policy.plan(&backups, at("2026-11-20T06:00:00Z"));
    assert_eq!(kept(&plan), [1]);
    let text = plan.explain(0).unwrap().to_string();
    assert!(text.contains("rule: has 1 for the same window"), "{text}");
    assert!(plan.explain(2).unwrap().to_string().contains("reaches back to"), "too old");
}

proptest! {
    /// The engine against windows numbered by division.
    #[test]
    fn rolling_windows_are_those_of_a_division(
        minutes in prop::collection::vec(0..6_000_i64, 0..60),
        hours in 1..50_u32,
        oldest in any::<bool>(),
        span_hours in 1..100_u32,
    ) {
        let now = at("2026-11-20T12:00:00Z");
        let pick = if oldest { Pick::Oldest } else { Pick::Newest };
        let select = Select::rolling(Period::hours(hours), pick).unwrap();
        let policy = ours(select, Keep::Within { span: Period::hours(span_hours), of: SpanEnd::Now });
        let taken: Vec<Timestamp> = minutes.iter().map(|minutes| now - SignedDuration::from_mins(*minutes)).collect();
        let backups: Vec<Backup<usize>> = taken.iter().enumerate().map(|(id, at)| Backup::new(id, *at)).collect();
        let mut expected: Vec<usize> = Vec::new();
        let mut windows: std::collections::BTreeMap<i64, Vec<(i64, usize)>> = std::collections::BTreeMap::new();
        for (id, age) in minutes.iter().enumerate() {
            if *age < i64::from(span_hours) * 60 {
                windows.entry(age / (i64::from(hours) * 60)).or_default().push((*age, id));
            }
        }
        for window in windows.values() {
            // Ages count back; of equal ones the smaller id is the newer.
            let mut sorted = window.clone();
            sorted.sort_unstable();
            expected.push(if oldest { sorted.last().unwrap().1 } else { sorted[0].1 });
        }
        // The oldest of a window that the span cuts is that of the whole window, which may be too old.
        if !oldest || span_hours % hours == 0 {
            expected.sort_unstable();
            let mut found = kept(&policy.plan(&backups, now));
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }

    /// The engine against a search for the newest that is old enough.
    #[test]
    fn the_base_of_a_window_is_the_newest_that_is_old_enough(
        hours in prop::collection::vec(0..600_i64, 0..40),
        days in 0..20_u32,
    ) {
        let now = at("2026-11-20T12:00:00Z");
        let policy = ours(Select::OlderThan { span: Period::days(days), of: SpanEnd::Now }, Keep::last(1));
        let backups: Vec<Backup<usize>> = hours
            .iter()
            .enumerate()
            .map(|(id, hours)| Backup::new(id, now - SignedDuration::from_hours(*hours)))
            .collect();
        let old = hours.iter().enumerate().filter(|(_, hours)| **hours >= i64::from(days) * 24);
        let expected: Vec<usize> = old.min_by_key(|(id, hours)| (**hours, *id)).map(|(id, _)| id).into_iter().collect();
        prop_assert_eq!(kept(&policy.plan(&backups, now)), expected);
    }
}
