//! The JSON forms of policies and backups: what they look like, and what is refused.

use std::error::Error as _;

use appsnap::retention::{Backup, ErrorKind, Policy, presets};

#[test]
fn every_preset_survives_its_json_form() {
    let peers = [
        "restic:last=3,daily=unlimited,within=1y5m7d2h,tag=a+b",
        "borg:last=1,13weekly=2",
        "proxmox:last=3",
        "kopia:latest=1,annual=3",
        "veeam:last=7,weekly=4,monthly=12,yearly=3,week=last,month=july",
        "aws-backup:cold-after=30,delete-after=120",
    ];
    for name in presets::NAMES.into_iter().chain(peers) {
        let policy = presets::by_name(name).unwrap();
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(Policy::from_json(&text).unwrap(), policy, "{name}: {text}");
    }
}

#[test]
fn the_form_of_a_preset_is_stable() {
    let form = serde_json::to_string(&presets::mendix_on_azure().rules()[2]).unwrap();
    let parts = [
        r#"{"name":"monthly","from":{"origin":"automatic","status":"completed"},"#,
        r#""select":{"nth-weekday":{"nth":1,"weekday":"sunday"}},"#,
        r#""keep":{"for":{"span":"1 year","anchor":"start-of-day"}}}"#,
    ];
    assert_eq!(form, parts.concat());
    let calendar = serde_json::to_string(presets::by_name("restic:last=1").unwrap().calendar()).unwrap();
    assert_eq!(calendar, r#"{"zone":"stamped","day":"civil","week_start":"monday","months":"normalise"}"#);
}

/// A policy with every member, to be broken in one place at a time.
const WHOLE: &str = r#"{
  "name": "whole",
  "calendar": {"zone": "Europe/Dublin", "day": {"night-of": "12:00"}, "week_start": "sunday", "months": "clamp"},
  "counting": "skip-kept",
  "rules": [
    {"name": "a", "from": {"origin": "any", "status": "completed", "tags": ["t"]}, "select": "every",
     "keep": {"within": {"span": "2 days", "of": {"at": "2026-11-01T00:00:00Z"}}}},
    {"name": "b", "select": {"bucket": {"unit": "week-quarter", "every": 2, "pick": "oldest", "fallback": "oldest"}},
     "keep": {"last": "unlimited"}},
    {"name": "c", "select": {"nth-weekday": {"nth": -1, "weekday": "friday"}}, "keep": "forever"}
  ],
  "guards": ["unfinished", {"tagged": "t"}, {"newest-unfinished": {"count": 3, "younger_than": "4 hours"}}],
  "quota_count": 7
}"#;

#[test]
fn a_whole_policy_is_read() {
    let policy = Policy::from_json(WHOLE).unwrap();
    assert_eq!((policy.rules().len(), policy.guards().len(), policy.quota_count()), (3, 3, Some(7)));
    let again = serde_json::to_string(&policy).unwrap();
    assert_eq!(Policy::from_json(&again).unwrap(), policy);
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_member() {
    for (from, to, line, member, word) in [
        ("\"counting\"", "\"count\"", 4, "count", "unknown field `count`"),
        ("\"week_start\"", "\"week-start\"", 3, "calendar.week-start", "unknown field `week-start`"),
        ("Europe/Dublin", "Europe/Dubln", 3, "calendar.zone", "there is no time zone \"Europe/Dubln\""),
        ("12:00", "noon", 3, "calendar.day.night-of", ""),
        ("\"sunday\"", "\"sonntag\"", 3, "calendar.week_start", "not a weekday"),
        ("\"of\"", "\"from\"", 7, "rules[0].keep.within.from", "unknown field `from`"),
        ("2 days", "-2 days", 7, "rules[0].keep.within.span", "positive"),
        ("2 days", "two days", 7, "rules[0].keep.within.span", "length of time"),
        ("\"week-quarter\"", "\"fortnight\"", 8, "rules[1].select.bucket.unit", "unknown variant `fortnight`"),
        ("\"unlimited\"", "-3", 9, "rules[1].keep.last", "a count from 0"),
        ("\"nth\": -1", "\"nth\": 6", 10, "rules[2].select.nth-weekday.nth", "not a position in a month"),
        ("\"forever\"", "\"for ever\"", 10, "rules[2].keep", "unknown variant `for ever`"),
        ("\"count\": 3", "\"size\": 3", 12, "guards[2].newest-unfinished.size", "unknown field `size`"),
        ("\"quota_count\": 7", "\"quota_count\": \"7\"", 13, "quota_count", "expected u32"),
    ] {
        let refused = Policy::from_json(&WHOLE.replacen(from, to, 1)).unwrap_err();
        let ErrorKind::Json { line: at, member: named, .. } = refused.kind() else { panic!("{refused}") };
        assert_eq!((*at, named.as_str()), (line, member), "{refused}");
        assert!(refused.to_string().contains(&format!("line {line}, member {member}")), "{refused}");
        let cause = refused.source().unwrap().to_string();
        assert!(cause.contains(word), "{member}: {cause}");
    }
}

#[test]
fn a_document_that_is_no_json_is_refused_with_its_line() {
    let refused = Policy::from_json("{\n  \"rules\": [\n").unwrap_err();
    assert!(refused.to_string().contains("line 2") || refused.to_string().contains("line 3"), "{refused}");
    assert!(Policy::from_json("").is_err());
    assert!(Policy::from_json("{}").unwrap_err().source().unwrap().to_string().contains("missing field `rules`"));
}

#[test]
fn a_listing_of_backups_is_refused_with_its_line_and_member() {
    let good = r#"[
        {"id": "a", "taken_at": "2026-11-01T00:00:00Z"},
        {"id": "b", "taken_at": "2026-11-01T00:00:00+01:00", "protected": true}
    ]"#;
    let backups: Vec<Backup<String>> = Backup::list_from_json(good).unwrap();
    assert!(backups[1].is_protected() && backups[1].offset().is_some() && backups[0].offset().is_none());
    for (from, to, member, word) in [
        ("00:00+01:00", "00:00", "[1].taken_at", "not an RFC 3339 instant"),
        ("\"protected\"", "\"locked\"", "[1].locked", "unknown field `locked`"),
        ("\"b\"", "7", "[1].id", "expected a string"),
        ("true", "1", "[1].protected", "expected a boolean"),
        ("\"id\": \"b\", ", "", "[1]", "missing field `id`"),
    ] {
        let refused = Backup::<String>::list_from_json(&good.replacen(from, to, 1)).unwrap_err();
        assert!(refused.to_string().contains(&format!("line 3, member {member}")), "{refused}");
        assert!(refused.source().unwrap().to_string().contains(word), "{refused:?}");
    }
}
