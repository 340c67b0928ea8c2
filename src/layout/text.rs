//! Names as text: as they are written, and as a stranger's are shown.

use std::fmt;

use super::TREE;
use crate::document::DocumentId;

/// The canonical text of a [`MemberName`](super::MemberName), held without allocating.
///
/// ```
/// use appsnap::layout::MemberName;
///
/// let text = MemberName::Metadata.render().expect("only junk has no canonical text");
/// assert_eq!((text.as_str(), text.as_bytes()), (".metadata", &b".metadata"[..]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NameText {
    bytes: [u8; Self::MAX_BYTES],
    len_bytes: u8,
}

impl NameText {
    /// Length of the longest name, `tree/xx/yy/<uuid>`, in bytes.
    pub const MAX_BYTES: usize = 47;
    /// To be pushed to.
    pub(super) const EMPTY: Self = Self { bytes: [0; Self::MAX_BYTES], len_bytes: 0 };

    /// The name of a document: `tree/xx/yy/<uuid>`.
    #[must_use]
    pub fn of_document(id: DocumentId) -> Self {
        let mut text = Self::EMPTY;
        text.push_document(id);
        text
    }

    /// The bytes of the name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len_bytes)).unwrap_or_default()
    }

    /// The text of the name, which is ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(super) fn push(&mut self, part: &str) {
        let free = self.bytes.get_mut(usize::from(self.len_bytes)..).unwrap_or_default();
        // Every caller stays within MAX_BYTES, as the test of the longest name shows; zip cannot go beyond it.
        for (to, from) in free.iter_mut().zip(part.bytes()) {
            *to = from;
            self.len_bytes = self.len_bytes.saturating_add(1);
        }
    }

    pub(super) fn push_document(&mut self, id: DocumentId) {
        let uuid = id.text();
        let (first, second) = uuid.shards();
        for part in [TREE, "/", first, "/", second, "/", uuid.as_str()] {
            self.push(part);
        }
    }

    pub(super) fn push_shards(&mut self, shards: &[u8]) {
        self.push("tree/");
        for shard in shards {
            let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
            let mut buffer = [0; 4];
            self.push(digit(shard >> 4).encode_utf8(&mut buffer));
            self.push(digit(shard & 0x0f).encode_utf8(&mut buffer));
            self.push("/");
        }
    }
}

impl fmt::Display for NameText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for NameText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// A name from an archive, made safe to print: ASCII without control characters, everything else as `\xNN`,
/// and cut after 128 bytes.
///
/// ```
/// use appsnap::layout::escaped;
/// assert_eq!(escaped(b"tree/\x1b[2J").to_string(), r"tree/\x1b[2J");
/// ```
#[must_use]
pub fn escaped(raw: &[u8]) -> Escaped<'_> {
    Escaped(raw)
}

/// Prints a name from an archive; made by [`escaped`].
///
/// ```
/// use appsnap::layout::{Escaped, escaped};
///
/// let shown: Escaped<'_> = escaped("façade".as_bytes());
/// assert_eq!(shown.to_string(), r"fa\xc3\xa7ade");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(&'a [u8]);

impl Escaped<'_> {
    /// Bytes of a name that are printed; no legal one is longer than [`NameText::MAX_BYTES`].
    const SHOWN_BYTES: usize = 128;
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..Self::SHOWN_BYTES).unwrap_or(self.0);
        write!(f, "{}", shown.escape_ascii())?;
        if shown.len() < self.0.len() { f.write_str("...") } else { Ok(()) }
    }
}
