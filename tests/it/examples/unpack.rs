//! The example that unpacks: conversion for the server that is there, and destinations that are not its own.

use std::fs;
use std::path::Path;

use super::pack::{App, DOCUMENTS};
use super::{example, run, stderr, stdout};
use crate::support::postgres::Postgres;

fn packed(dump: &str) -> Option<App> {
    let app = App::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(dump);
    fs::copy(data, app.path("mx.dump")).unwrap();
    let arguments = ["--database", "mx.dump", "--files", "app/data/files", "--profile", "mendix-cloud"];
    let (code, _, messages) = app.pack(&arguments)?;
    assert_eq!(code, 0, "{messages}");
    Some(app)
}

#[test]
fn the_dump_is_converted_for_the_server() {
    let (Some(app), Some(_)) = (packed("examples/data/postgres18.dump"), example("unpack")) else { return };
    let version = |folder: &str| fs::read(app.path(folder).join("db.backup")).unwrap()[6];
    for (number, (more, expected)) in [
        (&[][..], 16),
        (&["--convert-dump"], 14),
        (&["--convert-dump", "1.15"], 15),
        (&["--server", "13"], 14),
        (&["--server", "16"], 15),
        (&["--server", "18"], 16),
        (&["--convert-dump", "--server", "15"], 14),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = format!("restored{number}");
        let (code, text, messages) = app.run("unpack", &[&["out.tar.gz", &folder, "--json"], more].concat()).unwrap();
        assert_eq!((code, version(&folder)), (0, expected), "{more:?}: {messages}");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let len_bytes = fs::metadata(app.path(&folder).join("db.backup")).unwrap().len();
        assert_eq!((json["conversion"].is_null(), json["database_bytes"].as_u64()), (more.is_empty(), Some(len_bytes)));
        let document = app.path(&folder).join("files/8a/3f").join(DOCUMENTS[0].0);
        assert_eq!(fs::read_to_string(document).unwrap(), DOCUMENTS[0].1);
    }
    let names = app.names();
    for arguments in [
        &["out.tar.gz", "new", "--convert-dump", "9.9"][..],
        &["out.tar.gz", "new", "--only", "files", "--server", "13"],
        &["out.tar.gz", "-"],
    ] {
        let (code, _, messages) = app.run("unpack", arguments).unwrap();
        assert_eq!(code, 2, "{arguments:?}: {messages}");
    }
    assert_eq!(app.names(), names);
}

#[test]
fn a_converted_dump_is_restored_by_the_server_that_is_there() {
    let (Some(app), Some(server)) = (packed("examples/data/postgres18.dump"), Postgres::shared()) else { return };
    let (code, _, messages) = app.run("unpack", &["out.tar.gz", "restored", "--server", "15"]).unwrap();
    assert_eq!(code, 0, "{messages}");
    server.create_database("unpacked");
    let dump = app.path("restored/db.backup");
    server.run("pg_restore", &["-e", "-O", "-x", "-d", "unpacked", dump.to_str().unwrap()]);
    assert_eq!(server.sql("unpacked", r#"select count(*) from "system$filedocument""#).trim(), "3");
}

#[test]
fn an_archive_on_standard_input_is_unpacked() {
    let (Some(app), Some(unpack)) = (packed("examples/data/quickstart.dump"), example("unpack")) else { return };
    let archive = fs::read(app.path("out.tar.gz")).unwrap();
    for (folder, more) in [("one", &[][..]), ("two", &["--convert-dump", "1.13"])] {
        let dest = app.path(folder);
        let arguments = [&["-", dest.to_str().unwrap()], more].concat();
        let output = run(&unpack, &arguments, &archive);
        assert!(stdout(&output).contains("standard input is verified"), "{}", stdout(&output));
        assert!(dest.join("files/8a/3f").join(DOCUMENTS[1].0).is_file());
        let cut = run(&unpack, &[arguments[0], app.path("cut").to_str().unwrap()], &archive[..archive.len() - 9]);
        assert!(cut.status.code() == Some(1) && stderr(&cut).contains("standard input"), "{}", stderr(&cut));
    }
    assert_eq!(app.names(), ["app", "mx.dump", "one", "out.tar.gz", "two"]);
}

#[test]
fn nothing_is_replaced_that_it_did_not_create() {
    let (Some(app), Some(_)) = (packed("examples/data/quickstart.dump"), example("unpack")) else { return };
    let unpack = |dest: &str| app.run("unpack", &["out.tar.gz", dest, "--replace"]).unwrap();
    assert_eq!(unpack("restored").0, 0);
    assert_eq!(unpack("restored").0, 0);
    for stray in ["notes.txt", "files/notes.txt", "files/8a/3f/notes.txt"] {
        fs::write(app.path("restored").join(stray), "precious").unwrap();
        let (code, _, messages) = unpack("restored");
        assert!(code == 2 && messages.contains(stray), "{messages}");
        assert_eq!(fs::read(app.path("restored").join(stray)).unwrap(), b"precious");
        fs::remove_file(app.path("restored").join(stray)).unwrap();
    }
    let (code, _, messages) = unpack("app");
    assert!(code == 2 && messages.contains("data"), "{messages}");
    let (code, _, messages) = unpack("mx.dump");
    assert!(code == 2 && messages.contains("not a folder"), "{messages}");
    assert_eq!(app.names(), ["app", "mx.dump", "out.tar.gz", "restored"]);
}

#[cfg(unix)]
#[test]
fn a_link_as_destination_is_kept_and_followed() {
    use std::os::unix::fs::symlink;

    let (Some(app), Some(_)) = (packed("examples/data/quickstart.dump"), example("unpack")) else { return };
    fs::create_dir(app.path("real")).unwrap();
    symlink("real", app.path("link")).unwrap();
    symlink("nowhere", app.path("broken")).unwrap();
    let unpack = |arguments: &[&str]| app.run("unpack", &[&["out.tar.gz"], arguments].concat()).unwrap();
    assert_eq!(unpack(&["link"]).0, 2);
    let (code, _, messages) = unpack(&["link", "--replace"]);
    assert_eq!(code, 0, "{messages}");
    assert!(app.path("link").is_symlink() && app.path("real/db.backup").is_file());
    for arguments in [&["broken"][..], &["broken", "--replace"]] {
        assert_eq!(unpack(arguments).0, 2);
        assert!(app.path("broken").is_symlink() && !app.path("nowhere").exists());
    }
}
