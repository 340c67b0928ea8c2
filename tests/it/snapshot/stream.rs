//! Packing while reading.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use appsnap::DocumentId;
use appsnap::metadata::Metadata;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{Content, DocumentSource, Error, ErrorKind, ReadOptions, SnapshotStream, WriteOptions};

use crate::support::archives::{Contents, id, noise, parallelisms, read};

type Stream<'a> = SnapshotStream<&'a [u8], &'a Contents>;

fn stream(contents: &Contents, options: WriteOptions) -> Stream<'_> {
    let database = contents.database.as_deref().map(|bytes| Content::sized(bytes.len() as u64, bytes));
    SnapshotStream::new(&contents.metadata(), database, contents, options).unwrap()
}

#[test]
fn stream_gives_the_bytes_that_a_writer_writes() {
    let contents = Contents::sample(60);
    for sections in [SectionSplit::Contents, SectionSplit::Digit] {
        for index in [IndexPlacement::Omitted, IndexPlacement::Embedded] {
            let options = || WriteOptions::new().with_sections(sections).with_index(index);
            let (expected, report) = contents.push(options());
            for parallelism in parallelisms() {
                let mut stream = stream(&contents, options().with_parallelism(parallelism));
                assert!(stream.report().is_none());
                let mut archive = Vec::new();
                // Of a length that fits nothing.
                let mut buffer = vec![0; 77_777];
                loop {
                    let count = stream.read(&mut buffer).unwrap();
                    if count == 0 {
                        break;
                    }
                    archive.extend_from_slice(&buffer[..count]);
                }
                assert!(archive == expected, "{sections:?}, {index:?}, {parallelism:?}");
                let streamed = stream.report().unwrap();
                assert_eq!(streamed.documents_count(), report.documents_count());
                assert_eq!(streamed.archive_bytes(), report.archive_bytes());
            }
        }
    }
}

#[test]
fn stream_without_documents_is_a_snapshot_of_the_database() {
    let contents = Contents { documents: Vec::new(), ..Contents::tiny() };
    let database = contents.database.as_deref().map(|bytes| Content::sized(bytes.len() as u64, bytes));
    let mut archive = Vec::new();
    let mut stream = SnapshotStream::new(&contents.metadata(), database, (), WriteOptions::new()).unwrap();
    stream.read_to_end(&mut archive).unwrap();
    assert!(archive == contents.archive());
}

/// Counts the documents that are opened.
struct Opened(Contents, AtomicUsize);

impl DocumentSource for Opened {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.0.documents_count()
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        self.0.row(index)
    }

    fn open(&self, index: usize) -> io::Result<Vec<u8>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.open(index)
    }

    fn origin(&self, index: usize) -> String {
        self.0.origin(index)
    }
}

#[test]
fn stream_works_no_further_ahead_than_it_is_read() {
    let mut documents: Vec<_> = (0..8).map(|number| (id(number), noise(number, 1 << 20))).collect();
    documents.sort();
    let contents = Contents { database: None, documents };
    let metadata = contents.metadata();
    let source = Arc::new(Opened(contents, AtomicUsize::new(0)));
    let none = None::<Content<io::Empty>>;
    let mut stream = SnapshotStream::new(&metadata, none, Arc::clone(&source), WriteOptions::new()).unwrap();
    let mut buffer = vec![0; 100_000];
    let mut read = 0;
    while stream.report().is_none() {
        read += stream.read(&mut buffer).unwrap();
        let opened = source.1.load(Ordering::Relaxed);
        assert!(opened << 20 <= read + (2 << 20), "{opened} documents opened for {read} bytes");
    }
}

#[test]
fn stream_that_stops_in_the_middle_is_called_truncated() {
    let contents = Contents::sample(30);
    let whole = contents.archive();
    let mut archive = vec![0; whole.len() / 2];
    stream(&contents, WriteOptions::new()).read_exact(&mut archive).unwrap();
    assert!(read(archive.as_slice(), ReadOptions::new()).is_err());
}

#[test]
fn failing_payload_ends_the_stream_for_good() {
    for (declared, kind) in [(5, "too short"), (2, "too long")] {
        let metadata = Metadata::new();
        let database = Content::sized(declared, &b"dump"[..]);
        let mut stream = SnapshotStream::new(&metadata, Some(database), (), WriteOptions::new()).unwrap();
        let mut archive = Vec::new();
        let error = stream.read_to_end(&mut archive).unwrap_err().downcast::<Error>().unwrap();
        let is_right = match error.kind() {
            ErrorKind::TooShort { .. } => kind == "too short",
            ErrorKind::TooLong { .. } => kind == "too long",
            _ => false,
        };
        assert!(is_right && error.context() == Some("db/db.backup"), "{error}");
        assert!(stream.read(&mut [0]).is_err() && stream.report().is_none());
        assert!(read(archive.as_slice(), ReadOptions::new()).is_err());
    }
}

#[test]
fn wrong_metadata_is_refused_before_the_first_byte() {
    let contents = Contents::tiny();
    let metadata = contents.metadata().with_files_size_bytes(1);
    let database = contents.database.as_deref().map(|bytes| Content::sized(bytes.len() as u64, bytes));
    let error = SnapshotStream::new(&metadata, database, &contents, WriteOptions::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::MetadataSize { name: "filesSize", .. }), "{error}");
}

#[test]
fn documents_that_do_not_ascend_are_refused_before_the_first_byte() {
    let mut contents = Contents::tiny();
    contents.documents.reverse();
    let none = None::<Content<io::Empty>>;
    assert!(
        SnapshotStream::new(&contents.metadata().with_dump_size_bytes(0), none, &contents, WriteOptions::new())
            .is_err()
    );
}
