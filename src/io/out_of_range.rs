//! The error of conversions from plain numbers: [`OutOfRange`].

use std::ops::RangeInclusive;

use thiserror::Error;

/// A number that an option does not accept.
///
/// ```
/// use appsnap::gzip::Level;
///
/// let error = Level::try_from(12).unwrap_err();
/// assert_eq!(error.to_string(), "compression level 12 is out of range: use 1 to 9");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} {value} is out of range: use {} to {}", .range.start(), .range.end())]
pub struct OutOfRange {
    what: &'static str,
    value: u64,
    range: RangeInclusive<u64>,
}

impl OutOfRange {
    pub(crate) const fn new(what: &'static str, value: u64, range: RangeInclusive<u64>) -> Self {
        Self { what, value, range }
    }
}
