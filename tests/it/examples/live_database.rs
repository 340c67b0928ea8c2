//! `pack --from-database`: dumps a live database itself.

use std::fs;
use std::path::Path;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::inspect;
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
use tempfile::tempdir;

use super::{example, run, stderr};
use crate::support::app::make_files;
use crate::support::postgres::Postgres;

/// Number of rows in the dump, and of documents.
fn contents(archive: &Path) -> (u64, u64) {
    let mut reader = SnapshotReader::new(fs::File::open(archive).unwrap(), &ReadOptions::new());
    let mut rows_count = 0;
    while let Some(mut entry) = reader.next_entry().unwrap() {
        if matches!(entry.kind(), EntryKind::Database) {
            rows_count = inspect(&mut entry, &Limits::untrusted(), &mut NoObserver).unwrap().rows_count();
        }
    }
    (rows_count, reader.report().documents_count())
}

#[test]
fn live_database_is_dumped_over_one_or_several_connections() {
    let (Some(pack), Some(server)) = (example("pack"), Postgres::shared()) else { return };
    server.create_database("to_pack");
    server.sql(
        "to_pack",
        "create table a as select generate_series(1, 500); create table b as select generate_series(1, 70)",
    );
    let folder = tempdir().unwrap();
    let files = folder.path().join("files");
    make_files(&files, 12);
    for threads in ["0", "2"] {
        let archive = folder.path().join("backup.tar.gz");
        let url = server.url("to_pack");
        let arguments = ["--from-database", &url, "--profile", "format", "--threads", threads, "--files"];
        let mut arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        arguments.extend([files.to_str().unwrap(), "--output", archive.to_str().unwrap()].map(str::to_owned));
        let output = run(&pack, &arguments, b"");
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(contents(&archive), (570, 12));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "something is left");
    }
}

#[test]
fn server_that_refuses_is_named_and_nothing_is_left() {
    let (Some(pack), Some(server)) = (example("pack"), Postgres::shared()) else { return };
    let folder = tempdir().unwrap();
    let archive = folder.path().join("backup.tar.gz");
    let url = server.url("no_such_database").replace("postgres@", "postgres:secret@");
    let output = run(&pack, &["--from-database", &url, "--output", archive.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("no_such_database") && !stderr(&output).contains("secret"), "{}", stderr(&output));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something is left");
}

/// The arguments and the password of every program that `pack` starts for this connection.
#[cfg(unix)]
fn started(pack: &Path, connection: &str) -> String {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempdir().unwrap();
    let log = folder.path().join("log");
    for name in ["psql", "pg_dump"] {
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = --version ] && echo '{name} (PostgreSQL) 17.1' && exit\n\
             echo \"{name} $PGPASSWORD: $@\" >> '{}'\necho 170001\n[ {name} = psql ]\n",
            log.display()
        );
        let path = folder.path().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let output = std::process::Command::new(pack)
        .env("PATH", path)
        .args(["--from-database", connection, "--output"])
        .arg(folder.path().join("backup.tar.gz"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    fs::read_to_string(log).unwrap()
}

#[cfg(unix)]
#[test]
fn password_is_not_among_the_arguments_of_programs() {
    let Some(pack) = example("pack") else { return };
    for (connection, shown) in [
        ("postgresql://app:s%20ecret@db.invalid/shop", "postgresql://app@db.invalid/shop"),
        (
            "postgres://app:other@db.invalid:5433/shop?connect_timeout=2&password=s%20ecret",
            "postgres://app@db.invalid:5433/shop?connect_timeout=2",
        ),
        ("postgresql:///shop?password=s%20ecret", "postgresql:///shop"),
        ("host=db.invalid password = 's ecret' dbname=shop", "host=db.invalid dbname=shop"),
        ("password=s\\ ecret host=db.invalid dbname=shop", "host=db.invalid dbname=shop"),
    ] {
        let log = started(&pack, connection);
        let (of_psql, of_dump) = log.trim_end().split_once('\n').unwrap();
        for (program, line) in [("psql", of_psql), ("pg_dump", of_dump)] {
            let arguments = line.strip_prefix(&format!("{program} s ecret: "));
            let arguments = arguments.unwrap_or_else(|| panic!("{connection}: {line}"));
            assert!(arguments.contains(shown), "{connection}: {line}");
            assert!(!arguments.contains("ecret") && !arguments.contains("other"), "{connection}: {line}");
        }
    }
}
