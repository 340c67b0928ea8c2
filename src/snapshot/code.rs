//! Codes of findings about an archive as a whole: [`Code`], and the code of every error.

use super::error::{Error, ErrorKind};
use crate::diagnostic::{self, codes};
use crate::{gzip, layout, metadata};

codes! {
    /// The codes of findings about an archive as a whole, and about its index.
    ///
    /// What the reader finds in a part of an archive has a code of [`gzip`], [`tarball`](crate::tarball), [`layout`] or
    /// [`metadata`].
    pub enum Code {
        /// The file is neither a snapshot nor a dump.
        NotASnapshot = "S001" "not-a-snapshot" Error, "use the command in the message to get a snapshot or a dump from the file, and check that";
        /// The archive has no database: it can be read, but no app can be restored from it alone.
        FilesOnly = "S002" "files-only" Warning,
            "pack the files together with a dump, or restore them next to a database by other means";
        /// The archive needs more than the limits allow, so reading stopped.
        LimitExceeded = "S006" "limit-exceeded" Error,
            "raise the limit that the message names, if the source of the archive is trusted";
        /// The index does not agree with the archive.
        IndexWrong = "I001" "index-wrong" Error, "re-create the index from the archive; the archive is what counts";
    }
}

impl Error {
    /// Returns the code of the finding that a check reports for this error; `None` if the archive is not at fault.
    #[must_use]
    pub fn code(&self) -> Option<diagnostic::Code> {
        if self.is_limit() {
            return Some(Code::LimitExceeded.into());
        }
        match self.kind() {
            ErrorKind::Gzip(error) if matches!(error.kind(), gzip::ErrorKind::NotGzip) => {
                Some(Code::NotASnapshot.into())
            }
            ErrorKind::Gzip(error) => error.code().map(Into::into),
            ErrorKind::Tar(error) => error.code().map(Into::into),
            ErrorKind::NotASnapshot(_) => Some(Code::NotASnapshot.into()),
            ErrorKind::Name(code) => Some((*code).into()),
            ErrorKind::Duplicate => Some(layout::Code::NameRepeated.into()),
            ErrorKind::Metadata(error) => Some(error.code().map_or(Code::LimitExceeded.into(), Into::into)),
            ErrorKind::MetadataMissing => Some(metadata::Code::MetadataMissing.into()),
            ErrorKind::Limit(_) => Some(Code::LimitExceeded.into()),
            ErrorKind::Index(_) | ErrorKind::NoIndex => Some(Code::IndexWrong.into()),
            ErrorKind::Io { .. }
            | ErrorKind::Cancelled
            | ErrorKind::TooShort { .. }
            | ErrorKind::TooLong { .. }
            | ErrorKind::MetadataSize { .. }
            | ErrorKind::NotFound(_)
            | ErrorKind::Exists
            | ErrorKind::Foreign { .. }
            | ErrorKind::Misuse(_)
            | ErrorKind::Shards { .. }
            | ErrorKind::Internal(_) => None,
        }
    }
}
