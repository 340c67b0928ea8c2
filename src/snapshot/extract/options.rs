//! How a snapshot is extracted.

use crate::io::Parallelism;
use crate::layout::Contents;

/// What to do when the destination is already there.
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
    /// Fail, before anything is written.
    #[default]
    Refuse,
    /// Put the new one in its place once it is complete. The old one is moved aside first and removed last; between two
    /// renames there is neither.
    Replace,
}

/// How sure to be that what was written survives a power cut.
///
/// It costs what the disk takes for a sync, once for every file, and with [`Full`](Self::Full) once more for every folder.
/// Of 2,000 documents of 4 kB on a virtual disk with ext4, [`Data`](Self::Data) made extraction take 1.9 times as long,
/// and [`Full`](Self::Full) 2.8 times; the bench `durability` measures it for other disks. Large documents hardly notice.
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
    /// Left to the operating system. A process that is killed leaves nothing partial; a machine that loses its power may.
    #[default]
    System,
    /// Every file is synced before the rename: if the destination is there after a power cut, its files are complete.
    /// Which of them are there, and whether the destination is, is left to the file system.
    Data,
    /// Files, then folders, are synced before the rename, and the folder that holds the destination after it: once
    /// extraction has returned, the destination is there for good.
    Full,
}

/// How a snapshot is extracted.
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
    /// The defaults: everything, refuse an existing destination, leave syncing to the system, one thread.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Which contents to extract; default [`Contents::Full`]. What is left out is verified all the same when the archive
    /// is read from front to back.
    #[must_use]
    pub const fn with_contents(mut self, contents: Contents) -> Self {
        self.contents = contents;
        self
    }

    /// What to do when the destination is already there; default [`IfExists::Refuse`].
    #[must_use]
    pub const fn with_if_exists(mut self, if_exists: IfExists) -> Self {
        self.if_exists = if_exists;
        self
    }

    /// How sure to be that the files survive a power cut; default [`Durability::System`].
    #[must_use]
    pub const fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// On how many threads to create files; default [`Parallelism::INLINE`].
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    pub(in crate::snapshot) fn parallelism(&self) -> Parallelism {
        self.parallelism
    }
}
