//! The files of the documents of a plan, in a folder or in an archive: [`Store`].

use std::io;
use std::path::PathBuf;

use super::archive::ArchiveStore;
use super::directory::folder::FilesFolder;
use super::document::Document;
use super::row::Row;

/// The files of the documents of a plan.
#[derive(Debug)]
pub(super) enum Store {
    Folder(FilesFolder),
    Archive(ArchiveStore),
}

impl Store {
    pub(super) fn open(&self, row: &Row) -> io::Result<Document> {
        Ok(match self {
            Self::Folder(folder) => Document::file(folder.open(row)?),
            Self::Archive(archive) => archive.open(row)?,
        })
    }

    /// Returns the path of a document, relative to the files folder or in the archive.
    pub(super) fn relative_path(&self, row: &Row) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.relative_path(row),
            Self::Archive(archive) => archive.member_path(row),
        }
    }

    /// Returns the origin of a document, for messages.
    pub(super) fn origin(&self, row: &Row) -> String {
        match self {
            Self::Folder(folder) => folder.path(row).display().to_string(),
            Self::Archive(archive) => archive.origin(row),
        }
    }
}
