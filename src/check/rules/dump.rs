//! The findings about a dump, and about what the platform requires of it.

use super::large_objects;
use crate::check::profile::Profile;
use crate::check::ranking::Ranking;
use crate::layout::escaped;
use crate::pgdump::compat::Incompatibility;
use crate::pgdump::toc::Entry;
use crate::pgdump::{self, Code, FormatVersion, Inspection};

/// Adds the findings about the version, which is known even if the dump is damaged later.
pub(in crate::check) fn add_version(
    version: FormatVersion,
    location: Option<&str>,
    profile: &Profile,
    ranking: &mut Ranking<'_>,
) {
    let highest = profile.max_dump_version();
    if version > highest {
        ranking.add(Code::DumpFormatTooNew, |found| {
            found.with_location(location.map(str::to_owned)).with_message(too_new(version, highest))
        });
    } else if let Some(documented) = profile.documented_dump_version().filter(|documented| version > *documented) {
        ranking.add(Code::DumpFormatNewerThanDocumented, |found| {
            found.with_location(location.map(str::to_owned)).with_message(format!(
                "archive version {version} is accepted because the platform itself writes it, but its documentation names \
                 {documented} as the highest"
            ))
        });
    }
}

fn too_new(version: FormatVersion, highest: FormatVersion) -> String {
    let older = match highest.newest_postgresql() {
        Some(major) => format!(", or make it with pg_dump of PostgreSQL {major}"),
        None => String::new(),
    };
    format!("archive version {version} is not accepted, {highest} is the highest: convert the dump to {highest}{older}")
}

/// The first major release that forces `standard_conforming_strings` on.
const STANDARD_STRINGS_MAJOR: u16 = 19;

/// Adds the findings about a dump that was read to its end, and about SQL that older servers refuse.
pub(in crate::check) fn add(
    inspection: &Inspection,
    refused: &[Incompatibility],
    location: Option<&str>,
    profile: &Profile,
    ranking: &mut Ranking<'_>,
) {
    let whole = || location.map(str::to_owned);
    for finding in &inspection.diagnostics {
        ranking.add(finding.code(), |found| found.with_location(whole()).with_message(finding.message().to_owned()));
    }
    if inspection.standard_strings == Some(false) && profile.oldest_server_major() >= STANDARD_STRINGS_MAJOR {
        ranking.add(Code::DumpEscapingStringsRefused, |found| {
            found.with_location(whole()).with_message(format!(
                "backslashes in string literals are escapes, which PostgreSQL {STANDARD_STRINGS_MAJOR} does not support"
            ))
        });
    }
    let toc = &inspection.toc;
    if inspection.large_objects_count() == 0 && !inspection.blocks.is_empty() && large_objects::are_referred_to(toc) {
        ranking.add(Code::DumpWithoutLargeObjects, |found| {
            found.with_location(whole()).with_message("columns of tables refer to large objects, but the dump has none")
        });
    }
    audited(inspection, location, ranking);
    let statistics_count = refused.iter().filter(|refusal| refusal.feature.is_statistics()).count();
    if statistics_count > 0 {
        ranking.add(Code::DumpWithStatistics, |found| {
            found.with_location(whole()).with_message(format!(
                "{statistics_count} entries are planner statistics, which an older server cannot import"
            ))
        });
    }
    for refusal in refused {
        // The platform creates the database itself.
        if refusal.feature.is_of_database() || refusal.feature.is_statistics() {
            continue;
        }
        let entry = || match (location, toc.get(refusal.id)) {
            (Some(location), Some(entry)) => Some(format!("{location}: {}", shown(&entry))),
            (location, entry) => entry.map(|entry| shown(&entry)).or_else(|| location.map(str::to_owned)),
        };
        ranking.add(Code::DumpSqlNewerThanTarget, |found| {
            found.with_location(entry()).with_message(format!(
                "{} came with PostgreSQL {}{}",
                refusal.feature,
                refusal.feature.since_major(),
                refusal.row.map_or_else(String::new, |row| format!(", first in row {row}"))
            ))
        });
    }
}

/// Adds one finding for each reason of the audit.
fn audited(inspection: &Inspection, location: Option<&str>, ranking: &mut Ranking<'_>) {
    let mut reasons: Vec<(Code, u32, u64)> = Vec::new();
    for (id, code) in pgdump::audit(&inspection.toc) {
        match reasons.iter_mut().find(|(known, ..)| *known == code) {
            Some((_, _, count)) => *count = count.saturating_add(1),
            None => reasons.push((code, id, 1)),
        }
    }
    for (code, first, count) in reasons {
        let first = inspection.toc.get(first).map_or_else(String::new, |entry| shown(&entry));
        let message = match count {
            1 => first,
            _ => format!("{count} entries, the first is {first}"),
        };
        ranking.add(code, |found| found.with_location(location.map(str::to_owned)).with_message(message));
    }
}

fn shown(entry: &Entry<'_>) -> String {
    format!("entry {} ({} {})", entry.id, escaped(entry.desc), escaped(entry.tag))
}
