//! Parses the bytes of a name: [`parse`].

use super::code::Code;
use super::{DATABASE, DATABASE_FOLDER, METADATA, MemberName, TREE};
use crate::document::DocumentId;

/// Prefix of the files in which macOS keeps extended attributes (AppleDouble, RFC 1740).
const APPLE_DOUBLE_PREFIX: &str = "._";
/// The file in which the macOS Finder keeps a folder's view settings.
const DS_STORE: &str = ".DS_Store";

/// A member's name, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) named: Named,
    placement: Option<Code>,
    letter_case: Option<Code>,
}

/// The kind of member that a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    File(MemberName),
    /// A folder above the files. It carries nothing; snapshots need not have any.
    Directory,
    /// A file that macOS adds. Readers skip it with a warning.
    Junk(Code),
}

impl Parsed {
    /// Returns the codes of everything that differs from the platform's spelling.
    pub(crate) fn unusual(&self) -> impl Iterator<Item = Code> + use<> {
        [self.placement, self.letter_case].into_iter().flatten()
    }

    pub(super) const fn plain(named: Named) -> Self {
        Self { named, placement: None, letter_case: None }
    }
}

/// Parses the name of a member. The archive's type of the member decides whether it is a directory.
///
/// One leading `./` and one trailing `/` of a directory are part of how tar programs spell names.
pub(crate) fn parse(raw: &[u8], is_directory: bool) -> Result<Parsed, Code> {
    if let Some(id) = canonical_document(raw).filter(|_| !is_directory) {
        return Ok(Parsed::plain(Named::File(MemberName::Document(id))));
    }
    let text = std::str::from_utf8(raw).map_err(|_| Code::NameEncoding)?;
    if is_directory { directory(text) } else { file(text) }
}

/// The document whose canonical name these bytes are: nearly all names of nearly all archives, and the quickest to see.
pub(super) fn canonical_document(raw: &[u8]) -> Option<DocumentId> {
    let (shards, uuid) = raw.strip_prefix(b"tree/")?.split_at_checked(6)?;
    let [first, second, b'/', third, fourth, b'/'] = shards else { return None };
    let is_canonical =
        uuid.starts_with(&[*first, *second, *third, *fourth]) && !uuid.iter().any(u8::is_ascii_uppercase);
    if is_canonical { DocumentId::parse(uuid).ok() } else { None }
}

/// Reads the name of a regular file.
pub(super) fn file(text: &str) -> Result<Parsed, Code> {
    let path = clean(text)?;
    match path {
        METADATA => return Ok(Parsed::plain(Named::File(MemberName::Metadata))),
        DATABASE => return Ok(Parsed::plain(Named::File(MemberName::Database))),
        _ => {}
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if let Some(junk) = junk(name) {
        return directory_of(folder).map(|()| Parsed::plain(Named::Junk(junk)));
    }
    if let Some(document) = document(path)? {
        return Ok(document);
    }
    if directory_of(path).is_ok() { Err(Code::NameWrongKind) } else { Err(Code::NameUnknown) }
}

/// Reads the name of a directory.
pub(super) fn directory(text: &str) -> Result<Parsed, Code> {
    let path = match text {
        // Python and Go write the top as `.`, everybody else as `./`.
        "." | "./" => "",
        "/" => return Err(Code::NameLeadsOut),
        _ => clean(text.strip_suffix('/').unwrap_or(text))?,
    };
    match path {
        METADATA | DATABASE => return Err(Code::NameWrongKind),
        _ => {}
    }
    match directory_of(path) {
        Ok(()) => Ok(Parsed::plain(Named::Directory)),
        Err(_) if matches!(document(path), Ok(Some(_))) => Err(Code::NameWrongKind),
        Err(code) => Err(code),
    }
}

/// Refuses what no name may have, and takes one leading `./` off.
fn clean(text: &str) -> Result<&str, Code> {
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return Err(Code::NameEncoding);
    }
    if text.starts_with('/') || text.split('/').any(|component| component == "..") {
        return Err(Code::NameLeadsOut);
    }
    let path = text.strip_prefix("./").unwrap_or(text);
    if path.split('/').any(|component| matches!(component, "" | ".")) {
        return Err(Code::NameNotCanonical);
    }
    Ok(path)
}

/// Returns the code of a file of macOS with this last component.
fn junk(name: &str) -> Option<Code> {
    if name.starts_with(APPLE_DOUBLE_PREFIX) {
        Some(Code::AppledoubleSkipped)
    } else if name == DS_STORE {
        Some(Code::JunkSkipped)
    } else {
        None
    }
}

/// Checks that a clean path without a trailing slash is that of a directory; the empty path is the top.
fn directory_of(path: &str) -> Result<(), Code> {
    if matches!(path, "" | DATABASE_FOLDER | TREE) {
        return Ok(());
    }
    let shards = path.strip_prefix("tree/").ok_or(Code::NameUnknown)?;
    let is_known = match shards.split_once('/') {
        None => is_shard(shards),
        Some((first, second)) => is_shard(first) && is_shard(second),
    };
    if is_known { Ok(()) } else { Err(Code::NameUnknown) }
}

/// Returns `true` for two hex digits of either case.
fn is_shard(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// The document that a clean path names: sharded, or flat in `tree/`.
fn document(path: &str) -> Result<Option<Parsed>, Code> {
    let Some(below) = path.strip_prefix("tree/") else { return Ok(None) };
    let mut parts = below.split('/');
    let (shards, text) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(text), None, None, None) => (None, text),
        (Some(first), Some(second), Some(text), None) => (Some((first, second)), text),
        _ => return Ok(None),
    };
    let Ok(id) = DocumentId::parse(text.as_bytes()) else { return Ok(None) };
    let placement = match shards {
        None => Some(Code::FlatTree),
        Some((first, second)) => shard_spelling(first, second, text)?,
    };
    let is_upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    let letter_case = is_upper.then_some(Code::UpperCaseId);
    Ok(Some(Parsed { named: Named::File(MemberName::Document(id)), placement, letter_case }))
}

/// Compares the shard folders with the first characters of the uuid.
fn shard_spelling(first: &str, second: &str, uuid: &str) -> Result<Option<Code>, Code> {
    let Some((own_first, own_second)) = uuid.get(..2).zip(uuid.get(2..4)) else { return Err(Code::ShardMismatch) };
    if first == own_first && second == own_second {
        Ok(None)
    } else if first.eq_ignore_ascii_case(own_first) && second.eq_ignore_ascii_case(own_second) {
        Ok(Some(Code::ShardLetterCase))
    } else {
        Err(Code::ShardMismatch)
    }
}
