//! Many workers on one archive: what a sixteenth costs its worker, and what joining costs, in time, bytes and memory.
//!
//! `cargo bench -p appsnap-benches --bench join`. Documents are generated while they are read; parts are temporary files.

mod corpus;
mod memory;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use appsnap::DocumentId;
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::join::{Join, S3_PIECE_BYTES, shard};
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{DocumentSource, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};

use corpus::Huge;
use memory::measured;

/// The generated documents, their ids spread over all digits.
struct Spread(Huge);

impl DocumentSource for Spread {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.0.count
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        let step = u128::MAX / self.0.count as u128;
        (DocumentId::from_bytes((index as u128 * step).to_be_bytes()), Huge::DOCUMENT_BYTES as u64)
    }

    fn open(&self, index: usize) -> io::Result<Vec<u8>> {
        self.0.open(index)
    }

    fn origin(&self, index: usize) -> String {
        self.0.origin(index)
    }
}

fn options(threads: u8) -> WriteOptions {
    WriteOptions::new()
        .with_sections(SectionSplit::Digit)
        .with_index(IndexPlacement::Embedded)
        .without_size_check()
        .with_parallelism(Parallelism::threads(threads))
}

fn pack<S: DocumentSource>(source: &S, threads: u8, file: &File) {
    let mut writer = SnapshotWriter::start(BufWriter::new(file), &Metadata::new(), options(threads)).unwrap();
    writer.documents(source, &mut NoObserver).unwrap();
    writer.finish().unwrap().0.flush().unwrap();
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let counts = if is_bench { [50_000, 1_000_000] } else { [500, 1000] };
    let folder = tempfile::tempdir().unwrap();
    for count in counts {
        let source = Spread(Huge::new(count));
        let row = |what: &str, (time, memory): (Duration, f64)| {
            let each = time.as_secs_f64() * 1e6 / count as f64;
            println!("{what:<46} {time:>10.2?} {each:>8.3} us/doc {memory:>8.1} MiB of memory");
        };
        println!("{count} documents of 1 KiB");
        let whole = tempfile::tempfile_in(folder.path()).unwrap();
        let ((), time, memory) = measured(|| pack(&source, 2, &whole));
        row("one process, two threads", (time, memory));
        let mut worst = (Duration::ZERO, 0.0_f64);
        let mut all = Duration::ZERO;
        let parts: Vec<_> = (0..16)
            .map(|digit| {
                let file = tempfile::tempfile_in(folder.path()).unwrap();
                let ((), time, memory) = measured(|| pack(&shard(&source, digit..=digit), 1, &file));
                worst = (worst.0.max(time), worst.1.max(memory));
                all += time;
                SnapshotArchive::open(file, &ReadOptions::new()).unwrap()
            })
            .collect();
        row("slowest of sixteen workers, one thread each", worst);
        row("all sixteen workers, one after the other", (all, worst.1));
        let (joined, time, memory) = measured(|| Join::plan(&Metadata::new(), &parts, &options(0)).unwrap());
        row("plan of the join", (time, memory));
        let joined_file = tempfile::tempfile_in(folder.path()).unwrap();
        let (_, time, memory) = measured(|| joined.write_to(&joined_file, &mut NoObserver).unwrap());
        row("join into a file", (time, memory));
        assert_eq!(joined_file.metadata().unwrap().len(), whole.metadata().unwrap().len());
        let pieces = joined.pieces(S3_PIECE_BYTES).unwrap();
        let uploaded = pieces.iter().filter(|piece| piece.source().is_none());
        let uploaded: u64 = uploaded.map(|piece| piece.output_bytes().end - piece.output_bytes().start).sum();
        println!(
            "{:.1} MiB; in an object store {} pieces, {:.1} MiB of them uploaded by the joiner\n",
            joined.len_bytes() as f64 / (1 << 20) as f64,
            pieces.len(),
            uploaded as f64 / (1 << 20) as f64
        );
    }
}
