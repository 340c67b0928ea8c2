//! The example `inspect` on files that are incomplete or something else.

use std::fs;

use serde_json::Value;

use super::commands::Site;
use super::{example, json, run, stderr, stdout};

#[test]
fn cut_archive_is_described_as_far_as_it_goes() {
    let site = Site::new();
    let (Some(inspect), Some(_)) = (example("inspect"), site.pack("backup.tar.gz", &[])) else { return };
    let bytes = fs::read(site.path("backup.tar.gz")).unwrap();
    for len in [bytes.len() / 8, bytes.len() / 2, bytes.len() - 9, bytes.len() - 1] {
        fs::write(site.path("cut.tar.gz"), &bytes[..len]).unwrap();
        for (arguments, input) in
            [(vec![site.arg("cut.tar.gz")], &b""[..]), (vec![site.arg("cut.tar.gz"), "--json".to_owned()], b"")]
        {
            let output = run(&inspect, &arguments, input);
            assert_eq!(output.status.code(), Some(1), "{len}");
            assert!(stderr(&output).contains("truncated") && stderr(&output).contains(&format!("byte {len}")), "{len}");
            if arguments.len() == 2 {
                let told: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert!(told["error"].as_str().unwrap().contains("truncated"), "{told}");
                assert_eq!(told["metadata"]["duration"], "0", "what was read is described: {told}");
            }
        }
    }
}

#[test]
fn hint_is_never_cut() {
    let site = Site::new();
    let Some(inspect) = example("inspect") else { return };
    let mut longest = 0;
    for content in
        [&b"TAPE\0\0"[..], b"--\n-- PostgreSQL database dump\n--\n\n", b"PGDMP\x01\x0e\x00\x04\x08\x03", b"hello"]
    {
        fs::write(site.path("file"), content).unwrap();
        let told: Value = serde_json::from_slice(&run(&inspect, &[&*site.arg("file"), "--json"], b"").stdout).unwrap();
        let hint = told["hint"].as_str().unwrap();
        longest = longest.max(hint.len());
        let output = run(&inspect, &[&site.arg("file")], b"");
        assert!(String::from_utf8_lossy(&output.stdout).contains(hint), "{hint}");
    }
    assert!(longest > 100, "no hint is long enough to be cut: {longest}");
}

#[test]
fn sizes_have_units_beside_bytes() {
    let site = Site::new();
    let (Some(inspect), Some(_)) = (example("inspect"), site.pack("backup.tar.gz", &[])) else { return };
    let told = json(&run(&inspect, &[&*site.arg("backup.tar.gz"), "--json"], b""));
    let text = stdout(&run(&inspect, &[site.arg("backup.tar.gz")], b""));
    assert!(text.contains(&format!("database_bytes: {} (21.9 KiB)", told["database_bytes"])), "{text}");
}
