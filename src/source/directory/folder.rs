//! A files folder and the names of the files in it: [`FilesFolder`], [`ScannedFolder`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::options::DirectoryOptions;
use super::planned_file::PlannedFile;
use super::spelling::Spelling;
use crate::io::Folder;
use crate::source::error::{Error, ErrorKind, Result};
use crate::source::row::Row;

/// A files folder, and the parts of file names before and after a UUID.
#[derive(Debug)]
pub(in crate::source) struct FilesFolder {
    pub(super) root: PathBuf,
    prefix: String,
    suffix: String,
}

impl FilesFolder {
    pub(super) fn new(root: &Path, options: &DirectoryOptions) -> Result<Self> {
        let misuse = |what| Err(Error::in_path(root, ErrorKind::Misuse(what)));
        if options.key_suffix.contains(['/', '\\']) {
            return misuse("a key suffix must not contain slashes: documents are files, not folders");
        }
        let (folders, prefix) = options.key_prefix.rsplit_once('/').unwrap_or(("", &options.key_prefix));
        let escapes = folders.starts_with('/') || folders.split('/').any(|part| part == "..");
        if escapes || options.key_prefix.contains('\\') {
            return misuse("the folders of a key prefix must be inside the files folder");
        }
        let root =
            folders.split('/').filter(|part| !part.is_empty()).fold(root.to_path_buf(), |root, part| root.join(part));
        Ok(Self { root, prefix: prefix.to_owned(), suffix: options.key_suffix.clone() })
    }

    /// Returns the part of a file name that should be a UUID; `None` without the prefix or suffix.
    pub(super) fn key<'a>(&self, name: &'a [u8]) -> Option<&'a [u8]> {
        name.strip_prefix(self.prefix.as_bytes())?.strip_suffix(self.suffix.as_bytes())
    }

    fn relative_path(&self, row: &Row) -> PathBuf {
        let mut path = PathBuf::new();
        self.push_document(row, &mut path);
        path
    }

    fn path(&self, row: &Row) -> PathBuf {
        let mut path = self.root.clone();
        self.push_document(row, &mut path);
        path
    }

    fn push_document(&self, row: &Row, path: &mut PathBuf) {
        Spelling::from_bits(row.locator).push_to(row.id, &self.prefix, &self.suffix, path);
    }
}

/// A files folder that was scanned. It stays the same folder, even if another one gets its name.
#[derive(Debug)]
pub(in crate::source) struct ScannedFolder {
    pub(super) names: FilesFolder,
    pub(super) folder: Arc<Folder>,
}

impl ScannedFolder {
    pub(in crate::source) fn relative_path(&self, row: &Row) -> PathBuf {
        self.names.relative_path(row)
    }

    pub(in crate::source) fn path(&self, row: &Row) -> PathBuf {
        self.names.path(row)
    }

    pub(in crate::source) fn open(&self, row: &Row) -> Result<PlannedFile> {
        PlannedFile::open(&self.folder, &self.relative_path(row), self.path(row), row.len_bytes)
    }
}
