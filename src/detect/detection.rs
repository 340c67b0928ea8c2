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
/// # Ok::<(), appsnap::Error>(())
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
    /// A snapshot whose members are below one more folder.
    SnapshotInFolder,
    /// A file that was compressed with gzip twice.
    GzipTwice,
    /// gzip data of something that is neither a tar archive nor a dump.
    GzipOfOther,
    /// gzip data of which every byte was treated as a character of Latin-1 and written as UTF-8. It can be undone.
    GzipAsLatin1,
    /// gzip data that was treated as text of another encoding. It cannot be undone.
    GzipAsText,
    /// An archive or a dump after lines of text.
    #[non_exhaustive]
    AfterText {
        /// The length of the text in bytes.
        offset_bytes: u64,
    },
    /// An SQL script in UTF-16.
    Utf16Sql,
    /// A cpio archive.
    Cpio,
    /// An ar archive, such as a Debian package.
    Ar,
    /// A file compressed with lzip.
    Lzip,
    /// A snapshot, or another tar archive, that is compressed with lz4 or zstd instead of gzip.
    #[non_exhaustive]
    TarWithoutGzip {
        /// `true` for zstd, `false` for lz4.
        is_zstd: bool,
    },
    /// Nothing but zeros, as far as the beginning of the file shows.
    Zeros,
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
            Kind::SnapshotInFolder => "snapshot-in-folder",
            Kind::GzipTwice => "gzip-twice",
            Kind::GzipOfOther => "gzip",
            Kind::GzipAsLatin1 => "gzip-as-latin1",
            Kind::GzipAsText => "gzip-as-text",
            Kind::AfterText { .. } => "after-text",
            Kind::Utf16Sql => "utf16-sql",
            Kind::Cpio => "cpio",
            Kind::Ar => "ar",
            Kind::Lzip => "lzip",
            Kind::TarWithoutGzip { is_zstd: true } => "tar-zstd",
            Kind::TarWithoutGzip { is_zstd: false } => "tar-lz4",
            Kind::Zeros => "zeros",
            Kind::Other(Identity::Custom { .. }) if self.is_gzip => "bare-dump-gzip",
            Kind::Other(
                Identity::Empty | Identity::Gzip | Identity::Lz4 | Identity::Zstd | Identity::Bzip2 | Identity::Xz,
            ) => "unknown",
            Kind::Other(identity) => identity.name(),
        }
    }

    /// Returns advice on how to get a snapshot, or a dump that fits into one, instead: one sentence that says what the file
    /// is, and the command that helps. Returns `None` if the file is either.
    #[must_use]
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        if let Kind::AfterText { offset_bytes } = self.kind {
            let text = format!(
                "an archive or a dump after {offset_bytes} bytes of text, which another program wrote into the file: take the \
                 text off with tail -c +{} FILE > NEW",
                offset_bytes.saturating_add(1)
            );
            return Some(text.into());
        }
        match self.kind {
            Kind::Other(Identity::Custom { .. }) if self.is_gzip => Some(
                "a dump in custom format that is compressed again: decompress it first with gunzip -c FILE > DUMP"
                    .into(),
            ),
            Kind::Other(Identity::Unknown | Identity::Empty) if self.is_gzip => {
                Some("compressed with gzip, and the content is damaged or unknown".into())
            }
            Kind::Other(Identity::Xz) => Some(
                "compressed with xz: a dump is decompressed with xz -dc FILE > DUMP, a snapshot is compressed with gzip \
                 instead by xz -dc FILE | gzip > NEW.tar.gz"
                    .into(),
            ),
            Kind::Other(Identity::Bzip2) => Some(
                "compressed with bzip2: a dump is decompressed with bunzip2 -c FILE > DUMP, a snapshot is compressed with \
                 gzip instead by bunzip2 -c FILE | gzip > NEW.tar.gz"
                    .into(),
            ),
            Kind::Other(identity) => identity.hint(),
            kind => hint_of(kind).map(Cow::Borrowed),
        }
    }
}

/// Returns the advice about a kind that is the same for every file of it.
const fn hint_of(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Snapshot | Kind::AfterText { .. } | Kind::Other(_) => return None,
        Kind::SnapshotInFolder => "a snapshot inside another folder: take the folder off with repack FILE NEW --repair",
        Kind::FilesTar => {
            "documents without the rest of a snapshot: pack them together with a dump made by pg_dump -O -x -Fc"
        }
        Kind::Tar => {
            "a tar archive, but not a snapshot: a snapshot contains .metadata, db/db.backup and tree/xx/yy/<uuid>"
        }
        Kind::Squidex => "a backup of a Squidex app, which only Squidex restores",
        Kind::MssqlBackup => {
            "a backup of SQL Server: move the app to PostgreSQL first, then run pg_dump -O -x -Fc -f FILE DATABASE"
        }
        Kind::Hsqldb => {
            "files of the built-in database: move the app to PostgreSQL first, then run \
             pg_dump -O -x -Fc -f FILE DATABASE"
        }
        Kind::GzipTwice => "compressed with gzip twice: take one layer off with gunzip -c FILE > NEW",
        Kind::GzipOfOther => {
            "gzip data of something that is neither a tar archive nor a dump: look at it with gunzip -c FILE | head -c 200"
        }
        Kind::GzipAsLatin1 => {
            "gzip data that was read as Latin-1 text and written as UTF-8: undo it with iconv -f UTF-8 -t ISO-8859-1 FILE > NEW"
        }
        Kind::GzipAsText => {
            "gzip data that was rewritten as text and cannot be recovered: transfer the original again in binary mode"
        }
        Kind::Utf16Sql => {
            "an SQL script that was written as UTF-16, as > does in Windows PowerShell: bring it back with \
             iconv -f UTF-16 -t UTF-8 FILE > NEW.sql, or dump again with pg_dump -Fc -f FILE DATABASE"
        }
        Kind::Cpio => "a cpio archive: extract it first with cpio -id < FILE",
        Kind::Ar => "an ar archive, such as a Debian package: extract it first with ar x FILE",
        Kind::Lzip => "compressed with lzip: decompress it first with lzip -dc FILE > NEW",
        Kind::TarWithoutGzip { is_zstd: true } => {
            "a tar archive that is compressed with zstd: compress it with gzip instead by zstd -dc FILE | gzip > NEW.tar.gz"
        }
        Kind::TarWithoutGzip { is_zstd: false } => {
            "a tar archive that is compressed with lz4: compress it with gzip instead by lz4 -dc FILE | gzip > NEW.tar.gz"
        }
        Kind::Zeros => "nothing but zeros: a transfer or a disk has lost the content, so transfer the file again",
    })
}

impl fmt::Display for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
