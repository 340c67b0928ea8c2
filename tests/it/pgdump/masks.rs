//! Data that is left out, edited and masked on the way, and positions that are put back.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use appsnap::Limits;
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{BlockReader, Compression};
use appsnap::pgdump::toc::Offsets;
use appsnap::pgdump::transcode::{EntryChangeKind, MaskRules, Transcoder};
use appsnap::pgdump::{Dump, Error, FormatVersion, inspect};

use crate::support::dumps::{DumpBuilder, Item, compressions, sample, version_for};
use crate::support::postgres::Postgres;

fn convert(transcoder: &Transcoder, dump: &[u8]) -> Result<(Vec<u8>, Vec<EntryChangeKind>), Error> {
    let limits = Limits::untrusted();
    let converted = transcoder.convert(dump, Cursor::new(Vec::new()), &limits, &mut NoObserver);
    let (mut output, mut report) = converted.map_err(|failed| failed.into_parts().0)?;
    report.write_offsets(&mut output).unwrap();
    assert_ne!(report.changes.offsets, Offsets::NotSet);
    let output = output.into_inner();
    assert_eq!(output.len() as u64, report.output_bytes);
    let inspection = inspect(&output[..], &limits, &mut NoObserver).unwrap();
    assert!(!inspection.has_anomalies(), "{:?}", inspection.diagnostics);
    Ok((output, report.changes.entries.iter().map(|change| change.kind).collect()))
}

/// The text of every stream, by the name of its entry and the OID.
fn streams(dump: &[u8]) -> BTreeMap<(String, Option<u32>), String> {
    let mut dump = Dump::open(dump, &Limits::untrusted()).unwrap();
    let mut streams = BTreeMap::new();
    while let Some(mut stream) = dump.next_stream().unwrap() {
        let name = (String::from_utf8(stream.entry().tag.to_vec()).unwrap(), stream.oid());
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        streams.insert(name, String::from_utf8_lossy(&text).into_owned());
    }
    streams
}

/// The stored bytes of every block.
fn stored(dump: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut reader = BlockReader::open(dump, &Limits::untrusted()).unwrap();
    let header = reader.header().clone();
    let (mut blocks, mut name) = (BTreeMap::<String, Vec<u8>>::new(), String::new());
    loop {
        let mut bytes = Vec::new();
        let id = match reader.next_element().unwrap() {
            None => return blocks,
            Some(element) => {
                element.encode(&header, &mut bytes).unwrap();
                match element {
                    appsnap::pgdump::raw::DataElement::TableData { id }
                    | appsnap::pgdump::raw::DataElement::LargeObjects { id } => Some(id),
                    _ => None,
                }
            }
        };
        if let Some(id) = id {
            name = reader.toc().get(id).unwrap().to_string();
        }
        blocks.entry(name.clone()).or_default().extend(bytes);
    }
}

fn dump(compression: Compression) -> Vec<u8> {
    let mut dump = DumpBuilder::new(version_for(FormatVersion::V1_14, compression), compression);
    dump.table("account", "id, email, note", b"1\tada@example.org\tA\\tb\n2\tbob@example.org\t\\N\n17\t\\N\t\n");
    dump.table("message", "id, sender", b"1\tada@example.org\n2\tada@example.org\n3\tbob@example.org\n");
    dump.table("other", "id", b"1\n2\n");
    dump.build()
}

fn masked(rules: &str, dump: &[u8]) -> Result<BTreeMap<(String, Option<u32>), String>, Error> {
    let transcoder = Transcoder::same_version().with_row_editor(MaskRules::parse(rules.as_bytes())?);
    Ok(streams(&convert(&transcoder, dump)?.0))
}

fn table<'a>(streams: &'a BTreeMap<(String, Option<u32>), String>, name: &str) -> Vec<Vec<&'a str>> {
    let text = &streams[&(name.to_owned(), None)];
    let lines = text.lines().take_while(|line| *line != "\\.");
    lines.map(|line| line.split('\t').collect()).collect()
}

#[test]
fn every_rule_does_what_it_says() {
    for compression in compressions() {
        let dump = dump(compression);
        let masked = |rules: &str| masked(rules, &dump).unwrap();
        let account = |streams: &BTreeMap<_, _>, column: usize| -> Vec<String> {
            table(streams, "account").iter().map(|row| row[column].to_owned()).collect()
        };
        assert_eq!(account(&masked(r#"{"columns": {"public.account.email": "null"}}"#), 1), ["\\N", "\\N", "\\N"]);
        let fixed = masked(r#"{"columns": {"public.account.note": {"fixed": "a\tb\\c"}}}"#);
        assert_eq!(account(&fixed, 2), ["a\\tb\\\\c"; 3]);
        let redacted = masked(r#"{"columns": {"*.account.*": "redact", "*.account.id": {"hash": "k"}}}"#);
        assert_eq!(account(&redacted, 1), ["xxx@xxxxxxx.xxx", "xxx@xxxxxxx.xxx", "\\N"]);
        assert_eq!(account(&redacted, 2), ["X\\tx", "\\N", ""]);

        let hashed =
            masked(r#"{"columns": {"public.account.email": {"hash": "k"}, "*.message.sender": {"hash": "k"}}}"#);
        let (emails, senders) = (account(&hashed, 1), table(&hashed, "message"));
        assert_eq!((emails[0].len(), emails[2].as_str()), (32, "\\N"));
        assert_eq!([senders[0][1], senders[1][1], senders[2][1]], [&emails[0], &emails[0], &emails[1]]);

        let dropped = masked(r#"{"rows": {"public.mess*": "drop"}}"#);
        assert!(table(&dropped, "message").is_empty());
        assert_eq!(table(&dropped, "account").len(), 3);
    }
}

#[test]
fn untouched_data_keeps_its_bytes() {
    for compression in [Compression::None, Compression::GZIP] {
        let dump = sample(FormatVersion::V1_14, compression).build();
        let (before, tables) = (stored(&dump), streams(&dump));
        let name = tables.keys().find(|(_, oid)| oid.is_none()).unwrap().0.clone();
        let transcoder = Transcoder::same_version().without_data_of(format!("*.\"{name}\""));
        let (output, changes) = convert(&transcoder, &dump).unwrap();
        assert_eq!(changes, [EntryChangeKind::DataExcluded]);
        let after = stored(&output);
        assert_eq!(after.len() + 1, before.len());
        assert!(after.iter().all(|(name, bytes)| before[name] == *bytes));
    }
    for compression in compressions() {
        let dump = dump(compression);
        let rules = MaskRules::parse(br#"{"columns": {"public.message.sender": "redact"}}"#).unwrap();
        let (output, changes) = convert(&Transcoder::same_version().with_row_editor(rules.clone()), &dump).unwrap();
        assert_eq!(changes, [EntryChangeKind::RowsEdited]);
        let header = BlockReader::open(&output[..], &Limits::untrusted()).unwrap().header().clone();
        assert_eq!(header.compression.name(), compression.name());
        let (before, after) = (stored(&dump), stored(&output));
        assert_eq!(before.iter().filter(|(name, bytes)| after[*name] != **bytes).count(), 1, "{compression:?}");
        // An older version has neither lz4 nor zstd.
        let (output, _) = convert(&Transcoder::to(FormatVersion::V1_14).with_row_editor(rules), &dump).unwrap();
        let header = BlockReader::open(&output[..], &Limits::untrusted()).unwrap().header().clone();
        let is_kept = matches!(compression, Compression::None | Compression::Gzip { .. });
        assert_eq!(header.compression.name(), if is_kept { compression.name() } else { "gzip" });
        assert_eq!(table(&streams(&output), "message")[0], ["1", "xxx@xxxxxxx.xxx"]);
    }
}

#[test]
fn every_compression_can_be_written_that_the_version_has() {
    let rows: String = (0..30_000_u32).map(|n| format!("{n}\t{}\n", n.wrapping_mul(2_654_435_761) % 977)).collect();
    for from in compressions() {
        let mut dump = DumpBuilder::new(FormatVersion::V1_16, from);
        dump.table("large", "id, n", rows.as_bytes());
        dump.table("empty", "id", b"");
        dump.table("small", "id", b"1\n");
        dump.blobs(vec![(17, vec![7; 200_000]), (18, Vec::new()), (19, b"x".to_vec())]);
        let dump = dump.build();
        let expected = streams(&dump);
        for to in compressions() {
            let (output, _) = convert(&Transcoder::same_version().with_compression(to), &dump).unwrap();
            let header = BlockReader::open(&output[..], &Limits::untrusted()).unwrap().header().clone();
            assert_eq!(header.compression.name(), to.name());
            assert!(streams(&output) == expected, "{from:?} to {to:?}");
            if !matches!(to, Compression::None) {
                assert!(output.len() < 300_000, "{from:?} to {to:?}: {} bytes", output.len());
            }
            let older = convert(&Transcoder::to(FormatVersion::V1_14).with_compression(to), &dump);
            assert_eq!(older.is_ok(), matches!(to, Compression::None | Compression::Gzip { .. }), "{to:?}");
        }
    }
}

#[test]
fn rules_that_do_not_fit_are_errors() {
    let dump = dump(Compression::GZIP);
    for (rules, part) in [
        (r#"{"columns": {"public.account.phone": "null"}}"#, "matches nothing"),
        (r#"{"rows": {"public.session": "drop"}}"#, "matches nothing"),
        (
            r#"{"columns": {"public.account.*": "null", "public.acc*.email": "redact", "public.*unt.email": "null"}}"#,
            "both apply",
        ),
        (r#"{"columns": {"account.email": "null"}}"#, "schema.table.column"),
        (r#"{"columns": {"public.account.email": "nul"}}"#, "is unknown"),
        (r#"{"columns": {"public.account.email": {"hash": ""}}}"#, "is unknown"),
        (r#"{"column": {"public.account.email": "null"}}"#, "is unknown"),
        (r#"{"rows": {"public.account": "keep"}}"#, "is not \"drop\""),
        ("{}", "no rules"),
        (r#"{"columns": {"public.account.email": "null", "public.account.email": "redact"}}"#, "appears twice"),
        (r#"{"rows": {}, "rows": {}}"#, "appears twice"),
        (
            r#"{"columns": {"public.account.mail": "null"}}"#,
            "the columns of public.account in the dump are id, email, note",
        ),
        (r#"{"columns": {"public.Account.email": "null"}}"#, "the dump has the table public.account"),
        ("[", "not a JSON object"),
    ] {
        let error = masked(rules, &dump).unwrap_err();
        assert!(error.is_misuse() && error.to_string().contains(part), "{rules}: {error}");
    }
    for pattern in ["public.session", "account", "public."] {
        let error = convert(&Transcoder::same_version().without_data_of(pattern), &dump).unwrap_err();
        assert!(error.is_misuse() && error.to_string().contains("pattern"), "{error}");
    }
}

#[test]
fn rows_in_insert_statements_are_not_passed_on_unmasked() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pgdump/pg13-inserts.dump");
    let dump = fs::read(data).unwrap();
    let error = masked(r#"{"columns": {"*.*.*": "redact"}}"#, &dump).unwrap_err();
    assert!(error.to_string().contains("INSERT"), "{error}");
}

#[test]
fn positions_are_put_back() {
    let piped = {
        let mut dump = sample(FormatVersion::V1_14, Compression::GZIP);
        dump.with_positions = false;
        dump.build()
    };
    assert_eq!(inspect(&piped[..], &Limits::untrusted(), &mut NoObserver).unwrap().offsets, Offsets::NotSet);
    let (output, changes) = convert(&Transcoder::same_version(), &piped).unwrap();
    assert!(changes.is_empty());
    let inspection = inspect(&output[..], &Limits::untrusted(), &mut NoObserver).unwrap();
    assert_eq!(inspection.offsets, Offsets::Set);
    assert_eq!(streams(&output), streams(&piped));
    for compression in compressions() {
        let dump = sample(version_for(FormatVersion::V1_16, compression), compression).build();
        let (output, _) = convert(&Transcoder::to(FormatVersion::V1_14), &dump).unwrap();
        let inspection = inspect(&output[..], &Limits::untrusted(), &mut NoObserver).unwrap();
        assert_eq!(inspection.offsets, Offsets::Set);
    }
}

/// The tables of a small app.
const SCHEMA: &str = r#"
CREATE TABLE account (id bigint PRIMARY KEY, uuid uuid UNIQUE, email varchar(60) NOT NULL UNIQUE, name text, token bytea,
    born date, height numeric(5,2));
CREATE TABLE message (id integer PRIMARY KEY, account_id bigint NOT NULL REFERENCES account, sender varchar(60), body text);
CREATE TABLE "Odd S" ("A.b" text, c integer[]);
INSERT INTO account SELECT n, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'user' || n || '@example.org',
    E'Zoë \\ ' || chr(9) || n, decode(md5(n::text), 'hex'), '2000-01-01', 1.75 FROM generate_series(1, 5000) n;
INSERT INTO message SELECT n, 1 + n % 5000, 'user' || (1 + n % 5000) || '@example.org', repeat('text ', 10) || n
    FROM generate_series(1, 20000) n;
INSERT INTO "Odd S" VALUES ('x', '{1,2}'), (NULL, NULL);
"#;

const RULES: &str = r#"{"columns": {
    "public.account.id": {"hash": "secret"}, "public.message.account_id": {"hash": "secret"},
    "public.account.uuid": {"hash": "secret"}, "public.account.token": {"hash": "secret"},
    "public.account.email": {"hash": "secret"}, "public.message.sender": {"hash": "secret"},
    "public.account.name": "redact", "*.*.born": "null", "public.message.body": {"fixed": "none"},
    "public.\"Odd S\".\"A.b\"": "redact"}}"#;

#[test]
fn constraints_that_may_not_hold_are_named() {
    let mut dump = DumpBuilder::new(FormatVersion::V1_14, Compression::None);
    dump.table("account", "id, email, note", b"1\ta\tb\n");
    dump.table("message", "id, sender, account_id", b"1\ta\t1\n");
    let mut sql = |id, desc: &'static [u8], sql: &[u8]| {
        let mut item = Item::new(id, desc, b"name");
        item.definition = Some(sql.to_vec());
        dump.items.push(item);
    };
    sql(101, b"CONSTRAINT", b"ALTER TABLE ONLY public.account\n    ADD CONSTRAINT account_pkey PRIMARY KEY (id);\n");
    sql(102, b"CONSTRAINT", b"ALTER TABLE ONLY public.account\n    ADD CONSTRAINT \"unique\" UNIQUE (email);\n");
    sql(103, b"INDEX", b"CREATE UNIQUE INDEX i ON public.account USING btree (lower(note), email DESC);\n");
    sql(104, b"INDEX", b"CREATE INDEX j ON public.account USING btree (email);\n");
    sql(
        105,
        b"FK CONSTRAINT",
        b"ALTER TABLE ONLY public.message\n    ADD CONSTRAINT fk FOREIGN KEY (account_id) REFERENCES public.account(id);\n",
    );
    sql(
        106,
        b"FK CONSTRAINT",
        b"ALTER TABLE ONLY public.message\n    ADD CONSTRAINT k FOREIGN KEY (sender) REFERENCES public.account(email) ON DELETE CASCADE;\n",
    );
    let dump = dump.build();
    let at_risk = |transcoder: Transcoder| {
        let conversion = transcoder.plan(&dump[..], &Limits::untrusted()).unwrap();
        let is_risk =
            |change: &&appsnap::pgdump::transcode::EntryChange| change.kind == EntryChangeKind::ConstraintAtRisk;
        conversion.changes().entries.iter().filter(is_risk).map(|change| change.id).collect::<Vec<_>>()
    };
    let hash = r#"{"hash": "k"}"#;
    for (columns, expected) in [
        (vec![("account.email", r#""redact""#)], vec![102, 103, 106]),
        (vec![("account.email", r#""null""#)], vec![106]),
        (vec![("message.sender", r#""null""#)], vec![]),
        (vec![("account.email", hash)], vec![106]),
        (vec![("account.email", hash), ("message.sender", hash)], vec![]),
        (vec![("account.email", hash), ("message.sender", r#"{"hash": "other"}"#)], vec![106]),
        (vec![("account.id", r#"{"fixed": "1"}"#)], vec![101, 105]),
        (vec![("account.note", r#""redact""#), ("message.id", hash)], vec![]),
    ] {
        let rules: Vec<_> = columns.iter().map(|(name, rule)| format!("\"public.{name}\": {rule}")).collect();
        let rules = format!("{{\"columns\": {{{}}}}}", rules.join(", "));
        let found = at_risk(Transcoder::same_version().with_row_editor(MaskRules::parse(rules.as_bytes()).unwrap()));
        assert_eq!(found, expected, "{rules}");
    }
    let dropped = |tables: &str| {
        let rules = format!("{{\"rows\": {{\"public.{tables}\": \"drop\"}}}}");
        at_risk(Transcoder::same_version().with_row_editor(MaskRules::parse(rules.as_bytes()).unwrap()))
    };
    assert_eq!((dropped("account"), dropped("message"), dropped("*")), (vec![105, 106], vec![], vec![]));
    assert_eq!(at_risk(Transcoder::same_version().without_data_of("public.account")), [105, 106]);
    assert!(at_risk(Transcoder::same_version().without_data_of("public.*")).is_empty());
}

#[test]
fn masked_dumps_restore_and_joins_hold() {
    let Some(server) = Postgres::shared() else { return };
    server.create_database("masking");
    server.sql("masking", SCHEMA);
    let folder = tempfile::tempdir().unwrap();
    let (original, path) = (folder.path().join("original.dump"), folder.path().join("masked.dump"));
    server.run("pg_dump", &["-Fc", "-f", original.to_str().unwrap(), "masking"]);
    let rules = MaskRules::parse(RULES.as_bytes()).unwrap();
    let (output, _) =
        convert(&Transcoder::same_version().with_row_editor(rules), &fs::read(&original).unwrap()).unwrap();
    fs::write(&path, output).unwrap();
    server.create_database("masked");
    server.run("pg_restore", &["--exit-on-error", "-d", "masked", path.to_str().unwrap()]);
    let count = |sql: &str| server.sql("masked", sql).trim().to_owned();
    assert_eq!(
        count("SELECT count(*) FROM message m JOIN account a ON a.id = m.account_id AND a.email = m.sender"),
        "20000"
    );
    assert_eq!(
        count("SELECT count(*) FROM account WHERE email LIKE '%user%' OR name LIKE '%o%' OR born IS NOT NULL"),
        "0"
    );
    assert_eq!(count("SELECT count(*) FROM account WHERE height = 1.75 AND name LIKE E'Xxx \\\\\\\\ \\t0%'"), "5000");
    assert_eq!(count("SELECT string_agg(DISTINCT body, ',') FROM message"), "none");
    assert_eq!(count("SELECT string_agg(\"A.b\", ',') FROM \"Odd S\""), "x");

    // What a rule cannot keep restorable is an error before anything is written.
    for (column, rule) in
        [("email", r#""null""#), ("born", r#""redact""#), ("height", r#"{"hash": "k"}"#), ("id", r#""redact""#)]
    {
        let rules = format!("{{\"columns\": {{\"public.account.{column}\": {rule}}}}}");
        let rules = MaskRules::parse(rules.as_bytes()).unwrap();
        let planned = Transcoder::same_version().with_row_editor(rules);
        let error = convert(&planned, &fs::read(&original).unwrap()).unwrap_err();
        assert!(error.to_string().contains("does not fit the column"), "{error}");
    }

    // Data that is left out leaves the table.
    let (output, _) =
        convert(&Transcoder::same_version().without_data_of("public.mes*"), &fs::read(&original).unwrap()).unwrap();
    fs::write(&path, output).unwrap();
    server.create_database("masked");
    server.run("pg_restore", &["--exit-on-error", "-d", "masked", path.to_str().unwrap()]);
    assert_eq!(count("SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM account)"), "0|5000");
}
