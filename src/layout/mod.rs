//! The names of a snapshot's members: parses bytes into a [`MemberName`], and renders it again.
//!
//! A name from an archive is parsed, never sanitized: it is one of the few that the format knows, or the [`Code`] of what
//! is wrong with it. Paths on disk are rendered from the type, so a path from an archive never reaches the file system.
//!
//! ```
//! use appsnap::layout::{Code, MemberName};
//!
//! let name = MemberName::parse(b"./tree/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95")?;
//! let MemberName::Document(id) = name else { unreachable!() };
//! assert_eq!(id.to_string(), "0d3e301f-5551-46f8-ad44-8de2be084c95");
//! assert_eq!(name.to_string(), "tree/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95");
//!
//! assert_eq!(MemberName::parse(b"../../etc/passwd"), Err(Code::NameLeadsOut));
//! # Ok::<(), appsnap::layout::Code>(())
//! ```

mod code;
mod contents;
mod parse;
mod text;

use std::fmt;

use crate::document::DocumentId;

pub use code::Code;
pub use contents::Contents;
pub(crate) use parse::{Named, parse};
pub(crate) use text::NameText;
pub use text::escaped;

/// Name of the metadata member.
const METADATA: &str = ".metadata";
/// Name of the database member, and of its folder.
const DATABASE: &str = "db/db.backup";
const DATABASE_FOLDER: &str = "db";
/// Folder of the documents.
const TREE: &str = "tree";

/// The name of a file in a snapshot.
///
/// [`Display`](fmt::Display) writes the canonical name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberName {
    /// `.metadata`: the sizes and the model version.
    Metadata,
    /// `db/db.backup`: the database dump.
    Database,
    /// `tree/xx/yy/<uuid>`: a document.
    Document(DocumentId),
}

impl MemberName {
    /// Parses the name of a regular file, in any spelling that readers accept.
    ///
    /// # Errors
    /// Returns the code of what is wrong with a name that the format does not know. The files that macOS adds
    /// ([`Code::JunkSkipped`], [`Code::AppledoubleSkipped`]) are not members, and readers skip them.
    ///
    /// # Security
    /// Nothing of `raw` survives except the type: a document is 16 bytes, everything else has no payload.
    pub fn parse(raw: &[u8]) -> Result<Self, Code> {
        match parse(raw, false)?.named {
            Named::File(name) => Ok(name),
            Named::Junk(code) => Err(code),
            Named::Directory => Err(Code::NameWrongKind),
        }
    }

    /// Returns the canonical text: the inverse of [`parse`](Self::parse).
    pub(crate) fn render(self) -> NameText {
        match self {
            Self::Metadata => NameText::Fixed(METADATA),
            Self::Database => NameText::Fixed(DATABASE),
            Self::Document(id) => NameText::of_document(id),
        }
    }
}

impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.render().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::parse::Parsed;
    use super::*;

    const ID: &str = "0d3e301f-5551-46f8-ad44-8de2be084c95";

    fn file(raw: &str) -> Result<MemberName, Code> {
        MemberName::parse(raw.as_bytes())
    }

    fn directory(raw: &str) -> Result<Named, Code> {
        parse(raw.as_bytes(), true).map(|parsed| parsed.named)
    }

    #[test]
    fn every_fault_has_its_code() {
        let not_there = format!("tree/0d/3f/{ID}");
        for (raw, code) in [
            ("../.metadata", Code::NameLeadsOut),
            ("tree/../.metadata", Code::NameLeadsOut),
            ("tree/..", Code::NameLeadsOut),
            ("/.metadata", Code::NameLeadsOut),
            ("//server/share", Code::NameLeadsOut),
            (".\\.metadata", Code::NameEncoding),
            ("tree\n", Code::NameEncoding),
            ("tree/\u{85}", Code::NameEncoding),
            ("", Code::NameNotCanonical),
            ("././.metadata", Code::NameNotCanonical),
            ("db//db.backup", Code::NameNotCanonical),
            ("db/./db.backup", Code::NameNotCanonical),
            (".metadata/", Code::NameNotCanonical),
            ("C:db.backup", Code::NameUnknown),
            ("DB/db.backup", Code::NameUnknown),
            ("db/db.backup2", Code::NameUnknown),
            ("tree/\u{202e}", Code::NameUnknown),
            ("foo/._bar", Code::NameUnknown),
            ("tree/0d/3e/0d3e301f555146f8ad448de2be084c95", Code::NameUnknown),
            ("tree", Code::NameWrongKind),
            (&not_there, Code::ShardMismatch),
        ] {
            assert_eq!(file(raw), Err(code), "{raw:?}");
        }
        assert_eq!(MemberName::parse(b"tree/\xff"), Err(Code::NameEncoding));
    }

    #[test]
    fn directories_are_those_above_the_members() {
        for raw in [".", "./", "db", "./tree/", "tree/0D/", "tree/0d/3e"] {
            assert_eq!(directory(raw), Ok(Named::Directory), "{raw:?}");
        }
        assert_eq!(directory("tree/0d/3e/00"), Err(Code::NameUnknown));
        assert_eq!(directory("tree/+d"), Err(Code::NameUnknown));
        assert_eq!(directory("tree//"), Err(Code::NameNotCanonical));
        assert_eq!(directory(&format!("tree/0d/3e/{ID}")), Err(Code::NameWrongKind));
        assert_eq!(directory("._x"), Err(Code::NameUnknown));
    }

    #[test]
    fn junk_is_known_only_beside_members() {
        for raw in ["._.metadata", "./._.", "db/._db.backup", "tree/0d/3e/._x"] {
            assert_eq!(file(raw), Err(Code::AppledoubleSkipped), "{raw:?}");
        }
        assert_eq!(file("tree/.DS_Store"), Err(Code::JunkSkipped));
        assert_eq!(file(&format!("tree/0d/3e/{ID}/._x")), Err(Code::NameUnknown));
    }

    #[test]
    fn unusual_spellings_have_their_codes() {
        let unusual = |raw: String| parse(raw.as_bytes(), false).unwrap().unusual().collect::<Vec<_>>();
        let upper = ID.to_uppercase();
        assert_eq!(unusual(format!("tree/{ID}")), [Code::FlatTree]);
        assert_eq!(unusual(format!("tree/0D/3e/{ID}")), [Code::ShardLetterCase]);
        assert_eq!(unusual(format!("tree/0D/3E/{upper}")), [Code::UpperCaseId]);
        assert_eq!(unusual(format!("tree/0d/3e/{upper}")), [Code::ShardLetterCase, Code::UpperCaseId]);
    }

    #[test]
    fn escaped_names_are_bounded_ascii() {
        let shown = escaped("\u{202e}\n".repeat(100).as_bytes()).to_string();
        assert!(shown.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && shown.len() < 600, "{shown}");
    }

    fn any_name(random: &mut fastrand::Rng) -> MemberName {
        match random.u8(..8) {
            0 => MemberName::Metadata,
            1 => MemberName::Database,
            _ => MemberName::Document(any_id(random)),
        }
    }

    fn any_id(random: &mut fastrand::Rng) -> DocumentId {
        DocumentId::from_bytes(random.u128(..).to_be_bytes())
    }

    #[test]
    fn rendering_and_parsing_are_inverse() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..1000 {
            let name = any_name(&mut random);
            let parsed = parse(name.render().as_bytes(), false).unwrap();
            assert_eq!(parsed, Parsed::plain(Named::File(name)));
        }
    }

    #[test]
    fn whatever_parses_renders_to_a_name_that_means_the_same() {
        let mut random = fastrand::Rng::with_seed(2);
        let mut parsed_count = 0;
        for _ in 0..10_000 {
            let mut hex = |len: usize, digits: &[u8]| -> String {
                (0..len).map(|_| char::from(digits[random.usize(..digits.len())])).collect()
            };
            let id = [8, 4, 4, 4, 12].map(|len| hex(len, b"0123456789abcdefABCDEF")).join("-");
            let shards = [&id[..2], &id[2..4]].map(|shard| format!("/{shard}"));
            let dashes = format!("/{}", hex(36, b"0123456789abcdefABCDEF-"));
            let raw = [
                ["", "./"][random.usize(..2)],
                ["tree", "db", ".metadata"][random.usize(..3)],
                &shards[..random.usize(..3)].concat(),
                ["", "/", "/db.backup", &dashes, &format!("/{id}")][random.usize(..5)],
            ]
            .concat();
            if let Ok(name) = MemberName::parse(raw.as_bytes()) {
                assert_eq!(MemberName::parse(name.render().as_bytes()), Ok(name), "{raw}");
                parsed_count += 1;
            }
        }
        assert!(parsed_count > 500, "{parsed_count}");
    }

    #[test]
    fn the_quick_way_changes_nothing() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..10_000 {
            let mut raw = NameText::of_document(any_id(&mut random)).as_bytes().to_vec();
            let change = random.usize(..raw.len());
            raw[change] = random.choice(*b"0123456789abcdefABCDEF/.-").unwrap();
            // A leading `./` means nothing, and goes the long way. It can change why a name is refused: `/` is absolute.
            let long = [b"./", raw.as_slice()].concat();
            assert_eq!(parse(&raw, false).ok(), parse(&long, false).ok());
            assert_eq!(parse(&raw, true).ok(), parse(&long, true).ok());
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..10_000 {
            let raw: Vec<u8> = (0..random.usize(..100)).map(|_| random.u8(..)).collect();
            let _ = parse(&raw, random.bool());
        }
    }
}
