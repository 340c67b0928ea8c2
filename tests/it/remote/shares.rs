//! Shares of a bucket: each worker lists, keeps and requests only its own documents.

use std::ops::ControlFlow;
use std::sync::Arc;

use appsnap::io::Parallelism;
use appsnap::observe::{Event, NoObserver, Observer, Phase};
use appsnap::prepare::{Pack, PrepareOptions, Prepared};
use appsnap::remote::object_store::memory::InMemory;
use appsnap::remote::object_store::path::Path;
use appsnap::remote::object_store::{ObjectStore, ObjectStoreExt};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::join::{Shard, Shards};
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{DocumentSource as _, ReadOptions, SnapshotArchive, WriteOptions};
use appsnap::source::DocumentPlan;
use appsnap::source::bucket::BucketOptions;
use appsnap::source::dump::DumpReader;

use super::runtime;
use crate::support::archives::{id, text};
use crate::support::counting::{Counting, Counts};

type Store = Arc<Counting<InMemory>>;
/// The key of a document with this UUID.
type Layout = fn(&str) -> String;

fn put(store: &impl ObjectStore, key: &str, bytes: Vec<u8>) {
    runtime().block_on(store.put(&Path::parse(key).unwrap(), bytes.into())).unwrap();
}

fn contents(number: u64) -> Vec<u8> {
    text(number, 5_000 + (number as usize % 7) * 3_000)
}

fn bucket(count: u64, layout: Layout) -> Store {
    let store = Arc::new(Counting::new(InMemory::new()));
    (0..count).for_each(|number| put(&store.inner, &layout(&id(number).to_string()), contents(number)));
    store
}

fn prepare(
    store: &Store,
    options: &BucketOptions,
    shard: Option<Shard>,
    observer: &mut dyn Observer,
) -> Result<Prepared<DumpReader, DocumentPlan>, appsnap::Error> {
    let prepare = PrepareOptions::new().with_model_version("1");
    let pack = Pack::new(&prepare).with_bucket(Arc::clone(store) as _, &runtime(), options);
    let pack = if let Some(shard) = shard { pack.with_shard(shard) } else { pack };
    pack.prepare(observer)
}

fn whole(store: &Store, options: &BucketOptions, write: &WriteOptions) -> Vec<u8> {
    let prepared = prepare(store, options, None, &mut NoObserver).unwrap();
    prepared.write(Vec::new(), write, &mut NoObserver).unwrap().0
}

fn joined(parts: Vec<Vec<u8>>) -> Result<Vec<u8>, appsnap::Error> {
    let open = |part| SnapshotArchive::open(part, &ReadOptions::new()).unwrap();
    let shards = Shards::collect(parts.into_iter().map(|part| ("part".to_owned(), open(part))).collect())?;
    let joined = shards.join(&shards.metadata()?, IndexPlacement::Omitted)?;
    Ok(joined.write_to(Vec::new(), &mut NoObserver)?)
}

fn ordered(prefix: &str, suffix: &str) -> BucketOptions {
    let options = BucketOptions::new().with_key_prefix(prefix).with_key_suffix(suffix);
    options.with_listing_parallelism(Parallelism::threads(16))
}

#[test]
fn shares_have_the_bytes_of_a_plan_with_all_documents_and_one_request_for_each_of_their_own() {
    let count = 300;
    // The last two are not in the order of their ids, or have several forms: the whole list is needed.
    let layouts: [(&str, &str, Layout); 5] = [
        ("", "", |id| id.to_owned()),
        ("a/shop-", ".bin", |id| format!("a/shop-{id}.bin")),
        ("apps/", "", |id| format!("apps/{}/{}/{id}", &id[..2], &id[2..4])),
        ("apps/", "", |id| format!("apps/{}/{}", &id[..2], id.to_uppercase())),
        ("", "", |id| if id.as_bytes()[7] < b'8' { id.to_owned() } else { format!("{}/{id}", &id[..2]) }),
    ];
    for (prefix, suffix, layout) in layouts {
        let store = bucket(count, layout);
        put(&store.inner, "readme.txt", Vec::new());
        for (options, sections) in [
            (ordered(prefix, suffix), SectionSplit::Contents),
            (ordered(prefix, suffix), SectionSplit::Byte),
            (ordered(prefix, suffix).with_listing_parallelism(Parallelism::INLINE), SectionSplit::Digit),
        ] {
            let write = WriteOptions::new().with_sections(sections).with_parallelism(Parallelism::threads(2));
            let expected = whole(&store, &options, &write);
            for shards_count in [1, 3, 40] {
                store.counts.reset();
                let mut documents_count = 0;
                let parts = (1..=shards_count).map(|number| {
                    let shard = Shard::new(number, shards_count).unwrap();
                    let before = Counts::get(&store.counts.gets);
                    let prepared = prepare(&store, &options, Some(shard), &mut NoObserver).unwrap();
                    assert_eq!(Counts::get(&store.counts.gets), before, "a listing requests no object");
                    let own_count = prepared.documents().unwrap().documents_count();
                    documents_count += own_count;
                    let part = prepared.write_shard(shard, Vec::new(), &write, &mut NoObserver).unwrap().0;
                    assert_eq!(Counts::get(&store.counts.gets) - before, own_count, "{prefix} {shard}");
                    part
                });
                let parts: Vec<_> = parts.collect();
                assert_eq!((documents_count as u64, Counts::get(&store.counts.heads)), (count, 0));
                // The same as a worker that knows all documents.
                let shard = Shard::new(1, shards_count).unwrap();
                let all = prepare(&store, &options, None, &mut NoObserver).unwrap();
                assert!(all.write_shard(shard, Vec::new(), &write, &mut NoObserver).unwrap().0 == parts[0]);
                assert!(joined(parts).unwrap() == expected, "{prefix} {shards_count}");
            }
        }
    }
}

/// Changes the bucket before the second listing.
struct Meddler<'a>(&'a Store, usize, fn(&Store));

impl Observer for Meddler<'_> {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        if matches!(event, Event::Phase(Phase::ListingBucket)) {
            self.1 += 1;
            if self.1 == 2 {
                (self.2)(self.0);
            }
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn share_of_a_bucket_that_changes_between_the_listings_belongs_to_another_plan() {
    let changes: [fn(&Store); 3] = [
        |store| put(&store.inner, &id(5_000).to_string(), b"added".to_vec()),
        |store| put(&store.inner, &id(7).to_string(), b"shorter".to_vec()),
        |store| {
            let location = Path::parse(id(7).to_string()).unwrap();
            runtime().block_on(ObjectStoreExt::delete(&store.inner, &location)).unwrap();
        },
    ];
    let write = WriteOptions::new();
    for change in changes {
        let store = bucket(50, |id| id.to_owned());
        let options = ordered("", "");
        let mut parts = Vec::new();
        for number in 1..=2 {
            let shard = Shard::new(number, 2).unwrap();
            let mut meddler = Meddler(&store, 0, change);
            let observer: &mut dyn Observer = if number == 2 { &mut meddler } else { &mut NoObserver };
            let prepared = prepare(&store, &options, Some(shard), observer).unwrap();
            parts.push(prepared.write_shard(shard, Vec::new(), &write, &mut NoObserver).unwrap().0);
        }
        // The worker may have listed a part without the change, and packed a shard of the plan before it.
        let message = match joined(parts) {
            Err(error) => error.to_string(),
            Ok(archive) => {
                assert!(archive != whole(&store, &options, &write));
                continue;
            }
        };
        assert!(message.contains("another plan"), "{message}");
    }
}

#[test]
fn only_the_prepared_share_can_be_written() {
    let store = bucket(20, |id| id.to_owned());
    let [one, two] = [1, 2].map(|number| Shard::new(number, 2).unwrap());
    for options in [ordered("", ""), BucketOptions::new()] {
        let prepared = || prepare(&store, &options, Some(one), &mut NoObserver).unwrap();
        let sizes = prepared().metadata().files_size_bytes();
        assert_eq!(sizes, prepare(&store, &options, None, &mut NoObserver).unwrap().metadata().files_size_bytes());
        let write = WriteOptions::new();
        assert!(prepared().shard_file_name(one, &write).is_ok());
        for error in [
            prepared().write_shard(two, Vec::new(), &write, &mut NoObserver).err(),
            prepared().write(Vec::new(), &write, &mut NoObserver).err(),
            prepared().shard_file_name(two, &write).err(),
        ] {
            let error = error.unwrap();
            assert!(error.is_misuse() && error.to_string().contains("1/2"), "{error}");
        }
    }
    let empty = bucket(0, |id| id.to_owned());
    assert!(prepare(&empty, &ordered("", ""), Some(one), &mut NoObserver).unwrap_err().is_bad_input());
}
