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

const DROPPED: &str =
    r#"{"columns": {"public.system$user.name": "redact"}, "rows": {"public.system$filedocument": "drop"}}"#;

#[test]
fn a_snapshot_is_masked_without_its_repair() {
    let app = App::new();
    fs::write(app.path("in.tar.gz"), plan(METADATA).gz()).unwrap();
    fs::write(app.path("rules.json"), DROPPED).unwrap();
    let mask = ["in.tar.gz", "out.tar.gz", "--mask", "rules.json", "--exclude-data", "reporting.*", "--json"];
    let Some((code, text, messages)) = app.run("repack", &mask) else { return };
    assert_eq!(code, 0, "{messages}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&json["documents"], &json["indexed"], &json["conversion"]["to"]),
        (&value!(0), &value!(true), &value!("1.14"))
    );
    assert_eq!(
        (&json["conversion"]["masked_tables"], &json["conversion"]["recompressed"]),
        (&value!(2), &value!(false))
    );
    assert_eq!(json["conversion"]["offsets"], "set");
    for told in
        ["2 documents (25 bytes) whose rows were left out", "its rows are edited", "the data of this table is left out"]
    {
        assert!(messages.contains(told), "{told}: {messages}");
    }
    let (_, rows, _) = app.run("rows", &["out.tar.gz", "--table", "public.system$filedocument", "--jsonl"]).unwrap();
    assert_eq!(rows, "");
    let (_, rows, _) = app.run("rows", &["out.tar.gz", "--table", "public.system$user", "--columns", "name"]).unwrap();
    assert!(rows.starts_with("name\nX") && !rows.contains("Ada"), "{rows}");
    let (code, _, messages) = app.run("check", &["out.tar.gz"]).unwrap();
    assert_eq!(code, 0, "{messages}");

    // As pack does it, and in parts.
    let pack =
        ["--database", "mx.dump", "--files", "app/data/files", "--output", "packed.tar.gz", "--mask", "rules.json"];
    let (code, text, messages) =
        app.run("pack", &[&pack[..], &["--exclude-data", "reporting.*", "--json"]].concat()).unwrap();
    let packed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &packed["documents"], &packed["database_bytes"]),
        (0, &value!(0), &json["database_bytes"]),
        "{messages}"
    );
    for (only, documents, database) in [("database", 0, true), ("files", 0, false)] {
        let parts = ["in.tar.gz", "part.tar.gz", "--only", only, "--mask", "rules.json", "--json"];
        let (code, text, messages) = app.run("repack", &parts).unwrap();
        assert_eq!(code, 0, "{messages}");
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&json["documents"], json["database_bytes"].is_u64()), (&value!(documents), database), "{only}");
    }

    // What cannot be done is refused before anything is written.
    fs::write(app.path("wrong.json"), r#"{"columns": {"public.system$user.mail": "redact"}}"#).unwrap();
    let (code, _, messages) = app.run("repack", &["in.tar.gz", "x.tar.gz", "--mask", "wrong.json"]).unwrap();
    assert!(code == 2 && messages.contains("public.system$user.mail matches nothing"), "{messages}");
    app.run("repack", &["in.tar.gz", "files.tar.gz", "--only", "files"]).unwrap();
    for command in [
        ("repack", &["files.tar.gz", "x.tar.gz", "--mask", "rules.json"][..]),
        ("pack", &["--files", "app/data/files", "--output", "x.tar.gz", "--mask", "rules.json"]),
    ] {
        let (code, _, messages) = app.run(command.0, command.1).unwrap();
        assert!(code == 1 && messages.contains("there is no dump whose data could be masked"), "{messages}");
    }
    let same = ["in.tar.gz", "rules.json", "--mask", "rules.json"];
    let (code, _, messages) = app.run("repack", &same).unwrap();
    assert!(code != 0 && fs::read_to_string(app.path("rules.json")).unwrap() == DROPPED, "{messages}");
    assert!(!app.names().contains(&"x.tar.gz".to_owned()));
}
