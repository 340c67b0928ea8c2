//! The error of the whole crate: [`Error`].

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::category::Category;
use super::face::error_face;
use super::skeleton::{Kind, ModuleError};
use crate::limits::LimitExceeded;

error_face! { @face [
    /// Any error of this crate. One pointer in size, and cheap to clone.
    ///
    /// Every module's error converts into it, and [`downcast_ref`](Self::downcast_ref) gives it back.
    /// [The module](crate::error) shows how to use it.
    pub
] Reason }

/// The contents of [`Error`]. It has no kind to match on: that is the module's error.
#[derive(Clone, Debug)]
pub(crate) enum Reason {
    /// The error of a module.
    Module(Arc<dyn ModuleError>),
    /// An error of the modules that have none of their own.
    Own(Category, Cow<'static, str>),
    Io {
        action: &'static str,
    },
    /// An I/O error as the caller had it.
    Plain(Arc<io::Error>),
    Limit(LimitExceeded),
    Cancelled,
}

error_face! { @Limit Reason }
error_face! { @Cancelled Reason }

impl Kind for Reason {
    fn category(&self) -> Category {
        match self {
            Self::Module(error) => error.category(),
            Self::Own(category, _) => *category,
            Self::Io { .. } => Category::Io,
            Self::Plain(error) => Category::of_io(error),
            Self::Limit(_) => Category::Limit,
            Self::Cancelled => Category::Cancelled,
        }
    }

    fn inner(&self) -> Option<&dyn ModuleError> {
        match self {
            Self::Module(error) => Some(&**error),
            _ => None,
        }
    }

    fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Plain(error) => Some(error.kind()),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(error) => error.fmt(f),
            Self::Own(_, message) => f.write_str(message),
            Self::Io { action } => write!(f, "{action} failed"),
            Self::Plain(error) => error.fmt(f),
            Self::Limit(exceeded) => exceeded.fmt(f),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl Error {
    #[cold]
    pub(crate) fn io(action: &'static str, source: io::Error) -> Self {
        Self::carried_by(source).unwrap_or_else(|source| Self::new(Reason::Io { action }).because(source))
    }

    #[cold]
    pub(crate) fn wrap(error: impl ModuleError) -> Self {
        Self::new(Reason::Module(Arc::new(error)))
    }

    /// The error of a number that an option does not accept.
    #[cold]
    pub(crate) fn out_of_range(what: &str, value: u64, range: &RangeInclusive<u64>) -> Self {
        let message = format!("{what} {value} is out of range: use {} to {}", range.start(), range.end());
        Self::of(Category::Misuse, message)
    }

    /// An error of a module that has no error of its own.
    #[cold]
    pub(crate) fn of(category: Category, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::Own(category, message.into()))
    }

    /// Returns the error of the module in which it happened, or the I/O error that was converted, if that is `E`.
    ///
    /// ```
    /// use appsnap::{Limits, gzip};
    /// use std::io::Read;
    ///
    /// let error = gzip::Reader::new(&b"PK\x03\x04"[..], &Limits::untrusted()).read(&mut [0; 9]).unwrap_err();
    /// let error = appsnap::Error::from(error.downcast::<gzip::Error>()?);
    /// let kind = error.downcast_ref::<gzip::Error>().map(gzip::Error::kind);
    /// assert!(matches!(kind, Some(gzip::ErrorKind::NotGzip)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        let error: &(dyn StdError + 'static) = match self.0.kind() {
            Reason::Module(error) => &**error,
            Reason::Plain(error) => &**error,
            _ => return None,
        };
        error.downcast_ref()
    }
}
