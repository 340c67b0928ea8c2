//! The kinds of files that are mistaken for dumps: [`Identity`].

use std::fmt;

/// The kind of a file, as far as its first bytes show.
///
/// ```
/// use appsnap::pgdump::Identity;
///
/// let script = Identity::of(b"--\n-- PostgreSQL database dump\n--\n\n");
/// assert_eq!(script, Identity::PlainSql);
/// assert!(script.hint().is_some_and(|hint| hint.contains("pg_dump -Fc")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identity {
    /// A dump in custom format, which [`Dump`](super::Dump) reads if its version is known.
    #[non_exhaustive]
    Custom {
        /// The number before the dot of the archive version.
        major: u8,
        /// The number after the dot.
        minor: u8,
    },
    /// The `toc.dat` of a dump in directory or tar format, without the data.
    TocFile,
    /// A dump in tar format.
    Tar,
    /// A dump as an SQL script.
    PlainSql,
    /// A dump of pg_dumpall, which is an SQL script.
    ClusterSql,
    /// A file compressed with gzip.
    Gzip,
    /// A file compressed with lz4.
    Lz4,
    /// A file compressed with zstd.
    Zstd,
    /// A file compressed with bzip2.
    Bzip2,
    /// A file compressed with xz.
    Xz,
    /// A zip archive.
    Zip,
    /// A dump or script that was treated as text and written as UTF-16, as redirection in Windows PowerShell does.
    Utf16Damage,
    /// A custom-format dump whose line feeds became carriage return and line feed.
    LineEndDamage,
    /// A custom-format dump after the byte order mark of UTF-8: it was recoded as text.
    TextDamage,
    /// An empty file.
    Empty,
    /// Anything else.
    Unknown,
}

impl Identity {
    /// Returns a short stable name, for example `plain-sql`.
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

    /// Returns what to do to get a dump in custom format, or `None` if the file is one.
    #[must_use]
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Custom { .. } => None,
            Self::TocFile => Some(
                "this is only the table of contents of a dump in directory or tar format: dump again with pg_dump -Fc -f \
                 FILE DATABASE",
            ),
            Self::Tar => Some("a dump in tar format: dump again with pg_dump -Fc -f FILE DATABASE"),
            Self::PlainSql => Some(
                "a dump as an SQL script: dump again with pg_dump -Fc -f FILE DATABASE, or restore the script into an \
                 empty database with psql -f and dump that",
            ),
            Self::ClusterSql => Some(
                "a script of pg_dumpall, which has no other format: dump the one database with pg_dump -Fc -f FILE \
                 DATABASE",
            ),
            Self::Gzip => Some("compressed with gzip: decompress it first with gunzip -c FILE > DUMP"),
            Self::Lz4 => Some("compressed with lz4: decompress it first with lz4 -d FILE DUMP"),
            Self::Zstd => Some("compressed with zstd: decompress it first with zstd -d FILE -o DUMP"),
            Self::Bzip2 => Some("compressed with bzip2: decompress it first with bunzip2 -c FILE > DUMP"),
            Self::Xz => Some("compressed with xz: decompress it first with xz -dc FILE > DUMP"),
            Self::Zip => Some("a zip archive: extract it first with unzip FILE"),
            Self::Utf16Damage => Some(
                "the bytes were rewritten as UTF-16 text, as > does in Windows PowerShell, and cannot be recovered: let \
                 pg_dump write the file itself with pg_dump -Fc -f FILE DATABASE",
            ),
            Self::LineEndDamage => Some(
                "line feeds were rewritten, as transfers in text mode do, and the dump cannot be recovered: copy it again \
                 in binary mode, or dump again with pg_dump -Fc -f FILE DATABASE",
            ),
            Self::TextDamage => Some(
                "the bytes were recoded as text and cannot be recovered: let pg_dump write the file itself with pg_dump \
                 -Fc -f FILE DATABASE",
            ),
            Self::Empty => Some("the file is empty: dump again with pg_dump -Fc -f FILE DATABASE"),
            Self::Unknown => Some("an unknown kind of file: make a dump with pg_dump -Fc -f FILE DATABASE"),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
