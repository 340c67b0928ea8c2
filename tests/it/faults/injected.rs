//! Sources and sinks that fail at their first call, at their second, and so on: each time the whole work is tried.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use appsnap::io::{Parallelism, ReadAt};
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::extract::ExtractOptions;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{
    Content, DocumentSource, Error, ReadOptions, SnapshotArchive, SnapshotReader, SnapshotWriter, WriteOptions, extract,
};
use appsnap::{DocumentId, Limits, pgdump};

use super::{clear, names};
use crate::support::archives::{Contents, id};
use crate::support::hostile::dump;
use crate::support::readers::{FailAt, Portions, Stutter};

const FAULT: &str = "injected fault";

/// Tries `work` with more and more calls that succeed, until all of it does. Returns how often it failed.
pub(super) fn at_every_call<E: std::error::Error>(mut work: impl FnMut(usize) -> Result<(), E>) -> usize {
    for calls in 0..100_000 {
        let Err(error) = work(calls) else { return calls };
        let chain = clear(&error);
        assert!(chain.ends_with(FAULT), "call {calls}: {chain}");
    }
    panic!("it never succeeds");
}

fn contents() -> Contents {
    let mut contents = Contents::sample(10);
    contents.database = Some(vec![7; 3000]);
    // Everything is read once for every call that it takes.
    contents.documents.iter_mut().for_each(|(_, bytes)| bytes.truncate(20_000));
    contents
}

/// The way that a whole pack goes, with one sink and one kind of threads.
fn pack(contents: &Contents, sink: impl Write, threads: u8) -> Result<(), Error> {
    let options =
        WriteOptions::new().with_parallelism(Parallelism::threads(threads)).with_index(IndexPlacement::Embedded);
    let mut writer = SnapshotWriter::start(sink, &contents.metadata(), &options)?;
    let database = contents.database.as_deref().unwrap();
    let mut failed = writer.database(Content::sized(database.len() as u64, database), &mut NoObserver).err();
    if failed.is_none() {
        failed = writer.documents(contents, &mut NoObserver).err();
    }
    let Some(error) = failed else { return Ok(writer.finish().map(drop)?) };
    // Poisoned: every later call repeats the error, and nothing completes the archive.
    for again in [
        writer.database(Content::sized(0, io::empty()), &mut NoObserver),
        writer.document(id(77_777), Content::sized(0, io::empty()), &mut NoObserver),
        writer.documents(contents, &mut NoObserver),
        writer.finish().map(drop).map_err(Error::from),
    ] {
        assert_eq!(again.unwrap_err().to_string(), error.to_string());
    }
    Err(error)
}

#[test]
fn failing_sink_stops_a_pack_with_one_error_and_a_poisoned_writer() {
    let contents = contents();
    for threads in [0, 2] {
        let failures = at_every_call(|calls_left| {
            let mut sink = FailAt { inner: Vec::new(), calls_left };
            let result = pack(&contents, &mut sink, threads);
            assert!(result.as_ref().err().is_none_or(Error::is_io));
            // What is there is no archive that anybody would take for a complete one.
            let read = crate::support::archives::read(sink.inner.as_slice(), ReadOptions::new());
            assert!(result.is_ok() || read.is_err() || !read.unwrap().1.is_indexed());
            result
        });
        assert!(failures >= 4, "only {failures} calls");
    }
}

/// Documents whose calls to open and to read are counted together.
pub(super) struct FailingSource<'a> {
    pub(super) contents: &'a Contents,
    pub(super) calls_left: Arc<AtomicUsize>,
}

pub(super) struct FailingFile {
    bytes: Vec<u8>,
    calls_left: Arc<AtomicUsize>,
}

fn spend(calls_left: &AtomicUsize) -> io::Result<()> {
    let spent = calls_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    spent.map(drop).map_err(|_| io::Error::other(FAULT))
}

impl ReadAt for FailingFile {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        spend(&self.calls_left)?;
        self.bytes.read_at(buffer, offset_bytes)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        self.bytes.len_bytes()
    }
}

impl DocumentSource for FailingSource<'_> {
    type File = FailingFile;

    fn documents_count(&self) -> usize {
        self.contents.documents_count()
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        self.contents.row(index)
    }

    fn open(&self, index: usize) -> io::Result<FailingFile> {
        spend(&self.calls_left)?;
        Ok(FailingFile { bytes: self.contents.open(index)?, calls_left: Arc::clone(&self.calls_left) })
    }

    fn origin(&self, index: usize) -> String {
        self.contents.origin(index)
    }
}

#[test]
fn failing_documents_are_named() {
    let contents = contents();
    for threads in [0, 2] {
        let failures = at_every_call(|calls| {
            let source = FailingSource { contents: &contents, calls_left: Arc::new(AtomicUsize::new(calls)) };
            let options = WriteOptions::new().with_parallelism(Parallelism::threads(threads));
            let metadata = Metadata::new().with_model_version("1");
            let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &options)?;
            let result = writer.documents(&source, &mut NoObserver);
            if let Err(error) = &result {
                let member = error.context().expect("an error names its document");
                assert!(member.starts_with("document ") && member.contains("(sample "), "{member}");
                assert!(writer.finish().is_err());
            }
            result
        });
        assert!(failures > contents.documents_count() * 2);
    }
}

#[test]
fn failing_payload_is_named_and_poisons_the_writer() {
    let failures = at_every_call(|calls_left| {
        let payload = [5; 2000];
        let reader = FailAt { inner: Portions::single(&payload[..40]), calls_left };
        let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?;
        let result = writer.document(id(1), Content::sized(40, reader), &mut NoObserver);
        if let Err(error) = &result {
            assert!(error.context().is_some_and(|member| member.starts_with("tree/")), "{error}");
            let again = writer.document(id(2), Content::sized(0, io::empty()), &mut NoObserver);
            assert_eq!(again.unwrap_err().to_string(), error.to_string());
        }
        result
    });
    assert_eq!(failures, 41);
}

fn read(source: impl Read) -> Result<(), Error> {
    let mut reader = SnapshotReader::new(source, &ReadOptions::new());
    let error = loop {
        match reader.next_entry() {
            Ok(None) => return Ok(()),
            Err(error) => break error,
            Ok(Some(mut entry)) => match io::copy(&mut entry, &mut io::sink()) {
                Ok(_) => {}
                Err(error) => break error.downcast::<Error>().expect("the reader's own error"),
            },
        }
    };
    assert!(error.is_io(), "{error:?}");
    assert!(!reader.report().is_verified());
    assert!(reader.next_entry().is_err_and(|again| again.to_string() == error.to_string()));
    Err(error)
}

#[test]
fn failing_source_stops_reading_with_one_error() {
    let contents = contents();
    let (archive, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let tar = {
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(archive.as_slice()).read_to_end(&mut tar).unwrap();
        tar
    };
    for bytes in [&archive, &tar] {
        let failures =
            at_every_call(|calls_left| read(FailAt { inner: Stutter::new(bytes.as_slice(), 5), calls_left }));
        assert!(failures > 50, "only {failures} calls");
    }
    // Every single byte of a small one.
    let small = Contents::tiny().archive();
    let failures = at_every_call(|calls_left| read(FailAt { inner: Portions::single(small.as_slice()), calls_left }));
    assert!(failures > small.len());
}

#[test]
fn failing_source_leaves_no_part_of_an_extraction() {
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("restored");
    let archive = Contents::sample(12).archive();
    for threads in [0, 2] {
        let options = ExtractOptions::new().with_parallelism(Parallelism::threads(threads));
        // One read returns so much of the archive that each failure is in another member or chunk.
        let portions = |calls_left| {
            let source = io::BufReader::with_capacity(24 << 10, archive.as_slice());
            FailAt { inner: source, calls_left }
        };
        let failures = at_every_call(|calls| {
            let mut reader = SnapshotReader::new(portions(calls), &ReadOptions::new());
            let result = extract(&mut reader, &destination, &options, &mut NoObserver).map(drop);
            assert_eq!(names(folder.path()), if result.is_ok() { vec!["restored"] } else { vec![] });
            result
        });
        assert!(failures > 10, "only {failures} calls");
        std::fs::remove_dir_all(&destination).unwrap();
    }
}

/// Bytes at any offset, until the calls are used up.
#[derive(Debug)]
pub(super) struct FailingBytes<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) calls_left: AtomicUsize,
}

impl ReadAt for FailingBytes<'_> {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        spend(&self.calls_left)?;
        // A third of what is asked for, so that there are more calls to fail at.
        let count = buffer.len().div_ceil(3);
        self.bytes.read_at(&mut buffer[..count], offset_bytes)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        self.bytes.len_bytes()
    }
}

#[test]
fn failing_file_stops_random_access_with_one_error() {
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("restored");
    let contents = contents();
    let (archive, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let open = |calls| {
        let file = FailingBytes { bytes: &archive, calls_left: AtomicUsize::new(calls) };
        SnapshotArchive::open(file, &ReadOptions::new())
    };
    assert!(at_every_call(|calls| open(calls).map(drop)) > 3);
    for (document, expected) in &contents.documents {
        at_every_call(|calls| {
            let opened = open(calls)?;
            let mut file = opened.document(*document)?.expect("it is there");
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(|error| error.downcast::<Error>().expect("its own error"))?;
            assert!(bytes == *expected);
            Ok::<_, Error>(())
        });
    }
    at_every_call(|calls| open(calls)?.metadata().map(drop));
    at_every_call(|calls| {
        let opened = open(calls)?;
        opened.documents().try_for_each(|listed| listed.map(drop))
    });
    for threads in [0, 2] {
        let parallelism = Parallelism::threads(threads);
        at_every_call(|calls| open(calls)?.verify(parallelism, &mut NoObserver).map(drop));
        at_every_call(|calls| {
            let options = ExtractOptions::new().with_parallelism(parallelism);
            let result = open(calls)?.extract(&destination, &options, &mut NoObserver).map(drop);
            assert_eq!(names(folder.path()).len(), usize::from(result.is_ok()));
            result
        });
        std::fs::remove_dir_all(&destination).unwrap();
    }
}

#[test]
fn failing_source_stops_the_inspection_of_a_dump() {
    let dump = dump::small();
    let failures = at_every_call(|calls_left| {
        let source = FailAt { inner: Portions::single(dump.as_slice()), calls_left };
        let result = pgdump::inspect(source, &Limits::untrusted(), &mut NoObserver).map(drop);
        assert!(!result.as_ref().is_err_and(pgdump::Error::is_bad_input));
        result
    });
    assert!(failures > dump.len());
}

#[test]
fn failing_reader_leaves_no_spool_file() {
    let folder = tempfile::tempdir().unwrap();
    let failures = at_every_call(|calls_left| {
        let reader = FailAt { inner: Portions::single(&b"a dump of unknown length"[..]), calls_left };
        let result = Content::spooled(reader, folder.path(), &Limits::untrusted()).map(drop);
        assert!(names(folder.path()).is_empty());
        result
    });
    assert_eq!(failures, 25);
}
