//! Dumps in directory and tar format of real servers: joined, converted, and restored by older programs.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use appsnap::Limits;
use appsnap::io::Parallelism;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{BlockReader, DataElement};
use appsnap::pgdump::toc::{DataState, Offsets};
use appsnap::pgdump::transcode::Transcoder;
use appsnap::pgdump::{Dump, FormatVersion, inspect};
use appsnap::source::dump::{DumpOptions, DumpReader};

use crate::support::postgres::Postgres;
use crate::support::skips::skip;

const SCHEMA: &str = r#"
CREATE TABLE big (id integer PRIMARY KEY, name text, more text);
INSERT INTO big SELECT n, md5(n::text), repeat(md5((n * 7)::text), n % 5) FROM generate_series(1, 20000) n;
CREATE TABLE kinds (b bytea, n numeric, d timestamptz, a text[], j jsonb, r int4range);
INSERT INTO kinds VALUES ('\x00ff5c0a', 'NaN', '2026-01-01 00:00:00+00', '{a,"b c",NULL}', '{"k": [1, null]}', '[1,5)'),
    (NULL, 1e100, 'infinity', '{}', 'null', 'empty');
CREATE TABLE nothing (id integer);
CREATE TABLE "Odd ""name" (t text);
INSERT INTO "Odd ""name" VALUES (''), (NULL), ('\.'), (E'a\tb\nc');
SELECT lo_from_bytea(40001, 'hello'), lo_from_bytea(40002, ''), lo_from_bytea(40003, decode(repeat('00ff', 30000), 'hex'));
"#;

/// A sum of the rows of every table and the content of every large object.
const CONTENTS: &str = r#"
SELECT 'big', count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM big t
UNION ALL SELECT 'kinds', count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM kinds t
UNION ALL SELECT 'nothing', count(*), '' FROM nothing
UNION ALL SELECT 'odd', count(*), md5(string_agg(coalesce(t, '<null>'), ',' ORDER BY t)) FROM "Odd ""name"
UNION ALL SELECT 'object ' || oid, 1, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 1"#;

fn contents(server: &Postgres, database: &str) -> String {
    server.sql(database, &format!("SET timezone = 'UTC'; {CONTENTS}"))
}

/// The decoded streams, by the name of the entry and the OID.
fn streams(dump: impl Read) -> BTreeMap<(Vec<u8>, Option<u32>), Vec<u8>> {
    let mut dump = Dump::open(dump, &Limits::untrusted()).unwrap();
    let mut streams = BTreeMap::new();
    while let Some(mut stream) = dump.next_stream().unwrap() {
        let name = if stream.oid().is_some() { Vec::new() } else { stream.entry().tag.to_vec() };
        let key = (name, stream.oid());
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        streams.insert(key, bytes);
    }
    streams
}

/// Dumps of a database in directory and tar format, in every compression that this release and this build have.
fn dumps(server: &Postgres, folder: &Path) -> Vec<String> {
    let mut forms: Vec<(&str, Vec<&str>)> = vec![("tar", vec!["-Ft"]), ("none", vec!["-Fd", "-Z0"])];
    forms.push(("gzip", vec!["-Fd", "-j2"]));
    forms.push(("gzip1", vec!["-Fd", "-Z1"]));
    if server.major() >= 16 && cfg!(feature = "lz4") {
        forms.push(("lz4", vec!["-Fd", "--compress=lz4"]));
    }
    if server.major() >= 16 && cfg!(feature = "zstd") {
        forms.push(("zstd", vec!["-Fd", "-j2", "--compress=zstd:3"]));
    }
    forms
        .iter()
        .map(|(name, options)| {
            let path = folder.join(format!("{}-{name}", server.major())).to_str().unwrap().to_owned();
            server.run("pg_dump", &[options, &["-f", &path, "forms"][..]].concat());
            path
        })
        .collect()
}

#[test]
fn every_form_of_every_release_becomes_the_custom_dump_that_older_programs_restore() {
    let majors: Vec<u32> = (13..20).collect();
    let servers: Vec<Postgres> = majors.into_iter().filter_map(Postgres::start_major).collect();
    let Some(oldest) = servers.first() else { return skip("PostgreSQL") };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("joined.dump");
    let joined = path.to_str().unwrap();
    let options = DumpOptions::new().with_spool_dir(folder.path());
    let restored = |server: &Postgres| {
        server.create_database("forms_restored");
        server.run("pg_restore", &["-l", joined]);
        server.run("pg_restore", &["--exit-on-error", "-d", "forms_restored", joined]);
        let found = contents(server, "forms_restored");
        server.sql("postgres", "DROP DATABASE forms_restored");
        found
    };
    for server in &servers {
        server.create_database("forms");
        server.sql("forms", SCHEMA);
        let expected = contents(server, "forms");
        let custom = folder.path().join("custom.dump");
        server.run("pg_dump", &["-Fc", "-f", custom.to_str().unwrap(), "forms"]);
        let expected_streams = streams(fs::File::open(&custom).unwrap());
        for dump in dumps(server, folder.path()) {
            let mut bytes = Vec::new();
            DumpReader::open(&dump, &options).unwrap().read_to_end(&mut bytes).unwrap();
            for threads in [1, 2, 8] {
                let options = options.clone().with_parallelism(Parallelism::threads(threads));
                let mut again = Vec::new();
                DumpReader::open(&dump, &options).unwrap().read_to_end(&mut again).unwrap();
                assert!(bytes == again, "{dump} with {threads} threads");
            }
            assert!(streams(&bytes[..]) == expected_streams, "{dump}");
            assert_eq!(inspect(&bytes[..], &Limits::untrusted(), &mut NoObserver).unwrap().offsets, Offsets::Set);
            fs::write(&path, &bytes).unwrap();
            assert_eq!(restored(server), expected, "{dump}");

            let reader = DumpReader::open(&dump, &options).unwrap();
            let converted =
                Transcoder::to(FormatVersion::V1_14).convert(reader, Vec::new(), &Limits::untrusted(), &mut NoObserver);
            let (output, _) = converted.map_err(|failed| failed.into_parts().0).unwrap();
            assert!(streams(&output[..]) == expected_streams, "{dump} converted");
            fs::write(&path, output).unwrap();
            assert_eq!(restored(oldest), expected, "{dump} converted");
        }
        println!("{}: compared", server.major());
    }
}

/// Makes the first chunk of the first table claim more bytes than the dump has.
fn with_a_damaged_first_table(dump: &[u8]) -> Vec<u8> {
    let mut reader = BlockReader::open(dump, &Limits::untrusted()).unwrap();
    loop {
        // The number ends before the bytes of the chunk.
        if matches!(reader.next_element().unwrap().unwrap(), DataElement::Chunk { .. }) {
            let mut damaged = dump.to_vec();
            damaged[reader.position() as usize - 2] = 0x7f;
            return damaged;
        }
    }
}

#[test]
fn a_dump_with_positions_is_read_from_the_table_that_is_wanted() {
    let Some(server) = Postgres::shared() else { return };
    server.create_database("positions");
    server.sql("positions", "CREATE TABLE a (t text); CREATE TABLE b (t text);");
    server
        .sql("positions", "INSERT INTO a SELECT md5(n::text) FROM generate_series(1, 9) n; INSERT INTO b VALUES ('x')");
    let folder = tempfile::tempdir().unwrap();
    let (piped, path) = (server.run("pg_dump", &["-Fc", "positions"]), folder.path().join("positions.dump"));
    let is_set = |dump: &[u8]| {
        let reader = BlockReader::open(dump, &Limits::untrusted()).unwrap();
        reader.toc().entries().any(|entry| matches!(entry.data, DataState::Set(_)))
    };
    assert!(!is_set(&piped), "a pipe takes no positions");
    let sink = Cursor::new(Vec::new());
    let converted = Transcoder::same_version().convert(&piped[..], sink, &Limits::untrusted(), &mut NoObserver);
    let (mut output, mut report) = converted.map_err(|failed| failed.into_parts().0).unwrap();
    report.write_offsets(&mut output).unwrap();
    let output = output.into_inner();
    assert!(is_set(&output));
    // pg_restore passes the tables before the wanted one only where it does not know the position.
    for (dump, passes) in [(&piped, true), (&output, false)] {
        fs::write(&path, with_a_damaged_first_table(dump)).unwrap();
        let listed = server.program("pg_restore").args(["-a", "-t", "b", "-f", "-"]).arg(&path).output().unwrap();
        let is_found = String::from_utf8_lossy(&listed.stdout).contains("\nx\n");
        assert_eq!(
            (listed.status.success(), is_found),
            (!passes, !passes),
            "{}",
            String::from_utf8_lossy(&listed.stderr)
        );
    }
}
