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
         "reasons": [nightly], "guards": []},
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
    assert_eq!(drawn.matches("<title>").count(), 400);
    let mut arguments = common.to_vec();
    arguments.extend(["--schedule", "0 */6 * * *", "--json"]);
    let simulation = bench.json(&arguments);
    assert_eq!(simulation["days"][10]["taken"], 4);
    assert_eq!(simulation["schedule"], "0 */6 * * * Europe/Dublin");
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
