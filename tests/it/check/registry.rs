//! Every code of the registry: something that has it, and the same thing in good order that has not.

use std::collections::BTreeMap;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Code, Profile, check};
use appsnap::observe::NoObserver;
use appsnap::pgdump::{DataState, Dialect, Dump, FormatVersion};
use appsnap::snapshot::WriteOptions;
use appsnap::snapshot::index::IndexPlacement;

use super::app::{self, Row, id};
use crate::support::archives::Contents;
use crate::support::dumps::{Content, DumpBuilder, Item};
use crate::support::hostile::cases;
use crate::support::hostile::plan::Plan;

/// Cases of the corpus; what is good about them is the corpus' sample.
const FROM_CORPUS: &[(Code, &str)] = &[
    (Code::NotASnapshot, "g-text"),
    (Code::LimitExceeded, "l-"),
    (Code::GzipTruncated, "g-head-cut"),
    (Code::GzipHeader, "g-reserved-flag-5"),
    (Code::GzipDamaged, "g-block-type-3"),
    (Code::GzipChecksum, "g-crc-off-by-one"),
    (Code::GzipTrailingData, "g-garbage-behind"),
    (Code::TarTruncated, "g-last-member-missing"),
    (Code::TarChecksum, "h-checksum-one-too-high"),
    (Code::TarStrayZeros, "e-zero-block-between"),
    (Code::TarTrailingData, "e-members-behind"),
    (Code::TarNumber, "n-size-digit-8"),
    (Code::TarDialect, "h-magic-unknown"),
    (Code::ExtensionCarrier, "h-pax-on-v7"),
    (Code::ExtensionDangling, "x-pax-at-the-end"),
    (Code::ExtensionDuplicate, "x-two-pax-headers"),
    (Code::ExtensionGlobal, "x-global-path"),
    (Code::ExtensionMalformed, "x-record-without-line-feed"),
    (Code::ExtensionMixed, "x-pax-then-long-name"),
    (Code::ExtensionNumber, "x-size-plus"),
    (Code::ExtensionPath, "x-path-of-another-document"),
    (Code::ExtensionSize, "x-size-hides-a-member"),
    (Code::ExtensionLink, "x-linkpath-on-a-file"),
    (Code::TypeLink, "t-symlink-document"),
    (Code::TypeDevice, "t-fifo"),
    (Code::TypeSparse, "x-sparse-0-0"),
    (Code::TypePayload, "t-directory-with-payload"),
    (Code::TypeUnsupported, "t-type-multi-volume"),
    (Code::ModeBits, "w-setuid"),
    (Code::ContiguousFile, "w-contiguous"),
    (Code::SlashedFile, "w-slashed-file"),
    (Code::IgnoredField, "w-bytes-behind-name"),
    (Code::ShortEndMarker, "w-lone-zero-block"),
    (Code::NameTraversal, "p-parent"),
    (Code::NameEncoding, "p-backslash"),
    (Code::NameNotCanonical, "p-dot-inside"),
    (Code::NameUnknown, "t-directory-named-appledouble"),
    (Code::ShardMismatch, "p-shard-wrong"),
    (Code::NameWrongKind, "t-file-named-tree"),
    (Code::NameRepeated, "p-twice"),
    (Code::FlatTree, "w-flat-document"),
    (Code::ShardLetterCase, "w-upper-case-shard"),
    (Code::UpperCaseId, "w-upper-case-uuid"),
    (Code::JunkSkipped, "w-ds-store"),
    (Code::AppleDoubleSkipped, "w-appledouble"),
    (Code::MetadataUnusable, "m-text"),
    (Code::MetadataMissingFilesOnly, "w-neither-database-nor-metadata"),
    (Code::MetadataBom, "w-metadata-byte-order-mark"),
    (Code::MetadataNumber, "w-metadata-dump-size-number"),
    (Code::MetadataKeyMissing, "w-metadata-empty-object"),
    (Code::MetadataSizeDiffers, "w-document-left-out"),
    (Code::FilesOnly, "w-no-database"),
    (Code::DatabaseOnly, "a-database-only"),
    (Code::DumpFormat, "d-text"),
    (Code::DumpTooNew, "d-version-1-15"),
    (Code::DumpTruncated, "d-cut-in-the-contents"),
    (Code::DumpDamaged, "d-int-size-255"),
    (Code::DumpLimit, "d-string-of-2-gib"),
    (Code::DumpNoOffsets, "a-pax-empty"),
    (Code::FilesNotCompared, "a-pax-empty"),
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
        report.count(code) > 0
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

/// What pg_dump 17 leaves where its output was redirected: positions in a table of contents of their own, at the end.
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

/// What is bent for a code that is no case of the corpus.
fn by_hand(code: Code) -> Input {
    match code {
        Code::ManyDocuments => {
            let input = healthy();
            Input { profile: input.profile.with_many_documents_count(1), ..input }
        }
        Code::TargetTooSmall => Input { options: CheckOptions::new().with_target_database_bytes(10), ..healthy() },
        Code::IndexWrong => Input::new(wrong_index()),
        Code::MetadataMissing => Input::new(Plan::sample().without(0).gz()),
        Code::DumpTooOld => {
            with_dump(crate::support::hostile::dump::Dump { version: [0, 9, 0], ..Default::default() }.render())
        }
        Code::DumpAccessRights => bent(|dump| add(dump, b"ACL", "TABLE x", "GRANT SELECT ON TABLE x TO PUBLIC;\n")),
        Code::DumpSchemaOnly => bent(|dump| dump.items.retain(|item| item.content.is_none())),
        Code::DumpDataOnly => bent(|dump| dump.items.retain(|item| item.desc != b"TABLE")),
        Code::DumpEmpty => bent(|dump| dump.items.truncate(3)),
        Code::DumpNoLargeObjects => {
            bent(|dump| definition(dump, b"TABLE", "CREATE TABLE public.x (\n    id bigint,\n    data oid\n);\n"))
        }
        Code::DumpNewerSql => bent(|dump| {
            dump.header.server_version = Some(b"17.2".to_vec());
            add(dump, b"CONSTRAINT", "x y", "ALTER TABLE ONLY x ADD CONSTRAINT y UNIQUE NULLS NOT DISTINCT (id);\n");
        }),
        Code::DumpInserts => bent(|dump| {
            let item = dump.items.iter_mut().find(|item| item.content.is_some()).unwrap();
            item.copy_statement = None;
            item.content = Some(Content::Table(b"INSERT INTO x VALUES (1);\n\n\n".to_vec()));
        }),
        Code::DumpEncoding => bent(|dump| definition(dump, b"ENCODING", "SET client_encoding = 'LATIN1';\n")),
        Code::DumpEscapingStrings => {
            bent(|dump| definition(dump, b"STDSTRINGS", "SET standard_conforming_strings = 'off';\n"))
        }
        Code::DumpCreationTime => bent(|dump| {
            let mut impossible = dump.header.created.unwrap_or_default();
            impossible.day = 99;
            dump.header.created = Some(impossible);
        }),
        Code::DumpIntegers => bent(|dump| dump.header.dialect = Dialect::new(FormatVersion::V1_14, 8, 8).unwrap()),
        Code::DumpMixedOffsets => with_dump(mixed_offsets()),
        Code::DumpSecondToc => with_dump(second_toc()),
        Code::DumpBlockOrder => with_dump(out_of_order()),
        Code::DumpSettingMissing => bent(|dump| drop(dump.items.remove(2))),
        Code::DumpUnlistedObjects => bent(|dump| {
            dump.blobs(vec![(16_400, b"large object".to_vec())]);
            dump.items.retain(|item| item.desc != b"BLOB");
        }),
        Code::DumpWithOids => {
            bent(|dump| dump.items.iter_mut().find(|item| item.desc == b"TABLE").unwrap().with_oids = true)
        }
        Code::DocumentMissing => with_row(Row::of(3, id(3), 1), &[(1, 10), (2, 20)]),
        Code::DocumentOrphan => with_row(Row::of(3, id(1), 10), &[(1, 10), (2, 20), (3, 1)]),
        Code::DocumentSize => with_row(Row::of(3, id(3), 1), &[(1, 10), (2, 20), (3, 2)]),
        Code::DocumentZero => with_row(Row::of(3, id(3), 1), &[(1, 10), (2, 20), (3, 0)]),
        Code::DocumentNumbered => with_row(Row::numbered(3, Some(7)), &[(1, 10), (2, 20)]),
        Code::DocumentUnnamed => with_row(Row::numbered(3, None), &[(1, 10), (2, 20)]),
        Code::DocumentUnexpected => with_row(Row::of(3, id(3), 1).without_contents(), &[(1, 10), (2, 20), (3, 1)]),
        Code::DocumentDeleted => with_row(Row::of(3, id(3), 1).deleted_after_download(), &[(1, 10), (2, 20)]),
        Code::FilesTooMany => {
            let limits = Limits::untrusted().with_max_entries(4);
            let rows = (1..=5).map(|number| Row::of(1, id(number), 1)).collect::<Vec<_>>();
            let options = CheckOptions::new().with_limits(limits);
            Input { options, ..Input::new(app::archive(app::dump(&rows), &[(1, 1)])) }
        }
        other => panic!("{other} has no fixture"),
    }
}

#[test]
fn every_code_can_be_found_and_is_absent_where_all_is_well() {
    let corpus = FROM_CORPUS.iter().copied().collect::<BTreeMap<_, _>>();
    assert_eq!(corpus.len(), FROM_CORPUS.len());
    for code in Code::ALL {
        let (bad, good) = match corpus.get(code) {
            Some(name) => {
                let case = cases().iter().find(|case| case.name.starts_with(name)).unwrap();
                let options = CheckOptions::new().with_limits(case.limits.clone());
                let good = match code {
                    // What no case of the corpus has: stored positions, and a table of files.
                    Code::DumpNoOffsets | Code::FilesNotCompared => healthy(),
                    _ => Input::new(Plan::sample().gz()),
                };
                // Under `format` no finding is left out, except one that is about a target.
                (Input { bytes: case.bytes.clone(), profile: Profile::format(), options }, good)
            }
            None => (by_hand(*code), healthy()),
        };
        assert!(bad.has(*code), "{code} is not found in its bad fixture");
        assert!(!good.has(*code), "{code} is found in its good fixture");
    }
}

#[test]
fn a_healthy_app_has_no_findings_at_all() {
    for profile in Profile::BUILT_IN {
        let profile = Profile::by_name(profile).unwrap();
        let input = Input { profile, ..healthy() };
        let report = check(input.bytes.as_slice(), &input.profile, &input.options, &mut NoObserver).unwrap();
        assert_eq!(report.counts().len(), 0, "{report}");
    }
}
