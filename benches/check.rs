//! The cost of a check beside verifying the archive alone, in time and memory: a table, not a statistic.
//!
//! `cargo bench -p appsnap-benches --bench check`. Times are medians of alternating runs in seconds, with the processor's in
//! brackets. The archives hold a dump of business data, 20 MB compressed or more, and a row for every
//! document; documents are generated, so memory is the crate's alone.

mod clock;
mod corpus;
mod memory;

use std::fs::File;
use std::io::{self, BufWriter, Write};

use appsnap::DocumentId;
use appsnap::check::{CheckOptions, Profile, Verdict, check};
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use appsnap::snapshot::{Content, DocumentSource, ReadOptions, SnapshotReader, SnapshotWriter, WriteOptions};

use appsnap_tests::dumps::DumpBuilder;
use clock::alternating;
use corpus::{Huge, Random};
use memory::measured;

/// Generated documents that may be longer than a kibibyte.
struct Documents {
    ids: Huge,
    len_bytes: usize,
    text: Vec<u8>,
    noise: Vec<u8>,
}

impl Documents {
    fn new(count: usize, len_bytes: usize) -> Self {
        let mut random = Random::new(2);
        Self { ids: Huge::new(count), len_bytes, text: random.text(1 << 20), noise: random.noise(1 << 20) }
    }
}

impl DocumentSource for Documents {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.ids.count
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        (self.ids.id(index), self.len_bytes as u64)
    }

    fn open(&self, index: usize) -> io::Result<Vec<u8>> {
        let from = if index % 10 < 3 { &self.noise } else { &self.text };
        let at = index.wrapping_mul(0x9e37_79b9) % (from.len() - self.len_bytes);
        Ok(from[at..at + self.len_bytes].to_vec())
    }

    fn origin(&self, index: usize) -> String {
        format!("generated document {index}")
    }
}

/// A dump with a row for every document, in no order, and `data_bytes` of other rows.
fn dump(documents: &Documents, data_bytes: usize) -> Vec<u8> {
    let mut random = Random::new(3);
    let (mut files, mut data) = (Vec::new(), Vec::new());
    let count = documents.documents_count();
    for number in 0..count {
        // An odd multiplier below a count that it does not divide visits every document once.
        let index = if count.is_multiple_of(7919) { number } else { number * 7919 % count };
        let (id, len_bytes) = documents.row(index);
        writeln!(files, "{number}\tdocument {number}.pdf\t{id}\tt\tf\t{len_bytes}\tShop.Invoice").unwrap();
    }
    while data.len() < data_bytes {
        let (number, amount) = (random.next(), random.next() % 100_000);
        let words = String::from_utf8(random.text(60)).unwrap().replace('\n', " ");
        writeln!(data, "{}\t{words}\t{amount}\t2026-11-20 12:00:00", number >> 20).unwrap();
    }
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    let columns = "id, name, __uuid__, hascontents, deleteafterdownload, size, submetaobjectname";
    builder.table("system$filedocument", columns, &files);
    builder.table("shop$order", "id, note, amount, changeddate", &data);
    builder.build()
}

fn write(documents: &Documents, dump: &[u8], file: &File) {
    let options = WriteOptions::new().with_parallelism(Parallelism::threads(2)).without_size_check();
    let mut writer = SnapshotWriter::start(BufWriter::new(file), &Metadata::new(), &options).unwrap();
    writer.database(Content::sized(dump.len() as u64, dump), &mut NoObserver).unwrap();
    writer.documents(documents, &mut NoObserver).unwrap();
    let (mut sink, _) = writer.finish().unwrap();
    sink.flush().unwrap();
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (divisor, runs) = if is_bench { (1, 5) } else { (500, 1) };
    let folder = tempfile::tempdir().unwrap();
    println!(
        "{:>9} {:>6} {:>9} {:>15} {:>15} {:>6} {:>15} {:>6} {:>5} {:>26}",
        "documents", "bytes", "dump", "verify", "check", "ratio", "2 threads", "ratio", "goal", "MiB verify, check, 2"
    );
    for (count, len_bytes, data_bytes) in
        [(50_000, 4096, 42 << 20), (50_000, 10_000, 42 << 20), (1_000_000, 1024, 20 << 20)]
    {
        let documents = Documents::new(count / divisor, len_bytes);
        let dump = dump(&documents, data_bytes / divisor);
        let path = folder.path().join("archive.tar.gz");
        write(&documents, &dump, &File::create(&path).unwrap());
        let verified = || {
            let mut reader = SnapshotReader::new(File::open(&path).unwrap(), &ReadOptions::new());
            while reader.next_entry().unwrap().is_some() {}
        };
        let checked = |threads: u8| {
            let options = CheckOptions::new().with_parallelism(Parallelism::threads(threads));
            let report = check(File::open(&path).unwrap(), &Profile::format(), &options, &mut NoObserver).unwrap();
            assert_ne!(report.verdict(), Verdict::Reject);
            assert_eq!(report.contents().files.unwrap().present, documents.documents_count() as u64);
        };
        let memory = [measured(verified).2, measured(|| checked(0)).2, measured(|| checked(2)).2];
        let times = alternating(runs, &mut [&mut || verified(), &mut || checked(0), &mut || checked(2)]);
        println!(
            "{:>9} {len_bytes:>6} {:>9} {:>15} {:>15} {:>6.2} {:>15} {:>6.2} {:>5} {:>26}",
            documents.documents_count(),
            format!("{:.1} MB", dump.len() as f64 / 1e6),
            times[0],
            times[1],
            times[1].wall / times[0].wall,
            times[2],
            times[2].wall / times[0].wall,
            "1.10",
            format!("{:.1}, {:.1}, {:.1}", memory[0], memory[1], memory[2]),
        );
    }
}
