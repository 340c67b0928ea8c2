//! Writes the header and the table of contents of the output: [`TocWriter`].

use crate::limits::{Budget, LimitExceeded, Limits};
use crate::pgdump::data_state::DataState;
use crate::pgdump::error::Error;
use crate::pgdump::header::Header;
use crate::pgdump::primitives::{Dialect, inexpressible};
use crate::pgdump::toc::{Entry, Offsets};
use crate::pgdump::version::FormatVersion;

/// Header and table of contents, growing entry by entry within the limits for a table of contents.
///
/// Every field has a fixed width, so the number of entries and the positions are filled in at the end.
pub(super) struct TocWriter {
    dialect: Dialect,
    bytes: Vec<u8>,
    count_start: usize,
    entries_start: usize,
    entries_count: usize,
    /// The positions of data that the input states, and where to write them in `bytes`.
    positions: Vec<(usize, u64)>,
    /// The number of entries whose data offset is unknown.
    unknown_count: usize,
    /// The length of an entry from its offset to its end.
    offset_bytes: usize,
    budgets: Budgets,
}

struct Budgets {
    toc_entries: Budget,
    toc_bytes: Budget,
    string_bytes: Budget,
}

impl TocWriter {
    pub(super) fn new(header: &Header, limits: &Limits) -> Result<Self, Error> {
        let dialect = header.dialect;
        let mut offset = Vec::new();
        dialect.put_offset(DataState::NotSet, &mut offset)?;
        if dialect.version() < FormatVersion::V1_7 {
            // The unused size of the data follows the offset.
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

    /// Appends an entry without the position of its data.
    pub(super) fn push(&mut self, entry: Entry<'_>) -> Result<(), Error> {
        self.budgets.toc_entries.spend(1)?;
        // No other text can have grown.
        self.budgets.string_bytes.check(entry.definition.map_or(0, <[u8]>::len) as u64)?;
        let data = if entry.has_data() { DataState::NotSet } else { DataState::NoData };
        Entry { data, ..entry }
            .write(&self.dialect, &mut self.bytes)
            .map_err(|error| error.within(entry.to_string()))?;
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

    /// Fills in the number of entries, and the positions if the data is copied from `data_offset_bytes` of the input to
    /// directly after these bytes. A position that does not fit the offset size stays unset.
    pub(super) fn finish(mut self, data_offset_bytes: Option<u64>) -> Result<(Vec<u8>, Offsets), Error> {
        let count = i32::try_from(self.entries_count).map_err(|_| LimitExceeded {
            name: "max_toc_entries",
            allowed: u64::from(i32::MAX.cast_unsigned()),
            wanted: self.entries_count as u64,
        })?;
        if count == 0 {
            return Err(inexpressible("a dump without entries", self.dialect.version()));
        }
        let mut encoded = Vec::new();
        self.dialect.put_int(count, &mut encoded)?;
        self.patch(self.count_start, &encoded)?;

        let head_bytes = self.bytes.len() as u64;
        let mut known_count = 0_usize;
        for (start, position) in std::mem::take(&mut self.positions) {
            encoded.clear();
            let moved = data_offset_bytes.and_then(|from| position.checked_sub(from)?.checked_add(head_bytes));
            let fits = moved.is_some_and(|to| self.dialect.put_offset(DataState::Set(to), &mut encoded).is_ok());
            if fits {
                self.patch(start, &encoded)?;
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

    fn patch(&mut self, start: usize, encoded: &[u8]) -> Result<(), Error> {
        let field = self.bytes.get_mut(start..start.saturating_add(encoded.len()));
        field.ok_or_else(|| Error::internal("a field is outside of the table of contents"))?.copy_from_slice(encoded);
        Ok(())
    }
}
