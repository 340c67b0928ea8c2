//! The error of the gzip engine.

use thiserror::Error as ThisError;

use crate::error::{Category, Kind, module_error};
use crate::limits::LimitExceeded;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

module_error! {
    /// The error of the gzip engine, with the position in the compressed bytes: the first byte that is wrong, the end of
    /// the input, or, for [`ErrorKind::Deflate`], the beginning of the member or chunk that cannot be decompressed.
    ///
    /// [`Reader`](super::Reader) implements [`Read`](std::io::Read), so its errors travel inside an
    /// [`io::Error`](std::io::Error):
    ///
    /// ```
    /// use std::io::Read;
    /// use appsnap::{Limits, gzip};
    ///
    /// let mut reader = gzip::Reader::new(&b"PK\x03\x04"[..], &Limits::untrusted());
    /// let error: gzip::Error = reader.read_to_end(&mut Vec::new()).unwrap_err().downcast()?;
    /// assert!(matches!(error.kind(), gzip::ErrorKind::NotGzip));
    /// assert!(error.is_bad_input());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub struct Error(ErrorKind);
    with Io, Limit;
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source or the sink failed, or the system cannot start a thread.
    #[error("{action} failed")]
    #[non_exhaustive]
    Io {
        /// The operation, for people: `reading`, `writing`, `starting a thread`.
        action: &'static str,
    },
    /// The bytes are not gzip at all.
    #[error("this is not gzip data: it should begin with the bytes 1f 8b")]
    NotGzip,
    /// The input ends inside a gzip member.
    #[error("the gzip data is truncated inside its {part}: transfer the file again")]
    #[non_exhaustive]
    Truncated {
        /// The part of the member: `header`, `body` or `trailer`.
        part: &'static str,
    },
    /// A header contains something that RFC 1952 does not allow, or its own checksum is wrong.
    #[error("the gzip header is invalid: {0}")]
    Header(&'static str),
    /// The compressed data cannot be decompressed.
    #[error("the compressed data is damaged")]
    Deflate,
    /// The CRC32 in the trailer is not that of the data.
    #[error("the data is damaged: its CRC32 is {actual:08x}, the gzip trailer says {declared:08x}")]
    #[non_exhaustive]
    Crc {
        /// The value in the trailer.
        declared: u32,
        /// The value for the data.
        actual: u32,
    },
    /// The ISIZE in the trailer is not the length of the data modulo 2^32.
    #[error("the data is damaged: its length is {actual} modulo 2^32, the gzip trailer says {declared}")]
    #[non_exhaustive]
    Length {
        /// The value in the trailer.
        declared: u32,
        /// The value for the data.
        actual: u32,
    },
    /// The last member is followed by something other than another member or zero padding.
    #[error("the gzip data is followed by something that is neither gzip data nor zero padding")]
    TrailingData,
    /// The input needs more than a limit allows.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// A bug in this crate, or in the source that was being read if a thread panicked.
    #[error("internal error of the gzip engine: {0}")]
    Internal(&'static str),
}

impl Kind for ErrorKind {
    const POSITION_IN: &'static str = "the compressed data";

    fn category(&self) -> Category {
        match self {
            Self::Io { .. } => Category::Io,
            Self::Truncated { .. } => Category::Truncated,
            Self::NotGzip
            | Self::Header(_)
            | Self::Deflate
            | Self::Crc { .. }
            | Self::Length { .. }
            | Self::TrailingData => Category::BadInput,
            Self::Limit(_) => Category::Limit,
            Self::Internal(_) => Category::Internal,
        }
    }
}
