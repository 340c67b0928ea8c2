//! The chunks of a part that are copied into a joined archive.

use std::ops::Range;

/// Consecutive chunks to copy from one part.
#[derive(Clone, Debug)]
pub(super) struct Copied {
    pub(super) part: usize,
    /// Chunks of the part, by number.
    pub(super) chunks: Range<usize>,
    /// Their offset in the part.
    pub(super) from_bytes: u64,
    pub(super) len_bytes: u64,
    /// Their offset in the archive.
    pub(super) output_bytes: u64,
    /// Bytes of the archive before it that are created, not copied.
    pub(super) created_bytes: u64,
}

impl Copied {
    pub(super) const fn output_end_bytes(&self) -> u64 {
        self.output_bytes.saturating_add(self.len_bytes)
    }

    /// Returns `true` if `next` continues this range in the part and in the archive.
    pub(super) fn is_continued_by(&self, next: &Self) -> bool {
        self.part == next.part && self.chunks.end == next.chunks.start && self.output_end_bytes() == next.output_bytes
    }
}
