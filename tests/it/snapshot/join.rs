//! One archive out of many workers' parts.

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use appsnap::gzip::CHUNK_BYTES;
use appsnap::io::ReadAt;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::join::{Join, shard};
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{Content, ErrorKind, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};

use crate::support::archives::{Contents, id, noise, read, text};

fn options() -> WriteOptions {
    WriteOptions::new().with_sections(SectionSplit::Digit).with_index(IndexPlacement::Embedded)
}

/// The documents of some digits, and the database where it is wanted, as a part.
fn part(
    contents: &Contents,
    digits: std::ops::RangeInclusive<u8>,
    database: Option<&[u8]>,
    options: WriteOptions,
) -> Vec<u8> {
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options).unwrap();
    if let Some(database) = database {
        writer.database(Content::sized(database.len() as u64, database), &mut NoObserver).unwrap();
    }
    writer.documents(&shard(contents, digits), &mut NoObserver).unwrap();
    writer.finish().unwrap().0
}

fn open<R: ReadAt>(part: R) -> SnapshotArchive<R> {
    SnapshotArchive::open(part, &ReadOptions::new()).unwrap()
}

fn open_all(parts: &[Vec<u8>]) -> Vec<SnapshotArchive<&[u8]>> {
    parts.iter().map(|part| SnapshotArchive::open(part.as_slice(), &ReadOptions::new()).unwrap()).collect()
}

/// A part for the database and one for every digit.
fn parts(contents: &Contents) -> Vec<Vec<u8>> {
    let nothing = Contents::default();
    let mut parts = vec![part(&nothing, 0..=15, contents.database.as_deref(), options())];
    parts.extend((0..16).map(|digit| part(contents, digit..=digit, None, options())));
    parts
}

/// The work of another process: packs the part of one digit into a file.
const DIGIT: &str = "APPSNAP_TEST_DIGIT";
const FOLDER: &str = "APPSNAP_TEST_FOLDER";

#[test]
fn sixteen_processes_make_the_archive_that_one_makes() {
    let contents = Contents::sample(400);
    if let (Some(digit), Some(folder)) = (env::var_os(DIGIT), env::var_os(FOLDER)) {
        let digit: u8 = digit.to_str().unwrap().parse().unwrap();
        let database = contents.database.as_deref().filter(|_| digit == 0);
        let part = part(&contents, digit..=digit, database, options());
        fs::write(Path::new(&folder).join(digit.to_string()), part).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let workers: Vec<_> = (0..16)
        .map(|digit| {
            let mut command = Command::new(env::current_exe().unwrap());
            command.args(["--exact", "snapshot::join::sixteen_processes_make_the_archive_that_one_makes"]);
            command.env(DIGIT, digit.to_string()).env(FOLDER, folder.path()).stdout(std::process::Stdio::null());
            command.spawn().unwrap()
        })
        .collect();
    for mut worker in workers {
        assert!(worker.wait().unwrap().success());
    }
    let parts: Vec<_> = (0..16)
        .map(|digit| {
            let file = File::open(folder.path().join(digit.to_string())).unwrap();
            open(file)
        })
        .collect();
    for index in [IndexPlacement::Embedded, IndexPlacement::Omitted] {
        let options = || options().with_index(index);
        let joined = Join::plan(&contents.metadata(), &parts, &options()).unwrap();
        let archive = joined.write_to(Vec::new(), &mut NoObserver).unwrap();
        let (expected, report) = contents.pull(options());
        assert!(archive == expected, "{index:?}");
        assert_eq!(joined.len_bytes(), archive.len() as u64);
        assert_eq!(joined.report().archive_bytes(), report.archive_bytes());
        assert_eq!(joined.report().documents_count(), 400);
        assert!(read(archive.as_slice(), ReadOptions::new()).unwrap().0 == contents);
    }
}

#[test]
fn parts_of_several_digits_and_empty_parts_join_alike() {
    let contents = Contents::sample(150);
    let database = contents.database.as_deref();
    let (expected, _) = contents.push(options());
    let cuts = [&[0..=15][..], &[0..=7, 8..=15], &[0..=0, 1..=1, 2..=14, 15..=15]];
    for cuts in cuts {
        let mut made: Vec<_> = cuts.iter().map(|digits| part(&contents, digits.clone(), None, options())).collect();
        made.insert(0, part(&Contents::default(), 0..=15, database, options()));
        made.insert(1, part(&Contents::default(), 0..=15, None, options()));
        let opened = open_all(&made);
        let joined = Join::plan(&contents.metadata(), &opened, &options()).unwrap();
        assert!(joined.write_to(Vec::new(), &mut NoObserver).unwrap() == expected, "{cuts:?}");
    }
}

#[test]
fn no_parts_at_all_are_an_archive_of_the_metadata() {
    let parts: [SnapshotArchive<Vec<u8>>; 0] = [];
    let joined = Join::plan(&Metadata::new(), &parts, &options()).unwrap();
    let writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options()).unwrap();
    assert!(joined.write_to(Vec::new(), &mut NoObserver).unwrap() == writer.finish().unwrap().0);
}

#[test]
fn joined_archive_is_read_at_any_offset_without_being_written() {
    let contents = Contents::sample(100);
    let made = parts(&contents);
    let opened = open_all(&made);
    let joined = Join::plan(&contents.metadata(), &opened, &options()).unwrap();
    let expected = contents.push(options()).0;
    let mut at = 0;
    for len in (1..).map(|number: usize| number * 7919 % 100_000) {
        let mut buffer = vec![0; len.min(expected.len() - at)];
        joined.read_exact_at(&mut buffer, at as u64).unwrap();
        assert!(buffer == expected[at..at + buffer.len()], "{at}");
        at += buffer.len();
        if at == expected.len() {
            break;
        }
    }
    assert_eq!(joined.read_at(&mut [0; 4], at as u64).unwrap(), 0);
    let archive = open(&joined);
    assert_eq!(archive.documents_count(), 100);
}

#[test]
fn lengths_that_cannot_divide_every_archive_are_refused() {
    let made = parts(&Contents::sample(20));
    let opened = open_all(&made);
    let joined = Join::plan(&Contents::sample(20).metadata(), &opened, &options()).unwrap();
    for (min, max) in [(0, 10), (10, 19), (10, 1), (u64::MAX, u64::MAX)] {
        assert_eq!(joined.pieces(min..=max), None, "{min} to {max}");
    }
    assert!(joined.pieces(10..=20).is_some());
}

#[test]
fn store_puts_the_archive_together_from_ranges_of_the_parts() {
    let mut documents: Vec<_> = (0..60).map(|number| (id(number), noise(number, 200_000))).collect();
    documents.extend((60..900).map(|number| (id(number), text(number, 100))));
    documents.sort();
    let contents = Contents { database: Some(noise(7, 3_000_000)), documents };
    let made = parts(&contents);
    let opened = open_all(&made);
    let joined = Join::plan(&contents.metadata(), &opened, &options()).unwrap();
    let expected = contents.push(options()).0;
    for (min, max) in [(1, u64::MAX), (1000, 100_000), (300_000, 1 << 30), (1_500_000, 3_000_000), (1 << 40, 1 << 50)] {
        let pieces = joined.pieces(min..=max).unwrap();
        let mut archive = Vec::new();
        let mut copied = 0;
        for (number, piece) in pieces.iter().enumerate() {
            let range = piece.output_bytes().clone();
            let len = range.end - range.start;
            assert_eq!(range.start, archive.len() as u64);
            let is_last = number + 1 == pieces.len();
            assert!((is_last || len >= min) && len <= max.max(2 * min), "{len} of {min} to {max}");
            let mut bytes = vec![0; usize::try_from(len).unwrap()];
            match piece.source() {
                Some((part, from)) => {
                    assert_eq!(from.end - from.start, len);
                    made[*part].read_exact_at(&mut bytes, from.start).unwrap();
                    copied += len;
                }
                None => {
                    assert!(len < 2 * min.max(2));
                    joined.read_exact_at(&mut bytes, range.start).unwrap();
                }
            }
            archive.extend_from_slice(&bytes);
        }
        assert!(archive == expected, "{min} to {max}");
        // Some twelve MiB are worth copying, in parts of some hundred KiB.
        assert!(min > 400_000 || copied > 12_000_000, "{copied} of {min} to {max}");
    }
}

fn refused(contents: &Contents, made: &[Vec<u8>], options: &WriteOptions) -> ErrorKind {
    let opened = open_all(made);
    let error = Join::plan(&contents.metadata(), &opened, options).unwrap_err();
    assert!(error.context().is_some_and(|member| member.starts_with("part ")) || made.is_empty(), "{error}");
    match error.kind() {
        ErrorKind::Misuse(what) => ErrorKind::Misuse(what),
        ErrorKind::Index(what) => ErrorKind::Index(what),
        other => panic!("{other}"),
    }
}

#[test]
fn parts_that_would_join_to_something_else_are_refused() {
    let contents = Contents::sample(100);
    let made = parts(&contents);

    let mut swapped = made.clone();
    swapped.swap(3, 4);
    assert!(matches!(refused(&contents, &swapped, &options()), ErrorKind::Misuse(what) if what.contains("ascend")));

    let mut twice = made.clone();
    twice.insert(5, made[5].clone());
    assert!(matches!(refused(&contents, &twice, &options()), ErrorKind::Misuse(what) if what.contains("ascend")));

    let mut late = made.clone();
    late.rotate_left(1);
    assert!(matches!(refused(&contents, &late, &options()), ErrorKind::Misuse(what) if what.contains("database")));

    // Parts that begin chunks of their own where a single writer does not.
    let mut documents: Vec<_> = (0..40).map(|number| (id(number), noise(number, 300_000))).collect();
    documents.sort();
    let large = Contents { database: None, documents };
    let sections = options().with_sections(SectionSplit::Contents);
    let refusal = refused(&large, &parts(&large), &sections);
    assert!(matches!(refusal, ErrorKind::Misuse(what) if what.contains("do not end")), "{refusal}");

    let whole = part(&contents, 0..=15, contents.database.as_deref(), options().with_sections(SectionSplit::Contents));
    assert!(matches!(refused(&contents, &[whole], &options()), ErrorKind::Misuse(what) if what.contains("do not end")));
}

#[test]
fn part_whose_index_belongs_to_other_chunks_is_refused() {
    // Two parts that differ in content alone, so that only the checksums tell.
    let make = |fill: u8| {
        let contents = Contents { database: None, documents: vec![(id(1), vec![fill; 2 * CHUNK_BYTES])] };
        let mut writer =
            SnapshotWriter::start(Vec::new(), &Metadata::new(), &options().with_index(IndexPlacement::Sidecar))
                .unwrap();
        writer.documents(&contents, &mut NoObserver).unwrap();
        writer.finish().unwrap()
    };
    let (one, one_report) = make(1);
    let mut index = Vec::new();
    one_report.index().unwrap().write_to(&mut index).unwrap();
    // The row of the only document: id, length, and then the CRC32.
    forge(&mut index, id(1).as_bytes(), |row| row[22] ^= 1);
    let forged = [one, index].concat();
    let contents = Contents { database: None, documents: vec![(id(1), vec![1; 2 * CHUNK_BYTES])] };
    assert!(matches!(refused(&contents, &[forged], &options()), ErrorKind::Index(what) if what.contains("checksum")));
}

/// Changes the bytes that begin with `needle` in an index, and corrects the checksum after its page.
fn forge(index: &mut [u8], needle: &[u8], change: fn(&mut [u8])) {
    let at = index.windows(needle.len()).position(|window| window == needle).unwrap();
    // A page is between 16 bytes of its member's header and 10 of its end; the header holds its length.
    let mut page = 16;
    let page_end = loop {
        let end = page + usize::from(u16::from_le_bytes([index[page - 2], index[page - 1]])) - 4;
        if at < end {
            break end;
        }
        page = end + 4 + 10 + 16;
    };
    change(&mut index[at..page_end]);
    let sum = crc32(&index[page..page_end]);
    index[page_end..page_end + 4].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn part_that_claims_petabytes_is_refused_before_room_is_made_for_them() {
    let contents = Contents::sample(10);
    let (data, report) = contents.push(options().with_index(IndexPlacement::Sidecar));
    let mut index = Vec::new();
    report.index().unwrap().write_to(&mut index).unwrap();
    let database_bytes = contents.database.as_ref().unwrap().len() as u64;
    forge(&mut index, &database_bytes.to_le_bytes(), |length| length[..7].fill(0xff));
    let forged = [data, index].concat();
    let refusal = refused(&contents, &[forged], &options());
    assert!(matches!(refusal, ErrorKind::Index(what) if what.contains("longer")), "{refusal}");
}

/// CRC32 (RFC 1952, section 8), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[test]
fn metadata_is_held_against_all_parts_together() {
    let contents = Contents::sample(50);
    let made = parts(&contents);
    let opened = open_all(&made);
    let metadata = contents.metadata().with_files_size_bytes(1);
    let planned: Result<_, appsnap::snapshot::Error> = Join::plan(&metadata, &opened, &options());
    assert!(matches!(planned.unwrap_err().kind(), ErrorKind::MetadataSize { name: "filesSize", .. }));
}
