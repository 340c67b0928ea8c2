//! The error of the tar engine, and the details that the checks report.

use std::io;

use thiserror::Error as ThisError;

use crate::error::{Category, Kind, module_error};
use crate::layout::escaped;
use crate::limits::LimitExceeded;

module_error! {
    /// The error of the tar engine.
    ///
    /// The position counts uncompressed bytes from the start of the tar stream: the header of the member at fault, or
    /// the place where the stream ends too early or goes on too long. The context is the name in that header.
    ///
    /// ```
    /// use appsnap::Limits;
    /// use appsnap::tarball::{ErrorKind, Reader};
    ///
    /// let mut reader = Reader::new(&[0x61; 100][..], &Limits::untrusted());
    /// let error = reader.next_member().unwrap_err();
    /// match error.kind() {
    ///     ErrorKind::Truncated => println!("fetch it again: {error}"),
    ///     ErrorKind::Limit(exceeded) => println!("raise {} if this is your own", exceeded.name),
    ///     other => unreachable!("{other:?}"),
    /// }
    /// ```
    pub struct Error(Fault as ErrorKind);
}

/// The kinds of [`Error`], grouped by who has to act.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source failed.
    Io,
    /// The stream ends before its end marker.
    Truncated,
    /// The bytes are not what a tar program wrote: fetch or create the archive again.
    Damaged,
    /// Programs would read this differently: create the archive with a common tar program.
    Ambiguous,
    /// A pax or GNU extension breaks its rules, or contradicts the member it belongs to.
    Extension,
    /// A member is of a type that a snapshot cannot contain.
    Type,
    /// The input needs more than a limit allows.
    Limit(LimitExceeded),
    /// The name or the length does not fit into a header.
    Misuse,
}

/// What exactly is wrong.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum Fault {
    #[error("reading the tar stream failed")]
    Io,
    #[error(transparent)]
    Damaged(Damage),
    #[error(transparent)]
    Ambiguous(Ambiguity),
    #[error(transparent)]
    Extension(ExtensionFault),
    #[error(transparent)]
    Type(TypeFault),
    #[error("{1}")]
    Limit(ErrorKind, LimitExceeded),
    #[error(transparent)]
    Misuse(Misuse),
}

/// What is broken in the stream of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum Damage {
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

/// A part of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum Part {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum Ambiguity {
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
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum ExtensionFault {
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
    pub(crate) const NAME_BYTES: usize = 512;
}

/// A type of member that a snapshot cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum TypeFault {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum Misuse {
    /// A name does not fit into a plain header, or is empty, or holds a NUL byte.
    #[error("a name must have 1 to 100 bytes, none of them NUL")]
    Name,
    /// A length does not fit into a header.
    #[error("a member is shorter than 2^63 bytes")]
    Length,
}

impl Fault {
    fn kind(&self) -> &ErrorKind {
        match self {
            Self::Io => &ErrorKind::Io,
            Self::Damaged(Damage::Truncated(_)) => &ErrorKind::Truncated,
            Self::Damaged(_) => &ErrorKind::Damaged,
            Self::Ambiguous(_) => &ErrorKind::Ambiguous,
            Self::Extension(_) => &ErrorKind::Extension,
            Self::Type(_) => &ErrorKind::Type,
            Self::Limit(kind, _) => kind,
            Self::Misuse(_) => &ErrorKind::Misuse,
        }
    }
}

impl Kind for Fault {
    const POSITION_IN: &'static str = "the tar stream";

    fn category(&self) -> Category {
        match self {
            Self::Io => Category::Io,
            Self::Damaged(Damage::Truncated(_)) => Category::Truncated,
            Self::Damaged(_) | Self::Ambiguous(_) | Self::Extension(_) | Self::Type(_) => Category::BadInput,
            Self::Limit(..) => Category::Limit,
            Self::Misuse(_) => Category::Misuse,
        }
    }
}

impl From<LimitExceeded> for Fault {
    fn from(exceeded: LimitExceeded) -> Self {
        Self::Limit(ErrorKind::Limit(exceeded), exceeded)
    }
}

impl From<ExtensionFault> for Fault {
    fn from(fault: ExtensionFault) -> Self {
        Self::Extension(fault)
    }
}

impl Error {
    #[cold]
    pub(super) fn io(source: io::Error) -> Self {
        Self::new(Fault::Io).because(source)
    }
}
