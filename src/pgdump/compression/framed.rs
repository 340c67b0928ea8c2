//! Decoders of frames that consist of blocks: [`Framed`], and the buffer of decoded blocks below them: [`Decoded`].
#![cfg(any(feature = "lz4", feature = "zstd"))]

use std::io::{self, Read};

use super::stored::Stored;
use crate::io::copy_prefix;
use crate::limits::LimitExceeded;
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::error::Error;
use crate::pgdump::window::window;

/// A format of frames, and the state of the frame that is read.
pub(in crate::pgdump) trait Format {
    const NAME: &'static str;

    /// Prepares for the next frame.
    fn reset(&mut self);

    /// Reads the header, or one block, or the end of the frame. Returns `true` if the frame has ended and is verified.
    fn advance<R: Read>(&mut self, source: &mut Stored<'_, R>, decoded: &mut Decoded) -> Result<bool, Failure>;
}

/// The reason why a frame cannot be decoded.
pub(in crate::pgdump) enum Failure {
    Io(io::Error),
    #[cfg_attr(not(feature = "zstd"), expect(dead_code, reason = "the blocks of LZ4 are short"))]
    Limit(LimitExceeded),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Decodes one frame at a time.
pub(in crate::pgdump) struct Framed<F> {
    format: F,
    decoded: Decoded,
    ended: bool,
}

impl<F: Format> Framed<F> {
    pub(super) const fn new(format: F) -> Self {
        Self { format, decoded: Decoded { bytes: Vec::new(), start: 0, end: 0 }, ended: false }
    }

    pub(super) fn reset(&mut self) {
        self.format.reset();
        self.ended = false;
        (self.decoded.start, self.decoded.end) = (0, 0);
    }

    pub(super) fn read<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        self.fill(reader)?;
        let count = copy_prefix(self.decoded.unread(), out);
        self.decoded.start = self.decoded.start.saturating_add(count);
        Ok(count)
    }

    /// Decodes the next block. Returns nothing at the verified end.
    pub(super) fn next<R: Read>(&mut self, reader: &mut BlockReader<R>) -> Result<&[u8], Error> {
        self.fill(reader)?;
        let start = std::mem::replace(&mut self.decoded.start, self.decoded.end);
        Ok(window(&self.decoded.bytes, start, self.decoded.end))
    }

    /// Decodes until there is something to return, or the end has been reached.
    fn fill<R: Read>(&mut self, reader: &mut BlockReader<R>) -> Result<(), Error> {
        while self.decoded.unread().is_empty() && !self.ended {
            let mut source = Stored::new(reader);
            match self.format.advance(&mut source, &mut self.decoded) {
                Ok(false) => {}
                Ok(true) => {
                    self.ended = true;
                    reader.expect_stream_end(F::NAME)?;
                }
                Err(Failure::Io(error)) => return Err(source.explain(F::NAME, error)),
                Err(Failure::Limit(exceeded)) => return Err(exceeded.into()),
            }
        }
        Ok(())
    }
}

/// Consecutive decoded blocks, so that blocks can refer to earlier ones, and room after them.
pub(in crate::pgdump) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// The part that has not been returned: from `start` to `end`, which is at most the length.
    start: usize,
    pub(super) end: usize,
}

impl Decoded {
    /// Makes room for `block_bytes` in a buffer of at most `most_bytes`, which grows as it is used. If there is none,
    /// moves the last `history_bytes` to the start. Everything before has been returned.
    pub(super) fn make_room(&mut self, history_bytes: usize, block_bytes: usize, most_bytes: usize) {
        if self.end.saturating_add(block_bytes) > most_bytes {
            let history = self.end.saturating_sub(history_bytes);
            self.bytes.copy_within(history..self.end, 0);
            self.end = self.end.saturating_sub(history);
        }
        let wanted = self.end.saturating_add(block_bytes);
        if self.bytes.len() < wanted {
            let len = self.bytes.len().saturating_mul(2).min(most_bytes).max(wanted);
            // Growing alone would reserve twice as much as there was.
            self.bytes.reserve_exact(len.saturating_sub(self.bytes.len()));
            self.bytes.resize(len, 0);
        }
    }

    /// Adds the block up to `end`, and returns it.
    pub(super) fn add_until(&mut self, end: usize) -> &[u8] {
        self.start = std::mem::replace(&mut self.end, end);
        self.unread()
    }

    fn unread(&self) -> &[u8] {
        window(&self.bytes, self.start, self.end)
    }
}
