//! The kinds of files that are mistaken for dumps: [`Identity`].

use std::borrow::Cow;
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
    /// The messages of pg_dump or another program of PostgreSQL instead of a dump.
    PgDumpOutput,
    /// SQL without the heading that pg_dump writes.
    BareSql,
    /// A dump of MySQL or MariaDB.
    MySql,
    /// A database of SQLite.
    Sqlite,
    /// An archive of mongodump.
    MongoDb,
    /// The rows of one table in the binary format of COPY.
    CopyBinary,
    /// A file encrypted with age.
    Age,
    /// A file encrypted with `openssl enc`.
    OpenSsl,
    /// A file encrypted with GnuPG or another program for OpenPGP.
    Gpg,
    /// A 7z archive.
    SevenZip,
    /// A RAR archive.
    Rar,
    /// A dump or gzip file as Base64 text.
    Base64,
    /// A page in HTML or XML, as servers send with errors.
    WebPage,
    /// A JSON document, as servers send with errors.
    Json,
    /// A pointer of Git LFS instead of the file.
    GitLfsPointer,
    /// A custom-format dump whose bytes were taken for Latin-1 and written as UTF-8.
    Latin1Damage,
    /// A custom-format dump whose bytes were taken for Windows-1252 and written as UTF-8.
    Windows1252Damage,
    /// A dump in custom format after other text, such as messages of a program.
    #[non_exhaustive]
    LeadingText {
        /// The number of bytes before the dump.
        text_bytes: u16,
    },
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
            Self::PgDumpOutput => "program-output",
            Self::BareSql => "sql-script",
            Self::MySql => "mysql-dump",
            Self::Sqlite => "sqlite-database",
            Self::MongoDb => "mongodb-archive",
            Self::CopyBinary => "copy-binary",
            Self::Age => "age-encrypted",
            Self::OpenSsl => "openssl-encrypted",
            Self::Gpg => "gpg-encrypted",
            Self::SevenZip => "7z",
            Self::Rar => "rar",
            Self::Base64 => "base64",
            Self::WebPage => "web-page",
            Self::Json => "json-document",
            Self::GitLfsPointer => "git-lfs-pointer",
            Self::Latin1Damage => "latin1-damaged",
            Self::Windows1252Damage => "windows1252-damaged",
            Self::LeadingText { .. } => "text-before-dump",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
        }
    }

    /// Returns what to do to get a dump in custom format, or `None` if the file is one.
    #[must_use]
    pub fn hint(self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Custom { .. } => return None,
            Self::LeadingText { text_bytes } => {
                let first = u32::from(text_bytes).saturating_add(1);
                return Some(Cow::Owned(format!(
                    "a dump in custom format begins after other text: take it out with tail -c +{first} FILE > DUMP, and \
                     keep messages out of the output with pg_dump -f"
                )));
            }
            Self::TocFile => {
                "this is only the table of contents of a dump in directory or tar format: dump again with pg_dump -Fc -f \
                 FILE DATABASE"
            }
            Self::Tar => "a dump in tar format: dump again with pg_dump -Fc -f FILE DATABASE",
            Self::PlainSql => {
                "a dump as an SQL script: dump again with pg_dump -Fc -f FILE DATABASE, or restore the script into an \
                 empty database with psql -f and dump that"
            }
            Self::ClusterSql => {
                "a script of pg_dumpall, which has no other format: dump the one database with pg_dump -Fc -f FILE \
                 DATABASE"
            }
            Self::Gzip => "compressed with gzip: decompress it first with gunzip -c FILE > DUMP",
            Self::Lz4 => "compressed with lz4: decompress it first with lz4 -d FILE DUMP",
            Self::Zstd => "compressed with zstd: decompress it first with zstd -d FILE -o DUMP",
            Self::Bzip2 => "compressed with bzip2: decompress it first with bunzip2 -c FILE > DUMP",
            Self::Xz => "compressed with xz: decompress it first with xz -dc FILE > DUMP",
            Self::Zip => "a zip archive: extract it first with unzip FILE",
            Self::Utf16Damage => {
                "the bytes were rewritten as UTF-16 text, as > does in Windows PowerShell, and cannot be recovered: let \
                 pg_dump write the file itself with pg_dump -Fc -f FILE DATABASE"
            }
            Self::LineEndDamage => {
                "line feeds became carriage return and line feed, as transfers in text mode do: copy the dump again in \
                 binary mode; perl -pe 's/\\r\\n/\\n/' FILE > DUMP undoes a plain replacement, then check the dump"
            }
            Self::TextDamage => {
                "the bytes were recoded as text and cannot be recovered: let pg_dump write the file itself with pg_dump \
                 -Fc -f FILE DATABASE"
            }
            Self::PgDumpOutput => {
                "the messages of a program instead of a dump: read them, mend the cause, and dump again with pg_dump -Fc -f FILE DATABASE"
            }
            Self::BareSql => {
                "an SQL script without the heading of pg_dump: restore it into an empty database with psql -f FILE, and dump that with pg_dump -Fc -f DUMP DATABASE"
            }
            Self::MySql => {
                "a dump of MySQL or MariaDB: move the data to PostgreSQL first, for example with pgloader, then dump with pg_dump -Fc -f FILE DATABASE"
            }
            Self::Sqlite => {
                "a database of SQLite: move the data to PostgreSQL first, for example with pgloader, then dump with pg_dump -Fc -f FILE DATABASE"
            }
            Self::MongoDb => "an archive of mongodump, which only mongorestore reads",
            Self::CopyBinary => {
                "the rows of one table in the binary format of COPY: restore them with COPY table FROM FILE (FORMAT binary), or dump the database with pg_dump -Fc -f FILE DATABASE"
            }
            Self::Age => "encrypted with age: decrypt it first with age -d -i KEY -o DUMP FILE",
            Self::OpenSsl => {
                "encrypted with openssl enc: decrypt it first with openssl enc -d -pbkdf2 -aes-256-cbc -in FILE -out DUMP and the options it was made with"
            }
            Self::Gpg => "encrypted with OpenPGP: decrypt it first with gpg -o DUMP -d FILE",
            Self::SevenZip => "a 7z archive: extract it first with 7z x FILE",
            Self::Rar => "a RAR archive: extract it first with unrar x FILE",
            Self::Base64 => "Base64 text: decode it first with base64 -d FILE > DUMP",
            Self::WebPage => {
                "a page in HTML or XML, probably an error of the server: read it, and download the file again with a valid address and login"
            }
            Self::Json => {
                "a JSON document, probably an error of the server: read it, and download the file again with a valid address and login"
            }
            Self::GitLfsPointer => "a pointer of Git LFS: fetch the file itself with git lfs pull",
            Self::Latin1Damage => {
                "the bytes were recoded from Latin-1 to UTF-8, which can be undone: iconv -f UTF-8 -t LATIN1 FILE > DUMP, then check the dump"
            }
            Self::Windows1252Damage => {
                "the bytes were recoded from Windows-1252 to UTF-8, which can mostly be undone: iconv -f UTF-8 -t CP1252 FILE > DUMP, then check the dump"
            }
            Self::Empty => "the file is empty: dump again with pg_dump -Fc -f FILE DATABASE",
            Self::Unknown => "an unknown kind of file: make a dump with pg_dump -Fc -f FILE DATABASE",
        }))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
