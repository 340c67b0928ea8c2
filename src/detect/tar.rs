//! Distinguishes snapshots from other tar archives by the names of their first members.

use super::detection::Kind;
use crate::document::DocumentId;
use crate::layout::{self, Named};
use crate::limits::Limits;
use crate::pgdump::Identity;
use crate::tarball::{MemberKind, Reader};

/// The length of a header block, and the offsets of its magic and checksum (POSIX.1-2017, pax, "ustar Interchange Format").
const BLOCK_BYTES: usize = 512;
const MAGIC_AT: usize = 257;
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Returns the kind of the archive that begins with `head`; `None` if `head` is not a tar header.
pub(super) fn identify(head: &[u8]) -> Option<Kind> {
    if !is_header(head.first_chunk()?) {
        return None;
    }
    let mut reader = Reader::new(head, &Limits::untrusted());
    // The head ends inside a member, so an error is expected.
    while let Ok(Some(member)) = reader.next_member() {
        let name = member.name().strip_prefix(b"./").unwrap_or(member.name());
        if let Some(kind) = kind_from(name, member.kind() == MemberKind::Directory) {
            return Some(kind);
        }
    }
    Some(Kind::Tar)
}

/// Returns the kind of an archive with such a member; `None` if the name leaves it open.
fn kind_from(name: &[u8], is_directory: bool) -> Option<Kind> {
    let file = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
    match layout::parse(name, is_directory).map(|parsed| parsed.named) {
        Ok(Named::Directory | Named::Junk(_)) if !is_in_snapshot(name) => None,
        Ok(_) => Some(Kind::Snapshot),
        // A snapshot with a fault is still one: reading it says what the fault is.
        Err(_) if is_in_snapshot(name) => Some(Kind::Snapshot),
        Err(_) if is_in_folder(name, is_directory) => Some(Kind::SnapshotInFolder),
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

/// Returns `true` for a file of a snapshot below one or two more folders.
fn is_in_folder(name: &[u8], is_directory: bool) -> bool {
    let is_file = |name| matches!(layout::parse(name, false).map(|parsed| parsed.named), Ok(Named::File(_)));
    let mut below = name;
    for _ in 0..2 {
        let Some(at) = below.iter().position(|byte| *byte == b'/') else { return false };
        below = below.split_at(at.saturating_add(1)).1;
        if !is_directory && is_file(below) {
            return true;
        }
    }
    false
}

/// Returns `true` for the beginning of an archive whose first header may be damaged: it is too short to tell, or the fields
/// for mode and size have octal digits, as those of every header.
pub(super) fn may_be_damaged(head: &[u8]) -> bool {
    let Some(block) = head.first_chunk::<BLOCK_BYTES>() else { return true };
    let is_octal = |field: std::ops::Range<usize>| {
        block.get(field).is_some_and(|field| {
            field.iter().any(u8::is_ascii_digit) && field.iter().all(|byte| matches!(byte, b'0'..=b'7' | b' ' | 0))
        })
    };
    is_octal(100..108) || is_octal(124..136)
}

/// Returns `true` if `block` has the magic of a tar header, or has none and the right checksum.
fn is_header(block: &[u8; BLOCK_BYTES]) -> bool {
    block.get(MAGIC_AT..).is_some_and(|rest| rest.starts_with(b"ustar")) || stored_sum(block) == Some(sum(block))
}

/// The sum of the block's bytes, in which the checksum field counts as spaces.
fn sum(block: &[u8; BLOCK_BYTES]) -> u32 {
    let bytes = block.iter().enumerate();
    let counted = bytes.map(|(at, byte)| if CHECKSUM.contains(&at) { b' ' } else { *byte });
    counted.map(u32::from).sum()
}

fn stored_sum(block: &[u8; BLOCK_BYTES]) -> Option<u32> {
    let digits = block.get(CHECKSUM)?.iter().copied().filter(u8::is_ascii_digit).collect::<Vec<u8>>();
    u32::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()
}
