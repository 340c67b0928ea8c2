//! Files folders of an app server, and copies of storage buckets: [`scan`] turns one into a [`Plan`].
//!
//! ```
//! use appsnap::observe::NoObserver;
//! use appsnap::source::LeftoverKind;
//! use appsnap::source::directory::{self, DirectoryOptions};
//!
//! // A flat copy of a bucket whose keys carry a prefix.
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("shop-0d3e301f-5551-46f8-ad44-8de2be084c95"), "a document")?;
//! std::fs::write(folder.path().join("readme.txt"), "not a document")?;
//!
//! let plan = directory::scan(folder.path(), &DirectoryOptions::new().with_key_prefix("shop-"), &mut NoObserver)?;
//! assert_eq!(plan.documents_count(), 1);
//! assert_eq!(plan.leftovers().count(LeftoverKind::NotAnId), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod crew;
mod open;
pub(super) mod spelling;
pub(super) mod walk;

use std::path::{Path, PathBuf};

pub use open::OpenDocument;

use self::spelling::Spelling;
use self::walk::{Batch, Walk};
use super::archive::Store;
use super::error::{Error, ErrorKind, Result};
use super::leftover::LeftoverSet;
use super::plan::{NumberedFile, Plan, Row};
use crate::io::Parallelism;
use crate::observe::{Event, Observer};

/// How a files folder is walked.
///
/// ```
/// use appsnap::io::Parallelism;
/// use appsnap::source::directory::DirectoryOptions;
///
/// let options = DirectoryOptions::new().with_key_prefix("mendix-").with_parallelism(Parallelism::threads(16));
/// ```
#[derive(Clone, Debug)]
pub struct DirectoryOptions {
    parallelism: Parallelism,
    key_prefix: String,
    key_suffix: String,
    unreadable: Unreadable,
    max_leftovers_count: usize,
}

/// What to do about a file or folder that the system does not let us look at.
///
/// ```
/// use appsnap::source::directory::{DirectoryOptions, Unreadable};
///
/// // For a first look at a folder; what is packed for good should not lack documents.
/// let options = DirectoryOptions::new().with_unreadable(Unreadable::Report);
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// Stop with an error that names it: a snapshot that lacks documents nobody knows of is no snapshot.
    #[default]
    Fail,
    /// Go on and report it as a leftover.
    Report,
}

impl DirectoryOptions {
    /// Walks on the caller's thread, takes keys as they are, stops at what is unreadable, and keeps at most 1,000
    /// leftovers of each kind.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            parallelism: Parallelism::INLINE,
            key_prefix: String::new(),
            key_suffix: String::new(),
            unreadable: Unreadable::Fail,
            max_leftovers_count: 1_000,
        }
    }

    /// How many threads walk. Default: [`Parallelism::INLINE`].
    ///
    /// A disk that has nothing in its cache makes every look wait, so more threads than cores help there: sixteen listed
    /// 50,000 cold files almost three times as fast as one. A warm one is busy with as many threads as there are cores.
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// What stands before the uuid in every key of a bucket copy; files without it are reported. Default: nothing.
    ///
    /// A slash in the prefix is a folder in a copy, so `apps/shop-` looks into `apps` for names that begin with `shop-`.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.key_prefix = prefix.into();
        self
    }

    /// What stands behind the uuid in every key of a bucket copy; files without it are reported. Default: nothing.
    #[must_use]
    pub fn with_key_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.key_suffix = suffix.into();
        self
    }

    /// What to do about what cannot be looked at. Default: [`Unreadable::Fail`].
    #[must_use]
    pub const fn with_unreadable(mut self, unreadable: Unreadable) -> Self {
        self.unreadable = unreadable;
        self
    }

    /// How many leftovers of each kind are kept, the first by path; all are counted. Default: 1,000.
    #[must_use]
    pub const fn with_max_leftovers_count(mut self, count: usize) -> Self {
        self.max_leftovers_count = count;
        self
    }
}

impl Default for DirectoryOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Walks `root` and plans every document in it: `<uuid>`, `xx/<uuid>` and `xx/yy/<uuid>`, where `xx` and `yy` are the
/// uuid's first characters, in either letter case.
///
/// That is what `data/files` of an app server looks like, or wherever its `UploadedFilesPath` points; a flat copy of a
/// bucket is the same with fewer folders. Whatever else lies there is left out and reported, never guessed at:
/// see [`LeftoverKind`](super::LeftoverKind). `root` itself may be a link; below it links are not followed.
///
/// The observer sees the phase `walking`, then every document with running totals as it is found, in no particular
/// order, and at last the planned totals.
///
/// ```
/// use appsnap::observe::NoObserver;
/// use appsnap::source::directory::{self, DirectoryOptions};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::create_dir_all(folder.path().join("0d/3e"))?;
/// std::fs::write(folder.path().join("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"), "a document")?;
///
/// let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// assert_eq!((plan.documents_count(), plan.document_bytes()), (1, 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a folder cannot be listed or a file not be looked at (unless [`Unreadable::Report`] says to go on), when `root`
/// is no folder, when the key suffix holds a slash, or when the observer says stop.
pub fn scan(root: impl AsRef<Path>, options: &DirectoryOptions, observer: &mut dyn Observer) -> Result<Plan> {
    let folder = Folder::new(root.as_ref(), options)?;
    let walk = Walk { folder: &folder, unreadable: options.unreadable };
    let mut collector = Collector {
        folder: &folder,
        rows: Vec::new(),
        numbered: Vec::new(),
        document_bytes: 0,
        leftovers: LeftoverSet::new(options.max_leftovers_count),
        observer,
    };
    collector.tell(&Event::phase("walking"))?;
    match options.parallelism.started() {
        None => walk.run_inline(&mut |batch| collector.take(batch))?,
        Some(count) => crew::run(&walk, count, &mut |batch| collector.take(batch))?,
    }
    collector.tell(&Event::planned(collector.rows.len() as u64, collector.document_bytes))?;
    let Collector { rows, numbered, leftovers, .. } = collector;
    Ok(Plan::new(Store::Folder(folder), rows, numbered, leftovers))
}

/// Gathers what the walkers find, on the caller's thread.
struct Collector<'a> {
    folder: &'a Folder,
    rows: Vec<Row>,
    numbered: Vec<NumberedFile>,
    document_bytes: u64,
    leftovers: LeftoverSet,
    observer: &'a mut dyn Observer,
}

impl Collector<'_> {
    fn take(&mut self, batch: &mut Batch) -> Result<()> {
        for row in batch.rows.drain(..) {
            self.rows.push(row);
            self.document_bytes = self.document_bytes.saturating_add(row.len_bytes);
            self.tell(&Event::document(row.id, self.rows.len() as u64, self.document_bytes))?;
        }
        self.numbered.append(&mut batch.numbered);
        batch.leftovers.drain(..).for_each(|leftover| self.leftovers.add(leftover));
        Ok(())
    }

    fn tell(&mut self, event: &Event<'_>) -> Result<()> {
        if self.observer.observe(event).is_break() {
            return Err(Error::in_path(&self.folder.root, ErrorKind::Cancelled));
        }
        Ok(())
    }
}

/// A files folder and how its files are called.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    prefix: String,
    suffix: String,
}

impl Folder {
    fn new(root: &Path, options: &DirectoryOptions) -> Result<Self> {
        if options.key_suffix.contains(['/', '\\']) {
            return Err(Error::in_path(
                root,
                ErrorKind::Misuse("a key suffix cannot hold a slash, files have no parts below them"),
            ));
        }
        let (folders, prefix) = options.key_prefix.rsplit_once('/').unwrap_or(("", &options.key_prefix));
        let leaves = folders.starts_with('/') || folders.split('/').any(|part| part == "..");
        if leaves || options.key_prefix.contains('\\') {
            return Err(Error::in_path(
                root,
                ErrorKind::Misuse("the folders of a key prefix must lie inside the files folder"),
            ));
        }
        let root =
            folders.split('/').filter(|part| !part.is_empty()).fold(root.to_path_buf(), |root, part| root.join(part));
        Ok(Self { root, prefix: prefix.to_owned(), suffix: options.key_suffix.clone() })
    }

    /// The part of a file name that should be a uuid; `None` when the prefix or suffix is missing.
    fn key<'a>(&self, name: &'a [u8]) -> Option<&'a [u8]> {
        name.strip_prefix(self.prefix.as_bytes())?.strip_suffix(self.suffix.as_bytes())
    }

    pub(super) fn relative_path(&self, row: &Row) -> PathBuf {
        let mut path = PathBuf::new();
        Spelling::from_bits(row.place).push_to(row.id, &self.prefix, &self.suffix, &mut path);
        path
    }

    pub(super) fn path(&self, row: &Row) -> PathBuf {
        let mut path = PathBuf::with_capacity(self.root.as_os_str().len() + 64 + self.prefix.len() + self.suffix.len());
        path.push(&self.root);
        Spelling::from_bits(row.place).push_to(row.id, &self.prefix, &self.suffix, &mut path);
        path
    }

    pub(super) fn open(&self, row: &Row) -> Result<OpenDocument> {
        OpenDocument::open(self.path(row), row.len_bytes)
    }
}
