//! Why a `.metadata` could not be read.

use std::fmt;

use thiserror::Error as ThisError;

use super::Key;
use crate::layout::escaped;
use crate::limits::Exceeded;

/// Why a `.metadata` could not be read. Pointer-sized.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::metadata::{ErrorKind, Key, Metadata, Problem};
///
/// let error = Metadata::parse(br#"{"dumpSize":"-1"}"#, &Limits::untrusted()).unwrap_err();
/// match error.kind() {
///     ErrorKind::Value { key, problem } => assert_eq!((*key, *problem), (Key::DumpSize, Problem::NotDecimal)),
///     other => unreachable!("{other}"),
/// }
/// assert!(error.is_value());
/// ```
pub struct Error(Box<ErrorKind>);

/// What is wrong with a `.metadata`.
///
/// [`Error`] shows how to match them; more may come.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It is larger than the limit allows.
    #[error(transparent)]
    Limit(Exceeded),
    /// It is not UTF-8; the first wrong byte stands at this offset.
    #[error(".metadata is not UTF-8 at byte {0}: save it as UTF-8")]
    NotUtf8(usize),
    /// It is not JSON, not one object, or has something behind the object.
    #[error(".metadata is not one JSON object")]
    Json(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A key occurs twice in one object: programs differ in which of them counts.
    #[error(".metadata has the key \"{}\" twice", escaped(.0.as_bytes()))]
    DuplicateKey(String),
    /// Arrays and objects are nested more deeply than this.
    #[error(".metadata is nested more than {0} levels deep")]
    TooDeep(usize),
    /// A documented key has a value that it cannot have.
    #[error(".metadata has a \"{}\" that is {problem}", .key.name())]
    Value {
        /// The key whose value is wrong.
        key: Key,
        /// What its value is.
        problem: Problem,
    },
}

/// What a value is instead of what it must be.
///
/// ```
/// use appsnap::metadata::Problem;
///
/// assert_eq!(Problem::NotDecimal.to_string(), "not a plain decimal number");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum Problem {
    /// A number must be decimal digits without a sign, a fraction or an exponent.
    #[error("not a plain decimal number")]
    NotDecimal,
    /// A number must fit 64 bits.
    #[error("larger than 2^64-1")]
    TooLarge,
    /// A model version must be a string.
    #[error("not a string")]
    NotText,
}

impl Error {
    #[cold]
    pub(super) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(kind))
    }

    /// What is wrong, to be matched.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// Whether the object was sound and only a documented key's value was not.
    #[must_use]
    pub fn is_value(&self) -> bool {
        matches!(*self.0, ErrorKind::Value { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.0)
    }
}
