//! The party that has to act on an error: [`Category`].

use std::io;

/// The party that has to act on an error: enough to choose an exit code or an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// The input is damaged, ambiguous, or something else than expected.
    BadInput,
    /// The input ends too early: transfer or create it again.
    Truncated,
    /// The input may be sound, but this build or the requested target cannot represent it.
    Unsupported,
    /// The input needs more than the [`Limits`](crate::Limits) allow.
    Limit,
    /// The requested item does not exist.
    NotFound,
    /// The source was modified while it was being read: try again.
    Changed,
    /// The operating system, the network, or a caller's `Read` or `Write` failed.
    Io,
    /// The observer cancelled the operation.
    Cancelled,
    /// The caller asked for something impossible.
    Misuse,
    /// A bug in this crate.
    Internal,
}

impl Category {
    /// The kind of the [`io::Error`] that carries an error of this category through `Read` and `Write`.
    pub(super) const fn io_kind(self) -> io::ErrorKind {
        match self {
            // Not `UnexpectedEof`, which a failing source may report, too.
            Self::BadInput | Self::Truncated => io::ErrorKind::InvalidData,
            Self::Limit => io::ErrorKind::FileTooLarge,
            Self::Unsupported => io::ErrorKind::Unsupported,
            Self::NotFound => io::ErrorKind::NotFound,
            Self::Misuse => io::ErrorKind::InvalidInput,
            // Never `Interrupted`: callers repeat the call then.
            Self::Changed | Self::Io | Self::Cancelled | Self::Internal => io::ErrorKind::Other,
        }
    }

    /// The category of what a caller's `Read` reports: a decoder in it is the judge of the bytes.
    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::BadInput,
            // The system has this kind, too, for a file that it cannot write: without an inner error.
            io::ErrorKind::FileTooLarge if error.get_ref().is_some() => Self::Limit,
            _ => Self::Io,
        }
    }
}
