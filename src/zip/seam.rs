//! Lets the zip library read from this crate's positioned sources.

use std::io;

use crate::io::ReadAt;

/// A [`ReadAt`] in the shape that the zip library asks for.
#[derive(Clone, Debug)]
pub(super) struct Seam<R>(pub(super) R);

impl<R: ReadAt> rawzip::ReaderAt for Seam<R> {
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
