//! The version of the archive format, and the PostgreSQL releases that write it: [`FormatVersion`].

use std::fmt;

/// The version of a custom-format archive as its header states it, 1.0 to 1.16.
///
/// This is not a PostgreSQL version. Platforms accept or refuse a dump by this number, and the message
/// `unsupported version (1.15) in file header` means it, too.
///
/// | archive | written by pg_dump of |
/// |---|---|
/// | 1.0 - 1.3 | development of 7.1 |
/// | 1.4 - 1.6 | 7.1, 7.2 |
/// | 1.7 | 7.3, 7.4 |
/// | 1.8 - 1.10 | 8.0 to 8.3 |
/// | 1.11 | 8.4 |
/// | 1.12 | 9.0 to 10, until the minor releases of March 2018 |
/// | 1.13 | 9.3.22, 9.4.17, 9.5.12, 9.6.8, 10.3 and later minors, and 11 |
/// | 1.14 | 12, 13, 14, 15 |
/// | 1.15 | 16 |
/// | 1.16 | 17, 18 |
///
/// Source: `src/bin/pg_dump/pg_backup_archiver.h` of PostgreSQL, the `K_VERS_*` constants and their comments.
///
/// ```
/// use appsnap::pgdump::FormatVersion;
///
/// let version: FormatVersion = "1.15".parse()?;
/// assert!(version > FormatVersion::V1_14);
/// assert_eq!(version.newest_postgresql(), Some(16));
/// # Ok::<(), appsnap::pgdump::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormatVersion {
    minor: u8,
}

macro_rules! versions {
    ($($(#[$doc:meta])* $name:ident = $minor:literal;)*) => {
        impl FormatVersion {
            $($(#[$doc])* pub const $name: Self = Self { minor: $minor };)*

            /// All known versions, oldest first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

versions! {
    /// 1.0: integers have no sign byte, data is always compressed.
    V1_0 = 0;
    /// 1.1: integers have a sign byte, and the header has a revision. No release wrote it.
    V1_1 = 1;
    /// 1.2: the header states the compression level.
    V1_2 = 2;
    /// 1.3: data blocks have a type, large objects and COPY statements are stored.
    V1_3 = 3;
    /// 1.4: the header states the creation time and the database (PostgreSQL 7.1).
    V1_4 = 4;
    /// 1.5: entries state their dependencies (PostgreSQL 7.1).
    V1_5 = 5;
    /// 1.6: entries state their schema (PostgreSQL 7.2).
    V1_6 = 6;
    /// 1.7: offsets have their own size and a flag (PostgreSQL 7.3).
    V1_7 = 7;
    /// 1.8: entries name the catalog of their object (PostgreSQL 8.0).
    V1_8 = 8;
    /// 1.9: entries state whether the table has OIDs (PostgreSQL 8.0).
    V1_9 = 9;
    /// 1.10: entries state their tablespace, and the header states the versions of the server and of pg_dump (PostgreSQL 8.0).
    V1_10 = 10;
    /// 1.11: entries state their section (PostgreSQL 8.4).
    V1_11 = 11;
    /// 1.12: each large object has an entry that creates it (PostgreSQL 9.0).
    V1_12 = 12;
    /// 1.13: there is a `SEARCHPATH` entry, and names are qualified (the minor releases of March 2018, and PostgreSQL 11).
    V1_13 = 13;
    /// 1.14: entries state the table access method (PostgreSQL 12 to 15).
    V1_14 = 14;
    /// 1.15: the header states the compression algorithm instead of the level (PostgreSQL 16).
    V1_15 = 15;
    /// 1.16: entries state the kind of relation, and large objects are created in groups (PostgreSQL 17 and 18).
    V1_16 = 16;
}

impl FormatVersion {
    /// Returns the version `major.minor`, or `None` if it is not known.
    #[must_use]
    pub const fn new(major: u8, minor: u8) -> Option<Self> {
        if major == 1 && minor <= Self::V1_16.minor { Some(Self { minor }) } else { None }
    }

    /// Returns the number before the dot, 1.
    #[must_use]
    pub const fn major(self) -> u8 {
        1
    }

    /// Returns the newest major release of PostgreSQL whose pg_dump writes this version, or `None` before PostgreSQL 10.
    #[must_use]
    pub const fn newest_postgresql(self) -> Option<u8> {
        match self.minor {
            13 => Some(11),
            14 => Some(15),
            15 => Some(16),
            16 => Some(18),
            _ => None,
        }
    }

    /// Returns the number after the dot, 0 to 16.
    #[must_use]
    pub const fn minor(self) -> u8 {
        self.minor
    }
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major(), self.minor)
    }
}

impl fmt::Debug for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormatVersion({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_numbers_not_of_the_text() {
        assert!(FormatVersion::V1_9 < FormatVersion::V1_10);
        assert!(FormatVersion::ALL.is_sorted());
    }

    #[test]
    fn only_known_versions_exist() {
        assert_eq!(FormatVersion::new(1, 16), Some(FormatVersion::V1_16));
        for (major, minor) in [(0, 9), (1, 17), (2, 0), (0, 0)] {
            assert_eq!(FormatVersion::new(major, minor), None);
        }
    }
}
