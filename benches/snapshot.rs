//! Writing, reading and random access of archives with 50,000 documents and more.
//!
//! `cargo bench -p appsnap-benches --bench snapshot`. Memory and the cost per document at a million are in `--bench scale`, other programs in
//! `--bench peers`.

mod corpus;

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read};
use std::time::Duration;

use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::extract::ExtractOptions;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{
    Content, DocumentSource, ReadOptions, SnapshotArchive, SnapshotReader, SnapshotWriter, WriteOptions, extract,
};
use appsnap::source::directory::{self, DirectoryOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use corpus::Huge;

/// The whole size when benchmarking, a small one when the benches are merely tried.
fn scaled(count: usize) -> usize {
    if std::env::args().any(|argument| argument == "--bench") { count } else { count / 1000 }
}

fn options(parallelism: Parallelism) -> WriteOptions {
    WriteOptions::new().with_parallelism(parallelism).with_index(IndexPlacement::Embedded)
}

fn pull<S: DocumentSource>(source: &S, parallelism: Parallelism) -> Vec<u8> {
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options(parallelism)).unwrap();
    writer.documents(source, &mut NoObserver).unwrap();
    writer.finish().unwrap().0
}

fn push(source: &Huge, parallelism: Parallelism) -> Vec<u8> {
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options(parallelism)).unwrap();
    for index in 0..source.count {
        let bytes = source.bytes(index);
        writer.document(source.id(index), Content::sized(bytes.len() as u64, bytes), &mut NoObserver).unwrap();
    }
    writer.finish().unwrap().0
}

fn write(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("write");
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    for count in [50_000, 200_000] {
        let source = Huge::new(scaled(count));
        group.throughput(Throughput::Elements(source.count as u64));
        for threads in [0, 1, 2] {
            let parallelism = Parallelism::threads(threads);
            let id = |way: &str| BenchmarkId::new(format!("{way}, {threads} threads"), count);
            group.bench_function(id("push"), |bencher| bencher.iter(|| black_box(push(&source, parallelism)).len()));
            group.bench_function(id("pull"), |bencher| bencher.iter(|| black_box(pull(&source, parallelism)).len()));
        }
    }
    group.finish();
}

fn pack_folder(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join("appsnap-bench");
    let corpus = corpus::small(&folder, scaled(50_000)).unwrap();
    let mut group = criterion.benchmark_group("pack a folder");
    group.sample_size(10);
    for threads in [0, 1, 2] {
        let parallelism = Parallelism::threads(threads);
        group.bench_function(format!("{threads} threads"), |bencher| {
            bencher.iter(|| {
                let scan = DirectoryOptions::new().with_parallelism(parallelism);
                let plan = directory::scan(&corpus.files, &scan, &mut NoObserver).unwrap();
                let mut writer = SnapshotWriter::start(io::sink(), &Metadata::new(), &options(parallelism)).unwrap();
                writer.database(Content::file(File::open(&corpus.dump).unwrap()).unwrap(), &mut NoObserver).unwrap();
                writer.documents(&plan, &mut NoObserver).unwrap();
                writer.finish().unwrap().1.archive_bytes()
            });
        });
    }
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    group.sample_size(10);
    for count in [50_000, 200_000] {
        let archive = pull(&Huge::new(scaled(count)), Parallelism::threads(2));
        let open = || SnapshotArchive::open(archive.as_slice(), &ReadOptions::new()).unwrap();
        group.throughput(Throughput::Elements(scaled(count) as u64));
        group.bench_function(BenchmarkId::new("front to back", count), |bencher| {
            bencher.iter(|| {
                let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
                while let Some(entry) = reader.next_entry().unwrap() {
                    black_box(entry.len_bytes());
                }
            });
        });
        group.bench_function(BenchmarkId::new("open and list", count), |bencher| {
            bencher.iter(|| open().documents().map(|listed| listed.unwrap().len_bytes()).sum::<u64>());
        });
        group.bench_function(BenchmarkId::new("verify, 2 threads", count), |bencher| {
            bencher.iter(|| open().verify(Parallelism::threads(2), &mut NoObserver).unwrap().documents_count());
        });
    }
    group.finish();
}

fn fetch(criterion: &mut Criterion) {
    let source = Huge::new(scaled(50_000));
    let bytes = pull(&source, Parallelism::threads(2));
    let archive = SnapshotArchive::open(bytes.as_slice(), &ReadOptions::new()).unwrap();
    let mut next = 0;
    criterion.bench_function("fetch one of 50000", |bencher| {
        bencher.iter(|| {
            next = (next + 7919) % source.count;
            let mut content = Vec::new();
            archive.document(source.id(next)).unwrap().unwrap().read_to_end(&mut content).unwrap();
            content
        });
    });
}

fn unpack(criterion: &mut Criterion) {
    // Memory rather than a disk, where there is such a folder: the bench is about this crate.
    let shared_memory = std::path::Path::new("/dev/shm");
    let root = if shared_memory.is_dir() { shared_memory.to_owned() } else { std::env::temp_dir() };
    let source = Huge::new(scaled(50_000));
    let bytes = pull(&source, Parallelism::threads(2));
    let archive = SnapshotArchive::open(bytes.as_slice(), &ReadOptions::new()).unwrap();
    let mut group = criterion.benchmark_group("extract 50000");
    group.sample_size(10);
    for threads in [0, 2] {
        let options = ExtractOptions::new().with_parallelism(Parallelism::threads(threads));
        let folder = || tempfile::tempdir_in(&root).unwrap();
        group.bench_function(format!("indexed, {threads} threads"), |bencher| {
            bencher.iter_with_large_drop(|| {
                let folder = folder();
                archive.extract(&folder.path().join("out"), &options, &mut NoObserver).unwrap();
                folder
            });
        });
        group.bench_function(format!("front to back, {threads} threads"), |bencher| {
            bencher.iter_with_large_drop(|| {
                let folder = folder();
                let mut reader = SnapshotReader::new(bytes.as_slice(), &ReadOptions::new());
                extract(&mut reader, &folder.path().join("out"), &options, &mut NoObserver).unwrap();
                folder
            });
        });
    }
    group.finish();
}

criterion_group!(benches, write, pack_folder, read, fetch, unpack);
criterion_main!(benches);
