//! Why a listing could not be read: [`Error`], which names the member or the line.

use std::fmt;

use crate::json::JsonError;

/// A [`Result`](std::result::Result) whose error is this module's [`Error`], unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a listing could not be read, and where in it.
///
/// ```
/// use appsnap::catalog::{self, ErrorKind};
///
/// let error = catalog::read(br#"[{"id": "a", "taken_at": "2026-11-20 02:00"}]"#).unwrap_err();
/// match error.kind() {
///     ErrorKind::Instant { text, .. } => println!("{}: {text} is no instant", error.place()),
///     ErrorKind::Unrecognised => println!("no listing that is known here"),
///     other => println!("{other:?} at {}", error.place()),
/// }
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    place: String,
    source: Option<JsonError>,
}

/// The kinds of [`Error`]. All of them are for whoever made the listing, or picked the file.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are none of the listings that are known here.
    Unrecognised,
    /// It is not JSON, or not the JSON it should be; [`source`](std::error::Error::source) says why.
    Json,
    /// It is not text in UTF-8.
    Encoding,
    /// A member or column that has to be there is missing or null.
    Missing,
    /// A member or field is of another type than it should be.
    #[non_exhaustive]
    Type {
        /// What it should be.
        expected: &'static str,
    },
    /// A text is no instant, or one without an offset from UTC.
    #[non_exhaustive]
    Instant {
        /// The text as it stands in the listing.
        text: String,
    },
    /// A row of a table has another number of fields than its head.
    #[non_exhaustive]
    Fields {
        /// Fields in the head.
        expected_count: usize,
        /// Fields in the row.
        found_count: usize,
    },
    /// A quoted field of a table does not end.
    Quote,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, place: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, place: place.into(), source: None }))
    }

    pub(super) fn json(place: impl Into<String>, source: serde_json::Error) -> Self {
        Self(Box::new(Inner { kind: ErrorKind::Json, place: place.into(), source: Some(source.into()) }))
    }

    /// What is wrong, to be matched.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Where: a member such as `snapshots[3].created_at`, or a line and column of a table; empty for the whole listing.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.0.place
    }

    /// The line in which the JSON breaks off or goes wrong, counted from 1, where that is known.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.0.source.as_ref().map(JsonError::line).filter(|line| *line != 0)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.place.is_empty() {
            write!(f, "{}: ", self.0.place)?;
        }
        match &self.0.kind {
            ErrorKind::Unrecognised => f.write_str(
                "not a listing of backups that is known here: Mendix Backups API (v1, v2), Squidex, Platform.sh (JSON, CSV, \
                 table), or an array of objects with id and taken_at",
            ),
            ErrorKind::Json => f.write_str("not the JSON of a listing"),
            ErrorKind::Encoding => f.write_str("not text in UTF-8"),
            ErrorKind::Missing => f.write_str("is missing"),
            ErrorKind::Type { expected } => write!(f, "should be {expected}"),
            ErrorKind::Instant { text } => {
                write!(f, "{text:?} is not an instant with an offset, such as 2021-05-05T18:38:41Z")
            }
            ErrorKind::Fields { expected_count, found_count } => {
                write!(f, "has {found_count} fields, the head has {expected_count}")
            }
            ErrorKind::Quote => f.write_str("begins a quoted field that does not end"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

const _: () = assert!(size_of::<Error>() == size_of::<usize>());
