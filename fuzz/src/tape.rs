//! Tar streams against other parsers: what we accept, they read alike.
//!
//! Refusing more than others is what the crate is for, so only acceptance is compared. Where others read an accepted
//! archive differently on purpose, [`REFUSALS`] and [`DIFFERENCES`] say so.

use std::fmt;
use std::io::Read;

use appsnap::Limits;
use appsnap::tarball::{Error, MemberKind, Reader};
use tar_core::parse::{ParseEvent, Parser};

use crate::control;

const BLOCK: usize = 512;

/// Leave the checksums as they are; most inputs get the right ones, to get past that gate.
pub const AS_IS: u8 = 1;

/// A member as all parsers see it.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    /// Without the slash that marks a directory.
    name: Vec<u8>,
    is_directory: bool,
    payload: Vec<u8>,
}

impl Seen {
    fn new(name: &[u8], is_directory: bool, payload: &[u8]) -> Self {
        // Of the NULs after a GNU long name both crates remove one; GNU tar, bsdtar, Python and we stop at the first.
        let name = name.get(..name.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1)).unwrap_or_default();
        let is_directory = is_directory || name.ends_with(b"/");
        let name = name.strip_suffix(b"/").unwrap_or(name).to_vec();
        Self { name, is_directory, payload: payload.to_vec() }
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.is_directory { "/" } else { "" };
        write!(f, "{}{slash} ({} bytes)", self.name.escape_ascii(), self.payload.len())
    }
}

/// Puts the right checksum into every block that a parser may take for a header.
pub fn seal(tar: &mut [u8]) {
    for block in tar.chunks_exact_mut(BLOCK) {
        if block.iter().any(|&byte| byte != 0) {
            block[148..156].fill(b' ');
            let sum = block.iter().map(|&byte| u32::from(byte)).sum::<u32>();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}

fn ours(tar: &[u8]) -> Result<Vec<Seen>, Error> {
    let limits = Limits::untrusted().with_max_total_bytes(16 << 20);
    let mut reader = Reader::new(tar, &limits);
    let mut all = Vec::new();
    while let Some(member) = reader.next_member()? {
        // Others show labels as members; they hold nothing.
        let (kind, name) = (member.kind(), member.name().to_vec());
        let mut payload = Vec::new();
        loop {
            let piece = reader.payload()?;
            if piece.is_empty() {
                break;
            }
            payload.extend_from_slice(piece);
            let count = piece.len();
            reader.consume(count);
        }
        if kind != MemberKind::Label {
            all.push(Seen::new(&name, kind == MemberKind::Directory, &payload));
        }
    }
    Ok(all)
}

fn tar_crate(tar: &[u8]) -> Result<Vec<Seen>, String> {
    let mut archive = tar::Archive::new(tar);
    let mut all = Vec::new();
    for entry in archive.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() || kind.as_byte() == b'V' {
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let mut payload = Vec::new();
        entry.read_to_end(&mut payload).map_err(|error| error.to_string())?;
        all.push(Seen::new(&name, kind.is_dir(), &payload));
    }
    Ok(all)
}

fn tar_core(tar: &[u8]) -> Result<Vec<Seen>, String> {
    let mut parser = Parser::new(tar_core::parse::Limits::permissive());
    let mut all = Vec::new();
    let mut at = 0;
    loop {
        match parser.parse(&tar[at..]).map_err(|error| error.to_string())? {
            ParseEvent::NeedData { .. } => return Err("it wants more".to_owned()),
            ParseEvent::GlobalExtensions { consumed, .. } => at += consumed,
            ParseEvent::SparseEntry { .. } => return Err("it sees a sparse file".to_owned()),
            ParseEvent::End { .. } => return Ok(all),
            ParseEvent::Entry { consumed, entry } => {
                at += consumed;
                let len = usize::try_from(entry.size).map_err(|error| error.to_string())?;
                let payload = tar.get(at..at + len).ok_or("a payload is cut")?;
                at += len.next_multiple_of(BLOCK);
                if entry.entry_type.to_byte() != b'V' {
                    all.push(Seen::new(&entry.path, entry.is_dir(), payload));
                }
            }
        }
    }
}

/// Refusals of other parsers that are known: parser, how its message begins, and why we read on all the same.
/// A refusal is harmless; every other one is a finding, since it says that an honest archive may not be portable.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("tar", "numeric field was not a number:  when getting size", "directories and labels may leave their size blank"),
    ("tar", "archive header checksum mismatch", "old writers summed signed bytes"),
    ("tar-core", "it wants more", "one zero block at the very end is tolerated"),
    ("tar-core", "entry has empty path", "a label may be empty, and no name is for the layout to refuse"),
    ("tar-core", "header error", "it reads owners and devices, which mean nothing for a snapshot"),
    ("tar-core", "PAX error", "it reads values which mean nothing for a snapshot"),
    ("tar-core", "invalid PAX", "it reads values which mean nothing for a snapshot"),
];

/// Properties of a tar stream.
type Holds = fn(&[u8]) -> bool;

/// Lists that differ on purpose: parser, what of the archive explains it, and why it is right to go on.
const DIFFERENCES: &[(&str, Holds, &str)] =
    &[("tar", has_line_feed_in_pax_value, "it splits pax bodies at line feeds; records are framed by their lengths")];

/// Returns `true` if a pax header has a value that a reader which splits at line feeds takes for more records.
fn has_line_feed_in_pax_value(tar: &[u8]) -> bool {
    tar.chunks_exact(BLOCK).enumerate().filter(|(_, block)| matches!(block[156], b'x' | b'g')).any(|(number, block)| {
        let size = std::str::from_utf8(&block[124..136]).unwrap_or_default();
        let size = usize::from_str_radix(size.trim_matches([' ', '\0']), 8).unwrap_or(0);
        let behind = &tar[(number + 1) * BLOCK..];
        let records = behind.get(..size).and_then(split).unwrap_or_default();
        records.iter().any(|(_, value)| value.contains(&b'\n'))
    })
}

fn compare(tar: &[u8], ours: &[Seen], parser: &str, theirs: &Result<Vec<Seen>, String>) {
    let reason = match theirs {
        Ok(theirs) if theirs == ours => return,
        Ok(_) => DIFFERENCES.iter().find(|(name, holds, _)| *name == parser && holds(tar)).map(|known| known.2),
        Err(error) => {
            REFUSALS.iter().find(|(name, begins, _)| *name == parser && error.starts_with(begins)).map(|known| known.2)
        }
    };
    assert!(reason.is_some(), "accepted as {ours:?}\nbut {parser} reads {theirs:?}");
}

pub fn tar_differential(data: &[u8]) {
    let (control, rest) = control::split(data);
    let mut tar = rest.to_vec();
    if !control.has(AS_IS) {
        seal(&mut tar);
    }
    let Ok(seen) = ours(&tar) else { return };
    compare(&tar, &seen, "tar", &tar_crate(&tar));
    compare(&tar, &seen, "tar-core", &tar_core(&tar));
}

/// The input is the payload of a pax header before one member, whose name the control byte may cut.
pub fn pax_records(data: &[u8]) {
    let (control, records) = control::split(data);
    let name = if control.has(1) { "n".repeat(100) } else { "db/db.backup".to_owned() };
    let mut tar = Vec::new();
    let mut put = |name: &str, flag: u8, payload: &[u8]| {
        let mut block = appsnap::tarball::file_header(name.as_bytes(), payload.len() as u64).expect("a header");
        block[156] = flag;
        seal(&mut block);
        tar.extend(block);
        tar.extend(payload);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    };
    put("pax", if control.has(2) { b'g' } else { b'x' }, records);
    put(&name, b'0', &[b'p'; 700]);
    tar.resize(tar.len() + 2 * BLOCK, 0);
    let Ok(seen) = ours(&tar) else { return };
    // Accepted: then the records are those that a reader finds by their lengths, and agree with the result.
    let records = split(records).expect("accepted records are framed by their lengths");
    let path = records.iter().find(|(key, _)| key == b"path").map(|(_, value)| value.clone());
    let [member] = seen.as_slice() else { panic!("one member became {seen:?}") };
    let expected = path.unwrap_or_else(|| name.into_bytes());
    assert_eq!(member.name, expected.strip_suffix(b"/").unwrap_or(&expected));
    assert_eq!(member.payload, [b'p'; 700]);
    for (key, value) in &records {
        assert!(key != b"size" || value.iter().rev().eq(b"007") || value.ends_with(b"700"), "a size was ignored");
        assert!(key != b"linkpath", "a link target was ignored");
        assert!(!key.starts_with(b"GNU.sparse."), "a sparse map was ignored");
    }
}

/// Pax records, by the definition: a length that counts itself, a space, key, equals sign, value, line feed.
fn split(mut bytes: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|&byte| byte == b' ')?;
        let len = std::str::from_utf8(&bytes[..space]).ok()?.parse::<usize>().ok()?;
        let record = bytes.get(space + 1..len)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|&byte| byte == b'=')?;
        all.push((record[..equals].to_vec(), record[equals + 1..].to_vec()));
        bytes = &bytes[len..];
    }
    Some(all)
}
