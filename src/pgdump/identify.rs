//! Names what was given instead of a dump, from its first bytes, and says how to get the right thing.

use std::fmt;

use super::error::ErrorKind;
use super::header::{Format, Header, MAGIC};
use crate::limits::Limits;

/// What a file is, as far as its first bytes tell; said by [`identify`].
///
/// ```
/// use appsnap::pgdump::{Identity, identify};
///
/// match identify(b"PGDMP\x01\x10\x00\x04\x08\x01") {
///     Identity::Custom { major, minor, .. } => assert_eq!((major, minor), (1, 16)),
///     other => unreachable!("{other}"),
/// }
/// assert_eq!(identify(b"\x28\xb5\x2f\xfd").name(), "zstd");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identity {
    /// A dump in custom format, which [`Dump`](super::Dump) reads when it knows the version.
    #[non_exhaustive]
    Custom {
        /// Number before the dot of the archive version.
        major: u8,
        /// Number behind it.
        minor: u8,
    },
    /// The `toc.dat` of a dump in directory or tar format, without the data.
    TocFile,
    /// A dump in tar format.
    Tar,
    /// A dump as SQL script.
    PlainSql,
    /// A dump of pg_dumpall, which is an SQL script.
    ClusterSql,
    /// Compressed with gzip, whatever is inside.
    Gzip,
    /// Compressed with lz4.
    Lz4,
    /// Compressed with zstd.
    Zstd,
    /// Compressed with bzip2.
    Bzip2,
    /// Compressed with xz.
    Xz,
    /// A zip archive, whatever is inside.
    Zip,
    /// A dump or script whose bytes were taken for text and written as UTF-16, as redirection in PowerShell does.
    Utf16Damage,
    /// A custom-format dump whose line feeds became carriage return and line feed.
    LineEndDamage,
    /// A custom-format dump behind the byte order mark of UTF-8: it was recoded as text.
    TextDamage,
    /// An empty file.
    Empty,
    /// Nothing that is known here.
    Unknown,
}

/// How many of a file's first bytes [`identify`] wants to see; it looks at no more, and fewer make it less sure.
pub const IDENTIFY_BYTES: usize = 4096;

/// Names what a file is by its first bytes; [`IDENTIFY_BYTES`] of them are enough.
///
/// ```
/// use appsnap::pgdump::{Identity, identify};
///
/// let script = identify(b"--\n-- PostgreSQL database dump\n--\n\n");
/// assert_eq!(script, Identity::PlainSql);
/// assert!(script.hint().is_some_and(|hint| hint.contains("-Fc")));
/// ```
#[must_use]
pub fn identify(bytes: &[u8]) -> Identity {
    let bytes = bytes.get(..IDENTIFY_BYTES).unwrap_or(bytes);
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
    // In either byte order, with or without a mark, and as the two beginnings that dumps have.
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

/// Something that begins like an archive.
fn archive(bytes: &[u8]) -> Identity {
    // SQL texts with plain line feeds stand among the first entries of every dump; a transfer in text mode leaves none.
    let mut line_feeds = bytes.iter().zip(bytes.iter().skip(1)).filter(|(_, second)| **second == b'\n').peekable();
    if line_feeds.peek().is_some() && line_feeds.all(|(first, _)| *first == b'\r') {
        return Identity::LineEndDamage;
    }
    let (major, minor) = match bytes.get(5..7) {
        Some([major, minor]) => (*major, *minor),
        _ => return Identity::Unknown,
    };
    match Header::parse(bytes, &Limits::untrusted()) {
        Ok((header, _)) if header.format == Format::Custom => Identity::Custom { major, minor },
        Ok((header, _)) if matches!(header.format, Format::Tar | Format::Directory) => Identity::TocFile,
        // Cut short, damaged or too new, it is a dump all the same; reading it says what is wrong.
        Err(error) if !matches!(error.kind(), ErrorKind::NotAnArchive { .. }) => match bytes.get(10) {
            Some(3 | 5) => Identity::TocFile,
            _ => Identity::Custom { major, minor },
        },
        _ => Identity::Unknown,
    }
}

fn script(bytes: &[u8]) -> Identity {
    let head = bytes.get(..256).unwrap_or(bytes);
    let says = |text: &[u8]| head.windows(text.len()).any(|window| window == text);
    if !head.trim_ascii_start().starts_with(b"--") {
        Identity::Unknown
    } else if says(b"-- PostgreSQL database cluster dump") {
        Identity::ClusterSql
    } else if says(b"-- PostgreSQL database dump") {
        Identity::PlainSql
    } else {
        Identity::Unknown
    }
}

impl Identity {
    /// A short stable name, for example `plain-sql`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Custom { .. } => "custom-dump",
            Self::TocFile => "pg-directory-toc",
            Self::Tar => "pg-tar",
            Self::PlainSql => "plain-sql",
            Self::ClusterSql => "dumpall-sql",
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zip => "zip",
            Self::Utf16Damage => "utf16-damaged",
            Self::LineEndDamage => "line-end-damaged",
            Self::TextDamage => "text-damaged",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
        }
    }

    /// What to do to get a dump in custom format; `None` when it is one.
    #[must_use]
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Custom { .. } => None,
            Self::TocFile => Some(
                "this is only the table of contents of a dump in directory or tar format; dump again with: \
                 pg_dump -Fc -f FILE DATABASE",
            ),
            Self::Tar => Some("a dump in tar format; dump again with: pg_dump -Fc -f FILE DATABASE"),
            Self::PlainSql => Some(
                "a dump as SQL script; dump again with: pg_dump -Fc -f FILE DATABASE (or restore the script into an empty \
                 database with psql -f, and dump that)",
            ),
            Self::ClusterSql => Some(
                "a script of pg_dumpall, which has no other format; dump the one database with: \
                 pg_dump -Fc -f FILE DATABASE",
            ),
            Self::Gzip => Some("compressed with gzip; unpack it first: gunzip -c FILE > DUMP"),
            Self::Lz4 => Some("compressed with lz4; unpack it first: lz4 -d FILE DUMP"),
            Self::Zstd => Some("compressed with zstd; unpack it first: zstd -d FILE -o DUMP"),
            Self::Bzip2 => Some("compressed with bzip2; unpack it first: bunzip2 -c FILE > DUMP"),
            Self::Xz => Some("compressed with xz; unpack it first: xz -dc FILE > DUMP"),
            Self::Zip => Some("a zip archive; unpack it first: unzip FILE"),
            Self::Utf16Damage => Some(
                "the bytes were rewritten as UTF-16 text, as > does in Windows PowerShell, and cannot be brought back; \
                 let pg_dump write the file itself: pg_dump -Fc -f FILE DATABASE",
            ),
            Self::LineEndDamage => Some(
                "the line feeds were rewritten on the way, as transfers in text mode do, and the dump cannot be brought \
                 back; copy it again in binary mode, or dump again with: pg_dump -Fc -f FILE DATABASE",
            ),
            Self::TextDamage => Some(
                "the bytes were recoded as text on the way and cannot be brought back; let pg_dump write the file \
                 itself: pg_dump -Fc -f FILE DATABASE",
            ),
            Self::Empty => Some("the file is empty; dump again with: pg_dump -Fc -f FILE DATABASE"),
            Self::Unknown => Some("not known; a dump in custom format is made with: pg_dump -Fc -f FILE DATABASE"),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
