//! Names of archive members, parsed into the files folder, the shard folders and the document: [`MemberName`].

use crate::document::DocumentId;
use crate::io::decimal;
use crate::source::code::Code;
use crate::source::directory::spelling::{Mismatch, Shards, Spelling};
use crate::source::junk::is_junk;

/// The folder in which macOS stores the attributes of the files that it archives.
const MACOS_FOLDER: &str = "__MACOSX";

/// The meaning of the name of a file in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberName<'a> {
    /// A document, and its files folder: everything above the shard folders.
    Document { root: &'a str, id: DocumentId, spelling: Spelling },
    /// A file that is named by a number, and its files folder.
    Numbered { root: &'a str, spelling: Spelling },
    /// Not a document.
    Skipped(Code),
    /// A document under a name that escapes from its folder or contains control characters.
    Hostile,
}

impl<'a> MemberName<'a> {
    /// Parses `name`, with `prefix` and `suffix` around the UUID.
    ///
    /// Backslashes are separators, too: .NET before 4.6.1 wrote such zip files. No part of the name becomes a path, so this
    /// cannot be abused.
    pub(super) fn parse(name: &'a [u8], prefix: &str, suffix: &str) -> Self {
        let Some(mut name) = std::str::from_utf8(name).ok() else { return Self::Skipped(Code::NotAnId) };
        while let Some(rest) = name.strip_prefix("./") {
            name = rest;
        }
        let (above, file) = split_last(name);
        if is_junk(file.as_bytes()) || parts(name).any(|part| part == MACOS_FOLDER) {
            return Self::Skipped(Code::Junk);
        }
        let key = file.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
        let is_unsafe = name.starts_with(['/', '\\'])
            || name.contains(char::is_control)
            || name.as_bytes().get(1) == Some(&b':')
            || parts(name).any(|part| part == "..");
        if is_unsafe {
            // Only the name of a document must be safe; other files are not read.
            let is_document = key.is_some_and(|key| DocumentId::parse(key.as_bytes()).is_ok());
            return if is_document { Self::Hostile } else { Self::Skipped(Code::UnsafeName) };
        }
        let Some(key) = key else { return Self::Skipped(Code::NotAnId) };
        let (root, shards) = split_shards(above);
        match Spelling::parse(shards, key.as_bytes()) {
            Ok((id, spelling)) => Self::Document { root, id, spelling },
            Err(Mismatch::WrongShard) => Self::Skipped(Code::WrongShard),
            Err(Mismatch::NotAnId) if decimal::<u64>(key.as_bytes()).is_some() => {
                let (root, thousands) = split_last(above);
                let folder = Shards::Root.child(thousands.as_bytes());
                folder
                    .and_then(|folder| Spelling::parse_number(folder, key.as_bytes()))
                    .map_or(Self::Skipped(Code::Numbered), |spelling| Self::Numbered { root, spelling })
            }
            Err(Mismatch::NotAnId) => Self::Skipped(Code::NotAnId),
        }
    }
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['/', '\\'])
}

/// Splits a name into the folders above the last part, and the last part.
fn split_last(name: &str) -> (&str, &str) {
    name.rsplit_once(['/', '\\']).unwrap_or(("", name))
}

/// Splits the folders above a file into the files folder and the one or two shard folders at its end.
fn split_shards(above: &str) -> (&str, Shards) {
    let (upper, last) = split_last(above);
    let (top, last_but_one) = split_last(upper);
    let one = |name: &str| Shards::Root.child(name.as_bytes()).filter(|child| matches!(child, Shards::One(_)));
    if let Some(two) = one(last_but_one).and_then(|shard| shard.child(last.as_bytes())) {
        return (top, two);
    }
    one(last).map_or((above, Shards::Root), |shard| (upper, shard))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0d3e301f-5551-46f8-ad44-8de2be084c95";

    fn root(name: &str) -> Option<&str> {
        match MemberName::parse(name.as_bytes(), "", "") {
            MemberName::Document { root, id, .. } if id.to_string() == ID => Some(root),
            _ => None,
        }
    }

    #[test]
    fn the_files_folder_is_above_the_shard_folders() {
        for (folders, expected) in [
            ("", ""),
            ("0d/", ""),
            ("0d/3e/", ""),
            ("./0d/3e/", ""),
            ("files/", "files"),
            ("files/0d/", "files"),
            ("data/files/0d/3e/", "data/files"),
            ("ab/0d/3e/", "ab"),
            ("data\\files\\0d\\3e\\", "data\\files"),
        ] {
            assert_eq!(root(&format!("{folders}{ID}")), Some(expected), "{folders}");
        }
    }

    #[test]
    fn other_files_are_reported_as_in_a_folder() {
        for (name, kind) in [
            ("0d/3f/0d3e301f-5551-46f8-ad44-8de2be084c95", Code::WrongShard),
            ("3e/0d3e301f-5551-46f8-ad44-8de2be084c95", Code::WrongShard),
            ("files/13/12345", Code::Numbered),
            ("readme.txt", Code::NotAnId),
            ("files/Thumbs.db", Code::Junk),
            ("__MACOSX/0d/3e/._0d3e301f-5551-46f8-ad44-8de2be084c95", Code::Junk),
            (".metadata", Code::NotAnId),
            ("", Code::NotAnId),
        ] {
            assert_eq!(MemberName::parse(name.as_bytes(), "", ""), MemberName::Skipped(kind), "{name}");
        }
        assert_eq!(MemberName::parse(b"\xff", "", ""), MemberName::Skipped(Code::NotAnId));
    }

    #[test]
    fn numbered_files_are_in_the_folder_of_their_thousands() {
        for (name, wanted) in [("files/12/12345", "files"), ("data/files/123/123456", "data/files"), ("00/7", "")] {
            let found = MemberName::parse(name.as_bytes(), "", "");
            assert!(matches!(found, MemberName::Numbered { root, .. } if root == wanted), "{name}: {found:?}");
        }
    }

    #[test]
    fn names_that_escape_are_skipped_unless_they_are_documents() {
        for folder in ["../", "a/../../", "/etc/", "\\\\server\\", "c:", "a\nb/", "..\\", "./../"] {
            let name = format!("{folder}x");
            assert_eq!(MemberName::parse(name.as_bytes(), "", ""), MemberName::Skipped(Code::UnsafeName), "{name:?}");
            let name = format!("{folder}{ID}");
            let expected = if folder == "c:" { MemberName::Skipped(Code::UnsafeName) } else { MemberName::Hostile };
            assert_eq!(MemberName::parse(name.as_bytes(), "", ""), expected, "{name:?}");
        }
        let icon = MemberName::parse(b"files/Icon\r", "", "");
        assert_eq!(icon, MemberName::Skipped(Code::Junk));
    }

    #[test]
    fn prefix_and_suffix_of_keys_are_removed() {
        let name = format!("backup/app-{ID}.bin");
        assert!(matches!(
            MemberName::parse(name.as_bytes(), "app-", ".bin"),
            MemberName::Document { root: "backup", .. }
        ));
        assert_eq!(MemberName::parse(ID.as_bytes(), "app-", ""), MemberName::Skipped(Code::NotAnId));
    }
}
