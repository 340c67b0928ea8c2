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
    /// The entries with data: the field of its position in `bytes`, and the position that the input states.
    fields: Vec<PositionField>,
    /// The length of an entry from its offset to its end.
    offset_bytes: usize,
    budgets: Budgets,
}

/// The field of an entry for the position of its data.
#[derive(Clone, Copy, Debug)]
pub(super) struct PositionField {
    /// The dump id of the entry.
    pub(super) id: u32,
    /// The position of the field in the output.
    pub(super) start: usize,
    /// The position of the data in the input, if it is stated.
    input: Option<u64>,
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
            fields: Vec::new(),
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
        let start = self.bytes.len().saturating_sub(self.offset_bytes);
        match entry.data {
            DataState::Set(position) => {
                self.fields.push(PositionField { id: entry.id, start, input: Some(position) });
            }
            DataState::NotSet => self.fields.push(PositionField { id: entry.id, start, input: None }),
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
    pub(super) fn finish(
        mut self,
        data_offset_bytes: Option<u64>,
    ) -> Result<(Vec<u8>, Offsets, Vec<PositionField>), Error> {
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
        let fields = std::mem::take(&mut self.fields);
        let mut states = Vec::with_capacity(fields.len());
        for field in &fields {
            encoded.clear();
            let from = data_offset_bytes;
            let moved = field.input.and_then(|position| position.checked_sub(from?)?.checked_add(head_bytes));
            let state = moved.map_or(DataState::NotSet, DataState::Set);
            if state != DataState::NotSet && self.dialect.put_offset(state, &mut encoded).is_ok() {
                self.patch(field.start, &encoded)?;
                states.push(state);
            } else {
                states.push(DataState::NotSet);
            }
        }
        Ok((self.bytes, Offsets::of(states), fields))
    }

    fn patch(&mut self, start: usize, encoded: &[u8]) -> Result<(), Error> {
        let field = self.bytes.get_mut(start..start.saturating_add(encoded.len()));
        field.ok_or_else(|| Error::internal("a field is outside of the table of contents"))?.copy_from_slice(encoded);
        Ok(())
    }
}
