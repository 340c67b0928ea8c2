//! Codes for what stops the reader of dumps, and for what it finds odd; and what only the platform minds.

use super::large_objects;
use crate::check::error::{Error, ErrorKind};
use crate::check::finding::Tally;
use crate::check::profile::Profile;
use crate::check::registry::Code;
use crate::layout::escaped;
use crate::pgdump::compat::Incompatibility;
use crate::pgdump::toc::Entry;
use crate::pgdump::{self, Finding, FormatVersion, Inspection};

/// The code of what stopped the reader.
///
/// # Errors
/// The error itself, when the dump is not to blame for it.
pub(in crate::check) fn of_error(error: pgdump::Error) -> Result<(Code, pgdump::Error), Error> {
    use pgdump::ErrorKind as Kind;
    let code = match *error.kind() {
        Kind::NotAnArchive { .. } | Kind::NotCustomFormat { .. } => Ok(Code::DumpFormat),
        Kind::UnsupportedVersion { major: 0, .. } => Ok(Code::DumpTooOld),
        Kind::UnsupportedVersion { .. } => Ok(Code::DumpTooNew),
        // Of nothing at all nobody can say that it was a dump once.
        Kind::Truncated { .. } if error.position() == Some(0) => Ok(Code::DumpFormat),
        Kind::Truncated { .. } => Ok(Code::DumpTruncated),
        Kind::Corrupt(_) => Ok(Code::DumpDamaged),
        Kind::Limit(_) => Ok(Code::DumpLimit),
        Kind::Io { .. } => Err(ErrorKind::Io),
        Kind::CompressionUnavailable { algorithm } => Err(ErrorKind::CompressionUnavailable { algorithm }),
        Kind::Cancelled => Err(ErrorKind::Cancelled),
        Kind::Inexpressible { .. }
        | Kind::UnknownColumn { .. }
        | Kind::UnexpectedValue { .. }
        | Kind::Misuse(_)
        | Kind::Internal(_) => Err(ErrorKind::Internal),
    };
    match code {
        Ok(code) => Ok((code, error)),
        Err(kind) => Err(Error::because(kind, error)),
    }
}

/// The code of something odd; `None` where it is odd only together with something else.
const fn of_finding(finding: &Finding) -> Option<Code> {
    Some(match finding {
        Finding::ImpossibleCreationTime(_) => Code::DumpCreationTime,
        Finding::UnusualIntegers { .. } => Code::DumpIntegers,
        Finding::MixedOffsets => Code::DumpMixedOffsets,
        Finding::BlocksOutOfOrder => Code::DumpBlockOrder,
        Finding::MissingSetting { .. } => Code::DumpSettingMissing,
        Finding::UnlistedLargeObjects { .. } => Code::DumpUnlistedObjects,
        Finding::TablesWithOids { .. } => Code::DumpWithOids,
        Finding::AccessRights { .. } => Code::DumpAccessRights,
        Finding::SchemaOnly => Code::DumpSchemaOnly,
        Finding::DataOnly => Code::DumpDataOnly,
        Finding::Empty => Code::DumpEmpty,
        Finding::Inserts { .. } => Code::DumpInserts,
        Finding::NoLargeObjects => return None,
        Finding::Encoding { .. } => Code::DumpEncoding,
        Finding::EscapingStrings => Code::DumpEscapingStrings,
        Finding::OffsetsNotSet => Code::DumpNoOffsets,
        Finding::SecondToc { .. } => Code::DumpSecondToc,
    })
}

/// Judges the version, which is known even of a dump that proves to be damaged later.
pub(in crate::check) fn judge_version(
    version: FormatVersion,
    place: Option<&str>,
    profile: &Profile,
    tally: &mut Tally<'_>,
) {
    let highest = profile.max_dump_version();
    if version > highest {
        tally.add(Code::DumpTooNew, || place.map(str::to_owned), || too_new(version, highest));
    }
}

fn too_new(version: FormatVersion, highest: FormatVersion) -> String {
    let older = match highest.newest_postgresql() {
        Some(major) => format!(", or make it with pg_dump of PostgreSQL {major}"),
        None => String::new(),
    };
    format!("archive version {version} is not accepted, {highest} is the highest: convert the dump to {highest}{older}")
}

/// Judges a dump that was read to its end, and what of it older servers refuse.
pub(in crate::check) fn judge(
    inspection: &Inspection,
    refused: &[Incompatibility],
    place: Option<&str>,
    tally: &mut Tally<'_>,
) {
    let whole = || place.map(str::to_owned);
    for finding in &inspection.findings {
        if let Some(code) = of_finding(finding) {
            tally.add(code, whole, || finding.to_string());
        }
    }
    let toc = &inspection.toc;
    if inspection.large_objects_count() == 0 && !inspection.blocks.is_empty() && large_objects::are_referred_to(toc) {
        tally.add(Code::DumpNoLargeObjects, whole, || {
            "columns of tables refer to large objects, and none is in the dump".to_owned()
        });
    }
    for found in refused {
        // Creating the database itself is the platform's business.
        if found.feature.is_of_database() {
            continue;
        }
        let entry = || match (place, toc.get(found.id)) {
            (Some(place), Some(entry)) => Some(format!("{place}: {}", shown(&entry))),
            (place, entry) => entry.map(|entry| shown(&entry)).or_else(|| place.map(str::to_owned)),
        };
        tally.add(Code::DumpNewerSql, entry, || {
            format!("{} came with PostgreSQL {}", found.feature, found.feature.since_major())
        });
    }
}

fn shown(entry: &Entry<'_>) -> String {
    format!("entry {} ({} {})", entry.id, escaped(entry.desc), escaped(entry.tag))
}
