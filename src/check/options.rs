//! The options of a check: [`CheckOptions`].

use crate::io::Parallelism;
use crate::limits::Limits;

/// Options of [`check()`](super::check()).
///
/// ```
/// use appsnap::check::CheckOptions;
///
/// let options = CheckOptions::new().with_target_database_bytes(10 << 30);
/// ```
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    pub(super) limits: Limits,
    pub(super) target_database_bytes: Option<u64>,
    pub(super) parallelism: Parallelism,
}

impl CheckOptions {
    /// Creates options with limits for untrusted input, and no target.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the limits; default [`Limits::untrusted`].
    ///
    /// [`Limits::max_findings_per_code`] bounds the findings that a report keeps;
    /// [`Limits::max_entries`] also bounds the rows of files that are compared with the documents.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the size of the target database, in bytes, for [`Code::TargetTooSmall`](super::Code::TargetTooSmall).
    /// Without it, the space is not checked.
    #[must_use]
    pub const fn with_target_database_bytes(mut self, target_bytes: u64) -> Self {
        self.target_database_bytes = Some(target_bytes);
        self
    }

    /// Sets the number of threads; default [`Parallelism::INLINE`]. The report does not depend on it.
    ///
    /// The dump in an archive is then decoded beside the archive, on a thread that may be 16 MiB behind. A bare dump that
    /// is [checked at any position](super::check_at) is decoded by all threads, several tables at a time.
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.parallelism = parallelism;
        self
    }
}
