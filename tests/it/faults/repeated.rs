//! A reader that failed repeats its first error, whatever is called next.

use std::io::{self, Read};

use appsnap::pgdump::raw::{BlockReader, Compression};
use appsnap::pgdump::transcode::Transcoder;
use appsnap::pgdump::{Dump, FormatVersion};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotArchive, SnapshotReader, WriteOptions};
use appsnap::{Limits, gzip, tarball};

use crate::support::archives::Contents;
use crate::support::dumps::sample;

/// Calls `step` until it fails, and three times more: each time with the same message. Returns `false` if it never fails.
#[track_caller]
fn repeats(what: &str, mut step: impl FnMut() -> Result<bool, String>) -> bool {
    let first = loop {
        match step() {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => break error,
        }
    };
    for _ in 0..3 {
        assert_eq!(step(), Err(first.clone()), "{what}");
    }
    true
}

fn read_step(reader: &mut impl Read) -> Result<bool, String> {
    reader.read(&mut [0; 300]).map(|count| count > 0).map_err(|error| error.to_string())
}

/// `bytes` cut at several lengths, and with single bytes changed.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let positions = (1..40).map(|part| bytes.len() * part / 40).collect::<Vec<_>>();
    let cut = positions.clone().into_iter().map(|len| (format!("cut at {len}"), bytes[..len].to_vec()));
    cut.chain(positions.into_iter().map(|at| {
        let mut changed = bytes.to_vec();
        changed[at] ^= 0x55;
        (format!("byte {at} changed"), changed)
    }))
}

#[test]
fn readers_of_archives_repeat_their_first_error() {
    let archive = Contents::sample(40).archive();
    let mut failed = [0; 3];
    for (what, bytes) in damaged(&archive) {
        let mut reader = gzip::Reader::new(bytes.as_slice(), &Limits::untrusted());
        failed[0] += usize::from(repeats(&format!("gzip, {what}"), || read_step(&mut reader)));

        let plain = gzip::Reader::new(bytes.as_slice(), &Limits::untrusted());
        let mut reader = tarball::Reader::new(plain, &Limits::untrusted());
        let step = || match reader.next_member() {
            Ok(member) => Ok(member.is_some()),
            Err(error) => Err(error.to_string()),
        };
        failed[1] += usize::from(repeats(&format!("tar, {what}"), step));

        // Every other entry is read, so that both ways to fail are met.
        let mut reader = SnapshotReader::new(bytes.as_slice(), &ReadOptions::new());
        let mut count = 0;
        let step = || {
            let Some(mut entry) = reader.next_entry().map_err(|error| error.to_string())? else { return Ok(false) };
            count += 1;
            if count % 2 == 0 && !matches!(entry.kind(), EntryKind::Metadata(_)) {
                io::copy(&mut entry, &mut io::sink()).map_err(|error| error.to_string())?;
            }
            Ok(true)
        };
        failed[2] += usize::from(repeats(&format!("snapshot, {what}"), step));
    }
    assert!(failed.iter().all(|count| *count > 39), "{failed:?}");
}

#[test]
fn readers_of_dumps_repeat_their_first_error() {
    let dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    let limits = Limits::untrusted();
    let mut failed = [0; 3];
    for (what, bytes) in damaged(&dump) {
        if let Ok(mut reader) = BlockReader::open(bytes.as_slice(), &limits) {
            let step = || reader.next_element().map(|element| element.is_some()).map_err(|error| error.to_string());
            failed[0] += usize::from(repeats(&format!("blocks, {what}"), step));
        }
        if let Ok(mut reader) = Dump::open(bytes.as_slice(), &limits) {
            let step = || {
                let Some(mut stream) = reader.next_stream().map_err(|error| error.to_string())? else {
                    return Ok(false);
                };
                io::copy(&mut stream, &mut io::sink()).map(|_| true).map_err(|error| error.to_string())
            };
            failed[1] += usize::from(repeats(&format!("streams, {what}"), step));
        }
        if let Ok(mut reader) = Transcoder::to(FormatVersion::V1_14).plan(bytes.as_slice(), &limits) {
            failed[2] += usize::from(repeats(&format!("conversion, {what}"), || read_step(&mut reader)));
        }
    }
    assert!(failed.iter().all(|count| *count > 9), "{failed:?}");
}

#[test]
fn a_fetched_document_repeats_its_first_error() {
    let contents = Contents::sample(10);
    let (archive, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let mut failed = 0;
    for (what, bytes) in damaged(&archive) {
        let Ok(archive) = SnapshotArchive::open(bytes, &ReadOptions::new()) else { continue };
        for (id, _) in &contents.documents {
            if let Ok(Some(mut file)) = archive.document(*id) {
                failed += usize::from(repeats(&format!("document, {what}"), || read_step(&mut file)));
            }
        }
    }
    assert!(failed > 0);
}
