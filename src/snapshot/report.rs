//! What was written and what was read, in numbers.

use std::collections::BTreeMap;

use super::anomaly::Anomaly;
use super::index::Index;

/// What a finished archive holds.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), options)?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]))?;
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

    /// Plain bytes of all documents.
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
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), options)?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]))?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::snapshot::{ReadOptions, SnapshotReader};
///
/// let mut reader = SnapshotReader::new(archive.as_slice(), ReadOptions::new());
/// assert!(!reader.report().is_verified());
/// while reader.next_entry()?.is_some() {}
/// let report = reader.report();
/// assert!(report.is_verified() && report.is_indexed());
/// assert_eq!((report.documents_count(), report.document_bytes()), (1, 5));
/// // No database, and a `.metadata` that says nothing:
/// for (name, count) in report.anomaly_counts() {
///     println!("{name}: {count}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReadReport {
    pub(super) documents_count: u64,
    pub(super) document_bytes: u64,
    pub(super) database_bytes: Option<u64>,
    pub(super) has_metadata: bool,
    pub(super) is_indexed: bool,
    pub(super) is_verified: bool,
    pub(super) anomalies: Vec<Anomaly>,
    pub(super) anomalies_count: u64,
    /// By name, so that what is kept can be bounded without counting it again.
    pub(super) counts: BTreeMap<&'static str, u64>,
}

impl ReadReport {
    /// How many documents were seen.
    #[must_use]
    pub const fn documents_count(&self) -> u64 {
        self.documents_count
    }

    /// Plain bytes of the documents seen.
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

    /// What was tolerated, in archive order; bounded by [`Limits::max_findings_per_code`](crate::Limits::max_findings_per_code),
    /// and to 4 MiB however long the names are.
    #[must_use]
    pub fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    /// How many anomalies there were, kept or not.
    #[must_use]
    pub const fn anomalies_count(&self) -> u64 {
        self.anomalies_count
    }

    /// How many anomalies there were of each [name](super::AnomalyKind::name), kept or not.
    pub fn anomaly_counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.counts.iter().map(|(name, count)| (*name, *count))
    }
}
