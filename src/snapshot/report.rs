//! What was written and what was read, in numbers.

use super::index::Index;
use crate::diagnostic::Diagnostics;
use crate::limits::Limits;

/// What a finished archive holds.
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
/// assert_eq!((report.plain_bytes(), report.archive_bytes()), (10_240, archive.len() as u64));
/// assert!(report.index().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteReport {
    pub(super) documents_count: u64,
    pub(super) document_bytes: u64,
    pub(super) database_bytes: Option<u64>,
    pub(super) plain_bytes: u64,
    pub(super) archive_bytes: u64,
    pub(super) index: Option<Index>,
}

impl WriteReport {
    pub(super) fn count_document(&mut self, len_bytes: u64) {
        self.documents_count += 1;
        self.document_bytes += len_bytes;
    }

    /// How many documents were written.
    #[must_use]
    pub const fn documents_count(&self) -> u64 {
        self.documents_count
    }

    /// Uncompressed bytes of all documents.
    #[must_use]
    pub const fn document_bytes(&self) -> u64 {
        self.document_bytes
    }

    /// Length of the database dump; `None` when there is none.
    #[must_use]
    pub const fn database_bytes(&self) -> Option<u64> {
        self.database_bytes
    }

    /// Length of the tar stream inside the archive.
    #[must_use]
    pub const fn plain_bytes(&self) -> u64 {
        self.plain_bytes
    }

    /// Length of the archive as it went to the sink, an embedded index included.
    #[must_use]
    pub const fn archive_bytes(&self) -> u64 {
        self.archive_bytes
    }

    /// The index, when one was asked for: embedded already, or to be kept beside the archive.
    #[must_use]
    pub const fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }
}

/// What has been read of an archive so far; complete once the reader has said that there are no more entries.
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
/// // No database, and a `.metadata` that says nothing:
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

    /// How many documents were seen.
    #[must_use]
    pub const fn documents_count(&self) -> u64 {
        self.documents_count
    }

    /// Uncompressed bytes of the documents seen.
    #[must_use]
    pub const fn document_bytes(&self) -> u64 {
        self.document_bytes
    }

    /// Length of the database dump, once it was seen.
    #[must_use]
    pub const fn database_bytes(&self) -> Option<u64> {
        self.database_bytes
    }

    /// Whether `.metadata` was seen.
    #[must_use]
    pub const fn has_metadata(&self) -> bool {
        self.has_metadata
    }

    /// Whether an index was found behind the data, and agreed with all of it.
    #[must_use]
    pub const fn is_indexed(&self) -> bool {
        self.is_indexed
    }

    /// Whether everything was read to the last byte, and every checksum and length was right.
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
