//! The error of reading and writing objects.

use std::io;

use object_store::path::Path;
use thiserror::Error as ThisError;

use crate::error::{Category, Kind, module_error};

pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

module_error! {
    /// The error of reading and writing objects. The context is the object's path, the position is counted in the object.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use appsnap::remote::object_store::{memory::InMemory, path::Path};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # let (store, path) = (Arc::new(InMemory::new()), Path::from("backups/monday.tar.gz"));
    /// use appsnap::remote::{ErrorKind, RemoteObject};
    ///
    /// let error = RemoteObject::open(store, path, runtime.handle().clone()).unwrap_err();
    /// match error.kind() {
    ///     ErrorKind::NotFound => println!("{error}"),
    ///     ErrorKind::Changed => println!("open it again: {error}"),
    ///     ErrorKind::Denied { .. } => println!("look at the credentials: {error}"),
    ///     other => unreachable!("{other:?}"),
    /// }
    /// assert_eq!(error.context(), Some("backups/monday.tar.gz"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Error(ErrorKind);
}

/// The kinds of [`Error`], grouped by who has to act.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store has no such object.
    #[error("the store has no such object")]
    NotFound,
    /// The object was replaced while it was being read: open it again.
    #[error("the object was replaced while it was being read: open it again")]
    Changed,
    /// The store refused the credentials, or there are none.
    #[error("the store does not allow {action}: check the credentials and their rights")]
    #[non_exhaustive]
    Denied {
        /// The operation, for people.
        action: &'static str,
    },
    /// A request failed, after the retries that the store's client makes.
    #[error("{action} failed")]
    #[non_exhaustive]
    Store {
        /// The operation, for people.
        action: &'static str,
    },
    /// The store sent another number of bytes than it was asked for.
    #[error("the store sent {actual_bytes} of {wanted_bytes} bytes")]
    #[non_exhaustive]
    Short {
        /// The number that was requested.
        wanted_bytes: u64,
        /// The number that arrived.
        actual_bytes: u64,
    },
    /// The upload would need more parts than stores accept.
    #[error("the upload needs more than {max_parts_count} parts: make the parts larger")]
    #[non_exhaustive]
    TooManyParts {
        /// The largest number of parts of an upload.
        max_parts_count: usize,
    },
    /// The destination contains documents already: of another upload, or not of an upload.
    #[error(
        "the bucket contains documents with these keys, or the manifest of another upload: choose another key prefix, or \
         allow replacing them"
    )]
    Exists,
    /// The archive whose documents are uploaded changed after it was verified.
    #[error("the archive changed after it was verified: upload it again while no program writes to it")]
    ArchiveChanged,
    /// The task of a request panicked, or its runtime was shut down.
    #[error("the request was lost: its task panicked, or the runtime was shut down")]
    TaskLost,
    /// The caller asked for something impossible.
    #[error("{0}")]
    Misuse(&'static str),
}

impl Kind for ErrorKind {
    const POSITION_IN: &'static str = "the object";

    fn category(&self) -> Category {
        match self {
            Self::NotFound => Category::NotFound,
            Self::Changed | Self::ArchiveChanged => Category::Changed,
            Self::Denied { .. } | Self::Store { .. } | Self::Short { .. } | Self::TaskLost => Category::Io,
            Self::TooManyParts { .. } | Self::Exists | Self::Misuse(_) => Category::Misuse,
        }
    }

    fn io_kind(&self) -> Option<io::ErrorKind> {
        matches!(self, Self::Denied { .. }).then_some(io::ErrorKind::PermissionDenied)
    }
}

impl Error {
    #[cold]
    pub(crate) fn of(kind: ErrorKind, path: &Path) -> Self {
        Self::new(kind).within_name(path.as_ref().as_bytes())
    }

    /// The error that an error of the store's client means.
    #[cold]
    pub(crate) fn store(action: &'static str, source: object_store::Error, path: &Path) -> Self {
        use object_store::Error as Source;
        let kind = match source {
            Source::NotFound { .. } => return Self::of(ErrorKind::NotFound, path),
            Source::Precondition { .. } | Source::NotModified { .. } => return Self::of(ErrorKind::Changed, path),
            Source::PermissionDenied { .. } | Source::Unauthenticated { .. } => ErrorKind::Denied { action },
            _ => ErrorKind::Store { action },
        };
        Self::of(kind, path).because(source)
    }
}
