//! A large dump is one member of an archive, and every reader of it reports progress.

use std::io::Cursor;
use std::ops::ControlFlow;

use appsnap::check::{CheckOptions, Profile, check};
use appsnap::metadata::Metadata;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use appsnap::prepare::{Database, PrepareOptions, Prepared};
use appsnap::snapshot::extract::ExtractOptions;
use appsnap::snapshot::{Content, ReadOptions, SnapshotReader, SnapshotWriter, WriteOptions, extract};

use crate::support::dumps::DumpBuilder;

const MIB: u64 = 1 << 20;

/// Counts the reported bytes, and stops at a limit.
struct Meter {
    stop_bytes: u64,
    seen: Vec<u64>,
}

impl Meter {
    fn new(stop_bytes: u64) -> Self {
        Self { stop_bytes, seen: Vec::new() }
    }
}

impl Observer for Meter {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        let Event::Bytes { done_bytes, .. } = *event else { return ControlFlow::Continue(()) };
        self.seen.push(done_bytes);
        if done_bytes >= self.stop_bytes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// A sound dump of some five MiB.
fn dump() -> Vec<u8> {
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::None);
    builder.table("t", "(a)", "some text\n".repeat(500_000).as_bytes());
    builder.build()
}

fn archive(dump: &[u8]) -> Vec<u8> {
    let metadata = Metadata::new().with_model_version("1").with_dump_size_bytes(dump.len() as u64);
    let mut writer =
        SnapshotWriter::start(Vec::new(), &metadata.with_files_size_bytes(0), &WriteOptions::new()).unwrap();
    writer.database(Content::sized(dump.len() as u64, dump), &mut NoObserver).unwrap();
    writer.finish().unwrap().0
}

/// Runs `work` to its end and up to the second MiB; `work` says whether an error is that of cancelling.
fn observed(work: impl Fn(&mut Meter) -> Result<(), bool>) {
    let mut all = Meter::new(u64::MAX);
    work(&mut all).unwrap();
    assert!(all.seen.len() >= 3 && all.seen.is_sorted(), "{:?}", all.seen);
    let mut some = Meter::new(2 * MIB);
    assert_eq!(work(&mut some), Err(true));
    assert!(some.seen.last().is_some_and(|last| (2 * MIB..4 * MIB).contains(last)), "{:?}", some.seen);
}

#[test]
fn a_check_tells_of_the_dump_and_can_be_stopped_in_it() {
    let dump = dump();
    for file in [&dump, &archive(&dump)] {
        observed(|meter| {
            check(file.as_slice(), &Profile::format(), &CheckOptions::new(), meter)
                .map(drop)
                .map_err(|error| error.is_cancelled())
        });
    }
}

#[test]
fn preparing_a_dump_tells_of_it_and_can_be_stopped() {
    let dump = dump();
    let folder = tempfile::tempdir().unwrap();
    let options = PrepareOptions::new().with_spool_dir(folder.path());
    observed(|meter| {
        Database::open(Cursor::new(&dump), &options, meter).map(drop).map_err(|error| error.is_cancelled())
    });
    let spooled = |meter: &mut Meter| {
        Database::spooled(dump.as_slice(), &options, meter).map(drop).map_err(|error| error.is_cancelled())
    };
    assert_eq!(spooled(&mut Meter::new(2 * MIB)), Err(true));
    assert_eq!(spooled(&mut Meter::new(u64::MAX)), Ok(()));
    observed(|meter| {
        let database = Database::open(Cursor::new(&dump), &options, &mut NoObserver).unwrap();
        let prepared = Prepared::new(Some(database), None::<&()>, &options).unwrap();
        prepared.write(Vec::new(), &WriteOptions::new(), meter).map(drop).map_err(|error| error.is_cancelled())
    });
}

#[test]
fn extracting_a_dump_tells_of_it_and_can_be_stopped_without_a_trace() {
    let archive = archive(&dump());
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("restored");
    observed(|meter| {
        let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
        let result = extract(&mut reader, &destination, &ExtractOptions::new(), meter);
        assert_eq!(folder.path().read_dir().unwrap().count(), usize::from(result.is_ok()));
        if result.is_ok() {
            std::fs::remove_dir_all(&destination).unwrap();
        }
        result.map(drop).map_err(|error| error.is_cancelled())
    });
}
