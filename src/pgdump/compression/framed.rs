//! Decoders of frames that consist of blocks: [`Framed`], for the only frame of a stream, [`Frames`], for all frames of a
//! file, and the buffer of decoded blocks below them: [`Decoded`].
#![cfg(any(feature = "lz4", feature = "zstd"))]

use std::io::{self, BufRead, Read};

use super::stored::Stored;
use crate::io::{copy_prefix, read_full};
use crate::limits::LimitExceeded;
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::error::Error;
use crate::pgdump::window::window;

/// A format of frames, and the state of the frame that is read.
pub(in crate::pgdump) trait Format {
    const NAME: &'static str;
    /// The bytes that begin a frame.
    const MAGIC: [u8; 4];

    /// Prepares for the next frame.
    fn reset(&mut self);

    /// Reads the rest of the header, or one block, or the end of the frame. Returns `true` if the frame has ended and is
    /// verified.
    fn advance(&mut self, source: &mut dyn BufRead, decoded: &mut Decoded) -> Result<bool, Failure>;
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
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the magic number.
    Before,
    Within,
    Ended,
}

impl<F: Format> Framed<F> {
    pub(super) const fn new(format: F) -> Self {
        Self { format, decoded: Decoded { bytes: Vec::new(), start: 0, end: 0 }, state: State::Before }
    }

    pub(super) fn reset(&mut self) {
        self.format.reset();
        self.state = State::Before;
        (self.decoded.start, self.decoded.end) = (0, 0);
    }

    pub(super) fn read<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        self.fill(reader)?;
        Ok(self.take(out))
    }

    /// Moves decoded bytes to `out`.
    fn take(&mut self, out: &mut [u8]) -> usize {
        let count = copy_prefix(self.decoded.unread(), out);
        self.decoded.start = self.decoded.start.saturating_add(count);
        count
    }

    /// Decodes the next block. Returns nothing at the verified end.
    pub(super) fn next<R: Read>(&mut self, reader: &mut BlockReader<R>) -> Result<&[u8], Error> {
        self.fill(reader)?;
        let start = std::mem::replace(&mut self.decoded.start, self.decoded.end);
        Ok(window(&self.decoded.bytes, start, self.decoded.end))
    }

    /// Decodes until there is something to return, or the end has been reached.
    fn fill<R: Read>(&mut self, reader: &mut BlockReader<R>) -> Result<(), Error> {
        while self.decoded.unread().is_empty() && self.state != State::Ended {
            let mut source = Stored::new(reader);
            match self.advance(&mut source) {
                Ok(()) if self.state == State::Ended => reader.expect_stream_end(F::NAME)?,
                Ok(()) => {}
                Err(Failure::Io(error)) => return Err(source.explain(F::NAME, error)),
                Err(Failure::Limit(exceeded)) => return Err(exceeded.into()),
            }
        }
        Ok(())
    }

    fn advance(&mut self, source: &mut dyn BufRead) -> Result<(), Failure> {
        match self.state {
            State::Before => {
                if array(source)? != F::MAGIC {
                    return Err(bad("the magic number of a frame is missing").into());
                }
                self.state = State::Within;
            }
            State::Within if self.format.advance(source, &mut self.decoded)? => self.state = State::Ended,
            State::Within | State::Ended => {}
        }
        Ok(())
    }
}

/// The magic numbers of frames that are skipped, in both formats, without their lowest four bits.
const SKIPPABLE: u32 = 0x0184_d2a5;

/// The content of all frames of a file, whose last one must be complete.
pub(super) struct Frames<F, S> {
    framed: Framed<F>,
    source: S,
}

impl<F: Format, S: BufRead> Frames<F, S> {
    pub(super) const fn new(format: F, source: S) -> Self {
        Self { framed: Framed::new(format), source }
    }

    /// Starts the next frame. Returns `false` at the end of the file.
    fn start(&mut self) -> io::Result<bool> {
        loop {
            let mut magic = [0; 4];
            match read_full(&mut self.source, &mut magic)? {
                0 => return Ok(false),
                4 => {}
                _ => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
            if magic == F::MAGIC {
                self.framed.reset();
                self.framed.state = State::Within;
                return Ok(true);
            }
            if u32::from_le_bytes(magic) >> 4 != SKIPPABLE {
                return Err(bad("bytes that are no frame follow the last one"));
            }
            let length = u64::from(u32::from_le_bytes(array(&mut self.source)?));
            if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl<F: Format, S: BufRead> Read for Frames<F, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !out.is_empty() && self.framed.decoded.unread().is_empty() {
            if self.framed.state != State::Within && !self.start()? {
                return Ok(0);
            }
            match self.framed.advance(&mut self.source) {
                Ok(()) => {}
                Err(Failure::Io(error)) => return Err(error),
                Err(Failure::Limit(exceeded)) => return Err(Error::from(exceeded).into()),
            }
        }
        Ok(self.framed.take(out))
    }
}

/// Reads the next `N` bytes.
pub(super) fn array<const N: usize>(source: &mut dyn BufRead) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Returns the error for damage.
pub(super) fn bad(what: &'static str) -> io::Error {
    io::Error::other(what)
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
