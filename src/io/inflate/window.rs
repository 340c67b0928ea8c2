//! A decoder that owns its output: [`InflateWindow`].

use super::decoder::{HISTORY_BYTES, Inflate, Inflated};
use super::fast::ROOM_BYTES;

/// A decoder of deflate streams with a buffer for its output, which holds what matches are copied from as well.
///
/// Output is returned without a copy.
#[derive(Debug)]
pub(crate) struct InflateWindow {
    inflate: Inflate,
    buffer: Box<[u8]>,
    /// The range of the last output that was not consumed.
    start: usize,
    end: usize,
}

impl InflateWindow {
    /// Creates a decoder that returns up to about `output_bytes` at once, at least [`HISTORY_BYTES`].
    pub(crate) fn new(output_bytes: usize) -> Self {
        let len = HISTORY_BYTES.saturating_add(output_bytes.max(HISTORY_BYTES)).saturating_add(ROOM_BYTES);
        Self { inflate: Inflate::new(), buffer: vec![0; len].into_boxed_slice(), start: 0, end: 0 }
    }

    /// Prepares for the next stream. The last output is gone.
    pub(crate) const fn reset(&mut self) {
        self.inflate.reset();
        (self.start, self.end) = (0, 0);
    }

    /// Prepares for the middle of a stream, after `history`, of which the last [`HISTORY_BYTES`] matter.
    pub(crate) fn resume(&mut self, history: &[u8]) {
        let history = history.split_at(history.len().saturating_sub(HISTORY_BYTES)).1;
        for (to, byte) in self.buffer.iter_mut().zip(history) {
            *to = *byte;
        }
        self.inflate.resume(history.len());
        (self.start, self.end) = (history.len(), history.len());
    }

    /// Returns the decoder, to say where in the middle of a stream it begins.
    pub(crate) const fn decoder(&mut self) -> &mut Inflate {
        &mut self.inflate
    }

    /// Decodes some of `input`. What was not consumed of the last output is dropped.
    pub(crate) fn decode(&mut self, input: &[u8]) -> Inflated {
        if self.buffer.len().saturating_sub(self.end) < HISTORY_BYTES.saturating_add(ROOM_BYTES) {
            let from = self.end.saturating_sub(HISTORY_BYTES);
            self.buffer.copy_within(from..self.end, 0);
            self.end = self.end.saturating_sub(from);
        }
        self.start = self.end;
        let step = self.inflate.decode_most(input, &mut self.buffer, self.start);
        self.end = self.start.saturating_add(step.made);
        step
    }

    /// The output of the last call that was not consumed.
    #[inline]
    pub(crate) fn output(&self) -> &[u8] {
        let (made, _) = self.buffer.split_at(self.end);
        made.split_at(self.start).1
    }

    /// Drops the first bytes of the output.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// Drops all output.
    #[inline]
    pub(crate) const fn consume_all(&mut self) {
        self.start = self.end;
    }
}
