//! What platforms accept and ask for, as data that says when and where it was published: [`Platform`].
//!
//! Published numbers have moved several times, so nothing else in this crate knows one: who wants to judge a snapshot
//! takes a [`Platform`] and asks. Windows and time zones of nightly backups belong to retention and are kept there.
//!
//! ```
//! use appsnap::layout::Contents;
//! use appsnap::platform::{Acceptance, Platform};
//!
//! for platform in Platform::all() {
//!     let (files_only, ceiling) = (platform.upload(Contents::FilesOnly), platform.max_dump_version());
//!     assert_ne!(files_only.value(), Acceptance::Accepted);
//!     println!("{}: dumps up to {:?}, says {}", platform.title(), ceiling.value(), ceiling.source());
//! }
//! ```

use crate::layout::Contents;

/// A documented fact: the value, the year of the text that says so, and which text that is.
///
/// ```
/// use appsnap::platform::Platform;
///
/// let ceiling = Platform::mendix_cloud().max_dump_version();
/// assert_eq!((ceiling.value(), ceiling.published_year()), ((1, 15), 2026));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    value: T,
    published_year: u16,
    source: &'static str,
}

impl<T: Copy> Fact<T> {
    const fn new(value: T, published_year: u16, source: &'static str) -> Self {
        Self { value, published_year, source }
    }

    /// What the text says.
    #[must_use]
    pub const fn value(&self) -> T {
        self.value
    }

    /// The year of the text. A later text may say something else.
    #[must_use]
    pub const fn published_year(&self) -> u16 {
        self.published_year
    }

    /// Which text says so, for people.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }
}

/// What becomes of an upload.
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
    /// It is taken and can be restored.
    Accepted,
    /// It is taken and listed with a warning, but cannot be restored.
    NotRestorable,
    /// It is not taken.
    Refused,
}

/// How large the target database has to be for a restore to succeed.
///
/// Both rules start from the decompressed database: the plain bytes of all data streams of the dump. Indexes are rebuilt
/// by the restore and are not in that number, so a restore may need more than any rule says.
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
    /// The least size in bytes of a target database that this rule accepts; saturates at [`u64::MAX`].
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
    space_rule: Option<Fact<SpaceRule>>,
    many_documents_count: Fact<u64>,
    full_upload: Fact<Acceptance>,
    database_only_upload: Fact<Acceptance>,
    files_only_upload: Fact<Acceptance>,
}

/// 2.25 GB in the documentation of 2021 and 2022; read as binary, which is the cautious reading.
const RESTORE_OVERHEAD_BYTES: u64 = 9 << 28;
/// "More than about 50,000 files" make every backup operation slow, says every text since 2021.
const MANY_DOCUMENTS_COUNT: u64 = 50_000;

const BACKUPS_PAGE: &str = "Mendix documentation, Backups";
const RESTORE_PAGE: &str = "Mendix documentation, Restoring a Backup";
const AZURE_PAGE: &str = "Mendix documentation, Mendix on Azure: Backup and Restore";

impl Platform {
    /// Mendix Cloud as documented in 2021 and 2022: dumps up to archive version 1.14, the newest that every version of
    /// the platform since then accepts.
    #[must_use]
    pub const fn mendix_cloud_2021() -> Self {
        Self {
            name: "mendix-cloud-2021",
            title: "Mendix Cloud (2021)",
            max_dump_version: Fact::new((1, 14), 2021, RESTORE_PAGE),
            space_rule: Some(Fact::new(
                SpaceRule::Overhead { overhead_bytes: RESTORE_OVERHEAD_BYTES },
                2021,
                RESTORE_PAGE,
            )),
            many_documents_count: Fact::new(MANY_DOCUMENTS_COUNT, 2021, BACKUPS_PAGE),
            full_upload: Fact::new(Acceptance::Accepted, 2021, BACKUPS_PAGE),
            database_only_upload: Fact::new(Acceptance::Accepted, 2021, BACKUPS_PAGE),
            files_only_upload: Fact::new(Acceptance::NotRestorable, 2021, BACKUPS_PAGE),
        }
    }

    /// Mendix Cloud as documented in 2026.
    #[must_use]
    pub const fn mendix_cloud() -> Self {
        Self {
            name: "mendix-cloud",
            title: "Mendix Cloud (2026)",
            max_dump_version: Fact::new((1, 15), 2026, RESTORE_PAGE),
            space_rule: Some(Fact::new(SpaceRule::Share { percent: 70 }, 2026, RESTORE_PAGE)),
            many_documents_count: Fact::new(MANY_DOCUMENTS_COUNT, 2026, BACKUPS_PAGE),
            full_upload: Fact::new(Acceptance::Accepted, 2026, BACKUPS_PAGE),
            database_only_upload: Fact::new(Acceptance::Accepted, 2026, BACKUPS_PAGE),
            files_only_upload: Fact::new(Acceptance::Refused, 2026, BACKUPS_PAGE),
        }
    }

    /// Mendix on Azure as documented in 2026.
    ///
    /// No ceiling for dumps and no rule for space are published for it. It takes the cloud's archives, so the cloud's
    /// ceiling stands here; its servers run PostgreSQL 17 since August 2026, whose dumps are newer than that.
    #[must_use]
    pub const fn mendix_on_azure() -> Self {
        Self {
            name: "mendix-on-azure",
            title: "Mendix on Azure (2026)",
            max_dump_version: Fact::new((1, 15), 2026, "none published; that of Mendix Cloud, whose archives it takes"),
            space_rule: None,
            many_documents_count: Fact::new(MANY_DOCUMENTS_COUNT, 2026, BACKUPS_PAGE),
            full_upload: Fact::new(Acceptance::Accepted, 2026, AZURE_PAGE),
            database_only_upload: Fact::new(Acceptance::Refused, 2026, AZURE_PAGE),
            files_only_upload: Fact::new(Acceptance::Refused, 2026, AZURE_PAGE),
        }
    }

    /// Every platform known here.
    #[must_use]
    pub const fn all() -> [Self; 3] {
        [Self::mendix_cloud_2021(), Self::mendix_cloud(), Self::mendix_on_azure()]
    }

    /// The platform with this [`name`](Self::name).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|platform| platform.name == name)
    }

    /// The stable name, for command lines and files: `mendix-cloud-2021`, `mendix-cloud` or `mendix-on-azure`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The name for people, with the year of the documentation.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// The highest archive header version (major, minor) of a `pg_dump` custom-format dump that is accepted.
    ///
    /// This is the version in the dump's first bytes, never a version of PostgreSQL.
    #[must_use]
    pub const fn max_dump_version(&self) -> Fact<(u8, u8)> {
        self.max_dump_version
    }

    /// How large the target database has to be; `None` where nothing is published.
    #[must_use]
    pub const fn space_rule(&self) -> Option<Fact<SpaceRule>> {
        self.space_rule
    }

    /// The number of documents above which backup operations are documented to become slow, up to hours.
    #[must_use]
    pub const fn many_documents_count(&self) -> Fact<u64> {
        self.many_documents_count
    }

    /// What becomes of an uploaded snapshot with these contents.
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
