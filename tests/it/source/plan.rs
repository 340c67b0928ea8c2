use std::io;

use appsnap::gzip::Level;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::report::WriteReport;
use appsnap::snapshot::{Content, DocumentSource, SnapshotWriter, WriteOptions};
use appsnap::source::SizeEstimate;
use appsnap::source::directory::{self, DirectoryOptions};
use proptest::prelude::*;
use tempfile::tempdir;

use super::{id, put, sharded};

#[test]
fn retain_drops_documents_and_their_bytes() {
    let folder = tempdir().unwrap();
    (1..=9_u8).for_each(|number| put(folder.path(), &sharded(id(number.into())), vec![number; number.into()]));
    let mut plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver).unwrap();
    assert_eq!(plan.document_bytes(), 45);
    plan.retain(|document| document == id(3) || document == id(8));
    assert_eq!((plan.documents_count(), plan.document_bytes()), (2, 11));
    assert_eq!((plan.len_bytes(id(3)), plan.len_bytes(id(4))), (Some(3), None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The writer of the tar crate determines headers and padding.
    #[test]
    fn tar_size_is_what_a_tar_writer_writes(
        version in "[a-z]{0,600}",
        database in proptest::option::of(0..3_000_usize),
        documents in proptest::collection::vec(0..2_000_usize, 0..30),
    ) {
        let mut builder = tar::Builder::new(Vec::new());
        let metadata = Metadata::new().with_model_version(version);
        for (number, len) in [metadata.render().len()].into_iter().chain(database).chain(documents.clone()).enumerate() {
            let mut header = tar::Header::new_ustar();
            header.set_size(len as u64);
            header.set_cksum();
            builder.append_data(&mut header, format!("member{number}"), &vec![7; len][..]).unwrap();
        }
        let len = builder.into_inner().unwrap().len() as u64;
        let estimate = SizeEstimate::of(&Lengths(documents), &metadata, database.map(|len| len as u64));
        prop_assert_eq!(estimate.tar_bytes, len.div_ceil(10_240) * 10_240);
    }

    /// For any contents, and any position relative to the chunks.
    #[test]
    fn snapshot_is_as_large_as_estimated(
        documents in proptest::collection::vec((0..3_u8, prop_oneof![0..3_000_usize, 0..300_000_usize]), 0..12),
        level in 1..=9_u8,
    ) {
        let documents: Vec<_> = documents.into_iter().map(|(kind, len)| content(kind, len)).collect();
        let (estimate, report) = estimate_and_write(&documents, level);
        prop_assert_eq!(report.tar_bytes(), estimate.tar_bytes);
        prop_assert!(report.archive_bytes() <= estimate.max_compressed_bytes, "{} > {}", report.archive_bytes(), estimate.max_compressed_bytes);
    }
}

/// The worst cases for the compressor: noise in pieces that are just large enough to be stored separately, and bytes that
/// look compressible and are not.
#[test]
fn hardly_compressible_snapshots_stay_below_their_bound() {
    for (kind, len, count) in [(0, 768, 3_000), (0, 65_536, 40), (0, 65_537, 40), (1, 768, 3_000), (1, 3 << 20, 1)] {
        let documents = vec![content(kind, len); count];
        for level in [1, 6, 9] {
            let (estimate, report) = estimate_and_write(&documents, level);
            let found = report.archive_bytes();
            assert!(found <= estimate.max_compressed_bytes, "{count} of {len}, level {level}: {found}, {estimate:?}");
        }
    }
}

/// Noise, noise of few values, or text.
fn content(kind: u8, len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ len as u64;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    });
    match kind {
        0 => noise.take(len).collect(),
        1 => noise.map(|byte| 144 + byte % 112).take(len).collect(),
        _ => b"the quick brown fox ".iter().copied().cycle().take(len).collect(),
    }
}

fn estimate_and_write(documents: &[Vec<u8>], level: u8) -> (SizeEstimate, WriteReport) {
    let document_bytes = documents.iter().map(|content| content.len() as u64).sum();
    let metadata = Metadata::new().with_files_size_bytes(document_bytes).with_dump_size_bytes(0);
    let lengths = Lengths(documents.iter().map(Vec::len).collect());
    let estimate = SizeEstimate::of(&lengths, &metadata, None);
    let options = WriteOptions::new().with_level(Level::new(level).unwrap());
    let mut writer = SnapshotWriter::start(io::sink(), &metadata, options).unwrap();
    for (index, bytes) in documents.iter().enumerate() {
        writer.document(id(index as u64), Content::sized(bytes.len() as u64, bytes.as_slice())).unwrap();
    }
    (estimate, writer.finish().unwrap().1)
}

/// Documents with lengths and without contents.
struct Lengths(Vec<usize>);

impl DocumentSource for Lengths {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.0.len()
    }

    fn row(&self, index: usize) -> (appsnap::DocumentId, u64) {
        (id(index as u64), self.0[index] as u64)
    }

    fn open(&self, index: usize) -> std::io::Result<Vec<u8>> {
        Ok(vec![7; self.0[index]])
    }

    fn origin(&self, index: usize) -> String {
        index.to_string()
    }
}
