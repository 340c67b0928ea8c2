//! Indexes beside archives of other programs: random access, refusals, and lies.

use std::io::{self, Read, Write};

use appsnap::io::{Parallelism, ReadAt};
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::{IndexPlacement, make_sidecar};
use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotArchive, WriteOptions};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::archives::{Contents, id, noise, text};

/// The tar stream of an archive, as another program orders and pads it: directories between, the database last.
fn foreign_tar(contents: &Contents) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut file = |name: &str, bytes: &[u8], mtime: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mtime(mtime);
        tar.append_data(&mut header, name, bytes).unwrap();
    };
    let mut directory = String::new();
    for (number, (id, bytes)) in contents.documents.iter().enumerate() {
        let folder = format!("tree/{}/", &id.path()[..2]);
        if folder != directory {
            file(&folder, b"", 0);
            directory = folder;
        }
        file(&format!("./tree/{}", id.path()), bytes, number as u64);
    }
    if let Some(database) = &contents.database {
        file("db/db.backup", database, 7);
    }
    file(".metadata", &contents.metadata().render(), 9);
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn sidecar(archive: &[u8]) -> Result<Vec<u8>, appsnap::snapshot::Error> {
    let mut bytes = Vec::new();
    make_sidecar(&archive, &ReadOptions::new(), &mut NoObserver)?.write_to(&mut bytes).unwrap();
    Ok(bytes)
}

type Opened<'a> = SnapshotArchive<&'a [u8], &'a [u8]>;

fn open<'a>(archive: &'a [u8], sidecar: &'a [u8]) -> Result<Opened<'a>, appsnap::snapshot::Error> {
    SnapshotArchive::open_with_sidecar(archive, sidecar, &ReadOptions::new())
}

fn content(mut file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Asserts that everything is found.
fn holds(archive: &[u8], contents: &Contents) -> Vec<u8> {
    let index = sidecar(archive).unwrap();
    let opened = open(archive, &index).unwrap();
    assert_eq!(opened.metadata().unwrap(), contents.metadata());
    assert_eq!(content(opened.database().unwrap()).unwrap(), *contents.database.as_ref().unwrap());
    let listed: Vec<_> = opened.documents().map(Result::unwrap).collect();
    assert_eq!(listed.len(), contents.documents.len());
    for ((id, bytes), listed) in contents.documents.iter().zip(listed) {
        assert_eq!(
            (listed.id(), listed.len_bytes(), listed.crc32()),
            (*id, bytes.len() as u64, crc32fast::hash(bytes))
        );
        assert!(content(opened.document(*id).unwrap().unwrap()).unwrap() == *bytes, "{id}");
    }
    assert!(opened.document(id(5_000_000)).unwrap().is_none());
    assert!(opened.verify(Parallelism::INLINE, &mut NoObserver).is_ok());
    index
}

/// About 15 MB in 100 documents: text, noise and mixtures.
fn large() -> Contents {
    let mut contents = Contents { database: Some(noise(3, 5_000_000)), documents: Vec::new() };
    for number in 0..100_u64 {
        let len = 20_000 + (number as usize * 7919) % 160_000;
        let mut bytes = match number % 3 {
            0 => noise(number, len),
            1 => words(number, len),
            _ => text(number, len),
        };
        if number % 7 == 0 {
            bytes.extend(noise(number, 30_000));
        }
        contents.documents.push((id(number), bytes));
    }
    contents.documents.sort();
    contents
}

/// Text that is less regular than numbered lines.
fn words(seed: u64, len: usize) -> Vec<u8> {
    let choices = noise(seed, len / 4 + 8);
    let words = choices.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]) % 3001);
    words.flat_map(|word| format!("w{:x} ", u32::from(word).wrapping_mul(2_654_435)).into_bytes()).take(len).collect()
}

#[test]
fn documents_of_one_deflate_stream_are_fetched_from_points() {
    let contents = large();
    let tar = foreign_tar(&contents);
    for level in [1, 6] {
        let archive = gzip(&tar, level);
        let index = holds(&archive, &contents);
        assert!(index.len() * 40 < archive.len(), "{} of {} bytes", index.len(), archive.len());
        // Random access reads a fraction of the archive.
        let counted = Counted { bytes: &archive, read: std::cell::Cell::new(0) };
        let opened = SnapshotArchive::open_with_sidecar(&counted, index.as_slice(), &ReadOptions::new()).unwrap();
        let (id, bytes) = &contents.documents[50];
        assert!(content(opened.document(*id).unwrap().unwrap()).unwrap() == *bytes);
        assert!(counted.read.get() < archive.len() as u64 * 2 / 3, "{} of {}", counted.read.get(), archive.len());
    }
}

struct Counted<'a> {
    bytes: &'a [u8],
    read: std::cell::Cell<u64>,
}

impl ReadAt for Counted<'_> {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let count = self.bytes.read_at(buffer, offset_bytes)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }
}

#[test]
fn members_and_uncompressed_archives_have_points_of_their_own() {
    let contents = Contents::sample(30);
    let tar = foreign_tar(&contents);
    holds(&tar, &contents);
    for piece in [40_000, 700_000, tar.len()] {
        let members: Vec<u8> = tar.chunks(piece).flat_map(|piece| gzip(piece, 6)).collect();
        holds(&members, &contents);
        // Empty members and zeros after the last one.
        holds(&[gzip(b"", 6), members, gzip(b"", 1), vec![0; 700]].concat(), &contents);
    }
    // Without an index, an archive of this crate is as any other.
    holds(&contents.archive(), &contents);
    let tiny: Vec<u8> = tar.chunks(20).flat_map(|piece| gzip(piece, 6)).collect();
    assert!(sidecar(&tiny).unwrap_err().is_misuse());
}

#[test]
fn an_archive_with_an_index_needs_no_sidecar() {
    let indexed = Contents::tiny().push(WriteOptions::new().with_index(IndexPlacement::Embedded)).0;
    assert!(sidecar(&indexed).unwrap_err().is_misuse());
}

#[test]
fn archives_that_are_compressed_twice_are_not_indexed() {
    let twice = gzip(&gzip(&foreign_tar(&Contents::tiny()), 6), 6);
    assert!(sidecar(&twice).unwrap_err().to_string().contains("twice"));
}

#[test]
fn damaged_archives_are_not_indexed() {
    let archive = gzip(&foreign_tar(&Contents::tiny()), 6);
    for len in 0..archive.len() {
        assert!(sidecar(&archive[..len]).is_err(), "{len}");
    }
}

#[test]
fn sidecar_of_another_or_changed_archive_is_refused() {
    let (one, other) = (Contents::sample(20), Contents::sample(21));
    let (one, other) = (gzip(&foreign_tar(&one), 6), gzip(&foreign_tar(&other), 6));
    let index = sidecar(&one).unwrap();
    assert!(open(&one, &index).is_ok());
    let refused = |archive: &[u8]| {
        let error = open(archive, &index).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Index(what) if what.contains("another archive")), "{error}");
    };
    refused(&other);
    refused(&one[..one.len() - 1]);
    refused(&[one.as_slice(), &[0]].concat());
    for at in [0, 5, 4000, one.len() - 1, one.len() - 4000] {
        let mut changed = one.clone();
        changed[at] ^= 1;
        refused(&changed);
    }
    refused(&[]);
}

#[test]
fn no_bit_of_a_sidecar_can_be_flipped_and_none_is_missed() {
    let contents = Contents { database: Some(noise(3, 3_000)), ..Contents::tiny() };
    let big = Contents { database: Some(words(1, 5_000_000)), ..contents.clone() };
    for (contents, step) in [(contents, 1), (big, 331)] {
        let archive = gzip(&foreign_tar(&contents), 6);
        let index = sidecar(&archive).unwrap();
        for at in (0..index.len()).step_by(step) {
            let mut changed = index.clone();
            changed[at] ^= 1 << (at % 8);
            let Ok(opened) = open(&archive, &changed) else { continue };
            // What the opening does not read is refused when it is needed: never other content.
            let listed: Result<Vec<_>, _> = opened.documents().collect();
            let fetched: Vec<_> = contents
                .documents
                .iter()
                .map(|(id, bytes)| {
                    let found = opened.document(*id).map(|file| file.map(content));
                    match found {
                        Ok(Some(Ok(found))) => {
                            assert!(found == *bytes, "byte {at}");
                            true
                        }
                        _ => false,
                    }
                })
                .collect();
            let database = content(opened.database().unwrap());
            assert!(
                database.as_ref().is_ok_and(|found| found == contents.database.as_ref().unwrap()) || database.is_err()
            );
            assert!(
                listed.is_err() || fetched.contains(&false) || database.is_err() || at < index.len() - 300,
                "byte {at} of {} makes no difference",
                index.len()
            );
        }
        for len in (0..index.len().min(400)).step_by(step.min(7)) {
            assert!(open(&archive, &index[..len]).is_err());
            assert!(open(&archive, &index[len + 1..]).is_err());
        }
    }
}
