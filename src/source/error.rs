//! The error of collecting documents.

use std::io;
use std::path::Path;

use thiserror::Error as ThisError;

use crate::error::{Category, Kind, ModuleError, carried, module_error};

pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

module_error! {
    /// The error of collecting documents. The context is the path.
    ///
    /// Errors that happen while a document is opened or read travel through [`io::Error`]; this type is then its inner error.
    ///
    /// ```
    /// use appsnap::observe::NoObserver;
    /// use appsnap::source::directory::{self, DirectoryOptions};
    ///
    /// let error = directory::scan("no/such/folder", &DirectoryOptions::new(), &mut NoObserver).unwrap_err();
    /// assert!(error.is_io());
    /// assert_eq!(error.context(), Some("no/such/folder"));
    /// ```
    pub struct Error(ErrorKind);
}

/// The kinds of [`Error`], grouped by who has to act.
#[derive(Clone, Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused; the source says why.
    #[error("{action} failed")]
    #[non_exhaustive]
    Io {
        /// The operation, for people.
        action: &'static str,
    },
    /// A file's length is not the planned one: something writes to the folder.
    #[error(
        "the file had {planned_bytes} bytes when the plan was made and has {found_bytes} now: \
         stop the app that writes to the folder, or copy the folder, and plan again"
    )]
    #[non_exhaustive]
    Changed {
        /// Its length when the plan was made.
        planned_bytes: u64,
        /// Its length now.
        found_bytes: u64,
    },
    /// A link, a folder, or another file has replaced the planned file.
    #[error("this is no longer the file that was planned: stop the app that writes to the folder, and plan again")]
    Replaced,
    /// The archive of files is damaged, ambiguous, beyond the limits or of an unsupported kind.
    #[error("{0}")]
    Archive(crate::Error),
    /// A bucket cannot be listed or read.
    #[cfg(feature = "object-store")]
    #[error("{0}")]
    Bucket(crate::remote::Error),
    /// The archive contains a file of this name twice, and programs disagree about which of them counts.
    #[error(
        "the archive contains this file twice, and programs disagree about which counts: pack the files folder again"
    )]
    Ambiguous,
    /// The archive contains a document whose name escapes from its folder or contains control characters.
    #[error("the name of the document escapes from its folder: no archive of a files folder contains such a name")]
    HostileName,
    /// A document of the archive is a hard link to something else than an earlier document.
    #[error(
        "the hard link does not point to an earlier document: create the archive again with `tar --hard-dereference`"
    )]
    LinkTarget,
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
            Self::Changed { .. } | Self::Replaced => Category::Changed,
            Self::Archive(error) => error.category(),
            #[cfg(feature = "object-store")]
            Self::Bucket(error) => error.category(),
            Self::Ambiguous | Self::HostileName | Self::LinkTarget => Category::BadInput,
            Self::Misuse(_) => Category::Misuse,
            Self::Cancelled => Category::Cancelled,
        }
    }

    fn inner(&self) -> Option<&dyn ModuleError> {
        match self {
            Self::Archive(error) => Some(error),
            #[cfg(feature = "object-store")]
            Self::Bucket(error) => Some(error),
            _ => None,
        }
    }
}

impl Error {
    #[cold]
    pub(super) fn in_path(path: impl AsRef<Path>, kind: ErrorKind) -> Self {
        Self::new(kind).within_path(path)
    }

    #[cold]
    pub(super) fn io(path: impl AsRef<Path>, action: &'static str, cause: io::Error) -> Self {
        match carried(&cause) {
            Some(error) => error,
            None => Self::in_path(path, ErrorKind::Io { action }).because(cause),
        }
    }

    #[cfg(feature = "object-store")]
    #[cold]
    pub(super) fn bucket(error: crate::remote::Error) -> Self {
        Self::new(ErrorKind::Bucket(error))
    }

    /// The archive of files at `path` is not read.
    #[cold]
    pub(super) fn archive(path: impl AsRef<Path>, error: impl Into<crate::Error>) -> Self {
        Self::in_path(path, ErrorKind::Archive(error.into()))
    }
}
