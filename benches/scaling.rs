//! Packing from slow storage, by 1 to 8 threads: a table of times beside the ideal, which is that of one thread divided.
//!
//! `cargo bench -p appsnap-benches --bench scaling`. The documents come from a source that sleeps when one is opened, as a bucket or a
//! cold disk lets one wait, so the table shows what the library itself lets wait, on any number of cores.

mod corpus;
mod measure;

use std::io;
use std::thread::sleep;
use std::time::Duration;

use appsnap::DocumentId;
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::{DocumentSource, SnapshotWriter, WriteOptions};

use corpus::Random;
use measure::measured;

/// Eight to a chunk, and incompressible, so that the processor does next to nothing.
const DOCUMENT_BYTES: usize = (128 << 10) - 512;

struct Slow {
    count: usize,
    delay: Duration,
    content: Vec<u8>,
}

impl DocumentSource for Slow {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.count
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        (DocumentId::from_bytes(((index as u128) << 64).to_be_bytes()), DOCUMENT_BYTES as u64)
    }

    fn open(&self, _: usize) -> io::Result<Vec<u8>> {
        sleep(self.delay);
        Ok(self.content.clone())
    }

    fn origin(&self, index: usize) -> String {
        format!("generated document {index}")
    }
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (count, delay) = if is_bench { (1600, Duration::from_millis(5)) } else { (16, Duration::from_millis(1)) };
    let source = Slow { count, delay, content: Random::new(1).noise(DOCUMENT_BYTES) };
    println!("{}; {count} documents that take {delay:?} each to open\n", measure::processor());
    println!(
        "| threads | seconds | cpu seconds | of the ideal | goal |\n|---------|---------|-------------|--------------|------|"
    );
    let mut alone = None;
    for threads in [1_u8, 2, 4, 8] {
        let sample = measured(|| {
            let options = WriteOptions::new().with_parallelism(Parallelism::threads(threads));
            let mut writer = SnapshotWriter::start(io::sink(), &Metadata::new(), &options).unwrap();
            writer.documents(&source, &mut NoObserver).unwrap();
            writer.finish().unwrap();
        });
        let ideal = *alone.get_or_insert(sample.wall) / f64::from(threads);
        let (wall, processor) = (sample.wall, sample.processor);
        println!("| {threads:>7} | {wall:>7.2} | {processor:>11.2} | {:>12.2} | 0.90 |", ideal / wall);
    }
}
