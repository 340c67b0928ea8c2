//! Folders of other systems: paths.

use std::ffi::OsStr;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{FileFacts, FileKind, PlannedRead};
use crate::io::ReadAt;

/// A folder, by its path.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Opens the folder at `path`, which may be a link.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // Joined with an empty path, a root can be empty: the current folder.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        fs::read_dir(path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Opens the folder `name` in this one, which must not be a link.
    pub(crate) fn folder(&self, name: &Path) -> io::Result<Self> {
        let path = self.path.join(name);
        if fs::symlink_metadata(&path)?.is_dir() { Ok(Self { path }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Looks at the file `name` in this folder, without following it if it is a link.
    pub(crate) fn facts(&self, name: &OsStr) -> io::Result<FileFacts> {
        let metadata = fs::symlink_metadata(self.path.join(name))?;
        Ok(FileFacts { kind: kind_of(metadata.file_type()), len_bytes: metadata.len() })
    }

    /// Opens the regular file with this path relative to the folder for reading, and returns its length. Returns `None` if
    /// something else is there.
    pub(crate) fn file(&self, relative: &Path) -> io::Result<Option<(File, u64)>> {
        let path = self.path.join(relative);
        // The first look keeps a pipe from blocking and a link from being followed. The second one, after opening, notices a
        // file that was put there in between.
        let before = fs::symlink_metadata(&path)?;
        if !before.is_file() {
            return Ok(None);
        }
        let file = options().open(&path)?;
        let after = file.metadata()?;
        Ok((after.is_file() && is_same(&before, &after)).then_some((file, after.len())))
    }

    /// Creates a file with this path relative to the folder, for writing. Fails if anything is there.
    pub(crate) fn create_file(&self, relative: &Path) -> io::Result<File> {
        File::options().write(true).create_new(true).open(self.path.join(relative))
    }

    /// Creates a folder with this path relative to the folder.
    pub(crate) fn create_folder(&self, relative: &Path) -> io::Result<()> {
        fs::create_dir(self.path.join(relative))
    }

    /// Passes the names in this folder, with their kinds, to `visit`, which returns `false` to stop: once, since the handle
    /// remembers how far it is. After an error of the folder itself there are no more names.
    pub(crate) fn for_each<E>(
        &self,
        _: &mut Entries,
        mut visit: impl FnMut(io::Result<(&OsStr, io::Result<FileKind>)>) -> Result<bool, E>,
    ) -> Result<(), E> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) => return visit(Err(error)).map(drop),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return visit(Err(error)).map(drop),
            };
            if !visit(Ok((&entry.file_name(), entry.file_type().map(kind_of))))? {
                break;
            }
        }
        Ok(())
    }
}

/// Memory for listing folders, which the standard library has itself.
#[derive(Debug, Default)]
pub(crate) struct Entries;

/// Reads into `buffer`, which ends at the planned end of the file, and notices whether the file goes on.
pub(crate) fn read_to_planned_end(file: &File, buffer: &mut [u8], offset_bytes: u64) -> io::Result<PlannedRead> {
    let wanted = buffer.len();
    let count = ReadAt::read_at(file, buffer, offset_bytes)?;
    if count < wanted {
        return Ok(PlannedRead::Some(count));
    }
    let is_longer = file.metadata()?.len() > offset_bytes.saturating_add(count as u64);
    Ok(if is_longer { PlannedRead::Longer } else { PlannedRead::Last(count) })
}

fn kind_of(file_type: FileType) -> FileKind {
    if file_type.is_symlink() {
        FileKind::Link
    } else if file_type.is_dir() {
        FileKind::Folder
    } else if file_type.is_file() {
        FileKind::File
    } else {
        FileKind::Special
    }
}

#[cfg(not(windows))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

/// Opens a link itself instead of its target, so that the check of the open file sees it.
#[cfg(windows)]
fn options() -> OpenOptions {
    use std::os::windows::fs::OpenOptionsExt;

    /// `FILE_FLAG_OPEN_REPARSE_POINT` of `CreateFileW`.
    const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OPEN_REPARSE_POINT);
    options
}

#[cfg(unix)]
fn is_same(before: &Metadata, after: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (before.dev(), before.ino()) == (after.dev(), after.ino())
}

/// Compares the types only: the standard library has no file numbers for other systems.
#[cfg(not(unix))]
fn is_same(before: &Metadata, after: &Metadata) -> bool {
    before.file_type() == after.file_type()
}
