//! Why a policy, a schedule or a listing could not be understood: [`Error`].

use std::error::Error as StdError;
use std::fmt;

use crate::json::JsonError;

/// Why something written by a person or a program could not be understood. One pointer in size.
///
/// Judging backups never fails; only reading policies, schedules, zones and listings does, and asking for a simulation
/// that makes no sense.
///
/// ```
/// use appsnap::retention::{ErrorKind, presets};
///
/// let error = presets::by_name("restic:daily=seven").unwrap_err();
/// match error.kind() {
///     ErrorKind::Syntax { part, reason, .. } => println!("{part} at byte {:?}: {reason}", error.position()),
///     ErrorKind::UnknownPolicy { name, .. } => println!("{name}? there are {:?}", presets::NAMES),
///     other => unreachable!("{other:?}"),
/// }
/// assert!(!error.is_unknown_name());
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    position: Option<u64>,
    source: Option<JsonError>,
}

/// What went wrong, grouped by what has to be put right.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No policy has this name.
    #[non_exhaustive]
    UnknownPolicy {
        /// The name that was asked for.
        name: String,
    },
    /// No region has this name in the table that was asked.
    #[non_exhaustive]
    UnknownRegion {
        /// The name that was asked for.
        name: String,
    },
    /// The bundled time zone database does not hold this zone.
    #[non_exhaustive]
    UnknownZone {
        /// The name that was asked for.
        name: String,
    },
    /// A short notation (a policy string, a cron expression, a period) has a part that means nothing.
    #[non_exhaustive]
    Syntax {
        /// What was being read, for example `cron expression`.
        what: &'static str,
        /// The part that is wrong, as written.
        part: String,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// A JSON document does not have the form that was expected. The cause is the error's source.
    #[non_exhaustive]
    Json {
        /// The member, for example `rules[2].keep`; empty for the document itself.
        member: String,
        /// Line of the document, counted from 1.
        line: usize,
        /// Column in that line, counted from 1.
        column: usize,
    },
    /// What was asked for contradicts itself.
    #[non_exhaustive]
    Misuse {
        /// What is wrong with it and what would be right.
        reason: String,
    },
}

impl Error {
    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The byte of the text at which it went wrong, counted from 0, where that is known.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.0.position
    }

    /// Whether a name (of a policy, a region, a zone) is not known, as opposed to written wrongly.
    #[must_use]
    pub fn is_unknown_name(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::UnknownPolicy { .. } | ErrorKind::UnknownRegion { .. } | ErrorKind::UnknownZone { .. }
        )
    }

    fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, position: None, source: None }))
    }

    pub(super) fn unknown_policy(name: &str) -> Self {
        Self::new(ErrorKind::UnknownPolicy { name: name.into() })
    }

    pub(super) fn unknown_region(name: &str) -> Self {
        Self::new(ErrorKind::UnknownRegion { name: name.into() })
    }

    pub(super) fn unknown_zone(name: &str) -> Self {
        Self::new(ErrorKind::UnknownZone { name: name.into() })
    }

    pub(super) fn misuse(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Misuse { reason: reason.into() })
    }

    /// `part` is wrong; where it is a slice of `whole`, its place is remembered.
    pub(super) fn syntax(what: &'static str, whole: &str, part: &str, reason: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::Syntax { what, part: part.into(), reason: reason.into() });
        let (start, end) = (whole.as_ptr().addr(), whole.as_ptr().addr().saturating_add(whole.len()));
        let at = part.as_ptr().addr();
        error.0.position = (start..=end).contains(&at).then(|| (at - start) as u64);
        error
    }

    pub(super) fn json(text: &str, source: serde_json::Error) -> Self {
        let (line, column) = (source.line(), source.column());
        // The one error that is about what is not there; the parser has no other way to tell.
        let of_container = source.to_string().starts_with("missing field");
        let place = super::json::place(text, line, column, of_container);
        let mut error = Self::new(ErrorKind::Json { member: place.member, line, column });
        error.0.position = Some(place.offset as u64);
        error.0.source = Some(source.into());
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ErrorKind::UnknownPolicy { name } => {
                write!(f, "no policy is called {name:?}: known are {}, ", super::presets::NAMES.join(", "))?;
                f.write_str("and restic:, borg:, proxmox: and kopia: followed by rules such as last=3,daily=7")
            }
            ErrorKind::UnknownRegion { name } => {
                write!(f, "no region is called {name:?}: known are {}", super::regions::names())
            }
            ErrorKind::UnknownZone { name } => {
                write!(f, "no time zone is called {name:?}: give an IANA name such as Europe/Amsterdam")
            }
            ErrorKind::Syntax { what, part, reason } => write!(f, "in the {what}, {part:?} {reason}"),
            ErrorKind::Json { member, line, .. } if member.is_empty() => write!(f, "bad JSON in line {line}"),
            ErrorKind::Json { member, line, .. } => write!(f, "bad JSON in line {line}, member {member}"),
            ErrorKind::Misuse { reason } => f.write_str(reason),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn a_part_knows_its_place_in_the_whole() {
        let whole = "last=3,dayly=7";
        assert_eq!(Error::syntax("policy", whole, &whole[7..], "is wrong").position(), Some(7));
        assert_eq!(Error::syntax("policy", whole, "elsewhere", "is wrong").position(), None);
    }
}
