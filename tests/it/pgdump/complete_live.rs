//! Losses of a restore, and objects that are taken out without loss, held against real servers.
#![cfg(unix)]

use std::fs;
use std::path::Path;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::transcode::EntryChangeKind;
use appsnap::pgdump::{Code, inspect};

use super::transcode_support::{converted, to_1_14};
use crate::support::postgres::Postgres;
use crate::support::skips::skip;

const DATABASE: &str = "
    CREATE TABLE kept (id int PRIMARY KEY, name text); INSERT INTO kept VALUES (1, 'a'), (2, 'b');
    CREATE TABLE emptied (id int); INSERT INTO emptied VALUES (1);
    CREATE INDEX kept_name ON kept (name); ANALYZE;
";

/// Starts a server that writes 1.16, with a database `app`, and one of 13 or 15 that reads it after a conversion.
fn servers() -> Option<(Postgres, Postgres)> {
    let newer = [18, 17].into_iter().find_map(Postgres::start_major);
    let older = [13, 15].into_iter().find_map(Postgres::start_major);
    let (Some(newer), Some(older)) = (newer, older) else {
        skip("PostgreSQL 17 or 18, and 13 or 15, are not both installed: .ci/postgres unpacks them");
        return None;
    };
    newer.sql("postgres", "CREATE DATABASE app TEMPLATE template0");
    newer.sql("app", DATABASE);
    Some((newer, older))
}

fn codes(dump: &[u8]) -> Vec<Code> {
    let inspection = inspect(dump, &Limits::untrusted(), &mut NoObserver).unwrap();
    let of_dumps = [
        Code::DumpPostDataOnly,
        Code::DumpStatisticsOnly,
        Code::DumpSchemaMissing,
        Code::DumpTablesWithoutRows,
        Code::DumpSqlAscii,
        Code::DumpSqlAsciiNotUtf8,
    ];
    of_dumps.into_iter().filter(|code| inspection.diagnostics.count_of(*code) > 0).collect()
}

fn restores(server: &Postgres, path: &Path, options: &[&str]) -> bool {
    server.sql("postgres", "DROP DATABASE IF EXISTS back");
    server.sql("postgres", "CREATE DATABASE back TEMPLATE template0");
    let output = server.program("pg_restore").args(["--exit-on-error", "-d", "back"]).args(options).arg(path).output();
    output.unwrap().status.success()
}

#[test]
fn what_is_taken_out_is_not_missed() {
    let Some((newer, older)) = servers() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("converted.dump");
    let mut cases = vec![(vec!["-Fc", "-n", "public"], EntryChangeKind::PublicSchemaDropped)];
    if newer.major() >= 18 {
        cases.push((vec!["-Fc", "--statistics"], EntryChangeKind::StatisticsDropped));
    }
    for (options, kind) in cases {
        let dump = newer.run("pg_dump", &[&options[..], &["app"]].concat());
        let (out, report) = converted(&to_1_14(), &dump);
        assert!(report.changes.entries.iter().any(|change| change.kind == kind), "{options:?}");
        fs::write(&path, out).unwrap();
        assert!(restores(&older, &path, &[]), "{options:?}");
        assert_eq!(older.sql("back", "SELECT count(*) FROM kept").trim(), "2");
    }
    // With -C the database is created with the options that the dump states.
    let (out, report) = converted(&to_1_14(), &newer.run("pg_dump", &["-Fc", "app"]));
    assert!(report.changes.entries.iter().any(|change| change.kind == EntryChangeKind::LocaleProviderRemoved));
    fs::write(&path, out).unwrap();
    older.run("pg_restore", &["--exit-on-error", "-C", "-d", "postgres", path.to_str().unwrap()]);
    assert_eq!(older.sql("app", "SELECT count(*) FROM kept").trim(), "2");
}

#[test]
fn what_does_not_come_back_is_found() {
    let Some((newer, _)) = servers() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("part.dump");
    newer.sql("postgres", "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
    newer.sql("ascii", "CREATE TABLE kept (t text); INSERT INTO kept VALUES (convert_from('\\xe4', 'SQL_ASCII'))");
    // Servers since 14 take the bytes unseen.
    newer.run("pg_dump", &["-Fc", "-f", path.to_str().unwrap(), "ascii"]);
    assert_eq!(codes(&fs::read(&path).unwrap()), [Code::DumpSqlAsciiNotUtf8]);
    let is_restored = restores(&newer, &path, &[]);
    let query = newer.program("psql").args(["-X", "-d", "back", "-c", "SELECT length(t) FROM kept"]).output().unwrap();
    assert!(!is_restored || !query.status.success());
    for (options, code, is_restored) in [
        (&["--section=post-data", "app"][..], Some(Code::DumpPostDataOnly), false),
        (&["--exclude-table-data=emptied", "app"], Some(Code::DumpTablesWithoutRows), true),
        (&["app"], None, true),
    ] {
        newer.run("pg_dump", &[&["-Fc", "-f", path.to_str().unwrap()], options].concat());
        assert_eq!(codes(&fs::read(&path).unwrap()), code.into_iter().collect::<Vec<_>>(), "{options:?}");
        assert_eq!(restores(&newer, &path, &[]), is_restored, "{options:?}");
    }
}
