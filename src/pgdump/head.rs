//! Reads header and entries from a stream, by letting kernels over memory try again as bytes arrive.

use std::io::Read;

use super::cursor::{Cursor, Fault};
use super::error::Error;
use crate::limits::Budget;

/// How much is fetched before a kernel tries again: at least the first, at most the second. In between it is as much as
/// the kernel could not finish on, so that an entry with a huge list does not cost the square of its length.
const PIECE_BYTES: std::ops::RangeInclusive<usize> = 64 << 10..=4 << 20;

/// The front of a stream, gathered until the kernels have read what they want.
pub(crate) struct Head<R> {
    source: R,
    /// Everything since the mark, and what was fetched and not read yet.
    bytes: Vec<u8>,
    /// How much of `bytes` has been read by kernels.
    read: usize,
    /// How many bytes of the stream lie before `bytes`.
    before: u64,
    /// How many of these have been read since the mark.
    taken: u64,
}

impl<R: Read> Head<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, bytes: Vec::new(), read: 0, before: 0, taken: 0 }
    }

    /// Position in the stream of the first byte that nobody has read.
    pub(crate) fn position(&self) -> u64 {
        self.before.saturating_add(self.read as u64)
    }

    /// Forgets what has been read; from here on it is counted and kept.
    pub(crate) fn mark(&mut self) {
        self.take_kept();
        self.taken = 0;
    }

    /// How many bytes are kept: those read since the mark, or since they were taken.
    pub(crate) const fn kept_bytes(&self) -> usize {
        self.read
    }

    /// Hands over the bytes that are kept.
    pub(crate) fn take_kept(&mut self) -> Box<[u8]> {
        let rest = self.bytes.split_off(self.read.min(self.bytes.len()));
        let kept = std::mem::replace(&mut self.bytes, rest).into_boxed_slice();
        self.before = self.position();
        self.taken = self.taken.saturating_add(self.read as u64);
        self.read = 0;
        kept
    }

    /// Lets `kernel` read; fetches more as long as it finds the bytes incomplete and the budget, which counts from the
    /// mark, is not used up by then.
    pub(crate) fn parse<T>(
        &mut self,
        what: &'static str,
        budget: &Budget,
        kernel: impl Fn(&mut Cursor<'_>) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        loop {
            let unread = self.bytes.get(self.read..).unwrap_or_default();
            let mut cursor = Cursor::new(unread);
            let result = kernel(&mut cursor);
            let taken = unread.len().saturating_sub(cursor.rest().len());
            match result {
                Ok(value) => {
                    self.read = self.read.saturating_add(taken);
                    budget.check(self.taken.saturating_add(self.read as u64))?;
                    return Ok(value);
                }
                Err(Fault::Because(kind)) => {
                    return Err(Error::new(kind).at(self.position().saturating_add(taken as u64)));
                }
                Err(Fault::Incomplete) => {
                    // All that is here is wanted, and one byte more.
                    budget.check(self.taken.saturating_add(self.bytes.len() as u64).saturating_add(1))?;
                    let wanted = unread.len().clamp(*PIECE_BYTES.start(), *PIECE_BYTES.end());
                    if self.fetch(wanted)? == 0 {
                        let end = self.before.saturating_add(self.bytes.len() as u64);
                        return Err(Error::truncated(what).at(end));
                    }
                }
            }
        }
    }

    /// Appends `wanted` bytes, fewer only at the end of the stream.
    fn fetch(&mut self, wanted: usize) -> Result<usize, Error> {
        self.source
            .by_ref()
            .take(wanted as u64)
            .read_to_end(&mut self.bytes)
            .map_err(|error| Error::io("reading the dump", error))
    }

    /// The source, what was fetched from it and not read, and the position of the first of these bytes.
    pub(crate) fn into_parts(mut self) -> (R, Vec<u8>, u64) {
        let position = self.position();
        self.bytes.drain(..self.read.min(self.bytes.len()));
        (self.source, self.bytes, position)
    }
}
