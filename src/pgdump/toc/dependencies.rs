//! The dump ids that an entry depends on, and the decimal numbers that the format stores as text.

use std::fmt;

use crate::io::canonical_decimal;
use crate::limits::Limits;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::primitives::{Cursor, Dialect, Fault};

/// The dump ids that an entry depends on, in stored form or given by a caller.
#[derive(Clone, Copy)]
pub(in crate::pgdump) enum Dependencies<'a> {
    /// Verified strings, up to the NULL that ends them.
    Stored(&'a [u8], Dialect),
    Given(&'a [u32]),
}

impl<'a> Dependencies<'a> {
    pub(super) const NONE: Self = Self::Given(&[]);

    /// Reads and verifies the strings at the start of `cursor`.
    pub(super) fn read(cursor: &mut Cursor<'a>, dialect: &Dialect, limits: &Limits) -> Result<Self, Fault> {
        let start = cursor.rest();
        loop {
            let unread = cursor.rest().len();
            match cursor.str(dialect, limits.max_string_bytes())? {
                Some(text) => decimal(text, "a dependency")?,
                None => {
                    let (strings, _) = start.split_at(start.len().saturating_sub(unread));
                    return Ok(Self::Stored(strings, *dialect));
                }
            };
        }
    }
}

impl Iterator for Dependencies<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match self {
            Self::Given(ids) => {
                let (first, rest) = ids.split_first()?;
                *ids = rest;
                Some(*first)
            }
            Self::Stored(strings, dialect) => {
                // The strings have been verified, so an error can only mean their end.
                let mut cursor = Cursor::new(strings);
                let text = cursor.str(dialect, u64::MAX).ok()??;
                *strings = cursor.rest();
                decimal(text, "").ok()
            }
        }
    }
}

impl PartialEq for Dependencies<'_> {
    fn eq(&self, other: &Self) -> bool {
        Iterator::eq(*self, *other)
    }
}

impl Eq for Dependencies<'_> {}

impl fmt::Debug for Dependencies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

/// Parses a decimal number of 32 bits as `sprintf("%u")` writes it.
pub(super) fn decimal(text: &[u8], what: &'static str) -> Result<u32, Corruption> {
    canonical_decimal(text).ok_or(Corruption::NotANumber(what))
}
