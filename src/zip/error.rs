//! Why reading or writing a zip file stopped: [`Error`] and its [`ErrorKind`].

use std::fmt;
use std::io;

use thiserror::Error as ThisError;

use crate::limits::LimitExceeded;

/// A [`Result`](std::result::Result) whose error is this module's [`Error`], unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a zip file could not be read or written on: what, in which entry, at which byte.
///
/// ```
/// use appsnap::{Limits, zip};
///
/// let error = zip::Archive::open(&b"PK but no zip"[..], 13, &Limits::untrusted()).unwrap_err();
/// match error.kind() {
///     zip::ErrorKind::NotZip => println!("{error}"),
///     zip::ErrorKind::Corrupt(how) => println!("download it again: {how}"),
///     zip::ErrorKind::Unsupported(what) => println!("pack it again: {what}"),
///     other => unreachable!("{other:?}"),
/// }
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    entry: Option<String>,
    position: Option<u64>,
    source: Option<io::Error>,
}

/// The kinds of [`Error`], grouped by who must act.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source or the sink failed; [`source`](std::error::Error::source) says how.
    #[non_exhaustive]
    Io {
        /// What was being done.
        action: &'static str,
    },
    /// There is no end of central directory record: this is no zip file, or its end is missing.
    NotZip,
    /// The bytes contradict the format, or one another.
    Corrupt(Corrupt),
    /// The archive uses something that is not read here on purpose.
    Unsupported(Unsupported),
    /// A limit would be passed. The limit can be raised for archives from a trusted place.
    Limit(LimitExceeded),
    /// The caller asked for what a zip file cannot hold.
    Misuse(&'static str),
}

/// In which way the bytes of a zip file are wrong.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let bytes = writer.finish()?;
/// let longer = [&bytes[..], b"!"].concat();
/// let error = zip::Archive::open(&longer, longer.len() as u64, &Limits::untrusted()).unwrap_err();
/// assert!(matches!(error.kind(), zip::ErrorKind::Corrupt(zip::Corrupt::StrayBytes { extra_bytes: 1 })), "{error}");
/// # Ok::<(), zip::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Corrupt {
    /// A record of the central directory cannot be parsed, or ends early.
    #[error("the central directory is damaged")]
    Directory,
    /// The records at the end say something else about the place or length of the central directory than is found.
    #[error("the end record does not say where the central directory is")]
    EndRecord,
    /// The end record announces another number of entries than the directory lists.
    #[error("the end record announces {declared} entries, the directory lists {listed}")]
    EntryCount {
        /// What the end record says.
        declared: u64,
        /// What the directory holds.
        listed: u64,
    },
    /// Bytes stand in front of the first entry, between entries, before the directory, or behind the end.
    #[error("{extra_bytes} bytes belong to no entry; programs disagree about what they mean, so pack the files anew")]
    StrayBytes {
        /// How many bytes belong to no entry.
        extra_bytes: u64,
    },
    /// Two entries share bytes, or an entry reaches into the directory.
    #[error("two entries share the same bytes, as in a decompression bomb")]
    Overlap,
    /// The header in front of an entry cannot be parsed.
    #[error("the entry's own header is damaged")]
    LocalHeader,
    /// The header in front of an entry says something else than the directory.
    #[error("the entry's own header and the central directory disagree about its {0}")]
    Disagreement(&'static str),
    /// The data descriptor behind an entry is absent or says something else than the directory.
    #[error("the data descriptor behind the entry does not repeat what the central directory says")]
    Descriptor,
    /// An entry carries the same extra field twice where only one can be right.
    #[error("the entry has two zip64 fields")]
    DuplicateExtra,
    /// A directory entry declares contents.
    #[error("the name ends in a slash like a folder's, but the entry has contents")]
    FolderWithContents,
    /// The compressed data is damaged.
    #[error("the compressed data is damaged")]
    Deflate,
    /// The contents are shorter than declared.
    #[error("the contents end after {actual_bytes} bytes, {declared_bytes} are declared")]
    TooShort {
        /// The declared length.
        declared_bytes: u64,
        /// The length that came.
        actual_bytes: u64,
    },
    /// The contents are longer than declared.
    #[error("the contents go on after the declared {declared_bytes} bytes")]
    TooLong {
        /// The declared length.
        declared_bytes: u64,
    },
    /// The contents have another CRC-32 than declared.
    #[error("the contents have CRC-32 {actual:08x}, {declared:08x} is declared")]
    Checksum {
        /// The declared checksum.
        declared: u32,
        /// The checksum of what came.
        actual: u32,
    },
}

/// What is refused on purpose.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let mut bytes = writer.finish()?;
/// // Say in the directory, 10 bytes behind its signature, that the entry is compressed with bzip2.
/// let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").expect("there is a directory");
/// bytes[directory + 10] = 12;
/// let error = zip::Archive::open(&bytes, bytes.len() as u64, &Limits::untrusted()).unwrap_err();
/// assert_eq!(error.kind(), &zip::ErrorKind::Unsupported(zip::Unsupported::Method(12)));
/// # Ok::<(), zip::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Unsupported {
    /// The entry is encrypted, or its header is masked.
    #[error("the entry is encrypted; pack the files without a password")]
    Encryption,
    /// The entry is compressed with something else than deflate.
    #[error("compression method {0} is not read here; pack the files with deflate")]
    Method(u16),
    /// The archive is one of several volumes.
    #[error("the archive is one of several volumes; join them first")]
    Volumes,
    /// The entry is a symbolic link or another special file.
    #[error("the entry is a symbolic link or another special file; pack what it points to")]
    SpecialFile,
    /// The entry has one name for old programs and quite another for new ones.
    #[error("the entry carries a second name that differs from the first")]
    SecondName,
}

impl Error {
    pub(super) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, entry: None, position: None, source: None }))
    }

    pub(super) fn io(action: &'static str, source: io::Error) -> Self {
        // An error of ours that travelled through a `Read` comes back as what it was.
        match Self::from_io(source) {
            Ok(error) => error,
            Err(source) => {
                let mut error = Self::new(ErrorKind::Io { action });
                error.0.source = Some(source);
                error
            }
        }
    }

    /// What the zip library says, as far as it is not an I/O error, means `kind`.
    pub(super) fn from_library(action: &'static str, error: rawzip::Error, kind: ErrorKind) -> Self {
        match error.into_kind() {
            rawzip::ErrorKind::IO(source) if source.kind() != io::ErrorKind::UnexpectedEof => Self::io(action, source),
            rawzip::ErrorKind::MissingEndOfCentralDirectory => Self::new(ErrorKind::NotZip),
            _ => Self::new(kind),
        }
    }

    pub(super) fn at(mut self, position: u64) -> Self {
        self.0.position = Some(position);
        self
    }

    pub(super) fn of(mut self, name: &[u8]) -> Self {
        self.0.entry = Some(name.escape_ascii().to_string());
        self
    }

    /// What happened, to be matched.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The byte of the zip file at which it happened, where that is known.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.0.position
    }

    /// The entry in which it happened, escaped for display.
    #[must_use]
    pub fn entry(&self) -> Option<&str> {
        self.0.entry.as_deref()
    }

    /// Whether a limit stopped the reading.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Limit(_))
    }

    /// Takes an error of this module back out of the [`io::Error`] that carried it through [`io::Read`].
    ///
    /// # Errors
    /// The same `io::Error`, when it carries something else.
    pub fn from_io(error: io::Error) -> std::result::Result<Self, io::Error> {
        error.downcast::<Self>()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ErrorKind::Io { action } => write!(f, "{action} failed")?,
            ErrorKind::NotZip => f.write_str("not a zip file, or its end is missing: no end of central directory")?,
            ErrorKind::Corrupt(what) => write!(f, "{what}")?,
            ErrorKind::Unsupported(what) => write!(f, "{what}")?,
            ErrorKind::Limit(exceeded) => write!(f, "{exceeded}")?,
            ErrorKind::Misuse(what) => f.write_str(what)?,
        }
        if let Some(entry) = &self.0.entry {
            write!(f, " (zip entry \"{entry}\"")?;
            if let Some(position) = self.0.position {
                write!(f, ", at byte {position}")?;
            }
            f.write_str(")")
        } else if let Some(position) = self.0.position {
            write!(f, " (at byte {position} of the zip file)")
        } else {
            Ok(())
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = error.0.source.as_ref().map_or(io::ErrorKind::InvalidData, io::Error::kind);
        Self::new(kind, error)
    }
}

impl From<Corrupt> for ErrorKind {
    fn from(what: Corrupt) -> Self {
        Self::Corrupt(what)
    }
}

impl From<Corrupt> for Error {
    fn from(what: Corrupt) -> Self {
        Self::new(what.into())
    }
}

impl From<Unsupported> for Error {
    fn from(what: Unsupported) -> Self {
        Self::new(ErrorKind::Unsupported(what))
    }
}

impl From<LimitExceeded> for Error {
    fn from(exceeded: LimitExceeded) -> Self {
        Self::new(ErrorKind::Limit(exceeded))
    }
}

const _: () = assert!(size_of::<Error>() == size_of::<usize>());
