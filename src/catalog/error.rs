//! The error of reading a listing.

use std::fmt;

use crate::error::{Category, Kind, module_error};
use crate::json::{JsonError, Location};

module_error! {
    /// The error of reading a listing. Its [`context`](Error::context) is the line with the member or the column, such as
    /// `line 7, member snapshots[3].created_at`.
    ///
    /// ```
    /// use appsnap::catalog::{self, ErrorKind};
    ///
    /// let error = catalog::read(br#"[{"id": "7", "automated": true, "created_at": "2026-11-20"}]"#).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Instant { text, .. } if text == "2026-11-20"));
    /// assert_eq!(error.context(), Some("line 1, member [0].created_at"));
    /// ```
    pub struct Error(ErrorKind);
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are none of the known listings.
    Unrecognised,
    /// The text is an answer that reports an error instead of listing backups.
    #[non_exhaustive]
    Answer {
        /// The message of the answer.
        message: String,
    },
    /// The text is not JSON, or does not have the expected form.
    Json,
    /// The bytes are neither UTF-8 nor UTF-16 text.
    Encoding,
    /// A required member or column is absent or null.
    Missing,
    /// A member or field has the wrong type.
    #[non_exhaustive]
    Type {
        /// The type that is expected, as a clause.
        expected: &'static str,
    },
    /// A text is not an instant, or has no UTC offset.
    #[non_exhaustive]
    Instant {
        /// The text.
        text: String,
    },
    /// A row of a table has not as many fields as the heading.
    #[non_exhaustive]
    FieldCount {
        /// The number of fields in the heading.
        expected_count: usize,
        /// The number of fields in the row.
        found_count: usize,
    },
    /// A quoted field of a table does not end.
    UnclosedQuote,
    /// Two backups have the same id.
    #[non_exhaustive]
    SameId {
        /// The id.
        id: String,
    },
    /// Pages of one listing are from different programs or platforms.
    OtherProvider,
    /// A table without a heading has other columns than `Created`, `Backup ID` and `Restorable`.
    UnknownColumns,
}

impl Kind for ErrorKind {
    fn category(&self) -> Category {
        Category::BadInput
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unrecognised => f.write_str(
                "this is not a known listing of backups: known are Mendix Backups API (v1, v2), Squidex, Platform.sh \
                 (JSON, CSV, table), restic, borg, Proxmox and kopia (with --json), and an array of objects with id and taken_at",
            ),
            Self::Answer { message } => {
                write!(f, "the text is not a listing, but the answer of a server that reports an error: {message}")
            }
            Self::Json => f.write_str("the JSON does not have the form of a listing"),
            Self::Encoding => f.write_str("the listing is neither UTF-8 nor UTF-16 text: save it as UTF-8"),
            Self::Missing => f.write_str("the value is missing"),
            Self::Type { expected } => write!(f, "the value should be {expected}"),
            Self::Instant { text } => {
                write!(f, "{text:?} is not an instant with a UTC offset: write one such as 2021-05-05T18:38:41Z")
            }
            Self::FieldCount { expected_count, found_count } => {
                write!(f, "the row has {found_count} fields: it should have {expected_count}, as the heading has")
            }
            Self::SameId { id } => write!(
                f,
                "two backups that were created at different times have the id {id:?}: give each an id of its own"
            ),
            Self::OtherProvider => {
                f.write_str("the pages are from different programs or platforms: read each listing on its own")
            }
            Self::UnknownColumns => f.write_str(
                "the table has no heading, and other columns than Created, Backup ID and Restorable: list the backups \
                 again without --no-header",
            ),
            Self::UnclosedQuote => f.write_str("a quoted field begins here and does not end: add a quotation mark"),
        }
    }
}

impl Error {
    /// An error about the JSON text, which the parser was given from `start` on.
    pub(super) fn json(text: &str, start: usize, source: serde_json::Error) -> Self {
        let location = Location::of_error(text, start, &source);
        let error = Self::new(ErrorKind::Json).within(location.to_string()).at(location.offset as u64);
        error.because(JsonError::from(source).without_location())
    }
}
