//! A planned file, opened without following links and checked against its planned length: [`PlannedFile`].

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::io::{Folder, PlannedRead, ReadAt, at_most, read_to_planned_end};
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
    /// Opens the file with a path relative to `folder`; messages show the whole `path`.
    pub(super) fn open(folder: &Folder, relative: &Path, path: PathBuf, planned_bytes: u64) -> Result<Self> {
        match folder.file(relative) {
            Ok(Some((file, found_bytes))) => {
                let document = Self { file, path, planned_bytes };
                document.check_len(found_bytes)?;
                Ok(document)
            }
            Ok(None) => Err(Error::in_path(path, ErrorKind::Replaced)),
            Err(cause) => Err(Error::io(&path, "opening", cause)),
        }
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
        let read = if count as u64 == left_bytes {
            read_to_planned_end(&self.file, wanted, offset_bytes)
        } else {
            ReadAt::read_at(&self.file, wanted, offset_bytes).map(PlannedRead::Some)
        };
        match read {
            Ok(PlannedRead::Some(count)) if count > 0 => Ok(count),
            Ok(PlannedRead::Last(count)) => Ok(count),
            Ok(PlannedRead::Some(_) | PlannedRead::Longer) => {
                let found =
                    self.file.metadata().map_err(|cause| Error::io(&self.path, "inspecting the file", cause))?;
                self.check_len(found.len())?;
                // It has its planned length again.
                Err(io::ErrorKind::Interrupted.into())
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => Err(cause),
            Err(cause) => Err(Error::io(&self.path, "reading", cause).into()),
        }
    }
}
