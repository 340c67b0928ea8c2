//! A document's identity: [`DocumentId`], its canonical text and the shard folders that follow from it.
//!
//! ```
//! use appsnap::DocumentId;
//!
//! let id: DocumentId = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
//! assert_eq!(format!("tree/{}/{}/{id}", id.text().shards().0, id.text().shards().1).len(), 47);
//! # Ok::<(), appsnap::document::ParseIdError>(())
//! ```

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

/// The uuid that names one file document; its text decides where the document lies in a snapshot.
///
/// Order is that of the canonical text, which is also the order of the 16 bytes.
///
/// ```
/// use appsnap::DocumentId;
///
/// let id: DocumentId = "0D3E301F-5551-46f8-ad44-8de2be084c95".parse()?;
/// assert_eq!(id.to_string(), "0d3e301f-5551-46f8-ad44-8de2be084c95");
/// assert_eq!(id.text().shards(), ("0d", "3e"));
/// # Ok::<(), appsnap::document::ParseIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(Uuid);

/// The canonical text of a [`DocumentId`]: 36 lower-case characters, held without allocating.
///
/// ```
/// use appsnap::DocumentId;
///
/// let text = DocumentId::from_bytes([0x0d; 16]).text();
/// assert_eq!(text.as_str(), "0d0d0d0d-0d0d-0d0d-0d0d-0d0d0d0d0d0d");
/// assert_eq!(text.shards(), ("0d", "0d"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdText([u8; IdText::LEN_BYTES]);

/// A text is not a uuid in its hyphenated form.
///
/// ```
/// use appsnap::DocumentId;
/// use appsnap::document::ParseIdError;
///
/// let refused: Result<DocumentId, ParseIdError> = "{0d3e301f-5551-46f8-ad44-8de2be084c95}".parse();
/// assert!(refused.unwrap_err().to_string().starts_with("not a uuid of the form"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a uuid of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")]
pub struct ParseIdError(());

impl DocumentId {
    /// The id of a uuid. Every uuid is allowed, the nil one too: platforms' files carry whatever was written.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The id whose 16 bytes these are, most significant first.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id as a value of the `uuid` crate.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.0
    }

    /// The 16 bytes, most significant first.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Reads the hyphenated form in either letter case, and no other form: simple, braced and URN uuids are not file names
    /// that any platform writes.
    ///
    /// # Errors
    /// [`ParseIdError`] for anything else.
    pub fn parse(text: &[u8]) -> Result<Self, ParseIdError> {
        if text.len() != IdText::LEN_BYTES {
            return Err(ParseIdError(()));
        }
        Uuid::try_parse_ascii(text).map(Self).map_err(|_| ParseIdError(()))
    }

    /// The canonical text.
    #[must_use]
    pub fn text(&self) -> IdText {
        let mut buffer = [0; IdText::LEN_BYTES];
        self.0.hyphenated().encode_lower(&mut buffer);
        IdText(buffer)
    }
}

impl IdText {
    /// Length of the canonical text in bytes.
    pub const LEN_BYTES: usize = 36;

    /// The 36 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The uuid crate wrote ASCII; the fallback can never be taken, and costs less than a panic path.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Characters 1-2 and 3-4: the two folders above the document in `tree/xx/yy/`.
    #[must_use]
    pub fn shards(&self) -> (&str, &str) {
        let text = self.as_str();
        (text.get(..2).unwrap_or_default(), text.get(2..4).unwrap_or_default())
    }
}

impl fmt::Display for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text(), f)
    }
}

impl fmt::Debug for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentId({})", self.text())
    }
}

impl FromStr for DocumentId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        Self::parse(text.as_bytes())
    }
}

impl From<Uuid> for DocumentId {
    fn from(uuid: Uuid) -> Self {
        Self::from_uuid(uuid)
    }
}

impl serde::Serialize for DocumentId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        for text in [
            "0d3e301f555146f8ad448de2be084c95",
            "{0d3e301f-5551-46f8-ad44-8de2be084c95}",
            "urn:uuid:0d3e301f-5551-46f8-ad44-8de2be084c95",
            "0d3e301f-5551-46f8-ad44-8de2be084c9g",
            "0d3e301f-5551-46f8-ad44-8de2be084c95 ",
            "0d3e301-f5551-46f8-ad44-8de2be084c95",
            "",
        ] {
            assert!(text.parse::<DocumentId>().is_err(), "{text:?} was taken for an id");
        }
    }

    #[test]
    fn order_of_ids_is_the_order_of_their_text() {
        let (low, high) = (DocumentId::from_bytes([0x0f; 16]), DocumentId::from_bytes([0xa0; 16]));
        assert!(low < high && low.to_string() < high.to_string());
    }
}
