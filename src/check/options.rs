//! How a check is made: [`CheckOptions`].

use crate::limits::Limits;

/// How a check is made.
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
}

impl CheckOptions {
    /// Limits for untrusted input, and no target.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bounds for what is read; default [`Limits::untrusted`].
    ///
    /// [`Limits::max_findings_per_code`] bounds the findings that a report keeps;
    /// [`Limits::max_entries`] also bounds the rows of files that are compared with the documents.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The size in bytes of the database that it is to be restored into, for
    /// [`Code::TargetTooSmall`](super::Code::TargetTooSmall); without it, space is not judged.
    #[must_use]
    pub const fn with_target_database_bytes(mut self, target_bytes: u64) -> Self {
        self.target_database_bytes = Some(target_bytes);
        self
    }
}
