//! A forward-only, buffered reader that knows its position: what the data area is read through.

use std::io::{self, Read};

use super::cursor::{Cursor, Dialect, Fault, MAX_ENCODED_INT_BYTES};
use super::error::Error;
use super::head::Head;

/// Large enough that system calls do not count, small enough to stay in a processor's cache.
const BUFFER_BYTES: usize = 128 << 10;

/// A forward-only reader with one bounded buffer.
pub(crate) struct Source<R> {
    inner: R,
    buffer: Vec<u8>,
    /// What is at hand lies from here
    start: usize,
    /// to here in the buffer.
    end: usize,
    /// Position of the first byte at hand in the stream.
    position: u64,
    ended: bool,
}

impl<R: Read> Source<R> {
    /// Goes on where `head` has stopped.
    pub(crate) fn after(head: Head<R>) -> Self {
        let (inner, buffer, position) = head.into_parts();
        let end = buffer.len();
        Self { inner, buffer, start: 0, end, position, ended: false }
    }

    /// Position of the next byte.
    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    /// What is at hand; nothing only at the end of the stream.
    pub(crate) fn fill(&mut self) -> Result<&[u8], Error> {
        if self.start >= self.end && !self.ended {
            self.refill()?;
        }
        Ok(self.at_hand())
    }

    pub(crate) fn at_hand(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Moves on by `count` bytes of what is at hand.
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.end.saturating_sub(self.start));
        self.start = self.start.saturating_add(count);
        self.position = self.position.saturating_add(count as u64);
    }

    /// `count` bytes of what is at hand, moving on behind them.
    pub(crate) fn take_at_hand(&mut self, count: usize) -> &[u8] {
        let start = self.start;
        self.consume(count);
        self.buffer.get(start..self.start).unwrap_or_default()
    }

    #[cold]
    fn refill(&mut self) -> Result<(), Error> {
        if self.buffer.len() != BUFFER_BYTES {
            // The first time it is what was read with the table of contents.
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

    /// One byte; `what` is being read.
    pub(crate) fn byte(&mut self, what: &'static str) -> Result<u8, Error> {
        let byte = self.fill()?.first().copied();
        self.consume(1);
        byte.ok_or_else(|| Error::truncated(what).at(self.position))
    }

    /// One integer; `what` is being read.
    pub(crate) fn int(&mut self, dialect: &Dialect, what: &'static str) -> Result<i32, Error> {
        let wanted = dialect.encoded_int_bytes();
        let mut cursor = Cursor::new(self.at_hand());
        match cursor.int(dialect) {
            Ok(value) => {
                self.consume(wanted);
                return Ok(value);
            }
            Err(Fault::Because(kind)) => return Err(Error::new(kind).at(self.position)),
            Err(Fault::Incomplete) => {}
        }
        // It straddles two fillings of the buffer.
        let position = self.position;
        let mut gathered = [0; MAX_ENCODED_INT_BYTES];
        for to in gathered.iter_mut().take(wanted) {
            *to = self.byte(what)?;
        }
        match Cursor::new(&gathered).int(dialect) {
            Ok(value) => Ok(value),
            Err(Fault::Because(kind)) => Err(Error::new(kind).at(position)),
            Err(Fault::Incomplete) => Err(Error::truncated(what).at(position)),
        }
    }
}
