//! A buffered source that knows its position: [`CountedSource`].

use std::io::{self, BufRead, BufReader, Read};

/// A forward-only source that counts the bytes taken from it.
#[derive(Debug)]
pub(crate) struct CountedSource<R> {
    inner: R,
    position: u64,
}

impl<R> CountedSource<R> {
    /// Creates a source at position 0.
    pub(crate) const fn new(inner: R) -> Self {
        Self { inner, position: 0 }
    }

    /// Returns the position of the next byte.
    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    pub(crate) const fn get_ref(&self) -> &R {
        &self.inner
    }

    pub(crate) const fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    pub(crate) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> CountedSource<BufReader<R>> {
    /// Creates a source with a buffer of its own.
    pub(crate) fn buffered(inner: R, buffer_bytes: usize) -> Self {
        Self::new(BufReader::with_capacity(buffer_bytes, inner))
    }
}

impl<R: BufRead> CountedSource<R> {
    /// Returns the buffered bytes after reading more if there are none; empty only at the end of the source.
    ///
    /// # Errors
    /// Returns the error of the source, except that it retries after an interruption.
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.inner.fill_buf() {
                Ok([]) => return Ok(&[]),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // Returns the same bytes again: returning them from within the loop is more than the borrow checker follows.
        self.inner.fill_buf()
    }

    /// Takes `count` of the bytes that [`fill`](Self::fill) returned.
    pub(crate) fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.position = self.position.saturating_add(count as u64);
    }
}
