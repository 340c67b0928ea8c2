//! The limits and rules of platforms, as data with the date and text in which each was published: [`Platform`].
//!
//! Published numbers have changed several times, so no other module of this crate contains one. Windows and time zones of
//! nightly backups belong to retention and are kept there.
//!
//! ```
//! use appsnap::layout::Contents;
//! use appsnap::platform::{Acceptance, Platform};
//!
//! for platform in Platform::all() {
//!     let (files_only, ceiling) = (platform.upload(Contents::FilesOnly), platform.max_dump_version());
//!     assert_ne!(files_only.value(), Acceptance::Accepted);
//!     println!("{}: dumps up to {:?} ({}, {})", platform.title(), ceiling.value(), ceiling.source(), ceiling.published_on());
//! }
//! ```

use crate::layout::Contents;

/// A documented fact: the value, and the text that states it with its date.
///
/// ```
/// use appsnap::platform::Platform;
///
/// let ceiling = Platform::mendix_cloud().max_dump_version();
/// assert_eq!((ceiling.value(), ceiling.published_on()), ((1, 16), "2026-06-09"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    value: T,
    published_year: u16,
    published_on: &'static str,
    source: &'static str,
}

impl<T: Copy> Fact<T> {
    const fn new(value: T, published: (u16, &'static str), source: &'static str) -> Self {
        let (published_year, published_on) = published;
        Self { value, published_year, published_on, source }
    }

    /// Returns the value.
    #[must_use]
    pub const fn value(&self) -> T {
        self.value
    }

    /// Returns the year of the text. A later text may state something else.
    #[must_use]
    pub const fn published_year(&self) -> u16 {
        self.published_year
    }

    /// Returns the date of the text as precisely as it is known: `2021`, `2026-05` or `2026-06-09`.
    #[must_use]
    pub const fn published_on(&self) -> &'static str {
        self.published_on
    }

    /// Returns the title of the text.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }
}

/// The outcome of an upload.
///
/// ```
/// use appsnap::layout::Contents;
/// use appsnap::platform::{Acceptance, Platform};
///
/// let verdict = match Platform::mendix_cloud().upload(Contents::Full).value() {
///     Acceptance::Accepted => "go on",
///     Acceptance::NotRestorable => "it would be listed, and never restored",
///     _ => "do not bother",
/// };
/// assert_eq!(verdict, "go on");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acceptance {
    /// It is accepted and can be restored.
    Accepted,
    /// It is accepted and listed with a warning, but cannot be restored.
    NotRestorable,
    /// It is not accepted.
    Refused,
}

/// The size that the target database needs for a restore to succeed.
///
/// Both rules start from the decompressed database: the uncompressed bytes of all data streams of the dump. The restore
/// rebuilds indexes, which are not in that number, so it may need more than any rule states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpaceRule {
    /// The decompressed database plus a fixed overhead.
    #[non_exhaustive]
    Overhead {
        /// Bytes on top of the decompressed database.
        overhead_bytes: u64,
    },
    /// The decompressed database may fill at most this share of the target database.
    #[non_exhaustive]
    Share {
        /// The share, from 1 to 100.
        percent: u8,
    },
}

impl SpaceRule {
    /// Returns the least size in bytes of a target database that this rule accepts, at most [`u64::MAX`].
    ///
    /// ```
    /// use appsnap::platform::Platform;
    ///
    /// let rule = Platform::mendix_cloud().space_rule().unwrap().value();
    /// assert_eq!(rule.needed_bytes(7_000_000_001), 10_000_000_002);
    /// ```
    #[must_use]
    pub fn needed_bytes(&self, decompressed_bytes: u64) -> u64 {
        match *self {
            Self::Overhead { overhead_bytes } => decompressed_bytes.saturating_add(overhead_bytes),
            Self::Share { percent } => {
                let needed = (u128::from(decompressed_bytes) * 100).div_ceil(u128::from(percent.clamp(1, 100)));
                u64::try_from(needed).unwrap_or(u64::MAX)
            }
        }
    }
}

/// One platform as its documentation describes it at one time.
///
/// ```
/// use appsnap::layout::Contents;
/// use appsnap::platform::{Acceptance, Platform};
///
/// let azure = Platform::by_name("mendix-on-azure").unwrap();
/// assert_eq!(azure.upload(Contents::DatabaseOnly).value(), Acceptance::Refused);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    name: &'static str,
    title: &'static str,
    max_dump_version: Fact<(u8, u8)>,
    documented_dump_version: Option<Fact<(u8, u8)>>,
    oldest_server_major: Fact<u16>,
    space_rule: Option<Fact<SpaceRule>>,
    many_documents_count: Fact<u64>,
    full_upload: Fact<Acceptance>,
    database_only_upload: Fact<Acceptance>,
    files_only_upload: Fact<Acceptance>,
}

/// 2.25 GB in the documentation of 2021 and 2022; read as binary, which is the cautious reading.
const RESTORE_OVERHEAD_BYTES: u64 = 9 << 28;
/// "More than about 50,000 files" make every backup operation slow, according to every text since 2021.
const MANY_DOCUMENTS_COUNT: u64 = 50_000;

const BACKUPS_PAGE: &str = "Mendix documentation, Backups";
const RESTORE_PAGE: &str = "Mendix documentation, Restoring a Backup";
const AZURE_PAGE: &str = "Mendix documentation, Mendix on Azure: Backup and Restore";
const AZURE_SERVERS_PAGE: &str = "Mendix documentation, Mendix on Azure";

const IN_2021: (u16, &str) = (2021, "2021");
const IN_2026: (u16, &str) = (2026, "2026");
const IN_MAY_2026: (u16, &str) = (2026, "2026-05");
/// Since this day the cloud writes archive version 1.16, and every download can be uploaded again.
const ON_9_JUNE_2026: (u16, &str) = (2026, "2026-06-09");
/// Since this day the servers of Mendix on Azure run PostgreSQL 17.
const ON_20_AUGUST_2026: (u16, &str) = (2026, "2026-08-20");

impl Platform {
    /// Returns Mendix Cloud as documented in 2021 and 2022: dumps up to archive version 1.14, the newest that every
    /// version of the platform since then accepts.
    #[must_use]
    pub const fn mendix_cloud_2021() -> Self {
        Self {
            name: "mendix-cloud-2021",
            title: "Mendix Cloud (2021)",
            max_dump_version: Fact::new((1, 14), IN_2021, RESTORE_PAGE),
            documented_dump_version: None,
            // "PostgreSQL 12 and 13"; dumps for 13 restore into 12 with few exceptions.
            oldest_server_major: Fact::new(13, IN_2021, RESTORE_PAGE),
            space_rule: Some(Fact::new(
                SpaceRule::Overhead { overhead_bytes: RESTORE_OVERHEAD_BYTES },
                IN_2021,
                RESTORE_PAGE,
            )),
            many_documents_count: Fact::new(MANY_DOCUMENTS_COUNT, IN_2021, BACKUPS_PAGE),
            full_upload: Fact::new(Acceptance::Accepted, IN_2021, BACKUPS_PAGE),
            database_only_upload: Fact::new(Acceptance::Accepted, IN_2021, BACKUPS_PAGE),
            files_only_upload: Fact::new(Acceptance::NotRestorable, IN_2021, BACKUPS_PAGE),
        }
    }

    /// Returns Mendix Cloud as documented in May 2026: dumps up to archive version 1.15.
    #[must_use]
    pub const fn mendix_cloud_2026_05() -> Self {
        Self {
            name: "mendix-cloud-2026-05",
            title: "Mendix Cloud (May 2026)",
            max_dump_version: Fact::new((1, 15), IN_MAY_2026, RESTORE_PAGE),
            documented_dump_version: None,
            oldest_server_major: Fact::new(13, IN_MAY_2026, RESTORE_PAGE),
            space_rule: Some(Fact::new(SpaceRule::Share { percent: 70 }, IN_2026, RESTORE_PAGE)),
            many_documents_count: Fact::new(MANY_DOCUMENTS_COUNT, IN_2026, BACKUPS_PAGE),
            full_upload: Fact::new(Acceptance::Accepted, IN_2026, BACKUPS_PAGE),
            database_only_upload: Fact::new(Acceptance::Accepted, IN_2026, BACKUPS_PAGE),
            files_only_upload: Fact::new(Acceptance::Refused, IN_2026, BACKUPS_PAGE),
        }
    }

    /// Returns Mendix Cloud as it is since 9 June 2026: it writes archive version 1.16, and accepts what it writes.
    ///
    /// The text on uploads still named 1.15 a month before, and the release of an environment's PostgreSQL decides in the
    /// end: its ceiling can be lower.
    #[must_use]
    pub const fn mendix_cloud() -> Self {
        Self {
            name: "mendix-cloud",
            title: "Mendix Cloud (June 2026)",
            max_dump_version: Fact::new((1, 16), ON_9_JUNE_2026, BACKUPS_PAGE),
            documented_dump_version: Some(Fact::new((1, 15), IN_MAY_2026, RESTORE_PAGE)),
            oldest_server_major: Fact::new(17, ON_9_JUNE_2026, BACKUPS_PAGE),
            ..Self::mendix_cloud_2026_05()
        }
    }

    /// Returns Mendix on Azure as documented in May 2026.
    ///
    /// No ceiling for dumps and no rule for space are published for it. It accepts the archives of the cloud, so the
    /// ceiling of the cloud at that time applies.
    #[must_use]
    pub const fn mendix_on_azure_2026_05() -> Self {
        Self {
            name: "mendix-on-azure-2026-05",
            title: "Mendix on Azure (May 2026)",
            max_dump_version: Fact::new(
                (1, 15),
                IN_MAY_2026,
                "none published; that of Mendix Cloud, whose archives it accepts",
            ),
            documented_dump_version: None,
            oldest_server_major: Fact::new(13, IN_MAY_2026, "none published; that of Mendix Cloud"),
            space_rule: None,
            many_documents_count: Fact::new(MANY_DOCUMENTS_COUNT, IN_2026, BACKUPS_PAGE),
            full_upload: Fact::new(Acceptance::Accepted, IN_2026, AZURE_PAGE),
            database_only_upload: Fact::new(Acceptance::Refused, IN_2026, AZURE_PAGE),
            files_only_upload: Fact::new(Acceptance::Refused, IN_2026, AZURE_PAGE),
        }
    }

    /// Returns Mendix on Azure as it is since 20 August 2026: its servers run PostgreSQL 17, as those of the cloud do.
    #[must_use]
    pub const fn mendix_on_azure() -> Self {
        Self {
            name: "mendix-on-azure",
            title: "Mendix on Azure (August 2026)",
            max_dump_version: Fact::new((1, 16), ON_20_AUGUST_2026, AZURE_SERVERS_PAGE),
            oldest_server_major: Fact::new(17, ON_20_AUGUST_2026, AZURE_SERVERS_PAGE),
            ..Self::mendix_on_azure_2026_05()
        }
    }

    /// Returns every known platform, older readings of each first.
    #[must_use]
    pub const fn all() -> [Self; 5] {
        [
            Self::mendix_cloud_2021(),
            Self::mendix_cloud_2026_05(),
            Self::mendix_cloud(),
            Self::mendix_on_azure_2026_05(),
            Self::mendix_on_azure(),
        ]
    }

    /// Returns the platform with this [`name`](Self::name).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|platform| platform.name == name)
    }

    /// Returns the stable name for command lines and files, for example `mendix-cloud`. A name with a date is that of an
    /// older reading.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the name for people, with the date.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// Returns the highest archive header version (major, minor) of a `pg_dump` custom-format dump that is accepted.
    ///
    /// This is the version in the dump's first bytes, not a version of PostgreSQL.
    #[must_use]
    pub const fn max_dump_version(&self) -> Fact<(u8, u8)> {
        self.max_dump_version
    }

    /// Returns the highest archive version that the text on uploads names, if it is lower than the
    /// [accepted one](Self::max_dump_version).
    #[must_use]
    pub const fn documented_dump_version(&self) -> Option<Fact<(u8, u8)>> {
        self.documented_dump_version
    }

    /// Returns the major release of the oldest PostgreSQL server that dumps are restored into.
    #[must_use]
    pub const fn oldest_server_major(&self) -> Fact<u16> {
        self.oldest_server_major
    }

    /// Returns the rule for the size of the target database, or `None` if none is published.
    #[must_use]
    pub const fn space_rule(&self) -> Option<Fact<SpaceRule>> {
        self.space_rule
    }

    /// Returns the number of documents above which backup operations are documented to become slow, up to hours.
    #[must_use]
    pub const fn many_documents_count(&self) -> Fact<u64> {
        self.many_documents_count
    }

    /// Returns the outcome of an upload of a snapshot with these contents.
    #[must_use]
    pub const fn upload(&self, contents: Contents) -> Fact<Acceptance> {
        match contents {
            Contents::Full => self.full_upload,
            Contents::DatabaseOnly => self.database_only_upload,
            Contents::FilesOnly => self.files_only_upload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_find_their_platform() {
        for platform in Platform::all() {
            assert_eq!(Platform::by_name(platform.name()), Some(platform));
        }
        assert_eq!(Platform::by_name("mendix"), None);
    }

    #[test]
    fn overhead_is_two_and_a_quarter_binary_gigabytes() {
        let rule = Platform::mendix_cloud_2021().space_rule().unwrap().value();
        assert_eq!(rule.needed_bytes(0), 2_415_919_104);
        assert_eq!(rule.needed_bytes(u64::MAX), u64::MAX);
    }

    #[test]
    fn share_rounds_up_and_saturates() {
        let rule = SpaceRule::Share { percent: 70 };
        assert_eq!(rule.needed_bytes(7), 10);
        assert_eq!(rule.needed_bytes(8), 12);
        assert_eq!(rule.needed_bytes(u64::MAX), u64::MAX);
    }
}
