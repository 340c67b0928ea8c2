//! The example `check`, run as users run it.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use super::app;
use crate::examples::example;

fn run(arguments: &[&str]) -> Option<Output> {
    Some(Command::new(example("check")?).args(arguments).output().unwrap())
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn exit_codes_tell_accepted_rejected_and_used_wrongly_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup.tar.gz");
    let path = path.to_str().unwrap();
    let (dump, lens) = app::healthy();
    fs::write(path, app::archive(dump.clone(), lens)).unwrap();
    let Some(accepted) = run(&[path, "--json", "--profile", "mendix-on-azure"]) else { return };
    assert_eq!((accepted.status.code(), &json(&accepted)["verdict"]), (Some(0), &"accept".into()));

    fs::write(path, app::archive(dump.clone(), &[(1, 10), (2, 20), (3, 3)])).unwrap();
    let warned = run(&[path, "--json", "--profile", "mendix-cloud"]).unwrap();
    assert_eq!((warned.status.code(), &json(&warned)["verdict"]), (Some(0), &"warn".into()));

    let small = run(&[path, "--json", "--profile", "mendix-cloud", "--target-database-bytes", "100"]).unwrap();
    assert_eq!((small.status.code(), &json(&small)["findings"][0]["code"]), (Some(1), &"S005".into()));
    let limited = run(&[path, "--json", "--max-entries", "2"]).unwrap();
    assert_eq!((limited.status.code(), &json(&limited)["findings"][0]["code"]), (Some(1), &"S006".into()));
    let limited = run(&[path, "--json", "--max-total-bytes", "1000"]).unwrap();
    assert_eq!((limited.status.code(), &json(&limited)["findings"][0]["code"]), (Some(1), &"S006".into()));

    fs::write(path, &dump[..dump.len() - 1]).unwrap();
    let bare = run(&[path, "--json"]).unwrap();
    assert_eq!((bare.status.code(), &json(&bare)["findings"][0]["code"]), (Some(1), &"D004".into()));
    let text = run(&[path]).unwrap();
    assert!(String::from_utf8(text.stdout).unwrap().starts_with("reject (profile format)\n"));
    assert!(String::from_utf8(text.stderr).unwrap().contains("rejected"));

    for wrong in [&["/nowhere/at/all"][..], &[path, "--profile", "nobody"], &[]] {
        let output = run(wrong).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{wrong:?}");
    }
}
