//! Dates that the platform states, legal holds, and lock dates.

use appsnap::retention::plan::Expiry;
use appsnap::retention::policy::Keep;
use appsnap::retention::{Backup, Calendar, Origin, Period, Policy, Rule, Status, presets};

use super::{at, automatic, in_zone, kept, reasons};

#[test]
fn the_date_that_the_platform_states_decides_the_advice() {
    let policy = presets::mendix_cloud();
    let backups = [
        Backup::new(0, at("2026-11-25T01:41:27Z")).with_stated_expiry(at("2026-12-09T01:41:27Z")),
        Backup::new(1, at("2026-11-24T01:41:27Z")).with_stated_expiry(at("2026-12-24T01:41:27Z")),
        Backup::new(2, at("2026-10-01T01:41:27Z")).with_stated_expiry(at("2026-12-01T01:41:27Z")),
        Backup::new(3, at("2026-11-26T01:41:27Z")),
        Backup::new(4, at("2026-10-01T01:41:27Z")).with_stated_expiry(at("2026-11-01T01:41:27Z")),
    ];
    let plan = policy.plan(&backups, at("2026-11-28T00:00:00Z"));
    let of = |index: usize| plan.decision(index).unwrap();
    assert_eq!([0, 1, 2, 3].map(|index| of(index).contradicts_stated_expiry()), [false, true, true, false]);
    assert_eq!(of(0).download_before(), Some(at("2026-12-09T01:41:27Z")));
    assert_eq!(of(1).download_before(), Some(at("2026-12-24T01:41:27Z")), "the platform's word wins");
    assert_eq!((of(2).keeps(), of(2).download_before()), (false, Some(at("2026-12-01T01:41:27Z"))));
    assert_eq!(of(3).download_before(), Some(at("2026-12-10T01:41:27Z")), "nothing is stated");
    assert_eq!(of(4).download_before(), None, "it is past");
    let text = plan.explain(1).unwrap().to_string();
    assert!(text.contains("stated   2026-12-24T01:41:27Z by the platform, against the rules"), "{text}");
    let soon: Vec<_> = plan.expiring(Period::weeks(2)).iter().map(|decision| *decision.backup().id()).collect();
    assert_eq!(soon, [2, 0, 3]);
}

#[test]
fn there_is_no_advice_to_download_a_failed_backup() {
    let failed = Backup::new(0, at("2026-11-26T01:41:27Z")).with_status(Status::Failed);
    let (policy, backups) = (presets::mendix_cloud(), [failed.with_stated_expiry(at("2026-12-10T01:41:27Z"))]);
    let plan = policy.plan(&backups, at("2026-11-28T00:00:00Z"));
    assert_eq!(plan.decision(0).unwrap().download_before(), None);
    let text = plan.explain(0).unwrap().to_string();
    assert!(!text.contains("download") && !text.contains("nearest"), "{text}");
}

#[test]
fn the_nearest_rule_is_one_that_could_have_kept_the_backup() {
    let manual = Backup::new(0, at("2026-06-10T10:00:00Z")).with_origin(Origin::Manual);
    let (policy, backups) = (presets::mendix_cloud(), [manual]);
    let plan = policy.plan(&backups, at("2026-11-28T00:00:00Z"));
    let explanation = plan.explain(0).unwrap();
    assert!(explanation.nearest_miss().is_none() && !explanation.to_string().contains("nearest"), "{explanation}");
}

#[test]
fn no_policy_deletes_a_backup_with_a_legal_hold() {
    let mut backups = automatic(&["2020-01-01T00:00:00Z", "2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z"]);
    backups[0] = backups[0].clone().with_legal_hold("legal", "case 7");
    for name in presets::NAMES.into_iter().chain(["restic:last=1", "borg:daily=1", "proxmox:last=1", "kopia:latest=1"])
    {
        let policy = presets::by_name(name).unwrap();
        let plan = policy.plan(&backups, at("2026-11-28T00:00:00Z"));
        assert!(plan.decision(0).unwrap().keeps(), "{name}");
        let text = plan.explain(0).unwrap().to_string();
        assert!(text.contains("guard    legal-hold, by legal: case 7"), "{text}");
    }
    let policy = presets::by_name("restic:last=1").unwrap();
    let plan = policy.plan(&backups, at("2026-11-28T00:00:00Z"));
    assert_eq!(reasons(&plan), [vec!["legal-hold"], vec![], vec!["last snapshot"]], "it takes no place in the count");
    let json = serde_json::to_string(&backups[0]).unwrap();
    assert!(json.contains(r#""hold":{"owner":"legal","reason":"case 7"}"#), "{json}");
    assert_eq!(serde_json::from_str::<Backup<usize>>(&json).unwrap(), backups[0]);
}

#[test]
fn a_lock_never_ends_before_the_plan_deletes() {
    let policy = Policy::new("ours")
        .with_guards([appsnap::retention::policy::Guard::Protected])
        .with_rule(Rule::new("month", Keep::span(Period::months(1))))
        .with_rule(Rule::new("manual", Keep::Forever).with_origin(Origin::Manual))
        .with_rule(Rule::new("uploaded", Keep::last(1)).with_origin(Origin::Uploaded));
    let taken_at = at("2026-11-27T00:00:00Z");
    let backups = [
        Backup::new(0, taken_at),
        Backup::new(1, taken_at).with_origin(Origin::Manual),
        Backup::new(2, taken_at).with_origin(Origin::Uploaded),
        Backup::new(3, taken_at).with_protected(true),
        Backup::new(4, at("2026-01-01T00:00:00Z")),
    ];
    let plan = policy.plan(&backups, at("2026-11-28T00:00:00Z"));
    let locks: Vec<_> = plan.decisions().map(|decision| decision.lock_until()).collect();
    let month = Some(Expiry::At(at("2026-12-27T00:00:00Z")));
    assert_eq!(locks, [month, Some(Expiry::Never), None, Some(Expiry::Never), None]);
}

#[test]
fn a_night_that_is_not_the_date_is_called_a_night() {
    // 23:10 UTC is 1:10 in Amsterdam.
    let policy = in_zone(presets::mendix_cloud(), "Europe/Amsterdam");
    let backups = automatic(&["2026-07-11T23:10:00Z", "2026-07-12T23:10:00Z", "2026-07-12T21:00:00Z"]);
    let plan = policy.plan(&backups, at("2026-07-13T04:00:00Z"));
    let weekly = plan.decision(1).unwrap().reasons().find(|reason| reason.rule().name() == "weekly").unwrap();
    assert_eq!(weekly.bucket_text().as_deref(), Some("night of Sunday 2026-07-12"));
    assert_eq!(weekly.bucket().unwrap().to_string(), "2026-07-12");
    let weekly = plan.decision(2).unwrap().reasons().find(|reason| reason.rule().name() == "weekly").unwrap();
    assert_eq!(weekly.bucket_text().as_deref(), Some("2026-07-12"), "it is the date, too");
    let text = plan.explain(0).unwrap().to_string();
    assert!(text.contains("this is night of Saturday 2026-07-11, needed is night of Sunday 2026-07-12"), "{text}");
    assert!(text.contains("(Sun 2026-07-12 01:10 +02:00)"), "{text}");
    assert_eq!(kept(&plan), [0, 1, 2]);
}

#[test]
fn the_edition_and_the_region_that_fit_are_found() {
    let weekly = Backup::new("w", at("2026-11-08T16:30:00Z")).with_stated_expiry(at("2027-02-08T16:30:00.999Z"));
    let nightly = Backup::new("n", at("2026-11-10T16:30:00Z")).with_stated_expiry(at("2026-11-24T16:30:00Z"));
    let failed = Backup::new("f", at("2026-11-11T16:30:00Z"))
        .with_status(Status::Failed)
        .with_stated_expiry(at("2026-12-24T16:30:00Z"));
    let fitting = |backups: &[Backup<&str>]| {
        let edition = presets::fitting(backups, &Calendar::utc())?;
        Some((edition.name().to_owned(), edition.calendar().zone_name().to_owned()))
    };
    let named = |name: &str, zone: &str| Some((name.to_owned(), zone.to_owned()));
    assert_eq!(fitting(&[weekly.clone(), nightly.clone(), failed.clone()]), named("mendix-cloud", "UTC"));
    assert_eq!(fitting(&[failed]), None, "a failed backup says nothing");
    let long = nightly.clone().with_stated_expiry(at("2026-12-10T16:30:00Z"));
    assert_eq!(fitting(&[weekly.clone(), long.clone()]), named("mendix-cloud-2021", "UTC"));
    assert_eq!(fitting(&[nightly, long]), None, "no edition gives both");
    // On Sunday at 7:30, it is still the night of Saturday in UTC, and already the evening of Sunday in Asia.
    let sydney = Backup::new("s", at("2026-11-08T07:30:00Z")).with_stated_expiry(at("2027-02-08T07:30:00Z"));
    assert_eq!(fitting(&[sydney]).map(|(name, zone)| (name, zone != "UTC")), Some(("mendix-cloud".to_owned(), true)));
}
