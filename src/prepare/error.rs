//! Why data could not be prepared: [`Error`].

use std::error::Error as StdError;
use std::fmt;
use std::io;

use thiserror::Error as ThisError;

use crate::layout::escaped;
use crate::observe::Cancelled;
use crate::{pgdump, snapshot};

/// A [`Result`](std::result::Result) whose error is this module's [`Error`], unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why data could not be prepared. Pointer-sized.
///
/// ```
/// use std::io::Cursor;
/// use appsnap::observe::NoObserver;
/// use appsnap::prepare::{Database, ErrorKind, PrepareOptions};
///
/// let script = Cursor::new(b"--\n-- PostgreSQL database dump\n--\n");
/// let error = Database::open(script, &PrepareOptions::new(), &mut NoObserver).unwrap_err();
/// match error.kind() {
///     ErrorKind::Dump(dump) => println!("dump again: {dump}"),
///     ErrorKind::SpoolNeeded => println!("name a folder: {error}"),
///     other => unreachable!("{other}"),
/// }
/// assert!(error.is_bad_input());
/// ```
#[derive(Debug)]
pub struct Error(Box<ErrorKind>);

/// The reasons, grouped by who has to act.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file, the source or the sink failed.
    #[error("{action} failed")]
    #[non_exhaustive]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The dump cannot be used: dump again, or copy it again.
    #[error("{0}")]
    Dump(pgdump::Error),
    /// The archive cannot be read, or not be written.
    #[error("{0}")]
    Archive(snapshot::Error),
    /// Orphans were to be dropped, and nothing tells which documents are orphans.
    #[error("orphans cannot be told from other documents: {0}")]
    OrphansUnknown(&'static str),
    /// The data of the dump must be compressed anew, and there is nowhere to put them down meanwhile.
    #[error("the dump has to be compressed anew, which needs a folder to put it down in: name one as spool folder")]
    SpoolNeeded,
    /// A file of the archive has no place in a snapshot, and where it belongs would be a guess: take it out of the
    /// archive, or put it to its place.
    #[error("{name}: {reason}; take it out or put it to its place, where it belongs would be a guess")]
    #[non_exhaustive]
    Unplaceable {
        /// The file, escaped for display.
        name: String,
        /// What is wrong with its place.
        reason: &'static str,
    },
    /// Two files of the archive belong to one place, and which one is right would be a guess: take one out.
    #[error("{name}: two files belong here, and which one is right would be a guess; take one out")]
    #[non_exhaustive]
    Repeated {
        /// The place, escaped for display.
        name: String,
    },
    /// The archive holds neither a dump nor a document.
    #[error("there is neither a dump nor a document in the archive")]
    Nothing,
    /// The source gave other bytes when it was read again: nothing may write to it meanwhile.
    #[error("the archive changed while it was being repaired")]
    Changed,
    /// The observer ended the work.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    #[cold]
    pub(super) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(kind))
    }

    #[cold]
    pub(super) fn io(action: &'static str, source: io::Error) -> Self {
        // Errors of the layers below that travelled through `Read` come out as what they were.
        match source.downcast::<snapshot::Error>() {
            Ok(error) => error.into(),
            Err(source) => match source.downcast::<pgdump::Error>() {
                Ok(error) => error.into(),
                Err(source) => Self::new(ErrorKind::Io { action, source }),
            },
        }
    }

    #[cold]
    pub(super) fn unplaceable(name: &[u8], reason: &'static str) -> Self {
        Self::new(ErrorKind::Unplaceable { name: escaped(name).to_string(), reason })
    }

    #[cold]
    pub(super) fn repeated(name: &[u8]) -> Self {
        Self::new(ErrorKind::Repeated { name: escaped(name).to_string() })
    }

    /// The reason, to be matched.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// Whether what was read is at fault, rather than the system or the way it was used.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        match &*self.0 {
            ErrorKind::Dump(error) => error.is_bad_input() || error.is_limit(),
            ErrorKind::Archive(error) => !error.is_io() && !error.is_cancelled() && !is_misuse(error),
            ErrorKind::Unplaceable { .. } | ErrorKind::Repeated { .. } | ErrorKind::Nothing => true,
            ErrorKind::OrphansUnknown(_) => true,
            ErrorKind::Io { .. } | ErrorKind::SpoolNeeded | ErrorKind::Changed | ErrorKind::Cancelled => false,
        }
    }

    /// Whether the observer ended the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        match &*self.0 {
            ErrorKind::Cancelled => true,
            ErrorKind::Archive(error) => error.is_cancelled(),
            ErrorKind::Dump(error) => matches!(error.kind(), pgdump::ErrorKind::Cancelled),
            _ => false,
        }
    }
}

fn is_misuse(error: &snapshot::Error) -> bool {
    matches!(error.kind(), snapshot::ErrorKind::Misuse(_) | snapshot::ErrorKind::Exists)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.0 {
            // These kinds print their cause themselves; what lies behind it is next in the chain.
            ErrorKind::Dump(error) => error.source(),
            ErrorKind::Archive(error) => error.source(),
            kind => StdError::source(kind),
        }
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Self {
        Self::new(ErrorKind::Cancelled)
    }
}

impl From<pgdump::Error> for Error {
    fn from(error: pgdump::Error) -> Self {
        Self::new(ErrorKind::Dump(error))
    }
}

impl From<snapshot::Error> for Error {
    /// A dump that fails while it goes into the archive fails as a dump.
    fn from(error: snapshot::Error) -> Self {
        Self::new(ErrorKind::Archive(error))
    }
}
