//! The identity of a document: [`DocumentId`].

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// The UUID that identifies a document. It also determines the document's location in a snapshot.
///
/// The order is that of the text, which is also that of the 16 bytes. With serde, an id is its text.
///
/// ```
/// use appsnap::DocumentId;
/// use appsnap::layout::MemberName;
///
/// let id: DocumentId = "0D3E301F-5551-46f8-ad44-8de2be084c95".parse()?;
/// assert_eq!(id.to_string(), "0d3e301f-5551-46f8-ad44-8de2be084c95");
/// assert_eq!(MemberName::Document(id).to_string(), "tree/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95");
/// # Ok::<(), appsnap::document::ParseIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(Uuid);

/// The length of the text in bytes.
pub(crate) const TEXT_BYTES: usize = Hyphenated::LENGTH;

/// The error of parsing a text that is not a UUID in its hyphenated form.
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
    /// Creates an id from a UUID. Every UUID is allowed, including the nil one.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Creates an id from its 16 bytes, most significant first.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Returns the UUID.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.0
    }

    /// Returns the 16 bytes, most significant first.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Returns the path of the document in a files folder, which is also its path below `tree/` in a snapshot.
    ///
    /// ```
    /// use appsnap::DocumentId;
    ///
    /// let id: DocumentId = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
    /// assert_eq!(id.path(), "0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95");
    /// # Ok::<(), appsnap::document::ParseIdError>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> String {
        let [first, second, ..] = self.as_bytes();
        format!("{first:02x}/{second:02x}/{self}")
    }

    /// Parses the hyphenated form in either letter case. Other forms (simple, braced, URN) are refused: no platform names
    /// files so.
    ///
    /// # Errors
    /// Returns an error for any other text.
    pub fn parse(text: &[u8]) -> Result<Self, ParseIdError> {
        if text.len() != TEXT_BYTES {
            return Err(ParseIdError(()));
        }
        Uuid::try_parse_ascii(text).map(Self).map_err(|_| ParseIdError(()))
    }

    /// Returns the canonical text: 36 characters, hex digits in lower case.
    pub(crate) fn ascii(&self) -> [u8; TEXT_BYTES] {
        let mut text = [0; TEXT_BYTES];
        self.encode(&mut text);
        text
    }

    fn encode<'b>(&self, buffer: &'b mut [u8; TEXT_BYTES]) -> &'b str {
        self.0.hyphenated().encode_lower(buffer)
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.encode(&mut [0; TEXT_BYTES]))
    }
}

impl fmt::Debug for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentId({self})")
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
        serializer.serialize_str(self.encode(&mut [0; TEXT_BYTES]))
    }
}

impl<'de> serde::Deserialize<'de> for DocumentId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = DocumentId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a uuid of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<DocumentId, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
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

    #[test]
    fn the_text_is_the_form_in_json() {
        let id = DocumentId::from_bytes([0xab; 16]);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<DocumentId>(&json).unwrap(), id);
        assert_eq!(serde_json::from_value::<DocumentId>(json.trim_matches('"').into()).unwrap(), id);
        let refused = serde_json::from_str::<DocumentId>("\"abc\"").unwrap_err();
        assert!(refused.to_string().starts_with("not a uuid of the form"), "{refused}");
    }
}
