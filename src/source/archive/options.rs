//! Options for reading an archive of a files folder: [`ArchiveOptions`].

use std::path::PathBuf;

use crate::limits::Limits;
use crate::source::naming::naming_setters;

/// Options for reading an archive of a files folder.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::source::ArchiveOptions;
///
/// let options = ArchiveOptions::new().with_limits(Limits::trusted()).with_spool_dir("/var/tmp");
/// ```
#[derive(Clone, Debug)]
pub struct ArchiveOptions {
    pub(in crate::source) limits: Limits,
    pub(super) spool_dir: Option<PathBuf>,
    pub(super) root: Option<String>,
    pub(super) key_prefix: String,
    pub(super) key_suffix: String,
    pub(super) max_findings_per_code: u64,
}

impl ArchiveOptions {
    /// Creates options with the default of each method.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limits: Limits::untrusted(),
            spool_dir: None,
            root: None,
            key_prefix: String::new(),
            key_suffix: String::new(),
            max_findings_per_code: 1_000,
        }
    }

    /// Sets the limits for reading. Default: [`Limits::untrusted`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the directory for the temporary file that holds documents which cannot be read from the archive at random: all
    /// of a compressed tar, and the large deflated ones of a zip. Default: none, and archives that need it are refused.
    ///
    /// The file has no name, and is deleted with the plan.
    #[must_use]
    pub fn with_spool_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool_dir = Some(folder.into());
        self
    }

    /// Sets the folder inside the archive that is the files folder, such as `data/files`. Documents in other folders are
    /// reported.
    ///
    /// Default: the folder above the shard folders of all documents. An archive with documents in several such folders is
    /// refused until one is named here; the empty string means the top of the archive.
    #[must_use]
    pub fn with_root(mut self, folder: impl Into<String>) -> Self {
        self.root = Some(folder.into());
        self
    }
}

naming_setters! {
    ArchiveOptions, "file name",
}
