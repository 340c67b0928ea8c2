//! What a platform demands of a dump, as data, and whether a dump meets it.

use std::fmt;

use super::header::{Format, Header};
use super::version::FormatVersion;

/// What a platform demands of a dump.
///
/// ```
/// use appsnap::pgdump::{FormatVersion, Header, Requirements};
///
/// let header = Header::new(FormatVersion::V1_16);
/// let unmet = Requirements::MENDIX_CLOUD_2021.unmet_by(&header);
/// assert_eq!(unmet.len(), 1);
/// assert!(unmet[0].to_string().contains("1.14"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Requirements {
    highest: FormatVersion,
}

/// One demand that a dump does not meet. [`Display`](fmt::Display) says what to do about it.
///
/// ```
/// use appsnap::pgdump::{FormatVersion, Header, Requirements, Unmet};
///
/// match Requirements::MENDIX_CLOUD.unmet_by(&Header::new(FormatVersion::V1_16))[..] {
///     [Unmet::VersionTooNew { highest, .. }] => assert_eq!(highest, FormatVersion::V1_15),
///     ref other => unreachable!("{other:?}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unmet {
    /// The archive version is higher than the platform's pg_restore can read.
    #[non_exhaustive]
    VersionTooNew {
        /// Version of the dump.
        found: FormatVersion,
        /// The highest that is accepted.
        highest: FormatVersion,
    },
    /// The dump is not in custom format.
    #[non_exhaustive]
    NotCustom {
        /// The format that its header states.
        found: Format,
    },
}

impl Requirements {
    /// Mendix Cloud as documented in 2021 and 2022: archive version 1.14, "PostgreSQL 12 and 13".
    pub const MENDIX_CLOUD_2021: Self = Self::up_to(FormatVersion::V1_14);
    /// Mendix Cloud as documented in 2026: archive version 1.15 or below.
    pub const MENDIX_CLOUD: Self = Self::up_to(FormatVersion::V1_15);
    /// Mendix on Azure, for which no ceiling is published (2026): that of the cloud.
    pub const MENDIX_ON_AZURE: Self = Self::MENDIX_CLOUD;

    /// Custom format, in any archive version up to `highest`.
    #[must_use]
    pub const fn up_to(highest: FormatVersion) -> Self {
        Self { highest }
    }

    /// The highest archive version that is accepted.
    #[must_use]
    pub const fn highest(&self) -> FormatVersion {
        self.highest
    }

    /// Which demands a dump with this header does not meet; none of them when the platform takes it.
    #[must_use]
    pub fn unmet_by(&self, header: &Header) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        if header.format != Format::Custom {
            unmet.push(Unmet::NotCustom { found: header.format });
        }
        if header.version() > self.highest {
            unmet.push(Unmet::VersionTooNew { found: header.version(), highest: self.highest });
        }
        unmet
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VersionTooNew { found, highest } => {
                write!(
                    f,
                    "archive version {found} is not accepted, {highest} is the highest; convert the dump to {highest}"
                )?;
                match highest.newest_postgresql() {
                    Some(major) => write!(f, ", or make it with pg_dump of PostgreSQL {major}"),
                    None => Ok(()),
                }
            }
            Self::NotCustom { found } => {
                write!(f, "format {} is not accepted; make the dump with pg_dump -Fc -f FILE DATABASE", found.code())
            }
        }
    }
}
