//! Errors of reading and writing zip files: [`Error`] and its [`ErrorKind`].

use std::io;

use thiserror::Error as ThisError;

use crate::error::{Category, Kind, module_error};
use crate::limits::LimitExceeded;

pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

module_error! {
    /// An error of reading a zip file.
    ///
    /// ```
    /// use appsnap::{Limits, zip};
    ///
    /// let error = zip::Archive::open(&b"PK but no zip"[..], &Limits::untrusted()).unwrap_err();
    /// assert!(error.is_bad_input() && matches!(error.kind(), zip::ErrorKind::NotZip));
    /// ```
    pub struct Error(ErrorKind);
    with Io, Limit;
}

/// The reason of an [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Reading the source failed; [`source`](std::error::Error::source) has the cause.
    #[error("{action} failed")]
    #[non_exhaustive]
    Io {
        /// The action that failed.
        action: &'static str,
    },
    /// The source has no end of central directory record: it is not a zip file, or it is truncated.
    #[error("not a zip file, or its end is missing: download or copy the file again")]
    NotZip,

    /// A record of the central directory cannot be parsed, or is truncated.
    #[error("the central directory is damaged")]
    Directory,
    /// The end records do not match the position and length of the central directory.
    #[error("the end record does not match the central directory")]
    EndRecord,
    /// The end record declares another number of entries than the directory lists.
    #[error("the end record declares {declared} entries, but the central directory lists {listed}")]
    EntryCount {
        /// The number in the end record.
        declared: u64,
        /// The number of entries in the directory.
        listed: u64,
    },
    /// Bytes before the first entry, between entries, before the directory, or after the end record.
    #[error("{extra_bytes} bytes belong to no entry, and programs disagree about them: create the archive again")]
    StrayBytes {
        /// The number of bytes that belong to no entry.
        extra_bytes: u64,
    },
    /// Two entries share bytes, or an entry overlaps the directory.
    #[error("two entries share the same bytes, as in a decompression bomb")]
    Overlap,
    /// The local header of an entry cannot be parsed.
    #[error("the local header is damaged")]
    LocalHeader,
    /// The local header of an entry, or its contents, contradict the directory.
    #[error("the entry and the central directory disagree about its {0}")]
    Disagreement(&'static str),
    /// The data descriptor of an entry is missing or contradicts the directory.
    #[error("the data descriptor does not match the central directory")]
    Descriptor,
    /// An entry has two zip64 extra fields.
    #[error("the entry has two zip64 fields")]
    DuplicateZip64,
    /// A folder declares contents.
    #[error("the name ends in a slash like that of a folder, but the entry has contents")]
    FolderWithContents,
    /// The compressed data is damaged.
    #[error("the compressed data is damaged")]
    Deflate,
    /// The contents are shorter than declared.
    #[error("the contents end after {actual_bytes} of {declared_bytes} declared bytes")]
    TooShort {
        /// The declared length.
        declared_bytes: u64,
        /// The actual length.
        actual_bytes: u64,
    },
    /// The contents are longer than declared.
    #[error("the contents continue after the declared {declared_bytes} bytes")]
    TooLong {
        /// The declared length.
        declared_bytes: u64,
    },
    /// The contents have another CRC-32 than declared.
    #[error("the CRC-32 of the contents is {actual:08x}, but {declared:08x} is declared")]
    Checksum {
        /// The declared checksum.
        declared: u32,
        /// The actual checksum.
        actual: u32,
    },

    /// An entry is encrypted, or its header is masked.
    #[error("the entry is encrypted: create the archive again without a password")]
    Encrypted,
    /// An entry is compressed with another method than deflate.
    #[error("compression method {0} is not supported: create the archive again with deflate")]
    UnsupportedMethod(u16),
    /// The archive is one of several volumes.
    #[error("the archive is split into volumes: join them first")]
    MultipleVolumes,
    /// An entry is a symbolic link or another special file.
    #[error("the entry is a symbolic link or another special file: archive the file it points to")]
    SpecialFile,
    /// An entry has a second, different name for other programs.
    #[error("the entry has a second name that differs from the first")]
    SecondName,

    /// A limit is exceeded. For a trusted archive, raise the limit.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// The caller asked for something impossible.
    #[error("{0}")]
    Misuse(&'static str),
    /// A bug in this crate or in a library below it.
    #[error("internal error: {0}")]
    Internal(&'static str),
}

impl Kind for ErrorKind {
    const POSITION_IN: &'static str = "the zip file";

    fn category(&self) -> Category {
        match self {
            Self::Io { .. } => Category::Io,
            Self::Limit(_) => Category::Limit,
            Self::Misuse(_) => Category::Misuse,
            Self::Internal(_) => Category::Internal,
            Self::Encrypted
            | Self::UnsupportedMethod(_)
            | Self::MultipleVolumes
            | Self::SpecialFile
            | Self::SecondName => Category::Unsupported,
            _ => Category::BadInput,
        }
    }
}

impl Error {
    /// Converts an error of the `rawzip` library: I/O errors stay such errors, all others mean `kind`.
    pub(super) fn rawzip(action: &'static str, error: rawzip::Error, kind: ErrorKind) -> Self {
        match error.into_kind() {
            rawzip::ErrorKind::IO(source) if source.kind() != io::ErrorKind::UnexpectedEof => Self::io(action, source),
            rawzip::ErrorKind::MissingEndOfCentralDirectory => Self::new(ErrorKind::NotZip),
            _ => Self::new(kind),
        }
    }

    pub(super) fn entry(self, name: &[u8]) -> Self {
        self.within(format!("zip entry \"{}\"", name.escape_ascii()))
    }

    /// Recovers an error of this module from the [`io::Error`] that carried it through [`io::Read`].
    ///
    /// # Errors
    /// Returns the same `io::Error` if it carries something else.
    pub fn from_io(error: io::Error) -> Result<Self, io::Error> {
        error.downcast::<Self>()
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}
