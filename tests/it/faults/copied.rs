//! Work that reads one thing and writes another: whichever of the two fails, at whichever call, one error says so.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, check};
use appsnap::io::{Parallelism, ReadAt};
use appsnap::layout;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::transcode::Transcoder;
use appsnap::prepare::{Database, PrepareOptions, Prepared, Repair};
use appsnap::snapshot::index::{IndexPlacement, make_index};
use appsnap::snapshot::join::{Join, shard};
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{
    Content, Error, ErrorKind, ReadOptions, SnapshotArchive, SnapshotReader, SnapshotStream, SnapshotWriter,
    WriteOptions, repack,
};

use super::injected::{FailingBytes, FailingSource, at_every_call};
use super::names;
use crate::check::app;
use crate::support::archives::Contents;
use crate::support::dumps::sample;
use crate::support::readers::{FailAt, Portions};

/// Small, for every call is tried.
fn contents() -> Contents {
    Contents { database: Some(vec![7; 3000]), ..Contents::sample(5) }
}

fn indexed() -> WriteOptions {
    WriteOptions::new().with_index(IndexPlacement::Embedded)
}

fn failing(bytes: &[u8], calls: usize) -> FailingBytes<'_> {
    FailingBytes { bytes, calls_left: AtomicUsize::new(calls) }
}

fn open(bytes: &[u8], calls: usize) -> Result<SnapshotArchive<FailingBytes<'_>>, Error> {
    SnapshotArchive::open(failing(bytes, calls), &ReadOptions::new())
}

fn opened(bytes: &[u8]) -> SnapshotArchive<&[u8]> {
    SnapshotArchive::open(bytes, &ReadOptions::new()).unwrap()
}

/// A sink that takes few bytes at a time and fails at a call; a flush is a call, too.
fn failing_sink(calls_left: usize) -> FailAt<Few> {
    FailAt { inner: Few, calls_left }
}

struct Few;

impl Write for Few {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len().min(50))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads and seeks until the budget of calls is spent. The budget is outside, because the reader consumes this value.
struct FailingFile<'a> {
    inner: Cursor<&'a [u8]>,
    calls_left: usize,
}

impl<'a> FailingFile<'a> {
    fn new(bytes: &'a [u8], calls_left: usize) -> Self {
        Self { inner: Cursor::new(bytes), calls_left }
    }

    fn call(&mut self) -> io::Result<()> {
        self.calls_left = self.calls_left.checked_sub(1).ok_or_else(|| io::Error::other("injected fault"))?;
        Ok(())
    }
}

impl Read for FailingFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.call()?;
        let count = buffer.len().min(2000);
        self.inner.read(&mut buffer[..count])
    }
}

impl Seek for FailingFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.call()?;
        self.inner.seek(to)
    }
}

#[test]
fn failing_source_or_sink_stops_a_repack() {
    let (archive, _) = contents().push(indexed());
    let repacked = |source: usize, sink: usize| {
        let calls = AtomicUsize::new(source);
        let open = || {
            let left = calls.load(Ordering::SeqCst);
            // Each opening is a call, and has as many reads as were left to the one before.
            calls.store(left.checked_sub(1).ok_or_else(|| io::Error::other("injected fault"))?, Ordering::SeqCst);
            let source = FailAt { inner: Portions::new(archive.as_slice(), 100), calls_left: left };
            Ok(SnapshotReader::new(source, &ReadOptions::new()))
        };
        let write = indexed().with_parallelism(Parallelism::threads(2));
        let result = repack(open, failing_sink(sink), &write, &mut NoObserver).map(drop);
        assert!(result.as_ref().err().is_none_or(Error::is_io));
        result
    };
    assert!(at_every_call(|calls| repacked(calls, usize::MAX)) > 20);
    assert!(at_every_call(|calls| repacked(usize::MAX, calls)) > 20);
}

#[test]
fn failing_archive_or_sink_stops_taking_it_apart() {
    let (archive, _) = contents().push(indexed());
    let part = |archive: SnapshotArchive<FailingBytes<'_>>, sink: usize| {
        let options = indexed().with_contents(layout::Contents::FilesOnly).with_parallelism(Parallelism::threads(2));
        archive.write_part(failing_sink(sink), &options, &mut NoObserver).map(drop)
    };
    assert!(at_every_call(|calls| part(open(&archive, calls)?, usize::MAX)) > 20);
    assert!(at_every_call(|calls| part(open(&archive, usize::MAX)?, calls)) > 5);
}

#[test]
fn failing_archive_or_sink_makes_no_index() {
    let (archive, report) = contents().push(WriteOptions::new().with_index(IndexPlacement::Sidecar));
    let sidecar = report.index().expect("there is one");
    let made =
        |calls| make_index(&failing(&archive, calls), SectionSplit::Contents, &ReadOptions::new(), &mut NoObserver);
    assert!(at_every_call(|calls| made(calls).map(drop)) > 10);
    assert!(at_every_call(|calls| sidecar.write_to(&mut failing_sink(calls))) >= 1);
    let mut bytes = Vec::new();
    made(usize::MAX).unwrap().write_to(&mut bytes).unwrap();
    // Both files may fail, the archive and its sidecar.
    let open = |archive_calls, sidecar_calls| {
        let (source, beside) = (failing(&archive, archive_calls), failing(&bytes, sidecar_calls));
        let opened = SnapshotArchive::open_with_sidecar(source, beside, &ReadOptions::new())?;
        opened.verify(Parallelism::INLINE, &mut NoObserver).map(drop)
    };
    assert!(at_every_call(|calls| open(calls, usize::MAX)) > 10);
    assert!(at_every_call(|calls| open(usize::MAX, calls)) > 1);
}

#[test]
fn failing_part_or_sink_stops_a_join() {
    let contents = contents();
    let options = || indexed().with_sections(SectionSplit::Digit);
    let part = |digits, database: Option<&[u8]>| {
        let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options()).unwrap();
        if let Some(database) = database {
            writer.database(Content::sized(database.len() as u64, database), &mut NoObserver).unwrap();
        }
        writer.documents(&shard(&contents, digits), &mut NoObserver).unwrap();
        writer.finish().unwrap().0
    };
    let parts = [part(0..=7, contents.database.as_deref()), part(8..=15, None)];
    let joined = |calls: [usize; 2], sink| {
        let parts = [open(&parts[0], calls[0])?, open(&parts[1], calls[1])?];
        let joined = Join::plan(&contents.metadata(), &parts, &options())?;
        joined.write_to(failing_sink(sink), &mut NoObserver).map(drop)
    };
    const MAX: usize = usize::MAX;
    assert!(at_every_call(|calls| joined([calls, MAX], MAX)) > 5);
    assert!(at_every_call(|calls| joined([MAX, calls], MAX)) > 5);
    assert!(at_every_call(|calls| joined([MAX, MAX], calls)) > 5);
    // What is read of the joined archive piece by piece is as honest.
    let opened = [opened(&parts[0]), opened(&parts[1])];
    let len_bytes = Join::plan(&contents.metadata(), &opened, &options()).unwrap().len_bytes();
    at_every_call(|calls| {
        let parts = [open(&parts[0], calls), open(&parts[1], MAX)];
        let [Ok(first), Ok(second)] = parts else { return Err(io::Error::other("injected fault")) };
        let parts = [first, second];
        let joined = Join::plan(&contents.metadata(), &parts, &options()).map_err(io::Error::other)?;
        joined.read_exact_at(&mut vec![0; len_bytes as usize], 0)
    });
}

#[test]
fn failing_documents_stop_a_stream_that_stays_stopped() {
    let contents = contents();
    let failures = at_every_call(|calls| {
        let source = FailingSource { contents: &contents, calls_left: Arc::new(AtomicUsize::new(calls)) };
        let database = contents.database.as_deref().map(|bytes| Content::sized(bytes.len() as u64, bytes));
        let mut stream = SnapshotStream::new(&contents.metadata(), database, source, &indexed())?;
        let result = io::copy(&mut stream, &mut io::sink()).map(drop);
        if result.is_err() {
            assert!(stream.read(&mut [0; 10]).is_err() && stream.report().is_none());
        }
        result.map_err(|error| error.downcast::<Error>().expect("its own error"))
    });
    assert!(failures > contents.documents.len() * 2);
    at_every_call(|calls_left| {
        let bytes = contents.database.as_deref().unwrap();
        let reader = FailAt { inner: Portions::new(bytes, 300), calls_left };
        let database = Some(Content::sized(bytes.len() as u64, reader));
        let documents = FailingSource { contents: &contents, calls_left: Arc::new(AtomicUsize::new(usize::MAX)) };
        let mut stream = SnapshotStream::new(&contents.metadata(), database, documents, &indexed())?;
        let result = io::copy(&mut stream, &mut io::sink()).map(drop);
        result.map_err(|error| error.downcast::<Error>().expect("its own error"))
    });
}

#[test]
fn failing_source_or_sink_stops_a_conversion() {
    let dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    for transcoder in
        [Transcoder::to(FormatVersion::V1_14), Transcoder::to(FormatVersion::V1_14).with_compression(Compression::None)]
    {
        let convert = |source: usize, sink: usize| {
            let source = FailAt { inner: Portions::new(dump.as_slice(), 100), calls_left: source };
            let result = transcoder.convert(source, failing_sink(sink), &Limits::untrusted(), &mut NoObserver);
            result.map(drop).map_err(|failed| failed.into_parts().0)
        };
        assert!(at_every_call(|calls| convert(calls, usize::MAX)) > 10);
        assert!(at_every_call(|calls| convert(usize::MAX, calls)) >= 2);
    }
}

#[test]
fn failing_source_or_sink_stops_preparing_and_repairing() {
    let folder = tempfile::tempdir().unwrap();
    let (_, lens) = app::healthy();
    let dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    let contents = Contents { database: Some(dump.clone()), documents: app::documents(lens) };
    let options = PrepareOptions::new().with_spool_dir(folder.path()).with_model_version("1");
    let prepared = |source: usize, sink: usize| {
        let database = Database::open(FailingFile::new(&dump, source), &options, &mut NoObserver)?;
        let prepared = Prepared::new(Some(database), Some(&contents), &options)?;
        prepared.write(failing_sink(sink), &indexed(), &mut NoObserver).map(drop)
    };
    assert!(at_every_call(|calls| prepared(calls, usize::MAX)) > 4);
    assert!(at_every_call(|calls| prepared(usize::MAX, calls)) > 4);
    let (archive, _) = contents.push(WriteOptions::new());
    let repaired = |source: usize, sink: usize| {
        let repair = Repair::survey(FailingFile::new(&archive, source), &options, &mut NoObserver)?;
        repair.write(failing_sink(sink), &indexed(), &mut NoObserver).map(drop)
    };
    assert!(at_every_call(|calls| repaired(calls, usize::MAX)) > 4);
    assert!(at_every_call(|calls| repaired(usize::MAX, calls)) > 4);
    assert!(names(folder.path()).is_empty(), "a spool file stayed");
}

#[test]
fn failing_source_stops_a_check_without_a_verdict() {
    let (archive, _) = contents().push(indexed());
    let dump = sample(FormatVersion::V1_14, Compression::GZIP).build();
    for bytes in [archive, dump] {
        let failures = at_every_call(|calls_left| {
            let source = FailAt { inner: Portions::new(bytes.as_slice(), 500), calls_left };
            check(source, &Profile::format(), &CheckOptions::new(), &mut NoObserver).map(drop)
        });
        assert!(failures > 4, "only {failures} calls");
    }
}

#[cfg(feature = "squidex")]
#[test]
fn failing_file_or_sink_stops_the_clone_of_a_squidex_app() {
    use appsnap::{DocumentId, squidex};

    let archive = crate::squidex::sample();
    let new = squidex::NewApp::new(DocumentId::from_bytes([9; 16]).uuid());
    let clone = |source: usize, sink: usize| {
        let archive = squidex::Archive::open(failing(&archive, source), &Limits::untrusted())?;
        archive.survey(&mut NoObserver)?;
        squidex::clone_app(&archive, failing_sink(sink), &new, &mut NoObserver).map(drop)
    };
    assert!(at_every_call(|calls| clone(calls, usize::MAX)) > 20);
    assert!(at_every_call(|calls| clone(usize::MAX, calls)) > 10);
    let attach = |calls_left: usize| {
        let mut writer = squidex::Writer::start(Vec::new())?;
        let result = writer.attachment("a.asset", FailAt { inner: Portions::new(&[7; 90_000][..], 3000), calls_left });
        if let Err(error) = result {
            assert!(!matches!(error.kind(), squidex::ErrorKind::Misuse(_)));
            return Err(error);
        }
        writer.finish().map(drop)
    };
    assert!(at_every_call(attach) > 20);
}

#[test]
fn error_of_a_sink_is_no_misuse() {
    let error = SnapshotWriter::start(failing_sink(0), &Metadata::new(), &WriteOptions::new())
        .and_then(|writer| Ok(writer.finish()?))
        .map(drop)
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io { .. } | ErrorKind::Gzip(_)), "{error:?}");
}
