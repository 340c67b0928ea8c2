//! Names as text: canonical names, and names from an archive made safe to print.

use std::fmt;

use crate::document::{DocumentId, TEXT_BYTES};

/// Bytes of a name that are printed; no valid one is longer.
const SHOWN_BYTES: usize = 128;
/// Length of the two folders above a document, `tree/xx/yy/`.
const FOLDERS_BYTES: usize = 11;
/// Length of a document's name.
const DOCUMENT_BYTES: usize = FOLDERS_BYTES + TEXT_BYTES;

/// The canonical text of a [`MemberName`](super::MemberName), held without allocating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameText {
    Fixed(&'static str),
    Document([u8; DOCUMENT_BYTES]),
}

impl NameText {
    /// Returns the name of a document: `tree/xx/yy/<uuid>`.
    pub(crate) fn of_document(id: DocumentId) -> Self {
        let uuid = id.ascii();
        let [a, b, c, d, ..] = uuid;
        let mut text = [0; DOCUMENT_BYTES];
        let (folders, file) = text.split_at_mut(FOLDERS_BYTES);
        folders.copy_from_slice(&[b't', b'r', b'e', b'e', b'/', a, b, b'/', c, d, b'/']);
        file.copy_from_slice(&uuid);
        Self::Document(text)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Fixed(text) => text.as_bytes(),
            Self::Document(text) => text,
        }
    }
}

impl fmt::Display for NameText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(self.as_bytes()).map_err(|_| fmt::Error)?)
    }
}

/// Makes a name from an archive safe to print: ASCII without control characters, everything else as `\xNN`, and cut
/// after 128 bytes.
///
/// ```
/// use appsnap::layout::escaped;
/// assert_eq!(escaped(b"tree/\x1b[2J").to_string(), r"tree/\x1b[2J");
/// ```
#[must_use]
pub fn escaped(raw: &[u8]) -> impl fmt::Display + Clone + fmt::Debug {
    Escaped(raw)
}

#[derive(Clone, Copy, Debug)]
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_at_checked(SHOWN_BYTES) {
            Some((shown, rest)) if !rest.is_empty() => write!(f, "{}...", shown.escape_ascii()),
            _ => write!(f, "{}", self.0.escape_ascii()),
        }
    }
}
