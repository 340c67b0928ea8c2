//! The cost of each degree of durability: extracting 2,000 small documents into the folder of temporary files.
//!
//! The figures are the disk's, not the crate's: run it where archives will be extracted (`TMPDIR`).

use std::hint::black_box;

use appsnap::DocumentId;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::extract::{Durability, ExtractOptions};
use appsnap::snapshot::{Content, ReadOptions, SnapshotReader, SnapshotWriter, WriteOptions, extract};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const DOCUMENTS: u32 = 2000;
const DOCUMENT_BYTES: usize = 4000;

fn archive() -> Vec<u8> {
    let metadata = Metadata::new().with_model_version("1");
    let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &WriteOptions::new()).unwrap();
    writer.database(Content::sized(1 << 20, &vec![1; 1 << 20][..]), &mut NoObserver).unwrap();
    for number in 0..DOCUMENTS {
        // Spread over all folders, as random ids are.
        let id = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let content = number.to_le_bytes().repeat(DOCUMENT_BYTES / 4);
        let content = Content::sized(content.len() as u64, content.as_slice());
        writer.document(DocumentId::from_bytes(id.to_be_bytes()), content, &mut NoObserver).unwrap();
    }
    writer.finish().unwrap().0
}

fn durability(criterion: &mut Criterion) {
    let archive = archive();
    let mut group = criterion.benchmark_group("durability");
    group.throughput(Throughput::Elements(DOCUMENTS.into())).sample_size(10);
    for (name, durability) in [("system", Durability::System), ("data", Durability::Data), ("full", Durability::Full)] {
        group.bench_function(name, |bencher| {
            let folder = || tempfile::tempdir().unwrap();
            let options = ExtractOptions::new().with_durability(durability);
            // Handing the folder back leaves its removal out of the time.
            let work = |folder: tempfile::TempDir| {
                let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
                let report = extract(&mut reader, &folder.path().join("restored"), &options, &mut NoObserver).unwrap();
                assert_eq!(black_box(report.documents_count()), u64::from(DOCUMENTS));
                folder
            };
            bencher.iter_batched(folder, work, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, durability);
criterion_main!(benches);
