//! The choice of an index for a new archive: [`IndexPlacement`].

/// The storage of an archive's index, which random access needs.
///
/// ```
/// use appsnap::metadata::Metadata;
/// use appsnap::snapshot::{SnapshotWriter, WriteOptions};
/// use appsnap::snapshot::index::IndexPlacement;
///
/// let archive_bytes = |index| {
///     let options = WriteOptions::new().with_index(index);
///     let writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), options)?;
///     writer.finish().map(|(archive, report)| (archive.len(), report.index().is_some()))
/// };
/// let (plain, with_sidecar) = (archive_bytes(IndexPlacement::Omitted)?, archive_bytes(IndexPlacement::Sidecar)?);
/// assert_eq!((plain.0, plain.1, with_sidecar.1), (with_sidecar.0, false, true));
/// assert!(archive_bytes(IndexPlacement::Embedded)?.0 > plain.0);
/// # Ok::<(), appsnap::snapshot::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexPlacement {
    /// No index: the archive is a single gzip member, as every importer expects.
    #[default]
    Omitted,
    /// In the archive, after the data, in empty gzip members that gzip and tar programs ignore: about 26 bytes a
    /// document.
    Embedded,
    /// In the report, to be stored in a separate file.
    Sidecar,
}
