//! Why a tar stream could not be read or written: [`Error`], and the faults it tells apart.

use std::fmt;
use std::io;

use thiserror::Error as ThisError;

use crate::layout::escaped;
use crate::limits::LimitExceeded;

/// Why reading or framing a tar stream stopped, and where.
///
/// Pointer-sized, so that the way of a million members without any error costs nothing.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{Damage, ErrorKind, Part, Reader};
///
/// let mut reader = Reader::new(&[0x61; 100][..], &Limits::untrusted());
/// let error = reader.next_member().unwrap_err();
/// match error.kind() {
///     ErrorKind::Damaged(Damage::Truncated(part)) => assert_eq!(*part, Part::Header),
///     ErrorKind::Limit(exceeded) => println!("raise {} if this is your own", exceeded.name),
///     other => unreachable!("{other}"),
/// }
/// assert!(error.is_truncated());
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    position: Option<u64>,
    /// Escaped.
    member: Option<String>,
}

/// What went wrong, grouped by who has to act.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source failed. The error is the source's own, so that what a decoder below said can be taken out again.
    #[error("cannot read the archive")]
    Io(#[source] io::Error),
    /// The bytes are not those that a tar program wrote: fetch or make the archive again.
    #[error(transparent)]
    Damaged(Damage),
    /// Two programs would read this differently, so it is read not at all: make the archive with a common tar program.
    #[error(transparent)]
    Ambiguous(Ambiguity),
    /// An extension member breaks the rules, or contradicts the member it belongs to.
    #[error(transparent)]
    Extension(ExtensionFault),
    /// A member is of a type that a snapshot cannot hold.
    #[error(transparent)]
    Type(TypeFault),
    /// The archive wants more than the reader's limits allow.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// The caller asked for something that cannot be done.
    #[error(transparent)]
    Misuse(Misuse),
}

/// What is broken in the stream of blocks.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{Damage, ErrorKind, Reader};
///
/// let mut reader = Reader::new(&[b'x'; 512][..], &Limits::untrusted());
/// assert!(matches!(reader.next_member().unwrap_err().kind(), ErrorKind::Damaged(Damage::Checksum)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Damage {
    /// The stream ends before the end marker: a lost tail cannot be told from a missing marker.
    #[error("the archive is not complete: it ends {0}")]
    Truncated(Part),
    /// The sum over a header is not the one it states, neither unsigned nor signed.
    #[error("no valid header where one must be: its checksum does not fit")]
    Checksum,
    /// A zero block is followed by something else than a second one.
    #[error("a lone block of zeros between members")]
    StrayZeroBlock,
    /// Something other than zeros follows the end marker.
    #[error("data behind the end marker")]
    TrailingData,
}

/// A part of the stream, for [`Damage::Truncated`].
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{Damage, ErrorKind, Part, Reader, file_header};
///
/// // The header promises five bytes.
/// let cut = [&file_header(b"db/db.backup", 5)?[..], b"hel"].concat();
/// let mut reader = Reader::new(cut.as_slice(), &Limits::untrusted());
/// reader.next_member()?;
/// let error = reader.next_member().unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Damaged(Damage::Truncated(Part::Payload))));
/// # Ok::<(), appsnap::tarball::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Part {
    /// Where the next header, or the end marker, must begin.
    #[error("where a member or the end marker must begin")]
    Members,
    /// The 512 bytes of a header.
    #[error("within a header")]
    Header,
    /// An extension's payload.
    #[error("within an extension header")]
    Extension,
    /// A member's payload.
    #[error("within a member")]
    Payload,
    /// The zeros that fill a member's last block.
    #[error("within the padding of a member")]
    Padding,
    /// The two zero blocks.
    #[error("within the end marker")]
    EndMarker,
}

/// What programs read differently in a header.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{Ambiguity, ErrorKind, Reader};
///
/// let mut header = tar::Header::new_ustar();
/// header.set_path("db/db.backup")?;
/// header.as_old_mut().size = *b"12 or so\0\0\0\0";
/// header.set_cksum();
/// let error = Reader::new(&header.as_bytes()[..], &Limits::untrusted()).next_member().unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Ambiguous(Ambiguity::Number { field: "size" })));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Ambiguity {
    /// A number is neither octal digits nor a base-256 value in range.
    #[error("the header's {field} is not a number that all tar programs read alike")]
    Number {
        /// Name of the header field.
        field: &'static str,
    },
    /// The magic is none of POSIX, GNU, or blank.
    #[error("the header's magic is of no known dialect")]
    Magic,
    /// The prefix area is filled although the dialect has no prefix there.
    #[error("the header has text where its dialect has no prefix of the name")]
    Prefix,
}

/// What is wrong with a pax or GNU extension.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{ErrorKind, ExtensionFault, Reader};
///
/// // A pax header, and then the archive ends.
/// let record = b"10 path=a\n";
/// let mut header = tar::Header::new_ustar();
/// header.set_entry_type(tar::EntryType::XHeader);
/// header.set_path("pax")?;
/// header.set_size(record.len() as u64);
/// header.set_cksum();
/// let mut tar = header.as_bytes().to_vec();
/// tar.extend(record);
/// tar.resize(2048, 0);
/// let error = Reader::new(tar.as_slice(), &Limits::untrusted()).next_member().unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Extension(ExtensionFault::Dangling)));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ExtensionFault {
    /// The extension stands on a header without a magic, or without the version behind it.
    #[error("an extension on a header that has no magic or no version")]
    Carrier,
    /// No member follows the extension.
    #[error("an extension without a member that it belongs to")]
    Dangling,
    /// Two extensions of one kind for one member, or a `path` or `size` twice.
    #[error("an extension states {0} twice")]
    Duplicate(&'static str),
    /// A global header changes a name or a size.
    #[error("a global header states {0}")]
    Global(&'static str),
    /// A record or a name is not in the form that its standard asks for.
    #[error("a malformed extension: {0}")]
    Malformed(&'static str),
    /// A pax header and a GNU long name for one member.
    #[error("a pax header and a GNU long name for one member")]
    Mixed,
    /// A number is not plain decimal digits in range.
    #[error("the pax {0} is not a plain decimal number")]
    Number(&'static str),
    /// The extension names another file than the header does.
    #[error("the header names it {}, its extension {}", escaped(.header), escaped(.extension))]
    Path {
        /// The name in the header, at most [`ExtensionFault::NAME_BYTES`] of it.
        header: Vec<u8>,
        /// The name in the extension, at most [`ExtensionFault::NAME_BYTES`] of it.
        extension: Vec<u8>,
    },
    /// The pax size is another than the header's, which could have held it.
    #[error("the header says {header_bytes} bytes, its pax header {pax_bytes}")]
    Size {
        /// What the header says.
        header_bytes: u64,
        /// What the pax record says.
        pax_bytes: u64,
    },
    /// An extension that only a link can have stands before a regular file.
    #[error("an extension names a link target for something that is no link")]
    LinkTarget,
}

impl ExtensionFault {
    /// Bytes that are kept of a name for the message.
    pub const NAME_BYTES: usize = 512;
}

/// A type of member that a snapshot cannot hold.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::tarball::{ErrorKind, Reader, TypeFault};
///
/// let mut header = tar::Header::new_ustar();
/// header.set_entry_type(tar::EntryType::Symlink);
/// header.set_path("tree")?;
/// header.set_link_name("/etc")?;
/// header.set_size(0);
/// header.set_cksum();
/// let error = Reader::new(&header.as_bytes()[..], &Limits::untrusted()).next_member().unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Type(TypeFault::Link)));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum TypeFault {
    /// A symbolic or hard link.
    #[error("the member is a link: make the archive with `tar --dereference --hard-dereference`")]
    Link,
    /// A device or a fifo.
    #[error("the member is a device or a fifo")]
    Device,
    /// A sparse file, in any dialect.
    #[error("the member is a sparse file: make the archive without `--sparse`")]
    Sparse,
    /// A member that has no payload by its type states a size.
    #[error("the member is of a type that has no payload, but states a size")]
    Payload,
    /// Any other type; the type flag as it stands in the header.
    #[error("the member's type `{}` is not supported", escaped(&[*.0]))]
    Unsupported(u8),
}

/// What the caller did wrong.
///
/// ```
/// use appsnap::tarball::{ErrorKind, Misuse, file_header};
///
/// let error = file_header(b"", 0).unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Misuse(Misuse::Name)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Misuse {
    /// The reader was asked to go on after it had failed.
    #[error("the reader stopped at an error before: start again from the beginning")]
    Stopped,
    /// A name does not fit into a plain header, or is empty, or holds a NUL byte.
    #[error("a name must have 1 to 100 bytes, none of them NUL")]
    Name,
    /// A length does not fit into a header.
    #[error("a member is shorter than 2^63 bytes")]
    Length,
}

impl Error {
    #[cold]
    #[inline(never)]
    pub(crate) fn new(kind: ErrorKind, position: Option<u64>) -> Self {
        Self(Box::new(Inner { kind, position, member: None }))
    }

    /// Says which member it is about; a name that is not known yet is empty.
    #[cold]
    pub(crate) fn in_member(mut self, name: &[u8]) -> Self {
        self.0.member = (!name.is_empty()).then(|| escaped(name).to_string());
        self
    }

    /// What went wrong, to be matched.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The source's own error, where that is what went wrong: it may carry what a decoder below said.
    ///
    /// # Errors
    /// The error unchanged, for every other kind.
    pub fn into_io(self) -> Result<io::Error, Self> {
        match *self.0 {
            Inner { kind: ErrorKind::Io(source), .. } => Ok(source),
            inner => Err(Self(Box::new(inner))),
        }
    }

    /// Where it went wrong, in plain bytes from the start of the tar stream: at the header of the member that is at
    /// fault, or where the stream ends too early or goes on too long. `None` when nothing was read, as in a writer.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.0.position
    }

    /// The name in the header that is at fault, or of the member that is not complete; escaped for display.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        self.0.member.as_deref()
    }

    /// Whether the stream ended before its end marker.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        matches!(self.kind(), ErrorKind::Damaged(Damage::Truncated(_)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = &self.0.member {
            write!(f, "{member}: ")?;
        }
        fmt::Display::fmt(&self.0.kind, f)?;
        match self.0.position {
            Some(position) => write!(f, " (at byte {position} of the tar stream)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.kind)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, position, member } = &*self.0;
        f.debug_struct("Error").field("kind", kind).field("position", position).field("member", member).finish()
    }
}
