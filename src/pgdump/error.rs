//! Why reading, checking or writing a dump was stopped: [`Error`].

use std::error::Error as StdError;
use std::fmt;
use std::io;

use thiserror::Error as ThisError;

use super::corruption::Corruption;
use super::identify::Identity;
use super::version::FormatVersion;
use crate::limits::LimitExceeded;
use crate::observe::Cancelled;

/// Why reading, checking or writing a dump was stopped.
///
/// It is one pointer wide. [`kind`](Self::kind) says who must act, [`position`](Self::position) where in the file it
/// happened, [`place`](Self::place) in which entry.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::{ErrorKind, inspect};
///
/// let dump = std::fs::read("examples/data/quickstart.dump")?;
/// let error = inspect(&dump[..dump.len() - 1], &Limits::untrusted()).unwrap_err();
/// match error.kind() {
///     ErrorKind::Truncated { .. } | ErrorKind::Corrupt(_) => println!("copy it again: {error}"),
///     ErrorKind::NotAnArchive { identity, .. } => println!("{}", identity.hint().unwrap_or("no dump")),
///     ErrorKind::Limit(exceeded) => println!("raise {} if this is your own", exceeded.name),
///     _ => println!("{error}"),
/// }
/// assert!(error.is_bad_input() && error.position() == Some(dump.len() as u64 - 1));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    position: Option<u64>,
    place: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What an [`Error`] is about, by who must act.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source or the sink failed: look at the disk, the pipe, the network.
    #[error("{action} failed")]
    #[non_exhaustive]
    Io {
        /// What was being done.
        action: &'static str,
    },
    /// The input does not begin like an archive of pg_dump.
    #[error("not a pg_dump archive: {}", .identity.hint().unwrap_or("it does not begin with PGDMP"))]
    #[non_exhaustive]
    NotAnArchive {
        /// What it is instead, as far as its beginning tells.
        identity: Identity,
    },
    /// It is an archive, but not a file in custom format: dump again with `pg_dump -Fc`.
    #[error("the archive has format code {code}, a custom-format dump has 1; make one with pg_dump -Fc -f FILE")]
    #[non_exhaustive]
    NotCustomFormat {
        /// The format code of the header: 3 tar (and every `toc.dat`), 4 plain, 5 directory.
        code: u8,
    },
    /// The version is not known here: a newer release of this crate may know it.
    #[error("archive version {major}.{minor} is not known; 1.0 to 1.16 are")]
    #[non_exhaustive]
    UnsupportedVersion {
        /// Number before the dot.
        major: u8,
        /// Number behind the dot.
        minor: u8,
    },
    /// The data are compressed in a way that this build cannot read: turn the crate feature on.
    #[error("data compressed with {algorithm} cannot be read: the crate feature {algorithm} is off")]
    #[non_exhaustive]
    CompressionUnavailable {
        /// Name of the algorithm and of the crate feature.
        algorithm: &'static str,
    },
    /// The input ends too early: copy or make the dump again.
    #[error("the dump ends in the middle of {what}")]
    #[non_exhaustive]
    Truncated {
        /// What was being read.
        what: &'static str,
    },
    /// The input contradicts the format or itself: copy or make the dump again.
    #[error("the dump is damaged: {0}")]
    Corrupt(Corruption),
    /// The input wants more than the limits allow: raise the limit if the input is trusted.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// The archive version to be written has no way to say this: choose a newer version, or leave it out.
    #[error("archive version {version} cannot express {what}")]
    #[non_exhaustive]
    Inexpressible {
        /// What was to be written.
        what: &'static str,
        /// The version that was to be written.
        version: FormatVersion,
    },
    /// The caller asked for something that makes no sense here.
    #[error("{0}")]
    Misuse(&'static str),
    /// The observer ended the work.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, position: None, place: None, source: None }))
    }

    #[cold]
    pub(crate) fn io(action: &'static str, error: io::Error) -> Self {
        // An error of ours that travelled through `Read` comes out as it went in.
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(error) => Self::new(ErrorKind::Io { action }).because(error),
        }
    }

    #[cold]
    pub(crate) fn corrupt(what: Corruption) -> Self {
        Self::new(ErrorKind::Corrupt(what))
    }

    #[cold]
    pub(crate) fn truncated(what: &'static str) -> Self {
        Self::new(ErrorKind::Truncated { what })
    }

    pub(crate) fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The first position that is known stays: it is the closest to the cause.
    pub(crate) fn at(mut self, position: u64) -> Self {
        self.0.position.get_or_insert(position);
        self
    }

    /// As with positions, the innermost place stays.
    pub(crate) fn within(mut self, place: impl FnOnce() -> String) -> Self {
        self.0.place.get_or_insert_with(place);
        self
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// How many bytes of the dump lie before the trouble, where that is known.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.0.position
    }

    /// The entry or stream it happened in, escaped for people, where that is known.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    /// Whether the input is at fault: not a dump, of another format, cut short or damaged.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::NotAnArchive { .. }
                | ErrorKind::NotCustomFormat { .. }
                | ErrorKind::UnsupportedVersion { .. }
                | ErrorKind::Truncated { .. }
                | ErrorKind::Corrupt(_)
        )
    }

    /// Whether the observer ended the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Cancelled)
    }

    /// Whether a limit stopped it.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Limit(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)?;
        if let Some(place) = &self.0.place {
            write!(f, ", in {place}")?;
        }
        if let Some(position) = self.0.position {
            write!(f, ", at byte {position}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("position", &self.0.position)
            .field("place", &self.0.place)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Self {
        Self::new(ErrorKind::Cancelled)
    }
}

impl From<Corruption> for Error {
    fn from(what: Corruption) -> Self {
        Self::corrupt(what)
    }
}

impl From<LimitExceeded> for Error {
    fn from(exceeded: LimitExceeded) -> Self {
        Self::new(ErrorKind::Limit(exceeded))
    }
}

/// So that it can travel through [`io::Read`].
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error.0.kind {
            ErrorKind::Truncated { .. } => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn an_error_survives_the_way_through_read() {
        let error = Error::corrupt(Corruption::BlockType(9)).at(17);
        let back = Error::io("reading", io::Error::from(error));
        assert_eq!(back.kind(), &ErrorKind::Corrupt(Corruption::BlockType(9)));
        assert_eq!(back.position(), Some(17));
    }

    #[test]
    fn the_innermost_place_and_position_stay() {
        let error = Error::truncated("a chunk").at(3).within(|| "a".into()).at(5).within(|| "b".into());
        assert_eq!(error.to_string(), "the dump ends in the middle of a chunk, in a, at byte 3");
    }

    #[test]
    fn a_cause_is_chained_and_not_repeated() {
        let error = Error::io("reading the dump", io::Error::other("cable unplugged"));
        assert_eq!(error.to_string(), "reading the dump failed");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("cable unplugged"));
    }
}
