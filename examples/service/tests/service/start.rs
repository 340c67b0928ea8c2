//! Settings that cannot work are refused at the start.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use super::text;
use appsnap_tests::app::DUMP;

/// Runs the service until it refuses, and returns its message.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
    let output = command.args(arguments).envs(variables.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn bad_settings_are_refused_with_the_option_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("file"), b"no dump").unwrap();
    fs::write(path("dump"), DUMP).unwrap();
    let (file, dump, store) = (path("file"), path("dump"), path("store"));
    let (file, dump, store, missing) = (text(&file), text(&dump), text(&store), "/nowhere");
    let used = TcpListener::bind("127.0.0.1:0").unwrap();
    let used = used.local_addr().unwrap().to_string();
    let good = ["--listen", "127.0.0.1:0", "--store"];
    for (arguments, option, remedy) in [
        (vec![file], "--store", "a folder"),
        (vec![store, "--files", missing], "--files", "data/files"),
        (vec![store, "--files", file], "--files", "data/files"),
        (vec![store, "--files", text(folder.path()), "--database", missing], "--database", "pg_dump"),
        (vec![store, "--files", text(folder.path()), "--database", file], "--database", "pg_dump"),
        (vec![store, "--database", dump], "--files", "required"),
        (vec![store, "--workers", "0"], "--workers", "1..="),
        (vec![store, "--workers", "20000"], "--workers", "1..="),
        (vec![store, "--max-upload-bytes", "much"], "--max-upload-bytes", "10MiB"),
        (vec![store, "--profile", "none"], "--profile", "mendix-cloud"),
    ] {
        let message = refused(&[&good[..], &arguments[..]].concat(), &[]);
        assert!(message.contains(option) && message.contains(remedy), "{message}");
    }
    for (address, remedy) in
        [("8080", "127.0.0.1:8080"), ("127.0.0.1:99999", "127.0.0.1:8080"), (&used, "that is free")]
    {
        let message = refused(&["--store", store, "--listen", address], &[]);
        assert!(message.contains("--listen") && message.contains(remedy), "{message}");
        let message = refused(&[], &[("APPSNAP_STORE", store), ("APPSNAP_LISTEN", address)]);
        assert!(message.contains(remedy), "settings may come from the environment: {message}");
    }
}
