//! Reports of writers and readers.

use super::index::Index;
use crate::diagnostic::Diagnostics;
use crate::limits::Limits;

/// The contents and sizes of a finished archive.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options)?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// # let (archive, report) = writer.finish()?;
/// assert_eq!((report.documents_count(), report.document_bytes(), report.database_bytes()), (1, 5, None));
/// assert_eq!((report.tar_bytes(), report.archive_bytes()), (10_240, archive.len() as u64));
/// assert!(report.index().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteReport {
    pub(super) documents_count: u64,
    pub(super) document_bytes: u64,
    pub(super) database_bytes: Option<u64>,
    pub(super) tar_bytes: u64,
    pub(super) archive_bytes: u64,
    pub(super) index: Option<Index>,
}

impl WriteReport {
    pub(super) fn count_document(&mut self, len_bytes: u64) {
        self.documents_count = self.documents_count.saturating_add(1);
        self.document_bytes = self.document_bytes.saturating_add(len_bytes);
    }

    /// Counts bytes of the tar stream.
    pub(super) const fn count_tar(&mut self, len_bytes: u64) {
        self.tar_bytes = self.tar_bytes.saturating_add(len_bytes);
    }

    /// Counts an index that is part of the archive.
    pub(super) fn count_index(&mut self, index: &Index) {
        self.archive_bytes = self.archive_bytes.saturating_add(index.len_bytes());
    }

    /// Returns the number of documents written.
    #[must_use]
    pub const fn documents_count(&self) -> u64 {
        self.documents_count
    }

    /// Returns the uncompressed size of all documents together, in bytes.
    #[must_use]
    pub const fn document_bytes(&self) -> u64 {
        self.document_bytes
    }

    /// Returns the length of the database dump in bytes; `None` if there is no database.
    #[must_use]
    pub const fn database_bytes(&self) -> Option<u64> {
        self.database_bytes
    }

    /// Returns the length of the tar stream inside the archive, in bytes.
    #[must_use]
    pub const fn tar_bytes(&self) -> u64 {
        self.tar_bytes
    }

    /// Returns the length of the archive in bytes, including an embedded index.
    #[must_use]
    pub const fn archive_bytes(&self) -> u64 {
        self.archive_bytes
    }

    /// Returns the index, if one was requested: already embedded, or to be stored beside the archive.
    #[must_use]
    pub const fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }
}

/// The contents and findings of an archive as far as it was read. Complete once the reader has returned `None`.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options)?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::snapshot::{ReadOptions, SnapshotReader};
///
/// let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
/// assert!(!reader.report().is_verified());
/// while reader.next_entry()?.is_some() {}
/// let report = reader.report();
/// assert!(report.is_verified() && report.is_indexed());
/// assert_eq!((report.documents_count(), report.document_bytes()), (1, 5));
/// // Such as a missing database:
/// for diagnostic in report.diagnostics() {
///     println!("{diagnostic}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReadReport {
    pub(super) documents_count: u64,
    pub(super) document_bytes: u64,
    pub(super) database_bytes: Option<u64>,
    pub(super) has_metadata: bool,
    pub(super) is_indexed: bool,
    pub(super) is_verified: bool,
    pub(super) diagnostics: Diagnostics,
}

impl ReadReport {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            documents_count: 0,
            document_bytes: 0,
            database_bytes: None,
            has_metadata: false,
            is_indexed: false,
            is_verified: false,
            diagnostics: Diagnostics::bounded(limits),
        }
    }

    /// Returns the number of documents read.
    #[must_use]
    pub const fn documents_count(&self) -> u64 {
        self.documents_count
    }

    /// Returns the uncompressed size of the documents read, in bytes.
    #[must_use]
    pub const fn document_bytes(&self) -> u64 {
        self.document_bytes
    }

    /// Returns the length of the database dump in bytes, once it was reached.
    #[must_use]
    pub const fn database_bytes(&self) -> Option<u64> {
        self.database_bytes
    }

    /// Returns `true` if `.metadata` was read.
    #[must_use]
    pub const fn has_metadata(&self) -> bool {
        self.has_metadata
    }

    /// Returns `true` if the archive has an index that agrees with all of its content.
    #[must_use]
    pub const fn is_indexed(&self) -> bool {
        self.is_indexed
    }

    /// Returns `true` if everything was read to the last byte and every checksum and length was correct.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        self.is_verified
    }

    /// Returns what was tolerated, in the order of the archive.
    #[must_use]
    pub const fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }
}
