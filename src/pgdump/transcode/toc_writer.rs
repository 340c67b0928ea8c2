//! The bytes of the output in front of its data: header, count of entries, entries.

use crate::limits::{Budget, LimitExceeded, Limits};
use crate::pgdump::cursor::{Dialect, inexpressible};
use crate::pgdump::error::Error;
use crate::pgdump::header::Header;
use crate::pgdump::inspection::Offsets;
use crate::pgdump::toc::{DataState, Entry};
use crate::pgdump::version::FormatVersion;

/// Header and table of contents, growing entry by entry within the limits for a table of contents.
///
/// Every field has a fixed width, so the count and the positions of data are filled in at the end.
pub(super) struct Front {
    dialect: Dialect,
    bytes: Vec<u8>,
    count_start: usize,
    entries_start: usize,
    entries_count: usize,
    /// Where positions stand in `bytes` that can be stated, and what the input states.
    positions: Vec<(usize, u64)>,
    /// Entries whose data lie nobody knows where.
    unknown_count: usize,
    /// Bytes of an entry from its offset to its end.
    offset_bytes: usize,
    budgets: Budgets,
}

struct Budgets {
    toc_entries: Budget,
    toc_bytes: Budget,
    string_bytes: Budget,
}

impl Front {
    pub(super) fn new(header: &Header, limits: &Limits) -> Result<Self, Error> {
        let dialect = header.dialect;
        let mut offset = Vec::new();
        dialect.put_offset(DataState::NotSet, &mut offset)?;
        if dialect.version() < FormatVersion::V1_7 {
            // The size of the data, which nobody reads, is behind it.
            dialect.put_int(0, &mut offset)?;
        }
        let mut bytes = Vec::new();
        header.encode(&mut bytes)?;
        let count_start = bytes.len();
        dialect.put_int(0, &mut bytes)?;
        Ok(Self {
            dialect,
            count_start,
            entries_start: bytes.len(),
            bytes,
            entries_count: 0,
            positions: Vec::new(),
            unknown_count: 0,
            offset_bytes: offset.len(),
            budgets: Budgets {
                toc_entries: Budget::new("max_toc_entries", limits.max_toc_entries()),
                toc_bytes: Budget::new("max_toc_bytes", limits.max_toc_bytes()),
                string_bytes: Budget::new("max_string_bytes", limits.max_string_bytes()),
            },
        })
    }

    /// Appends an entry; where its data lie is left open.
    pub(super) fn push(&mut self, entry: Entry<'_>) -> Result<(), Error> {
        self.budgets.toc_entries.spend(1)?;
        // The only text that may have become longer.
        self.budgets.string_bytes.check(entry.definition.unwrap_or_default().len() as u64)?;
        let data = if entry.has_data() { DataState::NotSet } else { DataState::NoData };
        Entry { data, ..entry }
            .encode(&self.dialect, &mut self.bytes)
            .map_err(|error| error.within(|| entry.to_string()))?;
        match entry.data {
            DataState::Set(position) => {
                self.positions.push((self.bytes.len().saturating_sub(self.offset_bytes), position));
            }
            DataState::NotSet => self.unknown_count = self.unknown_count.saturating_add(1),
            DataState::NoData => {}
        }
        self.entries_count = self.entries_count.saturating_add(1);
        self.budgets.toc_bytes.check(self.bytes.len().saturating_sub(self.entries_start) as u64)?;
        Ok(())
    }

    pub(super) const fn entries_count(&self) -> usize {
        self.entries_count
    }

    /// Fills in the count, and the positions if the data are copied from `data_offset_bytes` of the input to right behind
    /// these bytes. A position that does not fit the offset size stays open.
    pub(super) fn finish(mut self, data_offset_bytes: Option<u64>) -> Result<(Vec<u8>, Offsets), Error> {
        let count = i32::try_from(self.entries_count).map_err(|_| LimitExceeded {
            name: "max_toc_entries",
            allowed: u64::from(i32::MAX.cast_unsigned()),
            wanted: self.entries_count as u64,
        })?;
        if count == 0 {
            return Err(inexpressible("a dump of which no entry is left", self.dialect.version()));
        }
        let mut encoded = Vec::new();
        self.dialect.put_int(count, &mut encoded)?;
        self.patch(self.count_start, &encoded);

        let front_bytes = self.bytes.len() as u64;
        let mut known_count = 0_usize;
        for (start, position) in std::mem::take(&mut self.positions) {
            encoded.clear();
            let moved = data_offset_bytes.and_then(|from| position.checked_sub(from)?.checked_add(front_bytes));
            let fits = moved.is_some_and(|to| self.dialect.put_offset(DataState::Set(to), &mut encoded).is_ok());
            if fits {
                self.patch(start, &encoded);
                known_count = known_count.saturating_add(1);
            } else {
                self.unknown_count = self.unknown_count.saturating_add(1);
            }
        }
        let offsets = match (known_count, self.unknown_count) {
            (0, 0) => Offsets::None,
            (_, 0) => Offsets::Set,
            (0, _) => Offsets::NotSet,
            _ => Offsets::Mixed,
        };
        Ok((self.bytes, offsets))
    }

    fn patch(&mut self, start: usize, encoded: &[u8]) {
        let place = self.bytes.get_mut(start..start.saturating_add(encoded.len()));
        for (to, from) in place.into_iter().flatten().zip(encoded) {
            *to = *from;
        }
    }
}
