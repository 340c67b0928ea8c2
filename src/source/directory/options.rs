//! Options for walking a files folder: [`DirectoryOptions`].

use crate::io::Parallelism;
use crate::source::naming::naming_setters;

/// Options for walking a files folder.
///
/// ```
/// use appsnap::io::Parallelism;
/// use appsnap::source::directory::DirectoryOptions;
///
/// let options = DirectoryOptions::new().with_key_prefix("mendix-").with_parallelism(Parallelism::threads(16));
/// ```
#[derive(Clone, Debug)]
pub struct DirectoryOptions {
    pub(super) parallelism: Parallelism,
    pub(super) key_prefix: String,
    pub(super) key_suffix: String,
    pub(super) unreadable: Unreadable,
    pub(super) max_findings_per_code: u64,
}

/// The reaction to a file or folder that the system does not allow to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Return an error that names it, since the snapshot would lack documents.
    #[default]
    Fail,
    /// Continue and report it, for a first look at a folder.
    Report,
}

impl DirectoryOptions {
    /// Creates options with the default of each method.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            parallelism: Parallelism::INLINE,
            key_prefix: String::new(),
            key_suffix: String::new(),
            unreadable: Unreadable::Fail,
            max_findings_per_code: 1_000,
        }
    }

    /// Sets the number of threads that walk the folder. Default: [`Parallelism::INLINE`].
    ///
    /// On a disk without cached data every request waits, so more threads than cores help: sixteen list 50,000 uncached
    /// files almost three times as fast as one. With cached data, use as many threads as there are cores.
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// Reports files and folders that the system does not allow to be read, for a first look at a folder. Default: they
    /// are errors, because the snapshot would lack documents.
    #[must_use]
    pub const fn with_unreadable_reported(mut self) -> Self {
        self.unreadable = Unreadable::Report;
        self
    }
}

naming_setters! {
    DirectoryOptions, "key of a bucket copy",
    ///
    /// A slash in the prefix is a folder in a copy: `apps/shop-` means the files in `apps` whose names begin with `shop-`.
}
