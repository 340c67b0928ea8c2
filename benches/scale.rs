//! What a document costs, in time and memory, at 50,000, 200,000 and 1,000,000 of them: a table, not a statistic.
//!
//! `cargo bench -p appsnap-benches --bench scale`. Documents are generated while they are read, so memory is the crate's alone; the archive
//! goes to a temporary file.

mod corpus;
mod memory;

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::time::Duration;

use appsnap::Limits;
use appsnap::diff::{Input, diff};
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{ReadOptions, SnapshotArchive, SnapshotReader, SnapshotWriter, WriteOptions};

use corpus::Huge;
use memory::measured;

fn write(source: &Huge, threads: u8, file: &File) -> u64 {
    let options =
        WriteOptions::new().with_parallelism(Parallelism::threads(threads)).with_index(IndexPlacement::Embedded);
    let mut writer = SnapshotWriter::start(BufWriter::new(file), &Metadata::new(), &options).unwrap();
    writer.documents(source, &mut NoObserver).unwrap();
    let (mut sink, report) = writer.finish().unwrap();
    sink.flush().unwrap();
    report.index().unwrap().len_bytes()
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let counts = if is_bench { [50_000, 200_000, 1_000_000] } else { [100, 200, 1000] };
    let folder = tempfile::tempdir().unwrap();
    println!(
        "{:>9} {:>16} {:>16} {:>12} {:>10} {:>10} {:>10} {:>16} {:>12} {:>9}",
        "documents",
        "write 2 threads",
        "write 8 threads",
        "open",
        "list",
        "fetch",
        "diff",
        "front to back",
        "verify 2",
        "index"
    );
    for count in counts {
        let source = Huge::new(count);
        let path = folder.path().join(count.to_string());
        let file = File::create_new(&path).unwrap();
        let (index_bytes, write_2, memory_2) = measured(|| write(&source, 2, &file));
        let scratch = tempfile::tempfile_in(folder.path()).unwrap();
        let (_, write_8, memory_8) = measured(|| write(&source, 8, &scratch));
        drop(scratch);
        let open = || {
            let file = File::open(&path).unwrap();
            SnapshotArchive::open(file, &ReadOptions::new()).unwrap()
        };
        let (archive, open_time, _) = measured(open);
        let (listed, list, _) = measured(|| archive.documents().map(|listed| listed.unwrap().len_bytes()).sum::<u64>());
        assert_eq!(listed, (count * Huge::DOCUMENT_BYTES) as u64);
        let compare = || {
            let other = open();
            let (old, new) = (Input::archive("old", &archive), Input::archive("new", &other));
            diff(old, new, &Limits::untrusted(), &mut NoObserver).unwrap()
        };
        let (difference, diff_time, _) = measured(compare);
        assert_eq!(difference.same_documents_count(), count as u64);
        let mut fetches: Vec<Duration> = (0..101)
            .map(|number| {
                let id = source.id(number * 7919 % count);
                let fetch = || {
                    let mut content = Vec::new();
                    archive.document(id).unwrap().unwrap().read_to_end(&mut content).unwrap();
                };
                measured(fetch).1
            })
            .collect();
        fetches.sort();
        let (_, stream, stream_memory) = measured(|| {
            let mut reader = SnapshotReader::new(File::open(&path).unwrap(), &ReadOptions::new());
            while reader.next_entry().unwrap().is_some() {}
        });
        let (_, verify, _) = measured(|| archive.verify(Parallelism::threads(2), &mut NoObserver).unwrap());
        let per = |time: Duration| format!("{:.2} us/doc", time.as_secs_f64() * 1e6 / count as f64);
        println!(
            "{count:>9} {:>16} {:>16} {:>12} {:>10} {:>10} {:>10} {:>16} {:>12} {:>9}",
            per(write_2),
            per(write_8),
            format!("{open_time:.2?}"),
            format!("{list:.1?}"),
            format!("{:.2?}", fetches[50]),
            format!("{diff_time:.1?}"),
            per(stream),
            per(verify),
            format!("{:.2} B/doc", index_bytes as f64 / count as f64),
        );
        println!(
            "{:>9} {:>16} {:>16} {:>12} {:>10} {:>10} {:>10} {:>16}",
            "memory",
            format!("{memory_2:.1} MiB"),
            format!("{memory_8:.1} MiB"),
            "",
            "",
            "",
            "",
            format!("{stream_memory:.1} MiB")
        );
    }
}
