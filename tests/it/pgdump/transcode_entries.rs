//! Changes of the table of contents: expanded groups of large objects, dropped entries, edited SQL.

use appsnap::Limits;
use appsnap::pgdump::compat::Feature;
use appsnap::pgdump::raw::{BlockReader, Compression, Header};
use appsnap::pgdump::toc::{self, Entry, Section};
use appsnap::pgdump::transcode::{EntryChangeKind, Transcoder};
use appsnap::pgdump::{ErrorKind, FormatVersion};

use super::transcode_support::{Made, converted, dropped, edited, lines, refused, streams, to_1_14};

fn made() -> Made {
    Made::new(FormatVersion::V1_16, Compression::GZIP)
}

#[test]
fn groups_become_the_entries_of_old_versions() {
    let dump = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/pgdump/pg17-lo-acl.dump")).unwrap();
    let (out, conversion) = converted(&to_1_14(), &dump);
    let listed = lines(&out);
    // After the settings and the database, and before the first data.
    assert_eq!(listed.len(), 4 + 10 + 10 + 1 + 2 + 2);
    let rights = |oid: u32| {
        format!(
            "GRANT SELECT ON LARGE OBJECT {oid} TO mxreader;\\nGRANT ALL ON LARGE OBJECT {oid} TO \\\"we;ird \\\"\\\"LARGE OBJECT 1\\\"\\\"\\\";\\n"
        )
    };
    let wanted = [
        r"3414 BLOB 200001 mxowner [] SELECT pg_catalog.lo_create(\'200001\');\n".to_owned(),
        format!("3423 ACL LARGE OBJECT 200001 mxowner [3414] {}", rights(200_001)),
        r"3424 BLOB 200002 mxowner [] SELECT pg_catalog.lo_create(\'200002\');\n".to_owned(),
        format!("3434 ACL LARGE OBJECT 200002 mxowner [3424] {}", rights(200_002)),
    ];
    assert_eq!(listed[4..8], wanted);
    let fifth = [
        r"3427 BLOB 200005 mxowner [] SELECT pg_catalog.lo_create(\'200005\');\n".to_owned(),
        r#"3422 COMMENT LARGE OBJECT 200005 mxowner [3427] COMMENT ON LARGE OBJECT 200005 IS \'five; \"x\"\';\n"#
            .to_owned(),
        format!("3437 ACL LARGE OBJECT 200005 mxowner [3427] {}", rights(200_005)),
    ];
    assert_eq!(listed[12..15], fifth);
    assert_eq!(
        listed[25..],
        [
            r"3412 BLOB 200011 postgres [] SELECT pg_catalog.lo_create(\'200011\');\n",
            r"3433 BLOB 200012 postgres [] SELECT pg_catalog.lo_create(\'200012\');\n",
            "3415 BLOBS 200001..200010 mxowner [3416] -",
            "3413 BLOBS 200011..200012 postgres [3416] -",
        ]
    );
    let blocks = BlockReader::open(&out[..], &Limits::untrusted()).unwrap();
    for blob in blocks.toc().entries().filter(|entry| entry.desc == b"BLOB") {
        assert_eq!((blob.section, blob.catalog_table_oid), (Section::PreData, 2613));
        assert_eq!(blob.catalog_oid.to_string().as_bytes(), blob.tag);
        assert_eq!(
            blob.drop_statement.unwrap().escape_ascii().to_string(),
            format!(r"SELECT pg_catalog.lo_unlink(\'{}\');\n", blob.catalog_oid)
        );
    }
    let changes: Vec<_> = conversion.changes.entries.iter().map(|change| (change.id, change.kind)).collect();
    let expanded = |entries_count| EntryChangeKind::Expanded { entries_count };
    let provider = (3421, EntryChangeKind::LocaleProviderRemoved);
    assert_eq!(changes, [provider, (3414, expanded(10)), (3423, expanded(10)), (3412, expanded(2))]);
    assert_eq!(streams(&out[..]), streams(&dump[..]));
}

#[test]
fn new_ids_are_above_all_used_ones() {
    let mut made = made();
    made.group(10, "5\n6\n7\n", &[10, 900]);
    made.sql(20, "TABLE", "t", "CREATE TABLE public.t ();\n").set_dependencies(&[3, 800]);
    let (out, _) = converted(&to_1_14(), &made.build());
    let ids: Vec<u32> =
        BlockReader::open(&out[..], &Limits::untrusted()).unwrap().toc().entries().map(|e| e.id).collect();
    assert_eq!(ids, [1, 2, 3, 10, 901, 902, 11, 20]);
}

#[test]
fn running_out_of_ids_is_an_error() {
    let mut made = made();
    made.group(10, "5\n6\n", &[10, u32::MAX]);
    let error = to_1_14().plan(&made.build()[..], &Limits::untrusted()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Inexpressible { .. }), "{error}");
}

#[test]
fn large_objects_come_before_the_first_data() {
    let mut made = made();
    made.sql(4, "TABLE", "t", "CREATE TABLE public.t ();\n");
    made.sql(5, "SEQUENCE SET", "s", "SELECT 1;\n").section = Section::Data;
    made.group(10, "5\n", &[10]);
    let label = made.sql(12, "SECURITY LABEL", "LARGE OBJECT 5", "SECURITY LABEL ON LARGE OBJECT 5 IS 'x';\n");
    label.set_dependencies(&[10]);
    label.section = Section::None;
    let (out, _) = converted(&to_1_14(), &made.build());
    let ids: Vec<u32> =
        BlockReader::open(&out[..], &Limits::untrusted()).unwrap().toc().entries().map(|e| e.id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 10, 12, 5, 11]);
}

#[test]
fn impossible_lists_are_damage() {
    for list in ["", "5", "0\n", "5\n5\n", "5\n6\n5\n", "x\n", "5\n\n", "4294967296\n", "5 \n"] {
        let mut made = made();
        made.group(10, list, &[10]);
        let error = to_1_14().plan(&made.build()[..], &Limits::untrusted()).unwrap_err();
        assert_eq!(
            error.kind(),
            &ErrorKind::Corrupt("entry 10 does not list large objects, each once".into()),
            "{list:?}"
        );
    }
    // If the version stays, the list is not read.
    let mut made = made();
    made.group(10, "x\n", &[10]);
    converted(&Transcoder::same_version(), &made.build());
}

#[test]
fn a_list_may_be_in_any_order() {
    let mut made = made();
    made.group(10, "9\n3\n", &[10]);
    let (out, _) = converted(&to_1_14(), &made.build());
    assert_eq!(lines(&out)[3..5].iter().map(|line| &line[..9]).collect::<Vec<_>>(), ["10 BLOB 3", "12 BLOB 9"]);
    streams(&out[..]);
}

#[test]
fn the_limits_on_a_table_of_contents_apply_to_the_new_one() {
    // 2,000 large objects with rights of 20,000 bytes would make 40 MB of a table of contents of 40 kB.
    let list: String = (1..=2000).map(|oid| format!("{oid}\n")).collect();
    let sql = format!("GRANT ALL ON LARGE OBJECT 1 TO {};\n", "r".repeat(20_000));
    let mut made = made();
    made.group(10, list.leak(), &[10]);
    let rights = made.sql(20, "ACL", "LARGE OBJECTS 1..2000", sql.leak());
    rights.set_dependencies(&[10]);
    let dump = made.build();
    let plan = |limits: &Limits| to_1_14().plan(&dump[..], limits).map(|plan| plan.changes().entries_out_count);
    let limits = Limits::untrusted();
    assert_eq!(plan(&limits).unwrap(), 3 + 2000 + 2000 + 1);
    for (limits, name) in [
        (limits.clone().with_max_toc_bytes(1 << 20), "max_toc_bytes"),
        (limits.clone().with_max_toc_entries(1999), "max_toc_entries"),
        (limits.clone().with_max_toc_entries(3999), "max_toc_entries"),
        (limits.clone().with_max_string_bytes(20_033), "max_string_bytes"),
    ] {
        match plan(&limits).unwrap_err().kind() {
            ErrorKind::Limit(exceeded) => assert_eq!(exceeded.name, name),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn rights_on_a_missing_group_are_dropped() {
    let mut made = made();
    made.sql(20, "ACL", "LARGE OBJECTS 1..2", "GRANT ALL ON LARGE OBJECT 1 TO x;\n").set_dependencies(&[10]);
    made.sql(21, "ACL", "LARGE OBJECT 1", "GRANT ALL ON LARGE OBJECT 1 TO x;\n").set_dependencies(&[10]);
    let (_, conversion) = converted(&to_1_14(), &made.build());
    assert_eq!(dropped(&conversion), [(20, EntryChangeKind::MissingLargeObjectsDropped)]);
}

#[test]
fn statistics_are_dropped_for_servers_that_cannot_import_them() {
    let mut made = made();
    made.sql(20, "STATISTICS DATA", "t", "SELECT * FROM pg_catalog.pg_restore_relation_stats();\n");
    made.sql(21, "EXTENDED STATISTICS DATA", "t", "SELECT 1;\n");
    made.sql(22, "STATISTICS", "t", "CREATE STATISTICS public.s ON a, b FROM public.t;\n");
    let dump = made.build();
    for (transcoder, wanted) in [
        (to_1_14(), &[20, 21][..]),
        (Transcoder::to(FormatVersion::V1_15), &[20, 21]),
        (Transcoder::same_version(), &[]),
        (Transcoder::same_version().with_server_major(13), &[20, 21]),
        (to_1_14().with_server_major(18), &[21]),
        (to_1_14().with_server_major(19), &[]),
    ] {
        let (_, conversion) = converted(&transcoder, &dump);
        let dropped = dropped(&conversion);
        assert!(dropped.iter().all(|(_, kind)| *kind == EntryChangeKind::StatisticsDropped));
        let dropped: Vec<u32> = dropped.into_iter().map(|(id, _)| id).collect();
        assert_eq!(dropped, wanted, "{transcoder:?}");
    }
}

#[test]
fn the_schema_public_is_dropped_because_it_exists() {
    let mut made = made();
    made.sql(20, "SCHEMA", "public", "-- *not* creating schema, since initdb creates it\n\n");
    made.sql(21, "SCHEMA", "public", "CREATE SCHEMA public;\n");
    made.sql(24, "SCHEMA", "public", "CREATE SCHEMA public AUTHORIZATION mx;\n");
    made.sql(22, "SCHEMA", "other", "-- nothing\n");
    made.sql(23, "COMMENT", "SCHEMA public", "COMMENT ON SCHEMA public IS '';\n").set_dependencies(&[20]);
    let dump = made.build();
    let (_, conversion) = converted(&to_1_14(), &dump);
    let public = EntryChangeKind::PublicSchemaDropped;
    assert_eq!(dropped(&conversion), [(20, public), (21, public)]);
    assert_eq!(dropped(&converted(&to_1_14().with_server_major(15), &dump).1), [(21, public)]);
    assert!(dropped(&converted(&Transcoder::same_version(), &dump).1).is_empty());
}

#[test]
fn dropped_entries_must_not_have_data() {
    let content = || Some(crate::support::dumps::Content::Table(b"x".to_vec()));
    for desc in [&b"STATISTICS DATA"[..], b"BLOB METADATA"] {
        let mut made = made();
        let mut entry = Entry::new(20, desc, b"1");
        entry.definition = Some(b"1\n");
        made.push(entry, content());
        let error = refused(&to_1_14(), &made.build(), &Limits::untrusted());
        assert!(matches!(error.kind(), ErrorKind::Corrupt(_)) && error.context().is_some(), "{error}");
    }
}

#[test]
fn range_types_lose_the_name_that_old_servers_refuse() {
    let mut made = made();
    let sql = "CREATE TYPE n.r AS RANGE (\n    subtype = float8,\n    multirange_type_name = n.mr\n);\n";
    made.sql(20, "TYPE", "r", sql);
    made.sql(21, "TABLE", "t", "CREATE TABLE n.t (\n    a n.mr\n);\n");
    made.sql(22, "TABLE", "u", "CREATE TABLE n.u (\n    a n.r,\n    mr integer\n);\n");
    let dump = made.build();
    let (out, conversion) = converted(&to_1_14(), &dump);
    assert!(lines(&out)[3].ends_with(r"AS RANGE (\n    subtype = float8\n);\n"), "{:?}", lines(&out));
    assert_eq!(edited(&conversion), [(20, EntryChangeKind::MultirangeNameRemoved)]);
    let warnings: Vec<_> = conversion.changes.warnings.iter().map(|warning| (warning.id, warning.feature)).collect();
    assert_eq!(warnings, [(21, Feature::Multirange)]);

    let (out, conversion) = converted(&to_1_14().with_server_major(14), &dump);
    assert!(lines(&out)[3].contains("multirange_type_name"));
    assert!(edited(&conversion).is_empty() && conversion.changes.warnings.is_empty());
}

#[test]
fn removed_access_methods_are_reported() {
    let mut made = made();
    for (id, method, kind) in [(20, &b"heap"[..], b'r'), (21, b"columnar", b'r'), (22, b"heap", b'p')] {
        let table = made.sql(id, "TABLE", "t", "CREATE TABLE public.t ();\n");
        table.access_method = Some(method);
        table.relation_kind = Some(kind);
    }
    let ids = |to| {
        let (_, conversion) = converted(&Transcoder::to(to), &made.build());
        let edited = edited(&conversion);
        assert!(edited.iter().all(|(_, kind)| *kind == EntryChangeKind::AccessMethodRemoved));
        edited.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert!(ids(FormatVersion::V1_16).is_empty());
    assert_eq!(ids(FormatVersion::V1_14), [22]);
    assert_eq!(ids(FormatVersion::V1_13), [21, 22]);
}

#[test]
fn texts_need_not_be_utf8() {
    let mut made = made();
    let mut table = Entry::new(20, b"TABLE", b"caf\xe9");
    table.definition = Some(b"CREATE TABLE public.\"caf\xe9\" ();\n");
    table.owner = Some(b"\xff\x00");
    made.push(table, None);
    let (out, _) = converted(&to_1_14(), &made.build());
    let blocks = BlockReader::open(&out[..], &Limits::untrusted()).unwrap();
    let back = blocks.toc().get(20).unwrap();
    assert_eq!((back.tag, back.definition, back.owner), (table.tag, table.definition, table.owner));
}

#[test]
fn a_dump_that_would_lose_all_entries_is_refused() {
    let mut dump = Vec::new();
    let header = Header::new(FormatVersion::V1_14);
    header.encode(&mut dump).unwrap();
    let rights = [Entry::new(1, b"ACL", b"TABLE t")];
    toc::encode(rights, &header, &mut dump).unwrap();
    let transcoder = Transcoder::same_version().without_access_rights();
    let refused = refused(&transcoder, &dump, &Limits::untrusted());
    assert!(matches!(refused.kind(), ErrorKind::Inexpressible { .. }), "{refused}");
}

#[test]
fn the_provider_libc_is_removed_for_servers_that_have_no_other() {
    for (server, provider, is_removed) in [(13, "libc", true), (15, "libc", false), (13, "icu", false)] {
        let mut made = made();
        // pg_dump writes the option for a server of any release.
        made.header.server_version = Some(b"13.23".to_vec());
        let sql = format!("CREATE DATABASE mx WITH TEMPLATE = template0 LOCALE_PROVIDER = {provider} LOCALE = 'C';\n");
        made.sql(20, "DATABASE", "mx", sql.leak());
        let (out, conversion) = converted(&to_1_14().with_server_major(server), &made.build());
        let removed = [(20, EntryChangeKind::LocaleProviderRemoved)];
        assert_eq!(edited(&conversion), if is_removed { &removed[..] } else { &[] }, "{server} {provider}");
        assert_eq!(lines(&out)[3].contains("LOCALE_PROVIDER"), !is_removed);
        let warned = !conversion.changes.warnings.is_empty();
        assert_eq!(warned, server < 15 && provider == "icu", "{server} {provider}");
    }
}
