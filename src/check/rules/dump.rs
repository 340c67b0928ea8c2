//! The findings about a dump, and about what the platform requires of it.

use super::large_objects;
use crate::check::profile::Profile;
use crate::check::ranking::Ranking;
use crate::layout::escaped;
use crate::pgdump::{self, Code, Entry, Finding, FormatVersion, Header, Incompatibility, Inspection};

/// Returns the code of a fact; `None` if it is a finding only together with something else.
const fn of_finding(finding: &Finding) -> Option<Code> {
    Some(match finding {
        Finding::ImpossibleCreationTime(_) => Code::DumpCreationTime,
        Finding::UnusualIntegers { .. } => Code::DumpUnusualIntegers,
        Finding::MixedOffsets => Code::DumpMixedOffsets,
        Finding::BlocksOutOfOrder => Code::DumpBlocksOutOfOrder,
        Finding::MissingSetting { .. } => Code::DumpSettingMissing,
        Finding::UnlistedLargeObjects { .. } => Code::DumpUnlistedLargeObjects,
        Finding::TablesWithOids { .. } => Code::DumpWithOids,
        Finding::AccessRights { .. } => Code::DumpWithAccessRights,
        Finding::SchemaOnly => Code::DumpSchemaOnly,
        Finding::DataOnly => Code::DumpDataOnly,
        Finding::Empty => Code::DumpEmpty,
        Finding::Inserts { .. } => Code::DumpWithInserts,
        Finding::NoLargeObjects => return None,
        Finding::Encoding { .. } => Code::DumpEncoding,
        Finding::EscapingStrings => Code::DumpEscapingStrings,
        Finding::OffsetsNotSet => Code::DumpWithoutOffsets,
        Finding::SecondToc { .. } => Code::DumpWithSecondToc,
    })
}

/// Adds the findings about the version, which is known even if the dump is damaged later.
pub(in crate::check) fn add_version(
    version: FormatVersion,
    location: Option<&str>,
    profile: &Profile,
    ranking: &mut Ranking<'_>,
) {
    let whole = || location.map(str::to_owned);
    for unmet in profile.requirements().unmet_by(&Header::new(version)) {
        let code = match unmet {
            pgdump::Unmet::VersionTooNew { .. } => Code::DumpFormatTooNew,
            pgdump::Unmet::NotCustom { .. } => Code::DumpNotCustomFormat,
        };
        ranking.add(code, |found| found.with_location(whole()).with_message(unmet.to_string()));
    }
}

/// Adds the findings about a dump that was read to its end, and about SQL that older servers refuse.
pub(in crate::check) fn add(
    inspection: &Inspection,
    refused: &[Incompatibility],
    location: Option<&str>,
    ranking: &mut Ranking<'_>,
) {
    let whole = || location.map(str::to_owned);
    for finding in &inspection.findings {
        if let Some(code) = of_finding(finding) {
            ranking.add(code, |found| found.with_location(whole()).with_message(finding.to_string()));
        }
    }
    let toc = &inspection.toc;
    if inspection.large_objects_count() == 0 && !inspection.data.is_empty() && large_objects::are_referred_to(toc) {
        ranking.add(Code::DumpWithoutLargeObjects, |found| {
            found.with_location(whole()).with_message("columns of tables refer to large objects, but the dump has none")
        });
    }
    for refusal in refused {
        // The platform creates the database itself.
        if refusal.feature.is_of_database() {
            continue;
        }
        let entry = || match (location, toc.get(refusal.id)) {
            (Some(location), Some(entry)) => Some(format!("{location}: {}", shown(&entry))),
            (location, entry) => entry.map(|entry| shown(&entry)).or_else(|| location.map(str::to_owned)),
        };
        ranking.add(Code::DumpSqlNewerThanTarget, |found| {
            found.with_location(entry()).with_message(format!(
                "{} came with PostgreSQL {}",
                refusal.feature,
                refusal.feature.since_major()
            ))
        });
    }
}

fn shown(entry: &Entry<'_>) -> String {
    format!("entry {} ({} {})", entry.id, escaped(entry.desc), escaped(entry.tag))
}
