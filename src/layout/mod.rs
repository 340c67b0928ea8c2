//! The names a snapshot may hold: bytes of a member's name to a typed [`MemberName`], and back.
//!
//! A name from an archive is parsed, never cleaned up: it is one of the few that the format knows, or a [`Fault`].
//! Paths on disk are rendered from the type, so a path that a stranger chose never reaches the file system.
//!
//! ```
//! use appsnap::layout::{MemberName, Oddity};
//!
//! let parsed = MemberName::parse(b"./tree/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95", false)?;
//! let MemberName::Document(id) = parsed.name() else { unreachable!() };
//! assert_eq!(id.to_string(), "0d3e301f-5551-46f8-ad44-8de2be084c95");
//! assert_eq!(parsed.oddities().count(), 0);
//!
//! let flat = MemberName::parse(b"tree/0d3e301f-5551-46f8-ad44-8de2be084c95", false)?;
//! assert!(flat.oddities().eq([Oddity::FlatTree]));
//!
//! assert!(MemberName::parse(b"../../etc/passwd", false).is_err());
//! # Ok::<(), appsnap::layout::Fault>(())
//! ```
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

mod contents;
mod parse;
mod text;

use thiserror::Error;

use crate::document::DocumentId;

pub use contents::Contents;
pub use text::{Escaped, NameText, escaped};

/// Name of the metadata member.
const METADATA: &str = ".metadata";
/// Name of the database member, and of its folder.
const DATABASE: &str = "db/db.backup";
const DATABASE_FOLDER: &str = "db";
/// Folder of the documents.
const TREE: &str = "tree";
/// Prefix of the files in which macOS keeps extended attributes (AppleDouble, RFC 1740).
const APPLE_DOUBLE_PREFIX: &str = "._";
/// Where the macOS Finder keeps a folder's view settings.
const DS_STORE: &str = ".DS_Store";

/// What a member of a snapshot is, told by its name.
///
/// ```
/// use appsnap::layout::{MemberName, NameText};
///
/// let id = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
/// let name = MemberName::Document(id);
/// let text = name.render().expect("only junk has no canonical text");
/// assert_eq!(text.as_str(), "tree/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95");
/// assert_eq!(text, NameText::of_document(id));
/// assert_eq!(MemberName::parse(text.as_bytes(), false)?.name(), name);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberName {
    /// `.metadata`: the sizes and the model version.
    Metadata,
    /// `db/db.backup`: the database dump.
    Database,
    /// `tree/xx/yy/<uuid>`: a file document.
    Document(DocumentId),
    /// A directory above one of them. It carries nothing; snapshots need not have any.
    Directory(DirectoryName),
    /// A file that macOS slipped in. Readers skip it with a warning.
    Junk(Junk),
}

/// A directory that may stand in a snapshot.
///
/// ```
/// use appsnap::layout::{DirectoryName, MemberName};
///
/// let parsed = MemberName::parse(b"tree/0d/3e/", true)?;
/// assert_eq!(parsed.name(), MemberName::Directory(DirectoryName::SubShard(0x0d, 0x3e)));
/// # Ok::<(), appsnap::layout::Fault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DirectoryName {
    /// The top: `./`.
    Root,
    /// `db/`.
    Database,
    /// `tree/`.
    Tree,
    /// `tree/xx/`.
    Shard(u8),
    /// `tree/xx/yy/`.
    SubShard(u8, u8),
}

/// Which kind of file macOS slipped in.
///
/// ```
/// use appsnap::layout::{Junk, MemberName};
///
/// let parsed = MemberName::parse(b"tree/0d/.DS_Store", false)?;
/// assert_eq!(parsed.name(), MemberName::Junk(Junk::DsStore));
/// # Ok::<(), appsnap::layout::Fault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Junk {
    /// `._*`: extended attributes of the file beside it (AppleDouble, RFC 1740).
    AppleDouble,
    /// `.DS_Store`: view settings of the folder.
    DsStore,
}

/// A name that was understood although it is not spelled as the platform spells it.
///
/// ```
/// use appsnap::layout::{MemberName, Oddity};
///
/// let parsed = MemberName::parse(b"tree/0D3E301F-5551-46F8-AD44-8DE2BE084C95", false)?;
/// assert!(parsed.oddities().eq([Oddity::FlatTree, Oddity::UpperCaseId]));
/// # Ok::<(), appsnap::layout::Fault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Oddity {
    /// A document lies in `tree/` itself. Mendix Cloud v4 accepts that, but writes the two shard folders.
    FlatTree,
    /// The letters of the shard folders are in another case than those of the uuid below them.
    ShardLetterCase,
    /// The uuid holds upper-case letters. Legal for a reader; every known example is lower case.
    UpperCaseId,
}

/// A member's name, understood.
///
/// ```
/// use appsnap::layout::MemberName;
///
/// let parsed = MemberName::parse(b"./db/db.backup", false)?;
/// assert_eq!((parsed.name(), parsed.oddities().count()), (MemberName::Database, 0));
/// # Ok::<(), appsnap::layout::Fault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    name: MemberName,
    placement: Option<Oddity>,
    letter_case: Option<Oddity>,
}

/// Why a name cannot stand in a snapshot.
///
/// It says nothing about the name itself: whoever reports it adds the name through [`escaped`].
///
/// ```
/// use appsnap::layout::{Fault, MemberName, escaped};
///
/// let raw = b"tree/0d/3e/../../../etc/passwd";
/// let fault = MemberName::parse(raw, false).unwrap_err();
/// assert_eq!(fault, Fault::Traversal);
/// assert_eq!(
///     format!("{}: {fault}", escaped(raw)),
///     "tree/0d/3e/../../../etc/passwd: the name leads out of the archive"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Fault {
    /// The name is absolute or has a `..` component.
    #[error("the name leads out of the archive")]
    Traversal,
    /// The name is not UTF-8, or holds a control character or a backslash.
    #[error("the name holds bytes that no name in a snapshot has")]
    Encoding,
    /// The name is empty, or has an empty component or a `.` component other than one leading `./`.
    #[error("the name is not in its shortest form")]
    NonCanonical,
    /// The name is well formed, but is none that the format knows.
    #[error("a snapshot holds .metadata, db/db.backup and tree/xx/yy/<uuid>, and nothing else")]
    Unknown,
    /// The shard folders are not the first two and the next two characters of the uuid.
    #[error("the folders do not match the uuid: a document lies in tree/xx/yy/, its first four characters")]
    ShardMismatch,
    /// The name is one of the format's files, but the member is a directory; or the other way round.
    #[error("a file stands where the format has a directory, or a directory where it has a file")]
    WrongKind,
}

impl MemberName {
    /// Reads the name of a member; `is_directory` says what the archive takes the member for.
    ///
    /// One leading `./` and one trailing `/` of a directory are part of how tar programs spell names, and no oddity.
    ///
    /// # Errors
    /// A [`Fault`] for every name that the format does not know.
    ///
    /// # Security
    /// Nothing of `raw` survives except what the type says: a document is 16 bytes, everything else has no payload.
    pub fn parse(raw: &[u8], is_directory: bool) -> Result<Parsed, Fault> {
        if let Some(id) = parse::canonical_document(raw).filter(|_| !is_directory) {
            return Ok(Parsed::plain(Self::Document(id)));
        }
        let text = std::str::from_utf8(raw).map_err(|_| Fault::Encoding)?;
        if is_directory { parse::directory(text) } else { parse::file(text) }
    }

    /// The canonical text of the name, `None` for [`MemberName::Junk`], which is never written.
    ///
    /// The inverse of [`parse`](Self::parse): reading the text back gives the same name and no oddity.
    #[must_use]
    pub fn render(&self) -> Option<NameText> {
        let mut text = NameText::EMPTY;
        match self {
            Self::Metadata => text.push(METADATA),
            Self::Database => text.push(DATABASE),
            Self::Document(id) => text.push_document(*id),
            Self::Directory(DirectoryName::Root) => text.push("./"),
            Self::Directory(DirectoryName::Database) => text.push("db/"),
            Self::Directory(DirectoryName::Tree) => text.push("tree/"),
            Self::Directory(DirectoryName::Shard(first)) => text.push_shards(&[*first]),
            Self::Directory(DirectoryName::SubShard(first, second)) => text.push_shards(&[*first, *second]),
            Self::Junk(_) => return None,
        }
        Some(text)
    }
}

impl Parsed {
    /// What the member is.
    #[must_use]
    pub const fn name(&self) -> MemberName {
        self.name
    }

    /// How its spelling differs from the platform's.
    pub fn oddities(&self) -> impl Iterator<Item = Oddity> + use<> {
        [self.placement, self.letter_case].into_iter().flatten()
    }

    const fn plain(name: MemberName) -> Self {
        Self { name, placement: None, letter_case: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "0d3e301f-5551-46f8-ad44-8de2be084c95";

    fn file(raw: &str) -> Result<MemberName, Fault> {
        MemberName::parse(raw.as_bytes(), false).map(|parsed| parsed.name())
    }

    fn directory(raw: &str) -> Result<MemberName, Fault> {
        MemberName::parse(raw.as_bytes(), true).map(|parsed| parsed.name())
    }

    #[test]
    fn every_fault_has_its_reason() {
        let not_there = format!("tree/0d/3f/{ID}");
        for (raw, fault) in [
            ("../.metadata", Fault::Traversal),
            ("tree/../.metadata", Fault::Traversal),
            ("tree/..", Fault::Traversal),
            ("/.metadata", Fault::Traversal),
            ("//server/share", Fault::Traversal),
            (".\\.metadata", Fault::Encoding),
            ("tree\n", Fault::Encoding),
            ("tree/\u{85}", Fault::Encoding),
            ("", Fault::NonCanonical),
            ("././.metadata", Fault::NonCanonical),
            ("db//db.backup", Fault::NonCanonical),
            ("db/./db.backup", Fault::NonCanonical),
            (".metadata/", Fault::NonCanonical),
            ("C:db.backup", Fault::Unknown),
            ("DB/db.backup", Fault::Unknown),
            ("db/db.backup2", Fault::Unknown),
            ("tree/\u{202e}", Fault::Unknown),
            ("foo/._bar", Fault::Unknown),
            ("tree/0d/3e/0d3e301f555146f8ad448de2be084c95", Fault::Unknown),
            ("tree", Fault::WrongKind),
            (&not_there, Fault::ShardMismatch),
        ] {
            assert_eq!(file(raw), Err(fault), "{raw:?}");
        }
        assert_eq!(MemberName::parse(b"tree/\xff", false), Err(Fault::Encoding));
    }

    #[test]
    fn directories_are_those_above_the_members() {
        for (raw, name) in [
            (".", DirectoryName::Root),
            ("./", DirectoryName::Root),
            ("db", DirectoryName::Database),
            ("./tree/", DirectoryName::Tree),
            ("tree/0D/", DirectoryName::Shard(0x0d)),
            ("tree/0d/3e", DirectoryName::SubShard(0x0d, 0x3e)),
        ] {
            assert_eq!(directory(raw), Ok(MemberName::Directory(name)), "{raw:?}");
        }
        assert_eq!(directory("tree/0d/3e/00"), Err(Fault::Unknown));
        assert_eq!(directory("tree/+d"), Err(Fault::Unknown));
        assert_eq!(directory("tree//"), Err(Fault::NonCanonical));
        assert_eq!(directory(&format!("tree/0d/3e/{ID}")), Err(Fault::WrongKind));
        assert_eq!(directory("._x"), Err(Fault::Unknown));
    }

    #[test]
    fn junk_is_known_only_beside_members() {
        for raw in ["._.metadata", "./._.", "db/._db.backup", "tree/0d/3e/._x"] {
            assert_eq!(file(raw), Ok(MemberName::Junk(Junk::AppleDouble)), "{raw:?}");
        }
        assert_eq!(file("tree/.DS_Store"), Ok(MemberName::Junk(Junk::DsStore)));
        assert_eq!(file(&format!("tree/0d/3e/{ID}/._x")), Err(Fault::Unknown));
    }

    #[test]
    fn odd_spellings_are_told_apart() {
        let oddities = |raw: String| MemberName::parse(raw.as_bytes(), false).unwrap().oddities().collect::<Vec<_>>();
        let upper = ID.to_uppercase();
        assert_eq!(oddities(format!("tree/{ID}")), [Oddity::FlatTree]);
        assert_eq!(oddities(format!("tree/0D/3e/{ID}")), [Oddity::ShardLetterCase]);
        assert_eq!(oddities(format!("tree/0D/3E/{upper}")), [Oddity::UpperCaseId]);
        assert_eq!(oddities(format!("tree/0d/3e/{upper}")), [Oddity::ShardLetterCase, Oddity::UpperCaseId]);
    }

    #[test]
    fn escaped_names_are_bounded_ascii() {
        let shown = escaped("\u{202e}\n".repeat(100).as_bytes()).to_string();
        assert!(shown.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && shown.len() < 600, "{shown}");
    }

    fn any_name() -> impl Strategy<Value = MemberName> {
        prop_oneof![
            Just(MemberName::Metadata),
            Just(MemberName::Database),
            any::<[u8; 16]>().prop_map(|bytes| MemberName::Document(DocumentId::from_bytes(bytes))),
            Just(MemberName::Directory(DirectoryName::Root)),
            Just(MemberName::Directory(DirectoryName::Database)),
            Just(MemberName::Directory(DirectoryName::Tree)),
            any::<u8>().prop_map(|first| MemberName::Directory(DirectoryName::Shard(first))),
            any::<(u8, u8)>().prop_map(|(a, b)| MemberName::Directory(DirectoryName::SubShard(a, b))),
        ]
    }

    proptest! {
        #[test]
        fn rendering_and_parsing_are_inverse(name in any_name()) {
            let text = name.render().unwrap();
            let is_directory = matches!(name, MemberName::Directory(_));
            let parsed = MemberName::parse(text.as_bytes(), is_directory).unwrap();
            prop_assert_eq!(parsed, Parsed::plain(name));
        }

        #[test]
        fn whatever_parses_renders_to_a_name_that_means_the_same(
            raw in "(\\./)?(tree|db|\\.metadata)(/[0-9a-fA-F]{2}){0,2}(/[0-9a-fA-F-]{36}|/db\\.backup|/)?",
            is_directory: bool,
        ) {
            if let Ok(parsed) = MemberName::parse(raw.as_bytes(), is_directory) {
                let text = parsed.name().render().unwrap();
                prop_assert_eq!(MemberName::parse(text.as_bytes(), is_directory).map(|again| again.name()), Ok(parsed.name()));
            }
        }

        #[test]
        fn the_quick_way_changes_nothing(bytes: [u8; 16], change in 0..NameText::MAX_BYTES, to in "[0-9a-fA-F/.-]") {
            let mut raw = NameText::of_document(DocumentId::from_bytes(bytes)).as_bytes().to_vec();
            raw.splice(change..=change, to.bytes());
            // A leading `./` means nothing, and goes the long way. It can change why a name is refused: `/` is absolute.
            let long = [b"./", raw.as_slice()].concat();
            prop_assert_eq!(MemberName::parse(&raw, false).ok(), MemberName::parse(&long, false).ok());
            prop_assert_eq!(MemberName::parse(&raw, true).ok(), MemberName::parse(&long, true).ok());
        }

        #[test]
        fn no_bytes_make_it_panic(raw: Vec<u8>, is_directory: bool) {
            let _ = MemberName::parse(&raw, is_directory);
        }
    }
}
