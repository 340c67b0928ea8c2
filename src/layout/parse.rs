//! From the text of a name to what it names, or to why it names nothing.

use super::{
    APPLE_DOUBLE_PREFIX, DATABASE, DATABASE_FOLDER, DS_STORE, DirectoryName, Fault, Junk, METADATA, MemberName, Oddity,
    Parsed, TREE,
};
use crate::document::DocumentId;

/// The document whose canonical name these bytes are: nearly all names of nearly all archives, and the quickest to see.
pub(super) fn canonical_document(raw: &[u8]) -> Option<DocumentId> {
    let (shards, uuid) = raw.strip_prefix(b"tree/")?.split_at_checked(6)?;
    let [first, second, b'/', third, fourth, b'/'] = shards else { return None };
    let is_canonical =
        uuid.starts_with(&[*first, *second, *third, *fourth]) && !uuid.iter().any(u8::is_ascii_uppercase);
    if is_canonical { DocumentId::parse(uuid).ok() } else { None }
}

/// Reads the name of a regular file.
pub(super) fn file(text: &str) -> Result<Parsed, Fault> {
    let path = clean(text)?;
    match path {
        METADATA => return Ok(Parsed::plain(MemberName::Metadata)),
        DATABASE => return Ok(Parsed::plain(MemberName::Database)),
        _ => {}
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if let Some(junk) = junk(name) {
        return directory_of(folder).map(|_| Parsed::plain(MemberName::Junk(junk)));
    }
    if let Some(document) = document(path)? {
        return Ok(document);
    }
    if directory_of(path).is_ok() { Err(Fault::WrongKind) } else { Err(Fault::Unknown) }
}

/// Reads the name of a directory.
pub(super) fn directory(text: &str) -> Result<Parsed, Fault> {
    let path = match text {
        // Python and Go write the top as `.`, everybody else as `./`.
        "." | "./" => "",
        "/" => return Err(Fault::Traversal),
        _ => clean(text.strip_suffix('/').unwrap_or(text))?,
    };
    match path {
        METADATA | DATABASE => return Err(Fault::WrongKind),
        _ => {}
    }
    match directory_of(path) {
        Ok(name) => Ok(Parsed::plain(MemberName::Directory(name))),
        Err(_) if matches!(document(path), Ok(Some(_))) => Err(Fault::WrongKind),
        Err(fault) => Err(fault),
    }
}

/// Refuses what no name may have, and takes one leading `./` off.
fn clean(text: &str) -> Result<&str, Fault> {
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return Err(Fault::Encoding);
    }
    if text.starts_with('/') || text.split('/').any(|component| component == "..") {
        return Err(Fault::Traversal);
    }
    let path = text.strip_prefix("./").unwrap_or(text);
    if path.split('/').any(|component| matches!(component, "" | ".")) {
        return Err(Fault::NonCanonical);
    }
    Ok(path)
}

/// Which file of macOS a last component is.
fn junk(name: &str) -> Option<Junk> {
    if name.starts_with(APPLE_DOUBLE_PREFIX) {
        Some(Junk::AppleDouble)
    } else if name == DS_STORE {
        Some(Junk::DsStore)
    } else {
        None
    }
}

/// The directory that a clean path without a trailing slash names; the empty path is the top.
fn directory_of(path: &str) -> Result<DirectoryName, Fault> {
    match path {
        "" => return Ok(DirectoryName::Root),
        DATABASE_FOLDER => return Ok(DirectoryName::Database),
        TREE => return Ok(DirectoryName::Tree),
        _ => {}
    }
    let shards = path.strip_prefix("tree/").ok_or(Fault::Unknown)?;
    let directory = match shards.split_once('/') {
        None => shard(shards).map(DirectoryName::Shard),
        Some((first, second)) => {
            shard(first).zip(shard(second)).map(|(first, second)| DirectoryName::SubShard(first, second))
        }
    };
    directory.ok_or(Fault::Unknown)
}

/// The byte that two hex digits of either case spell.
fn shard(text: &str) -> Option<u8> {
    let is_pair = text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_pair { u8::from_str_radix(text, 16).ok() } else { None }
}

/// The document that a clean path names: sharded, or flat in `tree/`.
fn document(path: &str) -> Result<Option<Parsed>, Fault> {
    let Some(below) = path.strip_prefix("tree/") else { return Ok(None) };
    let mut parts = below.split('/');
    let (shards, text) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(text), None, None, None) => (None, text),
        (Some(first), Some(second), Some(text), None) => (Some((first, second)), text),
        _ => return Ok(None),
    };
    let Ok(id) = DocumentId::parse(text.as_bytes()) else { return Ok(None) };
    let placement = match shards {
        None => Some(Oddity::FlatTree),
        Some((first, second)) => shard_oddity(first, second, text)?,
    };
    let is_upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    let letter_case = is_upper.then_some(Oddity::UpperCaseId);
    Ok(Some(Parsed { name: MemberName::Document(id), placement, letter_case }))
}

/// Compares the shard folders with the characters of the uuid that they stand for.
fn shard_oddity(first: &str, second: &str, uuid: &str) -> Result<Option<Oddity>, Fault> {
    let (own_first, own_second) = (uuid.get(..2).unwrap_or_default(), uuid.get(2..4).unwrap_or_default());
    if first == own_first && second == own_second {
        Ok(None)
    } else if first.eq_ignore_ascii_case(own_first) && second.eq_ignore_ascii_case(own_second) {
        Ok(Some(Oddity::ShardLetterCase))
    } else {
        Err(Fault::ShardMismatch)
    }
}
