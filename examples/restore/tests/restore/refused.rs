//! Restores that are refused or fail: everything stays as it was.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::app::{App, Snapshot, code, stderr};

#[test]
fn truncated_and_damaged_archives_change_nothing() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    let whole = fs::read(&snapshot.path).unwrap();
    let damaged = app.path("damaged.tar.gz");
    for len in [0, 10, 600, whole.len() / 2, whole.len() - 1] {
        fs::write(&damaged, &whole[..len]).unwrap();
        assert_eq!(code(&app.restore(&damaged, &[])), 1, "{len} bytes");
    }
    for position in [whole.len() / 3, whole.len() - 5] {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x10;
        fs::write(&damaged, &bytes).unwrap();
        assert_eq!(code(&app.restore(&damaged, &[])), 1, "a bit at {position}");
    }
    app.assert_old();
}

#[test]
fn missing_document_is_refused_unless_allowed() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::with(&app, 20, "", |documents| drop(documents.remove(3)));
    let output = app.restore(&snapshot.path, &["--json"]);
    assert_eq!(code(&output), 1);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["verdict"], &json["restored"]), (&"reject".into(), &false.into()));
    app.assert_old();
    let output = app.restore(&snapshot.path, &["--allow", "F001", "--json"]);
    assert_eq!(code(&output), 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["allowed"][0], &json["documents"]), (&"F001".into(), &19.into()));
    app.assert_new(&snapshot);
}

#[test]
fn failing_statement_is_named_and_changes_nothing() {
    let Some(app) = App::new() else { return };
    let sql = "create function is_source(int) returns bool language sql as
                   'select pg_catalog.current_setting(''application_name'') = ''psql''';
               create table checked (id int constraint only_in_the_source check (is_source(id)));
               insert into checked values (1);";
    let snapshot = Snapshot::with(&app, 20, sql, |_| {});
    for jobs in ["1", "2"] {
        let output = app.restore(&snapshot.path, &["--jobs", jobs]);
        assert_eq!(code(&output), 1);
        assert!(
            stderr(&output).contains("only_in_the_source") && stderr(&output).contains("checked"),
            "{}",
            stderr(&output)
        );
        app.assert_old();
    }
}

#[test]
fn extension_that_the_server_lacks_is_named_before_anything_changes() {
    let Some(app) = App::new() else { return };
    let mut dump = appsnap_tests::dumps::DumpBuilder::new(
        appsnap::pgdump::FormatVersion::V1_14,
        appsnap::pgdump::raw::Compression::GZIP,
    );
    let mut item = appsnap_tests::dumps::Item::new(dump.next_id(), b"EXTENSION", b"no_such_thing");
    item.definition = Some(b"CREATE EXTENSION no_such_thing;\n".to_vec());
    dump.items.push(item);
    dump.table("marker", "state", b"new\n");
    let path = app.path("bare.dump");
    fs::write(&path, dump.build()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    let output = command.arg(&path).args(["--profile", "format", "--database", &app.url()]).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no_such_thing"));
    app.assert_old();
}

#[test]
fn connection_to_the_target_is_named_and_ended_only_on_request() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    let mut visitor = app.server.program("psql");
    visitor.env("PGAPPNAME", "the visitor").args(["-d", &app.database, "-c", "select pg_sleep(600)"]);
    let mut visitor = visitor.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while app
        .server
        .sql("postgres", "select count(*) from pg_stat_activity where application_name = 'the visitor'")
        .trim()
        == "0"
    {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    let output = app.restore(&snapshot.path, &[]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("the visitor") && stderr(&output).contains("--force-disconnect"));
    assert_eq!(app.databases().len(), 1);
    assert_eq!(code(&app.restore(&snapshot.path, &["--force-disconnect"])), 0);
    assert!(!visitor.wait().unwrap().success());
    app.assert_new(&snapshot);
}

#[test]
fn inputs_of_another_kind_and_without_documents_are_refused() {
    let Some(app) = App::new() else { return };
    let path = app.path("plain.sql");
    fs::write(&path, "--\n-- PostgreSQL database dump\n--\n\nSELECT 1;\n").unwrap();
    assert_eq!(code(&app.restore(&path, &[])), 1);
    let dump = app.path("bare.dump");
    fs::write(&dump, crate::app::dump(&app.server, &[], "")).unwrap();
    let output = app.restore(&dump, &["--profile", "format"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("leave out --files"));
    app.assert_old();
}

#[test]
fn server_and_url_that_do_not_work_are_named_without_the_password() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    for url in ["postgresql://me:secret@/mx?host=/nowhere", "postgresql://me:secret@localhost:bad/mx", "nonsense"] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_restore")).arg(&snapshot.path).args(["--database", url]).output().unwrap();
        assert_eq!(code(&output), 2, "{url}");
        assert!(!stderr(&output).contains("secret"), "{}", stderr(&output));
    }
}

#[test]
fn signal_undoes_everything() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 300);
    for number in 0..4_u64 {
        let mut child = app.command(Some(&snapshot.path)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(100 + number * 120));
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        let status = child.wait().unwrap();
        match status.code() {
            Some(143) => app.assert_old(),
            Some(0) => {
                app.assert_new(&snapshot);
                app.make_old();
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn folder_with_more_than_documents_and_an_archive_in_it_are_refused() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    fs::write(app.files().join("notes.txt"), "mine").unwrap();
    let output = app.restore(&snapshot.path, &[]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("notes.txt") && stderr(&output).contains("--keep-old"));
    fs::remove_file(app.files().join("notes.txt")).unwrap();
    app.assert_old();

    let inside = app.files().join("backup.tar.gz");
    fs::copy(&snapshot.path, &inside).unwrap();
    let output = app.restore(&inside, &["--keep-old"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("inside of the folder"));
    fs::remove_file(inside).unwrap();
    app.assert_old();
}

#[test]
fn options_that_cannot_work_are_refused_at_once() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    for (options, named) in [
        (&["--role", "no such role"][..], "no such role"),
        (&["--spool-dir", "/nowhere"], "--spool-dir"),
        (&["--key-prefix", "x"], "--files"),
        (&["--rollback"], "--rollback"),
        (&["--resume", "--rollback"], "--rollback"),
        (&["--jobs", "0"], "--jobs"),
        (&["--profile", "none"], "--profile"),
        (&["--allow", "X999"], "--allow"),
        (&["--mask", "/nowhere.json"], "/nowhere.json"),
        (&["--pg-restore", "/bin/true"], "pg_restore"),
    ] {
        let output = app.restore(&snapshot.path, options);
        assert_eq!(code(&output), 2, "{options:?}");
        assert!(stderr(&output).contains(named), "{options:?}: {}", stderr(&output));
        app.assert_old();
    }
    for files in [app.path("backup.tar.gz"), app.path("none/files"), "/".into(), "/proc".into()] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
        command.arg(&snapshot.path).args(["--quiet", "--database", &app.url(), "--files"]).arg(&files);
        assert_eq!(code(&command.output().unwrap()), 2, "{files:?}");
        app.assert_old();
    }
}
