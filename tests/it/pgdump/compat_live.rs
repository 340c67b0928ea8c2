//! Every warning is held against what a server says: one object for each feature is restored into all older servers.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::transcode::Transcoder;

use crate::support::postgres::Postgres;
use crate::support::skips::skip;

/// Returns the dump ids of the entries that `pg_restore -v` could not restore, with the reason of the server.
fn refused(stderr: &str) -> BTreeMap<u32, String> {
    let (mut found, mut current) = (BTreeMap::new(), None);
    for line in stderr.lines() {
        if let Some(entry) = line.strip_prefix("pg_restore: from TOC entry ") {
            current = entry.split(';').next().and_then(|id| id.parse().ok());
        } else if let (Some(error), Some(id)) = (line.strip_prefix("pg_restore: error: "), current) {
            found.entry(id).or_insert_with(|| error.to_owned());
        }
    }
    found
}

#[test]
fn servers_refuse_what_is_warned_of_and_nothing_else() {
    let Some(newest) = Postgres::start_major(18) else {
        skip("PostgreSQL 18 is not installed: .ci/postgres unpacks it");
        return;
    };
    let older: Vec<_> = (10..18).filter_map(Postgres::start_major).collect();
    if older.is_empty() {
        skip("no PostgreSQL before 18 is installed: .ci/postgres unpacks some");
        return;
    }
    newest.sql("postgres", "CREATE DATABASE features");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pgdump/features.sql");
    newest.run("psql", &["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "features", "-f", script.to_str().unwrap()]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("converted.dump");
    for options in [&["-Fc"][..], &["-Fc", "--quote-all-identifiers"], &["-Fc", "--compress=none"]] {
        let dump = newest.run("pg_dump", &[options, &["features"]].concat());
        for server in &older {
            let major = u16::try_from(server.major()).unwrap();
            let to = match major {
                10 | 11 => FormatVersion::V1_13,
                12..=15 => FormatVersion::V1_14,
                16 => FormatVersion::V1_15,
                _ => FormatVersion::V1_16,
            };
            let mut converted = Vec::new();
            let (_, report) = Transcoder::to(to)
                .with_server_major(major)
                .convert(&dump[..], &mut converted, &Limits::untrusted(), &mut NoObserver)
                .unwrap();
            fs::write(&path, &converted).unwrap();
            server.sql("postgres", "DROP DATABASE IF EXISTS features");
            server.sql("postgres", "CREATE DATABASE features TEMPLATE template0");
            let output = server.program("pg_restore").args(["-v", "-d", "features"]).arg(&path).output().unwrap();
            let refused = refused(&String::from_utf8_lossy(&output.stderr));
            let warned: BTreeMap<u32, String> = report
                .changes
                .warnings
                .iter()
                .filter(|warning| !warning.feature.is_of_database())
                .map(|warning| (warning.id, warning.to_string()))
                .collect();
            let shown = |id: u32| format!("{:?} into {major}: {:?}", options, report.toc.get(id));
            for (id, warning) in &warned {
                assert!(refused.contains_key(id), "restores cleanly: {}: {warning}", shown(*id));
            }
            for (id, error) in &refused {
                // What needs a refused entry fails with it.
                let needs =
                    report.toc.get(*id).is_some_and(|entry| entry.dependencies().any(|id| refused.contains_key(&id)));
                assert!(warned.contains_key(id) || needs, "no warning: {}: {error}", shown(*id));
            }
        }
    }
}
