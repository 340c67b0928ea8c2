//! Which large objects the entries of a dump create.

use super::toc::Toc;
use super::version::FormatVersion;

/// Beyond it the list would cost more memory than the check is worth.
const MAX_LISTED: usize = 1_000_000;

/// The OIDs of all large objects that entries create, ascending; `None` where the reader of the dump creates them itself
/// (before 1.12), and for more than a million.
///
/// Until 1.15 each has a `BLOB` entry; since 1.16 a `BLOB METADATA` entry creates up to a thousand, and its definition
/// lists their numbers, one a line.
pub(super) fn listed_oids(toc: &Toc) -> Option<Vec<u32>> {
    if toc.dialect().version() < FormatVersion::V1_12 {
        return None;
    }
    let mut oids = Vec::new();
    for entry in toc {
        match entry.desc {
            // The number stands in the tag, and in real dumps also as the catalog's.
            b"BLOB" => oids.push(number(entry.tag).unwrap_or(entry.catalog_oid)),
            b"BLOB METADATA" => {
                let lines = entry.definition.unwrap_or_default().split(|byte| *byte == b'\n');
                let room = MAX_LISTED.saturating_add(1).saturating_sub(oids.len());
                oids.extend(lines.filter_map(number).take(room));
            }
            _ => {}
        }
        if oids.len() > MAX_LISTED {
            return None;
        }
    }
    oids.sort_unstable();
    Some(oids)
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
