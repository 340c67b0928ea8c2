//! What a file is, told by its first bytes and never by its name, and how to make what was wanted instead.
//!
//! ```
//! use appsnap::detect::{self, Kind};
//!
//! let detection = detect::identify(b"--\n-- PostgreSQL database dump\n--\n\n");
//! assert_eq!(detection.kind(), Kind::PlainSql);
//! assert!(detection.hint().unwrap().contains("pg_dump -O -x -Fc"));
//! ```

mod tar;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::gzip;
use crate::limits::Limits;

/// How much of a file [`identify`] wants to see: enough for the first members of a tar archive behind gzip.
pub const HEAD_BYTES: usize = 64 << 10;
/// How much is inflated of a compressed head.
const INFLATED_BYTES: u64 = 64 << 10;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A snapshot: a tar archive with `.metadata`, `db/` or `tree/`.
    Snapshot,
    /// A tar archive of a files folder: documents without the rest of a snapshot.
    FilesTar,
    /// A tar archive of something else, or one whose beginning is damaged.
    Tar,
    /// A dump of `pg_dump` in its custom format, the one that snapshots hold.
    CustomDump,
    /// A dump of `pg_dump` in its tar format.
    PgTar,
    /// The table of contents of a dump in directory format, or the folder that holds it.
    PgDirectoryToc,
    /// A dump of `pg_dump` as plain SQL.
    PlainSql,
    /// A dump of `pg_dumpall`.
    DumpallSql,
    /// A zip file.
    Zip,
    /// A backup of a Squidex app.
    Squidex,
    /// A dump that was redirected by a shell that turned it into UTF-16.
    Utf16Damaged,
    /// A backup of Microsoft SQL Server.
    MssqlBackup,
    /// Files of an HSQLDB database, the built-in database of development machines.
    Hsqldb,
    /// None of these.
    Unknown,
}

/// How a file is compressed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Packing {
    /// Not at all.
    None,
    /// gzip; what the kind says is about the content.
    Gzip,
    /// An lz4 frame, which is not looked into.
    Lz4,
    /// A zstd frame, which is not looked into.
    Zstd,
}

/// What [`identify`] found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    kind: Kind,
    packing: Packing,
}

/// Says what a file is that begins with `head`, its first [`HEAD_BYTES`] or all of it if it is shorter.
///
/// # Security
/// Whatever `head` holds, at most 64 KiB of it are inflated, and nothing is believed: a file that begins like a snapshot
/// still has to be read as one.
#[must_use]
pub fn identify(head: &[u8]) -> Detection {
    if gzip::is_gzip(head) {
        let mut plain = Vec::new();
        let mut reader = gzip::Reader::new(head, &Limits::untrusted()).take(INFLATED_BYTES);
        // The head ends somewhere inside the data, so an error is to be expected; what came before it counts.
        let _ = reader.read_to_end(&mut plain);
        return Detection { kind: identify_plain(&plain), packing: Packing::Gzip };
    }
    let packing = match head {
        // Magic numbers of the frame formats: lz4_Frame_format.md and RFC 8878 section 3.1.1.
        [0x04, 0x22, 0x4d, 0x18, ..] => Packing::Lz4,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
        _ => Packing::None,
    };
    Detection { kind: identify_plain(head), packing }
}

/// Says what lies at `path`, reading no more than [`HEAD_BYTES`].
///
/// A folder with a table of contents of `pg_dump`, compressed or not, is [`Kind::PgDirectoryToc`].
///
/// # Errors
/// When the file cannot be opened or read, or `path` is some other folder.
pub fn identify_path(path: impl AsRef<Path>) -> io::Result<Detection> {
    let path = path.as_ref();
    let has = |name: &&str| path.join(name).is_file();
    if path.is_dir() && ["toc.dat", "toc.dat.gz", "toc.dat.lz4", "toc.dat.zst"].iter().any(has) {
        return Ok(Detection { kind: Kind::PgDirectoryToc, packing: Packing::None });
    }
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(identify(&head))
}

fn identify_plain(head: &[u8]) -> Kind {
    if let Some(kind) = identify_dump(head).or_else(|| tar::identify(head)).or_else(|| identify_zip(head)) {
        return kind;
    }
    // The beginning of a Microsoft Tape Format data set, and of a compressed SQL Server backup.
    if head.starts_with(b"TAPE") || head.starts_with(b"MSSQLBAK") {
        return Kind::MssqlBackup;
    }
    const HSQLDB: [&[u8]; 3] = [b"SET DATABASE ", b"CREATE SCHEMA PUBLIC AUTHORIZATION DBA", b"#HSQL Database Engine"];
    if HSQLDB.iter().any(|start| head.starts_with(start)) {
        return Kind::Hsqldb;
    }
    Kind::Unknown
}

fn identify_dump(head: &[u8]) -> Option<Kind> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let title: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'\r').take(64).collect();
    match head {
        [b'P', b'G', b'D', b'M', b'P', _, _, _, _, _, 3, ..] => Some(Kind::PgDirectoryToc),
        [b'P', b'G', b'D', b'M', b'P', ..] => Some(Kind::CustomDump),
        [0xff, 0xfe, b'P', 0, b'G', 0, ..] | [0xff, 0xfe, b'-', 0, b'-', 0, ..] => Some(Kind::Utf16Damaged),
        _ if title.starts_with(b"--\n-- PostgreSQL database dump\n") => Some(Kind::PlainSql),
        _ if title.starts_with(b"--\n-- PostgreSQL database cluster dump\n") => Some(Kind::DumpallSql),
        _ => None,
    }
}

/// Squidex writes `attachments/` and `events/` and nothing else; the first local header names one of them.
fn identify_zip(head: &[u8]) -> Option<Kind> {
    /// Where the name begins in a local file header (APPNOTE.TXT section 4.3.7).
    const NAME_AT: usize = 30;
    match head {
        [b'P', b'K', 3, 4, ..] => {
            let name = head.get(NAME_AT..).unwrap_or_default();
            let is_squidex = name.starts_with(b"attachments/") || name.starts_with(b"events/");
            Some(if is_squidex { Kind::Squidex } else { Kind::Zip })
        }
        // An empty zip file is its end record alone.
        [b'P', b'K', 5, 6, ..] => Some(Kind::Zip),
        _ => None,
    }
}

impl Detection {
    /// What the file is, once it is unpacked.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How the file is compressed as a whole.
    #[must_use]
    pub const fn packing(&self) -> Packing {
        self.packing
    }

    /// Whether reading the file as a snapshot is worth while: it is one, or it is so damaged that only an attempt to read
    /// it can say what is wrong.
    #[must_use]
    pub const fn may_be_snapshot(&self) -> bool {
        match self.kind {
            Kind::Snapshot | Kind::Tar => true,
            Kind::Unknown => matches!(self.packing, Packing::Gzip),
            _ => false,
        }
    }

    /// The stable name, for machines: `snapshot`, `custom-dump`, `bare-dump-gzip` and so on.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.kind {
            Kind::CustomDump if matches!(self.packing, Packing::Gzip) => "bare-dump-gzip",
            Kind::Snapshot => "snapshot",
            Kind::FilesTar => "files-tar",
            Kind::Tar => "tar",
            Kind::CustomDump => "custom-dump",
            Kind::PgTar => "pg-tar",
            Kind::PgDirectoryToc => "pg-directory-toc",
            Kind::PlainSql => "plain-sql",
            Kind::DumpallSql => "dumpall-sql",
            Kind::Zip => "zip",
            Kind::Squidex => "squidex",
            Kind::Utf16Damaged => "utf16-damaged",
            Kind::MssqlBackup => "mssql-backup",
            Kind::Hsqldb => "hsqldb",
            Kind::Unknown => "unknown",
        }
    }

    /// What to do to get a snapshot or a dump that fits into one; `None` for those two.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match (self.kind, self.packing) {
            (Kind::Snapshot, _) | (Kind::CustomDump, Packing::None) => return None,
            (Kind::CustomDump, _) => "a dump in custom format inside gzip, which it does not need: gunzip it first",
            (Kind::FilesTar, _) => {
                "documents without the rest of a snapshot: pack them together with a dump made by `pg_dump -O -x -Fc`"
            }
            (Kind::Tar, _) => {
                "a tar archive, but not laid out like a snapshot: .metadata, db/db.backup, tree/xx/yy/<uuid>"
            }
            (Kind::PgTar, _) => "a dump in tar format; use the custom format: pg_dump -O -x -Fc -f db.backup DATABASE",
            (Kind::PgDirectoryToc, _) => {
                "a dump in directory format; use the custom format: pg_dump -O -x -Fc -f db.backup DATABASE"
            }
            (Kind::PlainSql, _) => {
                "a dump as plain SQL; use the custom format: pg_dump -O -x -Fc -f db.backup DATABASE"
            }
            (Kind::DumpallSql, _) => {
                "a dump of a whole cluster; dump the app's database alone: pg_dump -O -x -Fc -f db.backup DATABASE"
            }
            (Kind::Zip, _) => "a zip file; if it holds a files folder, pack it together with a dump",
            (Kind::Squidex, _) => "a backup of a Squidex app, which only Squidex restores",
            (Kind::Utf16Damaged, _) => {
                "a dump that PowerShell turned into UTF-16, which cannot be undone; let pg_dump write the file itself: \
                 pg_dump -O -x -Fc -f db.backup DATABASE"
            }
            (Kind::MssqlBackup, _) => {
                "a backup of SQL Server; move the app to PostgreSQL first, then: pg_dump -O -x -Fc -f db.backup DATABASE"
            }
            (Kind::Hsqldb, _) => {
                "files of the built-in database; move the app to PostgreSQL first, then: \
                 pg_dump -O -x -Fc -f db.backup DATABASE"
            }
            (Kind::Unknown, Packing::Gzip) => {
                "gzip, but what is inside is damaged or unknown: gunzip it and look again"
            }
            (Kind::Unknown, Packing::Lz4) => "compressed with lz4: unpack it with `lz4 -d` and look again",
            (Kind::Unknown, Packing::Zstd) => "compressed with zstd: unpack it with `zstd -d` and look again",
            (Kind::Unknown, Packing::None) => {
                "neither a snapshot nor a dump; a dump is made by: pg_dump -O -x -Fc -f db.backup DATABASE"
            }
        })
    }
}

impl fmt::Display for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
