//! Sources that give the same bytes in other portions.

use std::io::{self, Read};

/// One byte a read.
pub struct OneByte<R>(pub R);

impl<R: Read> Read for OneByte<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(1);
        self.0.read(&mut buffer[..count])
    }
}

/// Another number of bytes at each read, with interruptions.
pub struct Stutter<R> {
    inner: R,
    state: u64,
}

impl<R> Stutter<R> {
    /// The portions follow from the input, so that a finding can be reproduced.
    pub fn new(inner: R, seed: &[u8]) -> Self {
        Self { inner, state: u64::from(crc32fast::hash(seed)) | 1 }
    }
}

impl<R: Read> Read for Stutter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if self.state >> 60 == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = buffer.len().min(1 + (self.state >> 50) as usize % 700);
        self.inner.read(&mut buffer[..count])
    }
}
