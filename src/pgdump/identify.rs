//! Detects what a file is from its first bytes, and reads headers of those that are archives.

use super::error::Error;
use super::header::{FORMAT_CUSTOM, FORMAT_DIRECTORY, FORMAT_TAR, HEADER, Header, MAGIC};
use super::identity::Identity;
use super::primitives::{Cursor, Fault, Reason};
use crate::limits::Limits;

impl Identity {
    /// The number of a file's first bytes that [`of`](Self::of) looks at. With fewer bytes it is less certain.
    pub const SAMPLE_BYTES: usize = 4096;

    /// Detects what a file is from its first [`SAMPLE_BYTES`](Self::SAMPLE_BYTES) bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        identify(bytes)
    }
}

impl Header {
    /// Parses the header at the start of `bytes`, and returns it with its length.
    ///
    /// Of the limits only [`Limits::max_string_bytes`] applies. Headers of every [format](Self::format_code) are parsed.
    ///
    /// # Errors
    /// Returns an error if the bytes are not the start of an archive of a known version, are too short, are damaged or
    /// exceed the limit.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<(Self, usize), Error> {
        let mut cursor = Cursor::new(bytes);
        let result = read_header(&mut cursor, limits);
        let len = bytes.len().saturating_sub(cursor.rest().len());
        match result {
            Ok(header) => Ok((header, len)),
            Err(Fault::Incomplete) => Err(Error::truncated(HEADER).at(len as u64)),
            Err(Fault::Because(reason)) => Err(Error::from(reason).at(len as u64)),
        }
    }
}

/// Reads a header, or names the file that has none.
pub(super) fn read_header(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Header, Fault> {
    let start = cursor.rest();
    Header::read(cursor, limits)?.ok_or_else(|| Fault::Because(Reason::NotAnArchive(Identity::of(start))))
}

fn identify(bytes: &[u8]) -> Identity {
    let (bytes, _) = bytes.split_at(bytes.len().min(Identity::SAMPLE_BYTES));
    if bytes.is_empty() {
        return Identity::Empty;
    }
    if bytes.starts_with(MAGIC) {
        return archive(bytes);
    }
    if bytes.starts_with(b"toc.dat\0") && bytes.get(257..262).is_none_or(|magic| magic == b"ustar") {
        return Identity::Tar;
    }
    for (magic, identity) in [
        (&b"\x1f\x8b"[..], Identity::Gzip),
        (b"\x04\x22\x4d\x18", Identity::Lz4),
        (b"\x28\xb5\x2f\xfd", Identity::Zstd),
        (b"BZh", Identity::Bzip2),
        (b"\xfd7zXZ\0", Identity::Xz),
        (b"PK\x03\x04", Identity::Zip),
        (b"PK\x05\x06", Identity::Zip),
    ] {
        if bytes.starts_with(magic) {
            return identity;
        }
    }
    // UTF-16 of either byte order, with or without a byte order mark, of an archive or of a script.
    let wide = bytes.strip_prefix(b"\xff\xfe").or_else(|| bytes.strip_prefix(b"\xfe\xff")).unwrap_or(bytes);
    if [&b"P\0G\0D\0"[..], b"\0P\0G\0D", b"-\0-\0\n\0", b"-\0-\0\r\0", b"\0-\0-\0"]
        .iter()
        .any(|text| wide.starts_with(text))
    {
        return Identity::Utf16Damage;
    }
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if unmarked.starts_with(MAGIC) {
        return Identity::TextDamage;
    }
    script(unmarked)
}

/// Examines bytes that start like an archive.
fn archive(bytes: &[u8]) -> Identity {
    // The first entries of every dump hold SQL with bare line feeds, and a transfer in text mode leaves none of them.
    let mut line_feeds = bytes.iter().zip(bytes.iter().skip(1)).filter(|(_, second)| **second == b'\n').peekable();
    if line_feeds.peek().is_some() && line_feeds.all(|(first, _)| *first == b'\r') {
        return Identity::LineEndDamage;
    }
    let (major, minor) = match bytes.get(5..7) {
        Some([major, minor]) => (*major, *minor),
        _ => return Identity::Unknown,
    };
    match Header::read(&mut Cursor::new(bytes), &Limits::untrusted()) {
        Ok(Some(header)) => match header.format_code {
            FORMAT_CUSTOM => Identity::Custom { major, minor },
            FORMAT_TAR | FORMAT_DIRECTORY => Identity::TocFile,
            _ => Identity::Unknown,
        },
        Ok(None) => Identity::Unknown,
        // A truncated, damaged or too new dump is still a dump; the error on reading it says more.
        Err(_) => match bytes.get(10) {
            Some(&(FORMAT_TAR | FORMAT_DIRECTORY)) => Identity::TocFile,
            _ => Identity::Custom { major, minor },
        },
    }
}

fn script(bytes: &[u8]) -> Identity {
    let (start, _) = bytes.split_at(bytes.len().min(256));
    let contains = |text: &[u8]| start.windows(text.len()).any(|window| window == text);
    if !start.trim_ascii_start().starts_with(b"--") {
        Identity::Unknown
    } else if contains(b"-- PostgreSQL database cluster dump") {
        Identity::ClusterSql
    } else if contains(b"-- PostgreSQL database dump") {
        Identity::PlainSql
    } else {
        Identity::Unknown
    }
}
