//! The documents of an archive, and how each of them is opened: [`ArchiveStore`].

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::sparse::SparseFile;
use crate::source::directory::spelling::Spelling;
use crate::source::document::Document;
use crate::source::row::Row;

/// The location of the contents of one document.
#[derive(Clone, Copy, Debug)]
pub(in crate::source) enum Payload {
    /// Uncompressed in the archive, at this offset.
    Archive(u64),
    /// In the spool, at this offset.
    Spool(u64),
    /// A sparse file: its index in the list of those.
    Sparse(u32),
    /// Deflated in the zip file, and small enough to be decompressed in memory: its index in the list of those.
    #[cfg(feature = "zip")]
    Deflated(u32),
}

/// The zip file and the locations of its small deflated documents.
#[cfg(feature = "zip")]
pub(in crate::source) type Deflated = Option<(crate::zip::Archive<Arc<File>>, Vec<crate::zip::LocatedEntry>)>;
/// Without zip files nothing is decompressed on opening.
#[cfg(not(feature = "zip"))]
pub(in crate::source) type Deflated = Option<std::convert::Infallible>;

/// The documents of an archive.
#[derive(Debug)]
pub(in crate::source) struct ArchiveStore {
    pub(super) path: PathBuf,
    /// The files folder inside the archive, as the archive spells it.
    pub(super) root: String,
    pub(super) prefix: String,
    pub(super) suffix: String,
    /// `None` if all documents are in the spool.
    pub(super) archive: Option<Arc<File>>,
    pub(super) spool: Option<Arc<File>>,
    /// By [`Row::locator`].
    pub(super) slots: Vec<(Spelling, Payload)>,
    pub(super) sparse: Vec<SparseFile>,
    #[cfg_attr(not(feature = "zip"), expect(dead_code, reason = "there are no zip files"))]
    pub(super) deflated: Deflated,
}

impl ArchiveStore {
    fn slot(&self, row: &Row) -> Option<&(Spelling, Payload)> {
        self.slots.get(usize::try_from(row.locator).ok()?)
    }

    pub(in crate::source) fn member_path(&self, row: &Row) -> PathBuf {
        let mut path = Path::new(&self.root).to_path_buf();
        if let Some((spelling, _)) = self.slot(row) {
            spelling.push_to(row.id, &self.prefix, &self.suffix, &mut path);
        }
        path
    }

    /// Returns the origin of a document, for messages.
    pub(in crate::source) fn origin(&self, row: &Row) -> String {
        format!("{} in {}", self.member_path(row).display(), self.path.display())
    }

    pub(in crate::source) fn open(&self, row: &Row) -> io::Result<Document> {
        let unknown =
            || io::Error::other("internal error: the plan refers to a document that its archive does not contain");
        let (_, payload) = self.slot(row).ok_or_else(unknown)?;
        match *payload {
            Payload::Archive(offset_bytes) => {
                let archive = self.archive.as_ref().ok_or_else(unknown)?;
                Ok(Document::range(Arc::clone(archive), offset_bytes, row.len_bytes))
            }
            Payload::Spool(offset_bytes) => {
                let spool = self.spool.as_ref().ok_or_else(unknown)?;
                Ok(Document::range(Arc::clone(spool), offset_bytes, row.len_bytes))
            }
            Payload::Sparse(index) => {
                let sparse =
                    usize::try_from(index).ok().and_then(|index| self.sparse.get(index)).ok_or_else(unknown)?;
                let file = if sparse.is_spooled() { self.spool.as_ref() } else { self.archive.as_ref() };
                let file = Arc::clone(file.ok_or_else(unknown)?);
                Ok(Document::sparse(sparse.open(file, row.len_bytes)))
            }
            #[cfg(feature = "zip")]
            Payload::Deflated(index) => {
                let (zip, entries) = self.deflated.as_ref().ok_or_else(unknown)?;
                let entry = usize::try_from(index).ok().and_then(|index| entries.get(index)).ok_or_else(unknown)?;
                let mut contents = Vec::new();
                io::Read::read_to_end(&mut zip.read_located(entry), &mut contents)?;
                Ok(Document::memory(contents))
            }
        }
    }
}

/// Together with a row, a document of an archive takes at most 56 bytes.
const _: () = assert!(size_of::<(Spelling, Payload)>() <= 24);
