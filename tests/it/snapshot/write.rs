//! The promises of the writer.

use std::io::{self, Read};
use std::ops::ControlFlow;

use appsnap::DocumentId;
use appsnap::gzip::{CHUNK_BYTES, Level};
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{Content, DocumentSource, ErrorKind, ReadOptions, SnapshotWriter, WriteOptions};
use appsnap::{Limits, snapshot};

use crate::support::archives::{Contents, id, noise, parallelisms, read, text};
use crate::support::readers::FailAt;

#[test]
fn threads_and_ways_of_writing_never_change_the_bytes() {
    let contents = Contents::sample(120);
    for sections in [SectionSplit::Contents, SectionSplit::Digit, SectionSplit::Byte] {
        let options = || WriteOptions::new().with_sections(sections).with_index(IndexPlacement::Embedded);
        let (expected, _) = contents.push(options());
        for parallelism in parallelisms() {
            let options = || options().with_parallelism(parallelism);
            assert!(contents.push(options()).0 == expected, "push, {sections:?}, {parallelism:?}");
            assert!(contents.pull(options()).0 == expected, "pull, {sections:?}, {parallelism:?}");
        }
    }
}

#[test]
fn pulled_documents_may_stand_between_pushed_ones() {
    let contents = Contents::sample(60);
    let (expected, _) = contents.push(WriteOptions::new());
    let database = contents.database.as_deref().unwrap();
    for parallelism in parallelisms() {
        let options = WriteOptions::new().with_parallelism(parallelism);
        let mut writer = SnapshotWriter::start(Vec::new(), &contents.metadata(), &options).unwrap();
        writer.database(Content::sized(database.len() as u64, database), &mut NoObserver).unwrap();
        let part = |from, until| Contents { database: None, documents: contents.documents[from..until].to_vec() };
        let push = |writer: &mut SnapshotWriter<_>, index: usize| {
            let (id, bytes) = &contents.documents[index];
            writer.document(*id, Content::sized(bytes.len() as u64, bytes.as_slice()), &mut NoObserver).unwrap();
        };
        push(&mut writer, 0);
        writer.documents(&part(1, 20), &mut NoObserver).unwrap();
        push(&mut writer, 20);
        writer.documents(&part(21, 21), &mut NoObserver).unwrap();
        writer.documents(&part(21, 60), &mut NoObserver).unwrap();
        assert!(writer.finish().unwrap().0 == expected, "{parallelism:?}");
    }
}

#[test]
fn round_trip_keeps_every_byte_at_every_level() {
    let contents = Contents::sample(40);
    for level in 1..=9 {
        let (archive, report) = contents.push(WriteOptions::new().with_level(Level::new(level).unwrap()));
        assert_eq!(report.archive_bytes(), archive.len() as u64);
        assert_eq!(report.documents_count(), 40);
        let (again, read_report) = read(archive.as_slice(), ReadOptions::new()).unwrap();
        assert!(again == contents, "level {level}");
        assert!(read_report.diagnostics().is_empty());
    }
}

#[test]
fn short_payload_poisons_writer() {
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new()).unwrap();
    let error = writer.document(id(1), Content::sized(4, &b"abc"[..]), &mut NoObserver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooShort { declared_bytes: 4, actual_bytes: 3, .. }), "{error}");
    assert!(error.context().unwrap().contains(&id(1).to_string()));
    let again = writer.document(id(2), Content::sized(1, &b"a"[..]), &mut NoObserver).unwrap_err();
    assert_eq!(again.to_string(), error.to_string());
    assert_eq!(writer.finish().unwrap_err().to_string(), error.to_string());
}

#[test]
fn long_payload_poisons_writer() {
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new()).unwrap();
    let error = writer.database(Content::sized(2, &b"abc"[..]), &mut NoObserver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLong { declared_bytes: 2, .. }));
    assert!(writer.finish().is_err());
}

#[test]
fn order_of_contents_is_enforced() {
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new()).unwrap();
    writer.document(id(1), Content::sized(0, io::empty()), &mut NoObserver).unwrap();
    assert!(matches!(
        writer.database(Content::sized(0, io::empty()), &mut NoObserver).unwrap_err().kind(),
        ErrorKind::Misuse(_)
    ));

    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new()).unwrap();
    writer.database(Content::sized(0, io::empty()), &mut NoObserver).unwrap();
    assert!(writer.database(Content::sized(0, io::empty()), &mut NoObserver).is_err());
}

#[test]
fn duplicate_document_is_refused() {
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new()).unwrap();
    for number in [5, 3, 4] {
        writer.document(id(number), Content::sized(0, io::empty()), &mut NoObserver).unwrap();
    }
    let error = writer.document(id(5), Content::sized(0, io::empty()), &mut NoObserver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Duplicate));
}

#[test]
fn dropped_writer_leaves_a_truncated_file() {
    let contents = Contents::sample(30);
    for parallelism in parallelisms() {
        let mut file = tempfile::tempfile().unwrap();
        let options = WriteOptions::new().with_parallelism(parallelism);
        let mut writer = SnapshotWriter::start(&mut file, &contents.metadata(), &options).unwrap();
        writer.documents(&contents, &mut NoObserver).unwrap();
        drop(writer);
        let mut bytes = Vec::new();
        io::Seek::rewind(&mut file).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        let error = read(bytes.as_slice(), ReadOptions::new()).unwrap_err();
        let ErrorKind::Gzip(gzip) = error.kind() else { panic!("{error}") };
        assert!(gzip.is_truncated());
    }
}

#[test]
fn metadata_that_lies_about_sizes_fails_the_finish() {
    let metadata = Metadata::new().with_files_size_bytes(3);
    let write = |options| {
        let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &options).unwrap();
        writer.document(id(1), Content::sized(2, &b"ab"[..]), &mut NoObserver).unwrap();
        writer.finish()
    };
    let error = write(WriteOptions::new()).unwrap_err();
    assert!(
        matches!(
            error.error().kind(),
            ErrorKind::MetadataSize { name: "filesSize", declared_bytes: 3, actual_bytes: 2, .. }
        ),
        "{error}"
    );
    assert!(write(WriteOptions::new().without_size_check()).is_ok());
}

#[test]
fn spooled_content_has_the_length_that_came() {
    let folder = tempfile::tempdir().unwrap();
    let content = Content::spooled(&b"unknown length"[..], folder.path(), &Limits::default()).unwrap();
    assert_eq!(content.len_bytes(), 14);
    let limits = Limits::default().with_max_entry_bytes(13);
    let error = Content::spooled(&b"unknown length"[..], folder.path(), &limits).unwrap_err();
    assert!(error.is_limit());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn every_failing_write_is_one_clear_error() {
    let contents = Contents::sample(20);
    for parallelism in [Parallelism::INLINE, Parallelism::threads(2)] {
        for calls_left in 0.. {
            let sink = FailAt { inner: Vec::new(), calls_left };
            let write = || -> Result<(), snapshot::Error> {
                let options = WriteOptions::new().with_parallelism(parallelism).with_index(IndexPlacement::Embedded);
                let mut writer = SnapshotWriter::start(sink, &contents.metadata(), &options)?;
                let database = contents.database.as_deref().unwrap();
                writer.database(Content::sized(database.len() as u64, database), &mut NoObserver)?;
                if let Err(error) = writer.documents(&contents, &mut NoObserver) {
                    assert!(writer.finish().is_err(), "a failed writer finished");
                    return Err(error);
                }
                Ok(writer.finish().map(drop)?)
            };
            match write() {
                Ok(()) => break,
                Err(error) => assert!(error.is_io(), "{error}"),
            }
        }
    }
}

/// A source whose documents are not what its rows say.
struct Faulty {
    rows: Vec<(DocumentId, u64)>,
    bytes: Vec<u8>,
    fault: Fault,
}

enum Fault {
    None,
    Open,
    Panic,
}

impl DocumentSource for Faulty {
    type File = Vec<u8>;

    fn documents_count(&self) -> usize {
        self.rows.len()
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        self.rows[index]
    }

    fn open(&self, index: usize) -> io::Result<Vec<u8>> {
        match self.fault {
            Fault::Open if index == 7 => Err(io::ErrorKind::PermissionDenied.into()),
            Fault::Panic if index == 7 => panic!("a source that panics"),
            _ => Ok(self.bytes.clone()),
        }
    }

    fn origin(&self, index: usize) -> String {
        format!("/data/files/{index}")
    }
}

fn pull_faulty(lengths: &[u64], fault: Fault, parallelism: Parallelism) -> snapshot::Error {
    let mut rows: Vec<_> = lengths.iter().enumerate().map(|(index, len)| (id(index as u64), *len)).collect();
    rows.sort();
    let source = Faulty { rows, bytes: noise(1, 1000), fault };
    let options = WriteOptions::new().with_parallelism(parallelism);
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options).unwrap();
    let error = writer.documents(&source, &mut NoObserver).unwrap_err();
    assert!(writer.finish().is_err());
    error
}

#[test]
fn changed_file_is_an_error_that_names_it() {
    for parallelism in parallelisms() {
        let error = pull_faulty(&[1000, 1000, 1001], Fault::None, parallelism);
        assert!(matches!(error.kind(), ErrorKind::TooShort { declared_bytes: 1001, actual_bytes: 1000, .. }));
        assert!(error.to_string().contains("/data/files/"), "{error}");
        let error = pull_faulty(&[1000, 1000, 999], Fault::None, parallelism);
        assert!(matches!(error.kind(), ErrorKind::TooLong { declared_bytes: 999, .. }));
        let error = pull_faulty(&[1000, 1000, 0], Fault::None, parallelism);
        assert!(matches!(error.kind(), ErrorKind::TooLong { declared_bytes: 0, .. }));
    }
}

#[test]
fn failing_and_panicking_sources_surface_on_the_callers_thread() {
    for parallelism in parallelisms() {
        let error = pull_faulty(&[1000; 5000], Fault::Open, parallelism);
        assert!(error.is_io() && error.to_string().contains("/data/files/7"), "{error}");
    }
    for parallelism in parallelisms().into_iter().skip(1) {
        let error = pull_faulty(&[1000; 5000], Fault::Panic, parallelism);
        assert!(error.to_string().contains("panicked"), "{error}");
    }
}

#[test]
fn rows_that_do_not_ascend_are_refused_before_the_first_byte() {
    let rows = vec![(id(1), 1000), (id(1), 1000)];
    let source = Faulty { rows, bytes: Vec::new(), fault: Fault::Open };
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new()).unwrap();
    assert!(matches!(writer.documents(&source, &mut NoObserver).unwrap_err().kind(), ErrorKind::Misuse(_)));
}

struct CancelAfter(u64);

impl Observer for CancelAfter {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        match event {
            Event::Document { documents_count, .. } if *documents_count >= self.0 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[test]
fn observer_cancels_and_sees_every_document_once() {
    let contents = Contents::sample(100);
    for parallelism in parallelisms() {
        let options = WriteOptions::new().with_parallelism(parallelism);
        let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options).unwrap();
        let error = writer.documents(&contents, &mut CancelAfter(50)).unwrap_err();
        assert!(error.is_cancelled());
        assert!(writer.finish().is_err());
    }
}

#[test]
fn incompressible_contents_grow_by_less_than_a_thousandth() {
    let contents = Contents { database: Some(noise(7, 5 * CHUNK_BYTES)), documents: Vec::new() };
    let archive = contents.archive();
    assert!(archive.len() < 5 * CHUNK_BYTES * 1001 / 1000, "{}", archive.len());
    let contents = Contents { database: Some(text(7, 5 * CHUNK_BYTES)), documents: Vec::new() };
    assert!(contents.archive().len() < CHUNK_BYTES);
}
