//! The promises of the reader.

use std::io::Read;

use appsnap::Limits;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{Code, EntryKind, ErrorKind, ReadOptions, SnapshotReader, WriteOptions};
use proptest::prelude::*;

use crate::support::archives::{Contents, id, read, text};
use crate::support::readers::{FailAt, Portions, Stutter};

fn gunzip(archive: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(archive).read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn bare_tar_reads_like_the_compressed_one() {
    let contents = Contents::sample(50);
    let archive = contents.archive();
    let plain = gunzip(&archive);
    assert_eq!(plain.len() % 10_240, 0);
    assert!(read(plain.as_slice(), ReadOptions::new()).unwrap().0 == contents);
}

#[test]
fn slicing_of_reads_changes_nothing() {
    let contents = Contents::sample(12);
    let (archive, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    assert!(read(Stutter::new(archive.as_slice(), 7), ReadOptions::new()).unwrap().0 == contents);
    let contents = Contents::tiny();
    let (archive, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    assert!(read(Portions::single(archive.as_slice()), ReadOptions::new()).unwrap().0 == contents);
}

#[test]
fn unread_entries_are_verified_all_the_same() {
    let mut archive = Contents::sample(20).archive();
    let middle = archive.len() / 2;
    archive[middle] ^= 1;
    let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    let outcome = loop {
        match reader.next_entry() {
            Ok(Some(_)) => {}
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    assert!(outcome.is_err());
    assert!(!reader.report().is_verified());
    assert!(reader.next_entry().is_err(), "a failed reader went on");
}

#[test]
fn crc_of_an_entry_is_that_of_its_content() {
    let contents = Contents::tiny();
    let archive = contents.archive();
    let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    while let Some(mut entry) = reader.next_entry().unwrap() {
        if let EntryKind::Document(id) = *entry.kind() {
            let bytes = &contents.documents.iter().find(|(other, _)| *other == id).unwrap().1;
            // Having read a part of it makes no difference.
            entry.read_exact(&mut [0; 10]).unwrap();
            assert_eq!(entry.crc32().unwrap(), crc32fast::hash(bytes));
        }
    }
}

#[test]
fn metadata_is_parsed_and_can_be_read_as_bytes() {
    let contents = Contents::tiny();
    let archive = contents.archive();
    let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    let mut entry = reader.next_entry().unwrap().unwrap();
    assert!(matches!(entry.kind(), EntryKind::Metadata(metadata) if *metadata == contents.metadata()));
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, contents.metadata().render());
    assert_eq!(reader.metadata(), Some(&contents.metadata()));
}

#[test]
fn files_only_archive_says_that_it_has_no_database() {
    let contents = Contents { database: None, documents: vec![(id(1), text(1, 9))] };
    let (_, report) = read(contents.archive().as_slice(), ReadOptions::new()).unwrap();
    assert!(report.diagnostics().counts().eq([(Code::FilesOnly.into(), 1)]));
}

#[test]
fn limits_end_the_reading_with_their_name() {
    let archive = Contents::sample(30).archive();
    for (limits, name) in [
        (Limits::default().with_max_total_bytes(100_000), "max_total_bytes"),
        (Limits::default().with_max_entry_bytes(100_000), "max_entry_bytes"),
        (Limits::default().with_max_entries(20), "max_entries"),
        (Limits::default().with_max_metadata_bytes(20), "max_metadata_bytes"),
    ] {
        let error = read(archive.as_slice(), ReadOptions::new().with_limits(limits)).unwrap_err();
        assert!(error.is_limit() && error.to_string().contains(name), "{name}: {error}");
    }
}

#[test]
fn every_failing_read_is_one_clear_error() {
    let archive = Contents::tiny().archive();
    for calls_left in 0.. {
        let source = FailAt { inner: archive.as_slice(), calls_left };
        match read(Portions::new(source, 100), ReadOptions::new()) {
            Ok(_) => break,
            Err(error) => assert!(error.is_io(), "{error}"),
        }
    }
}

#[test]
fn what_is_no_archive_is_named() {
    for (bytes, what) in [
        (&b""[..], "empty"),
        (b"PK\x03\x04whatever", "zip"),
        (b"PGDMP\x01\x0e\x00", "dump"),
        (b"hello, world", "neither gzip"),
    ] {
        let error = read(bytes, ReadOptions::new()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotASnapshot(text) if text.contains(what)), "{error}");
    }
}

fn contents() -> impl Strategy<Value = Contents> {
    let document = (any::<u64>(), 0_usize..3000, any::<bool>());
    (proptest::option::of(0_usize..5000), proptest::collection::vec(document, 0..20)).prop_map(|(database, rows)| {
        let mut documents: Vec<_> = rows
            .into_iter()
            .map(|(seed, len, is_text)| {
                let bytes = if is_text { text(seed, len) } else { crate::support::archives::noise(seed, len) };
                (id(seed), bytes)
            })
            .collect();
        documents.sort();
        documents.dedup_by_key(|(id, _)| *id);
        Contents { database: database.map(|len| text(1, len)), documents }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_contents_round_trip_through_any_slicing(contents in contents(), seed: u64, threads in 0_u8..4) {
        let options = WriteOptions::new()
            .with_parallelism(appsnap::io::Parallelism::threads(threads))
            .with_index(IndexPlacement::Embedded);
        let (archive, _) = contents.pull(options);
        if contents == Contents::default() {
            // .metadata alone is an archive without contents, and still one that reads.
            prop_assert!(read(archive.as_slice(), ReadOptions::new()).is_ok());
        }
        let (again, report) = read(Stutter::new(archive.as_slice(), seed), ReadOptions::new()).unwrap();
        prop_assert!(again == contents);
        prop_assert!(report.is_indexed());
    }
}
