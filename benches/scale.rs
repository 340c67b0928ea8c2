//! The cost of a document, in time and memory, at 50,000, 200,000 and 1,000,000 of them: a table, not a statistic.
//!
//! `cargo bench -p appsnap-benches --bench scale`. Documents are generated while they are read, so memory is the crate's alone; the archive
//! goes to a temporary file.

mod corpus;
mod memory;

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
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

/// A row of the table: its name, the goal, and the figures by number of documents.
const MEASURES: [(&str, &str); 11] = [
    ("write, 2 threads, us a document", "at 1,000,000 no more than 1.15 of 50,000"),
    ("write, 8 threads, us a document", ""),
    ("write, 8 threads, MiB of memory", "48 MiB + 24 bytes a document"),
    ("open, ms", ""),
    ("list all, ms", "250 at 1,000,000"),
    ("fetch one, ms", "2"),
    ("compare with itself, ms", ""),
    ("read front to back, us a document", ""),
    ("read front to back, MiB of memory", "16 MiB + 40 bytes a document"),
    ("verify, 2 threads, us a document", ""),
    ("index, bytes a document", "28"),
];

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let counts = if is_bench { [50_000, 200_000, 1_000_000] } else { [100, 200, 1000] };
    let folder = tempfile::tempdir().unwrap();
    let columns = counts.map(|count| measures(count, folder.path()));
    let [few, more, most] = counts.map(|count| count.to_string());
    println!("| {:<34} | {few:>9} | {more:>9} | {most:>9} | goal |", "documents");
    println!("|{}|-----------|-----------|-----------|------|", "-".repeat(36));
    for (number, (what, goal)) in MEASURES.iter().enumerate() {
        let [few, more, most] = columns.map(|column| column[number]);
        println!("| {what:<34} | {few:>9.2} | {more:>9.2} | {most:>9.2} | {goal} |");
    }
}

fn measures(count: usize, folder: &Path) -> [f64; 11] {
    let source = Huge::new(count);
    let path = folder.join(count.to_string());
    let file = File::create_new(&path).unwrap();
    let (index_bytes, write_2, _) = measured(|| write(&source, 2, &file));
    let scratch = tempfile::tempfile_in(folder).unwrap();
    let (_, write_8, memory_8) = measured(|| write(&source, 8, &scratch));
    drop(scratch);
    let open = || SnapshotArchive::open(File::open(&path).unwrap(), &ReadOptions::new()).unwrap();
    let (archive, open_time, _) = measured(open);
    let (listed, list, _) = measured(|| archive.documents().map(|listed| listed.unwrap().len_bytes()).sum::<u64>());
    assert_eq!(listed, (count * Huge::DOCUMENT_BYTES) as u64);
    let compare = || {
        let other = open();
        let (old, new) = (Input::archive("old", &archive), Input::archive("new", &other));
        diff(old, new, &Limits::untrusted(), &mut NoObserver).unwrap()
    };
    let (difference, compared, _) = measured(compare);
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
    let per = |time: Duration| time.as_secs_f64() * 1e6 / count as f64;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    [
        per(write_2),
        per(write_8),
        memory_8,
        milliseconds(open_time),
        milliseconds(list),
        milliseconds(fetches[50]),
        milliseconds(compared),
        per(stream),
        stream_memory,
        per(verify),
        index_bytes as f64 / count as f64,
    ]
}
