//! Readers and writers that misbehave: few bytes at a time, interruptions, failures.

use std::io::{self, Read, Write};

/// Returns at most so many bytes at a time.
pub struct Portions<R> {
    inner: R,
    most: usize,
}

impl<R> Portions<R> {
    pub fn new(inner: R, most: usize) -> Self {
        Self { inner, most }
    }

    /// One byte at a time.
    pub fn single(inner: R) -> Self {
        Self::new(inner, 1)
    }
}

impl<R: Read> Read for Portions<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.most);
        self.inner.read(&mut buffer[..count])
    }
}

/// Returns a few bytes at a time, a different number each time, and is interrupted now and then.
pub struct Stutter<R> {
    inner: R,
    most: u64,
    state: u64,
}

impl<R> Stutter<R> {
    /// Up to 700 bytes at a time. The seed determines how many, so that a failure can be repeated.
    pub fn new(inner: R, seed: u64) -> Self {
        Self { inner, most: 700, state: seed | 1 }
    }

    /// One byte at a time, with interruptions.
    pub fn single(inner: R) -> Self {
        Self { inner, most: 1, state: 1 }
    }
}

impl<R: Read> Read for Stutter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if self.state >> 60 == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = buffer.len().min(1 + ((self.state >> 50) % self.most) as usize);
        self.inner.read(&mut buffer[..count])
    }
}

/// Fails at its n-th call.
pub struct FailAt<T> {
    pub inner: T,
    pub calls_left: usize,
}

impl<T> FailAt<T> {
    fn call(&mut self) -> io::Result<()> {
        self.calls_left = self.calls_left.checked_sub(1).ok_or_else(|| io::Error::other("injected fault"))?;
        Ok(())
    }
}

impl<T: Read> Read for FailAt<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.call()?;
        self.inner.read(buffer)
    }
}

impl<T: Write> Write for FailAt<T> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.call()?;
        self.inner.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
