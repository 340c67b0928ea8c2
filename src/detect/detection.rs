//! The answer of a detection: [`Kind`] and [`Detection`].

use std::borrow::Cow;
use std::fmt;

use crate::pgdump::Identity;

/// The kind of a file, looking through gzip.
///
/// ```
/// use appsnap::detect::{Kind, identify_path};
///
/// match identify_path("examples/data/quickstart.dump")?.kind() {
///     Kind::Snapshot => println!("check it"),
///     Kind::FilesTar => println!("pack it together with a dump"),
///     Kind::Squidex => println!("see appsnap::squidex"),
///     other => println!("{other:?}"),
/// }
/// # Ok::<(), std::io::Error>(())
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
    /// A dump in any format, or an unknown file, as [`Identity::of`] names it.
    Other(Identity),
}

/// The result of [`identify`](super::identify).
///
/// ```
/// use appsnap::detect::identify;
///
/// let detection = identify(b"PK\x03\x04");
/// assert_eq!(detection.name(), "zip");
/// println!("{detection}: {}", detection.hint().unwrap_or("nothing to do".into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    pub(super) kind: Kind,
    pub(super) is_gzip: bool,
}

impl Detection {
    /// Returns the kind of the file. For a file compressed with gzip, it describes the uncompressed content.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns `true` if the file as a whole is compressed with gzip.
    #[must_use]
    pub const fn is_gzip(&self) -> bool {
        self.is_gzip
    }

    /// Returns `true` if the file is an uncompressed dump in custom format, which [`Dump`](crate::pgdump::Dump) reads.
    #[must_use]
    pub const fn is_custom_dump(&self) -> bool {
        matches!((self.kind, self.is_gzip), (Kind::Other(Identity::Custom { .. }), false))
    }

    /// Returns `true` if the file is worth reading as a snapshot: it is one, or it is so damaged that only an attempt to
    /// read it can say what is wrong.
    #[must_use]
    pub const fn may_be_snapshot(&self) -> bool {
        match self.kind {
            Kind::Snapshot | Kind::Tar => true,
            Kind::Other(Identity::Unknown | Identity::Empty) => self.is_gzip,
            _ => false,
        }
    }

    /// Returns the stable name for programs: `snapshot`, `custom-dump`, `bare-dump-gzip`, `plain-sql` and so on, and
    /// `unknown` for formats that are not examined.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Snapshot => "snapshot",
            Kind::FilesTar => "files-tar",
            Kind::Tar => "tar",
            Kind::Squidex => "squidex",
            Kind::MssqlBackup => "mssql-backup",
            Kind::Hsqldb => "hsqldb",
            Kind::Other(Identity::Custom { .. }) if self.is_gzip => "bare-dump-gzip",
            Kind::Other(
                Identity::Empty | Identity::Gzip | Identity::Lz4 | Identity::Zstd | Identity::Bzip2 | Identity::Xz,
            ) => "unknown",
            Kind::Other(identity) => identity.name(),
        }
    }

    /// Returns advice on how to get a snapshot, or a dump that fits into one, instead; `None` if the file is either.
    #[must_use]
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match (self.kind, self.is_gzip) {
            (Kind::Snapshot, _) => return None,
            (Kind::FilesTar, _) => {
                "documents without the rest of a snapshot: pack them together with a dump made by pg_dump -O -x -Fc"
            }
            (Kind::Tar, _) => {
                "a tar archive, but not a snapshot: a snapshot contains .metadata, db/db.backup and tree/xx/yy/<uuid>"
            }
            (Kind::Squidex, _) => "a backup of a Squidex app, which only Squidex restores",
            (Kind::MssqlBackup, _) => {
                "a backup of SQL Server: move the app to PostgreSQL first, then run pg_dump -O -x -Fc -f FILE DATABASE"
            }
            (Kind::Hsqldb, _) => {
                "files of the built-in database: move the app to PostgreSQL first, then run \
                 pg_dump -O -x -Fc -f FILE DATABASE"
            }
            (Kind::Other(Identity::Custom { .. }), true) => {
                "a dump in custom format that is compressed again: decompress it first with gunzip -c FILE > DUMP"
            }
            (Kind::Other(Identity::Unknown | Identity::Empty), true) => {
                "compressed with gzip, and the content is damaged or unknown"
            }
            (Kind::Other(identity), _) => return identity.hint(),
        }))
    }
}

impl fmt::Display for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
