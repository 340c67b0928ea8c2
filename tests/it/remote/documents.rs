//! Documents in a bucket: listing, reading ahead, and objects that change.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use appsnap::DocumentId;
use appsnap::io::{Parallelism, ReadAt as _};
use appsnap::metadata::Metadata;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::remote::object_store::memory::InMemory;
use appsnap::remote::object_store::path::Path;
use appsnap::remote::object_store::{ObjectStore, ObjectStoreExt};
use appsnap::snapshot::{DocumentSource as _, SnapshotWriter, WriteOptions};
use appsnap::source::bucket::{self, BucketOptions};
use appsnap::source::directory::{self, DirectoryOptions};
use appsnap::source::{DocumentPlan, Error, ErrorKind};
use tokio::runtime::Builder;

use super::runtime;
use crate::support::archives::{id, noise, text};
use crate::support::counting::{Counting, Counts};

type Store = Arc<Counting<InMemory>>;
/// The key of a document with this UUID.
type Layout = fn(&str) -> String;

/// Longer than what one request fetches.
const LARGE_BYTES: usize = (8 << 20) + 12_345;

fn contents(number: u64) -> Vec<u8> {
    match number {
        0 => noise(0, LARGE_BYTES),
        1 => Vec::new(),
        _ => text(number, 50 + (number as usize % 7) * 100),
    }
}

fn put(store: &impl ObjectStore, key: &str, bytes: Vec<u8>) {
    runtime().block_on(store.put(&Path::parse(key).unwrap(), bytes.into())).unwrap();
}

/// A bucket with these documents, each at `key(uuid)`.
fn bucket(count: u64, key: impl Fn(&str) -> String) -> Store {
    let store = Arc::new(Counting::new(InMemory::new()));
    for number in 0..count {
        put(&store.inner, &key(&id(number).to_string()), contents(number));
    }
    store
}

fn scan(store: &Store, options: &BucketOptions) -> DocumentPlan {
    bucket::scan(Arc::clone(store) as _, &runtime(), options, &mut NoObserver).unwrap()
}

fn pack(plan: &DocumentPlan, threads: u8) -> Result<Vec<u8>, appsnap::snapshot::Error> {
    let metadata = plan.complete(Metadata::new().with_model_version("1"), None);
    let options = WriteOptions::new().with_parallelism(Parallelism::threads(threads));
    let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &options)?;
    writer.documents(plan, &mut NoObserver)?;
    Ok(writer.finish()?.0)
}

/// The snapshot of a folder with the same documents.
fn expected(count: u64) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..count {
        std::fs::write(folder.path().join(id(number).to_string()), contents(number)).unwrap();
    }
    pack(&directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver).unwrap(), 1).unwrap()
}

fn read(plan: &DocumentPlan, index: usize) -> Result<Vec<u8>, Error> {
    let inner = |error: std::io::Error| error.downcast::<Error>().expect("an error of the source");
    let document = plan.open(index).map_err(inner)?;
    let mut contents = vec![0; document.len_bytes().unwrap() as usize];
    document.read_exact_at(&mut contents, 0).map_err(inner)?;
    Ok(contents)
}

#[test]
fn any_layout_of_keys_gives_the_snapshot_of_a_folder_with_one_request_per_document() {
    let expected = expected(300);
    let layouts: [(&str, &str, Layout); 4] = [
        ("", "", |id| id.to_owned()),
        ("", "", |id| format!("{}/{}/{id}", &id[..2], &id[2..4])),
        ("apps/shop-", ".bin", |id| format!("apps/shop-{id}.bin")),
        ("apps/", "", |id| format!("apps/{}/{}", &id[..2], id.to_uppercase())),
    ];
    for (prefix, suffix, layout) in layouts {
        let store = bucket(300, layout);
        for (listing, threads) in [(Parallelism::INLINE, 1), (Parallelism::threads(16), 4)] {
            let options = BucketOptions::new().with_key_prefix(prefix).with_key_suffix(suffix);
            let plan = scan(&store, &options.with_listing_parallelism(listing));
            assert!(plan.diagnostics().is_empty(), "{:?}", plan.diagnostics());
            assert_eq!(Counts::get(&store.counts.gets), 0, "a listing requests no object");
            assert!(pack(&plan, threads).unwrap() == expected, "{prefix} {threads}");
            // One for each document, two for the large one, none for the empty one.
            assert_eq!(
                (Counts::get(&store.counts.gets), Counts::get(&store.counts.heads)),
                (300, 0),
                "{prefix} {threads}"
            );
            store.counts.reset();
        }
    }
}

#[test]
fn other_objects_are_left_out_and_listed() {
    let store = bucket(5, |id| format!("files/{id}"));
    for key in ["files/readme.txt", "files/old/x", "files/.DS_Store", "files/00/7", "other/x"] {
        put(&store.inner, key, b"x".to_vec());
    }
    put(&store.inner, &format!("files/old/{}", id(9)), b"x".to_vec());
    put(&store.inner, &format!("files/{}/{}", &id(2).to_string()[..2], id(2)), contents(2));
    let mut plan = scan(&store, &BucketOptions::new().with_key_prefix("files/"));
    let skipped = plan.diagnostics().iter().map(|found| (found.code().name(), found.location().unwrap()));
    let (old, flat) = (format!("old/{}", id(9)), format!("files/{}", id(2)));
    let expected = [
        ("not-an-id", "old/x"),
        ("not-an-id", "readme.txt"),
        ("numbered", "00/7"),
        ("duplicate", &*flat),
        ("folder", &*old),
        ("junk", ".DS_Store"),
    ];
    assert_eq!(skipped.collect::<Vec<_>>(), expected);
    assert_eq!(plan.documents_count(), 5);
    assert_eq!(plan.assign(|number| (number == 7).then_some(id(70))), 1);
    let index = plan.iter().position(|(found, _)| found == id(70)).unwrap();
    assert_eq!(read(&plan, index).unwrap(), b"x");
}

#[test]
fn requests_and_memory_are_bounded() {
    let store = bucket(400, str::to_owned);
    let options = BucketOptions::new().with_requests_in_flight_count(NonZeroUsize::new(3).unwrap());
    let plan = scan(&store, &options.with_read_ahead_bytes(4_000));
    assert!(pack(&plan, 2).unwrap() == expected(400));
    // The threads of the writer request what was not requested ahead.
    assert!(Counts::get(&store.counts.most_gets) <= 3 + 2, "{}", Counts::get(&store.counts.most_gets));
    assert_eq!(Counts::get(&store.counts.gets), 400);
}

#[test]
fn documents_that_are_left_out_do_not_stop_the_reading_ahead() {
    let store = bucket(2_000, str::to_owned);
    let mut plan = scan(&store, &BucketOptions::new().with_read_ahead_bytes(20_000));
    let kept: Vec<DocumentId> = plan.iter().map(|(id, _)| id).step_by(3).collect();
    for index in (0..plan.documents_count()).step_by(3) {
        let (id, len_bytes) = plan.row(index);
        assert_eq!((kept.contains(&id), read(&plan, index).unwrap().len() as u64), (true, len_bytes));
    }
    plan.retain(|id| kept.contains(&id));
    store.counts.reset();
    pack(&plan, 2).unwrap();
    let gets = Counts::get(&store.counts.gets);
    assert!(gets <= kept.len() + 1, "{gets} requests for {} documents", kept.len());
}

#[test]
fn failed_and_incomplete_requests_are_repeated() {
    let store = bucket(100, str::to_owned);
    let plan = scan(&store, &BucketOptions::new());
    store.counts.failing_gets.store(5, Ordering::Relaxed);
    store.counts.short_gets.store(5, Ordering::Relaxed);
    assert!(pack(&plan, 2).unwrap() == expected(100));
    let plan = scan(&store, &BucketOptions::new());
    store.counts.failing_gets.store(usize::MAX, Ordering::Relaxed);
    let error = read(&plan, 3).unwrap_err();
    assert!(error.is_io() && matches!(error.kind(), ErrorKind::Bucket(_)), "{error}");
}

#[test]
fn an_object_that_changed_after_the_listing_is_an_error_that_names_it() {
    for (change, is_deleted) in [(Some(contents(50).len()), false), (Some(3), false), (None, true)] {
        let store = bucket(100, str::to_owned);
        let plan = scan(&store, &BucketOptions::new());
        let key = id(50).to_string();
        match change {
            // The same length, another content: the entity tag tells.
            Some(len) => put(&store.inner, &key, noise(7, len)),
            None => runtime().block_on(store.inner.delete(&Path::from(key.as_str()))).unwrap(),
        }
        let index = plan.iter().position(|(found, _)| found == id(50)).unwrap();
        let error = read(&plan, index).unwrap_err();
        assert!(error.to_string().starts_with(&key), "{error}");
        let category = if is_deleted { appsnap::error::Category::NotFound } else { appsnap::error::Category::Changed };
        assert_eq!(error.category(), category, "{error}");
        let error = pack(&plan, 2).unwrap_err();
        assert!(error.to_string().contains(&key), "{error}");
    }
}

#[test]
fn a_runtime_that_was_shut_down_is_an_error() {
    let store = bucket(10, str::to_owned);
    let own = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let plan = bucket::scan(Arc::clone(&store) as _, own.handle(), &BucketOptions::new(), &mut NoObserver).unwrap();
    drop(own);
    assert!(read(&plan, 5).unwrap_err().is_io());
}

#[test]
fn keys_that_cannot_be_are_refused_and_an_observer_cancels() {
    let store = bucket(10, str::to_owned);
    for options in [
        BucketOptions::new().with_key_prefix("../other/"),
        BucketOptions::new().with_key_prefix("a//b/"),
        BucketOptions::new().with_key_suffix("/data"),
    ] {
        let error = bucket::scan(Arc::clone(&store) as _, &runtime(), &options, &mut NoObserver).unwrap_err();
        assert!(error.is_misuse(), "{error}");
    }
    struct Cancel;
    impl Observer for Cancel {
        fn observe(&mut self, event: &Event) -> ControlFlow<()> {
            if matches!(event, Event::Document { .. }) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let error = bucket::scan(Arc::clone(&store) as _, &runtime(), &BucketOptions::new(), &mut Cancel).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
}
