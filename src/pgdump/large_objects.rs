//! Large objects that have data and are created by no entry: [`Unlisted`].

use std::sync::Arc;

use super::toc::Toc;
use super::version::FormatVersion;
use crate::io::decimal;

/// With more large objects the list would cost more memory than the check is worth.
const MAX_LISTED: usize = 1_000_000;

/// Large objects with data that no entry creates, so that restoring them fails.
pub(super) struct Unlisted {
    /// The OIDs of all large objects that entries create, ascending; `None` if they are not known.
    listed: Option<Arc<[u32]>>,
    count: u64,
    first_oid: u32,
}

impl Unlisted {
    pub(super) fn new(toc: &Toc) -> Self {
        Self { listed: listed_oids(toc).map(Arc::from), count: 0, first_oid: 0 }
    }

    /// Returns a record for another part of the same dump.
    pub(super) fn of_part(&self) -> Self {
        Self { listed: self.listed.clone(), count: 0, first_oid: 0 }
    }

    /// Adds what was recorded for a later part of the dump.
    pub(super) fn append(&mut self, later: &Self) {
        if self.count == 0 {
            self.first_oid = later.first_oid;
        }
        self.count = self.count.saturating_add(later.count);
    }

    /// Records that a large object has data.
    pub(super) fn record(&mut self, oid: u32) {
        if self.listed.as_ref().is_some_and(|listed| listed.binary_search(&oid).is_err()) {
            if self.count == 0 {
                self.first_oid = oid;
            }
            self.count = self.count.saturating_add(1);
        }
    }

    /// Returns the number of unlisted large objects and the first of them.
    pub(super) fn into_found(self) -> Option<(u64, u32)> {
        (self.count > 0).then_some((self.count, self.first_oid))
    }
}

/// Returns the OIDs of all large objects that entries create, ascending. Returns `None` for versions in which reading the
/// data creates them (before 1.12), and for more than a million.
///
/// Up to 1.15 each has a `BLOB` entry. Since 1.16 a `BLOB METADATA` entry creates up to a thousand, and its definition
/// lists their OIDs, one per line.
fn listed_oids(toc: &Toc) -> Option<Vec<u32>> {
    if toc.dialect().version() < FormatVersion::V1_12 {
        return None;
    }
    let mut oids = Vec::new();
    for entry in toc.entries() {
        match (entry.desc, entry.definition) {
            // The OID is the tag, and in real dumps also the OID in the catalog.
            (b"BLOB", _) => oids.push(decimal(entry.tag).unwrap_or(entry.catalog_oid)),
            (b"BLOB METADATA", Some(list)) => {
                let lines = list.split(|byte| *byte == b'\n');
                let room = MAX_LISTED.saturating_add(1).saturating_sub(oids.len());
                oids.extend(lines.filter_map(decimal::<u32>).take(room));
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
