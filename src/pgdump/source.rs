//! A forward-only, buffered reader that knows its position, for the data area.

use std::io::{self, Read, Seek, SeekFrom};

use super::error::Error;
use super::parse_buffer::ParseBuffer;
use super::primitives::{Cursor, Dialect, Fault, MAX_ENCODED_INT_BYTES};
use super::window::window;

/// Large enough to make system calls rare, and small enough to stay in a processor's cache.
const BUFFER_BYTES: usize = 128 << 10;

/// A forward-only reader with one bounded buffer.
pub(super) struct Source<R> {
    inner: R,
    buffer: Vec<u8>,
    /// The unread part of the buffer: from `start` to `end`, which is at most the buffer's length.
    start: usize,
    end: usize,
    /// The position in the stream of the first unread byte.
    position: u64,
    ended: bool,
}

impl<R: Read> Source<R> {
    /// Continues where `buffer` stopped.
    pub(super) fn after(buffer: ParseBuffer<R>) -> Self {
        let (inner, buffer, position) = buffer.into_parts();
        let end = buffer.len();
        Self { inner, buffer, start: 0, end, position, ended: false }
    }

    /// Reads from the start of `inner`, or from where [`seek_to`](Self::seek_to) moves it.
    pub(super) const fn new(inner: R) -> Self {
        Self { inner, buffer: Vec::new(), start: 0, end: 0, position: 0, ended: false }
    }

    /// Continues at `position`, to which `seek` moves the inner reader.
    pub(super) fn seek_to(&mut self, position: u64, seek: impl FnOnce(&mut R)) {
        seek(&mut self.inner);
        (self.start, self.end) = (0, 0);
        self.position = position;
        self.ended = false;
    }

    /// Returns the position of the next byte.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Returns the unread bytes in the buffer, which is refilled if there are none. An empty slice means the end of the
    /// stream.
    pub(super) fn fill(&mut self) -> Result<&[u8], Error> {
        if self.start >= self.end && !self.ended {
            self.refill()?;
        }
        Ok(self.buffered())
    }

    /// Returns the unread bytes in the buffer.
    pub(super) fn buffered(&self) -> &[u8] {
        window(&self.buffer, self.start, self.end)
    }

    /// Skips `count` of the unread bytes in the buffer.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end.saturating_sub(self.start));
        self.start = self.start.saturating_add(count);
        self.position = self.position.saturating_add(count as u64);
    }

    /// Reads `count` of the unread bytes in the buffer.
    pub(super) fn take_buffered(&mut self, count: usize) -> &[u8] {
        let start = self.start;
        self.consume(count);
        window(&self.buffer, start, self.start)
    }

    #[cold]
    fn refill(&mut self) -> Result<(), Error> {
        if self.buffer.len() != BUFFER_BYTES {
            // At the start this is the buffer that the table of contents was parsed from.
            self.buffer = vec![0; BUFFER_BYTES];
        }
        (self.start, self.end) = (0, 0);
        loop {
            match self.inner.read(&mut self.buffer) {
                Ok(count) => {
                    self.end = count.min(BUFFER_BYTES);
                    self.ended = count == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("reading the dump", error).at(self.position)),
            }
        }
    }

    /// Reads one byte, which is part of `what`.
    pub(super) fn byte(&mut self, what: &'static str) -> Result<u8, Error> {
        let byte = self.fill()?.first().copied();
        self.consume(1);
        byte.ok_or_else(|| Error::truncated(what).at(self.position))
    }

    /// Reads one integer, which is part of `what`.
    pub(super) fn int(&mut self, dialect: &Dialect, what: &'static str) -> Result<i32, Error> {
        let encoded_bytes = dialect.encoded_int_bytes();
        let mut cursor = Cursor::new(self.buffered());
        match cursor.int(dialect) {
            Ok(value) => {
                self.consume(encoded_bytes);
                return Ok(value);
            }
            Err(Fault::Because(reason)) => return Err(Error::from(reason).at(self.position)),
            Err(Fault::Incomplete) => {}
        }
        // The integer continues in the next filling of the buffer.
        let position = self.position;
        let mut gathered = [0; MAX_ENCODED_INT_BYTES];
        for byte in gathered.iter_mut().take(encoded_bytes) {
            *byte = self.byte(what)?;
        }
        match Cursor::new(&gathered).int(dialect) {
            Ok(value) => Ok(value),
            Err(Fault::Because(reason)) => Err(Error::from(reason).at(position)),
            Err(Fault::Incomplete) => Err(Error::truncated(what).at(position)),
        }
    }
}

impl<R: Read + Seek> Source<R> {
    /// Continues at `position`.
    pub(super) fn jump_to(&mut self, position: u64) -> Result<(), Error> {
        // The dump need not start where the inner reader does.
        let read_bytes = self.position.saturating_add(self.end.saturating_sub(self.start) as u64);
        let distance = i64::try_from(i128::from(position).saturating_sub(i128::from(read_bytes)));
        let moved =
            distance.map_err(io::Error::other).and_then(|distance| self.inner.seek(SeekFrom::Current(distance)));
        moved.map_err(|error| Error::io("seeking in the dump", error).at(position))?;
        (self.start, self.end) = (0, 0);
        self.position = position;
        self.ended = false;
        Ok(())
    }
}
