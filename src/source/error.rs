//! Why collecting documents stopped: [`Error`], with the path and what was being done there.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A [`Result`](std::result::Result) whose error is this module's [`Error`], unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why collecting documents stopped, and at which path.
///
/// Errors that happen while a document is opened or read travel through [`io::Error`]; this type is then its inner error.
///
/// ```
/// use appsnap::observe::NoObserver;
/// use appsnap::source::directory::{self, DirectoryOptions};
/// use appsnap::source::{Action, ErrorKind};
///
/// let error = directory::scan("no/such/folder", &DirectoryOptions::new(), &mut NoObserver).unwrap_err();
/// match error.kind() {
///     ErrorKind::Io { action, .. } => assert!(matches!(action, Action::List | Action::Inspect)),
///     ErrorKind::Changed { .. } => println!("stop the app first: {error}"),
///     other => unreachable!("{other:?}"),
/// }
/// assert_eq!(error.path(), std::path::Path::new("no/such/folder"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    path: PathBuf,
    kind: ErrorKind,
    cause: Option<io::Error>,
}

/// What went wrong, grouped by who has to act.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system refused; [`source`](StdError::source) says why.
    #[non_exhaustive]
    Io {
        /// What was being done.
        action: Action,
    },
    /// The length of a file is not the planned one: somebody writes to the folder.
    #[non_exhaustive]
    Changed {
        /// Length when the plan was made.
        planned_bytes: u64,
        /// Length that was found.
        found_bytes: u64,
    },
    /// Something else lies where a file was planned: a link, a folder, or another file put there in the same instant.
    Replaced,
    /// The archive is damaged, ambiguous, beyond the limits or of a kind that is not read;
    /// [`source`](StdError::source) says how.
    Archive,
    /// The archive holds a file of this name twice, and programs disagree about which of them counts.
    Ambiguous,
    /// The archive holds a name that reaches outside of a folder, or control characters.
    HostileName,
    /// The caller asked for something impossible; the text says what.
    Misuse(&'static str),
    /// The observer ended the work.
    Cancelled,
}

/// What was being done when the system refused.
///
/// ```
/// use std::path::Path;
/// use appsnap::observe::NoObserver;
/// use appsnap::source::directory::{self, DirectoryOptions};
/// use appsnap::source::{Action, ErrorKind};
///
/// let error = directory::scan(Path::new("Cargo.toml"), &DirectoryOptions::new(), &mut NoObserver).unwrap_err();
/// assert!(!matches!(error.kind(), ErrorKind::Io { action: Action::Read, .. }), "nothing was read: {error}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Listing a folder.
    List,
    /// Asking for a file's type or length.
    Inspect,
    /// Opening a file to be read.
    Open,
    /// Reading what a file holds.
    Read,
    /// Putting documents down in a folder for such things.
    Spool,
}

impl Action {
    const fn words(self) -> &'static str {
        match self {
            Self::List => "cannot list the folder",
            Self::Inspect => "cannot learn the type and length of",
            Self::Open => "cannot open",
            Self::Read => "cannot read",
            Self::Spool => "cannot put documents down in",
        }
    }
}

impl Error {
    #[cold]
    pub(super) fn new(path: impl Into<PathBuf>, kind: ErrorKind) -> Self {
        Self(Box::new(Inner { path: path.into(), kind, cause: None }))
    }

    #[cold]
    pub(super) fn io(path: impl Into<PathBuf>, action: Action, cause: io::Error) -> Self {
        Self(Box::new(Inner { path: path.into(), kind: ErrorKind::Io { action }, cause: Some(cause) }))
    }

    #[cold]
    pub(super) fn caused(path: impl Into<PathBuf>, kind: ErrorKind, cause: io::Error) -> Self {
        Self(Box::new(Inner { path: path.into(), kind, cause: Some(cause) }))
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The file or folder concerned.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Whether the observer ended the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == ErrorKind::Cancelled
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `{:?}` of a path escapes control characters and whatever else would disturb a terminal.
        let path = &self.0.path;
        match self.0.kind {
            ErrorKind::Io { action } => write!(f, "{} {path:?}", action.words()),
            ErrorKind::Changed { planned_bytes, found_bytes } => write!(
                f,
                "{path:?} had {planned_bytes} bytes when the plan was made and has {found_bytes} now; \
                 stop the app that writes to the folder, or copy the folder first, and plan again"
            ),
            ErrorKind::Replaced => {
                write!(
                    f,
                    "{path:?} is no longer the file that was planned; stop the app that writes to the folder and plan again"
                )
            }
            ErrorKind::Archive => write!(f, "the archive {path:?} is not read"),
            ErrorKind::Ambiguous => write!(
                f,
                "{path:?} is in the archive twice, and programs disagree about which counts; pack the files folder anew"
            ),
            ErrorKind::HostileName => {
                write!(f, "{path:?} reaches outside of its folder; no archive of a files folder holds such a name")
            }
            ErrorKind::Misuse(what) => write!(f, "{path:?}: {what}"),
            ErrorKind::Cancelled => write!(f, "cancelled while collecting documents from {path:?}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { path, kind, cause } = &*self.0;
        f.debug_struct("Error").field("path", path).field("kind", kind).field("cause", cause).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as _)
    }
}

impl From<Error> for io::Error {
    /// The kind of the cause is kept, so `NotFound` and `PermissionDenied` stay visible.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Changed { .. }
            | ErrorKind::Replaced
            | ErrorKind::Archive
            | ErrorKind::Ambiguous
            | ErrorKind::HostileName => io::ErrorKind::InvalidData,
            ErrorKind::Misuse(_) => io::ErrorKind::InvalidInput,
            ErrorKind::Io { .. } | ErrorKind::Cancelled => {
                error.0.cause.as_ref().map_or(io::ErrorKind::Other, io::Error::kind)
            }
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn names_in_messages_are_escaped() {
        let error = Error::new("a\u{202e}b\x1b[2J", ErrorKind::Replaced);
        let text = error.to_string();
        assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text:?}");
    }
}
