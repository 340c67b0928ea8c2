//! Options for reading dumps in any form: [`DumpOptions`].

use std::path::PathBuf;

use crate::io::Parallelism;
use crate::limits::Limits;

/// Options for reading dumps in any form.
///
/// ```
/// use appsnap::{Limits, io::Parallelism};
/// use appsnap::source::dump::DumpOptions;
///
/// let options = DumpOptions::new().with_limits(Limits::trusted()).with_parallelism(Parallelism::threads(2));
/// ```
#[derive(Clone, Debug)]
pub struct DumpOptions {
    pub(super) limits: Limits,
    pub(super) parallelism: Parallelism,
    pub(super) spool_dir: Option<PathBuf>,
}

impl DumpOptions {
    /// Creates options with the default of each method.
    #[must_use]
    pub const fn new() -> Self {
        Self { limits: Limits::untrusted(), parallelism: Parallelism::INLINE, spool_dir: None }
    }

    /// Sets the limits for reading. Default: [`Limits::untrusted`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the threads that verify the files of a dump in directory format, several at a time. Default: none.
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// Sets the directory for the temporary file that is needed for a tar file which cannot be read at random, because it
    /// is compressed or a stream. Default: none, and such input is refused.
    ///
    /// The file has no name, and is deleted with the reader.
    #[must_use]
    pub fn with_spool_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool_dir = Some(folder.into());
        self
    }

    /// Returns the limits.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }
}

impl Default for DumpOptions {
    fn default() -> Self {
        Self::new()
    }
}
