//! A planned file, opened without following links and held to its planned length: [`OpenDocument`].

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::PathBuf;

use crate::io::ReadAt;
use crate::source::error::{Error, ErrorKind, Result};

/// A document's file, opened to be read.
///
/// Opening and reading fail with an [`Error`] that names the file when its length is not the planned one: at once when
/// it is shorter or longer on opening, and at its end when it was cut or grew while it was read.
///
/// It is what a [`Document`](crate::source::Document) of a scanned folder is made of:
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::create_dir_all(folder.path().join("0d/3e"))?;
/// # std::fs::write(folder.path().join("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # std::fs::write(folder.path().join("Thumbs.db"), "left by a file manager")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// use appsnap::snapshot::DocumentSource;
///
/// // Somebody writes to the folder between planning and packing.
/// std::fs::write(folder.path().join("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello again")?;
/// let error: appsnap::source::Error = plan.open(0).unwrap_err().downcast()?;
/// assert!(error.to_string().contains("0d3e301f-5551-46f8-ad44-8de2be084c95"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OpenDocument {
    file: File,
    path: PathBuf,
    len_bytes: u64,
}

impl OpenDocument {
    pub(super) fn open(path: PathBuf, len_bytes: u64) -> Result<Self> {
        // Looking first keeps a pipe from blocking us and a link from leading us elsewhere; looking again after the
        // opening notices that something was put there in between.
        let before = fs::symlink_metadata(&path).map_err(|cause| Error::io(&path, "opening", cause))?;
        if !before.is_file() {
            return Err(Error::in_path(path, ErrorKind::Replaced));
        }
        let file = options().open(&path).map_err(|cause| Error::io(&path, "opening", cause))?;
        let after = file.metadata().map_err(|cause| Error::io(&path, "inspecting the file", cause))?;
        if !after.is_file() || !is_same(&before, &after) {
            return Err(Error::in_path(path, ErrorKind::Replaced));
        }
        let document = Self { file, path, len_bytes };
        document.expect_len(after.len())?;
        Ok(document)
    }

    /// The planned length, which the file had when it was opened.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    fn expect_len(&self, found_bytes: u64) -> Result<()> {
        if found_bytes != self.len_bytes {
            let kind = ErrorKind::Changed { planned_bytes: self.len_bytes, found_bytes };
            return Err(Error::in_path(&self.path, kind));
        }
        Ok(())
    }

    fn check_len(&self) -> Result<()> {
        let metadata = self.file.metadata().map_err(|cause| Error::io(&self.path, "inspecting the file", cause))?;
        self.expect_len(metadata.len())
    }
}

impl ReadAt for OpenDocument {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let left_bytes = self.len_bytes.saturating_sub(offset_bytes);
        let wanted = usize::try_from(left_bytes).unwrap_or(usize::MAX).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else { return Ok(0) };
        let count = match ReadAt::read_at(&self.file, buffer, offset_bytes) {
            Ok(count) => count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => return Err(cause),
            Err(cause) => return Err(Error::io(&self.path, "reading", cause).into()),
        };
        if count == 0 || count as u64 == left_bytes {
            self.check_len()?;
        }
        Ok(count)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.len_bytes)
    }
}

#[cfg(not(windows))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

/// Opens a link as itself, so that the look at the opened file sees it.
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

/// Other systems have no stable number of a file in the standard library; its length and type are compared elsewhere.
#[cfg(not(unix))]
fn is_same(before: &Metadata, after: &Metadata) -> bool {
    before.file_type() == after.file_type()
}
