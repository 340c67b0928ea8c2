//! Codes of findings about the compression around an archive: [`Code`].

use super::error::{Error, ErrorKind};
use crate::diagnostic::codes;

codes! {
    /// The codes of findings about the compression around an archive.
    pub enum Code {
        /// The compressed data ends too early.
        GzipTruncated = "G001" "gzip-truncated" Error,
            "transfer the file again and compare its length with the original";
        /// A gzip header violates RFC 1952, or is longer than any legitimate one.
        GzipHeaderInvalid = "G002" "gzip-header-invalid" Error, "compress the archive again with gzip or pigz";
        /// The compressed data cannot be decompressed.
        GzipDataDamaged = "G003" "gzip-data-damaged" Error,
            "transfer the file again; if that does not help, create it again";
        /// The CRC32 or the length of the data differs from the gzip trailer: the content is damaged.
        GzipChecksumWrong = "G004" "gzip-checksum-wrong" Error,
            "transfer the file again; if that does not help, create it again";
        /// The compressed data is followed by something that is neither gzip data nor zeros.
        GzipTrailingData = "G005" "gzip-trailing-data" Error,
            "remove it if its origin is known, or transfer the file again";
    }
}

impl Error {
    /// Returns the code of the finding that a check reports for this error; `None` if the data is not at fault, is not gzip, or exceeds
    /// a limit.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        Some(match self.kind() {
            ErrorKind::Truncated { .. } => Code::GzipTruncated,
            ErrorKind::Header(_) => Code::GzipHeaderInvalid,
            ErrorKind::Deflate => Code::GzipDataDamaged,
            ErrorKind::Crc { .. } | ErrorKind::Length { .. } => Code::GzipChecksumWrong,
            ErrorKind::TrailingData => Code::GzipTrailingData,
            ErrorKind::NotGzip | ErrorKind::Limit(_) | ErrorKind::Io { .. } | ErrorKind::Internal(_) => return None,
        })
    }
}
