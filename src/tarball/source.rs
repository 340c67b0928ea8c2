//! The plain bytes below the reader: counted, and charged to the total limit, whatever they are read for.

use std::io::BufRead;

use super::error::{Damage, Error, Fault, Part};
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

    /// Bytes taken so far.
    pub(crate) const fn offset_bytes(&self) -> u64 {
        self.inner.position()
    }

    /// What the total limit still allows.
    pub(crate) const fn total(&self) -> &Budget {
        &self.total
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
    /// The next bytes, as many as lie ready and the limit allows; empty at the end of the stream.
    pub(crate) fn peek(&mut self) -> Result<&[u8], Error> {
        let at = self.inner.position();
        let chunk = self.inner.fill().map_err(|source| Error::io(source).at(at))?;
        if !chunk.is_empty() {
            self.total.check(1).map_err(|exceeded| Error::new(exceeded.into()).at(at))?;
        }
        Ok(prefix(chunk, self.total.left()))
    }

    /// As [`peek`](Self::peek), but the stream may not be at its end, for `part` is still missing.
    pub(crate) fn expect(&mut self, part: Part) -> Result<&[u8], Error> {
        let at = self.inner.position();
        match self.peek()? {
            [] => Err(Error::new(Fault::Damaged(Damage::Truncated(part))).at(at)),
            chunk => Ok(chunk),
        }
    }

    /// Takes `count` of the bytes that were shown.
    pub(crate) fn take(&mut self, count: usize) -> u64 {
        let count_bytes = count as u64;
        // What was shown lies within the limit, so this cannot be refused.
        let _ = self.total.spend(count_bytes);
        self.inner.consume(count);
        count_bytes
    }

    /// Passes over `len_bytes` of `part`.
    pub(crate) fn skip(&mut self, len_bytes: u64, part: Part) -> Result<(), Error> {
        let mut left = len_bytes;
        while left > 0 {
            let count = at_most(self.expect(part)?.len(), left);
            left = left.saturating_sub(self.take(count));
        }
        Ok(())
    }

    /// Appends `len_bytes` of `part` to `buffer`, which grows with what is there, not with what was announced.
    pub(crate) fn append(&mut self, len_bytes: u64, part: Part, buffer: &mut Vec<u8>) -> Result<(), Error> {
        let mut left = len_bytes;
        while left > 0 {
            let chunk = self.expect(part)?;
            let wanted = prefix(chunk, left);
            let count = wanted.len();
            buffer.extend_from_slice(wanted);
            left = left.saturating_sub(self.take(count));
        }
        Ok(())
    }

    /// Fills `block`, or says with `false` that the stream is at its end instead; it may not end within the block.
    pub(crate) fn block(&mut self, block: &mut Block, part: Part) -> Result<bool, Error> {
        let mut filled = 0_usize;
        while let Some(room) = block.get_mut(filled..).filter(|room| !room.is_empty()) {
            let chunk = if filled == 0 { self.peek()? } else { self.expect(part)? };
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
                return Err(Error::new(Fault::Damaged(Damage::TrailingData)).at(at.saturating_add(zeros)));
            }
            let count = chunk.len();
            self.take(count);
        }
    }
}
