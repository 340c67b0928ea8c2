//! Writing in parts.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use appsnap::io::Parallelism;
use appsnap::observe::NoObserver;
use appsnap::remote::object_store::local::LocalFileSystem;
use appsnap::remote::object_store::memory::InMemory;
use appsnap::remote::object_store::{ObjectStore, ObjectStoreExt};
use appsnap::remote::{Error, ErrorKind, RemoteUpload};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{Content, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};

use super::{location, open, runtime, upload};
use crate::support::archives::{Contents, id, noise};
use crate::support::counting::{Counting, Counts};

fn stored(store: &impl ObjectStore) -> Option<Vec<u8>> {
    runtime().block_on(async { Some(store.get(&location()).await.ok()?.bytes().await.unwrap().to_vec()) })
}

/// About 23 MiB that no compressor shortens.
fn large() -> Contents {
    let mut documents: Vec<_> = (0..23).map(|number| (id(number), noise(number, 1 << 20))).collect();
    documents.sort();
    Contents { database: Some(noise(99, 30_000)), documents }
}

/// Packs into the upload, with threads.
fn pack(contents: &Contents, upload: RemoteUpload) -> RemoteUpload {
    let options = WriteOptions::new().with_index(IndexPlacement::Embedded).with_parallelism(Parallelism::threads(2));
    let mut writer = SnapshotWriter::start(upload, &contents.metadata(), &options).unwrap();
    if let Some(database) = &contents.database {
        writer.database(Content::sized(database.len() as u64, database.as_slice()), &mut NoObserver).unwrap();
    }
    writer.documents(contents, &mut NoObserver).unwrap();
    writer.finish().unwrap().0
}

#[test]
fn snapshot_is_packed_into_memory_and_local_stores_and_verified_there() {
    let contents = large();
    let (expected, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let folder = tempfile::tempdir().unwrap();
    fn check<S: ObjectStore>(store: S, contents: &Contents, expected: &[u8]) {
        let store = Arc::new(store);
        let packed = pack(contents, upload(&store).with_part_bytes(5 << 20).unwrap());
        assert_eq!(packed.len_bytes(), expected.len() as u64);
        packed.finish().unwrap();
        assert!(stored(&*store).unwrap() == expected);
        let object = open(&store);
        let archive = SnapshotArchive::open(object, &ReadOptions::new()).unwrap();
        let report = archive.verify(Parallelism::threads(2), &mut NoObserver).unwrap();
        assert_eq!(report.documents_count(), contents.documents.len() as u64);
    }
    check(InMemory::new(), &contents, &expected);
    check(LocalFileSystem::new_with_prefix(folder.path()).unwrap(), &contents, &expected);
}

#[test]
fn parts_are_equal_large_enough_and_few_at_a_time() {
    let store = Arc::new(Counting::new(InMemory::new()));
    let bytes = noise(1, (26 << 20) + 5);
    let sink = upload(&store).with_in_flight_count(NonZeroUsize::new(2).unwrap());
    let mut sink = sink.with_part_bytes(RemoteUpload::MIN_PART_BYTES).unwrap();
    for piece in bytes.chunks(700_000) {
        sink.write_all(piece).unwrap();
    }
    assert!(stored(&store.inner).is_none());
    assert_eq!(sink.len_bytes(), bytes.len() as u64);
    sink.finish().unwrap();
    assert!(stored(&store.inner).unwrap() == bytes);
    let counts = &store.counts;
    assert_eq!(Counts::get(&counts.parts), 6);
    assert_eq!(Counts::get(&counts.part_bytes), RemoteUpload::MIN_PART_BYTES);
    assert!(Counts::get(&counts.most_in_flight) <= 2);
    assert_eq!((Counts::get(&counts.completed), Counts::get(&counts.aborted)), (1, 0));
}

#[test]
fn part_lengths_that_stores_refuse_are_refused() {
    let store = Arc::new(InMemory::new());
    for part_bytes in [0, RemoteUpload::MIN_PART_BYTES - 1, usize::MAX] {
        assert!(upload(&store).with_part_bytes(part_bytes).is_err(), "{part_bytes}");
    }
    let mut sink = upload(&store);
    sink.write_all(b"hello").unwrap();
    assert!(sink.with_part_bytes(RemoteUpload::MIN_PART_BYTES).unwrap_err().is_misuse());
}

#[test]
fn what_fits_into_a_part_is_one_request() {
    for len in [0, 1, RemoteUpload::MIN_PART_BYTES] {
        let store = Arc::new(Counting::new(InMemory::new()));
        let bytes = noise(1, len);
        let mut sink = upload(&store).with_part_bytes(RemoteUpload::MIN_PART_BYTES).unwrap();
        sink.write_all(&bytes).unwrap();
        sink.finish().unwrap();
        assert!(stored(&store.inner).unwrap() == bytes);
        assert_eq!((Counts::get(&store.counts.puts), Counts::get(&store.counts.begun)), (1, 0), "{len}");
    }
}

#[test]
fn unfinished_upload_is_aborted_and_leaves_no_object() {
    for explicitly in [true, false] {
        let store = Arc::new(Counting::new(InMemory::new()));
        let mut sink = upload(&store).with_part_bytes(5 << 20).unwrap();
        sink.write_all(&noise(1, 12 << 20)).unwrap();
        if explicitly {
            sink.abort().unwrap();
        } else {
            drop(sink);
        }
        let since = Instant::now();
        while Counts::get(&store.counts.aborted) == 0 && since.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!((Counts::get(&store.counts.aborted), Counts::get(&store.counts.completed)), (1, 0));
        assert!(stored(&store.inner).is_none());
    }
}

#[test]
fn upload_may_be_dropped_in_asynchronous_code() {
    let store = Arc::new(Counting::new(InMemory::new()));
    let mut sink = upload(&store).with_part_bytes(5 << 20).unwrap();
    sink.write_all(&noise(1, 12 << 20)).unwrap();
    runtime().block_on(async { drop(sink) });
    assert!(stored(&store.inner).is_none());
}

#[test]
fn refused_part_ends_the_upload_for_good() {
    let store = Arc::new(Counting::new(InMemory::new()));
    let mut sink = upload(&store).with_part_bytes(5 << 20).unwrap();
    sink.write_all(&noise(1, 6 << 20)).unwrap();
    store.counts.refuse_parts.store(true, Ordering::Relaxed);
    let error = std::iter::repeat_with(|| sink.write_all(&noise(2, 6 << 20))).take(20).find_map(Result::err).unwrap();
    let error = error.downcast::<Error>().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Store { action: "writing a part", .. }), "{error}");
    let again = sink.write(b"more").unwrap_err().downcast::<Error>().unwrap();
    assert_eq!(again.to_string(), error.to_string());
    assert_eq!(sink.finish().unwrap_err().to_string(), error.to_string());
    assert!(stored(&store.inner).is_none());
    assert_eq!(Counts::get(&store.counts.completed), 0);
}

#[test]
fn last_part_refused_fails_the_finish() {
    let store = Arc::new(Counting::new(InMemory::new()));
    let mut sink = upload(&store).with_part_bytes(5 << 20).unwrap();
    sink.write_all(&noise(1, 6 << 20)).unwrap();
    store.counts.refuse_parts.store(true, Ordering::Relaxed);
    let error = sink.finish().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Store { .. }), "{error}");
    assert!(stored(&store.inner).is_none());
}
