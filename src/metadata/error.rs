//! The error of reading `.metadata`.

use std::borrow::Cow;

use thiserror::Error as ThisError;

use crate::error::{Category, Kind, module_error};
use crate::limits::LimitExceeded;

module_error! {
    /// The error of reading `.metadata`.
    ///
    /// ```
    /// use appsnap::Limits;
    /// use appsnap::metadata::{ErrorKind, Metadata};
    ///
    /// let error = Metadata::parse(br#"{"dumpSize":"-1"}"#, &Limits::untrusted()).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Value { key: "dumpSize", .. }));
    /// ```
    pub struct Error(ErrorKind);
    with Limit;
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The member is larger than the limit allows.
    #[error(transparent)]
    Limit(LimitExceeded),
    /// The bytes are not one JSON object in UTF-8 with distinct keys.
    #[error(".metadata {reason}")]
    #[non_exhaustive]
    Json {
        /// The fault.
        reason: Cow<'static, str>,
    },
    /// A documented key has a value that it cannot have.
    #[error(".metadata has a \"{key}\" that is {reason}")]
    #[non_exhaustive]
    Value {
        /// The key.
        key: &'static str,
        /// The fault of the value.
        reason: &'static str,
    },
}

impl Kind for ErrorKind {
    const POSITION_IN: &'static str = ".metadata";

    fn category(&self) -> Category {
        match self {
            Self::Limit(_) => Category::Limit,
            Self::Json { .. } | Self::Value { .. } => Category::BadInput,
        }
    }
}

impl Error {
    pub(super) fn json(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Json { reason: reason.into() })
    }
}
