//! The header of an archive: what it is, who made it from what, and how its data are compressed.

use super::corruption::Corruption;
use super::created::CreatedAt;
use super::cursor::{Cursor, Dialect, Fault, inexpressible};
use super::error::{Error, ErrorKind};
use super::identify::identify;
use super::version::FormatVersion;
use crate::limits::Limits;

/// The first bytes of every archive of pg_dump.
pub(crate) const MAGIC: &[u8] = b"PGDMP";

/// The header of an archive.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::{Compression, FormatVersion, Header};
///
/// let dump = std::fs::read("examples/data/quickstart.dump")?;
/// let (header, len_bytes) = Header::parse(&dump, &Limits::untrusted())?;
/// assert_eq!(header.version(), FormatVersion::V1_14);
/// assert_eq!(header.database.as_deref(), Some(&b"mx"[..]));
/// assert_eq!(header.compression, Compression::GZIP);
///
/// let mut again = Vec::new();
/// header.encode(&mut again)?;
/// assert_eq!(again, dump[..len_bytes]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Version of the archive format and the sizes of its primitives.
    pub dialect: Dialect,
    /// Third number of the version. Every value is legal and none means anything; PostgreSQL writes 0.
    /// Absent in version 1.0, and 0 then.
    pub revision: u8,
    /// Layout of the archive; a dump that stands alone in one file is [`Format::Custom`] (or tar, which begins otherwise).
    pub format: Format,
    /// How the data streams are compressed.
    pub compression: Compression,
    /// When the dump was begun, on the clock of the machine that ran pg_dump (since 1.4).
    pub created: Option<CreatedAt>,
    /// Name of the database, in the dump's encoding (since 1.4).
    pub database: Option<Vec<u8>>,
    /// Version text of the server, for example `15.18 (Debian 15.18-0+deb12u1)` (since 1.10).
    pub server_version: Option<Vec<u8>>,
    /// Version text of the pg_dump that made the archive (since 1.10).
    pub dump_version: Option<Vec<u8>>,
}

/// Layout of an archive (`ArchiveFormat` in PostgreSQL's pg_backup.h).
///
/// ```
/// use appsnap::pgdump::{FormatVersion, Format, Header};
///
/// assert_eq!(Header::new(FormatVersion::V1_16).format, Format::Custom);
/// assert_eq!((Format::Custom.code(), Format::Directory.code()), (1, 5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// 1: everything in this one file (`-Fc`).
    Custom,
    /// 3: tar; every `toc.dat` says so, also that of the directory format.
    Tar,
    /// 4: plain SQL, never seen in a file.
    Plain,
    /// 5: a directory (`-Fd`); no file says so, since every `toc.dat` says tar.
    Directory,
    /// A number that means nothing.
    Unknown(u8),
}

/// How the data streams of a dump are compressed.
///
/// ```
/// use appsnap::pgdump::Compression;
///
/// assert_eq!(Compression::gzip_level(9).name(), "gzip");
/// assert_eq!([Compression::Lz4, Compression::Zstd].map(Compression::name), ["lz4", "zstd"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not compressed.
    None,
    /// Each stream is one zlib stream (RFC 1950); `gzip` is what pg_dump calls it.
    #[non_exhaustive]
    Gzip {
        /// Level 1 to 9; `None` is zlib's own default, or, since 1.15, "not recorded".
        level: Option<u8>,
    },
    /// Each stream is one LZ4 frame (since 1.15).
    Lz4,
    /// Each stream is one Zstandard frame (since 1.15).
    Zstd,
}

impl Format {
    /// The number that stands in the header.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Custom => 1,
            Self::Tar => 3,
            Self::Plain => 4,
            Self::Directory => 5,
            Self::Unknown(code) => code,
        }
    }

    const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Custom,
            3 => Self::Tar,
            4 => Self::Plain,
            5 => Self::Directory,
            other => Self::Unknown(other),
        }
    }
}

impl Compression {
    /// zlib at its default level.
    pub const GZIP: Self = Self::Gzip { level: None };

    /// Name of the algorithm, as the `--compress` option of pg_dump spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip { .. } => "gzip",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// zlib at a level from 1 to 9; other numbers come to the nearest of these.
    #[must_use]
    pub fn gzip_level(level: u8) -> Self {
        Self::Gzip { level: Some(level.clamp(1, 9)) }
    }

    fn from_level(level: i32) -> Result<Self, Corruption> {
        match u8::try_from(level) {
            Ok(0) => Ok(Self::None),
            Ok(level @ 1..=9) => Ok(Self::Gzip { level: Some(level) }),
            Err(_) if level == -1 => Ok(Self::GZIP),
            _ => Err(Corruption::CompressionLevel(level)),
        }
    }

    fn level(self, version: FormatVersion) -> Result<i32, Error> {
        match self {
            Self::None => Ok(0),
            Self::Gzip { level } => Ok(level.map_or(-1, i32::from)),
            Self::Lz4 => Err(inexpressible("lz4 compression", version)),
            Self::Zstd => Err(inexpressible("zstd compression", version)),
        }
    }

    fn read(cursor: &mut Cursor<'_>, dialect: &Dialect) -> Result<Self, Fault> {
        let version = dialect.version();
        if version >= FormatVersion::V1_15 {
            match cursor.byte()? {
                0 => Ok(Self::None),
                1 => Ok(Self::GZIP),
                2 => Ok(Self::Lz4),
                3 => Ok(Self::Zstd),
                other => Err(Corruption::CompressionAlgorithm(other).into()),
            }
        } else if version >= FormatVersion::V1_4 {
            Ok(Self::from_level(cursor.int(dialect)?)?)
        } else if version >= FormatVersion::V1_2 {
            Ok(Self::from_level(i32::from(cursor.byte()?.cast_signed()))?)
        } else {
            Ok(Self::GZIP)
        }
    }

    fn write(self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        let version = dialect.version();
        if version >= FormatVersion::V1_15 {
            out.push(match self {
                Self::None => 0,
                Self::Gzip { .. } => 1,
                Self::Lz4 => 2,
                Self::Zstd => 3,
            });
        } else if version >= FormatVersion::V1_4 {
            dialect.put_int(self.level(version)?, out)?;
        } else if version >= FormatVersion::V1_2 {
            let level = i8::try_from(self.level(version)?).map_err(|_| inexpressible("this level", version))?;
            out.push(level.cast_unsigned());
        } else if self != Self::GZIP {
            return Err(inexpressible("any compression but zlib's default", version));
        }
        Ok(())
    }
}

impl Header {
    /// A header of the usual dialect of `version`, with zlib compression, and with as little else as the version allows.
    #[must_use]
    pub fn new(version: FormatVersion) -> Self {
        Self {
            dialect: Dialect::usual(version),
            revision: 0,
            format: Format::Custom,
            compression: Compression::GZIP,
            created: (version >= FormatVersion::V1_4).then(CreatedAt::default),
            database: None,
            server_version: None,
            dump_version: None,
        }
    }

    /// Version of the archive format.
    #[must_use]
    pub const fn version(&self) -> FormatVersion {
        self.dialect.version()
    }

    /// Reads the header at the beginning of `bytes`, and says how long it is.
    ///
    /// Only [`Limits::max_string_bytes`] matters. Every [`Format`] is read: refusing what is not custom format is up to
    /// those who go on to the data.
    ///
    /// # Errors
    /// [`ErrorKind::NotAnArchive`], [`ErrorKind::UnsupportedVersion`], [`ErrorKind::Truncated`],
    /// [`ErrorKind::Corrupt`], [`ErrorKind::Limit`].
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<(Self, usize), Error> {
        let mut cursor = Cursor::new(bytes);
        let result = Self::read(&mut cursor, limits);
        let len = bytes.len().saturating_sub(cursor.rest().len());
        match result {
            Ok(header) => Ok((header, len)),
            Err(Fault::Incomplete) => Err(Error::truncated(HEADER).at(len as u64)),
            Err(Fault::Because(kind)) => Err(Error::new(kind).at(len as u64)),
        }
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Self, Fault> {
        let front = cursor.rest();
        if !front.iter().zip(MAGIC).all(|(have, want)| have == want) {
            return Err(Fault::Because(ErrorKind::NotAnArchive { identity: identify(front) }));
        }
        cursor.take(MAGIC.len())?;
        let (major, minor) = (cursor.byte()?, cursor.byte()?);
        let Some(version) = FormatVersion::new(major, minor) else {
            return Err(Fault::Because(ErrorKind::UnsupportedVersion { major, minor }));
        };
        let revision = if version > FormatVersion::V1_0 { cursor.byte()? } else { 0 };
        let int_bytes = cursor.byte()?;
        let offset_bytes = if version >= FormatVersion::V1_7 { cursor.byte()? } else { int_bytes };
        let dialect = Dialect::checked(version, int_bytes, offset_bytes)?;
        let format = Format::from_code(cursor.byte()?);
        let compression = Compression::read(cursor, &dialect)?;
        let mut header = Self {
            dialect,
            revision,
            format,
            compression,
            created: None,
            database: None,
            server_version: None,
            dump_version: None,
        };
        if version >= FormatVersion::V1_4 {
            header.created = Some(CreatedAt::read(cursor, &dialect)?);
            header.database = text(cursor, &dialect, limits)?;
        }
        if version >= FormatVersion::V1_10 {
            header.server_version = text(cursor, &dialect, limits)?;
            header.dump_version = text(cursor, &dialect, limits)?;
        }
        Ok(header)
    }

    /// Appends the header to `out`. What the version has no field for is left out.
    ///
    /// # Errors
    /// [`ErrorKind::Inexpressible`] for a compression that the version does not know and for a text or number that does
    /// not fit the integer size; [`ErrorKind::Misuse`] for a version that states when the dump was made, and none given.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let (dialect, version) = (&self.dialect, self.version());
        out.extend_from_slice(MAGIC);
        out.extend([version.major(), version.minor()]);
        if version > FormatVersion::V1_0 {
            out.push(self.revision);
        }
        out.push(dialect.int_bytes());
        if version >= FormatVersion::V1_7 {
            out.push(dialect.offset_bytes());
        }
        out.push(self.format.code());
        self.compression.write(dialect, out)?;
        if version >= FormatVersion::V1_4 {
            let Some(created) = &self.created else {
                return Err(Error::new(ErrorKind::Misuse(
                    "this archive version states a creation time, none is given",
                )));
            };
            created.write(dialect, out)?;
            dialect.put_str(self.database.as_deref(), out)?;
        }
        if version >= FormatVersion::V1_10 {
            dialect.put_str(self.server_version.as_deref(), out)?;
            dialect.put_str(self.dump_version.as_deref(), out)?;
        }
        Ok(())
    }
}

/// What [`ErrorKind::Truncated`] calls it.
pub(crate) const HEADER: &str = "the header";

fn text(cursor: &mut Cursor<'_>, dialect: &Dialect, limits: &Limits) -> Result<Option<Vec<u8>>, Fault> {
    Ok(cursor.str(dialect, limits.max_string_bytes())?.map(<[u8]>::to_vec))
}
