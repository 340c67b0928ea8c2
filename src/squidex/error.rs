//! Why work on a Squidex archive stopped: [`Error`] and its [`ErrorKind`].

use std::fmt;
use std::io;

use thiserror::Error as ThisError;

use crate::json::JsonError;
use crate::limits::LimitExceeded;
use crate::observe::Cancelled;
use crate::zip;

/// A [`Result`](std::result::Result) whose error is this module's [`Error`], unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a Squidex archive could not be read or written on.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::squidex::{Archive, ErrorKind};
///
/// let mut zip = appsnap::zip::Writer::new(Vec::new());
/// zip.entry("holiday/photo.jpg", &b"..."[..])?;
/// let bytes = zip.finish()?;
/// let error = Archive::open(&bytes, bytes.len() as u64, &Limits::untrusted()).unwrap_err();
/// match error.kind() {
///     ErrorKind::NotBackup => println!("{error}"),
///     ErrorKind::Version { major, .. } => println!("version {major} is not restored by anybody"),
///     ErrorKind::Zip => println!("download it again: {error}"),
///     other => unreachable!("{other:?}"),
/// }
/// # Ok::<(), appsnap::zip::Error>(())
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    source: Option<Source>,
}

#[derive(Debug)]
enum Source {
    Zip(zip::Error),
    Io(io::Error),
    Json(JsonError),
}

/// The kinds of [`Error`], grouped by who must act.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source or the sink failed; [`source`](std::error::Error::source) says how.
    #[non_exhaustive]
    Io {
        /// What was being done.
        action: &'static str,
    },
    /// The zip file below is damaged, ambiguous or of a kind that is not read; `source` says how.
    Zip,
    /// The zip file holds neither events nor attachments.
    NotBackup,
    /// An entry has a name that could reach outside of a folder, or deceive whoever reads it.
    #[non_exhaustive]
    Name {
        /// The name, escaped.
        name: String,
    },
    /// The archive says it has another version of the format than Squidex restores.
    #[non_exhaustive]
    Version {
        /// The version it claims.
        major: i64,
    },
    /// An event cannot be understood.
    #[non_exhaustive]
    Event {
        /// The number of the event.
        index: u64,
        /// What is wrong with it.
        fault: EventFault,
    },
    /// A JSON attachment cannot be understood; `source` says why.
    #[non_exhaustive]
    Attachment {
        /// Name of the attachment.
        name: String,
    },
    /// The archive cannot be cloned: there is no event that creates the app before others need its id.
    NoApp,
    /// A limit would be passed. The limit can be raised for archives from a trusted place.
    Limit(LimitExceeded),
    /// The caller asked for what an archive cannot hold.
    Misuse(&'static str),
    /// The observer ended the work.
    Cancelled,
}

/// What is wrong with an event.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::squidex::{Archive, ErrorKind, EventFault, event_path};
///
/// let mut zip = appsnap::zip::Writer::new(Vec::new());
/// zip.entry(&event_path(0), &b"{}"[..])?;
/// let bytes = zip.finish()?;
/// let archive = Archive::open(&bytes, bytes.len() as u64, &Limits::untrusted())?;
/// let error = archive.event(0).unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Event { index: 0, fault: EventFault::Empty, .. }), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum EventFault {
    /// It is not JSON, or not of either form that Squidex writes.
    #[error("is of neither form that Squidex writes")]
    Json,
    /// Neither the new nor the old form is there.
    #[error("has neither a member n nor a member data")]
    Empty,
    /// Its payload is not a JSON object.
    #[error("has a payload that is not a JSON object")]
    Payload,
    /// Its headers are not a JSON object.
    #[error("has headers that are not a JSON object")]
    Headers,
    /// Its stream's name has no type, or its type is empty.
    #[error("has no type or no stream name of the form <type>-<id>")]
    Stream,
    /// It creates the app without saying which.
    #[error("creates an app without an id of the form <id>,<name>")]
    AppId,
}

impl Error {
    pub(super) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, source: None }))
    }

    pub(super) fn event(index: u64, fault: EventFault) -> Self {
        Self::new(ErrorKind::Event { index, fault })
    }

    pub(super) fn json(kind: ErrorKind, source: serde_json::Error) -> Self {
        Self(Box::new(Inner { kind, source: Some(Source::Json(source.into())) }))
    }

    /// What came out of a read of a zip entry: an error of the zip reader, or of the source below it.
    pub(super) fn reading(action: &'static str, error: io::Error) -> Self {
        match zip::Error::from_io(error) {
            Ok(error) => error.into(),
            Err(source) => Self(Box::new(Inner { kind: ErrorKind::Io { action }, source: Some(Source::Io(source)) })),
        }
    }

    /// The error of the zip reader that this one is, said once and not twice: all but damage of the zip file.
    fn same_of_zip(&self) -> Option<&zip::Error> {
        match &self.0.source {
            Some(Source::Zip(error)) if self.0.kind != ErrorKind::Zip => Some(error),
            _ => None,
        }
    }

    /// What happened, to be matched.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The byte of the zip file at which it happened, where that is known.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        match &self.0.source {
            Some(Source::Zip(error)) => error.position(),
            _ => None,
        }
    }

    /// Whether a limit stopped the reading.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Limit(_))
    }

    /// Whether an observer ended the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Cancelled)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = self.same_of_zip() {
            return error.fmt(f);
        }
        match &self.0.kind {
            ErrorKind::Io { action } => write!(f, "{action} failed"),
            ErrorKind::Zip => f.write_str("the zip file of the Squidex backup is not read"),
            ErrorKind::NotBackup => {
                f.write_str("the zip file is no Squidex backup: it has neither events nor attachments")
            }
            ErrorKind::Name { name } => {
                write!(f, "the zip entry \"{name}\" has a name that no Squidex backup holds and that reaches outside")
            }
            ErrorKind::Version { major } => {
                write!(f, "the backup has format version {major}; Squidex restores version 5, so make it anew")
            }
            ErrorKind::Event { index, fault } => write!(f, "event {index} {fault}"),
            ErrorKind::Attachment { name } => {
                write!(f, "the attachment {} is not the JSON it should be", name.escape_debug())
            }
            ErrorKind::NoApp => {
                f.write_str("the events do not begin with the creation of the app, so its id is unknown")
            }
            ErrorKind::Limit(exceeded) => write!(f, "{exceeded}"),
            ErrorKind::Misuse(what) => f.write_str(what),
            ErrorKind::Cancelled => f.write_str("the work was cancelled"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.0.source.as_ref()? {
            Source::Zip(error) => self.same_of_zip().map_or(Some(error), std::error::Error::source),
            Source::Io(error) => Some(error),
            Source::Json(error) => Some(error),
        }
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Self {
        Self::new(ErrorKind::Cancelled)
    }
}

impl From<zip::Error> for Error {
    fn from(error: zip::Error) -> Self {
        let kind = match error.kind() {
            zip::ErrorKind::Limit(exceeded) => ErrorKind::Limit(*exceeded),
            zip::ErrorKind::Io { action } => ErrorKind::Io { action },
            zip::ErrorKind::Misuse(what) => ErrorKind::Misuse(what),
            _ => ErrorKind::Zip,
        };
        Self(Box::new(Inner { kind, source: Some(Source::Zip(error)) }))
    }
}

impl From<LimitExceeded> for Error {
    fn from(exceeded: LimitExceeded) -> Self {
        Self::new(ErrorKind::Limit(exceeded))
    }
}

const _: () = assert!(size_of::<Error>() == size_of::<usize>());
