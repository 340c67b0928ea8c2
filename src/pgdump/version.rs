//! The version of the archive format, and which PostgreSQL writes which.

use std::fmt;

/// The version of a custom-format archive, as its header states it: 1.0 to 1.16.
///
/// It is never a PostgreSQL version. What a platform accepts or refuses is this number, and so is what
/// `unsupported version (1.15) in file header` speaks of. The third number of the header, the revision, says nothing
/// about the layout and is kept apart, in [`Header::revision`](super::Header::revision).
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
/// assert_eq!(version.to_string(), "1.15");
/// # Ok::<(), appsnap::pgdump::ParseVersionError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormatVersion {
    minor: u8,
}

/// A text is not the version of an archive format that is known here.
///
/// ```
/// use appsnap::pgdump::{FormatVersion, ParseVersionError};
///
/// let refused: Result<FormatVersion, ParseVersionError> = "15".parse();
/// assert!(refused.unwrap_err().to_string().contains("between 1.0 and 1.16"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an archive format version between 1.0 and 1.16")]
pub struct ParseVersionError(());

macro_rules! versions {
    ($($(#[$doc:meta])* $name:ident = $minor:literal;)*) => {
        impl FormatVersion {
            $($(#[$doc])* pub const $name: Self = Self { minor: $minor };)*

            /// Every version that is known here, oldest first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

versions! {
    /// The first: integers without a sign byte, data always compressed.
    V1_0 = 0;
    /// Integers have a sign byte, the header a revision. No release wrote it.
    V1_1 = 1;
    /// The header states the compression level.
    V1_2 = 2;
    /// Data blocks have a type; large objects; COPY statements are stored.
    V1_3 = 3;
    /// The header states the creation time and the database (PostgreSQL 7.1).
    V1_4 = 4;
    /// Dependencies (7.1).
    V1_5 = 5;
    /// Namespaces (7.2, 7.3).
    V1_6 = 6;
    /// Offsets have a size of their own and a flag (7.3).
    V1_7 = 7;
    /// Entries name the catalog they come from (8.0).
    V1_8 = 8;
    /// Entries say whether the table has OIDs (8.0).
    V1_9 = 9;
    /// Tablespaces; the header states the server's and the client's version (8.0 to 8.3).
    V1_10 = 10;
    /// Entries state their section (8.4).
    V1_11 = 11;
    /// Entries of their own create the large objects (9.0 and later).
    V1_12 = 12;
    /// A `SEARCHPATH` entry, and qualified names (the minors of March 2018 and later, and 11).
    V1_13 = 13;
    /// Table access methods (12, 13, 14, 15).
    V1_14 = 14;
    /// The compression algorithm instead of the level (16).
    V1_15 = 15;
    /// Kinds of relation; large objects in groups (17, 18).
    V1_16 = 16;
}

impl FormatVersion {
    /// The version `major.minor`; `None` when it is not known here.
    #[must_use]
    pub const fn new(major: u8, minor: u8) -> Option<Self> {
        if major == 1 && minor <= Self::V1_16.minor { Some(Self { minor }) } else { None }
    }

    /// The number before the dot, 1.
    #[must_use]
    pub const fn major(self) -> u8 {
        1
    }

    /// The newest major version of PostgreSQL whose pg_dump writes this version; `None` for those before 10.
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

    /// The number behind the dot, 0 to 16.
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

impl std::str::FromStr for FormatVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        Self::ALL.iter().copied().find(|version| version.to_string() == text).ok_or(ParseVersionError(()))
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
        for text in ["1.17", "1.014", "1", "", "2.0", "1.14.0"] {
            assert!(text.parse::<FormatVersion>().is_err(), "{text:?}");
        }
    }
}
