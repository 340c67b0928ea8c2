//! Requests to object storage, and bytes of packing, opening, listing and fetching, at 50,000 documents.
//!
//! `cargo bench -p appsnap-benches --bench remote`. The store is memory that counts; the times are this crate's own,
//! and every request adds a round trip to them.

mod corpus;

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use appsnap::DocumentId;
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::remote::object_store::{memory::InMemory, path::Path};
use appsnap::remote::{RemoteObject, RemoteUpload};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{DocumentSource, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};
use tokio::runtime::{Builder, Handle};

use appsnap_tests::counting::{Counting, Counts};
use corpus::Random;

/// 4,096-byte documents, 30 % of them incompressible, cut out of a few MiB of each.
struct Small {
    ids: Vec<DocumentId>,
    text: Vec<u8>,
    noise: Vec<u8>,
}

impl Small {
    const DOCUMENT_BYTES: usize = 4096;

    fn new(count: usize) -> Self {
        let mut random = Random::new(1);
        let mut ids: Vec<_> = std::iter::repeat_with(|| (u128::from(random.next()) << 64) | u128::from(random.next()))
            .map(|number| DocumentId::from_bytes(number.to_be_bytes()))
            .take(count)
            .collect();
        ids.sort();
        Self { ids, text: random.text(8 << 20), noise: random.noise(8 << 20) }
    }
}

impl DocumentSource for Small {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.ids.len()
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        (self.ids[index], Self::DOCUMENT_BYTES as u64)
    }

    fn open(&self, index: usize) -> io::Result<Vec<u8>> {
        let from = if index % 10 < 3 { &self.noise } else { &self.text };
        let at = index.wrapping_mul(0x9e37_79b9) % (from.len() - Self::DOCUMENT_BYTES);
        Ok(from[at..at + Self::DOCUMENT_BYTES].to_vec())
    }

    fn origin(&self, index: usize) -> String {
        format!("generated document {index}")
    }
}

struct Bench {
    store: Arc<Counting<InMemory>>,
    runtime: Handle,
}

impl Bench {
    fn place() -> Path {
        Path::from("small.tar.gz")
    }

    fn open(&self) -> SnapshotArchive<RemoteObject> {
        let store = Arc::clone(&self.store);
        let object = RemoteObject::open(store, Self::place(), self.runtime.clone()).unwrap();
        SnapshotArchive::open(object, &ReadOptions::new()).unwrap()
    }

    /// Runs `work` and prints what it asked of the store.
    fn row<T>(&self, name: &str, work: impl FnOnce() -> T) -> T {
        self.store.counts.reset();
        let begun = Instant::now();
        let done = work();
        self.print(name, begun.elapsed(), 1);
        done
    }

    fn print(&self, name: &str, time: Duration, runs: usize) {
        let requests = Counts::get(&self.store.counts.gets) as f64 / runs as f64;
        let kib = Counts::get(&self.store.counts.got_bytes) as f64 / 1024.0 / runs as f64;
        let time = time.as_secs_f64() * 1e3 / runs as f64;
        println!("{name:<34} {requests:>9.2} {kib:>12.1} {time:>9.2}");
    }
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let source = Small::new(if is_bench { 50_000 } else { 500 });
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let bench = Bench { store: Arc::new(Counting::new(InMemory::new())), runtime: runtime.handle().clone() };

    let begun = Instant::now();
    let store = Arc::clone(&bench.store);
    let upload = RemoteUpload::new(store, Bench::place(), bench.runtime.clone());
    let options = WriteOptions::new().with_index(IndexPlacement::Embedded).with_parallelism(Parallelism::threads(2));
    let mut writer = SnapshotWriter::start(upload, &Metadata::new(), &options).unwrap();
    writer.documents(&source, &mut NoObserver).unwrap();
    let upload = writer.finish().unwrap().0;
    let len_bytes = upload.len_bytes();
    upload.finish().unwrap();
    let counts = &bench.store.counts;
    println!(
        "packed {} documents into {:.1} MiB in {:.2?}: {} parts in {} uploads, {} single requests\n",
        source.ids.len(),
        len_bytes as f64 / (1 << 20) as f64,
        begun.elapsed(),
        Counts::get(&counts.parts),
        Counts::get(&counts.begun),
        Counts::get(&counts.puts),
    );

    println!("{:<34} {:>9} {:>12} {:>9}", "", "requests", "KiB", "ms");
    let archive = bench.row("open", || bench.open());
    bench.row("list all, opened", || assert_eq!(archive.documents().map(Result::unwrap).count(), source.ids.len()));
    bench.row("open and list", || bench.open().documents().map(Result::unwrap).count());
    bench.row("verify all, opened, 2 threads", || archive.verify(Parallelism::threads(2), &mut NoObserver).unwrap());

    let ids: Vec<_> = (0..101).map(|number| source.ids[number * 7919 % source.ids.len()]).collect();
    let fetch = |archive: &SnapshotArchive<RemoteObject>, id| {
        let mut content = Vec::new();
        archive.document(id).unwrap().unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content.len(), Small::DOCUMENT_BYTES);
    };
    bench.store.counts.reset();
    let begun = Instant::now();
    ids.iter().for_each(|id| fetch(&archive, *id));
    bench.print("fetch one, opened (mean of 101)", begun.elapsed(), ids.len());
    bench.store.counts.reset();
    let begun = Instant::now();
    ids.iter().for_each(|id| fetch(&bench.open(), *id));
    bench.print("open and fetch one (mean of 101)", begun.elapsed(), ids.len());
}
