//! Archives of a files folder, as options say to read them: what [`zip`](super::zip) and [`tar`](super::tar) share.

mod gather;
mod name;
mod spool;
mod store;

use std::path::PathBuf;

pub(super) use gather::Gathering;
pub(super) use spool::Spool;
pub(super) use store::{Location, Store};

pub use store::Document;

use crate::limits::Limits;

/// How an archive of a files folder is read.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::source::ArchiveOptions;
///
/// let options = ArchiveOptions::new().with_limits(Limits::trusted()).with_spool_dir("/var/tmp");
/// ```
#[derive(Clone, Debug)]
pub struct ArchiveOptions {
    limits: Limits,
    spool_dir: Option<PathBuf>,
    root: Option<String>,
    key_prefix: String,
    key_suffix: String,
    max_leftovers_count: usize,
}

impl ArchiveOptions {
    /// Bounds for archives from strangers, no folder to put things down in, the files folder found by what it holds, keys as
    /// they are, and at most 1,000 leftovers of each kind kept.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limits: Limits::untrusted(),
            spool_dir: None,
            root: None,
            key_prefix: String::new(),
            key_suffix: String::new(),
            max_leftovers_count: 1_000,
        }
    }

    /// What is read at most. Default: [`Limits::untrusted`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Where documents are put down that cannot be read from their place: all of a compressed tar, and the large deflated
    /// ones of a zip. They lie in one file without a name that is gone when the plan is. Default: nowhere, and archives that
    /// need it are refused.
    #[must_use]
    pub fn with_spool_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool_dir = Some(folder.into());
        self
    }

    /// The folder inside the archive that is the files folder, such as `data/files`; documents elsewhere are reported.
    ///
    /// Default: the folder above the shard folders of all documents, wherever it is. An archive with documents in several
    /// such folders is refused until one is named here; the empty text names the top.
    #[must_use]
    pub fn with_root(mut self, folder: impl Into<String>) -> Self {
        self.root = Some(folder.into());
        self
    }

    /// What stands before the uuid in every file's name; files without it are reported. Default: nothing.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.key_prefix = prefix.into();
        self
    }

    /// What stands behind the uuid in every file's name; files without it are reported. Default: nothing.
    #[must_use]
    pub fn with_key_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.key_suffix = suffix.into();
        self
    }

    /// How many leftovers of each kind are kept, the first by path; all are counted. Default: 1,000.
    #[must_use]
    pub const fn with_max_leftovers_count(mut self, count: usize) -> Self {
        self.max_leftovers_count = count;
        self
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl Default for ArchiveOptions {
    fn default() -> Self {
        Self::new()
    }
}
