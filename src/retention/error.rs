//! The error of reading policies, schedules, time zones and lists of backups.

use thiserror::Error as ThisError;

use crate::error::{Category, Kind, module_error};
use crate::json::{JsonError, Location};

module_error! {
    /// The error of reading policies, schedules, time zones and lists of backups, and of impossible simulations.
    ///
    /// Deciding about backups never fails.
    ///
    /// ```
    /// use appsnap::retention::{ErrorKind, presets};
    ///
    /// let error = presets::by_name("restic:daily=seven").unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Syntax { part, .. } if part == "seven"));
    /// assert_eq!(error.position(), Some(13));
    /// ```
    pub struct Error(ErrorKind);
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A policy, a region or a time zone has another name.
    #[error("there is no {what} {name:?}: {known}")]
    #[non_exhaustive]
    UnknownName {
        /// The kind of thing that was looked up: `policy`, `region` or `time zone`.
        what: &'static str,
        /// The name that was looked up.
        name: String,
        /// The names that exist, as a clause for people.
        known: String,
    },
    /// A part of a short notation (a policy, a cron expression, a period) has no meaning.
    #[error("in the {what}, {part:?} {reason}")]
    #[non_exhaustive]
    Syntax {
        /// The notation, for example `cron expression`.
        what: &'static str,
        /// The wrong part, as written.
        part: String,
        /// A clause that says what is wrong with it and what is right.
        reason: String,
    },
    /// A JSON document does not have the expected form.
    #[error("the JSON does not have the expected form")]
    #[non_exhaustive]
    Json {
        /// The member, for example `rules[2].keep`. Empty for the document itself.
        member: String,
        /// The line of the document, counted from 1.
        line: usize,
        /// The column in the line, counted from 1.
        column: usize,
    },
    /// The call contradicts itself.
    #[error("{reason}")]
    #[non_exhaustive]
    Misuse {
        /// A description of what is wrong and what is right.
        reason: &'static str,
    },
}

impl Kind for ErrorKind {
    fn category(&self) -> Category {
        match self {
            Self::UnknownName { .. } => Category::NotFound,
            Self::Syntax { .. } | Self::Json { .. } => Category::BadInput,
            Self::Misuse { .. } => Category::Misuse,
        }
    }
}

impl Error {
    pub(super) fn unknown_name(what: &'static str, name: &str, known: impl Into<String>) -> Self {
        Self::new(ErrorKind::UnknownName { what, name: name.into(), known: known.into() })
    }

    pub(super) fn misuse(reason: &'static str) -> Self {
        Self::new(ErrorKind::Misuse { reason })
    }

    /// `part` is wrong. If it is a slice of `whole`, the error has a position.
    pub(super) fn syntax(what: &'static str, whole: &str, part: &str, reason: impl Into<String>) -> Self {
        let error = Self::new(ErrorKind::Syntax { what, part: part.into(), reason: reason.into() });
        let position = part.as_ptr().addr().checked_sub(whole.as_ptr().addr());
        match position.filter(|position| *position <= whole.len()) {
            Some(position) => error.at(position as u64),
            None => error,
        }
    }

    pub(super) fn json(text: &str, source: serde_json::Error) -> Self {
        let location = Location::of_error(text, 0, &source);
        let context = location.to_string();
        let Location { member, line, column, offset } = location;
        Self::new(ErrorKind::Json { member, line, column })
            .within(context)
            .at(offset as u64)
            .because(JsonError::from(source).without_location())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_knows_its_position_in_the_whole() {
        let whole = "last=3,dayly=7";
        assert_eq!(Error::syntax("policy", whole, &whole[7..], "is wrong").position(), Some(7));
        assert_eq!(Error::syntax("policy", whole, "elsewhere", "is wrong").position(), None);
    }
}
