//! How to write and how to read a snapshot.

use super::index::IndexPlacement;
use crate::gzip::Level;
use crate::io::Parallelism;
use crate::limits::Limits;

/// Where a chunk ends early, besides after every 1 MiB.
///
/// A section always begins at `.metadata`, at the database, at the first document and at the end marker. More sections
/// let parts of the documents be cut out, or written elsewhere, without inflating their neighbours.
///
/// ```
/// use appsnap::snapshot::WriteOptions;
/// use appsnap::snapshot::options::SectionSplit;
///
/// // For archives whose documents are packed by many workers, or taken apart later.
/// let options = WriteOptions::new().with_sections(SectionSplit::Digit);
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SectionSplit {
    /// No further sections: the smallest archive.
    #[default]
    Contents,
    /// Also at every document whose first hex digit exceeds the largest so far: at most 16 sections, measured at
    /// +0.02 % for 50,000 documents and +10 % for 50.
    Digit,
    /// Also at every document whose first byte exceeds the largest so far: at most 256 sections.
    Byte,
}

/// What to do when the sizes that `.metadata` declares are not those that were written.
///
/// ```
/// use appsnap::metadata::Metadata;
/// use appsnap::snapshot::{SnapshotWriter, WriteOptions};
/// use appsnap::snapshot::options::SizeCheck;
///
/// let wrong = Metadata::new().with_files_size_bytes(5);
/// let start = |options| SnapshotWriter::start(Vec::new(), &wrong, &options);
/// assert!(start(&WriteOptions::new())?.finish().is_err());
/// assert!(start(&WriteOptions::new().with_size_check(SizeCheck::Skip))?.finish().is_ok());
/// # Ok::<(), appsnap::snapshot::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SizeCheck {
    /// Finishing fails: the archive would say something untrue about itself.
    #[default]
    Strict,
    /// The metadata stands as it was given.
    Skip,
}

/// How a snapshot is written.
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
    pub(super) size_check: SizeCheck,
}

impl WriteOptions {
    /// The defaults: see each method.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The deflate level; the default was chosen by measurement, see [`Level`].
    #[must_use]
    pub const fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// On how many threads to compress, and to read where documents are files; default [`Parallelism::INLINE`].
    /// The bytes written are the same for any number.
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// Where sections begin; default [`SectionSplit::Contents`].
    #[must_use]
    pub const fn with_sections(mut self, sections: SectionSplit) -> Self {
        self.sections = sections;
        self
    }

    /// Whether to make an index; default [`IndexPlacement::Omitted`].
    #[must_use]
    pub const fn with_index(mut self, index: IndexPlacement) -> Self {
        self.index = index;
        self
    }

    /// What to do when the metadata's sizes are wrong; default [`SizeCheck::Strict`].
    #[must_use]
    pub const fn with_size_check(mut self, size_check: SizeCheck) -> Self {
        self.size_check = size_check;
        self
    }
}

/// How much a reader puts up with.
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
/// // The archive holds `notes.txt`, which has no place in a snapshot.
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
    /// Whatever the format does not allow is an error.
    #[default]
    Strict,
    /// Faults of names, duplicates and metadata become diagnostics, and what they concern is handed out as
    /// [`EntryKind::Misplaced`](super::EntryKind::Misplaced): for reports that want all faults, and for repair.
    /// Unsound framing still ends the reading.
    Salvage,
}

/// How a snapshot is read.
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
}

impl ReadOptions {
    /// The defaults: limits for untrusted input, strict.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bounds for what is read; default [`Limits::untrusted`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How much to put up with; default [`Tolerance::Strict`].
    #[must_use]
    pub const fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }
}
