//! Files that are neither snapshots nor dumps, by their first bytes: other archives, other databases, archives that were treated as text.

use super::detection::Kind;

/// First bytes of formats with a magic number. The numbers are those of each format's specification.
const MAGICS: [(&[u8], Kind); 11] = [
    // Microsoft Tape Format, and a compressed backup of SQL Server.
    (b"TAPE", Kind::MssqlBackup),
    (b"MSSQLBAK", Kind::MssqlBackup),
    // A `.script` of HSQLDB 2 and 1.8, and its `.properties`.
    (b"SET DATABASE ", Kind::Hsqldb),
    (b"CREATE SCHEMA PUBLIC AUTHORIZATION DBA", Kind::Hsqldb),
    (b"#HSQL Database Engine", Kind::Hsqldb),
    (b"LZIP", Kind::Lzip),
    (b"!<arch>\n", Kind::Ar),
    // cpio: new ASCII, with and without checksums, old ASCII, old binary.
    (b"070701", Kind::Cpio),
    (b"070702", Kind::Cpio),
    (b"070707", Kind::Cpio),
    (b"\xc7\x71", Kind::Cpio),
];

/// Bytes before an archive that are searched for text: what shells and programs print before it.
const TEXT_BYTES: usize = 4096;

/// Returns the kind of a file that is no tar archive and that [`Identity`](crate::pgdump::Identity) does not know.
pub(super) fn identify(head: &[u8]) -> Option<Kind> {
    let by_magic = MAGICS.into_iter().find(|(magic, _)| head.starts_with(magic));
    by_magic.map(|(_, kind)| kind).or_else(|| recoded(head)).or_else(|| after_text(head))
}

/// gzip data that was treated as text: the first two bytes are 1F 8B, and the second is no ASCII.
fn recoded(head: &[u8]) -> Option<Kind> {
    let marked = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if marked.starts_with(b"\x1f\xc2\x8b\x08") {
        return Some(Kind::GzipAsLatin1);
    }
    // The replacement character of UTF-8 and of UTF-16, and what the code pages 1252, 850 and 437 make of 8B.
    let lost: [&[u8]; 4] = [b"\x1f\xef\xbf\xbd\x08", b"\x1f\xe2\x80\xb9\x08", b"\x1f\xc3\xaf\x08", b"\x1f?\x08"];
    let wide: [&[u8]; 5] = [
        b"\x1f\0\xfd\xff\x08\0",
        b"\x1f\0\x39\x20\x08\0",
        b"\x1f\0\xef\0\x08\0",
        b"\x1f\0\x8b\0\x08\0",
        b"\0\x1f\0\x8b\0\x08",
    ];
    let unmarked = head.strip_prefix(b"\xff\xfe").or_else(|| head.strip_prefix(b"\xfe\xff")).unwrap_or(head);
    let is_lost =
        lost.iter().any(|start| marked.starts_with(start)) || wide.iter().any(|start| unmarked.starts_with(start));
    is_lost.then_some(Kind::GzipAsText)
}

/// An archive or a dump after lines of text, such as a warning of the program that was redirected into the file.
pub(super) fn after_text(head: &[u8]) -> Option<Kind> {
    let (searched, _) = head.split_at(head.len().min(TEXT_BYTES));
    let ends = searched.iter().zip(1_usize..).filter(|(byte, _)| **byte == b'\n').map(|(_, end)| end);
    for end in ends {
        let (before, rest) = head.split_at_checked(end)?;
        if !is_text(before) {
            return None;
        }
        let begins = super::gzip::is_gzip(rest)
            || rest.starts_with(crate::pgdump::MAGIC)
            || super::tar::identify(rest).is_some();
        if begins {
            return Some(Kind::AfterText { offset_bytes: end as u64 });
        }
    }
    None
}

/// Returns `true` for UTF-8, or a part of it that is cut off at its end, without other control characters than spaces.
fn is_text(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    valid && !bytes.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace() && *byte != 0x1b)
}
