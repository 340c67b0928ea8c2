//! The example that prints the rows of a table.

use std::fs;
use std::path::Path;

use serde_json::{Value, json as value};
use tempfile::tempdir;

use super::{example, run, stderr};
use crate::support::postgres::Postgres;

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pgdump").join(name).to_str().unwrap().to_owned()
}

fn lines(output: &std::process::Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", stderr(output));
    output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[test]
fn rows_are_printed_as_csv_and_json() {
    let Some(rows) = example("rows") else { return };
    for name in ["pg15-directory", "pg15.tar", "pg17-directory"] {
        let input = data(name);
        let output = run(&rows, &[&input, "--table", "public.account"], b"");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "id,name,email\n1,Ada,ada@example.org\n2,Tab\there,\n3,\"\",x@example.org\n",
            "{}",
            stderr(&output)
        );
        let found = lines(&run(&rows, &[&input, "--table", "account", "--jsonl", "--columns", "email,id"], b""));
        assert_eq!(found[1], value!({ "email": null, "id": "2" }));
        let found =
            lines(&run(&rows, &[&input, "--table", "account", "--jsonl", "--where", "name=", "--where", "id=3"], b""));
        assert_eq!(found, [value!({ "id": "3", "name": "", "email": "x@example.org" })]);
    }
    let tar = fs::read(data("pg15.tar")).unwrap();
    assert_eq!(lines(&run(&rows, &["-", "--table", "account", "--jsonl"], &tar)).len(), 3);
    let folder = tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    let arguments = [&data("pg15.tar"), "--table", "public.account", "--output", file.to_str().unwrap()];
    assert!(run(&rows, &arguments, b"").status.success());
    assert_eq!(fs::read_to_string(file).unwrap().lines().count(), 4);
}

#[test]
fn reading_ends_with_the_table() {
    let (Some(rows), Some(convert)) = (example("rows"), example("convert_dump")) else { return };
    let folder = tempdir().unwrap();
    let path = folder.path().join("out.dump");
    assert!(run(&convert, &[&data("pg15-directory"), path.to_str().unwrap()], b"").status.success());
    let dump = fs::read(&path).unwrap();
    // The large objects at the end are missing.
    let output = run(&rows, &["-", "--table", "account", "--jsonl"], &dump[..dump.len() - 20]);
    assert_eq!(lines(&output).len(), 3);
}

#[test]
fn reading_begins_with_the_table_whose_position_is_known() {
    let Some(rows) = example("rows") else { return };
    let folder = tempdir().unwrap();
    let path = folder.path().join("damaged.dump");
    let mut dump = crate::support::app::DUMP.to_vec();
    let reader = appsnap::pgdump::raw::BlockReader::open(&dump[..], &appsnap::Limits::untrusted()).unwrap();
    // The first block has another number.
    let first = reader.data_offset_bytes() as usize;
    dump[first + 2] ^= 0xff;
    fs::write(&path, &dump).unwrap();
    let arguments = [path.to_str().unwrap(), "--table", "reporting.kpi", "--jsonl"];
    assert!(!lines(&run(&rows, &arguments, b"")).is_empty());
    // A pipe is read from its start.
    let piped = run(&rows, &[&["-"], &arguments[1..]].concat(), &dump);
    assert_eq!(piped.status.code(), Some(1), "{}", stderr(&piped));
}

#[test]
fn wrong_names_are_refused_with_the_right_ones() {
    let Some(rows) = example("rows") else { return };
    let input = data("pg15-directory");
    for (arguments, code, part) in [
        (&["--table", "public.acount"][..], 1, "no such table"),
        (&["--table", "public.account", "--columns", "mail"], 2, "id, name, email"),
        (&["--table", "public.account", "--where", "mail=x"], 2, "id, name, email"),
    ] {
        let output = run(&rows, &[&[input.as_str()], arguments].concat(), b"");
        assert_eq!(output.status.code(), Some(code));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
}

/// Values of every type that prints in an unusual way.
const ZOO: &str = r#"
CREATE TYPE mood AS ENUM ('sad', 'so, so', 'say "hi"');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN short AS varchar(10);
CREATE TABLE zoo (i smallint, l bigint, n numeric, r real, f double precision, b boolean, t text, v varchar(20), c char(5),
    s short, y bytea, d date, ts timestamp, tz timestamptz, tm time, iv interval, u uuid, j json, jb jsonb, x xml, a integer[],
    ta text[], m mood, p pair, rg int4range, mr datemultirange, ip inet, ci cidr, ma macaddr, pt point, bi bit(5), o oid,
    tv tsvector, mo money, g integer GENERATED ALWAYS AS (i * 2) STORED);
INSERT INTO zoo VALUES
    (-32768, 9223372036854775807, 1e30, 1e-10, 'NaN', true, E'a"b,c\r\nd\te\\f', '', 'ab', 'x', '\x00ff5c', 'infinity',
    '2020-02-29 23:59:59.999999', '2020-01-01 00:00+02', '24:00', '1 year -2 days', '8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002',
    '{"a" : [1, "x\ty"]}', '{"b": null}', '<a>&amp;</a>', '{1,NULL,3}', ARRAY['a,b', 'q"q', NULL, '', 'back\slash'], 'so, so',
    ROW(1, 'x,"y'), '[1,10)', '{[2020-01-01,2020-02-01)}', '::1', '10.0.0.0/8', '08:00:2b:01:02:03', '(1.5,-2)', B'10101',
    4294967295, 'a fat:2 cat:3', '-1234.56'),
    (NULL, NULL, 'NaN', '-Infinity', 1.7976931348623157e308, NULL, '\.', '\N', NULL, NULL, '', '0001-01-01 BC', NULL,
    'epoch', NULL, '-00:00:01', NULL, NULL, NULL, NULL, '{}', '{{a,b},{c,d}}', 'say "hi"', NULL, 'empty', NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE one (t text);
INSERT INTO one VALUES (''), (NULL), ('\.'), ('\N'), (' '), (E'\r');
CREATE SCHEMA "Odd. S";
CREATE TABLE "Odd. S"."T, t" ("C ""c" text);
INSERT INTO "Odd. S"."T, t" VALUES ('x');
"#;

#[test]
fn csv_is_what_copy_prints_of_the_restored_table() {
    let (Some(rows), Some(server)) = (example("rows"), Postgres::shared()) else { return };
    server.create_database("zoo");
    server.sql("zoo", ZOO);
    let folder = tempdir().unwrap();
    let dump = folder.path().join("zoo.dump");
    let dump = dump.to_str().unwrap();
    server.run("pg_dump", &["-Fc", "-f", dump, "zoo"]);
    server.create_database("zoo_restored");
    server.run("pg_restore", &["-d", "zoo_restored", dump]);
    let columns = server.sql(
        "zoo",
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute \
         WHERE attrelid = 'zoo'::regclass AND attnum > 0 AND attgenerated = ''",
    );
    for (table, copied) in [
        ("public.zoo", format!("zoo ({})", columns.trim())),
        ("one", "one".to_owned()),
        ("\"Odd. S\".T, t", "\"Odd. S\".\"T, t\"".to_owned()),
    ] {
        let copy = format!("COPY {copied} TO STDOUT (FORMAT csv, HEADER)");
        let expected = server.run("psql", &["-X", "-q", "-d", "zoo_restored", "-c", &copy]);
        let output = run(&rows, &[dump, "--table", table], b"");
        assert_eq!(String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&expected), "{}", stderr(&output));
    }
}
