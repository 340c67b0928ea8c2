//! The error of reading and writing snapshots.

use std::io;

use thiserror::Error as ThisError;

use crate::document::DocumentId;
use crate::error::{Category, Kind, ModuleError, carried, module_error};
use crate::limits::LimitExceeded;
use crate::{gzip, layout, metadata, tarball};

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

module_error! {
    /// The error of reading and writing snapshots.
    ///
    /// The position counts compressed bytes for [`ErrorKind::Gzip`], and bytes of the tar stream otherwise. The context is
    /// the member or file.
    ///
    /// ```
    /// use appsnap::snapshot::{ReadOptions, SnapshotReader};
    ///
    /// # use appsnap::metadata::Metadata;
    /// # use appsnap::snapshot::{SnapshotWriter, WriteOptions};
    /// # let (archive, _) = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?.finish()?;
    /// let mut reader = SnapshotReader::new(&archive[..archive.len() / 2], &ReadOptions::new());
    /// let error = loop {
    ///     match reader.next_entry() {
    ///         Ok(entry) => assert!(entry.is_some(), "the end cannot be reached"),
    ///         Err(error) => break error,
    ///     }
    /// };
    /// assert!(error.is_truncated() && error.is_bad_input());
    /// // A reader that failed repeats its error.
    /// assert_eq!(reader.next_entry().err().map(|again| again.to_string()), Some(error.to_string()));
    /// # Ok::<(), appsnap::snapshot::Error>(())
    /// ```
    pub struct Error(ErrorKind);
    with Limit, Cancelled;
}

/// The kinds of [`Error`], grouped by who has to act.
#[derive(Clone, Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file, the source or the sink failed.
    #[error("{action} failed")]
    #[non_exhaustive]
    Io {
        /// The operation that failed.
        action: &'static str,
    },
    /// The compression around the archive is damaged, or could not be written.
    #[error("{0}")]
    Gzip(gzip::Error),
    /// The tar framing is damaged, or is not what the format allows.
    #[error("{0}")]
    Tar(tarball::Error),
    /// The bytes are not an archive.
    #[error("this is not a snapshot: {0}")]
    NotASnapshot(&'static str),
    /// The name of a member is not allowed in a snapshot.
    #[error("{}", .0.message())]
    Name(layout::Code),
    /// The archive contains a name twice, apart from letter case.
    #[error("the archive contains this member twice, and programs disagree about which counts: pack the archive again")]
    Duplicate,
    /// `.metadata` cannot be used.
    #[error("{0}")]
    Metadata(metadata::Error),
    /// The archive has a database but no `.metadata`.
    #[error("the archive has no .metadata: pack it again, or repair it")]
    MetadataMissing,
    /// A limit would be exceeded.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// A payload ended before its declared length.
    #[error("the content ended after {actual_bytes} of {declared_bytes} bytes: did the file shrink while it was read?")]
    #[non_exhaustive]
    TooShort {
        /// The declared length, in bytes.
        declared_bytes: u64,
        /// The actual length, in bytes.
        actual_bytes: u64,
    },
    /// A payload continued after its declared length.
    #[error("the content is longer than its {declared_bytes} bytes: did the file grow while it was read?")]
    #[non_exhaustive]
    TooLong {
        /// The declared length, in bytes.
        declared_bytes: u64,
    },
    /// The sizes in `.metadata` differ from those of the contents.
    #[error("the metadata says {name} {declared_bytes}, but {actual_bytes} bytes were written")]
    #[non_exhaustive]
    MetadataSize {
        /// The key in `.metadata`.
        name: &'static str,
        /// The size in the metadata, in bytes.
        declared_bytes: u64,
        /// The size that was written, in bytes.
        actual_bytes: u64,
    },
    /// The index disagrees with the archive, or with itself.
    #[error("the index is wrong: {0}: read the archive without it, or create it again")]
    Index(&'static str),
    /// The archive has no index: read it in order, or repack it.
    #[error("the archive has no index: read it in order, or repack it with one")]
    NoIndex,
    /// The parts of a plan cannot be joined.
    #[error("{problem}")]
    #[non_exhaustive]
    Shards {
        /// A description of the problem and its remedy, escaped for display.
        problem: String,
    },
    /// There is no such document, or no database, in the archive.
    #[error("the archive contains no {0}")]
    NotFound(&'static str),
    /// The destination already exists.
    #[error("the destination already exists: choose another one, or allow it to be replaced")]
    Exists,
    /// The destination contains something that no extraction creates, so it is not replaced.
    #[error("{found}, which no extraction creates: name another destination, or move it away")]
    #[non_exhaustive]
    Foreign {
        /// A description of what was found, escaped for display.
        found: String,
    },
    /// The caller used the interface wrongly.
    #[error("{0}")]
    Misuse(&'static str),
    /// The observer cancelled the operation.
    #[error("cancelled")]
    Cancelled,
    /// A bug in this crate.
    #[error("a bug in this crate: {0}")]
    Internal(&'static str),
}

impl Kind for ErrorKind {
    const POSITION_IN: &'static str = "the tar stream";

    fn category(&self) -> Category {
        match self {
            Self::Io { .. } => Category::Io,
            Self::Gzip(error) => error.category(),
            Self::Tar(error) => error.category(),
            Self::Metadata(error) => error.category(),
            Self::NotASnapshot(_)
            | Self::Name(_)
            | Self::Duplicate
            | Self::MetadataMissing
            | Self::TooShort { .. }
            | Self::TooLong { .. }
            | Self::MetadataSize { .. }
            | Self::Index(_)
            | Self::Shards { .. }
            | Self::NoIndex => Category::BadInput,
            Self::Limit(_) => Category::Limit,
            Self::NotFound(_) => Category::NotFound,
            Self::Exists | Self::Foreign { .. } | Self::Misuse(_) => Category::Misuse,
            Self::Cancelled => Category::Cancelled,
            Self::Internal(_) => Category::Internal,
        }
    }

    fn inner(&self) -> Option<&dyn ModuleError> {
        match self {
            Self::Gzip(error) => Some(error),
            Self::Tar(error) => Some(error),
            Self::Metadata(error) => Some(error),
            _ => None,
        }
    }
}

impl Error {
    #[cold]
    pub(crate) fn io(action: &'static str, source: io::Error) -> Self {
        // An error of this crate that travelled through `Read` comes out as it went in.
        match carried::<Self>(&source) {
            Some(error) => error,
            None => match carried::<gzip::Error>(&source) {
                Some(error) => error.into(),
                None => Self::new(ErrorKind::Io { action }).because(source),
            },
        }
    }

    #[cold]
    pub(crate) fn misuse(what: &'static str) -> Self {
        Self::new(ErrorKind::Misuse(what))
    }

    /// Creates an error about parts of a plan. The problem must be escaped.
    #[cold]
    pub(crate) fn shards(problem: String) -> Self {
        Self::new(ErrorKind::Shards { problem })
    }

    #[cold]
    pub(crate) fn internal(what: &'static str) -> Self {
        Self::new(ErrorKind::Internal(what))
    }

    /// Adds the document and its origin as the context.
    #[cold]
    pub(crate) fn in_document(self, id: DocumentId, origin: &str) -> Self {
        let name = if origin.is_empty() { format!("document {id}") } else { format!("document {id} ({origin})") };
        self.within_name(name.as_bytes())
    }
}

impl From<gzip::Error> for Error {
    fn from(error: gzip::Error) -> Self {
        Self::new(ErrorKind::Gzip(error))
    }
}

impl From<tarball::Error> for Error {
    /// A gzip error that passed through the tar reader is returned unchanged.
    fn from(error: tarball::Error) -> Self {
        match (error.kind(), error.shared_source()) {
            (tarball::ErrorKind::Io, Some(source)) => {
                match (carried::<Self>(&**source), carried::<gzip::Error>(&**source)) {
                    (Some(error), _) => error,
                    (None, Some(error)) => error.into(),
                    (None, None) => Self::new(ErrorKind::Io { action: "reading" }).because_shared(Some(source)),
                }
            }
            _ => Self::new(ErrorKind::Tar(error)),
        }
    }
}
