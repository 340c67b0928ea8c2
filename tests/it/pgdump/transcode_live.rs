//! Conversion against real servers: a newer pg_dump writes, an older pg_restore reads, and nothing is lost.
#![cfg(unix)]

use std::fs;
use std::io::Read;
use std::path::Path;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::transcode::Transcoder;
use appsnap::pgdump::{Dump, FormatVersion};

use super::transcode_support::{converted, to_1_14};
use crate::support::dumps::{compressions, sample};
use crate::support::postgres::Postgres;

/// All roles that are owners or have rights in the dumps.
const ROLES: &str = r#"CREATE ROLE mxowner; CREATE ROLE mxreader; CREATE ROLE "we;ird ""LARGE OBJECT 1""""#;

/// The owner, rights, comment and content of every large object.
const OBJECTS: &str = "SELECT m.oid, pg_get_userbyid(lomowner), lomacl::text, obj_description(m.oid, 'pg_largeobject'), \
    md5(lo_get(m.oid)) FROM pg_largeobject_metadata m ORDER BY 1";

/// Restores into a new database `name`, and stops at the first error.
fn restore(server: &Postgres, name: &str, dump: &Path, options: &[&str]) {
    server.sql("postgres", &format!("DROP DATABASE IF EXISTS {name}"));
    server.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
    let dump = dump.to_str().unwrap();
    server.run("pg_restore", &[&["--exit-on-error", "-d", name], options, &[dump]].concat());
}

#[test]
fn pg_restore_reads_converted_dumps_that_it_refused_before() {
    let Some(server) = Postgres::start() else { return };
    server.sql("postgres", ROLES);
    let folder = tempfile::tempdir().unwrap();
    let (original, path) = (folder.path().join("original.dump"), folder.path().join("converted.dump"));
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pgdump");
    let mut dumps = vec![fs::read(data.join("pg17-lo-acl.dump")).unwrap()];
    if cfg!(feature = "lz4") {
        dumps.push(fs::read(data.join("pg17-lz4.dump")).unwrap());
    }
    if cfg!(feature = "zstd") {
        dumps.push(fs::read(data.join("pg17-edge-zstd.dump")).unwrap());
    }
    dumps.extend(compressions().into_iter().map(|compression| sample(FormatVersion::V1_16, compression).build()));
    for (index, dump) in dumps.iter().enumerate() {
        fs::write(&original, dump).unwrap();
        let listed = server.program("pg_restore").arg("-l").arg(&original).output().unwrap();
        assert_eq!(listed.status.success(), server.major() >= 17, "{}", String::from_utf8_lossy(&listed.stderr));
        for version in [FormatVersion::V1_14, FormatVersion::V1_13, FormatVersion::V1_12] {
            for choice in [None, Some(Compression::None), Compression::gzip_level(1)] {
                let transcoder = Transcoder::to(version);
                let transcoder =
                    choice.map_or(transcoder.clone(), |compression| transcoder.with_compression(compression));
                fs::write(&path, converted(&transcoder, dump).0).unwrap();
                server.run("pg_restore", &["-l", path.to_str().unwrap()]);
                server.run("pg_restore", &["-f", "/dev/null", path.to_str().unwrap()]);
            }
        }
        // The dumps that tests build contain no SQL that a server accepts.
        if index < dumps.len() - compressions().len() {
            fs::write(&path, converted(&to_1_14(), dump).0).unwrap();
            for options in [&[][..], &["-O", "-x"], &["-j2"], &["--single-transaction"]] {
                restore(&server, "back", &path, options);
            }
        }
    }
    // The first dump contains large objects.
    fs::write(&path, converted(&to_1_14(), &dumps[0]).0).unwrap();
    restore(&server, "objects", &path, &[]);
    let objects = server.sql("objects", OBJECTS);
    assert_eq!(objects.lines().count(), 12, "{objects}");
    let with_rights = objects.lines().filter(|line| line.contains(r#"mxreader=r/mxowner,"#) && line.contains("we;ird"));
    assert_eq!(with_rights.count(), 10, "{objects}");
    assert!(objects.lines().any(|line| line.starts_with("200005|mxowner|") && line.contains("|five; \"x\"|")));
    assert!(objects.lines().any(|line| line.starts_with("200012|postgres||")));
}

/// Facts that hold only if the restore kept everything.
const DATABASE: &str = r#"
    CREATE SCHEMA shop AUTHORIZATION mxowner;
    CREATE TABLE shop.customer (id bigint PRIMARY KEY, name text NOT NULL, note text, born date DEFAULT current_date);
    INSERT INTO shop.customer SELECT n, 'näme ' || n, nullif(repeat(md5(n::text), n % 40), '') FROM generate_series(1, 5000) n;
    INSERT INTO shop.customer VALUES (0, '', E'tab\tline\nback\\slash \. \N');
    CREATE TABLE shop.lonely (t text); INSERT INTO shop.lonely VALUES (''), (NULL), ('\.');
    CREATE TABLE shop.no_columns (); INSERT INTO shop.no_columns DEFAULT VALUES;
    CREATE TABLE shop.part (k int, v bytea) PARTITION BY RANGE (k);
    CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES FROM (0) TO (100);
    INSERT INTO shop.part SELECT n, decode(md5(n::text), 'hex') FROM generate_series(0, 99) n;
    CREATE TYPE shop.span AS RANGE (subtype = float8, subtype_diff = float8mi);
    CREATE TABLE shop.spans (s shop.span); INSERT INTO shop.spans VALUES ('[1,2)'), (NULL);
    CREATE VIEW shop.names AS SELECT name FROM shop.customer WHERE id > 3;
    CREATE SEQUENCE shop.counter; SELECT setval('shop.counter', 4711);
    CREATE FUNCTION shop.twice(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a * 2';
    COMMENT ON TABLE shop.customer IS 'who buys'; ALTER TABLE shop.customer OWNER TO mxowner;
    GRANT SELECT ON shop.customer TO mxreader;
    SELECT lo_from_bytea(70000 + n, convert_to(repeat('object ' || n, n % 50), 'UTF8')) FROM generate_series(1, 1200) n;
    SELECT lo_from_bytea(3000000001, decode(repeat('00ff', 60000), 'hex')); SELECT lo_create(69999);
    DO $$ BEGIN FOR i IN 70001..70300 LOOP EXECUTE format('ALTER LARGE OBJECT %s OWNER TO mxowner', i);
        EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO mxreader, "we;ird ""LARGE OBJECT 1"""', i); END LOOP; END $$;
    COMMENT ON LARGE OBJECT 70007 IS 'LARGE OBJECT 70008'; COMMENT ON LARGE OBJECT 3000000001 IS 'far';
"#;

/// Queries whose answers must not change.
const FACTS: [&str; 6] = [
    OBJECTS,
    "SELECT * FROM shop.customer ORDER BY id",
    "SELECT (SELECT count(*) FROM shop.no_columns), (SELECT array_agg(t ORDER BY t) FROM shop.lonely), last_value FROM shop.counter",
    "SELECT * FROM shop.part_1 ORDER BY k",
    "SELECT s FROM shop.spans UNION ALL SELECT NULL FROM shop.names WHERE shop.twice(2) = 4",
    "SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner), obj_description(c.oid, 'pg_class'), \
        has_table_privilege('mxreader', c.oid, 'SELECT') FROM pg_class c \
        WHERE relnamespace = 'shop'::regnamespace ORDER BY 1",
];

#[test]
fn a_dump_of_a_newer_server_is_restored_and_dumped_by_an_older_one() {
    let servers = |majors: &[u32]| majors.iter().filter_map(|major| Postgres::start_major(*major)).collect::<Vec<_>>();
    let newer = servers(&[16, 17, 18, 19]);
    let older = if newer.is_empty() { Vec::new() } else { servers(&[12, 13, 14, 15]) };
    if older.is_empty() {
        // No distribution packages both.
        eprintln!("SKIPPED: wants PostgreSQL of 16 or later and of 15 or earlier; `.ci/postgres` unpacks them");
        return;
    }
    older.iter().for_each(|server| drop(server.sql("postgres", ROLES)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("converted.dump");
    for from in &newer {
        from.sql("postgres", ROLES);
        from.sql("postgres", "CREATE DATABASE shop");
        from.sql("shop", DATABASE);
        let facts = FACTS.map(|query| from.sql("shop", query));
        for compression in compressions() {
            let option = format!("--compress={}", compression.name());
            let dump = from.run("pg_dump", &["-Fc", &option, "shop"]);
            let (out, conversion) = converted(&to_1_14(), &dump);
            let unexpected: Vec<_> =
                conversion.changes.warnings.iter().filter(|warning| !warning.feature.is_of_database()).collect();
            assert!(unexpected.is_empty(), "{unexpected:?}");
            fs::write(&path, &out).unwrap();
            for to in &older {
                let what = format!("{} to {} with {}", from.major(), to.major(), compression.name());
                restore(to, "shop", &path, &[]);
                assert!(FACTS.map(|query| to.sql("shop", query)) == facts, "{what}");
                let again = to.run("pg_dump", &["-Fc", "shop"]);
                assert_eq!(contents(&again[..]), contents(&dump[..]), "{what}");
            }
        }
        if from.major() >= 17 {
            let dump = from.run("pg_dump", &["-Fc", "shop"]);
            assert_eq!(converted(&to_1_14(), &dump).1.changes.compression, Compression::GZIP);
        }
    }
}

/// The data of every table and large object, by the name of the table or the OID.
fn contents(source: impl Read) -> Vec<(String, Option<u32>, Vec<u8>)> {
    let mut dump = Dump::open(source, &Limits::untrusted()).unwrap();
    let mut found = Vec::new();
    while let Some(mut stream) = dump.next_stream().unwrap() {
        let mut plain = Vec::new();
        stream.read_to_end(&mut plain).unwrap();
        let table = stream.oid().map_or_else(|| stream.entry().tag.escape_ascii().to_string(), |_| String::new());
        found.push((table, stream.oid(), plain));
    }
    dump.finish(&mut NoObserver).unwrap();
    found.sort();
    found
}
