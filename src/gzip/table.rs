//! Where the chunks of a member lie: [`ChunkTable`].

use super::frame::{FINAL_BLOCK, HEADER, TRAILER_LEN_BYTES};
use super::writer::ChunkRow;

/// Bytes of a member around its chunks.
pub(crate) const FRAMING_BYTES: u64 = HEADER.len() as u64 + FINAL_BLOCK.len() as u64 + TRAILER_LEN_BYTES;

/// A chunk, and where it begins in the member and in what the member holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) packed_offset_bytes: u64,
    pub(crate) plain_offset_bytes: u64,
    pub(crate) row: ChunkRow,
}

/// The chunks of a member, in order.
#[derive(Debug)]
pub(crate) struct ChunkTable {
    places: Vec<Place>,
    packed_end_bytes: u64,
    plain_end_bytes: u64,
    crc: crc32fast::Hasher,
}

impl Default for ChunkTable {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            packed_end_bytes: HEADER.len() as u64,
            plain_end_bytes: 0,
            crc: crc32fast::Hasher::new(),
        }
    }
}

impl ChunkTable {
    /// Appends a chunk; `false` when its lengths are none that a chunk can have.
    pub(crate) fn push(&mut self, row: ChunkRow) -> bool {
        let plain = u64::from(row.plain_len_bytes);
        let packed_end = self.packed_end_bytes.checked_add(u64::from(row.packed_len_bytes));
        let (Some(packed_end), Some(plain_end)) = (packed_end, self.plain_end_bytes.checked_add(plain)) else {
            return false;
        };
        if !row.is_possible() {
            return false;
        }
        self.places.push(Place {
            packed_offset_bytes: self.packed_end_bytes,
            plain_offset_bytes: self.plain_end_bytes,
            row,
        });
        self.crc.combine(&crc32fast::Hasher::new_with_initial_len(row.crc32, plain));
        self.packed_end_bytes = packed_end;
        self.plain_end_bytes = plain_end;
        true
    }

    /// The chunks.
    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// The number of the chunk that holds this plain offset.
    pub(crate) fn find(&self, plain_offset_bytes: u64) -> Option<usize> {
        if plain_offset_bytes >= self.plain_end_bytes {
            return None;
        }
        self.places.partition_point(|place| place.plain_offset_bytes <= plain_offset_bytes).checked_sub(1)
    }

    /// Length of the whole member.
    pub(crate) const fn member_bytes(&self) -> u64 {
        self.packed_end_bytes.saturating_add(FRAMING_BYTES - HEADER.len() as u64)
    }

    /// Plain bytes of all chunks.
    pub(crate) const fn plain_bytes(&self) -> u64 {
        self.plain_end_bytes
    }

    /// CRC32 of what the member holds, as the chunks' own combine to.
    pub(crate) fn crc32(&self) -> u32 {
        self.crc.clone().finalize()
    }
}
