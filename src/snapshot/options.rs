//! Options of writers and readers.

use super::index::IndexPlacement;
use crate::gzip::Level;
use crate::io::Parallelism;
use crate::layout::Contents;
use crate::limits::Limits;

/// The points at which a new section begins. A section begins a new chunk even if the one before is shorter than 1
/// MiB.
///
/// Every archive has sections for `.metadata`, the database, the documents and the end marker. With more sections,
/// parts of the documents can be written by different workers, or copied out without recompression.
///
/// ```
/// use appsnap::snapshot::WriteOptions;
/// use appsnap::snapshot::options::SectionSplit;
///
/// // For archives whose documents are packed by many workers.
/// let options = WriteOptions::new().with_sections(SectionSplit::Digit);
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SectionSplit {
    /// No further sections: the smallest archive.
    #[default]
    Contents,
    /// Also at every document whose first hex digit is larger than those before: at most 16 sections. Measured cost:
    /// 0.02 % of the archive for 50,000 documents, 10 % for 50.
    Digit,
    /// Also at every document whose first byte is larger than those before: at most 256 sections.
    Byte,
}

/// Options of [`SnapshotWriter`](super::SnapshotWriter) and [`SnapshotStream`](super::SnapshotStream).
///
/// ```
/// use appsnap::io::Parallelism;
/// use appsnap::snapshot::WriteOptions;
/// use appsnap::snapshot::index::IndexPlacement;
///
/// let options = WriteOptions::new().with_parallelism(Parallelism::threads(2)).with_index(IndexPlacement::Embedded);
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    pub(super) level: Level,
    pub(super) parallelism: Parallelism,
    pub(super) sections: SectionSplit,
    pub(super) index: IndexPlacement,
    pub(super) contents: Contents,
    pub(super) accepts_sizes: bool,
}

impl WriteOptions {
    /// Creates the default options. Each method states its default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the deflate level. [`Level`] states the default, which was chosen by measurement.
    #[must_use]
    pub const fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets the number of threads that compress, and that read documents; default [`Parallelism::INLINE`]. The archive
    /// is the same for any number.
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// Sets the points at which sections begin; default [`SectionSplit::Contents`].
    #[must_use]
    pub const fn with_sections(mut self, sections: SectionSplit) -> Self {
        self.sections = sections;
        self
    }

    /// Sets whether to create an index, and where to store it; default [`IndexPlacement::Omitted`].
    #[must_use]
    pub const fn with_index(mut self, index: IndexPlacement) -> Self {
        self.index = index;
        self
    }

    /// Sets the parts of an existing archive that [`repack`](super::repack()) and
    /// [`write_part`](super::SnapshotArchive::write_part) copy; default [`Contents::Full`]. It does not affect a
    /// [`SnapshotWriter`](super::SnapshotWriter), which writes what it is given.
    #[must_use]
    pub const fn with_contents(mut self, contents: Contents) -> Self {
        self.contents = contents;
        self
    }

    /// Returns the contents of the archive that is written.
    pub(crate) const fn contents(&self) -> Contents {
        self.contents
    }

    /// Accepts metadata whose sizes differ from what is written. By default that is an error when the archive is finished.
    ///
    /// ```
    /// use appsnap::metadata::Metadata;
    /// use appsnap::snapshot::{ErrorKind, SnapshotWriter, WriteOptions};
    ///
    /// let wrong = Metadata::new().with_files_size_bytes(5);
    /// let start = |options: &WriteOptions| SnapshotWriter::start(Vec::new(), &wrong, options);
    /// let refused = start(&WriteOptions::new())?.finish().unwrap_err();
    /// assert!(matches!(refused.error().kind(), ErrorKind::MetadataSize { .. }));
    /// assert!(start(&WriteOptions::new().without_size_check())?.finish().is_ok());
    /// # Ok::<(), appsnap::snapshot::Error>(())
    /// ```
    #[must_use]
    pub const fn without_size_check(mut self) -> Self {
        self.accepts_sizes = true;
        self
    }
}

/// The faults that a reader tolerates.
///
/// ```
/// # let mut tar = tar::Builder::new(Vec::new());
/// # for (name, payload) in [(".metadata", "{}"), ("notes.txt", "hello")] {
/// #     let mut header = tar::Header::new_ustar();
/// #     header.set_size(payload.len() as u64);
/// #     tar.append_data(&mut header, name, payload.as_bytes())?;
/// # }
/// # let tar = tar.into_inner()?;
/// use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
/// use appsnap::snapshot::options::Tolerance;
///
/// // The archive contains `notes.txt`, which is not allowed in a snapshot.
/// let mut reader = SnapshotReader::new(tar.as_slice(), &ReadOptions::new().with_tolerance(Tolerance::Salvage));
/// let mut misplaced = Vec::new();
/// while let Some(entry) = reader.next_entry()? {
///     if let EntryKind::Misplaced { name, .. } = entry.kind() {
///         misplaced.push(name.clone());
///     }
/// }
/// assert_eq!(misplaced, [b"notes.txt"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tolerance {
    /// None: everything that the format does not allow is an error.
    #[default]
    Strict,
    /// Wrong names, duplicates and unusable metadata: they become diagnostics and entries of their own kinds, such as
    /// [`EntryKind::Misplaced`](super::EntryKind::Misplaced). For complete reports, and for repair. Damaged framing is
    /// still an error.
    Salvage,
}

/// Options of [`SnapshotReader`](super::SnapshotReader) and [`SnapshotArchive`](super::SnapshotArchive).
///
/// ```
/// use appsnap::Limits;
/// use appsnap::snapshot::ReadOptions;
/// use appsnap::snapshot::options::Tolerance;
///
/// let options = ReadOptions::new()
///     .with_limits(Limits::untrusted().with_max_total_bytes(4 << 30))
///     .with_tolerance(Tolerance::Salvage);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    pub(super) limits: Limits,
    pub(super) tolerance: Tolerance,
    pub(super) expands_sparse: bool,
}

impl ReadOptions {
    /// Creates the default options: limits for untrusted input, no tolerance.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the limits.
    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Sets the limits; default [`Limits::untrusted`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Reads sparse files with their holes, and reports them: for an archive that is written again.
    pub(crate) const fn expanding_sparse(mut self) -> Self {
        self.expands_sparse = true;
        self
    }

    /// Sets the faults to tolerate; default [`Tolerance::Strict`].
    #[must_use]
    pub const fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }
}
