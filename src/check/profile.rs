//! The demands of a platform, as data: [`Profile`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::code::Code as CheckCode;
use crate::diagnostic::{Code, Severity};
use crate::layout;
use crate::metadata;
use crate::pgdump::{self, FormatVersion};
use crate::platform::{Platform, SpaceRule};
use crate::snapshot;

/// The demands of a platform on a snapshot: the severity of each finding, and the numbers that some of them depend on.
///
/// ```
/// use appsnap::check::{Code, Profile};
/// use appsnap::diagnostic::Severity;
/// use appsnap::pgdump::{self, FormatVersion};
///
/// let own = Profile::mendix_cloud()
///     .with_name("our-cluster")
///     .with_max_dump_version(FormatVersion::V1_14)
///     .with_severity(Code::DocumentOrphan, Severity::Error)
///     .with_severity(pgdump::Code::DumpWithoutOffsets, None);
/// assert_eq!(own.severity(Code::DocumentOrphan), Some(Severity::Error));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    name: Cow<'static, str>,
    max_dump_version: FormatVersion,
    /// A lower version that the platform's text names.
    documented_dump_version: Option<FormatVersion>,
    oldest_server_major: u16,
    many_documents_count: u64,
    space_rule: Option<SpaceRule>,
    /// Deviations from the default severities; `None` leaves a finding out of reports.
    severities: BTreeMap<Code, Option<Severity>>,
    allowed: BTreeSet<Code>,
}

impl Profile {
    /// The names of the built-in profiles.
    pub const BUILT_IN: [&'static str; 6] = [
        "format",
        "mendix-cloud-2021",
        "mendix-cloud-2026-05",
        "mendix-cloud",
        "mendix-on-azure-2026-05",
        "mendix-on-azure",
    ];

    /// Returns the profile of the format itself: every reader can read the archive, and every platform since 2021 reads its dump
    /// (archive version 1.14).
    #[must_use]
    pub fn format() -> Self {
        const FINDINGS_OF_PLATFORMS: [Code; 29] = [
            CheckCode::ManyDocuments.code(),
            CheckCode::NotCompressed.code(),
            CheckCode::DocumentsAbsent.code(),
            metadata::Code::ModelVersionPlaceholder.code(),
            CheckCode::DocumentMissing.code(),
            CheckCode::DocumentOrphan.code(),
            CheckCode::DocumentSizeDiffers.code(),
            CheckCode::DocumentEmpty.code(),
            CheckCode::DocumentNumbered.code(),
            CheckCode::DocumentUnnamed.code(),
            CheckCode::FilesTooManyToCompare.code(),
            layout::Code::UpperCaseId.code(),
            pgdump::Code::DumpWithAccessRights.code(),
            pgdump::Code::DumpSchemaOnly.code(),
            pgdump::Code::DumpDataOnly.code(),
            pgdump::Code::DumpEmpty.code(),
            pgdump::Code::DumpWithoutLargeObjects.code(),
            pgdump::Code::DumpSqlNewerThanTarget.code(),
            pgdump::Code::DumpTablesWithoutRows.code(),
            pgdump::Code::DumpWithUntrustedLanguages.code(),
            pgdump::Code::DumpWithEventTriggers.code(),
            pgdump::Code::DumpWithSecurityDefiner.code(),
            pgdump::Code::DumpWithRules.code(),
            pgdump::Code::DumpWithOperators.code(),
            pgdump::Code::DumpWithForeignServers.code(),
            pgdump::Code::DumpWithSubscriptions.code(),
            pgdump::Code::DumpReachesServer.code(),
            pgdump::Code::DumpWithExtensions.code(),
            pgdump::Code::DumpWithTriggers.code(),
        ];
        let profile = Self::built_in("format", &Platform::mendix_cloud_2021(), None)
            .with_severity(CheckCode::TargetTooSmall, None);
        FINDINGS_OF_PLATFORMS.into_iter().fold(profile, |profile, code| profile.with_severity(code, Severity::Info))
    }

    /// Returns the profile of Mendix Cloud in 2021 and 2022.
    #[must_use]
    pub fn mendix_cloud_2021() -> Self {
        let platform = Platform::mendix_cloud_2021();
        Self::built_in("mendix-cloud-2021", &platform, platform.space_rule().map(|rule| rule.value()))
    }

    /// Returns the profile of Mendix Cloud in May 2026, which accepted dumps up to archive version 1.15.
    #[must_use]
    pub fn mendix_cloud_2026_05() -> Self {
        Self::of_cloud("mendix-cloud-2026-05", &Platform::mendix_cloud_2026_05())
    }

    /// Returns the profile of Mendix Cloud since 9 June 2026, which accepts dumps up to archive version 1.16.
    ///
    /// An environment with an older PostgreSQL may accept less: set [its version](Self::with_max_dump_version).
    #[must_use]
    pub fn mendix_cloud() -> Self {
        Self::of_cloud("mendix-cloud", &Platform::mendix_cloud())
    }

    fn of_cloud(name: &'static str, platform: &Platform) -> Self {
        Self::built_in(name, platform, platform.space_rule().map(|rule| rule.value()))
            .with_severity(snapshot::Code::FilesOnly, Severity::Error)
            .with_severity(pgdump::Code::DumpWithExtensions, Severity::Warning)
    }

    /// Returns the profile of Mendix on Azure in May 2026.
    #[must_use]
    pub fn mendix_on_azure_2026_05() -> Self {
        Self::of_azure("mendix-on-azure-2026-05", &Platform::mendix_on_azure_2026_05())
    }

    /// Returns the profile of Mendix on Azure since 20 August 2026.
    ///
    /// No rule for space is published for it; the rule of Mendix Cloud in the same year applies.
    #[must_use]
    pub fn mendix_on_azure() -> Self {
        Self::of_azure("mendix-on-azure", &Platform::mendix_on_azure())
    }

    fn of_azure(name: &'static str, platform: &Platform) -> Self {
        let rule = platform.space_rule().or(Platform::mendix_cloud().space_rule());
        Self::built_in(name, platform, rule.map(|rule| rule.value()))
            .with_severity(snapshot::Code::FilesOnly, Severity::Error)
            .with_severity(pgdump::Code::DumpWithExtensions, Severity::Warning)
            .with_severity(CheckCode::DatabaseOnly, Severity::Error)
            .with_severity(pgdump::Code::DumpSqlNewerThanTarget, Severity::Info)
    }

    /// Returns the built-in profile with this name, one of [`BUILT_IN`](Self::BUILT_IN).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "format" => Some(Self::format()),
            "mendix-cloud-2021" => Some(Self::mendix_cloud_2021()),
            "mendix-cloud-2026-05" => Some(Self::mendix_cloud_2026_05()),
            "mendix-cloud" => Some(Self::mendix_cloud()),
            "mendix-on-azure-2026-05" => Some(Self::mendix_on_azure_2026_05()),
            "mendix-on-azure" => Some(Self::mendix_on_azure()),
            _ => None,
        }
    }

    fn built_in(name: &'static str, platform: &Platform, space_rule: Option<SpaceRule>) -> Self {
        // Every version that a known platform accepts is known here.
        let version = |(major, minor)| FormatVersion::new(major, minor).unwrap_or(FormatVersion::V1_14);
        Self {
            name: Cow::Borrowed(name),
            max_dump_version: version(platform.max_dump_version().value()),
            documented_dump_version: platform.documented_dump_version().map(|fact| version(fact.value())),
            oldest_server_major: platform.oldest_server_major().value(),
            many_documents_count: platform.many_documents_count().value(),
            space_rule,
            severities: BTreeMap::new(),
            allowed: BTreeSet::new(),
        }
    }

    /// Sets the name that reports give the profile.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Cow::Owned(name.into());
        self
    }

    /// Sets the severity of a finding; `None` leaves it out of reports.
    #[must_use]
    pub fn with_severity(mut self, code: impl Into<Code>, severity: impl Into<Option<Severity>>) -> Self {
        self.severities.insert(code.into(), severity.into());
        self
    }

    /// Allows a finding: it is reported, but has no influence on the verdict.
    #[must_use]
    pub fn with_allowed(mut self, code: impl Into<Code>) -> Self {
        self.allowed.insert(code.into());
        self
    }

    /// Sets the highest archive version of a dump that is accepted, for example by one environment.
    #[must_use]
    pub const fn with_max_dump_version(mut self, version: FormatVersion) -> Self {
        self.max_dump_version = version;
        self.documented_dump_version = None;
        self
    }

    /// Sets the major release of the oldest server that must accept the dump.
    #[must_use]
    pub const fn with_oldest_server_major(mut self, major: u16) -> Self {
        self.oldest_server_major = major;
        self
    }

    /// Sets the number of documents above which [`Code::ManyDocuments`](super::Code::ManyDocuments) is found.
    #[must_use]
    pub const fn with_many_documents_count(mut self, count: u64) -> Self {
        self.many_documents_count = count;
        self
    }

    /// Sets the size that the target database needs; `None` requires nothing.
    #[must_use]
    pub fn with_space_rule(mut self, rule: impl Into<Option<SpaceRule>>) -> Self {
        self.space_rule = rule.into();
        self
    }

    /// Returns the name for reports.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the severity of a finding; `None` if it is left out of reports.
    #[must_use]
    pub fn severity(&self, code: impl Into<Code>) -> Option<Severity> {
        let code = code.into();
        match self.severities.get(&code) {
            Some(severity) => *severity,
            None => Some(code.default_severity()),
        }
    }

    /// Returns `true` if a finding is [allowed](Self::with_allowed).
    #[must_use]
    pub fn allows(&self, code: impl Into<Code>) -> bool {
        self.allowed.contains(&code.into())
    }

    /// Returns the allowed findings.
    pub fn allowed(&self) -> impl ExactSizeIterator<Item = Code> {
        self.allowed.iter().copied()
    }

    /// Returns the highest archive version of a dump that is accepted.
    #[must_use]
    pub const fn max_dump_version(&self) -> FormatVersion {
        self.max_dump_version
    }

    /// Returns the version that the platform's text names, if it is lower than the
    /// [accepted one](Self::max_dump_version).
    #[must_use]
    pub const fn documented_dump_version(&self) -> Option<FormatVersion> {
        self.documented_dump_version
    }

    /// Returns the major release of the oldest server that must accept the dump, for
    /// [`DumpSqlNewerThanTarget`](pgdump::Code::DumpSqlNewerThanTarget).
    #[must_use]
    pub const fn oldest_server_major(&self) -> u16 {
        self.oldest_server_major
    }

    /// Returns the number of documents above which [`Code::ManyDocuments`](super::Code::ManyDocuments) is found.
    #[must_use]
    pub const fn many_documents_count(&self) -> u64 {
        self.many_documents_count
    }

    /// Returns the rule for the size of the target database.
    #[must_use]
    pub const fn space_rule(&self) -> Option<SpaceRule> {
        self.space_rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_profiles() {
        for name in Profile::BUILT_IN {
            assert_eq!(Profile::by_name(name).unwrap().name(), name);
        }
        assert_eq!(Profile::by_name("mendix"), None);
    }
}
