//! The checked-in samples below `examples/data/`, which documentation and examples read.
//!
//! `quickstart.dump` is the database of a small made-up app, dumped by `pg_dump -O -x -Fc` of PostgreSQL 15.
//! `postgres18.dump` is the same database, restored into PostgreSQL 18 and dumped by its `pg_dump -O -x -Fc`.
//! `quickstart.tar.gz` is made here.

use std::fs;
use std::path::Path;

use appsnap::DocumentId;
use appsnap::Limits;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::pgdump::inspect;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};

use crate::support::app::DUMP;

/// The variable that writes the sample again.
const UPDATE: &str = "APPSNAP_UPDATE_SAMPLES";

/// The documents that the rows of the sample dump know.
const DOCUMENTS: [(&str, &str); 2] = [
    ("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0001", "twenty bytes of text"),
    ("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002", "image"),
];

/// A whole snapshot of a small app, with an index.
fn sample() -> Vec<u8> {
    let database = inspect(DUMP, &Limits::trusted(), &mut NoObserver).unwrap().uncompressed_bytes();
    let metadata = Metadata::new()
        .with_duration(0)
        .with_model_version("1.0.0.1")
        .with_dump_size_bytes(DUMP.len() as u64)
        .with_database_size_bytes(database)
        .with_files_size_bytes(DOCUMENTS.iter().map(|(_, text)| text.len() as u64).sum());
    let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
    let mut writer = SnapshotWriter::start(Vec::new(), &metadata, options).unwrap();
    writer.database(Content::sized(DUMP.len() as u64, DUMP)).unwrap();
    for (id, text) in DOCUMENTS {
        let id: DocumentId = id.parse().unwrap();
        writer.document(id, Content::sized(text.len() as u64, text.as_bytes())).unwrap();
    }
    writer.finish().unwrap().0
}

#[test]
fn sample_archive_is_what_the_writer_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/quickstart.tar.gz");
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, sample()).unwrap();
    }
    let found = fs::read(&path).unwrap();
    assert!(found == sample(), "{UPDATE}=1 cargo test --workspace --all-features sample_archive writes it again");
}
