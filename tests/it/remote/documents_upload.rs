//! Documents of an archive, each as an object in a bucket.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use appsnap::error::Category;
use appsnap::io::Parallelism;
use appsnap::observe::{Event, NoObserver};
use appsnap::remote::object_store::memory::InMemory;
use appsnap::remote::object_store::path::Path;
use appsnap::remote::object_store::{ObjectStore, ObjectStoreExt};
use appsnap::remote::{DocumentUpload, Error, ErrorKind};
use appsnap::snapshot::extract::IfExists;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{ReadOptions, SnapshotArchive, SnapshotReader, WriteOptions};
use appsnap::source::bucket::{self, BucketOptions};

use super::runtime;
use crate::support::archives::{Contents, id, noise, text};
use crate::support::counting::{Counting, Counts};

type Store = Arc<Counting<InMemory>>;

const MANIFEST: &str = "apps/shop-.appsnap-upload.json";
/// More than one manifest is written for.
const COUNT: u64 = 2_500;

fn store() -> Store {
    Arc::new(Counting::new(InMemory::new()))
}

fn contents(count: u64) -> Contents {
    let mut documents: Vec<_> = (0..count).map(|number| (id(number), text(number, number as usize % 300))).collect();
    documents.sort();
    Contents { database: Some(noise(7, 5_000)), documents }
}

fn upload(store: &Store) -> DocumentUpload {
    DocumentUpload::new(Arc::clone(store) as _, runtime()).with_key_prefix("apps/shop-").with_key_suffix(".bin")
}

fn objects(store: &Store) -> BTreeMap<String, Vec<u8>> {
    runtime().block_on(async {
        let mut found = BTreeMap::new();
        let listed = store.inner.list_with_delimiter(Some(&Path::from("apps"))).await.unwrap();
        for object in listed.objects {
            let bytes = store.inner.get(&object.location).await.unwrap().bytes().await.unwrap();
            found.insert(object.location.to_string(), bytes.to_vec());
        }
        found
    })
}

fn manifest(store: &Store) -> serde_json::Value {
    serde_json::from_slice(&objects(store)[MANIFEST]).unwrap()
}

/// Every document under its key, and the manifest.
fn is_complete(store: &Store, contents: &Contents) -> bool {
    let mut found = objects(store);
    let manifest: serde_json::Value = serde_json::from_slice(&found.remove(MANIFEST).unwrap()).unwrap();
    assert_eq!(manifest["is_complete"], true, "{manifest}");
    assert_eq!(manifest["uploaded_count"], contents.documents.len());
    let key = |id| format!("apps/shop-{id}.bin");
    found == contents.documents.iter().map(|(id, bytes)| (key(*id), bytes.clone())).collect()
}

fn opened(archive: &[u8]) -> SnapshotArchive<&[u8]> {
    SnapshotArchive::open(archive, &ReadOptions::new()).unwrap()
}

/// Begins a pass over an archive without an index.
fn pass(archive: &[u8]) -> io::Result<SnapshotReader<&[u8]>> {
    Ok(SnapshotReader::new(archive, &ReadOptions::new()))
}

fn archive(contents: &Contents, index: IndexPlacement) -> Vec<u8> {
    contents.push(WriteOptions::new().with_index(index)).0
}

fn kind(error: &appsnap::Error) -> &ErrorKind {
    error.downcast_ref::<Error>().unwrap_or_else(|| panic!("{error}")).kind()
}

#[test]
fn documents_of_any_archive_become_objects_with_one_request_each() {
    let contents = contents(COUNT);
    let indexed = archive(&contents, IndexPlacement::Embedded);
    let plain = archive(&contents, IndexPlacement::Omitted);
    for is_indexed in [true, false] {
        let store = store();
        let upload = upload(&store).with_parallelism(Parallelism::threads(2));
        let report = if is_indexed {
            upload.upload_archive(&opened(&indexed), &mut NoObserver)
        } else {
            upload.upload_stream(|| pass(&plain), &mut NoObserver)
        };
        let report = report.unwrap();
        assert_eq!((report.documents_count(), report.continued_count()), (COUNT, 0));
        let document_bytes: u64 = contents.documents.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        assert_eq!(report.document_bytes(), document_bytes);
        assert!(is_complete(&store, &contents));
        // The manifest: at the beginning, twice on the way, at the end.
        assert_eq!(Counts::get(&store.counts.puts), contents.documents.len() + 4);
        assert_eq!((Counts::get(&store.counts.gets), Counts::get(&store.counts.lists)), (1, 1));

        // The way back: the manifest is neither a document nor left out.
        let options = BucketOptions::new().with_key_prefix("apps/shop-").with_key_suffix(".bin");
        let plan = bucket::scan(Arc::clone(&store) as _, &runtime(), &options, &mut NoObserver).unwrap();
        assert_eq!(plan.documents_count() as u64, COUNT);
        assert!(plan.diagnostics().is_empty(), "{:?}", plan.diagnostics());
    }
}

#[test]
fn interrupted_upload_continues_where_it_stopped() {
    let contents = contents(COUNT);
    let indexed = archive(&contents, IndexPlacement::Embedded);
    let store = store();
    let mut is_uploading = false;
    let mut stop = |event: &Event| match event {
        Event::Planned { .. } => {
            is_uploading = true;
            ControlFlow::Continue(())
        }
        Event::Document { documents_count: 1_700, .. } if is_uploading => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let error = upload(&store).upload_archive(&opened(&indexed), &mut stop).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
    let there = objects(&store).len() as u64 - 1;
    let uploaded = manifest(&store)["uploaded_count"].as_u64().unwrap();
    assert_eq!(manifest(&store)["is_complete"], false);
    assert!((1_000..=1_700).contains(&uploaded) && uploaded <= there, "{uploaded} of {there}");

    // One is lost in the meantime, one is cut off.
    let lost = format!("apps/shop-{}.bin", contents.documents[3].0);
    runtime().block_on(store.inner.delete(&Path::from(lost))).unwrap();
    let cut = contents.documents.iter().skip(4).find(|(_, bytes)| bytes.len() > 3).unwrap();
    let cut = Path::from(format!("apps/shop-{}.bin", cut.0));
    runtime().block_on(store.inner.put(&cut, b"x".to_vec().into())).unwrap();

    let report = upload(&store).upload_archive(&opened(&indexed), &mut NoObserver).unwrap();
    assert_eq!(report.continued_count(), uploaded - 2);
    assert_eq!(report.documents_count(), COUNT - (uploaded - 2));
    assert!(is_complete(&store, &contents));

    let report = upload(&store).upload_archive(&opened(&indexed), &mut NoObserver).unwrap();
    assert_eq!((report.documents_count(), report.continued_count()), (0, COUNT), "complete already");
    assert!(is_complete(&store, &contents));
}

#[test]
fn documents_that_are_there_are_refused_or_replaced() {
    let contents = contents(30);
    let indexed = archive(&contents, IndexPlacement::Embedded);
    let store = store();
    let put = |key: String| runtime().block_on(store.inner.put(&Path::from(key), b"other".to_vec().into())).unwrap();
    put(format!("apps/other-{}.bin", id(5)));
    put("apps/shop-readme.txt".to_owned());
    put(format!("apps/shop-{}.bin", id(5)));
    let error = upload(&store).upload_archive(&opened(&indexed), &mut NoObserver).unwrap_err();
    assert_eq!(*kind(&error), ErrorKind::Exists);
    assert!(error.to_string().contains(&id(5).to_string()), "{error}");
    assert_eq!(Counts::get(&store.counts.puts), 0);

    let replacing = upload(&store).with_if_exists(IfExists::Replace);
    let report = replacing.upload_archive(&opened(&indexed), &mut NoObserver).unwrap();
    assert_eq!(report.documents_count(), 30);
    assert_eq!(objects(&store).len(), 30 + 2 + 1);

    // Another archive below the same keys.
    let other = archive(&self::contents(31), IndexPlacement::Embedded);
    let error = upload(&store).upload_archive(&opened(&other), &mut NoObserver).unwrap_err();
    assert_eq!(*kind(&error), ErrorKind::Exists);
    assert!(error.to_string().contains(MANIFEST), "{error}");
}

#[test]
fn nothing_of_a_damaged_archive_is_uploaded() {
    let contents = contents(300);
    let mut plain = archive(&contents, IndexPlacement::Omitted);
    let middle = plain.len() * 9 / 10;
    plain[middle] ^= 1;
    let store = store();
    let error = upload(&store).upload_stream(|| pass(&plain), &mut NoObserver).unwrap_err();
    assert!(error.is_bad_input(), "{error}");
    let mut indexed = archive(&contents, IndexPlacement::Embedded);
    let middle = opened(&indexed).data_bytes() as usize * 9 / 10;
    indexed[middle] ^= 1;
    let error = upload(&store).upload_archive(&opened(&indexed), &mut NoObserver).unwrap_err();
    assert!(error.is_bad_input(), "{error}");
    assert_eq!(Counts::get(&store.counts.puts), 0);
}

#[test]
fn archive_that_changes_between_the_passes_is_refused() {
    let first = archive(&contents(50), IndexPlacement::Omitted);
    let mut changed = contents(50);
    changed.documents[20].1 = text(99, changed.documents[20].1.len());
    let second = archive(&changed, IndexPlacement::Omitted);
    let store = store();
    let mut passes = [&first, &second].into_iter();
    let error = upload(&store).upload_stream(|| pass(passes.next().unwrap()), &mut NoObserver).unwrap_err();
    assert_eq!((kind(&error), error.category()), (&ErrorKind::ArchiveChanged, Category::Changed));
    assert_eq!(manifest(&store)["is_complete"], false);
}

#[test]
fn failed_requests_are_repeated_and_not_for_ever() {
    let contents = contents(100);
    let indexed = archive(&contents, IndexPlacement::Embedded);
    let store = store();
    let mut fail = |event: &Event| {
        if matches!(event, Event::Document { documents_count: 10, .. }) {
            store.counts.failing_puts.store(3, Ordering::Relaxed);
        }
        ControlFlow::Continue(())
    };
    let report = upload(&store).upload_archive(&opened(&indexed), &mut fail).unwrap();
    assert_eq!((report.documents_count(), Counts::get(&store.counts.failing_puts)), (100, 0));
    assert!(is_complete(&store, &contents));

    let store = self::store();
    store.counts.failing_puts.store(usize::MAX, Ordering::Relaxed);
    let error = upload(&store).upload_archive(&opened(&indexed), &mut NoObserver).unwrap_err();
    assert_eq!(error.category(), Category::Io, "{error}");
}

#[test]
fn large_document_appears_complete_or_not_at_all() {
    let mut documents = vec![(id(1), noise(1, 20 << 20)), (id(2), noise(2, 10))];
    documents.sort();
    let contents = Contents { database: None, documents };
    let indexed = archive(&contents, IndexPlacement::Embedded);
    let store = store();
    store.counts.refuse_parts.store(true, Ordering::Relaxed);
    let error = upload(&store).upload_archive(&opened(&indexed), &mut NoObserver).unwrap_err();
    assert_eq!(error.category(), Category::Io, "{error}");
    assert!(!objects(&store).contains_key(&format!("apps/shop-{}.bin", id(1))));

    store.counts.refuse_parts.store(false, Ordering::Relaxed);
    upload(&store).upload_archive(&opened(&indexed), &mut NoObserver).unwrap();
    assert!(is_complete(&store, &contents));
    assert_eq!(Counts::get(&store.counts.completed), 1);
}

#[test]
fn keys_that_cannot_be_are_refused_before_anything_is_read() {
    let store = store();
    for (prefix, suffix) in [("a//b", ""), ("../", ""), ("", "/x"), ("a\u{0}", "")] {
        let upload = DocumentUpload::new(Arc::clone(&store) as _, runtime());
        let upload = upload.with_key_prefix(prefix).with_key_suffix(suffix);
        let never = || -> io::Result<SnapshotReader<&[u8]>> { panic!("it is opened") };
        let error = upload.upload_stream(never, &mut NoObserver).unwrap_err();
        assert!(error.is_misuse(), "{prefix:?} {suffix:?}: {error}");
    }
}
