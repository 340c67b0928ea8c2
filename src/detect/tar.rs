//! Tells snapshots from other tar archives by the names of the first members.

use super::Kind;
use crate::document::DocumentId;
use crate::layout::{self, Named};
use crate::limits::Limits;
use crate::pgdump::Identity;
use crate::tarball::{MemberKind, Reader};

/// A header block, and where its magic and its checksum field lie in it (POSIX.1-2017, pax, "ustar Interchange Format").
const BLOCK_BYTES: usize = 512;
const MAGIC_AT: usize = 257;
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// What the archive is that begins with `head`; `None` when that is no tar header.
pub(super) fn identify(head: &[u8]) -> Option<Kind> {
    if !is_header(head.get(..BLOCK_BYTES)?) {
        return None;
    }
    let mut reader = Reader::new(head, &Limits::untrusted());
    // The head ends inside some member, so an error ends the look at it, and nothing more.
    while let Ok(Some(member)) = reader.next_member() {
        let name = member.name().strip_prefix(b"./").unwrap_or(member.name());
        if let Some(kind) = tell_by(name, member.kind() == MemberKind::Directory) {
            return Some(kind);
        }
    }
    Some(Kind::Tar)
}

/// What an archive with such a member is; `None` when the name does not say.
fn tell_by(name: &[u8], is_directory: bool) -> Option<Kind> {
    let file = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    match layout::parse(name, is_directory).map(|parsed| parsed.named) {
        Ok(Named::Directory | Named::Junk(_)) if !is_in_snapshot(name) => None,
        Ok(_) => Some(Kind::Snapshot),
        // A snapshot with a fault is still one: reading it says what the fault is.
        Err(_) if is_in_snapshot(name) => Some(Kind::Snapshot),
        Err(_) if is_directory => None,
        Err(_) if name == b"toc.dat" => Some(Kind::Other(Identity::Tar)),
        Err(_) if file.ends_with(b".script") => Some(Kind::Hsqldb),
        Err(_) if DocumentId::parse(file).is_ok() => Some(Kind::FilesTar),
        Err(_) => None,
    }
}

fn is_in_snapshot(name: &[u8]) -> bool {
    name.starts_with(b"db/") || name.starts_with(b"tree/")
}

/// Whether `block` carries the magic of a tar header, or without one the right checksum.
fn is_header(block: &[u8]) -> bool {
    if block.get(MAGIC_AT..).unwrap_or_default().starts_with(b"ustar") {
        return true;
    }
    let spaces = CHECKSUM.len() as u32 * u32::from(b' ');
    let bytes = block.iter().enumerate().filter(|(at, _)| !CHECKSUM.contains(at)).map(|(_, byte)| u32::from(*byte));
    let sum = bytes.sum::<u32>() + spaces;
    let field = block.get(CHECKSUM).unwrap_or_default();
    let digits: Vec<u8> = field.iter().copied().filter(u8::is_ascii_digit).collect();
    let stored = std::str::from_utf8(&digits).ok().and_then(|digits| u32::from_str_radix(digits, 8).ok());
    stored == Some(sum)
}
