//! Why a check could not be made: [`Error`].

use std::error::Error as StdError;
use std::fmt;
use std::io;

use thiserror::Error as ThisError;

use crate::observe::Cancelled;
use crate::{pgdump, snapshot};

/// A [`Result`](std::result::Result) whose error is this module's [`Error`], unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a check could not be made.
///
/// Whatever is wrong with the file itself is a finding and never an error.
///
/// ```
/// use std::io::{self, Read};
/// use appsnap::check::{CheckOptions, ErrorKind, Profile, check};
/// use appsnap::observe::NoObserver;
///
/// struct Unplugged;
/// impl Read for Unplugged {
///     fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
///         Err(io::ErrorKind::NotConnected.into())
///     }
/// }
///
/// let error = check(Unplugged, &Profile::format(), &CheckOptions::new(), &mut NoObserver).unwrap_err();
/// match error.kind() {
///     ErrorKind::Io => println!("look at the disk: {error}"),
///     ErrorKind::CompressionUnavailable { algorithm, .. } => println!("built without {algorithm}"),
///     other => unreachable!("{other}"),
/// }
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The reasons, grouped by who has to act.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source failed: look at the disk, the pipe, the network.
    #[error("reading failed")]
    Io,
    /// The data of the dump are compressed in a way that this build cannot read: turn the crate feature on.
    #[error("data compressed with {algorithm} cannot be read: the crate feature {algorithm} is off")]
    #[non_exhaustive]
    CompressionUnavailable {
        /// Name of the algorithm and of the crate feature.
        algorithm: &'static str,
    },
    /// The observer ended the work.
    #[error("cancelled")]
    Cancelled,
    /// A fault of this crate.
    #[error("a layer below was used wrongly, which is a fault of this crate")]
    Internal,
}

impl Error {
    #[cold]
    fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, source: None }))
    }

    #[cold]
    fn because(kind: ErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Box::new(Inner { kind, source: Some(source.into()) }))
    }

    /// The reason, to be matched.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the observer ended the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == ErrorKind::Cancelled
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Self {
        Self::new(ErrorKind::Cancelled)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::because(ErrorKind::Io, error)
    }
}

/// The error of a check that met an error of a layer below for which the file is not to blame.
#[cold]
pub(super) fn not_a_finding(error: impl Into<LayerError>) -> Error {
    let error = error.into();
    let kind = match &error {
        LayerError::Snapshot(error) => match error.kind() {
            snapshot::ErrorKind::Cancelled => ErrorKind::Cancelled,
            _ if error.is_io() => ErrorKind::Io,
            _ => ErrorKind::Internal,
        },
        LayerError::Dump(error) => match *error.kind() {
            pgdump::ErrorKind::Cancelled => ErrorKind::Cancelled,
            pgdump::ErrorKind::Io { .. } => ErrorKind::Io,
            pgdump::ErrorKind::CompressionUnavailable { algorithm } => ErrorKind::CompressionUnavailable { algorithm },
            _ => ErrorKind::Internal,
        },
    };
    match error {
        LayerError::Snapshot(error) => Error::because(kind, error),
        LayerError::Dump(error) => Error::because(kind, error),
    }
}

pub(super) enum LayerError {
    Snapshot(snapshot::Error),
    Dump(pgdump::Error),
}

impl From<snapshot::Error> for LayerError {
    fn from(error: snapshot::Error) -> Self {
        Self::Snapshot(error)
    }
}

impl From<pgdump::Error> for LayerError {
    fn from(error: pgdump::Error) -> Self {
        Self::Dump(error)
    }
}
