//! The header of an archive: its version, its origin, and the compression of its data.

use std::str::FromStr;

use super::corruption::Corruption;
use super::created::CreatedAt;
use super::error::{Error, ErrorKind};
use super::primitives::{Cursor, Dialect, Fault, Reason, inexpressible};
use super::version::FormatVersion;
use crate::limits::Limits;

/// The first bytes of every archive of pg_dump.
pub(crate) const MAGIC: &[u8] = b"PGDMP";

/// `archCustom` in PostgreSQL's pg_backup.h: the whole dump in one file.
pub(super) const FORMAT_CUSTOM: u8 = 1;
/// `archTar`: every `toc.dat` states it, also those of the directory format.
pub(super) const FORMAT_TAR: u8 = 3;
/// `archDirectory`: no file states it.
pub(super) const FORMAT_DIRECTORY: u8 = 5;

/// The header of an archive.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::{FormatVersion, raw::{Compression, Header}};
///
/// let dump = std::fs::read("examples/data/quickstart.dump")?;
/// let (header, len_bytes) = Header::parse(&dump, &Limits::untrusted())?;
/// assert_eq!(header.version(), FormatVersion::V1_14);
/// assert_eq!(header.database.as_deref(), Some(&b"mx"[..]));
/// assert_eq!(header.compression, Compression::GZIP);
///
/// let mut encoded = Vec::new();
/// header.encode(&mut encoded)?;
/// assert_eq!(encoded, dump[..len_bytes]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    pub(super) dialect: Dialect,
    /// The third number of the version (since 1.1). Every value is valid and none has a meaning; PostgreSQL writes 0.
    pub revision: u8,
    /// The layout of the archive (`ArchiveFormat` in PostgreSQL's pg_backup.h): 1 for custom format, 3 for a `toc.dat`.
    pub format_code: u8,
    /// The compression of the data streams.
    pub compression: Compression,
    /// The local time at which pg_dump was started (since 1.4).
    pub created: Option<CreatedAt>,
    /// The name of the database, in the dump's encoding (since 1.4).
    pub database: Option<Vec<u8>>,
    /// The version of the server as text, for example `15.18 (Debian 15.18-0+deb12u1)` (since 1.10).
    pub server_version: Option<Vec<u8>>,
    /// The version of pg_dump as text (since 1.10).
    pub dump_version: Option<Vec<u8>>,
}

/// The compression of a dump's data streams.
///
/// ```
/// use appsnap::pgdump::raw::Compression;
///
/// assert_eq!(Compression::GZIP.name(), "gzip");
/// assert!(Compression::gzip_level(9).is_some() && Compression::gzip_level(10).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// No compression.
    None,
    /// One zlib stream (RFC 1950) per data stream; pg_dump calls it `gzip`.
    #[non_exhaustive]
    Gzip {
        /// The level, 1 to 9. `None` is zlib's default level, or, since 1.15, a level that is not recorded.
        level: Option<u8>,
    },
    /// One LZ4 frame per data stream (since 1.15).
    Lz4,
    /// One Zstandard frame per data stream (since 1.15).
    Zstd,
}

impl Compression {
    /// zlib at its default level.
    pub const GZIP: Self = Self::Gzip { level: None };

    /// Returns the name of the algorithm as the option `--compress` of pg_dump spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip { .. } => "gzip",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// Returns zlib at a level from 1 to 9, or `None` for other levels.
    #[must_use]
    pub const fn gzip_level(level: u8) -> Option<Self> {
        if level >= 1 && level <= 9 { Some(Self::Gzip { level: Some(level) }) } else { None }
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
            return Err(inexpressible("a compression other than zlib's default", version));
        }
        Ok(())
    }
}

impl Header {
    /// Creates a header with zlib compression and as little else as the version allows.
    #[must_use]
    pub fn new(version: FormatVersion) -> Self {
        Self {
            dialect: Dialect::usual(version),
            revision: 0,
            format_code: FORMAT_CUSTOM,
            compression: Compression::GZIP,
            created: (version >= FormatVersion::V1_4).then(CreatedAt::default),
            database: None,
            server_version: None,
            dump_version: None,
        }
    }

    /// Sets the lengths of integers (1 to 8 bytes) and offsets (1 to 32 bytes), which are 4 and 8 in every dump that
    /// current releases write. Before 1.7 offsets are integers, and `offset_bytes` is ignored.
    ///
    /// # Errors
    /// Returns an error if a length is out of range.
    pub fn with_sizes(mut self, int_bytes: u8, offset_bytes: u8) -> Result<Self, Error> {
        self.dialect = Dialect::new(self.version(), int_bytes, offset_bytes).map_err(|_| {
            Error::new(ErrorKind::Misuse("a size is out of range: integers have 1 to 8 bytes, offsets 1 to 32"))
        })?;
        Ok(self)
    }

    /// Returns the length of an integer without its sign, in bytes.
    #[must_use]
    pub const fn int_bytes(&self) -> u8 {
        self.dialect.int_bytes()
    }

    /// Returns the length of an offset without its flag, in bytes.
    #[must_use]
    pub const fn offset_bytes(&self) -> u8 {
        self.dialect.offset_bytes()
    }

    /// Returns the version of the archive format.
    #[must_use]
    pub const fn version(&self) -> FormatVersion {
        self.dialect.version()
    }

    /// Reads a header, or returns `None` if the bytes do not start like an archive.
    pub(super) fn read(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Option<Self>, Fault> {
        if !cursor.rest().iter().zip(MAGIC).all(|(actual, expected)| actual == expected) {
            return Ok(None);
        }
        cursor.take(MAGIC.len())?;
        let (major, minor) = (cursor.byte()?, cursor.byte()?);
        let Some(version) = FormatVersion::new(major, minor) else {
            return Err(Fault::Because(Reason::UnsupportedVersion { major, minor }));
        };
        let revision = if version > FormatVersion::V1_0 { cursor.byte()? } else { 0 };
        let int_bytes = cursor.byte()?;
        let offset_bytes = if version >= FormatVersion::V1_7 { cursor.byte()? } else { int_bytes };
        let dialect = Dialect::new(version, int_bytes, offset_bytes)?;
        let format_code = cursor.byte()?;
        let compression = Compression::read(cursor, &dialect)?;
        let mut header = Self {
            dialect,
            revision,
            format_code,
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
        Ok(Some(header))
    }

    /// Appends the header to `out`. Fields that the version does not have are left out.
    ///
    /// # Errors
    /// Returns an error if the version does not have the compression, if a text or number does not fit the integer size,
    /// or if the version requires a creation time and there is none.
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
        out.push(self.format_code);
        self.compression.write(dialect, out)?;
        if version >= FormatVersion::V1_4 {
            let Some(created) = &self.created else {
                return Err(Error::new(ErrorKind::Misuse(
                    "the header has no creation time, which this archive version requires",
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

/// The header's name in errors.
pub(super) const HEADER: &str = "the header";

fn text(cursor: &mut Cursor<'_>, dialect: &Dialect, limits: &Limits) -> Result<Option<Vec<u8>>, Fault> {
    Ok(cursor.str(dialect, limits.max_string_bytes())?.map(<[u8]>::to_vec))
}

// Not beside `FormatVersion`, because errors name versions.
impl FromStr for FormatVersion {
    type Err = Error;

    /// Parses a version such as `1.14`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let known = Self::ALL.iter().copied().find(|version| version.to_string() == text);
        known.ok_or_else(|| Error::new(ErrorKind::Misuse("unknown archive version: use 1.0 to 1.16")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_known_versions_parse() {
        assert_eq!("1.9".parse::<FormatVersion>().unwrap(), FormatVersion::V1_9);
        for text in ["1.17", "1.014", "1", "", "2.0", "1.14.0"] {
            assert!(text.parse::<FormatVersion>().is_err(), "{text:?}");
        }
    }
}
