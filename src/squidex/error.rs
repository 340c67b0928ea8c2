//! Errors of reading, cloning and writing Squidex archives: [`Error`] and its [`ErrorKind`].

use std::io;

use thiserror::Error as ThisError;

use crate::error::{Category, Kind, ModuleError, module_error};
use crate::json::JsonError;
use crate::limits::LimitExceeded;
use crate::zip;

pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

module_error! {
    /// An error of reading, cloning or writing a Squidex archive.
    ///
    /// ```
    /// use appsnap::{Limits, squidex};
    ///
    /// let other = std::fs::read("examples/data/files.zip")?;
    /// let error = squidex::Archive::open(&other, &Limits::untrusted()).unwrap_err();
    /// assert!(matches!(error.kind(), squidex::ErrorKind::NotBackup));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub struct Error(ErrorKind);
    with Io, Limit, Cancelled;
}

/// The reason of an [`Error`].
#[derive(Clone, Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Reading or writing failed; [`source`](std::error::Error::source) has the cause.
    #[error("{action} failed")]
    #[non_exhaustive]
    Io {
        /// The action that failed.
        action: &'static str,
    },
    /// The zip file is damaged, ambiguous, or uses a feature that is refused.
    #[error("{0}")]
    Zip(zip::Error),
    /// The zip file contains neither events nor attachments.
    #[error("the zip file is not a Squidex backup: it contains neither events nor attachments")]
    NotBackup,
    /// The events and attachments are in a folder of the zip file, in which a restore does not look for them.
    #[error(
        "the Squidex backup is inside the folder {folder:?} of the zip file, where a restore finds nothing: extract it, and \
         zip the contents of that folder: unzip FILE && cd {folder:?} && zip -r ../backup.zip attachments events"
    )]
    #[non_exhaustive]
    InFolder {
        /// The folder.
        folder: String,
    },
    /// The names of the entries have backslashes instead of slashes.
    #[error(
        "the names of the entries have backslashes instead of slashes, so a restore finds nothing: extract the zip file, \
         and zip it again: unzip FILE -d backup && cd backup && zip -r ../backup.zip attachments events"
    )]
    Backslashes,
    /// An entry has a name that could escape from a folder or deceive a reader.
    #[error("the name escapes from its folder or contains control characters: no Squidex backup contains such a name")]
    UnsafeName,
    /// The archive has another format version than Squidex restores.
    #[error("the backup has format version {major}, but Squidex restores version 5: create it again")]
    #[non_exhaustive]
    Version {
        /// The version of the archive.
        major: i64,
    },
    /// An event is not JSON, or has neither of the forms that Squidex writes.
    #[error("the event has neither of the forms that Squidex writes")]
    EventForm,
    /// An event has neither a member `n` (today's form) nor a member `data` (the former one).
    #[error("the event has neither a member n nor a member data")]
    EventEmpty,
    /// The payload of an event is not a JSON object.
    #[error("the payload is not a JSON object")]
    EventPayload,
    /// The headers of an event are not a JSON object.
    #[error("the headers are not a JSON object")]
    EventHeaders,
    /// An event has no type, or no stream name of the form `<type>-<id>`.
    #[error("the event has no type, or no stream name of the form <type>-<id>")]
    EventStream,
    /// An event creates an app without an id.
    #[error("the event creates an app without an id of the form <id>,<name>")]
    EventAppId,
    /// A JSON attachment cannot be parsed; `source` has the cause.
    #[error("the attachment is not the JSON that is expected")]
    Attachment,
    /// The archive cannot be cloned because its first event does not create the app.
    #[error("the first event does not create the app, so the id of the app is unknown")]
    NoApp,
    /// A text is not the name of an app.
    #[error("an app name consists of lower-case letters and digits, with single hyphens between them")]
    AppName,
    /// A limit is exceeded. For a trusted archive, raise the limit.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// The caller asked for something impossible.
    #[error("{0}")]
    Misuse(&'static str),
    /// The observer cancelled the operation.
    #[error("cancelled")]
    Cancelled,
}

impl Kind for ErrorKind {
    fn category(&self) -> Category {
        match self {
            Self::Io { .. } => Category::Io,
            Self::Zip(error) => error.category(),
            Self::Version { .. } => Category::Unsupported,
            Self::Limit(_) => Category::Limit,
            Self::Misuse(_) => Category::Misuse,
            Self::Cancelled => Category::Cancelled,
            _ => Category::BadInput,
        }
    }

    fn inner(&self) -> Option<&dyn ModuleError> {
        match self {
            Self::Zip(error) => Some(error),
            _ => None,
        }
    }
}

impl Error {
    /// Adds the number of an event as the context.
    pub(super) fn in_event(self, index: u64) -> Self {
        self.within(format!("event {index}"))
    }

    pub(super) fn json(kind: ErrorKind, source: serde_json::Error) -> Self {
        Self::new(kind).because(JsonError::from(source))
    }

    /// Converts an error of reading a zip entry, which may come from the zip reader or from the source.
    pub(super) fn reading(action: &'static str, error: io::Error) -> Self {
        error.downcast::<zip::Error>().map_or_else(|error| Self::io(action, error), Self::from)
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl From<zip::Error> for Error {
    fn from(error: zip::Error) -> Self {
        Self::new(ErrorKind::Zip(error))
    }
}
