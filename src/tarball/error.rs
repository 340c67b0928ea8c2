//! The error of the tar engine.

use std::borrow::Cow;
use std::io;

use thiserror::Error as ThisError;

use super::code::Code;
use crate::error::{Category, Kind, module_error};
use crate::layout::escaped;
use crate::limits::LimitExceeded;

module_error! {
    /// The error of the tar engine.
    ///
    /// The position counts uncompressed bytes from the start of the tar stream: the header of the member at fault, or
    /// the point where the stream ends too early or continues too long. The context is the name in that header.
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

/// The detailed reason: a code for everything that is wrong with the archive.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub(crate) enum Fault {
    #[error("reading the tar stream failed")]
    Io,
    #[error("{1}")]
    Refused(Code, Cow<'static, str>),
    #[error("{1}")]
    Limit(ErrorKind, LimitExceeded),
    #[error("{0}")]
    Misuse(&'static str),
}

impl Fault {
    #[cold]
    pub(super) fn refused(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(code, message.into())
    }

    /// The stream ends before its end marker: `place` is a part of it.
    #[cold]
    pub(super) fn truncated(place: &'static str) -> Self {
        Self::refused(Code::TarTruncated, format!("the archive is truncated {place}: create or transfer it again"))
    }

    /// A number is neither octal digits nor a base-256 value in range.
    #[cold]
    pub(super) fn not_a_number(field: &'static str) -> Self {
        let message = format!("the {field} in the header is not a number that all tar programs read alike");
        Self::refused(Code::TarNumber, message)
    }

    #[cold]
    pub(super) fn malformed(what: &'static str) -> Self {
        Self::refused(Code::ExtensionMalformed, format!("an extension is malformed: {what}"))
    }

    #[cold]
    pub(super) fn unsupported(type_flag: u8) -> Self {
        Self::refused(
            Code::TypeUnsupported,
            format!("the type of the member, `{}`, is not supported", escaped(&[type_flag])),
        )
    }

    #[cold]
    pub(super) fn link_target() -> Self {
        Self::refused(Code::ExtensionLinkTarget, "an extension names a link target for a member that is not a link")
    }

    #[cold]
    pub(super) fn sparse() -> Self {
        Self::refused(
            Code::TypeSparse,
            "the member is a sparse file: create the archive without `--sparse` (GNU tar) or with `--no-read-sparse` (bsdtar)",
        )
    }

    fn kind(&self) -> &ErrorKind {
        match self {
            Self::Io => &ErrorKind::Io,
            Self::Refused(code, _) => code.error_kind(),
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
            Self::Refused(Code::TarTruncated, _) => Category::Truncated,
            Self::Refused(..) => Category::BadInput,
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

impl Code {
    /// Returns the kind of the error with this code.
    const fn error_kind(self) -> &'static ErrorKind {
        match self {
            Self::TarTruncated => &ErrorKind::Truncated,
            Self::TarHeaderDamaged | Self::TarStrayZeroBlock | Self::TarTrailingData => &ErrorKind::Damaged,
            Self::TarNumber
            | Self::TarDialect
            // The reader tolerates these, so they are no errors.
            | Self::ModeBitsIgnored
            | Self::TypeTreatedAsFile
            | Self::TypeTreatedAsDirectory
            | Self::IgnoredFieldMalformed
            | Self::ShortEndMarker => &ErrorKind::Ambiguous,
            Self::ExtensionWithoutMagic
            | Self::ExtensionDangling
            | Self::ExtensionDuplicate
            | Self::ExtensionGlobal
            | Self::ExtensionMalformed
            | Self::ExtensionMixed
            | Self::ExtensionNumber
            | Self::ExtensionPathConflict
            | Self::ExtensionSizeConflict
            | Self::ExtensionLinkTarget => &ErrorKind::Extension,
            Self::TypeLink | Self::TypeDevice | Self::TypeSparse | Self::TypeWithPayload | Self::TypeUnsupported => {
                &ErrorKind::Type
            }
        }
    }
}

impl Error {
    /// Returns the code of the finding that a check reports for this error; `None` if the archive is not at fault, or
    /// exceeds a limit.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self.fault() {
            Fault::Refused(code, _) => Some(*code),
            Fault::Io | Fault::Limit(..) | Fault::Misuse(_) => None,
        }
    }

    #[cold]
    pub(super) fn io(source: io::Error) -> Self {
        Self::new(Fault::Io).because(source)
    }
}
