//! The example that compares two snapshots or dumps.

use std::fs;
use std::path::Path;

use appsnap::snapshot::WriteOptions;
use appsnap::snapshot::index::IndexPlacement;
use serde_json::Value;
use tempfile::tempdir;

use super::{example, run, stderr};
use crate::support::archives::{Contents, id};

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name).to_str().unwrap().to_owned()
}

fn sample() -> Contents {
    let dump = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/quickstart.dump")).unwrap();
    Contents { database: Some(dump), ..Contents::sample(20) }
}

#[test]
fn exit_codes_are_those_of_diff() {
    let Some(diff) = example("diff") else { return };
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (one, other, cut, same) = (path("one.tar.gz"), path("other.tar.gz"), path("cut.tar.gz"), path("same.tar.gz"));
    let old = sample();
    let mut new = old.clone();
    new.documents.push((id(4_000_000), b"new".to_vec()));
    new.documents.sort();
    let indexed = WriteOptions::new().with_index(IndexPlacement::Embedded);
    let archive = old.push(indexed.clone()).0;
    fs::write(&one, &archive).unwrap();
    fs::write(&same, old.archive()).unwrap();
    fs::write(&other, new.push(indexed).0).unwrap();
    fs::write(&cut, &archive[..1000]).unwrap();

    let output = run(&diff, &[&one, &same], b"");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the same, with 20 documents\n");

    let output = run(&diff, &[&one, &other, "--json"], b"");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["documents"]["added"][0]["uuid"], id(4_000_000).to_string());
    assert!(stderr(&output).is_empty(), "{}", stderr(&output));

    // From a pipe, either of them.
    for arguments in [["-", other.as_str()], [other.as_str(), "-"]] {
        let output = run(&diff, &arguments, &archive);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            text.ends_with("documents: 1 added, 0 removed, 0 changed, 20 the same\n")
                || text.ends_with("documents: 0 added, 1 removed, 0 changed, 20 the same\n"),
            "{text}"
        );
    }

    for arguments in [[one.as_str(), cut.as_str()], [cut.as_str(), one.as_str()], ["-", "-"], [&one, "missing.tar.gz"]]
    {
        let output = run(&diff, &arguments, &archive);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
    let output = run(&diff, &[&one, &cut], b"");
    assert!(stderr(&output).contains("cut.tar.gz") && !stderr(&output).contains("one.tar.gz"), "{}", stderr(&output));
}

#[test]
fn dumps_in_any_form_are_compared() {
    let Some(diff) = example("diff") else { return };
    let (directory, tar) = (data("pgdump/pg15-directory"), data("pgdump/pg15.tar"));
    let output = run(&diff, &[&directory, &tar, "--json"], b"");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    assert_eq!(json["tables"]["changed"], serde_json::json!([]), "{json}");
    assert_eq!(json["documents"], Value::Null);
    assert_eq!(output.status.code(), Some(0), "{json}");
}
