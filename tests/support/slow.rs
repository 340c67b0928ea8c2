//! Readers that give less than they are asked for.

use std::io::{self, Read};

/// Gives one byte at a time, and says "interrupted" before every third.
pub struct Stutter<R> {
    inner: R,
    calls: u64,
}

impl<R> Stutter<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, calls: 0 }
    }
}

impl<R: Read> Read for Stutter<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = out.len().min(1);
        self.inner.read(&mut out[..len])
    }
}
