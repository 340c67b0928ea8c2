//! Bytes that are ready to be read, and how many of them have been: [`Unread`].

use std::io::{self, Read};

/// A buffer that is filled as a whole and read in parts.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    bytes: Vec<u8>,
    used: usize,
}

impl Unread {
    /// Returns the bytes that have not been read.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.split_at(self.used.min(self.bytes.len())).1
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.used >= self.bytes.len()
    }

    /// Marks `count` more bytes as read.
    pub(crate) fn consume(&mut self, count: usize) {
        self.used = self.used.saturating_add(count);
    }

    /// Drops all bytes, and returns the buffer to be filled.
    pub(crate) fn refill(&mut self) -> &mut Vec<u8> {
        self.used = 0;
        self.bytes.clear();
        &mut self.bytes
    }
}

impl Read for Unread {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.rest().read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
