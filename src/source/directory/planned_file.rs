//! A planned file, opened without following links and checked against its planned length: [`PlannedFile`].

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::PathBuf;

use crate::io::{ReadAt, at_most};
use crate::source::error::{Error, ErrorKind, Result};

/// The open file of a document.
///
/// Reads return an error with the path if the file does not have its planned length.
#[derive(Debug)]
pub(in crate::source) struct PlannedFile {
    file: File,
    path: PathBuf,
    planned_bytes: u64,
}

impl PlannedFile {
    pub(super) fn open(path: PathBuf, planned_bytes: u64) -> Result<Self> {
        // The first look keeps a pipe from blocking and a link from being followed. The second one, after opening, notices a
        // file that was put there in between.
        let before = fs::symlink_metadata(&path).map_err(|cause| Error::io(&path, "opening", cause))?;
        if !before.is_file() {
            return Err(Error::in_path(path, ErrorKind::Replaced));
        }
        let file = options().open(&path).map_err(|cause| Error::io(&path, "opening", cause))?;
        let after = file.metadata().map_err(|cause| Error::io(&path, "inspecting the file", cause))?;
        if !after.is_file() || !is_same(&before, &after) {
            return Err(Error::in_path(path, ErrorKind::Replaced));
        }
        let document = Self { file, path, planned_bytes };
        document.check_len(after.len())?;
        Ok(document)
    }

    pub(in crate::source) const fn planned_bytes(&self) -> u64 {
        self.planned_bytes
    }

    fn check_len(&self, found_bytes: u64) -> Result<()> {
        if found_bytes == self.planned_bytes {
            return Ok(());
        }
        let kind = ErrorKind::Changed { planned_bytes: self.planned_bytes, found_bytes };
        Err(Error::in_path(&self.path, kind))
    }

    pub(in crate::source) fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let left_bytes = self.planned_bytes.saturating_sub(offset_bytes);
        let count = at_most(buffer.len(), left_bytes);
        if count == 0 {
            return Ok(0);
        }
        let (wanted, _) = buffer.split_at_mut(count);
        let count = match ReadAt::read_at(&self.file, wanted, offset_bytes) {
            Ok(count) => count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => return Err(cause),
            Err(cause) => return Err(Error::io(&self.path, "reading", cause).into()),
        };
        if count == 0 || count as u64 == left_bytes {
            let found = self.file.metadata().map_err(|cause| Error::io(&self.path, "inspecting the file", cause))?;
            self.check_len(found.len())?;
        }
        Ok(count)
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
