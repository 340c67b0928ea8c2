//! Why object storage could not be read or written on.

use std::fmt;
use std::io;

use object_store::path::Path;
use thiserror::Error as ThisError;

use crate::layout;

/// A result with the error of this module.
pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request to object storage failed: the reason, the object, and where in it.
///
/// ```
/// # use std::sync::Arc;
/// # use appsnap::remote::object_store::{memory::InMemory, path::Path};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let handle = runtime.handle().clone();
/// # std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
/// # let (store, place) = (Arc::new(InMemory::new()), Path::from("backups/monday.tar.gz"));
/// use appsnap::remote::{ErrorKind, FetchOptions, RemoteObject};
///
/// let error = RemoteObject::open(store, place, handle.clone(), &FetchOptions::new()).unwrap_err();
/// match error.kind() {
///     ErrorKind::Absent => println!("{error}"),
///     ErrorKind::Changed => println!("open it again: {error}"),
///     ErrorKind::Denied { .. } => println!("look at the credentials: {error}"),
///     other => unreachable!("{other}"),
/// }
/// assert_eq!(error.location(), "backups/monday.tar.gz");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    /// The object's place, escaped.
    location: String,
    position: Option<u64>,
}

/// The reasons, grouped by who has to act.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such object.
    #[error("there is no such object in the store")]
    Absent,
    /// The object was replaced while it was being read; what was read before belongs to another one. Open it again.
    #[error("the object was replaced while it was being read: open it again")]
    Changed,
    /// The store refused the credentials, or has none.
    #[error("the store does not allow {action}: check the credentials and their rights")]
    #[non_exhaustive]
    Denied {
        /// What was being done.
        action: &'static str,
        /// What the store said.
        #[source]
        source: object_store::Error,
    },
    /// A request failed, after whatever retries the store's client makes.
    #[error("{action} failed")]
    #[non_exhaustive]
    Store {
        /// What was being done.
        action: &'static str,
        /// What the store's client said.
        #[source]
        source: object_store::Error,
    },
    /// The store sent another number of bytes than it announced.
    #[error("the store sent {actual_bytes} of {wanted_bytes} bytes")]
    #[non_exhaustive]
    Short {
        /// What was asked for.
        wanted_bytes: u64,
        /// What the store sent.
        actual_bytes: u64,
    },
    /// The upload would need more parts than stores take.
    #[error("the upload needs more than {max_parts_count} parts: make the parts larger")]
    #[non_exhaustive]
    TooManyParts {
        /// Most parts of one upload.
        max_parts_count: usize,
    },
    /// A task that sent a part panicked, or its runtime was shut down.
    #[error("a part could not be sent: its task was lost, probably with the runtime")]
    TaskLost,
    /// The caller did something that cannot be right.
    #[error("{0}")]
    Misuse(&'static str),
}

impl Error {
    #[cold]
    pub(super) fn new(kind: ErrorKind, location: &Path) -> Self {
        let location = layout::escaped(location.as_ref().as_bytes()).to_string();
        Self(Box::new(Inner { kind, location, position: None }))
    }

    /// Sorts what the store's client says.
    #[cold]
    pub(super) fn store(action: &'static str, source: object_store::Error, location: &Path) -> Self {
        use object_store::Error as Said;
        let kind = match source {
            Said::NotFound { .. } => ErrorKind::Absent,
            Said::Precondition { .. } | Said::NotModified { .. } => ErrorKind::Changed,
            Said::PermissionDenied { .. } | Said::Unauthenticated { .. } => ErrorKind::Denied { action, source },
            source => ErrorKind::Store { action, source },
        };
        Self::new(kind, location)
    }

    #[cold]
    pub(super) fn at(mut self, position: u64) -> Self {
        self.0.position.get_or_insert(position);
        self
    }

    /// The reason, to be matched.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The object's place in the store, escaped for display.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.0.location
    }

    /// The offset in the object where reading failed, when it was a read.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.0.position
    }

    /// Whether there is no such object.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self.kind(), ErrorKind::Absent)
    }

    /// Whether the object was replaced since it was opened.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        matches!(self.kind(), ErrorKind::Changed)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.location)?;
        if let Some(position) = self.0.position {
            write!(f, "at byte {position}: ")?;
        }
        self.0.kind.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.kind)
    }
}

impl From<Error> for io::Error {
    /// Lets the error travel through `ReadAt` and `Write`; [`io::Error::downcast`] takes it out again.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Absent => io::ErrorKind::NotFound,
            ErrorKind::Denied { .. } => io::ErrorKind::PermissionDenied,
            ErrorKind::Short { .. } => io::ErrorKind::UnexpectedEof,
            ErrorKind::Misuse(_) => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
