//! The segments of the first and the last chunk of a part, which may have to be compressed together with a neighbour's.

use crate::gzip::{CHUNK_BYTES, SegmentKind};
use crate::io::at_most;

/// A number of consecutive bytes of one kind.
pub(super) type Segment = (SegmentKind, usize);

/// The segments of a part's first chunk and of the chunk under way.
#[derive(Debug, Default)]
pub(super) struct Seams {
    /// Bytes of the chunk under way, with those of other parts before the first segment.
    filled: usize,
    first: Option<Vec<Segment>>,
    current: Vec<Segment>,
}

impl Seams {
    /// Creates the segments of a part whose first chunk already has `before` bytes of other parts.
    pub(super) const fn after(before: usize) -> Self {
        Self { filled: before, first: None, current: Vec::new() }
    }

    /// Appends bytes.
    pub(super) fn push(&mut self, kind: SegmentKind, len_bytes: u64) {
        let mut left = len_bytes;
        while left > 0 {
            let count = at_most(CHUNK_BYTES.saturating_sub(self.filled), left);
            self.current.push((kind, count));
            self.filled = self.filled.saturating_add(count);
            left = left.saturating_sub(count as u64);
            if self.filled >= CHUNK_BYTES {
                self.end_chunk();
            }
        }
    }

    /// Ends the chunk under way, if it holds anything.
    pub(super) fn end_chunk(&mut self) {
        self.filled = 0;
        if self.first.is_none() && !self.current.is_empty() {
            self.first = Some(std::mem::take(&mut self.current));
        }
        self.current.clear();
    }

    /// Returns the segments of the first chunk, and of the last one if that is another and was not ended.
    pub(super) fn finish(self) -> (Vec<Segment>, Vec<Segment>) {
        match self.first {
            Some(first) => (first, self.current),
            None => (self.current, Vec::new()),
        }
    }
}
