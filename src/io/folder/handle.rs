//! Folders of Linux: descriptors, and system calls relative to them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, RawDir, ResolveFlags};
use rustix::io::Errno;

use super::{FileFacts, FileKind, PlannedRead};

/// Memory for the names of a folder: those of several hundred documents.
const ENTRIES_BYTES: usize = 32 << 10;

/// Flags of every folder.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Flags of every file: no link is followed, no pipe is waited for, and no terminal takes over.
const FILE: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    descriptor: OwnedFd,
    /// `true` once the kernel, or a filter of system calls, has refused `openat2`.
    lacks_openat2: AtomicBool,
}

impl Folder {
    /// Opens the folder at `path`, which may be a link.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // Joined with an empty path, a root can be empty: the current folder.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Ok(Self::of(retried(|| fs::openat(CWD, path, FOLDER, Mode::empty()))?))
    }

    const fn of(descriptor: OwnedFd) -> Self {
        Self { descriptor, lacks_openat2: AtomicBool::new(false) }
    }

    /// Opens the folder `name` in this one, which must not be a link.
    pub(crate) fn folder(&self, name: &Path) -> io::Result<Self> {
        let flags = FOLDER.union(OFlags::NOFOLLOW);
        Ok(Self::of(retried(|| fs::openat(&self.descriptor, name, flags, Mode::empty()))?))
    }

    /// Looks at the file `name` in this folder, without following it if it is a link.
    pub(crate) fn facts(&self, name: &OsStr) -> io::Result<FileFacts> {
        let stat = retried(|| fs::statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW))?;
        let len_bytes = u64::try_from(stat.st_size).map_err(|_| io::ErrorKind::InvalidData)?;
        let kind = kind_of(FileType::from_raw_mode(stat.st_mode)).ok_or(io::ErrorKind::InvalidData)?;
        Ok(FileFacts { kind, len_bytes })
    }

    /// Opens the regular file with this path relative to the folder for reading, and returns its length. Returns `None` if
    /// something else is there, or if a link is on the way.
    pub(crate) fn file(&self, relative: &Path) -> io::Result<Option<(File, u64)>> {
        let file = match self.open_file(relative) {
            Ok(descriptor) => File::from(descriptor),
            // A link; a socket, or a device without a driver.
            Err(Errno::LOOP | Errno::NXIO) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        let metadata = file.metadata()?;
        Ok(metadata.is_file().then_some((file, metadata.len())))
    }

    /// Creates a file with this path relative to the folder, for writing. Fails if anything is there.
    pub(crate) fn create_file(&self, relative: &Path) -> io::Result<File> {
        let flags = OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::CLOEXEC);
        // Less what the process's mask takes away, as of every file.
        let mode = Mode::from_raw_mode(0o666);
        Ok(File::from(retried(|| fs::openat(&self.descriptor, relative, flags, mode))?))
    }

    /// Creates a folder with this path relative to the folder.
    pub(crate) fn create_folder(&self, relative: &Path) -> io::Result<()> {
        Ok(fs::mkdirat(&self.descriptor, relative, Mode::from_raw_mode(0o777))?)
    }

    fn open_file(&self, relative: &Path) -> rustix::io::Result<OwnedFd> {
        if !self.lacks_openat2.load(Ordering::Relaxed) {
            match retried(|| fs::openat2(&self.descriptor, relative, FILE, Mode::empty(), ResolveFlags::NO_SYMLINKS)) {
                // Kernels before 5.6 lack it, and some containers refuse what they do not know.
                Err(Errno::NOSYS | Errno::PERM) => self.lacks_openat2.store(true, Ordering::Relaxed),
                opened => return opened,
            }
        }
        retried(|| fs::openat(&self.descriptor, relative, FILE, Mode::empty()))
    }

    /// Passes the names in this folder, with their kinds, to `visit`, which returns `false` to stop: once, since the handle
    /// remembers how far it is. After an error of the folder itself there are no more names.
    pub(crate) fn for_each<E>(
        &self,
        entries: &mut Entries,
        mut visit: impl FnMut(io::Result<(&OsStr, io::Result<FileKind>)>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut names = RawDir::new(&self.descriptor, entries.0.spare_capacity_mut());
        while let Some(entry) = names.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(Errno::INTR) => continue,
                // The folder was removed; readdir(3) ends here, too.
                Err(Errno::NOENT) => return Ok(()),
                Err(errno) => {
                    visit(Err(errno.into()))?;
                    return Ok(());
                }
            };
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if matches!(name.as_bytes(), b"." | b"..") {
                continue;
            }
            // Some file systems do not store kinds beside names.
            let kind = match kind_of(entry.file_type()) {
                Some(kind) => Ok(kind),
                None => self.facts(name).map(|facts| facts.kind),
            };
            if !visit(Ok((name, kind)))? {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Memory for listing folders, one after the other.
#[derive(Debug)]
pub(crate) struct Entries(Vec<u8>);

impl Default for Entries {
    fn default() -> Self {
        Self(Vec::with_capacity(ENTRIES_BYTES))
    }
}

/// Reads into `buffer`, which ends at the planned end of the file, and notices whether the file goes on: in one request.
pub(crate) fn read_to_planned_end(file: &File, buffer: &mut [u8], offset_bytes: u64) -> io::Result<PlannedRead> {
    let wanted = buffer.len();
    let mut beyond = [0];
    let count = rustix::io::preadv(file, &mut [IoSliceMut::new(buffer), IoSliceMut::new(&mut beyond)], offset_bytes)?;
    Ok(match count {
        count if count > wanted => PlannedRead::Longer,
        // The request went one byte further, and a regular file returns less than was asked for at its end only.
        count if count == wanted => PlannedRead::Last(count),
        count => PlannedRead::Some(count),
    })
}

/// Repeats a call that a signal interrupts.
fn retried<T>(call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    rustix::io::retry_on_intr(call)
}

/// Returns the kind of a file; `None` if it is not known.
const fn kind_of(file_type: FileType) -> Option<FileKind> {
    match file_type {
        FileType::RegularFile => Some(FileKind::File),
        FileType::Directory => Some(FileKind::Folder),
        FileType::Symlink => Some(FileKind::Link),
        FileType::Fifo | FileType::Socket | FileType::CharacterDevice | FileType::BlockDevice => {
            Some(FileKind::Special)
        }
        FileType::Unknown => None,
    }
}
