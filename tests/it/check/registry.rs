//! Every code of the registry: something that has it, and the same thing in good order that has not.

use std::collections::BTreeMap;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, check, codes};
use appsnap::diagnostic::Code;
use appsnap::observe::NoObserver;
use appsnap::pgdump::toc::DataState;
use appsnap::pgdump::{Dump, FormatVersion};
use appsnap::snapshot::WriteOptions;
use appsnap::snapshot::index::IndexPlacement;

use super::app::{self, Row, id};
use crate::support::archives::Contents;
use crate::support::dumps::{Content, DumpBuilder, Item};
use crate::support::hostile::cases;
use crate::support::hostile::plan::Plan;

/// Cases of the corpus; what is good about them is the corpus' sample.
const FROM_CORPUS: &[(&str, &str)] = &[
    ("not-a-snapshot", "g-text"),
    ("limit-exceeded", "l-"),
    ("gzip-truncated", "g-head-cut"),
    ("gzip-header-invalid", "g-reserved-flag-5"),
    ("gzip-data-damaged", "g-block-type-3"),
    ("gzip-checksum-wrong", "g-crc-off-by-one"),
    ("gzip-trailing-data", "g-garbage-trailing"),
    ("tar-truncated", "g-last-member-missing"),
    ("tar-header-damaged", "h-checksum-one-too-high"),
    ("tar-stray-zero-block", "e-zero-block-between"),
    ("tar-trailing-data", "e-members-trailing"),
    ("tar-number", "n-size-digit-8"),
    ("tar-dialect", "h-magic-unknown"),
    ("extension-without-magic", "h-pax-on-v7"),
    ("extension-dangling", "x-pax-at-the-end"),
    ("extension-duplicate", "x-two-pax-headers"),
    ("extension-global", "x-global-path"),
    ("extension-malformed", "x-record-without-line-feed"),
    ("extension-mixed", "x-pax-then-long-name"),
    ("extension-number", "x-size-plus"),
    ("extension-path-conflict", "x-path-of-another-document"),
    ("extension-size-conflict", "x-size-hides-a-member"),
    ("extension-link-target", "x-linkpath-on-a-file"),
    ("type-link", "t-symlink-document"),
    ("type-device", "t-fifo"),
    ("type-sparse", "x-sparse-0-0"),
    ("type-with-payload", "t-directory-with-payload"),
    ("type-unsupported", "t-type-multi-volume"),
    ("mode-bits-ignored", "w-setuid"),
    ("type-treated-as-file", "w-contiguous"),
    ("type-treated-as-directory", "w-slashed-file"),
    ("ignored-field-malformed", "w-bytes-after-name"),
    ("short-end-marker", "w-lone-zero-block"),
    ("name-leads-out", "p-parent"),
    ("name-encoding", "p-backslash"),
    ("name-not-canonical", "p-dot-inside"),
    ("name-unknown", "t-directory-named-appledouble"),
    ("shard-mismatch", "p-shard-wrong"),
    ("name-wrong-kind", "t-file-named-tree"),
    ("name-repeated", "p-twice"),
    ("flat-tree", "w-flat-document"),
    ("shard-letter-case", "w-upper-case-shard"),
    ("upper-case-id", "w-upper-case-uuid"),
    ("junk-skipped", "w-ds-store"),
    ("appledouble-skipped", "w-appledouble"),
    ("metadata-unusable", "m-text"),
    ("metadata-missing-files-only", "w-neither-database-nor-metadata"),
    ("metadata-bom", "w-metadata-byte-order-mark"),
    ("metadata-type-coerced", "w-metadata-dump-size-number"),
    ("metadata-key-missing", "w-metadata-empty-object"),
    ("metadata-size-differs", "w-document-left-out"),
    ("files-only", "w-no-database"),
    ("database-only", "a-database-only"),
    ("dump-not-custom-format", "d-text"),
    ("dump-format-too-new", "d-version-1-15"),
    ("dump-truncated", "d-cut-in-the-contents"),
    ("dump-damaged", "d-int-size-255"),
    ("dump-limit-exceeded", "d-string-of-2-gib"),
    ("dump-without-offsets", "a-pax-empty"),
    ("files-not-compared", "a-pax-empty"),
];

/// Something to check.
struct Input {
    bytes: Vec<u8>,
    profile: Profile,
    options: CheckOptions,
}

impl Input {
    fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, profile: Profile::mendix_cloud(), options: CheckOptions::new() }
    }

    fn has(&self, code: Code) -> bool {
        let report = check(self.bytes.as_slice(), &self.profile, &self.options, &mut NoObserver).unwrap();
        report.findings().count_of(code) > 0
    }
}

fn healthy() -> Input {
    let (dump, lens) = app::healthy();
    Input::new(app::archive(dump, lens))
}

fn healthy_builder() -> DumpBuilder {
    app::builder(FormatVersion::V1_14, &[Row::of(1, id(1), 10), Row::of(2, id(2), 20)])
}

/// The healthy archive with another dump.
fn with_dump(dump: Vec<u8>) -> Input {
    Input::new(app::archive(dump, &[(1, 10), (2, 20)]))
}

/// The healthy archive whose dump was bent before it was built.
fn bent(bend: impl FnOnce(&mut DumpBuilder)) -> Input {
    let mut builder = healthy_builder();
    bend(&mut builder);
    with_dump(builder.build())
}

fn definition(builder: &mut DumpBuilder, desc: &[u8], sql: &str) {
    let item = builder.items.iter_mut().find(|item| item.desc == desc).unwrap();
    item.definition = Some(sql.as_bytes().to_vec());
}

fn add(builder: &mut DumpBuilder, desc: &'static [u8], tag: &str, sql: &str) {
    let mut item = Item::new(builder.next_id(), desc, tag.as_bytes());
    item.definition = Some(sql.as_bytes().to_vec());
    builder.items.push(item);
}

/// The healthy app with one row more, and whatever documents.
fn with_row(row: Row, lens: &[(u8, usize)]) -> Input {
    Input::new(app::archive(app::dump(&[Row::of(1, id(1), 10), Row::of(2, id(2), 20), row]), lens))
}

/// Positions of the data blocks, in the order of the entries.
fn positions(builder: &DumpBuilder) -> Vec<usize> {
    let bytes = builder.build();
    let dump = Dump::open(bytes.as_slice(), &Limits::untrusted()).unwrap();
    let set = |state| if let DataState::Set(position) = state { Some(position as usize) } else { None };
    dump.toc().entries().filter_map(|entry| set(entry.data)).collect()
}

fn out_of_order() -> Vec<u8> {
    let mut builder = healthy_builder();
    let second = positions(&builder)[1];
    builder.with_positions = false;
    let (first, bytes) = (builder.data_offset_bytes(), builder.build());
    [&bytes[..first], &bytes[second..], &bytes[first..second]].concat()
}

fn mixed_offsets() -> Vec<u8> {
    let builder = healthy_builder();
    let mut bytes = builder.build();
    let stored = [&[2][..], &(positions(&builder)[1] as u64).to_le_bytes()].concat();
    let at = bytes.windows(stored.len()).position(|window| window == stored).unwrap();
    bytes[at..at + stored.len()].copy_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// The output of pg_dump 17 to a pipe: positions in a second table of contents at the end.
fn second_toc() -> Vec<u8> {
    let mut builder = healthy_builder();
    let (stated, data_offset_bytes) = (builder.build(), builder.data_offset_bytes());
    builder.with_positions = false;
    let mut header = Vec::new();
    builder.header.encode(&mut header).unwrap();
    [&builder.build(), &stated[header.len()..data_offset_bytes]].concat()
}

fn wrong_index() -> Vec<u8> {
    let (dump, lens) = app::healthy();
    let contents = Contents { database: Some(dump), documents: app::documents(lens) };
    let (mut bytes, report) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let index_bytes = usize::try_from(report.index().unwrap().len_bytes()).unwrap();
    let inside = bytes.len() - index_bytes + 40;
    bytes[inside] ^= 1;
    bytes
}

/// The change that raises a code for which the corpus has no case.
fn by_hand(name: &str) -> Input {
    match name {
        "many-documents" => {
            let input = healthy();
            Input { profile: input.profile.with_many_documents_count(1), ..input }
        }
        "target-too-small" => Input { options: CheckOptions::new().with_target_database_bytes(10), ..healthy() },
        "not-compressed" => Input::new(Plan::sample().tar()),
        "documents-absent" => Input::new(app::archive(app::healthy().0, &[])),
        "model-version-placeholder" => Input::new(Plan::with_metadata("{\"modelVersion\":\"0.0.0.0\"}").gz()),
        "index-wrong" => Input::new(wrong_index()),
        "metadata-missing" => Input::new(Plan::sample().without(0).gz()),
        "dump-format-too-old" => {
            with_dump(crate::support::hostile::dump::Dump { version: [0, 9, 0], ..Default::default() }.render())
        }
        "dump-with-access-rights" => bent(|dump| add(dump, b"ACL", "TABLE x", "GRANT SELECT ON TABLE x TO PUBLIC;\n")),
        "dump-schema-only" => bent(|dump| dump.items.retain(|item| item.content.is_none())),
        "dump-data-only" => bent(|dump| dump.items.retain(|item| item.desc != b"TABLE")),
        "dump-empty" => bent(|dump| dump.items.truncate(3)),
        "dump-without-large-objects" => {
            bent(|dump| definition(dump, b"TABLE", "CREATE TABLE public.x (\n    id bigint,\n    data oid\n);\n"))
        }
        "dump-sql-newer-than-target" => {
            let input = bent(|dump| {
                dump.header.server_version = Some(b"17.2".to_vec());
                let sql = "ALTER TABLE ONLY x ADD CONSTRAINT y UNIQUE NULLS NOT DISTINCT (id);\n";
                add(dump, b"CONSTRAINT", "x y", sql);
            });
            Input { profile: input.profile.with_oldest_server_major(13), ..input }
        }
        "dump-format-newer-than-documented" => {
            let rows = [Row::of(1, id(1), 10), Row::of(2, id(2), 20)];
            with_dump(app::builder(FormatVersion::V1_16, &rows).build())
        }
        "dump-with-inserts" => bent(|dump| {
            let item = dump.items.iter_mut().find(|item| item.content.is_some()).unwrap();
            item.copy_statement = None;
            item.content = Some(Content::Table(b"INSERT INTO x VALUES (1);\n\n\n".to_vec()));
        }),
        "dump-encoding" => bent(|dump| definition(dump, b"ENCODING", "SET client_encoding = 'LATIN1';\n")),
        "dump-escaping-strings" => {
            bent(|dump| definition(dump, b"STDSTRINGS", "SET standard_conforming_strings = 'off';\n"))
        }
        "dump-creation-time" => bent(|dump| {
            let mut impossible = dump.header.created.unwrap_or_default();
            impossible.day = 99;
            dump.header.created = Some(impossible);
        }),
        "dump-unusual-integers" => bent(|dump| dump.header = dump.header.clone().with_sizes(8, 8).unwrap()),
        "dump-mixed-offsets" => with_dump(mixed_offsets()),
        "dump-with-second-toc" => with_dump(second_toc()),
        "dump-blocks-out-of-order" => with_dump(out_of_order()),
        "dump-setting-missing" => bent(|dump| drop(dump.items.remove(2))),
        "dump-unlisted-large-objects" => bent(|dump| {
            dump.blobs(vec![(16_400, b"large object".to_vec())]);
            dump.items.retain(|item| item.desc != b"BLOB");
        }),
        "dump-post-data-only" => bent(|dump| {
            dump.items.truncate(3);
            add(dump, b"INDEX", "x_idx", "CREATE INDEX x_idx ON public.x USING btree (id);\n");
        }),
        "dump-statistics-only" => bent(|dump| {
            dump.items.truncate(3);
            add(dump, b"STATISTICS DATA", "x", "SELECT * FROM pg_catalog.pg_restore_relation_stats();\n");
        }),
        "dump-schema-missing" => bent(|dump| {
            let mut item = Item::new(dump.next_id(), b"FUNCTION", b"f()");
            item.definition = Some(b"CREATE FUNCTION app.f() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n".to_vec());
            item.namespace = Some(b"app".to_vec());
            dump.items.push(item);
        }),
        "dump-tables-without-rows" => bent(|dump| add(dump, b"TABLE", "y", "CREATE TABLE public.y (id bigint);\n")),
        "dump-sql-ascii" => bent(|dump| definition(dump, b"ENCODING", "SET client_encoding = 'SQL_ASCII';\n")),
        "dump-sql-ascii-not-utf8" => bent(|dump| {
            definition(dump, b"ENCODING", "SET client_encoding = 'SQL_ASCII';\n");
            dump.table("latin", "name", b"caf\xe9\n");
        }),
        "dump-escaping-strings-refused" => {
            let sql = "SET standard_conforming_strings = 'off';\n";
            let input = bent(|dump| definition(dump, b"STDSTRINGS", sql));
            Input { profile: input.profile.with_oldest_server_major(19), ..input }
        }
        "dump-with-statistics" => bent(|dump| {
            dump.header.server_version = Some(b"18.1".to_vec());
            add(dump, b"STATISTICS DATA", "x", "SELECT * FROM pg_catalog.pg_restore_relation_stats();\n");
        }),
        "dump-with-untrusted-languages" => bent(|dump| {
            add(
                dump,
                b"FUNCTION",
                "f()",
                "CREATE FUNCTION public.f() RETURNS integer LANGUAGE plpython3u AS 'return 1';\n",
            )
        }),
        "dump-with-event-triggers" => bent(|dump| {
            add(dump, b"EVENT TRIGGER", "e", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.f();\n")
        }),
        "dump-with-security-definer" => bent(|dump| {
            add(
                dump,
                b"FUNCTION",
                "f()",
                "CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';\n",
            )
        }),
        "dump-with-triggers" => bent(|dump| {
            add(
                dump,
                b"TRIGGER",
                "x t",
                "CREATE TRIGGER t BEFORE INSERT ON public.x FOR EACH ROW EXECUTE FUNCTION public.f();\n",
            )
        }),
        "dump-with-rules" => {
            bent(|dump| add(dump, b"RULE", "x r", "CREATE RULE r AS ON INSERT TO public.x DO INSTEAD NOTHING;\n"))
        }
        "dump-with-operators" => bent(|dump| {
            add(
                dump,
                b"CAST",
                "CAST (public.a AS text)",
                "CREATE CAST (public.a AS text) WITH FUNCTION public.f(public.a);\n",
            )
        }),
        "dump-with-foreign-servers" => {
            bent(|dump| add(dump, b"SERVER", "s", "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;\n"))
        }
        "dump-with-publications" => {
            bent(|dump| add(dump, b"PUBLICATION", "p", "CREATE PUBLICATION p FOR ALL TABLES;\n"))
        }
        "dump-with-subscriptions" => {
            bent(|dump| add(dump, b"SUBSCRIPTION", "s", "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p;\n"))
        }
        "dump-with-extensions" => bent(|dump| {
            add(dump, b"EXTENSION", "citext", "CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;\n")
        }),
        "dump-reaches-server" => bent(|dump| {
            add(
                dump,
                b"FUNCTION",
                "f()",
                "CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COPY x FROM PROGRAM 'id'; END $$;\n",
            )
        }),
        "dump-line-feed-in-name" => bent(|dump| add(dump, b"SEQUENCE", "a\nb", "CREATE SEQUENCE public.x;\n")),
        "dump-unusual-statement" => bent(|dump| add(dump, b"TABLE", "y", "DO $$ BEGIN END $$;\n")),
        "dump-data-outside-public" => bent(|dump| {
            dump.table("y", "a", b"1\n");
            add(dump, b"SCHEMA", "other", "CREATE SCHEMA other;\n");
            dump.items
                .iter_mut()
                .filter(|item| item.tag == b"y")
                .for_each(|item| item.namespace = Some(b"other".to_vec()));
        }),
        "dump-calls-functions" => bent(|dump| {
            add(dump, b"FUNCTION", "f()", "CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n");
            let function = dump.items.last().unwrap().id;
            add(dump, b"INDEX", "x_idx", "CREATE INDEX x_idx ON public.x USING btree (public.f());\n");
            dump.items.last_mut().unwrap().dependencies = vec![function];
        }),
        "dump-with-oids" => {
            bent(|dump| dump.items.iter_mut().find(|item| item.desc == b"TABLE").unwrap().with_oids = true)
        }
        "document-missing" => with_row(Row::of(3, id(3), 1), &[(1, 10), (2, 20)]),
        "document-orphan" => with_row(Row::of(3, id(1), 10), &[(1, 10), (2, 20), (3, 1)]),
        "document-size-differs" => with_row(Row::of(3, id(3), 1), &[(1, 10), (2, 20), (3, 2)]),
        "document-empty" => with_row(Row::of(3, id(3), 1), &[(1, 10), (2, 20), (3, 0)]),
        "document-numbered" => with_row(Row::numbered(3, Some(7)), &[(1, 10), (2, 20)]),
        "document-unnamed" => with_row(Row::numbered(3, None), &[(1, 10), (2, 20)]),
        "document-unexpected" => with_row(Row::of(3, id(3), 1).without_contents(), &[(1, 10), (2, 20), (3, 1)]),
        "document-deleted-after-download" => {
            with_row(Row::of(3, id(3), 1).deleted_after_download(), &[(1, 10), (2, 20)])
        }
        "files-too-many-to-compare" => {
            let limits = Limits::untrusted().with_max_entries(4);
            let rows = (1..=5).map(|number| Row::of(1, id(number), 1)).collect::<Vec<_>>();
            let options = CheckOptions::new().with_limits(limits);
            Input { options, ..Input::new(app::archive(app::dump(&rows), &[(1, 1)])) }
        }
        _ => panic!("{name} has no fixture"),
    }
}

#[test]
fn every_code_can_be_found_and_is_absent_where_all_is_well() {
    let corpus = FROM_CORPUS.iter().copied().collect::<BTreeMap<_, _>>();
    assert_eq!(corpus.len(), FROM_CORPUS.len());
    for code in codes().filter(|code| code.id().starts_with(|letter| "SGTILMDF".contains(letter))) {
        let (bad, good) = match corpus.get(code.name()) {
            Some(name) => {
                let case = cases().iter().find(|case| case.name.starts_with(name)).unwrap();
                let options = CheckOptions::new().with_limits(case.limits.clone());
                let good = match code.name() {
                    // What no case of the corpus has: stored positions, and a table of files.
                    "dump-without-offsets" | "files-not-compared" => healthy(),
                    _ => Input::new(Plan::sample().gz()),
                };
                // Under `format` no finding is left out, except one that is about a target.
                (Input { bytes: case.bytes.clone(), profile: Profile::format(), options }, good)
            }
            None => (by_hand(code.name()), healthy()),
        };
        assert!(bad.has(code), "{code} is not found in its bad fixture");
        assert!(!good.has(code), "{code} is found in its good fixture");
    }
}

#[test]
fn a_healthy_app_has_no_findings_at_all() {
    for profile in Profile::BUILT_IN {
        let profile = Profile::by_name(profile).unwrap();
        let input = Input { profile, ..healthy() };
        let report = check(input.bytes.as_slice(), &input.profile, &input.options, &mut NoObserver).unwrap();
        assert_eq!(report.findings().count(), 0, "{report}");
    }
}
