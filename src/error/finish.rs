//! The error of a writer that could not finish: [`FinishError`].

use std::error::Error as StdError;
use std::fmt;

/// The error of a writer that could not finish, with the sink that it owned.
///
/// `?` converts it into the error alone.
///
/// ```
/// use appsnap::metadata::Metadata;
/// use appsnap::snapshot::{SnapshotWriter, WriteOptions};
///
/// let metadata = Metadata::new().with_files_size_bytes(5);
/// let writer = SnapshotWriter::start(Vec::new(), &metadata, &WriteOptions::new())?;
/// let (error, incomplete) = writer.finish().unwrap_err().into_parts();
/// println!("{error} after {} bytes", incomplete.len());
/// # Ok::<(), appsnap::Error>(())
/// ```
pub struct FinishError<W, E> {
    error: E,
    sink: W,
}

impl<W, E> FinishError<W, E> {
    pub(crate) const fn new(error: E, sink: W) -> Self {
        Self { error, sink }
    }

    /// Returns the error.
    pub const fn error(&self) -> &E {
        &self.error
    }

    /// Returns the error and the sink, which contains a part of the output.
    pub fn into_parts(self) -> (E, W) {
        (self.error, self.sink)
    }
}

impl<W, E: fmt::Display> fmt::Display for FinishError<W, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<W, E: fmt::Debug> fmt::Debug for FinishError<W, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FinishError").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<W, E: StdError> StdError for FinishError<W, E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}
