use appsnap::metadata::Metadata;
use appsnap::observe::Silent;
use appsnap::snapshot::DocumentSource;
use appsnap::source::SizeEstimate;
use appsnap::source::directory::{self, DirectoryOptions};
use proptest::prelude::*;
use tempfile::tempdir;

use super::{id, put, sharded};

#[test]
fn retain_drops_documents_and_their_bytes() {
    let folder = tempdir().unwrap();
    (1..=9_u8).for_each(|number| put(folder.path(), &sharded(id(number.into())), vec![number; number.into()]));
    let mut plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut Silent).unwrap();
    assert_eq!(plan.document_bytes(), 45);
    plan.retain(|document| document == id(3) || document == id(8));
    assert_eq!((plan.documents_count(), plan.document_bytes()), (2, 11));
    assert_eq!((plan.len_bytes(id(3)), plan.len_bytes(id(4))), (Some(3), None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The tar crate's own writer is the witness for headers and padding.
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
        prop_assert!(estimate.max_packed_bytes > estimate.tar_bytes);
    }
}

/// Documents that exist only as lengths.
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
