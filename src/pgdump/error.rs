//! The error of the pgdump engine: [`Error`].

use std::borrow::Cow;

use thiserror::Error as ThisError;

use super::corruption::Corruption;
use super::identity::Identity;
use super::version::FormatVersion;
use crate::error::{Category, Kind, module_error};
use crate::limits::LimitExceeded;

module_error! {
    /// The error of the pgdump engine. Its position is counted in the dump, its context is an entry or a stream.
    ///
    /// ```
    /// use appsnap::{Limits, observe::NoObserver};
    /// use appsnap::pgdump::{ErrorKind, inspect};
    ///
    /// let dump = std::fs::read("examples/data/quickstart.dump")?;
    /// let error = inspect(&dump[..dump.len() - 1], &Limits::untrusted(), &mut NoObserver).unwrap_err();
    /// match error.kind() {
    ///     ErrorKind::Truncated { .. } | ErrorKind::Corrupt(_) => println!("copy it again: {error}"),
    ///     ErrorKind::NotAnArchive { identity, .. } => println!("{}", identity.hint().unwrap_or("no dump".into())),
    ///     _ => println!("{error}"),
    /// }
    /// assert!(error.is_truncated() && error.position() == Some(dump.len() as u64 - 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub struct Error(ErrorKind);
    with Io, Limit, Cancelled;
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source or the sink failed.
    #[error("{action} failed")]
    #[non_exhaustive]
    Io {
        /// The operation that failed.
        action: &'static str,
    },
    /// The input does not start like an archive of pg_dump.
    #[error("not a pg_dump archive: {}", .identity.hint().unwrap_or(std::borrow::Cow::Borrowed("it does not start with PGDMP")))]
    #[non_exhaustive]
    NotAnArchive {
        /// The kind of file that it is instead, as far as its first bytes show.
        identity: Identity,
    },
    /// The input is an archive, but not a file in custom format.
    #[error(
        "the archive has format code {code}, but a dump in custom format has 1: dump again with pg_dump -Fc -f FILE DATABASE"
    )]
    #[non_exhaustive]
    NotCustomFormat {
        /// The format code in the header: 3 tar (and every `toc.dat`), 4 plain, 5 directory.
        code: u8,
    },
    /// The version of the archive is not known; a later release of this crate may know it.
    #[error("archive version {major}.{minor} is unknown: 1.0 to 1.16 are supported")]
    #[non_exhaustive]
    UnsupportedVersion {
        /// The number before the dot.
        major: u8,
        /// The number after the dot.
        minor: u8,
    },
    /// This build lacks the decoder for the data.
    #[error("data compressed with {algorithm} cannot be read: enable the crate feature {algorithm}")]
    #[non_exhaustive]
    CompressionUnavailable {
        /// The name of the algorithm and of the crate feature.
        algorithm: &'static str,
    },
    /// The input ends too early.
    #[error("the dump is truncated: it ends inside {what}; create it again, or copy it again and compare sizes")]
    #[non_exhaustive]
    Truncated {
        /// The part that is incomplete.
        what: &'static str,
    },
    /// The input contradicts the format or itself.
    #[error("the dump is damaged: {0}")]
    Corrupt(Cow<'static, str>),
    /// The input needs more than a limit allows.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// A file of the dump has changed since the dump was opened.
    #[error("the file has changed while the dump was read: wait until the dump is complete, and read it again")]
    Changed,
    /// The archive version that is to be written has no form for something.
    #[error("archive version {version} cannot express {what}")]
    #[non_exhaustive]
    Inexpressible {
        /// The part that cannot be written.
        what: &'static str,
        /// The version that was to be written.
        version: FormatVersion,
    },
    /// The table has no column with this name.
    #[error("the table has no column {column}")]
    #[non_exhaustive]
    UnknownColumn {
        /// The name, escaped.
        column: String,
    },
    /// A value is not of the type that the caller requested.
    #[error("the value of column {column} in row {row} is not of type {expected}")]
    #[non_exhaustive]
    UnexpectedValue {
        /// The name of the column, escaped.
        column: String,
        /// The number of the row, counted from 1.
        row: u64,
        /// The type.
        expected: &'static str,
    },
    /// A rule or pattern of the caller does not fit the dump.
    #[error("{0}")]
    Rule(String),
    /// The caller asked for something impossible.
    #[error("{0}")]
    Misuse(&'static str),
    /// The observer cancelled the operation.
    #[error("cancelled")]
    Cancelled,
    /// A bug in this crate.
    #[error("internal error: {0}")]
    Internal(&'static str),
}

impl Kind for ErrorKind {
    const POSITION_IN: &'static str = "the dump";

    fn category(&self) -> Category {
        match self {
            Self::Io { .. } => Category::Io,
            Self::NotAnArchive { .. }
            | Self::NotCustomFormat { .. }
            | Self::UnsupportedVersion { .. }
            | Self::Corrupt(_)
            | Self::UnexpectedValue { .. } => Category::BadInput,
            Self::Truncated { .. } => Category::Truncated,
            Self::CompressionUnavailable { .. } | Self::Inexpressible { .. } => Category::Unsupported,
            Self::Changed => Category::Changed,
            Self::Limit(_) => Category::Limit,
            Self::UnknownColumn { .. } => Category::NotFound,
            Self::Rule(_) | Self::Misuse(_) => Category::Misuse,
            Self::Cancelled => Category::Cancelled,
            Self::Internal(_) => Category::Internal,
        }
    }
}

impl Error {
    #[cold]
    pub(super) fn truncated(what: &'static str) -> Self {
        Self::new(ErrorKind::Truncated { what })
    }

    #[cold]
    pub(super) fn internal(what: &'static str) -> Self {
        Self::new(ErrorKind::Internal(what))
    }
}

impl From<Corruption> for ErrorKind {
    fn from(what: Corruption) -> Self {
        Self::Corrupt(what.to_string().into())
    }
}

impl From<Corruption> for Error {
    fn from(what: Corruption) -> Self {
        Self::new(what.into())
    }
}
