//! What a file is, told by its first bytes and never by its name, and how to make what was wanted instead.
//!
//! ```
//! use appsnap::detect;
//!
//! let detection = detect::identify(b"--\n-- PostgreSQL database dump\n--\n\n");
//! assert_eq!(detection.name(), "plain-sql");
//! assert!(detection.hint().unwrap().contains("pg_dump"));
//! ```

mod tar;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::gzip;
use crate::limits::Limits;
use crate::pgdump::Identity;

/// How much of a file [`identify`] wants to see: enough for the first members of a tar archive behind gzip.
pub const HEAD_BYTES: usize = 64 << 10;
/// How much is inflated of a compressed head.
const INFLATED_BYTES: u64 = 64 << 10;

/// What a file is, once it is unpacked.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{SnapshotWriter, WriteOptions};
/// # let (archive, _) = SnapshotWriter::start(Vec::new(), &Metadata::new(), WriteOptions::new())?.finish()?;
/// use appsnap::detect::{Kind, identify};
///
/// match identify(&archive).kind() {
///     Kind::Snapshot => println!("check it"),
///     Kind::FilesTar => println!("pack it, with a dump"),
///     Kind::Squidex => println!("see appsnap::squidex"),
///     other => unreachable!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A snapshot: a tar archive with `.metadata`, `db/` or `tree/`.
    Snapshot,
    /// A tar archive of a files folder: documents without the rest of a snapshot.
    FilesTar,
    /// A tar archive of something else, or one whose beginning is damaged.
    Tar,
    /// A backup of a Squidex app.
    Squidex,
    /// A backup of Microsoft SQL Server.
    MssqlBackup,
    /// Files of an HSQLDB database, the built-in database of development machines.
    Hsqldb,
    /// A dump in whatever format, or something unknown, as the dump engine names it.
    Other(Identity),
}

/// How a file is compressed as a whole.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{SnapshotWriter, WriteOptions};
/// # let (archive, _) = SnapshotWriter::start(Vec::new(), &Metadata::new(), WriteOptions::new())?.finish()?;
/// use appsnap::detect::{Packing, identify};
///
/// assert_eq!(identify(&archive).packing(), Packing::Gzip);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Packing {
    /// Not at all, or in a way that is not looked into.
    None,
    /// gzip; what the kind says is about the content.
    Gzip,
}

/// What [`identify`] found out.
///
/// ```
/// use appsnap::detect::identify;
///
/// let detection = identify(b"PK\x03\x04");
/// assert_eq!(detection.name(), "zip");
/// println!("{detection}: {}", detection.hint().unwrap_or("nothing to do"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    kind: Kind,
    packing: Packing,
}

/// Says what a file is that begins with `head`, its first [`HEAD_BYTES`] or all of it if it is shorter.
///
/// ```
/// use appsnap::detect::{Kind, identify};
/// use appsnap::pgdump::Identity;
///
/// assert_eq!(identify(b"").kind(), Kind::Other(Identity::Empty));
/// assert!(identify(b"PGDMP\x01\x0e\x00\x04\x08\x01").is_custom_dump());
/// ```
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
    Detection { kind: identify_plain(head), packing: Packing::None }
}

/// Says what lies at `path`, reading no more than [`HEAD_BYTES`].
///
/// A folder with a table of contents of `pg_dump`, compressed or not, is [`Identity::TocFile`].
///
/// ```
/// use appsnap::detect::identify_path;
///
/// let detection = identify_path("examples/data/quickstart.dump")?;
/// assert_eq!((detection.name(), detection.hint()), ("custom-dump", None));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// When the file cannot be opened or read, or `path` is some other folder.
pub fn identify_path(path: impl AsRef<Path>) -> io::Result<Detection> {
    let path = path.as_ref();
    let has = |name: &&str| path.join(name).is_file();
    if path.is_dir() && ["toc.dat", "toc.dat.gz", "toc.dat.lz4", "toc.dat.zst"].iter().any(has) {
        return Ok(Detection { kind: Kind::Other(Identity::TocFile), packing: Packing::None });
    }
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(identify(&head))
}

fn identify_plain(head: &[u8]) -> Kind {
    match Identity::of(head) {
        Identity::Zip if is_squidex(head) => Kind::Squidex,
        Identity::Unknown => {
            tar::identify(head).or_else(|| identify_database(head)).unwrap_or(Kind::Other(Identity::Unknown))
        }
        identity => Kind::Other(identity),
    }
}

/// Other databases that apps on premises run on.
fn identify_database(head: &[u8]) -> Option<Kind> {
    /// The beginning of a Microsoft Tape Format data set, and of a compressed SQL Server backup.
    const MSSQL: [&[u8]; 2] = [b"TAPE", b"MSSQLBAK"];
    /// The beginnings of a `.script` of HSQLDB 2 and 1.8, and of its `.properties`.
    const HSQLDB: [&[u8]; 3] = [b"SET DATABASE ", b"CREATE SCHEMA PUBLIC AUTHORIZATION DBA", b"#HSQL Database Engine"];
    let begins = |starts: &[&[u8]]| starts.iter().any(|start| head.starts_with(start));
    if begins(&MSSQL) {
        Some(Kind::MssqlBackup)
    } else if begins(&HSQLDB) {
        Some(Kind::Hsqldb)
    } else {
        None
    }
}

/// Squidex writes `attachments/` and `events/` and nothing else; the first local header names one of them.
fn is_squidex(head: &[u8]) -> bool {
    /// Where the name begins in a local file header (APPNOTE.TXT section 4.3.7).
    const NAME_AT: usize = 30;
    let name = head.get(NAME_AT..).unwrap_or_default();
    name.starts_with(b"attachments/") || name.starts_with(b"events/")
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

    /// Whether it is a bare dump in custom format, not compressed: what [`Dump`](crate::pgdump::Dump) reads.
    #[must_use]
    pub const fn is_custom_dump(&self) -> bool {
        matches!((self.kind, self.packing), (Kind::Other(Identity::Custom { .. }), Packing::None))
    }

    /// Whether reading the file as a snapshot is worth while: it is one, or it is so damaged that only an attempt to read
    /// it can say what is wrong.
    #[must_use]
    pub const fn may_be_snapshot(&self) -> bool {
        match self.kind {
            Kind::Snapshot | Kind::Tar => true,
            Kind::Other(Identity::Unknown | Identity::Empty) => matches!(self.packing, Packing::Gzip),
            _ => false,
        }
    }

    /// The stable name, for machines: `snapshot`, `custom-dump`, `bare-dump-gzip`, `plain-sql` and so on, `unknown` for
    /// what is not looked into.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Snapshot => "snapshot",
            Kind::FilesTar => "files-tar",
            Kind::Tar => "tar",
            Kind::Squidex => "squidex",
            Kind::MssqlBackup => "mssql-backup",
            Kind::Hsqldb => "hsqldb",
            Kind::Other(Identity::Custom { .. }) if matches!(self.packing, Packing::Gzip) => "bare-dump-gzip",
            Kind::Other(
                Identity::Empty | Identity::Gzip | Identity::Lz4 | Identity::Zstd | Identity::Bzip2 | Identity::Xz,
            ) => "unknown",
            Kind::Other(identity) => identity.name(),
        }
    }

    /// What to do to get a snapshot or a dump that fits into one; `None` for those two.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match (self.kind, self.packing) {
            (Kind::Snapshot, _) => None,
            (Kind::FilesTar, _) => {
                Some("documents without the rest of a snapshot; pack them together with a dump of pg_dump -O -x -Fc")
            }
            (Kind::Tar, _) => {
                Some("a tar archive, but none of a snapshot, which holds .metadata, db/db.backup and tree/xx/yy/<uuid>")
            }
            (Kind::Squidex, _) => Some("a backup of a Squidex app, which only Squidex restores"),
            (Kind::MssqlBackup, _) => Some(
                "a backup of SQL Server; move the app to PostgreSQL first, then: pg_dump -O -x -Fc -f FILE DATABASE",
            ),
            (Kind::Hsqldb, _) => Some(
                "files of the built-in database; move the app to PostgreSQL first, then: \
                 pg_dump -O -x -Fc -f FILE DATABASE",
            ),
            (Kind::Other(Identity::Custom { .. }), Packing::Gzip) => {
                Some("a dump in custom format, compressed once more; unpack it first: gunzip -c FILE > DUMP")
            }
            (Kind::Other(Identity::Unknown | Identity::Empty), Packing::Gzip) => {
                Some("compressed with gzip, and what is inside is damaged or unknown")
            }
            (Kind::Other(identity), _) => identity.hint(),
        }
    }
}

impl fmt::Display for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
