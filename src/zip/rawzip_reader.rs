//! The adapter between this crate's positioned sources and the `rawzip` library: [`RawzipReader`].

use std::io;

use crate::io::ReadAt;

/// A [`ReadAt`] that `rawzip` can read from.
#[derive(Clone, Debug)]
pub(super) struct RawzipReader<R>(pub(super) R);

impl<R: ReadAt> rawzip::ReaderAt for RawzipReader<R> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.0.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }
}
