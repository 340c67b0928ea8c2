//! The files of the documents of a plan, in a folder, an archive or a bucket: [`Store`].

use std::io;
use std::path::PathBuf;

use super::archive::ArchiveStore;
#[cfg(feature = "object-store")]
use super::bucket::store::BucketStore;
use super::directory::folder::ScannedFolder;
use super::document::Document;
use super::row::Row;

/// The files of the documents of a plan.
#[derive(Debug)]
pub(super) enum Store {
    Folder(ScannedFolder),
    Archive(Box<ArchiveStore>),
    #[cfg(feature = "object-store")]
    Bucket(BucketStore),
}

impl Store {
    /// Opens the document `number` of `rows`. Those after it are likely to be opened next.
    pub(super) fn open(&self, rows: &[Row], number: usize) -> io::Result<Document> {
        let row = rows.get(number).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(match self {
            Self::Folder(folder) => Document::file(folder.open(row)?),
            Self::Archive(archive) => archive.open(row)?,
            #[cfg(feature = "object-store")]
            Self::Bucket(bucket) => Document::object(bucket.open(rows, number)?),
        })
    }

    /// Returns the path of a document, relative to the files folder or in the archive; of a bucket, the key.
    pub(super) fn relative_path(&self, row: &Row) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.relative_path(row),
            Self::Archive(archive) => archive.member_path(row),
            #[cfg(feature = "object-store")]
            Self::Bucket(bucket) => bucket.key(row),
        }
    }

    /// Returns the origin of a document, for messages.
    pub(super) fn origin(&self, row: &Row) -> String {
        match self {
            Self::Folder(folder) => folder.path(row).display().to_string(),
            Self::Archive(archive) => archive.origin(row),
            #[cfg(feature = "object-store")]
            Self::Bucket(bucket) => bucket.key(row).display().to_string(),
        }
    }
}
