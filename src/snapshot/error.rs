//! Why a snapshot could not be written or read on.

use std::fmt;
use std::io;

use thiserror::Error as ThisError;

use crate::document::DocumentId;
use crate::limits::LimitExceeded;
use crate::observe::Cancelled;
use crate::{gzip, layout, metadata, tarball};

/// A [`Result`](std::result::Result) whose error is this module's [`Error`], unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why writing or reading a snapshot stopped: the reason, and the member it concerns.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), options)?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]))?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotReader};
///
/// let mut reader = SnapshotReader::new(&archive[..archive.len() / 2], ReadOptions::new());
/// let error = loop {
///     match reader.next_entry() {
///         Ok(entry) => assert!(entry.is_some(), "the end cannot be reached"),
///         Err(error) => break error,
///     }
/// };
/// match error.kind() {
///     ErrorKind::Io { .. } => println!("try again: {error}"),
///     ErrorKind::Gzip(_) | ErrorKind::Tar(_) => println!("transfer it again: {error}"),
///     ErrorKind::Limit(exceeded) => println!("more than {} allows", exceeded.name),
///     _ => println!("{error}"),
/// }
/// assert!(!error.is_limit() && !error.is_cancelled());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    /// Escaped, as it came from an archive or from the caller's disk.
    member: Option<String>,
    position: Option<u64>,
}

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
    /// The compression around the archive is damaged, or could not be written.
    #[error("{0}")]
    Gzip(gzip::Error),
    /// The tar framing is damaged, or is not what the format allows.
    #[error("{0}")]
    Tar(#[source] tarball::Error),
    /// These bytes are no archive at all.
    #[error("this is not a snapshot: {0}")]
    NotASnapshot(&'static str),
    /// A member's name is none that a snapshot may hold.
    #[error("{}", .0.message())]
    Name(layout::Code),
    /// A name stands in the archive twice, letter case aside.
    #[error("the member stands in the archive twice; which one counts would depend on who reads it")]
    Duplicate,
    /// `.metadata` cannot be used.
    #[error("{0}")]
    Metadata(#[source] metadata::Error),
    /// The archive has a database but no `.metadata`.
    #[error("the archive has no .metadata: pack it again, or repair it")]
    MetadataMissing,
    /// A limit would be passed.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// A payload ended before the length that was promised for it.
    #[error("the content ended after {actual_bytes} of {declared_bytes} bytes: did the file shrink while it was read?")]
    #[non_exhaustive]
    TooShort {
        /// The length that was promised.
        declared_bytes: u64,
        /// The length that came.
        actual_bytes: u64,
    },
    /// A payload went on behind the length that was promised for it.
    #[error("the content is longer than its {declared_bytes} bytes: did the file grow while it was read?")]
    #[non_exhaustive]
    TooLong {
        /// The length that was promised.
        declared_bytes: u64,
    },
    /// The sizes in `.metadata` are not those of what was written.
    #[error("the metadata says {name} {declared_bytes}, but {actual_bytes} bytes were written")]
    #[non_exhaustive]
    MetadataSize {
        /// The key in `.metadata`.
        name: &'static str,
        /// What the metadata says.
        declared_bytes: u64,
        /// What was written.
        actual_bytes: u64,
    },
    /// The index disagrees with the archive, or with itself.
    #[error("the index is wrong: {0}; read the archive without it, or make it anew")]
    Index(&'static str),
    /// There is no such document, or no such part, in the archive.
    #[error("the archive holds no {0}")]
    Absent(&'static str),
    /// The destination is already there.
    #[error("the destination exists already: choose another, or ask for it to be replaced")]
    Exists,
    /// The caller did something that cannot be right.
    #[error("{0}")]
    Misuse(&'static str),
    /// The observer ended the work.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, member: None, position: None }))
    }

    #[cold]
    pub(crate) fn io(action: &'static str, source: io::Error) -> Self {
        // An error of this crate that travelled through `Read` comes out as what it was.
        match source.downcast::<Self>() {
            Ok(error) => error,
            Err(source) => match source.downcast::<gzip::Error>() {
                Ok(error) => error.into(),
                Err(source) => Self::new(ErrorKind::Io { action, source }),
            },
        }
    }

    #[cold]
    pub(crate) fn misuse(what: &'static str) -> Self {
        Self::new(ErrorKind::Misuse(what))
    }

    /// Says which member it is about; `name` is escaped here.
    #[cold]
    pub(crate) fn in_member(mut self, name: &[u8]) -> Self {
        self.0.member.get_or_insert_with(|| layout::escaped(name).to_string());
        self
    }

    /// Says which document it is about, and where that comes from.
    #[cold]
    pub(crate) fn in_document(self, id: DocumentId, origin: &str) -> Self {
        let name = if origin.is_empty() { format!("document {id}") } else { format!("document {id} ({origin})") };
        self.in_member(name.as_bytes())
    }

    #[cold]
    pub(crate) fn at(mut self, position: u64) -> Self {
        self.0.position.get_or_insert(position);
        self
    }

    /// The reason, to be matched.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The member or file that it concerns, escaped for display.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        match self.kind() {
            ErrorKind::Tar(error) => error.member().or(self.0.member.as_deref()),
            _ => self.0.member.as_deref(),
        }
    }

    /// The offset in bytes, where one is known: in the compressed data for [`ErrorKind::Gzip`], in the plain tar stream
    /// otherwise.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        match self.kind() {
            ErrorKind::Gzip(error) => error.position(),
            ErrorKind::Tar(error) => error.position(),
            _ => self.0.position,
        }
    }

    /// Whether the observer ended the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.kind(), ErrorKind::Cancelled)
    }

    /// Whether a limit ended the work: the input may be sound, and is more than was allowed.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        match self.kind() {
            ErrorKind::Limit(_) => true,
            ErrorKind::Gzip(error) => matches!(error.kind(), gzip::ErrorKind::Limit(_)),
            ErrorKind::Tar(error) => matches!(error.kind(), tarball::ErrorKind::Limit(_)),
            _ => false,
        }
    }

    /// Whether the operating system, rather than the input, is at fault.
    #[must_use]
    pub fn is_io(&self) -> bool {
        match self.kind() {
            ErrorKind::Io { .. } => true,
            ErrorKind::Gzip(error) => matches!(error.kind(), gzip::ErrorKind::Io { .. }),
            ErrorKind::Tar(error) => matches!(error.kind(), tarball::ErrorKind::Io(_)),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = &self.0.member {
            write!(f, "{member}: ")?;
        }
        if let Some(position) = self.0.position {
            write!(f, "at byte {position} of the tar stream: ")?;
        }
        self.0.kind.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            // These kinds print their cause themselves; what lies behind it is next in the chain.
            ErrorKind::Gzip(error) => std::error::Error::source(error),
            ErrorKind::Tar(error) => std::error::Error::source(error),
            ErrorKind::Metadata(error) => std::error::Error::source(error),
            kind => std::error::Error::source(kind),
        }
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Self {
        Self::new(ErrorKind::Cancelled)
    }
}

impl From<gzip::Error> for Error {
    fn from(error: gzip::Error) -> Self {
        Self::new(ErrorKind::Gzip(error))
    }
}

impl From<tarball::Error> for Error {
    /// A gzip error that travelled through the tar reader comes out as what it was.
    fn from(error: tarball::Error) -> Self {
        match error.into_io() {
            Ok(source) => Self::io("reading", source),
            Err(error) => Self::new(ErrorKind::Tar(error)),
        }
    }
}

impl From<Error> for io::Error {
    /// Lets the error travel through `Read`; `io::Error::downcast` takes it out again.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Io { source, .. } => source.kind(),
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
