//! Buffers the start of a stream and retries the slice parsers until they have enough bytes.

use std::io::Read;

use super::error::Error;
use super::primitives::{Cursor, Fault};
use crate::limits::Budget;

/// The least and the most bytes that are fetched before a parser is retried. Within these bounds the buffered bytes
/// double, so that an entry with a huge list does not cost the square of its length.
const FETCH_BYTES: std::ops::RangeInclusive<usize> = 64 << 10..=4 << 20;

/// The start of a stream, buffered until the parsers have read what they need.
pub(super) struct ParseBuffer<R> {
    source: R,
    /// The bytes since the last segment was taken, and those that were fetched and not parsed yet.
    bytes: Vec<u8>,
    /// The number of `bytes` that have been parsed; never more than there are.
    parsed: usize,
    /// The position of `bytes` in the stream.
    start: u64,
    /// The number of bytes before `start` that count towards the budget.
    counted: u64,
}

impl<R: Read> ParseBuffer<R> {
    pub(super) const fn new(source: R) -> Self {
        Self { source, bytes: Vec::new(), parsed: 0, start: 0, counted: 0 }
    }

    /// Returns the position in the stream of the first byte that has not been parsed.
    pub(super) const fn position(&self) -> u64 {
        self.start.saturating_add(self.parsed as u64)
    }

    /// Drops the parsed bytes, and counts from here towards the budget.
    pub(super) fn restart(&mut self) {
        self.take_segment();
        self.counted = 0;
    }

    /// Returns the number of parsed bytes since the last segment was taken.
    pub(super) const fn segment_bytes(&self) -> usize {
        self.parsed
    }

    /// Returns the parsed bytes, and starts a new segment.
    pub(super) fn take_segment(&mut self) -> Box<[u8]> {
        let unparsed = self.bytes.split_off(self.parsed.min(self.bytes.len()));
        let segment = std::mem::replace(&mut self.bytes, unparsed).into_boxed_slice();
        self.start = self.position();
        self.counted = self.counted.saturating_add(self.parsed as u64);
        self.parsed = 0;
        segment
    }

    /// Runs `parser`, and fetches more bytes while it finds too few and the budget allows more.
    pub(super) fn parse<T>(
        &mut self,
        what: &'static str,
        budget: &Budget,
        parser: impl Fn(&mut Cursor<'_>) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        loop {
            let (_, unparsed) = self.bytes.split_at(self.parsed.min(self.bytes.len()));
            let mut cursor = Cursor::new(unparsed);
            let result = parser(&mut cursor);
            let parsed = unparsed.len().saturating_sub(cursor.rest().len());
            match result {
                Ok(value) => {
                    self.parsed = self.parsed.saturating_add(parsed);
                    budget.check(self.counted.saturating_add(self.parsed as u64))?;
                    return Ok(value);
                }
                Err(Fault::Because(reason)) => {
                    return Err(Error::from(reason).at(self.position().saturating_add(parsed as u64)));
                }
                Err(Fault::Incomplete) => {
                    // The parser wants all buffered bytes and at least one more.
                    budget.check(self.counted.saturating_add(self.bytes.len() as u64).saturating_add(1))?;
                    let wanted = unparsed.len().clamp(*FETCH_BYTES.start(), *FETCH_BYTES.end());
                    if self.fetch(wanted)? == 0 {
                        let end = self.start.saturating_add(self.bytes.len() as u64);
                        return Err(Error::truncated(what).at(end));
                    }
                }
            }
        }
    }

    /// Appends `wanted` bytes, or fewer at the end of the stream.
    fn fetch(&mut self, wanted: usize) -> Result<usize, Error> {
        self.source
            .by_ref()
            .take(wanted as u64)
            .read_to_end(&mut self.bytes)
            .map_err(|error| Error::io("reading the dump", error))
    }

    /// Returns the source, the bytes that were fetched and not parsed, and their position.
    pub(super) fn into_parts(mut self) -> (R, Vec<u8>, u64) {
        let position = self.position();
        self.bytes.drain(..self.parsed.min(self.bytes.len()));
        (self.source, self.bytes, position)
    }
}
