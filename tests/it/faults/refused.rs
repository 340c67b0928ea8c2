//! Refusals of the system: a full disk, a folder that may not be written, a destination that is suddenly there.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use appsnap::Limits;
use appsnap::io::Parallelism;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::snapshot::extract::{ExtractOptions, IfExists};
use appsnap::snapshot::{
    Content, Error, ErrorKind, ReadOptions, SnapshotReader, SnapshotWriter, WriteOptions, extract,
};

use super::{clear, names};
use crate::examples::example;
use crate::support::archives::{Contents, read};
use crate::support::skips::skip;
use crate::support::tools::tool;

/// The system's error.
fn refusal(error: &Error) -> io::ErrorKind {
    assert!(error.is_io(), "{error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return cause.kind();
        }
        source = cause.source();
    }
    panic!("{error} has no cause");
}

/// A file system of one MiB, as long as this lives.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None`, said loudly, where one cannot be made.
    fn mount() -> Option<Self> {
        let mount = tool("mount")?;
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new(mount).args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path()).output();
        if status.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        skip("a small tmpfs cannot be mounted here, which needs root");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// More than fits onto the small disk, however it is compressed.
fn large() -> Contents {
    let mut contents = Contents::sample(40);
    contents.database = Some(crate::support::archives::noise(1, 2 << 20));
    contents
}

fn pack(contents: &Contents, sink: File, threads: u8) -> Result<(), Error> {
    let options = WriteOptions::new().with_parallelism(Parallelism::threads(threads));
    let mut writer = SnapshotWriter::start(sink, &contents.metadata(), &options)?;
    let database = contents.database.as_deref().unwrap();
    writer.database(Content::sized(database.len() as u64, database), &mut NoObserver)?;
    writer.documents(contents, &mut NoObserver)?;
    Ok(writer.finish().map(drop)?)
}

#[test]
fn full_disk_stops_packing_spooling_and_extracting_without_a_trace() {
    let Some(disk) = SmallDisk::mount() else { return };
    let folder = disk.0.path();
    let contents = large();
    for threads in [0, 2] {
        let path = folder.join("backup.tar.gz");
        let error = pack(&contents, File::create(&path).unwrap(), threads).unwrap_err();
        assert_eq!(refusal(&error), io::ErrorKind::StorageFull);
        clear(&error);
        assert!(read(File::open(&path).unwrap(), ReadOptions::new()).is_err(), "half an archive passes for one");
        fs::remove_file(path).unwrap();

        let error = Content::spooled(io::repeat(7), folder, &Limits::untrusted()).unwrap_err();
        assert_eq!(refusal(&error), io::ErrorKind::StorageFull);
        assert!(names(folder).is_empty());

        let archive = contents.archive();
        let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
        let options = ExtractOptions::new().with_parallelism(Parallelism::threads(threads));
        let error = extract(&mut reader, &folder.join("restored"), &options, &mut NoObserver).unwrap_err();
        assert_eq!(refusal(&error), io::ErrorKind::StorageFull);
        assert!(clear(&error).contains("restored") || error.context().is_some());
        assert!(names(folder).is_empty(), "{:?}", names(folder));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn full_device_stops_packing() {
    for threads in [0, 2] {
        let sink = File::options().write(true).open("/dev/full").unwrap();
        let error = pack(&large(), sink, threads).unwrap_err();
        assert_eq!(refusal(&error), io::ErrorKind::StorageFull);
        clear(&error);
    }
}

/// The example program as a user who may write nowhere: the library cannot give up being root.
#[cfg(unix)]
#[test]
fn missing_permission_is_said_and_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("backup.tar.gz");
    fs::write(&archive, Contents::tiny().archive()).unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(&archive, fs::Permissions::from_mode(0o644)).unwrap();

    // Without root, the library itself refuses.
    let mut reader = SnapshotReader::new(File::open(&archive).unwrap(), &ReadOptions::new());
    match extract(&mut reader, &closed.join("restored"), &ExtractOptions::new(), &mut NoObserver) {
        Err(error) => {
            assert_eq!(refusal(&error), io::ErrorKind::PermissionDenied);
            assert!(clear(&error).contains("staging"), "{error}");
        }
        Ok(_) => {
            fs::remove_dir_all(closed.join("restored")).unwrap();
            let Some((setpriv, unpack)) = tool("setpriv").zip(reachable("unpack", folder.path())) else { return };
            let mut command = Command::new(setpriv);
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(unpack).arg("--quiet");
            let output = command.arg(&archive).arg(closed.join("restored")).output().unwrap();
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{message}");
            assert!(message.contains("ermission denied") && message.lines().count() == 1, "{message}");
        }
    }
    assert!(names(&closed).is_empty());
}

/// A copy of an example in a folder that everybody may look into.
#[cfg(unix)]
fn reachable(name: &str, folder: &Path) -> Option<PathBuf> {
    let copy = folder.join(name);
    fs::copy(example(name)?, &copy).unwrap();
    Some(copy)
}

/// Makes the destination while the work goes on.
struct Meanwhile<'a>(&'a Path);

impl Observer for Meanwhile<'_> {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        if matches!(event, Event::Document { documents_count: 1, .. }) {
            fs::create_dir(self.0).unwrap();
            fs::write(self.0.join("precious"), "not to be lost").unwrap();
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn destination_that_appears_meanwhile_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("restored");
    let archive = Contents::tiny().archive();
    let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    let result = extract(&mut reader, &destination, &ExtractOptions::new(), &mut Meanwhile(&destination));
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Exists));
    assert_eq!(names(folder.path()), ["restored"]);
    assert_eq!(fs::read(destination.join("precious")).unwrap(), b"not to be lost");

    // Nor is it replaced, since no extraction creates such a file.
    fs::remove_dir_all(&destination).unwrap();
    let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    let options = ExtractOptions::new().with_if_exists(IfExists::Replace);
    let result = extract(&mut reader, &destination, &options, &mut Meanwhile(&destination));
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Foreign { .. }));
    assert_eq!(names(folder.path()), ["restored"]);
    assert_eq!(names(&destination), ["precious"]);
}

#[test]
fn missing_folders_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no/such/folder");
    let archive = Contents::tiny().archive();
    let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    let error = extract(&mut reader, &nowhere.join("restored"), &ExtractOptions::new(), &mut NoObserver).unwrap_err();
    assert_eq!(refusal(&error), io::ErrorKind::NotFound);
    assert!(error.context().unwrap().contains("no/such/folder"), "{error}");
    let error = Content::spooled(io::empty(), &nowhere, &Limits::untrusted()).unwrap_err();
    assert_eq!(refusal(&error), io::ErrorKind::NotFound);
}
