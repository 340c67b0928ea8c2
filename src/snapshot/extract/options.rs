//! Options of extractions.

use crate::io::Parallelism;
use crate::layout::Contents;

/// The handling of an existing destination.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{SnapshotWriter, WriteOptions};
/// # let (archive, _) = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?.finish()?;
/// # let folder = tempfile::tempdir()?;
/// # let destination = folder.path().join("restored");
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotReader, extract};
/// use appsnap::snapshot::extract::{ExtractOptions, IfExists};
///
/// let extract_with = |options| {
///     extract(&mut SnapshotReader::new(archive.as_slice(), &ReadOptions::new()), &destination, &options, &mut NoObserver)
/// };
/// extract_with(ExtractOptions::new())?;
/// assert!(matches!(extract_with(ExtractOptions::new()).unwrap_err().kind(), ErrorKind::Exists));
/// extract_with(ExtractOptions::new().with_if_exists(IfExists::Replace))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IfExists {
    /// Fails before anything is written.
    #[default]
    Refuse,
    /// Replaces it once the new one is complete. The old one is moved aside by one rename, and the new one takes its
    /// place by another; between the two there is no destination. Then the old one is removed.
    ///
    /// Only a folder is replaced that is empty or contains nothing but what an extraction creates; anything else fails
    /// before anything is written. A symbolic link is kept, and the folder that it leads to is replaced.
    Replace,
}

/// The guarantee that extracted files survive a power failure.
///
/// It costs one sync for every file, and with [`Full`](Self::Full) another one for every folder. For 2,000 documents
/// of 4 kB on a virtual disk with ext4, extraction took 1.9 times as long with [`Data`](Self::Data) and 2.8 times with
/// [`Full`](Self::Full). The bench `durability` measures other disks. The cost is small for large documents.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{SnapshotWriter, WriteOptions};
/// # let (archive, _) = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?.finish()?;
/// # let folder = tempfile::tempdir()?;
/// # let destination = folder.path().join("restored");
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::{ReadOptions, SnapshotReader, extract};
/// use appsnap::snapshot::extract::{Durability, ExtractOptions};
///
/// let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
/// let options = ExtractOptions::new().with_durability(Durability::Full);
/// extract(&mut reader, &destination, &options, &mut NoObserver)?;
/// assert!(destination.is_dir(), "for good, from here on");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Syncing is left to the operating system. A killed process leaves no partial destination, a power failure may.
    #[default]
    System,
    /// Every file is synced before the rename. After a power failure the files in the destination are complete, but
    /// files or the destination itself may be missing.
    Data,
    /// Files and folders are synced before the rename, and the parent folder after it. Once extraction has returned,
    /// the destination survives a power failure.
    Full,
}

/// Options of [`extract()`](super::extract()).
///
/// ```
/// use appsnap::io::Parallelism;
/// use appsnap::layout::Contents;
/// use appsnap::snapshot::extract::{ExtractOptions, IfExists};
///
/// let options = ExtractOptions::new()
///     .with_contents(Contents::FilesOnly)
///     .with_if_exists(IfExists::Replace)
///     .with_parallelism(Parallelism::threads(2));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ExtractOptions {
    pub(super) contents: Contents,
    pub(super) if_exists: IfExists,
    pub(super) durability: Durability,
    pub(super) parallelism: Parallelism,
}

impl ExtractOptions {
    /// Creates the default options: extract everything, refuse an existing destination, leave syncing to the system,
    /// use one thread.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the contents to extract; default [`Contents::Full`]. Other contents are read and verified all the same.
    #[must_use]
    pub const fn with_contents(mut self, contents: Contents) -> Self {
        self.contents = contents;
        self
    }

    /// Sets the handling of an existing destination; default [`IfExists::Refuse`].
    #[must_use]
    pub const fn with_if_exists(mut self, if_exists: IfExists) -> Self {
        self.if_exists = if_exists;
        self
    }

    /// Sets the guarantee against power failures; default [`Durability::System`].
    #[must_use]
    pub const fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Sets the number of threads that create files; default [`Parallelism::INLINE`].
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    pub(crate) const fn if_exists(&self) -> IfExists {
        self.if_exists
    }

    pub(crate) const fn durability(&self) -> Durability {
        self.durability
    }

    pub(in crate::snapshot) fn parallelism(&self) -> Parallelism {
        self.parallelism
    }
}
