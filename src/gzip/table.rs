//! The chunks of a member, and where each of them is: [`ChunkTable`].

use super::chunk::CHUNK_BYTES;
use super::error::{Error, ErrorKind, Result};
use super::header::{END_BYTES, HEADER};

/// Bytes of a member before its chunks.
const HEADER_BYTES: u64 = HEADER.len() as u64;

/// Bytes of a member around its chunks.
pub(crate) const AROUND_CHUNKS_BYTES: u64 = HEADER_BYTES + END_BYTES as u64;

/// The lengths of a chunk, and the CRC32 of its uncompressed bytes: a row of the chunk table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChunkRow {
    pub(crate) compressed_len_bytes: u32,
    pub(crate) uncompressed_len_bytes: u32,
    pub(crate) crc32: u32,
}

impl ChunkRow {
    /// Most compressed bytes of a chunk: twice its uncompressed ones. Stored blocks, the worst that a writer can do, add
    /// less than a thousandth; a table that claims more would have one read of a document take that much memory.
    const MAX_COMPRESSED_BYTES: usize = 2 * CHUNK_BYTES;

    /// Returns `true` if a chunk can have these lengths.
    pub(crate) fn is_possible(&self) -> bool {
        (1..=Self::MAX_COMPRESSED_BYTES).contains(&(self.compressed_len_bytes as usize))
            && (1..=CHUNK_BYTES).contains(&(self.uncompressed_len_bytes as usize))
    }
}

/// A length of a chunk as its row holds it.
pub(super) fn row_len(len_bytes: usize) -> Result<u32> {
    u32::try_from(len_bytes).map_err(|_| Error::new(ErrorKind::Internal("a chunk is longer than a chunk can be")))
}

/// A finished member: its chunks, its lengths and its CRC32.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemberFacts {
    pub(crate) chunks: Vec<ChunkRow>,
    pub(crate) uncompressed_len_bytes: u64,
    pub(crate) compressed_len_bytes: u64,
    pub(crate) crc32: u32,
}

/// A chunk, and where it begins in the member and in the uncompressed bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkLocation {
    pub(crate) compressed_offset_bytes: u64,
    pub(crate) uncompressed_offset_bytes: u64,
    pub(crate) row: ChunkRow,
}

/// The chunks of a member, in order.
#[derive(Debug)]
pub(crate) struct ChunkTable {
    chunks: Vec<ChunkLocation>,
    compressed_end_bytes: u64,
    uncompressed_end_bytes: u64,
    crc: crc32fast::Hasher,
}

impl Default for ChunkTable {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            compressed_end_bytes: HEADER_BYTES,
            uncompressed_end_bytes: 0,
            crc: crc32fast::Hasher::new(),
        }
    }
}

impl ChunkTable {
    /// Appends a chunk. Returns `false` if its lengths are impossible.
    pub(crate) fn push(&mut self, row: ChunkRow) -> bool {
        let len = u64::from(row.uncompressed_len_bytes);
        let compressed_end = self.compressed_end_bytes.checked_add(u64::from(row.compressed_len_bytes));
        let (Some(compressed_end), Some(end)) = (compressed_end, self.uncompressed_end_bytes.checked_add(len)) else {
            return false;
        };
        if !row.is_possible() {
            return false;
        }
        self.chunks.push(ChunkLocation {
            compressed_offset_bytes: self.compressed_end_bytes,
            uncompressed_offset_bytes: self.uncompressed_end_bytes,
            row,
        });
        self.crc.combine(&crc32fast::Hasher::new_with_initial_len(row.crc32, len));
        self.compressed_end_bytes = compressed_end;
        self.uncompressed_end_bytes = end;
        true
    }

    /// Returns the chunks.
    pub(crate) fn chunks(&self) -> &[ChunkLocation] {
        &self.chunks
    }

    /// Returns the number of the chunk that holds this byte of the uncompressed data.
    pub(crate) fn find(&self, uncompressed_offset_bytes: u64) -> Option<usize> {
        if uncompressed_offset_bytes >= self.uncompressed_end_bytes {
            return None;
        }
        let after = self.chunks.partition_point(|chunk| chunk.uncompressed_offset_bytes <= uncompressed_offset_bytes);
        after.checked_sub(1)
    }

    /// Returns the length of the whole member.
    pub(crate) const fn member_bytes(&self) -> u64 {
        self.compressed_end_bytes.saturating_add(END_BYTES as u64)
    }

    /// Returns the length of the uncompressed data.
    pub(crate) const fn uncompressed_bytes(&self) -> u64 {
        self.uncompressed_end_bytes
    }

    /// Returns the CRC32 of the uncompressed data, combined from those of the chunks.
    pub(crate) fn crc32(&self) -> u32 {
        self.crc.clone().finalize()
    }
}
