//! The command line of the example `retention`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::examples::example;

const NOW: &str = "2026-11-05T00:00:00Z";
const BACKUPS: &str = r#"[
  {"id": "sun", "taken_at": "2026-11-01T23:00:00Z", "status": "failed"},
  {"id": "mon", "taken_at": "2026-11-02T23:00:00Z"},
  {"id": "manual", "taken_at": "2026-08-02T10:00:00Z", "origin": "manual", "tags": ["x"], "protected": true}
]"#;

/// A folder of files for one run of the example.
struct Bench {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Option<Self> {
        Some(Self { program: example("retention")?, folder: tempfile::tempdir().unwrap() })
    }

    /// Writes a file and gives its path.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs the example: exit code, standard output, standard error.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(&self.program).args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let (code, stdout, stderr) = self.run(arguments);
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).unwrap()
    }
}

#[test]
fn decisions_come_as_json_in_the_order_of_the_input() {
    let Some(bench) = Bench::new() else { return };
    let backups = bench.file("backups.json", BACKUPS);
    let plan = bench.json(&["--policy", "mendix-cloud", "--backups", &backups, "--now", NOW, "--json"]);
    assert_eq!((&plan["now"], &plan["policy"]), (&json!(NOW), &json!("mendix-cloud")));
    let nightly = json!({"rule": "nightly", "bucket": null, "rank": null, "expires_at": "2026-11-16T23:00:00Z"});
    let expected = json!([
        {"id": "sun", "taken_at": "2026-11-01T23:00:00Z", "keep": false, "expires_at": null,
         "reasons": [], "guards": []},
        {"id": "mon", "taken_at": "2026-11-02T23:00:00Z", "keep": true, "expires_at": "2026-11-16T23:00:00Z",
         "reasons": [nightly], "guards": [], "download_before": "2026-11-16T23:00:00Z",
         "lock_until": "2026-11-16T23:00:00Z"},
        {"id": "manual", "taken_at": "2026-08-02T10:00:00Z", "keep": false, "expires_at": "2026-11-02T10:00:00Z",
         "reasons": [], "guards": []},
    ]);
    assert_eq!(plan["decisions"], expected);
}

#[test]
fn a_zone_or_a_region_moves_the_nights() {
    let Some(bench) = Bench::new() else { return };
    let backups = bench.file(
        "backups.json",
        r#"[{"id": "a", "taken_at": "2026-11-02T00:00:00Z"}, {"id": "b", "taken_at": "2026-11-02T07:00:00Z"}]"#,
    );
    let monthlies = |zone: &[&str]| -> Vec<Value> {
        let mut arguments = vec!["--policy", "mendix-cloud", "--backups", &backups, "--now", NOW, "--json"];
        arguments.extend(zone);
        let plan = bench.json(&arguments);
        let decisions = plan["decisions"].as_array().unwrap().iter();
        let monthly = decisions.filter(|decision| {
            decision["reasons"].as_array().unwrap().iter().any(|reason| reason["rule"] == "monthly")
        });
        monthly.map(|decision| decision["id"].clone()).collect()
    };
    assert_eq!(monthlies(&[]), ["a", "b"]);
    assert_eq!(monthlies(&["--region", "Tokyo"]), ["a"]);
    assert_eq!(monthlies(&["--zone", "America/Los_Angeles"]), ["a", "b"]);
}

#[test]
fn restic_strings_give_restics_reasons() {
    let Some(bench) = Bench::new() else { return };
    let listing = r#"[
        {"id": "1", "taken_at": "2026-11-02T01:00:00+01:00"},
        {"id": "2", "taken_at": "2026-11-02T02:00:00+01:00"},
        {"id": "3", "taken_at": "2026-11-03T01:00:00+01:00"}
    ]"#;
    let backups = bench.file("backups.json", listing);
    let policy = "restic:last=1,daily=7,within=1d,within-weekly=1y5m7d2h";
    let plan = bench.json(&["--policy", policy, "--backups", &backups, "--now", NOW, "--json"]);
    let reasons = |index: usize| -> Vec<(String, Value, Value)> {
        let reasons = plan["decisions"][index]["reasons"].as_array().unwrap().iter();
        reasons
            .map(|reason| {
                (reason["rule"].as_str().unwrap().to_owned(), reason["bucket"].clone(), reason["rank"].clone())
            })
            .collect()
    };
    let reason = |rule: &str, bucket: Value, rank: u32| (rule.to_owned(), bucket, json!(rank));
    assert_eq!(
        reasons(2),
        [
            reason("within 1d", Value::Null, 1),
            reason("last snapshot", Value::Null, 1),
            reason("daily snapshot", json!("2026-11-03"), 1),
            reason("weekly within 1y5m7d2h", json!("2026-W45"), 1),
        ]
    );
    assert_eq!(
        reasons(0),
        [
            reason("oldest daily snapshot", json!("2026-11-02"), 3),
            reason("oldest weekly within 1y5m7d2h", json!("2026-W45"), 2)
        ]
    );
}

#[test]
fn backups_may_be_numbered_and_ties_go_by_number() {
    let Some(bench) = Bench::new() else { return };
    let listing = r#"[{"id": 10, "taken_at": "2026-11-02T01:00:00Z"}, {"id": 9, "taken_at": "2026-11-02T01:00:00Z"},
        {"id": "s10", "taken_at": "2026-11-01T01:00:00Z"}, {"id": "s9", "taken_at": "2026-11-01T01:00:00Z"}]"#;
    let backups = bench.file("backups.json", listing);
    let plan = bench.json(&["--policy", "restic:last=3", "--backups", &backups, "--now", NOW, "--json"]);
    let decisions = plan["decisions"].as_array().unwrap().iter();
    let ranks: Vec<_> = decisions.map(|decision| json!([decision["id"], decision["reasons"][0]["rank"]])).collect();
    assert_eq!(ranks, [json!([10, 2]), json!([9, 1]), json!(["s10", null]), json!(["s9", 3])]);
}

#[test]
fn an_explanation_names_the_day_that_was_needed() {
    let Some(bench) = Bench::new() else { return };
    let backups = bench.file("backups.json", BACKUPS);
    let arguments = ["--policy", "mendix-cloud", "--backups", &backups, "--now", NOW, "--explain", "mon"];
    let (code, text, _) = bench.run(&arguments);
    assert!(code == 0 && text.contains("needed is 2026-11-01, whose backup failed (sun)"), "{text}");
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    let explanation = bench.json(&arguments);
    assert_eq!(explanation["nearest_miss"], "monthly");
    assert_eq!(explanation["download_before"], "2026-11-16T23:00:00Z");
    let monthly = &explanation["rules"][2];
    assert_eq!(
        (&monthly["needed"], &monthly["found"], &monthly["found_id"]),
        (&json!("2026-11-01"), &json!("failed"), &json!("sun"))
    );
}

#[test]
fn policies_and_upsun_documents_are_read_from_files() {
    let Some(bench) = Bench::new() else { return };
    let backups = bench.file("backups.json", BACKUPS);
    let own = bench.file("own.json", r#"{"name": "ours", "rules": [{"name": "last", "keep": {"last": 1}}]}"#);
    let plan = bench.json(&["--policy", &own, "--backups", &backups, "--now", NOW, "--json"]);
    assert_eq!(plan["policy"], "ours");
    assert_eq!(plan["decisions"][2]["guards"], json!(["protected"]));
    let upsun = r#"{"data_retention": {
        "development": {"default_config": {}},
        "production": {"default_config": {"manual_count": 1}}
    }}"#;
    let upsun = bench.file("upsun.json", upsun);
    let plan = bench.json(&["--policy", &upsun, "--backups", &backups, "--now", NOW, "--json"]);
    assert_eq!((&plan["policy"], &plan["decisions"][2]["keep"]), (&json!("upsun-production"), &json!(true)));
}

#[test]
fn listings_of_platforms_are_read() {
    let Some(bench) = Bench::new() else { return };
    let mendix = r#"{"limit": 10, "offset": 0, "total": 1, "snapshots": [{
        "snapshot_id": "a05b3f4f", "model_version": "1.8.82", "comment": "Automatically created nightly snapshot",
        "expires_at": "2021-05-18T01:41:27.000Z", "state": "completed", "status_message": "done",
        "created_at": "2021-05-04T01:41:27.000Z", "finished_at": null, "updated_at": null
    }]}"#;
    let backups = bench.file("listing.json", mendix);
    let plan =
        bench.json(&["--policy", "mendix-cloud", "--backups", &backups, "--now", "2021-05-05T00:00:00Z", "--json"]);
    assert_eq!(plan["decisions"][0]["expires_at"], "2021-05-18T01:41:27Z");
}

const PLATFORMSH: &str = r#"[
  {"created_at": "2022-08-23T13:05:33.5+00:00", "id": "quiet", "status": "CREATED", "safe": true, "restorable": true,
   "automated": false},
  {"created_at": "2022-08-22T02:00:00+00:00", "id": "going", "status": "DELETING", "safe": false, "restorable": false,
   "automated": true},
  {"created_at": "2022-08-21T02:00:00+00:00", "id": "live", "status": "CREATED", "safe": false, "restorable": true,
   "automated": true}
]"#;

#[test]
fn a_listing_of_platformsh_is_shown_as_its_table_with_decisions_and_advice() {
    let Some(bench) = Bench::new() else { return };
    let backups = bench.file("backups.json", PLATFORMSH);
    let now = "2022-08-24T00:00:00Z";
    let common = ["--policy", "platformsh-basic", "--backups", &backups, "--now", now];
    let (code, text, stderr) = bench.run(&common);
    assert_eq!(code, 0, "{stderr}");
    for part in [
        "| Created                     | Backup ID | Restorable |",
        "| 2022-08-22T02:00:00+00:00   | going     | false      |",
        "quiet  2022-08-23T13:05:33.5Z  stays  -                     manual #1",
        "quiet: allowed, consistent\n",
        "going: refused, live\n  refused: the backup is being deleted",
        "live: allowed, live\n  warning: the backup was made live",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("the current code").count(), 1, "advice about all backups appears once: {text}");

    let inactive = ["--target", "inactive-environment,other-environment", "--json"];
    let plan = bench.json(&[&common[..], &inactive].concat());
    let restore = &plan["decisions"][0]["restore"];
    assert_eq!(
        (&restore["allowed"], &restore["live"], &restore["restorable"]),
        (&json!(false), &json!(false), &json!(true))
    );
    assert_eq!(restore["advice"][0]["message"], "the environment is not active");
    assert_eq!(restore["advice"][0]["severity"], "refusal");

    let (code, text, _) = bench.run(&[&common[..], &["--explain", "going"]].concat());
    assert!(code == 0 && text.contains("going: refused, live") && !text.contains("quiet"), "{text}");
}

#[test]
fn facts_about_the_target_decide_about_a_restore() {
    let Some(bench) = Bench::new() else { return };
    let listing = r#"[{"snapshot_id": "a05b3f4f", "model_version": "1.8.82", "state": "completed", "comment": "mine",
        "created_at": "2021-05-04T01:41:27.000Z", "expires_at": null}]"#;
    let backups = bench.file("listing.json", listing);
    let common = ["--policy", "mendix-cloud", "--backups", &backups, "--now", "2021-05-05T00:00:00Z", "--json"];
    let restore = |more: &[&str]| bench.json(&[&common, more].concat())["decisions"][0]["restore"].clone();
    assert_eq!(restore(&[])["allowed"], true);
    let running = restore(&["--target", "app-running", "--deployed-model", "1.9.0"]);
    assert_eq!((&running["allowed"], &running["advice"][0]["remedy"]), (&json!(false), &json!("stop the app first")));
    assert!(running["advice"][1]["message"].as_str().unwrap().contains("older model"), "{running}");
    // There is no advice about a list that is not from a platform.
    let own = bench.file("own.json", r#"[{"id": "a", "taken_at": "2021-05-04T01:41:27Z"}]"#);
    let plan = bench.json(&["--policy", "mendix-cloud", "--backups", &own, "--now", NOW, "--json"]);
    assert_eq!(plan["decisions"][0].get("restore"), None);
}

/// A Mendix listing of the nightly backups of these days in November 2026, of which each stays for `days` days.
fn mendix(days_of_month: &[u32], total: usize, days: u32) -> String {
    let snapshot = |day: &u32| {
        json!({
            "snapshot_id": format!("s{day}"), "state": "completed", "model_version": "1",
            "comment": "Automatically created nightly snapshot",
            "created_at": format!("2026-11-{day:02}T01:00:00.000Z"),
            "expires_at": format!("2026-11-{:02}T01:00:00.000Z", day + days),
        })
    };
    json!({"total": total, "snapshots": days_of_month.iter().map(snapshot).collect::<Vec<_>>()}).to_string()
}

#[test]
fn files_are_pages_of_one_listing_and_what_is_missing_is_said() {
    let Some(bench) = Bench::new() else { return };
    let (first, second) =
        (bench.file("1.json", &mendix(&[4, 3], 3, 14)), bench.file("2.json", &mendix(&[3, 5], 3, 14)));
    let common = ["--policy", "mendix-cloud", "--now", NOW, "--json", "--backups", &first];
    let plan = bench.json(&[&common[..], &[&second]].concat());
    let ids: Vec<_> = plan["decisions"].as_array().unwrap().iter().map(|decision| decision["id"].clone()).collect();
    assert_eq!(ids, ["s4", "s3", "s5"]);
    assert_eq!(plan["warnings"][0]["name"], "repeated-record");
    let (code, stdout, stderr) = bench.run(&common);
    let plan: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &plan["warnings"][0]["code"]), (0, &json!("B001")));
    assert!(stderr.contains("listing-incomplete") && stderr.contains("read the other pages"), "{stderr}");
    let own = bench.file("own.json", BACKUPS);
    let (code, _, stderr) = bench.run(&[&common[..], &[&own]].concat());
    assert!(code == 1 && stderr.contains("own.json") && stderr.contains("different programs"), "{stderr}");
}

#[test]
fn the_platforms_dates_are_shown_and_the_edition_that_fits_is_named() {
    let Some(bench) = Bench::new() else { return };
    let backups = bench.file("listing.json", &mendix(&[3, 4], 2, 14));
    let common = ["--policy", "mendix-cloud-2021", "--backups", &backups, "--now", NOW];
    let (_, text, _) = bench.run(&common);
    for part in [
        "platform says",
        "s3  2026-11-03T01:00:00Z  stays  2026-12-03T01:00:00Z  2026-11-17T01:00:00Z  nightly",
        "the platform's dates differ from those of mendix-cloud-2021 for 2 backups: mendix-cloud gives all of them",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let plan = bench.json(&[&common[..], &["--json", "--expiring", "12 days"]].concat());
    assert_eq!((&plan["differs_from_platform"], &plan["fitting_policy"]), (&json!(2), &json!("mendix-cloud")));
    let first = &plan["decisions"][0];
    assert_eq!(first["platform_expires_at"], "2026-11-17T01:00:00Z");
    // The platform's word wins.
    assert_eq!(first["download_before"], "2026-11-17T01:00:00Z");
    assert_eq!(plan["expiring"], json!([]));
    let plan = bench.json(&[&common[..], &["--json", "--expiring", "13 days"]].concat());
    assert_eq!((&plan["expiring"][0]["id"], &plan["expiring"][1]), (&json!("s3"), &Value::Null));
    let fits = bench.json(&["--policy", "mendix-cloud", "--backups", &backups, "--now", NOW, "--json"]);
    assert_eq!(fits["differs_from_platform"], 0);
}

#[test]
fn a_change_of_policy_says_what_it_deletes_and_when() {
    let Some(bench) = Bench::new() else { return };
    let listing = r#"[{"id": "old", "taken_at": "2026-10-15T01:00:00Z", "bytes": 1000},
        {"id": "new", "taken_at": "2026-11-04T01:00:00Z", "bytes": 500},
        {"id": "gone", "taken_at": "2026-01-02T01:00:00Z", "bytes": 7}]"#;
    let backups = bench.file("own.json", listing);
    let common = ["--policy", "mendix-cloud-2021", "--compare", "mendix-cloud", "--backups", &backups, "--now", NOW];
    let change = bench.json(&[&common[..], &["--json"]].concat())["change"].clone();
    let expected = json!([
        {"id": "old", "group": null, "goes_at": NOW, "instead_of": "2026-11-14T01:00:00Z", "bytes": 1000},
        {"id": "new", "group": null, "goes_at": "2026-11-18T01:00:00Z", "instead_of": "2026-12-04T01:00:00Z", "bytes": 500},
    ]);
    assert_eq!((&change["deletes"], &change["bytes"], &change["keeps_longer"]), (&expected, &json!(1500), &json!([])));
    let (_, text, _) = bench.run(&common);
    for part in ["would delete old at once, instead of 2026-11-14", "2 backups, 1500 bytes\n"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let reverse = ["--policy", "mendix-cloud", "--compare", "mendix-cloud-2021", "--backups", &backups, "--now", NOW];
    let (_, text, _) = bench.run(&reverse);
    assert!(
        text.contains("would delete nothing earlier") && text.contains("would keep old until 2026-11-14"),
        "{text}"
    );
}

#[test]
fn each_environment_or_group_is_decided_on_its_own() {
    let Some(bench) = Bench::new() else { return };
    let backup = |environment: &str, day: u32| {
        json!({
            "id": format!("{environment}-{day}"), "created_at": format!("2026-11-{day:02}T04:00:00+00:00"),
            "status": "CREATED", "environment": environment, "automated": true, "restorable": true,
        })
    };
    let list = json!([backup("main", 3), backup("stage", 3), backup("main", 2), backup("stage", 2), backup("main", 1)]);
    let backups = bench.file("listing.json", &list.to_string());
    let common = ["--policy", "platformsh-basic", "--backups", &backups, "--now", NOW];
    let kept = |plan: &Value| -> Vec<bool> {
        plan["decisions"].as_array().unwrap().iter().map(|decision| decision["keep"].as_bool().unwrap()).collect()
    };
    let plan = bench.json(&[&common[..], &["--json"]].concat());
    assert_eq!(kept(&plan), [true, true, true, true, false]);
    assert_eq!(plan["decisions"][1]["group"], "stage");
    assert_eq!(plan["groups"][0], json!({"group": "main", "backups": 3, "stay": 2, "admits_another": true}));
    let (_, text, _) = bench.run(&common);
    assert!(text.contains("\nmain:\nid ") && text.contains("2 of 3 stay\n\nstage:\n"), "{text}");
    let (_, text, _) = bench.run(&[&common[..], &["--explain", "stage-2"]].concat());
    assert!(text.contains("series   stage"), "{text}");
    let plan = bench.json(&[&common[..], &["--json", "--group-by", "none"]].concat());
    assert_eq!(kept(&plan), [true, false, true, false, false]);
    let own = r#"[{"id": 1, "taken_at": "2026-11-01T01:00:00Z", "tags": ["a"]},
        {"id": 2, "taken_at": "2026-11-02T01:00:00Z", "tags": ["b"]}, {"id": 3, "taken_at": "2026-11-03T01:00:00Z"}]"#;
    let own = bench.file("own.json", own);
    let last = ["--policy", "restic:last=1", "--backups", &own, "--now", NOW, "--json", "--group-by"];
    assert_eq!(kept(&bench.json(&[&last[..], &["tag"]].concat())), [true, true, true]);
    let plan = bench.json(&[&last[..], &["origin,tag"]].concat());
    assert_eq!(plan["decisions"][0]["group"], "origin automatic, tag a");
    assert_eq!((&plan["decisions"][2]["group"], &plan["decisions"][2]["id"]), (&json!("origin automatic"), &json!(3)));
}

#[test]
fn a_quota_is_part_of_the_plan_and_of_the_simulation() {
    let Some(bench) = Bench::new() else { return };
    let upsun = r#"{"data_retention": {"production": {"max_backups": 3, "default_config":
        {"manual_count": 1, "schedule": [{"interval": "1d", "count": 2}, {"interval": "1w", "count": 4}]}}}}"#;
    let upsun = bench.file("upsun.json", upsun);
    let backups: Vec<Value> =
        (1..5).map(|day| json!({"id": day, "taken_at": format!("2026-11-{day:02}T01:00:00Z")})).collect();
    let backups = bench.file("own.json", &json!(backups).to_string());
    let common = ["--policy", &upsun, "--backups", &backups, "--now", NOW];
    let (_, text, _) = bench.run(&common);
    assert!(text.contains("quota: 4 of 3, another one is refused\n"), "{text}");
    let plan = bench.json(&[&common[..], &["--json"]].concat());
    assert_eq!((&plan["quota_count"], &plan["groups"][0]["admits_another"]), (&json!(3), &json!(false)));
    let simulate = ["--policy", "squidex-quota", "--simulate", "12", "--now", NOW];
    let (_, text, _) = bench.run(&simulate);
    assert!(text.contains("2 refused because of the quota, the first at 2026-11-15T02:00:00Z\n"), "{text}");
    let simulation = bench.json(&[&simulate[..], &["--json"]].concat());
    assert_eq!(
        (&simulation["days"][10]["refused"], &simulation["refused"][1]),
        (&json!(1), &json!("2026-11-16T02:00:00Z"))
    );
}

#[test]
fn a_legal_hold_is_shown_with_its_owner_and_its_reason() {
    let Some(bench) = Bench::new() else { return };
    let listing =
        r#"[{"id": "a", "taken_at": "2020-11-01T01:00:00Z", "hold": {"owner": "legal", "reason": "case 7"}}]"#;
    let backups = bench.file("own.json", listing);
    let common = ["--policy", "mendix-cloud", "--backups", &backups, "--now", NOW];
    let (_, text, _) = bench.run(&common);
    assert!(text.contains("guard legal-hold by legal: case 7"), "{text}");
    let plan = bench.json(&[&common[..], &["--json"]].concat());
    let decision = &plan["decisions"][0];
    assert_eq!((&decision["keep"], &decision["lock_until"]), (&json!(true), &json!("never")));
    assert_eq!(decision["hold"], json!({"owner": "legal", "reason": "case 7"}));
    // A hold of the policy, by a tag.
    let policy = r#"{"rules": [{"name": "last", "keep": {"last": 1}}],
        "guards": [{"hold": {"tag": "x", "owner": "audit", "reason": "year end"}}]}"#;
    let policy = bench.file("policy.json", policy);
    let backups = bench.file(
        "own.json",
        r#"[{"id": "a", "taken_at": "2020-11-01T01:00:00Z", "tags": ["x"]},
        {"id": "b", "taken_at": "2020-11-01T01:00:00Z"}, {"id": "c", "taken_at": "2020-11-02T01:00:00Z"}]"#,
    );
    let common = ["--policy", &policy, "--backups", &backups, "--now", NOW];
    let (_, text, _) = bench.run(&common);
    assert!(text.contains("guard hold by audit: year end") && text.contains("2 of 3 stay"), "{text}");
    let (_, text, _) = bench.run(&[&common[..], &["--explain", "a"]].concat());
    assert!(text.contains("guard    hold, by audit: year end") && text.contains("lock     without a date"), "{text}");
}

#[test]
fn options_that_would_do_nothing_are_refused() {
    let Some(bench) = Bench::new() else { return };
    let good = bench.file("good.json", BACKUPS);
    let listing = ["--policy", "squidex", "--backups", &good, "--now", NOW];
    let simulation = ["--policy", "squidex", "--simulate", "3", "--now", NOW];
    for (common, more) in [
        (&listing, &["--explain", "mon", "--svg", "x.svg"][..]),
        (&listing, &["--schedule", "Dublin"]),
        (&listing, &["--backup-bytes", "7"]),
        (&listing, &["--simulate", "7"]),
        (&listing, &["--target", "app-running"]),
        (&listing, &["--deployed-model", "1"]),
        (&listing, &["--explain", "mon", "--expiring", "1 day"]),
        (&listing, &["--explain", "mon", "--compare", "squidex"]),
        (&listing, &["--group-by", "environment"]),
        (&simulation, &["--expiring", "1 day"]),
        (&simulation, &["--group-by", "tag"]),
        (&simulation, &["--explain", "mon"]),
        (&simulation, &["--target", "app-running"]),
        (&simulation, &["--deployed-model", "1"]),
    ] {
        let (code, stdout, stderr) = bench.run(&[&common[..], more].concat());
        assert_eq!((code, stdout.as_str()), (2, ""), "{more:?}: {stderr}");
        assert!(stderr.contains(more[0]), "{more:?}: {stderr}");
    }
}

#[test]
fn ids_cannot_command_a_terminal() {
    let Some(bench) = Bench::new() else { return };
    let backups = bench.file("own.json", r#"[{"id": "a\u001b[2J", "taken_at": "2026-11-04T01:41:27Z"}]"#);
    let (code, text, _) = bench.run(&["--policy", "mendix-cloud", "--backups", &backups, "--now", NOW]);
    assert!(code == 0 && text.contains(r"a\u{1b}[2J") && !text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_simulation_draws_a_calendar_and_a_picture() {
    let Some(bench) = Bench::new() else { return };
    let svg = bench.folder.path().join("picture.svg");
    let picture = svg.to_str().unwrap();
    let common =
        ["--policy", "mendix-cloud", "--simulate", "400", "--now", "2026-01-01T00:00:00Z", "--region", "Dublin"];
    let mut arguments = common.to_vec();
    arguments.extend(["--svg", picture, "--compare", "mendix-cloud-2021"]);
    let (code, text, stderr) = bench.run(&arguments);
    assert_eq!(code, 0, "{stderr}");
    for part in
        ["November 2026", " .  .  .  .  .  .  W", "M  monthly", "steady from 2027-01-0", "reaches back to 2026-03-01"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let drawn = fs::read_to_string(&svg).unwrap();
    assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
    // A title for each day and each of the two policies.
    assert_eq!(drawn.matches("<title>").count(), 2 * 400);
    for part in [
        ">2026</text>",
        ">2027</text>",
        ">Mon</text>",
        ">Sun</text>",
        ">mendix-cloud-2021</text>",
        "not kept by the other policy",
    ] {
        assert!(drawn.contains(part), "{part}");
    }
    // Every colour of a day is in the legend, which comes after the title of the last day.
    let fills = |text: &str| -> std::collections::BTreeSet<String> {
        let rects = text.split("<rect ").filter_map(|rect| rect.split_once('>'));
        rects.filter_map(|(rect, _)| Some(rect.split_once("fill=\"")?.1.split('"').next()?.to_owned())).collect()
    };
    let (days, legend) = drawn.split_at(drawn.find("kept by the rule nightly").unwrap());
    let (first, legend) = (days.rfind("<g>").unwrap(), legend);
    let legend = fills(&format!("{}{legend}", &days[first..]));
    assert!(fills(days.split_once("<g>").unwrap().1).is_subset(&legend), "{:?} {legend:?}", fills(days));
    let mut arguments = common.to_vec();
    arguments.extend(["--schedule", "0 */6 * * *", "--json"]);
    let simulation = bench.json(&arguments);
    assert_eq!(simulation["days"][10]["taken"], 4);
    assert_eq!(simulation["schedule"], "0 */6 * * * Europe/Dublin");
}

#[test]
fn a_century_fits_into_a_picture() {
    let Some(bench) = Bench::new() else { return };
    let svg = bench.folder.path().join("century.svg");
    let weekly = ["--schedule", "0 2 * * sun", "--svg", svg.to_str().unwrap()];
    let simulate = ["--policy", "restic:yearly=20,weekly=5", "--simulate", "36500", "--now", "2026-01-01T00:00:00Z"];
    let (code, _, stderr) = bench.run(&[&simulate[..], &weekly].concat());
    assert_eq!(code, 0, "{stderr}");
    let drawn = fs::read_to_string(&svg).unwrap();
    let years: Vec<_> = (2026..=2125).filter(|year| !drawn.contains(&format!(">{year}</text>"))).collect();
    assert_eq!(years, [0_i32; 0], "every year is named");
    assert!(drawn.len() < 4 << 20, "{} bytes", drawn.len());
}

#[test]
fn tags_of_a_command_line_of_restic_are_separated_by_commas() {
    let Some(bench) = Bench::new() else { return };
    let listing = r#"[{"id": "1", "taken_at": "2026-11-01T01:00:00Z", "tags": ["y", "x"]},
        {"id": "2", "taken_at": "2026-11-02T01:00:00Z", "tags": ["x"]}, {"id": "3", "taken_at": "2026-11-03T01:00:00Z", "tags": ["x", "y"]}]"#;
    let backups = bench.file("backups.json", listing);
    let kept = |policy: &str| -> Vec<Value> {
        let plan = bench.json(&["--policy", policy, "--backups", &backups, "--now", NOW, "--json"]);
        plan["decisions"].as_array().unwrap().iter().map(|decision| decision["keep"].clone()).collect()
    };
    assert_eq!(kept("restic:--keep-tag x,y --keep-hourly 0"), [true, false, true]);
    assert_eq!(kept("restic:tag=x+y"), [true, false, true]);
    let plan =
        bench.json(&["--policy", "restic:last=1", "--backups", &backups, "--now", NOW, "--json", "--group-by", "tags"]);
    assert_eq!(plan["decisions"][0]["group"], plan["decisions"][2]["group"], "the order of tags does not matter");
}

#[test]
fn a_listing_is_drawn_with_what_stays_and_what_goes() {
    let Some(bench) = Bench::new() else { return };
    let listing = r#"[{"id": "1", "taken_at": "0001-01-01T01:00:00Z"}, {"id": "2", "taken_at": "2026-11-01T01:00:00Z"},
        {"id": "3", "taken_at": "2026-11-02T01:00:00Z"}, {"id": "4", "taken_at": "2026-11-03T01:00:00Z", "protected": true}]"#;
    let backups = bench.file("backups.json", listing);
    let plan = ["--policy", "restic:last=1", "--backups", &backups, "--now", "2026-11-20T12:00:00Z", "--svg", "-"];
    let (code, picture, text) = bench.run(&plan);
    assert!(code == 0 && picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
    assert!(text.contains("of 4 stay"), "{text}");
    for part in ["taken, and goes now", "4 backups, 1 of them stay", ">2026</text>"] {
        assert!(picture.contains(part), "{part}: {picture}");
    }
    assert!(picture.len() < 4 << 20, "a wrong date must not make {} bytes", picture.len());
}

#[test]
fn a_picture_on_standard_output_is_alone_there() {
    let Some(bench) = Bench::new() else { return };
    let simulate = ["--policy", "squidex", "--simulate", "3", "--now", NOW, "--svg", "-", "--backup-bytes", "2KiB"];
    let (code, picture, report) = bench.run(&simulate);
    assert!(code == 0 && picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
    assert!(report.contains("6144 bytes exist"), "{report}");
}

#[test]
fn a_listing_can_come_from_standard_input() {
    use std::io::Write;
    use std::process::Stdio;
    let Some(bench) = Bench::new() else { return };
    let mut command = Command::new(&bench.program);
    command.args(["--policy", "squidex", "--backups", "-", "--now", NOW]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(BACKUPS.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("2 of 3 stay"));
}

#[test]
fn plans_of_aws_are_read_from_files() {
    let Some(bench) = Bench::new() else { return };
    let backups = bench.file("backups.json", BACKUPS);
    let plan = r#"{"BackupPlan": {"BackupPlanName": "nightly", "Rules": [{"RuleName": "a", "Lifecycle": {"DeleteAfterDays": 35}}]}}"#;
    let policy = bench.file("plan.json", plan);
    let plan = bench.json(&["--policy", &policy, "--backups", &backups, "--now", NOW, "--json"]);
    assert_eq!(
        (&plan["policy"], &plan["decisions"][1]["expires_at"]),
        (&json!("nightly"), &json!("2026-12-07T23:00:00Z"))
    );
}

#[test]
fn bad_input_is_named_with_file_line_and_member_and_ends_with_1() {
    let Some(bench) = Bench::new() else { return };
    let good = bench.file("good.json", BACKUPS);
    let run = |policy: &str, backups: &str| bench.run(&["--policy", policy, "--backups", backups, "--now", NOW]);
    for (from, to, parts) in [
        ("\"protected\"", "\"locked\"", ["line 4", "[2].locked", "unknown field"]),
        ("2026-11-02T23:00:00Z", "2026-11-02", ["line 3", "[1].taken_at", "RFC 3339"]),
        ("\"status\": \"failed\"", "\"status\": \"lost\"", ["line 2", "[0].status", "unknown variant"]),
        ("\"id\": \"mon\", ", "", ["line 3", "[1]", "missing field `id`"]),
        ("\"mon\"", "1.5", ["line 3", "[1].id", "a string or a whole number"]),
        ("[\"x\"]", "\"x\"", ["line 4", "[2].tags", "expected a sequence"]),
    ] {
        let (code, _, stderr) = run("squidex", &bench.file("bad.json", &BACKUPS.replacen(from, to, 1)));
        assert_eq!(code, 1, "{stderr}");
        assert!(stderr.contains("bad.json") && parts.iter().all(|part| stderr.contains(part)), "{parts:?}: {stderr}");
    }
    let policy = bench.file("policy.json", "{\n \"rules\": [\n  {\"name\": \"a\", \"keep\": {\"lost\": 3}}\n ]\n}");
    let (code, _, stderr) = run(&policy, &good);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("line 3") && stderr.contains("rules[0].keep.lost"), "{stderr}");
    let listing =
        "{\"snapshots\": [\n {\"snapshot_id\": \"a\", \"state\": \"completed\", \"created_at\": \"yesterday\"}]}";
    let (code, _, stderr) = run("squidex", &bench.file("listing.json", listing));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("line 2") && stderr.contains("snapshots[0].created_at"), "{stderr}");
}

#[test]
fn wrong_use_ends_with_2() {
    let Some(bench) = Bench::new() else { return };
    let good = bench.file("good.json", BACKUPS);
    for (arguments, part) in [
        (vec!["--policy", "mendix-clod", "--backups", &good, "--now", NOW], "mendix-cloud-2021"),
        (vec!["--policy", "restic:last=x", "--backups", &good, "--now", NOW], "\"x\" is wrong for last"),
        (vec!["--policy", "squidex", "--backups", &good, "--now", "yesterday"], "--now"),
        (vec!["--policy", "squidex", "--backups", "absent.json", "--now", NOW], "absent.json"),
        (vec!["--policy", "absent.json", "--backups", &good, "--now", NOW], "absent.json"),
        (vec!["--policy", "squidex", "--backups", &good, "--now", NOW, "--zone", "Mars/Olympus"], "Mars/Olympus"),
        (vec!["--policy", "squidex", "--backups", &good, "--now", NOW, "--explain", "absent"], "absent"),
        (vec!["--policy", "squidex", "--now", NOW], "--backups"),
        (
            vec!["--policy", "squidex", "--simulate", "3", "--now", NOW, "--schedule", "0 25 * * *"],
            "\"25\" is not an hour",
        ),
    ] {
        let (code, stdout, stderr) = bench.run(&arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
    }
}

#[test]
fn names_of_backups_and_policies_cannot_disturb_a_terminal() {
    let Some(bench) = Bench::new() else { return };
    let hostile = "a\u{1b}[2J\u{7}\n\u{9b}2J\u{202e}z";
    let policy = bench.file("policy.json", &json!({"name": hostile, "rules": []}).to_string());
    let list = json!([{"id": hostile, "taken_at": "2026-11-01T23:00:00Z", "tags": [hostile]}]);
    let backups = bench.file("backups.json", &list.to_string());
    for policy in [policy.as_str(), "restic:last=1"] {
        for more in [&[][..], &["--json"], &["--explain", hostile], &["--explain", hostile, "--json"]] {
            let arguments = [&["--policy", policy, "--backups", &backups, "--now", NOW], more].concat();
            let (code, stdout, stderr) = bench.run(&arguments);
            assert_eq!(code, 0, "{stderr}");
            assert!(stdout.chars().all(|c| c == '\n' || (' '..='~').contains(&c)), "{more:?}: {stdout:?}");
        }
    }
}
