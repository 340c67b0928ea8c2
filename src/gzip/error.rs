//! Why gzip data could not be written or read on.

use std::fmt;
use std::io;

use thiserror::Error as ThisError;

use crate::limits::Exceeded;

/// A [`Result`](std::result::Result) whose error is this module's [`Error`], unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the gzip engine stopped, and where in the compressed bytes.
///
/// One pointer wide, so that the `Result`s of the hot loops stay in registers.
///
/// [`Reader`](super::Reader) is a [`Read`](io::Read), so there it travels inside of an [`io::Error`]:
///
/// ```
/// use std::io::Read;
/// use appsnap::{Limits, gzip};
///
/// let mut reader = gzip::Reader::new(&b"PK\x03\x04"[..], &Limits::untrusted());
/// let error: gzip::Error = reader.read_to_end(&mut Vec::new()).unwrap_err().downcast()?;
/// match error.kind() {
///     gzip::ErrorKind::NotGzip => println!("try a zip program: {error}"),
///     gzip::ErrorKind::Truncated(part) => println!("ends inside its {part}"),
///     other => unreachable!("{other}"),
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    position: Option<u64>,
}

/// The reasons, grouped by who has to act.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source or the sink failed, or the system has no thread to spare.
    #[error("{action} failed")]
    #[non_exhaustive]
    Io {
        /// What was being done, for people: `reading`, `writing`, `starting a thread`.
        action: &'static str,
        /// What the operating system, or the layer below, said.
        #[source]
        source: io::Error,
    },
    /// The bytes are not gzip at all.
    #[error("this is not gzip data: it should begin with the bytes 1f 8b")]
    NotGzip,
    /// The input ends inside a gzip member; transfer it again.
    #[error("the gzip data is cut short inside its {0}: transfer the file again")]
    Truncated(Part),
    /// A header says something that RFC 1952 does not allow, or its own checksum is wrong.
    #[error("the gzip header is invalid: {0}")]
    Header(&'static str),
    /// The compressed data cannot be inflated.
    #[error("the compressed data is damaged")]
    Deflate,
    /// The CRC32 in the trailer is not that of the data.
    #[error("the data is damaged: its crc32 is {actual:08x}, the gzip trailer says {declared:08x}")]
    #[non_exhaustive]
    Crc {
        /// What the trailer says.
        declared: u32,
        /// What the data has.
        actual: u32,
    },
    /// The ISIZE in the trailer is not the length of the data modulo 2^32.
    #[error("the data is damaged: its length is {actual} modulo 2^32, the gzip trailer says {declared}")]
    #[non_exhaustive]
    Length {
        /// What the trailer says.
        declared: u32,
        /// What the data has.
        actual: u32,
    },
    /// Something else than another member or zero padding follows the last member.
    #[error("something that is neither gzip data nor zero padding follows the gzip data")]
    TrailingData,
    /// A limit would be passed.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// A thread of the writer panicked. This is a fault of the crate or of the source that was being read.
    #[error("a compression thread panicked")]
    WorkerPanicked,
}

/// A part of a gzip member (RFC 1952, section 2.2).
///
/// ```
/// use std::io::Read;
/// use appsnap::{Limits, gzip};
///
/// let error = gzip::Reader::new(&[0x1f, 0x8b, 8, 0][..], &Limits::untrusted()).read(&mut [0]).unwrap_err();
/// let error: gzip::Error = error.downcast()?;
/// assert!(matches!(error.kind(), gzip::ErrorKind::Truncated(gzip::Part::Header)));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The header, with its optional fields.
    Header,
    /// The compressed blocks.
    Body,
    /// CRC32 and ISIZE.
    Trailer,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Body => "body",
            Self::Trailer => "trailer",
        })
    }
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, position: None }))
    }

    #[cold]
    pub(crate) fn at(kind: ErrorKind, position: u64) -> Self {
        Self(Box::new(Inner { kind, position: Some(position) }))
    }

    /// Adds the place, where none is known yet.
    #[cold]
    pub(crate) fn or_at(mut self, position: u64) -> Self {
        self.0.position.get_or_insert(position);
        self
    }

    #[cold]
    pub(crate) fn io(action: &'static str, source: io::Error) -> Self {
        Self::new(ErrorKind::Io { action, source })
    }

    /// The reason, to be matched.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The offset in the compressed bytes, where that says something: the first byte that is wrong, the end of what came,
    /// or, for [`ErrorKind::Deflate`], the beginning of the member or chunk that cannot be inflated.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.0.position
    }

    /// Whether the data ended before it was complete.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        matches!(self.kind(), ErrorKind::Truncated(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.position {
            Some(position) => write!(f, "at byte {position} of the compressed data: {}", self.0.kind),
            None => self.0.kind.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.kind)
    }
}

impl From<Error> for io::Error {
    /// Lets the error travel through `Read`; whoever knows this crate takes it out again.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Io { source, .. } => source.kind(),
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
