//! The programs of the page give the reports of the commands.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use appsnap_tests::hostile;
use appsnap_tests::skips::missing;
use appsnap_tests::tools::{finish, tool};
use serde_json::{Value, json};

use super::{built, repository};

/// The most memory that a check may take, but for dumps that are compressed with a larger window.
const MAX_MEMORY_BYTES: u64 = 16 << 20;

/// A file, and the profile to judge it by.
struct Case {
    path: PathBuf,
    profile: &'static str,
}

/// Returns an example's path, or reports that the test is skipped.
fn example(name: &str) -> Option<PathBuf> {
    let test = env::current_exe().unwrap();
    let file = test.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    if !file.is_file() {
        missing(&format!("the example {name} is not built: run cargo build --examples"));
        return None;
    }
    Some(file)
}

/// Runs the programs of the page over `requests`, and returns an answer for each.
fn run(page: &Path, requests: &[Value]) -> Option<Vec<Value>> {
    let mut input = tempfile::tempfile().unwrap();
    for request in requests {
        writeln!(input, "{request}").unwrap();
    }
    input.rewind().unwrap();
    let mut node = Command::new(tool("node")?);
    node.arg("--no-warnings").arg(repository("examples/browser/tests/run.mjs")).arg(page).stdin(Stdio::from(input));
    let text = String::from_utf8(finish(&mut node)).unwrap();
    let answers: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), requests.len());
    Some(answers)
}

fn request(case: &Case) -> Value {
    json!({ "program": "check", "path": case.path, "request": {
        "profile": case.profile,
        "target_database_bytes": null,
        "missing": "/output/missing.txt",
        "orphans": "/output/orphans.txt",
        "spool_dir": "/spool",
    }})
}

/// Returns the report that the command prints; `None` if it prints none.
fn native(check: &Path, case: &Case) -> Option<Value> {
    let mut command = Command::new(check);
    command.args(["--json", "--quiet", "--threads", "0", "--profile", case.profile]).arg(&case.path);
    let output = command.output().unwrap();
    serde_json::from_slice(&output.stdout).ok()
}

/// Compares the answers of the page with those of the command, and prints the number of each verdict.
fn compare(page: &Path, cases: &[Case], max_memory_bytes: u64) {
    let Some(check) = example("check") else { return };
    let Some(answers) = run(page, &cases.iter().map(request).collect::<Vec<_>>()) else { return };
    let (mut verdicts, mut largest) = (BTreeMap::new(), (0, Path::new("")));
    for (case, answer) in cases.iter().zip(&answers) {
        let path = case.path.display();
        assert!(answer["failure"].is_null(), "{path}: {}", answer["failure"]);
        let report = &answer["answer"]["report"];
        match native(&check, case) {
            Some(expected) => assert_eq!(report, &expected, "{path} by {}", case.profile),
            None => assert_eq!(answer["answer"]["kind"], "error", "{path}: {answer}"),
        }
        *verdicts.entry(report["verdict"].as_str().unwrap_or("error").to_owned()).or_insert(0) += 1;
        let memory_bytes = answer["memory_bytes"].as_u64().unwrap();
        assert!(memory_bytes <= max_memory_bytes, "{path}: {memory_bytes} bytes of memory");
        largest = largest.max((memory_bytes, &case.path));
    }
    println!("{} files with the same report: {verdicts:?}", cases.len());
    println!("at most {:.1} MiB of memory, for {}", largest.0 as f64 / 1_048_576.0, largest.1.display());
}

/// The files in a folder, and its folders with a dump in directory format.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_dump = ["toc.dat", "toc.dat.gz"].iter().any(|name| path.join(name).is_file());
        if path.is_file() || is_dump {
            found.push(path);
        } else {
            found.extend(files_in(&path));
        }
    }
    found.sort();
    found
}

#[test]
fn samples_have_the_report_of_the_command() {
    let Some(page) = built() else { return };
    compare(
        &page,
        &cases_in(&["tests/data/check", "tests/data/pgdump", "examples/data"].map(repository)),
        MAX_MEMORY_BYTES,
    );
    // More of them, for a run by hand.
    if let Some(folders) = env::var_os("APPSNAP_SAMPLES") {
        compare(&page, &cases_in(&env::split_paths(&folders).collect::<Vec<_>>()), u64::MAX);
    }
}

/// Returns every file in the folders with two profiles.
fn cases_in(folders: &[PathBuf]) -> Vec<Case> {
    let paths: Vec<_> = folders.iter().flat_map(|folder| files_in(folder)).collect();
    let with = |profile| paths.iter().map(move |path| Case { path: path.clone(), profile });
    with("format").chain(with("mendix-cloud-2021")).filter(is_of_both).collect()
}

/// Only without the profile of a platform does the command judge a backup of Squidex as Squidex does.
fn is_of_both(case: &Case) -> bool {
    case.profile == "format" || case.path.extension().is_none_or(|extension| extension != "zip")
}

#[test]
fn hostile_files_have_the_report_of_the_command() {
    let Some(page) = built() else { return };
    let folder = tempfile::tempdir().unwrap();
    let write = |case: &hostile::Case| {
        let path = folder.path().join(case.name.replace('/', "-"));
        fs::write(&path, &case.bytes).unwrap();
        Case { path, profile: "format" }
    };
    compare(&page, &hostile::cases().iter().map(write).collect::<Vec<_>>(), MAX_MEMORY_BYTES);
}

#[test]
fn dump_in_a_compressed_tar_file_is_spooled() {
    let Some(page) = built() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.tar.gz");
    let tar = fs::read(repository("tests/data/pgdump/pg17.tar")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
    gz.write_all(&tar).unwrap();
    gz.finish().unwrap();
    compare(&page, &[Case { path, profile: "format" }], MAX_MEMORY_BYTES);
}

#[test]
fn listing_has_the_decisions_of_the_command() {
    let Some(page) = built() else { return };
    let Some(retention) = example("retention") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("listing.json");
    let day = |day: u32| json!({ "id": format!("s{day}"), "taken_at": format!("2026-{:02}-{:02}T01:00:00Z", 9 + day / 28, 1 + day % 28) });
    fs::write(&path, Value::from_iter((0..70).map(day)).to_string()).unwrap();
    let (policy, zone, now) = ("restic:daily=7,weekly=4", "Europe/Amsterdam", "2026-11-20T12:00:00Z");
    let mut command = Command::new(retention);
    command.args(["--policy", policy, "--zone", zone, "--now", now, "--json", "--quiet", "--backups"]).arg(&path);
    let mut expected: Value = serde_json::from_slice(&finish(&mut command)).unwrap();
    expected.as_object_mut().unwrap().remove("warnings");
    let asked = json!({ "program": "plan", "path": path, "request": { "policy": policy, "zone": zone, "now": now } });
    let other = json!({ "program": "plan", "path": repository("README.md"), "request": { "policy": null, "zone": null, "now": now } });
    let Some(answers) = run(&page, &[asked, other]) else { return };
    assert!(answers[0]["answer"]["plan"] == expected, "{}", answers[0]);
    assert!(answers[0]["answer"]["picture"].as_str().unwrap().starts_with("<svg"));
    assert!(answers[0]["memory_bytes"].as_u64().unwrap() <= MAX_MEMORY_BYTES);
    assert_eq!(answers[1]["answer"]["kind"], "other", "a text that is no listing");
}
