//! Writing: memory depends on the threads, not on how much is written.

use std::io;

use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{Content, DocumentSource, ReadOptions, SnapshotReader, SnapshotWriter, WriteOptions};
use appsnap::{DocumentId, Limits};

use super::{ID_BYTES, MIB, alone, expect_within, peak};

/// 26 bytes a document, as the index has them.
const INDEX_ROW_BYTES: usize = 26;

/// Documents that are made when they are asked for.
struct Many(u32);

impl DocumentSource for Many {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.0 as usize
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        (DocumentId::from_bytes((((index as u128) << 96) | 7).to_be_bytes()), index as u64 % 40)
    }

    fn open(&self, index: usize) -> io::Result<Vec<u8>> {
        Ok(vec![b'd'; index % 40])
    }

    fn origin(&self, index: usize) -> String {
        index.to_string()
    }
}

fn write(documents: &Many, sink: impl io::Write, options: WriteOptions) {
    let metadata = Metadata::new().with_model_version("1");
    let mut writer = SnapshotWriter::start(sink, &metadata, &options).unwrap();
    writer.database(Content::sized(1000, &[3; 1000][..]), &mut NoObserver).unwrap();
    writer.documents(documents, &mut NoObserver).unwrap();
    writer.finish().unwrap();
}

#[test]
fn two_hundred_thousand_documents_are_written_and_read_in_little_memory() {
    let _alone = alone();
    let documents = Many(200_000);
    let count = documents.documents_count();
    let two = WriteOptions::new().with_parallelism(Parallelism::threads(2));
    let ((), bytes) = peak(|| write(&documents, io::sink(), two));
    expect_within("writing on two threads", bytes, 32 * MIB + count * ID_BYTES);
    let mut archive = Vec::with_capacity(64 * MIB);
    let indexed = WriteOptions::new().with_index(IndexPlacement::Embedded);
    let ((), bytes) = peak(|| write(&documents, &mut archive, indexed));
    expect_within("writing on none, with an index", bytes, 32 * MIB + count * (ID_BYTES + 2 * INDEX_ROW_BYTES));
    let (read, bytes) = peak(|| {
        let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
        while reader.next_entry().unwrap().is_some() {}
        reader.report().documents_count()
    });
    assert_eq!(read, count as u64);
    expect_within("reading them", bytes, 16 * MIB + count * ID_BYTES);
}

#[test]
fn one_large_document_is_written_in_chunks() {
    let _alone = alone();
    let len_bytes = 48 * MIB as u64;
    for threads in [0, 2] {
        let options = WriteOptions::new().with_parallelism(Parallelism::threads(threads));
        let ((), bytes) = peak(|| {
            let metadata = Metadata::new().with_model_version("1");
            let mut writer = SnapshotWriter::start(io::sink(), &metadata, &options).unwrap();
            let zeros = io::Read::take(io::repeat(0), len_bytes);
            writer.database(Content::sized(len_bytes, zeros), &mut NoObserver).unwrap();
            writer.finish().unwrap();
        });
        expect_within(&format!("48 MiB on {threads} threads"), bytes, 32 * MIB);
    }
}

#[test]
fn spooling_takes_no_memory_and_stops_at_its_limit() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits::untrusted().with_max_entry_bytes(8 * MIB as u64);
    let (result, bytes) = peak(|| Content::spooled(io::repeat(1), folder.path(), &limits).map(drop));
    assert!(result.unwrap_err().is_limit());
    expect_within("spooling an endless reader", bytes, MIB);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a spool file stayed");
}
