//! What a platform demands, as data: [`Profile`].

use std::borrow::Cow;

use super::registry::Code;
use crate::diagnostic::Severity;
use crate::pgdump::FormatVersion;
use crate::platform::{Platform, SpaceRule};

/// What is demanded of a snapshot: how bad each finding is, and the numbers that some of them compare with.
///
/// ```
/// use appsnap::check::{Code, Profile};
/// use appsnap::diagnostic::Severity;
/// use appsnap::pgdump::FormatVersion;
///
/// let own = Profile::mendix_cloud()
///     .with_name("our-cluster")
///     .with_max_dump_version(FormatVersion::V1_16)
///     .with_severity(Code::DocumentOrphan, Severity::Error)
///     .with_severity(Code::DumpNoOffsets, None);
/// assert_eq!(own.severity(Code::DocumentOrphan), Some(Severity::Error));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    name: Cow<'static, str>,
    max_dump_version: FormatVersion,
    oldest_server_major: u16,
    many_documents_count: u64,
    space_rule: Option<SpaceRule>,
    severities: [Option<Severity>; Code::ALL.len()],
}

/// Behind the archive version 1.14 stands "PostgreSQL 12 and 13" (Mendix documentation, 2021).
const OLDEST_SERVER_MAJOR: u16 = 13;

impl Profile {
    /// Names of the built-in profiles.
    pub const BUILT_IN: [&'static str; 4] = ["format", "mendix-cloud-2021", "mendix-cloud", "mendix-on-azure"];

    /// What the format itself demands: the archive can be read by everybody, and every platform since 2021 reads its dump
    /// (archive version 1.14).
    #[must_use]
    pub fn format() -> Self {
        Self::built_in(0, &Platform::mendix_cloud_2021(), None)
    }

    /// What Mendix Cloud demanded in 2021 and 2022.
    #[must_use]
    pub fn mendix_cloud_2021() -> Self {
        let platform = Platform::mendix_cloud_2021();
        Self::built_in(1, &platform, platform.space_rule().map(|rule| rule.value()))
    }

    /// What Mendix Cloud demands in 2026.
    #[must_use]
    pub fn mendix_cloud() -> Self {
        let platform = Platform::mendix_cloud();
        Self::built_in(2, &platform, platform.space_rule().map(|rule| rule.value()))
    }

    /// What Mendix on Azure demands in 2026.
    ///
    /// No rule for space is published for it; that of Mendix Cloud in the same year is taken.
    #[must_use]
    pub fn mendix_on_azure() -> Self {
        let platform = Platform::mendix_on_azure();
        let rule = platform.space_rule().or(Platform::mendix_cloud().space_rule());
        Self::built_in(3, &platform, rule.map(|rule| rule.value()))
    }

    /// The built-in profile of this name, one of [`BUILT_IN`](Self::BUILT_IN).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "format" => Some(Self::format()),
            "mendix-cloud-2021" => Some(Self::mendix_cloud_2021()),
            "mendix-cloud" => Some(Self::mendix_cloud()),
            "mendix-on-azure" => Some(Self::mendix_on_azure()),
            _ => None,
        }
    }

    fn built_in(column: usize, platform: &Platform, space_rule: Option<SpaceRule>) -> Self {
        let mut severities = [None; Code::ALL.len()];
        for (severity, code) in severities.iter_mut().zip(Code::ALL) {
            *severity = code.severities().get(column).copied().flatten();
        }
        let (major, minor) = platform.max_dump_version().value();
        Self {
            name: Cow::Borrowed(Self::BUILT_IN.get(column).copied().unwrap_or_default()),
            // Every version that a platform is known to take is known here.
            max_dump_version: FormatVersion::new(major, minor).unwrap_or(FormatVersion::V1_14),
            oldest_server_major: OLDEST_SERVER_MAJOR,
            many_documents_count: platform.many_documents_count().value(),
            space_rule,
            severities,
        }
    }

    /// Gives the profile another name, for the report.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Cow::Owned(name.into());
        self
    }

    /// Sets how bad a finding is; `None` leaves it out of reports.
    #[must_use]
    pub fn with_severity(mut self, code: Code, severity: impl Into<Option<Severity>>) -> Self {
        if let Some(of_code) = self.severities.get_mut(code as usize) {
            *of_code = severity.into();
        }
        self
    }

    /// Sets the highest archive version of a dump that is accepted.
    #[must_use]
    pub const fn with_max_dump_version(mut self, version: FormatVersion) -> Self {
        self.max_dump_version = version;
        self
    }

    /// Sets the number of documents above which [`Code::ManyDocuments`] is found.
    #[must_use]
    pub const fn with_many_documents_count(mut self, count: u64) -> Self {
        self.many_documents_count = count;
        self
    }

    /// Sets how large the target database has to be; `None` asks for nothing.
    #[must_use]
    pub fn with_space_rule(mut self, rule: impl Into<Option<SpaceRule>>) -> Self {
        self.space_rule = rule.into();
        self
    }

    /// The name that reports give it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How bad a finding is; `None` when it is left out of reports.
    #[must_use]
    pub fn severity(&self, code: Code) -> Option<Severity> {
        self.severities.get(code as usize).copied().flatten()
    }

    /// The highest archive version of a dump that is accepted.
    #[must_use]
    pub const fn max_dump_version(&self) -> FormatVersion {
        self.max_dump_version
    }

    /// The major release of the oldest server that the dump should suit, for [`Code::DumpNewerSql`].
    #[must_use]
    pub const fn oldest_server_major(&self) -> u16 {
        self.oldest_server_major
    }

    /// The number of documents above which [`Code::ManyDocuments`] is found.
    #[must_use]
    pub const fn many_documents_count(&self) -> u64 {
        self.many_documents_count
    }

    /// How large the target database has to be.
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

    #[test]
    fn a_variant_stands_at_its_own_number() {
        for (number, code) in Code::ALL.iter().enumerate() {
            assert_eq!(*code as usize, number, "{code}");
        }
    }
}
