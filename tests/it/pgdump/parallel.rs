//! Inspection on several threads: the same result and the same error as in order, for sound and for damaged dumps.

use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use appsnap::Limits;
use appsnap::io::Parallelism;
use appsnap::observe::{Event, NoObserver};
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::{Dump, FormatVersion, inspect, inspect_at};

use crate::support::dumps::{DumpBuilder, compressions, sample, version_for};

/// Inspects `bytes` in order and on threads, and returns the only result.
#[track_caller]
fn only_result(bytes: &[u8], limits: &Limits, threads: &[u8]) -> String {
    let in_order = format!("{:?}", inspect(bytes, limits, &mut NoObserver));
    for count in threads {
        let at = inspect_at(&bytes, limits, Parallelism::threads(*count), &mut NoObserver);
        assert_eq!(format!("{at:?}"), in_order, "{count} threads");
    }
    in_order
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files_below(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn every_sample_gives_the_same_for_any_number_of_threads() {
    let mut files = Vec::new();
    files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data"), &mut files);
    let dumps = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "dump"));
    let results = dumps.map(|path| only_result(&fs::read(path).unwrap(), &Limits::untrusted(), &[1, 2, 8]));
    assert!(results.filter(|result| result.starts_with("Ok")).count() >= 8);
    for version in FormatVersion::ALL.iter().copied() {
        for compression in compressions() {
            for with_positions in [true, false] {
                let mut builder = sample(version, compression);
                builder.with_positions = with_positions;
                let result = only_result(&builder.build(), &Limits::untrusted(), &[0, 1, 2, 8]);
                assert!(result.starts_with("Ok"), "{result}");
            }
        }
    }
}

/// A small dump with every kind of block.
fn tiny(compression: Compression, with_positions: bool) -> DumpBuilder {
    let mut builder = DumpBuilder::new(version_for(FormatVersion::V1_14, compression), compression);
    builder.with_positions = with_positions;
    builder.table("t", "a", b"1\n22\n333\n22\n22\n22\n");
    builder.table("u", "a", b"");
    builder.blobs(vec![(16_400, b"large object large object".to_vec()), (16_401, Vec::new())]);
    builder.chunk_bytes = 20;
    builder
}

#[test]
fn every_damage_is_the_same_error() {
    for (compression, with_positions) in compressions().into_iter().flat_map(|one| [(one, true), (one, false)]) {
        let builder = tiny(compression, with_positions);
        let (sound, data) = (builder.build(), builder.data_offset_bytes());
        for len in data.saturating_sub(40)..sound.len() {
            let result = only_result(&sound[..len], &Limits::untrusted(), &[2]);
            assert!(result.starts_with("Err"), "{result}");
        }
        for position in data.saturating_sub(40)..sound.len() {
            let mut damaged = sound.clone();
            damaged[position] ^= 1 << (position % 8);
            only_result(&damaged, &Limits::untrusted(), &[3]);
        }
        let trailing = [&sound[..], b"x"].concat();
        assert!(only_result(&trailing, &Limits::untrusted(), &[2]).starts_with("Err"));
    }
}

#[test]
fn blocks_may_be_in_any_order_and_positions_may_lie() {
    for compression in compressions() {
        let (mut builder, limits) = (tiny(compression, true), Limits::untrusted());
        builder.items.swap(4, 6);
        assert!(only_result(&builder.build(), &limits, &[1, 2]).starts_with("Ok"));
        let sound = builder.build();
        // A data area in another order than the entries: the blocks are exchanged, and the positions with them.
        let other = tiny(compression, true);
        let mixed = [&other.build()[..other.data_offset_bytes()], &sound[builder.data_offset_bytes()..]].concat();
        only_result(&mixed, &limits, &[1, 2]);
    }
}

#[test]
fn the_limit_is_shared_by_all_threads() {
    for compression in compressions() {
        let bytes = tiny(compression, true).build();
        let decoded = inspect(&bytes[..], &Limits::untrusted(), &mut NoObserver).unwrap().uncompressed_bytes();
        for allowed in 0..=decoded {
            let limits = Limits::untrusted().with_max_decompressed_bytes(allowed);
            let result = only_result(&bytes, &limits, &[1, 2, 8]);
            assert_eq!(result.starts_with("Ok"), allowed == decoded, "{result}");
        }
    }
}

#[test]
fn streams_are_visited_once_and_returned_in_order() {
    for compression in compressions() {
        let bytes = sample(FormatVersion::V1_16, compression).build();
        let mut expected = Vec::new();
        let mut dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
        while let Some(mut stream) = dump.next_stream().unwrap() {
            let mut data = Vec::new();
            stream.read_to_end(&mut data).unwrap();
            expected.push((stream.id(), stream.oid(), data));
        }
        for threads in [0, 1, 2, 8] {
            let dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
            let visit = |id: u32, oid: Option<u32>, stream: &mut dyn Read| {
                let mut data = Vec::new();
                stream.read_to_end(&mut data)?;
                Ok((id, oid, data))
            };
            let (_, visited) = dump.visit_at(&bytes, Parallelism::threads(threads), &visit, &mut NoObserver).unwrap();
            assert_eq!(visited, expected);
        }
    }
}

#[test]
fn an_error_of_a_visit_is_returned() {
    let bytes = sample(FormatVersion::V1_16, Compression::GZIP).build();
    for threads in [0, 2] {
        let dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
        let visit = |_: u32, oid: Option<u32>, _: &mut dyn Read| match oid {
            Some(16_401) => Err(std::io::Error::other("the disk is full")),
            _ => Ok(()),
        };
        let error = dump.visit_at(&bytes, Parallelism::threads(threads), &visit, &mut NoObserver).unwrap_err();
        assert!(error.is_io(), "{error}");
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "the disk is full");
    }
}

/// Rows that hardly compress, without backslashes.
fn noise(len: usize) -> Vec<u8> {
    let letters = crate::support::archives::noise(5, len);
    letters.chunks(60).flat_map(|row| row.iter().map(|byte| b'0' + byte % 32).chain([b'\n'])).collect()
}

#[test]
fn events_grow_and_the_observer_cancels() {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    for table in 0..6 {
        builder.table(&format!("t{table}"), "a", &noise(1 << 20));
    }
    let bytes = builder.build();
    let mut seen = Vec::new();
    let mut note = |event: &Event| {
        if let Event::Bytes { done_bytes, .. } = event {
            seen.push(*done_bytes);
        }
        ControlFlow::Continue(())
    };
    inspect_at(&bytes, &Limits::untrusted(), Parallelism::threads(2), &mut note).unwrap();
    assert!(seen.len() >= 4 && seen.is_sorted(), "{seen:?}");
    assert_eq!(seen.last(), Some(&(bytes.len() as u64)));
    for most in 0..4 {
        let mut left = most;
        let mut cancel = |_: &Event| {
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
            ControlFlow::Continue(())
        };
        let error = inspect_at(&bytes, &Limits::untrusted(), Parallelism::threads(3), &mut cancel).unwrap_err();
        assert!(error.is_cancelled(), "{error}");
    }
}
