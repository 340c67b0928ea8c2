//! The uncompressed bytes below the reader, counted against the total limit.

use std::io::BufRead;

use super::code::Code;
use super::error::{Error, Fault};
use super::header::{Block, is_zero};
use crate::io::{CountedSource, at_most, copy_prefix, prefix};
use crate::limits::Budget;

#[derive(Debug)]
pub(crate) struct Source<R> {
    inner: CountedSource<R>,
    total: Budget,
}

impl<R> Source<R> {
    pub(crate) const fn new(inner: R, total: Budget) -> Self {
        Self { inner: CountedSource::new(inner), total }
    }

    /// Returns the number of bytes taken so far.
    pub(crate) const fn offset_bytes(&self) -> u64 {
        self.inner.position()
    }

    /// Returns the rest of the total limit.
    pub(crate) const fn total(&self) -> &Budget {
        &self.total
    }

    /// Counts bytes that are returned although they are not stored.
    pub(crate) fn spend(&mut self, count_bytes: u64) -> Result<(), Error> {
        let at = self.inner.position();
        self.total.spend(count_bytes).map_err(|exceeded| Error::new(exceeded.into()).at(at))
    }

    pub(crate) const fn get_ref(&self) -> &R {
        self.inner.get_ref()
    }

    pub(crate) const fn get_mut(&mut self) -> &mut R {
        self.inner.get_mut()
    }

    pub(crate) fn into_inner(self) -> R {
        self.inner.into_inner()
    }
}

impl<R: BufRead> Source<R> {
    /// Returns the next bytes, as many as are ready and the limit allows; empty at the end of the stream.
    pub(crate) fn peek(&mut self) -> Result<&[u8], Error> {
        let at = self.inner.position();
        let chunk = self.inner.fill().map_err(|source| Error::io(source).at(at))?;
        if !chunk.is_empty() {
            self.total.check(1).map_err(|exceeded| Error::new(exceeded.into()).at(at))?;
        }
        Ok(prefix(chunk, self.total.left()))
    }

    /// Returns the next bytes as [`peek`](Self::peek) does, but fails if the stream ends at this `place`.
    pub(crate) fn expect(&mut self, place: &'static str) -> Result<&[u8], Error> {
        let at = self.inner.position();
        match self.peek()? {
            [] => Err(Error::new(Fault::truncated(place)).at(at)),
            chunk => Ok(chunk),
        }
    }

    /// Takes `count` of the bytes that [`peek`](Self::peek) returned.
    pub(crate) fn take(&mut self, count: usize) -> u64 {
        let count_bytes = count as u64;
        // What was returned is within the limit, so this cannot fail.
        let _ = self.total.spend(count_bytes);
        self.inner.consume(count);
        count_bytes
    }

    /// Skips `len_bytes`.
    pub(crate) fn skip(&mut self, len_bytes: u64, place: &'static str) -> Result<(), Error> {
        let mut left = len_bytes;
        while left > 0 {
            let count = at_most(self.expect(place)?.len(), left);
            left = left.saturating_sub(self.take(count));
        }
        Ok(())
    }

    /// Appends `len_bytes` to `buffer`, which grows with the bytes that arrive, not with the declared length.
    pub(crate) fn append(&mut self, len_bytes: u64, place: &'static str, buffer: &mut Vec<u8>) -> Result<(), Error> {
        let mut left = len_bytes;
        while left > 0 {
            let chunk = self.expect(place)?;
            let wanted = prefix(chunk, left);
            let count = wanted.len();
            buffer.extend_from_slice(wanted);
            left = left.saturating_sub(self.take(count));
        }
        Ok(())
    }

    /// Fills `block`, or returns `false` at the end of the stream; the stream may not end inside the block.
    pub(crate) fn block(&mut self, block: &mut Block, place: &'static str) -> Result<bool, Error> {
        let mut filled = 0_usize;
        while let Some(room) = block.get_mut(filled..).filter(|room| !room.is_empty()) {
            let chunk = if filled == 0 { self.peek()? } else { self.expect(place)? };
            if chunk.is_empty() {
                return Ok(false);
            }
            let count = copy_prefix(chunk, room);
            filled = filled.saturating_add(count);
            self.take(count);
        }
        Ok(true)
    }

    /// Reads zeros to the end of the stream.
    pub(crate) fn drain_zeros(&mut self) -> Result<(), Error> {
        loop {
            let at = self.inner.position();
            let chunk = self.peek()?;
            if chunk.is_empty() {
                return Ok(());
            }
            if !is_zero(chunk) {
                let zeros = chunk.iter().take_while(|&&byte| byte == 0).count() as u64;
                return Err(Error::new(Fault::refused(Code::TarTrailingData, "data follows the end marker"))
                    .at(at.saturating_add(zeros)));
            }
            let count = chunk.len();
            self.take(count);
        }
    }
}
