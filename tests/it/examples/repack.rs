//! The example that repacks, with its repair.

use std::fs;

use serde_json::{Value, json as value};

use super::pack::{App, DOCUMENTS};
use super::{example, run, stderr};
use crate::support::app::DUMP;
use crate::support::hostile::plan::{Part, Plan};

/// The members of the app's snapshot, with this metadata.
fn plan(metadata: &str) -> Plan {
    let document = |number: usize| {
        let (id, content) = DOCUMENTS[number];
        Part::file(format!("tree/8a/3f/{id}"), content)
    };
    let parts = vec![Part::file(".metadata", metadata), Part::file("db/db.backup", DUMP), document(0), document(1)];
    Plan { parts, ..Plan::sample() }
}

const METADATA: &str =
    r#"{"duration":"0","dumpSize":"22493","modelVersion":"7.8.9","databaseSize":"1","filesSize":"25"}"#;

fn repaired(plan: &Plan, more: &[&str]) -> Option<(App, i32, Value, String)> {
    let app = App::new();
    fs::write(app.path("in.tar.gz"), plan.gz()).unwrap();
    let arguments = [&["in.tar.gz", "out.tar.gz", "--repair", "--json"], more].concat();
    let (code, text, messages) = app.run("repack", &arguments)?;
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Some((app, code, json, messages))
}

#[test]
fn one_bad_number_does_not_cost_the_model_version() {
    let bad = METADATA.replace("\"filesSize\":\"25\"", "\"filesSize\":\"-25\"");
    let Some((app, code, json, messages)) = repaired(&plan(&bad), &[]) else { return };
    assert_eq!((code, &json["verdict"]), (0, &value!("accept")), "{messages}");
    assert!(messages.contains("changed: filesSize"), "{messages}");
    let (_, text, _) = app.run("inspect", &["out.tar.gz", "--json"]).unwrap();
    let described: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&described["metadata"]["modelVersion"], &described["metadata"]["filesSize"]),
        (&value!("7.8.9"), &value!("25"))
    );
    // For an upload, so without an index.
    assert_eq!((&described["indexed"], &json["indexed"]), (&value!(false), &value!(false)));
}

#[test]
fn options_state_what_the_archive_does_not_say() {
    let stated = ["--model-version", "1.2", "--database-size", "2GiB", "--index"];
    let Some((app, code, json, messages)) = repaired(&plan("{}"), &stated) else { return };
    assert_eq!((code, &json["indexed"]), (0, &value!(true)), "{messages}");
    let (_, text, _) = app.run("inspect", &["out.tar.gz", "--json"]).unwrap();
    let described: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(described["metadata"]["modelVersion"], "1.2");
    assert_eq!(described["metadata"]["databaseSize"], (2_u64 << 30).to_string());
    for alone in [&["--model-version", "1"][..], &["--drop-unknown"], &["--profile", "format"], &["--allow", "F001"]] {
        let (code, _, messages) = app.run("repack", &[&["in.tar.gz", "x.tar.gz"], alone].concat()).unwrap();
        assert!(code == 2 && messages.contains("--repair"), "{messages}");
    }
}

#[test]
fn a_rejected_result_is_not_written_unless_it_is_allowed() {
    let mut lost = plan(METADATA);
    lost.parts.pop();
    let Some((app, code, json, messages)) = repaired(&lost, &[]) else { return };
    assert_eq!((code, &json["written"], &json["counts"]["F001"]), (1, &value!(false), &value!(1)));
    assert!(messages.contains("--allow F001") && messages.contains("changed: filesSize"), "{messages}");
    assert_eq!(app.names(), ["app", "in.tar.gz", "mx.dump"]);
    for allowed in [&["--allow", "document-missing"][..], &["--profile", "format"]] {
        let (_, code, _, messages) = repaired(&lost, allowed).unwrap();
        assert_eq!(code, 0, "{messages}");
    }
}

#[test]
fn unknown_files_are_dropped_when_asked_to() {
    let stray = plan(METADATA).push(Part::file("tree/notes.txt", "x"));
    let Some((_, code, _, messages)) = repaired(&stray, &[]) else { return };
    assert!(code == 1 && messages.contains("--drop-unknown"), "{messages}");
    let (_, code, json, messages) = repaired(&stray, &["--drop-unknown"]).unwrap();
    assert_eq!((code, &json["documents"]), (0, &value!(2)), "{messages}");
    assert!(messages.contains("changed: 1 file that does not belong in a snapshot"), "{messages}");
}

#[test]
fn a_conversion_is_told() {
    let dump = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/pgdump/pg17-lo-acl.dump")).unwrap();
    let mut newer = plan(METADATA);
    newer.parts.truncate(1);
    newer.parts.push(Part::file("db/db.backup", dump.clone()));
    let Some((app, code, json, messages)) = repaired(&newer, &[]) else { return };
    assert_eq!(code, 0, "{messages}");
    fs::write(app.path("new.dump"), dump).unwrap();
    let (_, text, lines) = app.run("convert_dump", &["new.dump", "converted.dump"]).unwrap();
    assert!(!text.is_empty() && lines.lines().all(|line| messages.contains(line)), "{lines} is not in {messages}");
    assert_eq!((&json["conversion"]["from"], &json["conversion"]["to"]), (&value!("1.16"), &value!("1.14")));
}

#[test]
fn a_snapshot_in_a_folder_is_taken_out_of_it() {
    let mut inside = plan(METADATA);
    // Documents first, as `tar` may list a folder.
    inside.parts.rotate_left(2);
    let bytes = inside.parts.clone();
    inside.parts = bytes
        .into_iter()
        .zip(["tree/8a/3f/", "tree/8a/3f/", "", "db/"])
        .enumerate()
        .map(|(number, (part, folder))| {
            let name = [DOCUMENTS[0].0, DOCUMENTS[1].0, ".metadata", "db.backup"][number];
            Part::file(format!("backup/{folder}{name}"), part.payload)
        })
        .collect();
    let Some((_, code, json, messages)) = repaired(&inside, &[]) else { return };
    assert_eq!((code, &json["documents"]), (0, &value!(2)), "{messages}");
    assert!(messages.contains("the folder backup/ was removed"), "{messages}");
}

#[test]
fn standard_streams_are_read_and_written() {
    let Some(repack) = example("repack") else { return };
    let archive = plan(METADATA).gz();
    for more in [&[][..], &["--repair"], &["--only", "files"]] {
        let output = run(&repack, &[&["-", "-"], more].concat(), &archive);
        assert!(output.status.success(), "{more:?}: {}", stderr(&output));
        assert!(output.stdout.starts_with(b"\x1f\x8b") && stderr(&output).contains("2 documents"), "{more:?}");
    }
    let app = App::new();
    fs::write(app.path("in.tar.gz"), &archive).unwrap();
    let (code, _, messages) = app.run("repack", &["in.tar.gz", "in.tar.gz"]).unwrap();
    assert!(code == 2 && messages.contains("same file"), "{messages}");
    assert!(fs::read(app.path("in.tar.gz")).unwrap() == archive);
    let (code, text, _) = app.run("repack", &["in.tar.gz", "out.tar.gz", "--json"]).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &json["indexed"], &json["documents"]), (0, &value!(true), &value!(2)));
}
