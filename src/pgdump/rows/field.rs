//! One field of a row: [`Field`].

use std::borrow::Cow;
use std::fmt;

use super::escape::{bytea, unescaped};

/// One field of a row.
///
/// [`Row`](super::Row) converts fields by the name of their column, with errors that name it.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::{Limits, pgdump::Dump};
/// # let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// let mut rows = dump.table("public", "system$image")?.expect("the table is in the dump");
/// let row = rows.next_row()?.expect("it has one row");
/// let (path, thumbnail) = (row.get("publicthumbnailpath").unwrap(), row.get("thumb").unwrap());
/// assert!(path.is_null() && path.bytes().is_none());
/// assert_eq!(thumbnail.raw(), br"\\x89504e470d0a1a0a0000000d");
/// assert_eq!(thumbnail.bytes().as_deref(), Some(&br"\x89504e470d0a1a0a0000000d"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    raw: &'a [u8],
}

impl<'a> Field<'a> {
    pub(super) const fn new(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// Returns `true` if the field is NULL. An empty text is not.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.raw == b"\\N"
    }

    /// Returns the field as it is stored, with escapes. NULL is `\N`.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Returns the text of the value without escapes, in the dump's encoding, or `None` for NULL.
    ///
    /// It is copied only if it contains an escape.
    #[must_use]
    pub fn bytes(&self) -> Option<Cow<'a, [u8]>> {
        if self.is_null() {
            return None;
        }
        if !self.raw.contains(&b'\\') {
            return Some(Cow::Borrowed(self.raw));
        }
        Some(Cow::Owned(unescaped(self.raw)))
    }

    /// Converts a value that is not NULL. Returns `None` if `convert` does.
    pub(super) fn convert<T>(&self, convert: impl FnOnce(Cow<'a, [u8]>) -> Option<T>) -> Option<Option<T>> {
        match self.bytes() {
            None => Some(None),
            Some(bytes) => convert(bytes).map(Some),
        }
    }
}

/// Decodes UTF-8.
pub(super) fn text(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// Parses a `boolean` as PostgreSQL prints it.
pub(super) fn boolean(bytes: Cow<'_, [u8]>) -> Option<bool> {
    match &*bytes {
        b"t" => Some(true),
        b"f" => Some(false),
        _ => None,
    }
}

/// Decodes a `bytea`.
pub(super) fn binary(bytes: Cow<'_, [u8]>) -> Option<Vec<u8>> {
    bytea(&bytes)
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes() {
            Some(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            None => f.write_str("NULL"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(Field::new(b"plain").bytes(), Some(Cow::Borrowed(b"plain"))));
        assert!(matches!(Field::new(b"a\\tb").bytes(), Some(Cow::Owned(text)) if text == b"a\tb"));
    }

    #[test]
    fn null_is_not_an_empty_text() {
        assert_eq!(Field::new(b"\\N").bytes(), None);
        assert_eq!(Field::new(b"").bytes().unwrap().as_ref(), b"");
        assert_eq!(Field::new(b"\\\\N").bytes().unwrap().as_ref(), b"\\N");
    }
}
