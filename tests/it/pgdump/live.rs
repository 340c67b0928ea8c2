//! Against a real PostgreSQL: dumps of its pg_dump are read, and its pg_restore reads dumps that are written here.
#![cfg(unix)]

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{BlockReader, Compression};
use appsnap::pgdump::toc::Offsets;
use appsnap::pgdump::{Code, Dump, FormatVersion, Inspection, inspect};

use crate::support::dumps::{sample, version_for};
use crate::support::postgres::Postgres;
use crate::support::tools::tool;

/// Rows that are hard to read, large objects beyond 2^31, and an owner who is not the role that dumps.
const DATABASE: &str = r#"
    CREATE ROLE mx;
    CREATE TABLE customer (id bigint PRIMARY KEY, name text, note text);
    INSERT INTO customer VALUES (1, '', NULL), (2, E'tab\there', E'line\nfeed'), (3, '\.', E'back\\slash'), (4, '\N', 'x');
    INSERT INTO customer SELECT n, 'name ' || n, repeat(md5(n::text), 20) FROM generate_series(10, 3000) n;
    CREATE TABLE "Odd ""name"", (x)" ("a ""b"", (c)" int, "ü" text);
    INSERT INTO "Odd ""name"", (x)" VALUES (1, 'ä');
    CREATE TABLE lonely_text (t text);
    INSERT INTO lonely_text VALUES (''), (NULL), ('');
    CREATE TABLE no_columns ();
    INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
    CREATE TABLE nothing (id int);
    CREATE VIEW names AS SELECT name FROM customer;
    COMMENT ON TABLE customer IS 'people';
    ALTER TABLE customer OWNER TO mx;
    GRANT SELECT ON customer TO PUBLIC;
    SELECT lo_from_bytea(16500, 'first'), lo_from_bytea(3000000001, decode(repeat('00ff', 60000), 'hex'));
    SELECT lo_create(16501);
"#;

const OBJECTS: [(u32, usize); 3] = [(16_500, 5), (16_501, 0), (3_000_000_001, 120_000)];

fn with_database() -> Option<Postgres> {
    let server = Postgres::start()?;
    server.sql("postgres", "CREATE DATABASE mx");
    server.sql("mx", DATABASE);
    Some(server)
}

/// The lengths of the large objects in a dump, and every row of `customer` and the unusual table.
fn contents(source: impl Read) -> (Vec<(u32, usize)>, Vec<String>) {
    let mut dump = Dump::open(source, &Limits::untrusted()).unwrap();
    let (mut objects, mut rows_found) = (Vec::new(), Vec::new());
    while let Some(mut stream) = dump.next_stream().unwrap() {
        if let Some(oid) = stream.oid() {
            let mut plain = Vec::new();
            stream.read_to_end(&mut plain).unwrap();
            objects.push((oid, plain.len()));
            continue;
        }
        let table = String::from_utf8(stream.entry().tag.to_vec()).unwrap();
        let mut rows = stream.rows().unwrap();
        while let Some(row) = rows.next_row().unwrap() {
            let fields = row.fields().map(|field| match field.bytes() {
                Some(bytes) => format!("{:?}", String::from_utf8(bytes.into_owned()).unwrap()),
                None => "NULL".to_owned(),
            });
            rows_found.push(format!("{table}: {}", fields.collect::<Vec<_>>().join(", ")));
        }
    }
    dump.finish(&mut NoObserver).unwrap();
    objects.sort_unstable();
    (objects, rows_found)
}

fn check(inspection: &Inspection, server: &Postgres) {
    assert!(!inspection.has_anomalies(), "{:?}", inspection.diagnostics);
    let rows_of = |table: &str| {
        let blocks = &inspection.blocks;
        let block = blocks.iter().find(|block| inspection.toc.get(block.id).unwrap().tag == table.as_bytes());
        block.and_then(|block| block.rows_count).unwrap().to_string()
    };
    for table in ["customer", "lonely_text", "no_columns", "nothing"] {
        assert_eq!(rows_of(table), server.sql("mx", &format!("SELECT count(*) FROM {table}")).trim(), "{table}");
    }
    assert_eq!(inspection.large_objects_count(), 3);
}

#[test]
fn dumps_are_read_from_files_and_pipes() {
    let Some(server) = with_database() else { return };
    let mut options = vec!["-Z0", "-Z1", "-Z9"];
    if server.major() >= 16 {
        options.extend([
            "--compress=none",
            "--compress=gzip:5",
            "--compress=lz4",
            "--compress=zstd",
            "--compress=zstd:19",
        ]);
    }
    for option in options {
        let readable =
            (cfg!(feature = "lz4") || !option.contains("lz4")) && (cfg!(feature = "zstd") || !option.contains("zstd"));
        if !readable {
            continue;
        }
        let path = server.path("mx.dump");
        server.run("pg_dump", &["-O", "-x", "-Fc", option, "-f", &path, "mx"]);
        let from_file = inspect(File::open(&path).unwrap(), &Limits::untrusted(), &mut NoObserver).unwrap();
        assert_eq!(from_file.offsets, Offsets::Set);
        check(&from_file, &server);

        let arguments = ["-O", "-x", "-Fc", option, "mx"];
        let mut child = server.program("pg_dump").args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let from_pipe = inspect(child.stdout.take().unwrap(), &Limits::untrusted(), &mut NoObserver).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(from_pipe.offsets, Offsets::NotSet);
        assert_eq!(from_pipe.blocks, from_file.blocks);
        check(&from_pipe, &server);

        let (objects, rows) = contents(File::open(&path).unwrap());
        assert_eq!(objects, OBJECTS);
        for wanted in [
            r#"customer: "1", "", NULL"#,
            r#"customer: "2", "tab\there", "line\nfeed""#,
            r#"customer: "3", "\\.", "back\\slash""#,
            r#"customer: "4", "\\N", "x""#,
            r#"Odd "name", (x): "1", "ä""#,
            r#"lonely_text: """#,
            "lonely_text: NULL",
            "no_columns: ",
        ] {
            assert!(rows.iter().any(|row| row == wanted), "{wanted} is missing with {option}");
        }
        assert_eq!(rows.len() as u64, from_file.rows_count());
    }
}

#[test]
fn the_options_of_pg_dump_are_detected() {
    let Some(server) = with_database() else { return };
    let inspected = |options: &[&str]| {
        let bytes = server.run("pg_dump", &[&["-Fc"], options, &["mx"]].concat());
        inspect(&bytes[..], &Limits::untrusted(), &mut NoObserver).unwrap()
    };
    let has = |options: &[&str], code: Code| inspected(options).diagnostics.count_of(code) == 1;
    assert!(has(&[], Code::DumpWithAccessRights));
    assert!(!has(&["-x"], Code::DumpWithAccessRights));
    assert!(has(&["--schema-only"], Code::DumpSchemaOnly));
    assert!(has(&["--data-only"], Code::DumpDataOnly));
    assert!(has(&["--inserts"], Code::DumpWithInserts));
    assert_eq!(inspected(&["-t", "customer"]).large_objects_count(), 0);
    let latin = inspected(&["-E", "LATIN1"]);
    assert!(latin.encoding.as_deref() == Some(b"LATIN1") && latin.diagnostics.count_of(Code::DumpEncoding) == 1);
}

#[test]
fn the_list_of_a_live_dump_is_that_of_pg_restore() {
    let Some(server) = with_database() else { return };
    let path = server.path("mx.dump");
    server.run("pg_dump", &["-Fc", "-f", &path, "mx"]);
    assert_list(&server.run("pg_restore", &["-l", &path]), File::open(&path).unwrap());
}

fn assert_list(printed: &[u8], dump: impl Read) {
    let blocks = BlockReader::open(dump, &Limits::untrusted()).unwrap();
    let mut list = Vec::new();
    blocks.toc().listed().for_each(|entry| entry.write_list_line(&mut list));
    let wanted: Vec<u8> = printed
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| !line.starts_with(b";"))
        .flatten()
        .copied()
        .collect();
    assert_eq!(String::from_utf8_lossy(&list), String::from_utf8_lossy(&wanted));
}

#[test]
fn pg_restore_reads_dumps_that_are_written_here() {
    let Some(pg_restore) = tool("pg_restore") else { return };
    let folder = tempfile::tempdir().unwrap();
    for version in FormatVersion::ALL.iter().filter(|version| **version >= FormatVersion::V1_10) {
        for compression in [Compression::None, Compression::GZIP] {
            let builder = sample(version_for(*version, compression), compression);
            let bytes = builder.build();
            let path = folder.path().join("sample.dump");
            std::fs::write(&path, &bytes).unwrap();
            let list = std::process::Command::new(&pg_restore).arg("-l").arg(&path).output().unwrap();
            if !list.status.success() && String::from_utf8_lossy(&list.stderr).contains("unsupported version") {
                eprintln!("SKIPPED: this pg_restore does not know {version}");
                continue;
            }
            assert_list(&list.stdout, &bytes[..]);
            let script = std::process::Command::new(&pg_restore).args(["-f", "-"]).arg(&path).output().unwrap();
            assert!(script.status.success(), "{version}: {}", String::from_utf8_lossy(&script.stderr));
            let text = String::from_utf8_lossy(&script.stdout);
            assert!(text.contains("3\ttab\\tnewline\\nslash\\\\\t\\\\N\n\\.\n"), "{version}: {text}");
        }
    }
}
