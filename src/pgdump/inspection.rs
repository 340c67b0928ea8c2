//! The description of a whole dump: [`Inspection`].

use super::code::Code;
use super::compat::Incompatibility;
use super::header::Header;
use super::settings;
use super::toc::{Offsets, Toc};
use crate::diagnostic::Diagnostics;

/// The description of a whole dump, all of it read and verified.
///
/// ```
/// use std::fs::File;
/// use appsnap::{Limits, observe::NoObserver, pgdump};
///
/// let dump = File::open("examples/data/quickstart.dump")?;
/// let inspection = pgdump::inspect(dump, &Limits::untrusted(), &mut NoObserver)?;
/// assert_eq!((inspection.toc.len(), inspection.large_objects_count()), (58, 5));
/// assert!(inspection.is_utf8() && inspection.data_end_bytes == inspection.dump_bytes);
/// println!("{} rows, {} bytes without indexes", inspection.rows_count(), inspection.uncompressed_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The header of the dump.
    pub header: Header,
    /// The table of contents.
    pub toc: Toc,
    /// The data blocks in stored order.
    pub blocks: Vec<BlockReport>,
    /// Values in rows that servers have only since a certain release, such as infinity in `numeric` columns: the first of
    /// each kind in each table. INSERT statements are not searched.
    pub newer_values: Vec<Incompatibility>,
    /// The encoding of all texts and data, as the dump names it, for example `UTF8`.
    pub encoding: Option<Vec<u8>>,
    /// `true` if backslashes in string literals are ordinary characters, as on every server since 9.1 by default.
    pub standard_strings: Option<bool>,
    /// The presence of stored positions of data.
    pub offsets: Offsets,
    /// The length of the dump in bytes.
    pub dump_bytes: u64,
    /// The length of the dump up to the end of its data. Only a second table of contents may follow, in a dump that pg_dump
    /// appended to a file.
    pub data_end_bytes: u64,
    /// Findings about the dump as a whole: how it was made, and what no dump of pg_dump has.
    pub diagnostics: Diagnostics,
}

/// The contents of one data block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockReport {
    /// The dump id of the block's entry.
    pub id: u32,
    /// The number of rows, if the block is a table's COPY text. `None` for INSERT statements and large objects.
    pub rows_count: Option<u64>,
    /// The number of large objects, if it is a block of large objects.
    pub large_objects_count: Option<u64>,
    /// The decoded length of the streams in the block, in bytes.
    pub uncompressed_bytes: u64,
    /// The length of the block in the dump, in bytes.
    pub stored_bytes: u64,
}

impl BlockReport {
    pub(super) const fn table_data(id: u32) -> Self {
        Self { id, rows_count: None, large_objects_count: None, uncompressed_bytes: 0, stored_bytes: 0 }
    }

    pub(super) const fn large_objects(id: u32) -> Self {
        Self { id, rows_count: None, large_objects_count: Some(0), uncompressed_bytes: 0, stored_bytes: 0 }
    }
}

impl Inspection {
    /// Returns the decoded length of all streams. A restored database has about this size plus that of its indexes.
    #[must_use]
    pub fn uncompressed_bytes(&self) -> u64 {
        self.blocks.iter().map(|block| block.uncompressed_bytes).fold(0, u64::saturating_add)
    }

    /// Returns the number of rows in COPY text.
    #[must_use]
    pub fn rows_count(&self) -> u64 {
        self.blocks.iter().filter_map(|block| block.rows_count).fold(0, u64::saturating_add)
    }

    /// Returns the number of large objects.
    #[must_use]
    pub fn large_objects_count(&self) -> u64 {
        self.blocks.iter().filter_map(|block| block.large_objects_count).fold(0, u64::saturating_add)
    }

    /// Returns the [values in rows](Self::newer_values) that a server of this major release refuses.
    pub fn values_refused_by(&self, server_major: u16) -> impl Iterator<Item = Incompatibility> {
        self.newer_values.iter().copied().filter(move |value| server_major < value.feature.since_major())
    }

    /// Returns `true` if all texts are UTF-8, in entries and in data.
    #[must_use]
    pub fn is_utf8(&self) -> bool {
        self.encoding.as_deref().is_some_and(settings::is_utf8)
    }

    /// Returns `true` if a finding is about something that no healthy dump has. Other findings describe how the dump was
    /// made.
    #[must_use]
    pub fn has_anomalies(&self) -> bool {
        let anomalies = [
            Code::DumpCreationTime,
            Code::DumpUnusualIntegers,
            Code::DumpMixedOffsets,
            Code::DumpBlocksOutOfOrder,
            Code::DumpSettingMissing,
            Code::DumpUnlistedLargeObjects,
            Code::DumpWithOids,
        ];
        anomalies.into_iter().any(|code| self.diagnostics.count_of(code) > 0)
    }
}
