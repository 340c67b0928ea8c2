//! Reading by range.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use appsnap::gzip::CHUNK_BYTES;
use appsnap::io::{Parallelism, ReadAt};
use appsnap::observe::NoObserver;
use appsnap::remote::object_store::memory::InMemory;
use appsnap::remote::object_store::{ObjectStore, ObjectStoreExt};
use appsnap::remote::{Error, ErrorKind, RemoteObject};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{ReadOptions, SnapshotArchive, WriteOptions};

use super::{location, open, runtime};
use crate::support::archives::{Contents, id, noise, text};
use crate::support::counting::{Counting, Counts};

/// Enough documents that the tail holds neither all of the index nor any document.
fn contents() -> Contents {
    let mut documents: Vec<_> = (0..5000).map(|number| (id(number), text(number, 300))).collect();
    documents.push((id(5000), noise(5000, 3 << 20)));
    documents.sort();
    Contents { database: Some(noise(1, 100_000)), documents }
}

fn put(store: &impl ObjectStore, bytes: Vec<u8>) {
    runtime().block_on(store.put(&location(), bytes.into())).unwrap();
}

fn archive_of(object: RemoteObject) -> SnapshotArchive<RemoteObject> {
    SnapshotArchive::open(object, &ReadOptions::new()).unwrap()
}

#[test]
fn one_document_takes_three_requests() {
    let contents = contents();
    let (bytes, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let store = Arc::new(Counting::new(InMemory::new()));
    put(&store.inner, bytes);
    // The tail, a page of the index, and the one or two chunks of a small document.
    let most_bytes = (64 << 10) + 16_100 + 2 * (CHUNK_BYTES + 1000);
    // Not the later ones: their pages of the index are in the tail, which was fetched already.
    for (id, expected) in contents.documents.iter().take(2000).step_by(251) {
        store.counts.reset();
        let archive = archive_of(open(&store));
        let mut content = Vec::new();
        archive.document(*id).unwrap().unwrap().read_to_end(&mut content).unwrap();
        assert!(content == *expected);
        assert_eq!(Counts::get(&store.counts.gets), 3, "{id}");
        assert!(expected.len() > 300 || Counts::get(&store.counts.got_bytes) < most_bytes);
    }
}

#[test]
fn listing_reads_the_index_and_nothing_else() {
    let contents = contents();
    let (bytes, report) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let index_bytes = usize::try_from(report.index().unwrap().len_bytes()).unwrap();
    let store = Arc::new(Counting::new(InMemory::new()));
    put(&store.inner, bytes);
    let archive = archive_of(open(&store));
    assert_eq!(archive.documents().map(Result::unwrap).count(), contents.documents.len());
    assert!(Counts::get(&store.counts.gets) <= 2);
    assert!(Counts::get(&store.counts.got_bytes) <= index_bytes + (64 << 10));
}

#[test]
fn store_without_suffix_ranges_takes_one_request_more() {
    let contents = Contents::sample(20);
    let (bytes, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let store = Arc::new(Counting::new(InMemory::new()));
    put(&store.inner, bytes);
    store.counts.refuse_suffixes.store(true, Ordering::Relaxed);
    let object = open(&store);
    assert_eq!(Counts::get(&store.counts.gets), 2);
    let report = archive_of(object).verify(Parallelism::threads(2), &mut NoObserver).unwrap();
    assert_eq!(report.documents_count(), 20);
}

#[test]
fn larger_tail_spares_requests_of_large_archives() {
    let bytes = noise(7, 300_000);
    let store = Arc::new(Counting::new(InMemory::new()));
    put(&store.inner, bytes.clone());
    let object = RemoteObject::open_with_tail(Arc::clone(&store) as _, location(), runtime(), 200_000).unwrap();
    let mut buffer = vec![0; 150_000];
    object.read_exact_at(&mut buffer, 150_000).unwrap();
    assert!(buffer == bytes[150_000..]);
    assert_eq!(Counts::get(&store.counts.gets), 1);
    object.read_exact_at(&mut buffer, 99_999).unwrap();
    assert!(buffer == bytes[99_999..249_999]);
    assert_eq!(Counts::get(&store.counts.gets), 2);
}

#[test]
fn reads_are_those_of_the_object_wherever_they_begin_and_end() {
    let bytes = noise(3, 70_000);
    let store = Arc::new(InMemory::new());
    put(&*store, bytes.clone());
    let object = open(&store);
    let meta = runtime().block_on(store.head(&location())).unwrap();
    let listed = RemoteObject::from_meta(Arc::clone(&store) as _, &meta, runtime());
    for object in [object, listed] {
        assert_eq!(object.len_bytes(), 70_000);
        for at in [0, 1, 4000, 4464, 4465, 69_999, 70_000, 70_001, u64::MAX] {
            for len in [0, 1, 500, 80_000] {
                let mut buffer = vec![0; len];
                let count = object.read_at(&mut buffer, at).unwrap();
                let start = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                assert_eq!(count, len.min(bytes.len() - start), "{at} {len}");
                assert!(buffer[..count] == bytes[start..start + count], "{at} {len}");
            }
        }
    }
}

#[test]
fn replaced_object_is_an_error_and_no_mixture() {
    let store = Arc::new(InMemory::new());
    put(&*store, noise(1, 100_000));
    let object = open(&store);
    put(&*store, noise(2, 100_000));
    let error = object.read_exact_at(&mut [0; 10], 17).unwrap_err().downcast::<Error>().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Changed), "{error}");
    assert_eq!(error.position(), Some(17));
    assert_eq!(error.context(), Some("backups/one.tar.gz"));
}

#[test]
fn absent_object_is_told_apart() {
    let store = Arc::new(InMemory::new());
    let error = RemoteObject::open(store, location(), runtime()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFound), "{error}");
}

#[test]
fn empty_object_has_no_bytes() {
    let store = Arc::new(InMemory::new());
    put(&*store, Vec::new());
    let object = open(&store);
    assert_eq!((object.len_bytes(), object.read_at(&mut [0; 4], 0).unwrap()), (0, 0));
}
