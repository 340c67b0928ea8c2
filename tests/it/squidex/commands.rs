//! `inspect` and `check` describe and judge Squidex archives.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{APP, sample};
use crate::examples::example;
use crate::zip::builder::{Item, build};

fn run(program: &str, bytes: &[u8], more: &[&str]) -> Option<(i32, String, String)> {
    let program = example(program)?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup-blog.zip");
    fs::write(&path, bytes).unwrap();
    let output = Command::new(program).arg(&path).args(more).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Some((output.status.code().unwrap(), text(output.stdout), text(output.stderr)))
}

#[test]
fn inspect_describes_the_app_and_its_assets() {
    let Some((code, stdout, stderr)) = run("inspect", &sample(), &["--json"]) else { return };
    assert_eq!(code, 0, "{stderr}");
    let description: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&description["kind"], &description["app"]["id"]), (&"squidex".into(), &APP.into()));
    assert_eq!((&description["events"], &description["version"]), (&3.into(), &5.into()));
    let assets = ["asset_files", "asset_files_needed", "asset_files_missing"].map(|name| description[name].clone());
    assert_eq!(assets, [1, 2, 1].map(Value::from));
    assert_eq!(description["anomalies"][0]["name"], "asset-file-missing");
    assert!(description["hint"].as_str().unwrap().contains("not for regular backups"));
    let (_, text, _) = run("inspect", &sample(), &[]).unwrap();
    assert!(text.starts_with("squidex\n") && text.contains("  app:\n") && text.contains("name: blog"), "{text}");
}

#[test]
fn check_judges_a_restore_by_squidex() {
    let Some((code, stdout, _)) = run("check", &sample(), &["--json"]) else { return };
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &report["verdict"], &report["profile"]), (1, &"reject".into(), &"squidex".into()));
    assert_eq!(report["findings"][0]["code"], "X013");
    let (code, text, _) = run("check", &sample(), &["--allow", "asset-file-missing"]).unwrap();
    assert!(
        code == 0 && text.starts_with("accept (profile squidex)\nsquidex, app \"blog\", version 5, 3 events"),
        "{text}"
    );
    assert!(text.contains("note: the archive is for moving and cloning an app"), "{text}");
    // The platforms that take Mendix snapshots still refuse it.
    let (code, text, _) = run("check", &sample(), &["--profile", "mendix-cloud"]).unwrap();
    assert!(code == 1 && text.contains("profile mendix-cloud"), "{text}");
}

#[test]
fn a_zip_that_was_packed_again_is_rejected_with_what_helps() {
    let names = ["copy/events/0/0.json", "copy/attachments/327/version.json"];
    let bytes = build(&names.map(|name| Item::stored(name, b"{}")));
    let Some((code, stdout, _)) = run("check", &bytes, &["--json"]) else { return };
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let message = report["findings"][0]["message"].as_str().unwrap();
    assert!(code == 1 && message.contains("zip -r ../backup.zip attachments events"), "{message}");
    let (code, _, stderr) = run("inspect", &bytes, &[]).unwrap();
    assert!(code == 1 && stderr.contains("inside the folder \"copy\""), "{stderr}");
}
