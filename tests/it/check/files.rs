//! The files that a database knows, against the documents of an archive.

use appsnap::Limits;
use appsnap::check::{CheckOptions, Code, Report};
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::{self, FormatVersion};
use proptest::prelude::*;

use super::app::{self, Row, id};
use super::{checked, checked_with};
use crate::support::archives::Contents;
use crate::support::dumps::DumpBuilder;
use crate::support::hostile::gzip;
use crate::support::hostile::plan::{Part, path};

fn report_of(rows: &[Row], lens: &[(u8, usize)]) -> Report {
    checked(app::archive(app::dump(rows), lens).as_slice(), "mendix-cloud")
}

/// Places of the findings of a code.
fn places(report: &Report, code: Code) -> Vec<&str> {
    report.findings().iter().filter(|finding| finding.code() == code).filter_map(|finding| finding.location()).collect()
}

#[test]
fn every_kind_of_disagreement_is_named_and_nothing_else() {
    let rows = [
        Row::of(1, id(1), 10),
        Row::of(2, id(2), 20),
        Row::of(3, id(3), 30).thumbnail().without_contents(),
        Row::of(4, id(4), 40).of_unknown_size(),
        Row::of(5, id(5), 50),
        Row::of(6, id(6), 60),
        Row::of(7, id(7), 70).deleted_after_download(),
        Row::of(8, id(8), 80).deleted_after_download(),
        Row::of(9, id(9), 0).without_contents(),
        Row::of(10, id(10), 0).without_contents(),
        Row::of(11, id(11), 0).thumbnail().without_contents(),
        Row::numbered(12, Some(4711)),
        Row::numbered(13, None),
        Row::numbered(14, Some(4712)).without_contents(),
        Row::numbered(15, Some(4713)).deleted_after_download(),
        Row { uuid: Some("not-a-uuid".to_owned()), ..Row::of(16, id(16), 1) },
        Row::of(17, id(1), 10),
    ];
    let lens = [(1, 10), (3, 31), (4, 41), (5, 51), (6, 0), (8, 80), (10, 5), (20, 1)];
    let report = report_of(&rows, &lens);
    let path = |number: u8| path(&id(number));
    assert_eq!(places(&report, Code::DocumentMissing), [path(2), path(11)]);
    assert_eq!(places(&report, Code::DocumentOrphan), [path(20)]);
    assert_eq!(places(&report, Code::DocumentSizeDiffers), [path(5)]);
    assert_eq!(places(&report, Code::DocumentEmpty), [path(6)]);
    assert_eq!(places(&report, Code::DocumentDeletedAfterDownload), [path(7)]);
    assert_eq!(places(&report, Code::DocumentUnexpected), [path(10)]);
    assert_eq!(places(&report, Code::DocumentNumbered), ["row 12 of system$filedocument"]);
    assert_eq!(
        places(&report, Code::DocumentUnnamed),
        ["row 13 of system$filedocument", "row 16 of system$filedocument"]
    );
    let numbered = report.findings().iter().find(|finding| finding.code() == Code::DocumentNumbered).unwrap();
    assert!(numbered.message().contains("04/4711"), "{numbered}");
    let counts = report.contents().files.unwrap();
    assert_eq!((counts.rows, counts.present, counts.thumbnails, counts.without_contents), (12, 5, 2, 1));
    assert_eq!((counts.numbered, counts.unnamed, counts.deleted_after_download), (1, 2, 1));
}

#[test]
fn full_lists_come_from_an_iterator_even_where_the_report_is_bounded() {
    let rows = (1..=9).map(|number| Row::of(i64::from(number), id(number), 1)).collect::<Vec<_>>();
    let options = CheckOptions::new().with_limits(Limits::untrusted().with_max_findings_per_code(2));
    let archive = app::archive(app::dump(&rows), &[(9, 1)]);
    let report = checked_with(archive.as_slice(), "mendix-cloud", &options);
    assert_eq!(
        (places(&report, Code::DocumentMissing).len(), report.findings().count_of(Code::DocumentMissing)),
        (2, 8)
    );
    let missing = report.files().unwrap().filter(|case| case.code == Some(Code::DocumentMissing));
    let missing = missing.map(|case| (case.id, case.object_id().unwrap())).collect::<Vec<_>>();
    assert_eq!(missing, (1..=8).map(|number| (id(number), i64::from(number))).collect::<Vec<_>>());
    assert!(report.to_string().contains("and 6 more"), "{report}");
}

#[test]
fn columns_are_found_by_name_in_whatever_order() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    let columns = "size, \"system$owner\", hascontents, __uuid__, extra, id";
    let rows = format!("5\t\\N\tt\t{}\tx\t77\n", id(1));
    builder.table("system$filedocument", columns, rows.as_bytes());
    let report = checked(app::archive(builder.build(), &[(1, 6)]).as_slice(), "mendix-cloud");
    assert_eq!(places(&report, Code::DocumentSizeDiffers), [path(&id(1))]);
    assert!(report.findings().first().unwrap().message().contains("row 77"), "{report}");
}

#[test]
fn without_the_column_hascontents_the_size_decides() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    let rows = format!("1\t{}\t5\n2\t{}\t0\n3\t{}\t\\N\n", id(1), id(2), id(3));
    builder.table("system$filedocument", "id, __uuid__, size", rows.as_bytes());
    let report = checked(app::archive(builder.build(), &[(9, 1)]).as_slice(), "mendix-cloud");
    assert_eq!(places(&report, Code::DocumentMissing), [path(&id(1))]);
    assert_eq!(report.contents().files.unwrap().without_contents, 2);
}

#[test]
fn a_table_that_cannot_be_read_is_said_and_nothing_is_called_an_orphan() {
    let mut other = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    other.table("shop$order", "id", b"1\n");
    let mut without_uuid = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    without_uuid.table("system$filedocument", "id, size", b"1\t5\n");
    for builder in [other, without_uuid] {
        let report = checked(app::archive(builder.build(), &[(1, 1)]).as_slice(), "mendix-cloud");
        assert_eq!(
            (report.findings().count_of(Code::FilesNotCompared), report.findings().count_of(Code::DocumentOrphan)),
            (1, 0)
        );
        assert!(report.files().is_none());
    }
}

#[test]
fn a_damaged_copy_statement_of_the_table_of_files_is_a_finding() {
    let mut builder = app::builder(FormatVersion::V1_14, &[Row::of(1, id(1), 10)]);
    let table = builder.items.iter_mut().find(|item| item.tag == b"system$filedocument" && item.content.is_some());
    table.unwrap().copy_statement.as_mut().unwrap()[2] = b'@';
    let dump = builder.build();
    for bytes in [app::archive(dump.clone(), &[(1, 10)]), dump] {
        let report = checked(bytes.as_slice(), "mendix-cloud");
        assert!(report.findings().first().unwrap().is(pgdump::Code::DumpDamaged), "{report}");
        assert!(report.to_string().contains("is not a COPY statement"), "{report}");
    }
}

#[test]
fn a_check_ends_in_a_verdict_whatever_byte_of_a_dump_changes() {
    let dump = app::builder(FormatVersion::V1_14, &[Row::of(1, id(1), 10)]).build();
    for at in 0..dump.len() {
        for bit in [1, 0x20, 0x80] {
            let mut bytes = dump.clone();
            bytes[at] ^= bit;
            checked(bytes.as_slice(), "format");
        }
    }
}

#[test]
fn more_rows_than_entries_are_allowed_are_not_compared() {
    let rows = (1..=9).map(|number| Row::of(i64::from(number), id(number), 1)).collect::<Vec<_>>();
    let options = CheckOptions::new().with_limits(Limits::untrusted().with_max_entries(8));
    let archive = app::archive(app::dump(&rows), &[(1, 1)]);
    let report = checked_with(archive.as_slice(), "mendix-cloud", &options);
    assert_eq!(
        (report.findings().count_of(Code::FilesTooManyToCompare), report.findings().count_of(Code::DocumentMissing)),
        (1, 0),
        "{report}"
    );
    assert!(report.contents().is_verified);
}

#[test]
fn a_database_without_documents_misses_none() {
    let (dump, _) = app::healthy();
    let report = checked(app::archive(dump, &[]).as_slice(), "mendix-cloud");
    assert_eq!(report.findings().count_of(Code::DocumentMissing), 0);
    assert!(report.findings().first().unwrap().message().contains("2 rows"), "{report}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The comparison is that of two maps, whatever the order of rows and members.
    #[test]
    fn the_order_of_rows_and_members_changes_nothing(
        rows in proptest::collection::btree_map(any::<u8>(), any::<bool>(), 0..30),
        documents in proptest::collection::btree_set(any::<u8>(), 1..30),
        seed: u64,
    ) {
        let shuffled = |len: usize| {
            let mut order = (0..len as u64).collect::<Vec<_>>();
            order.sort_by_key(|index| (index ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(seed as u32));
            order.into_iter().map(|index| index as usize).collect::<Vec<_>>()
        };
        let list = rows.iter().map(|(number, deletes)| {
            let row = Row::of(i64::from(*number), id(*number), 3);
            if *deletes { row.deleted_after_download() } else { row }
        }).collect::<Vec<_>>();
        let list = shuffled(list.len()).into_iter().map(|index| list[index].clone()).collect::<Vec<_>>();
        let contents = Contents {
            database: Some(app::dump(&list)),
            documents: app::documents(&documents.iter().map(|number| (*number, 3)).collect::<Vec<_>>()),
        };
        let mut parts = vec![Part::file("db/db.backup", contents.database.clone().unwrap())];
        parts.push(Part::file(".metadata", contents.metadata().render()));
        parts.extend(contents.documents.iter().map(|(id, content)| Part::file(path(id), content.as_slice())));
        let order = shuffled(parts.len());
        let mut tar = order.into_iter().flat_map(|index| parts[index].render()).collect::<Vec<_>>();
        tar.resize(tar.len() + 1024, 0);
        let report = checked(gzip::member(&tar).as_slice(), "mendix-cloud");
        let missing = rows.iter().filter(|(number, deletes)| !**deletes && !documents.contains(number)).count();
        let orphans = documents.iter().filter(|number| !rows.contains_key(number)).count();
        prop_assert_eq!(report.findings().count_of(Code::DocumentMissing), missing as u64);
        prop_assert_eq!(report.findings().count_of(Code::DocumentOrphan), orphans as u64);
        let listed = report.files().unwrap().map(|case| case.id).collect::<Vec<_>>();
        prop_assert!(listed.is_sorted());
        prop_assert_eq!(listed.len(), rows.len() + orphans);
    }
}
