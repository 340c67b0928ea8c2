//! What an entry depends on, and the decimal numbers that the format keeps as text.

use std::fmt;

use crate::limits::Limits;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::cursor::{Cursor, Dialect, Fault};

/// The dump ids an entry depends on.
///
/// ```
/// use appsnap::pgdump::{Dependencies, Entry};
///
/// let mut data = Entry::new(9, b"TABLE DATA", b"customer");
/// assert!(data.dependencies.is_empty());
/// data.dependencies = Dependencies::from(&[7_u32][..]);
/// assert_eq!(data.dependencies.iter().collect::<Vec<_>>(), [7]);
/// ```
#[derive(Clone, Copy)]
pub struct Dependencies<'a>(Listed<'a>);

#[derive(Clone, Copy)]
enum Listed<'a> {
    /// Checked strings, up to the NULL that ends them.
    Encoded(&'a [u8], Dialect),
    Given(&'a [u32]),
}

impl<'a> Dependencies<'a> {
    /// Of an entry that depends on nothing.
    pub const NONE: Self = Self(Listed::Given(&[]));

    /// The ids, in stored order.
    #[must_use]
    pub fn iter(&self) -> DependencyIter<'a> {
        DependencyIter(self.0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub(super) fn read(cursor: &mut Cursor<'a>, dialect: &Dialect, limits: &Limits) -> Result<Self, Fault> {
        let start = cursor.rest();
        loop {
            let before = cursor.rest().len();
            match cursor.str(dialect, limits.max_string_bytes())? {
                Some(text) => decimal(text, "a dependency")?,
                None => {
                    let len = start.len().saturating_sub(before);
                    return Ok(Self(Listed::Encoded(start.get(..len).unwrap_or_default(), *dialect)));
                }
            };
        }
    }
}

impl<'a> From<&'a [u32]> for Dependencies<'a> {
    fn from(ids: &'a [u32]) -> Self {
        Self(Listed::Given(ids))
    }
}

impl<'a> IntoIterator for Dependencies<'a> {
    type Item = u32;
    type IntoIter = DependencyIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Dependencies<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Dependencies<'_> {}

impl fmt::Debug for Dependencies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Yields the ids of [`Dependencies`].
///
/// ```
/// use appsnap::pgdump::Dependencies;
///
/// let mut ids = 0;
/// for id in Dependencies::from(&[7_u32, 8][..]) {
///     ids += id;
/// }
/// assert_eq!(ids, 15);
/// ```
#[derive(Clone)]
pub struct DependencyIter<'a>(Listed<'a>);

impl fmt::Debug for DependencyIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl Iterator for DependencyIter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match &mut self.0 {
            Listed::Given(ids) => {
                let (first, rest) = ids.split_first()?;
                *ids = rest;
                Some(*first)
            }
            Listed::Encoded(bytes, dialect) => {
                // They were checked when the entry was read, so an error here can only be the end.
                let mut cursor = Cursor::new(bytes);
                let text = cursor.str(dialect, u64::MAX).ok()??;
                *bytes = cursor.rest();
                decimal(text, "").ok()
            }
        }
    }
}

/// A decimal number of 32 bits as `sprintf("%u")` writes it.
pub(super) fn decimal(text: &[u8], what: &'static str) -> Result<u32, Corruption> {
    let canonical = matches!(text, [b'0'] | [b'1'..=b'9', ..]);
    let digit = |number: u32, byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u32::from(digit))
    };
    let number = text.iter().try_fold(0, digit).filter(|_| canonical);
    number.ok_or(Corruption::NotANumber(what))
}
