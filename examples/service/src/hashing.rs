//! A writer that hashes what it writes.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// Hashes all bytes on their way to `sink`.
pub struct Hashing<W> {
    sink: W,
    hash: Sha256,
}

impl<W> Hashing<W> {
    pub fn new(sink: W) -> Self {
        Self { sink, hash: Sha256::new() }
    }

    /// Returns the sink, and the hash of all bytes that were written.
    pub fn finish(self) -> (W, Sha256) {
        (self.sink, self.hash)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
