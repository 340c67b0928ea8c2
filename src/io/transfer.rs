//! Copies and reads with exact byte counts.

use std::io::{self, Read};

use super::read_at::ReadAt;

/// Returns `len`, but not more than `bound_bytes`.
pub(crate) fn at_most(len: usize, bound_bytes: u64) -> usize {
    usize::try_from(bound_bytes).map_or(len, |bound| bound.min(len))
}

/// Returns the first `bound_bytes` of `bytes`, or all of them if there are not so many.
pub(crate) fn prefix(bytes: &[u8], bound_bytes: u64) -> &[u8] {
    bytes.split_at(at_most(bytes.len(), bound_bytes)).0
}

/// Returns the first `bound_bytes` of `bytes`, or all of them if there are not so many.
pub(crate) fn prefix_mut(bytes: &mut [u8], bound_bytes: u64) -> &mut [u8] {
    let len = at_most(bytes.len(), bound_bytes);
    bytes.split_at_mut(len).0
}

/// Copies as much of `from` as fits to the start of `to`; returns the number of bytes copied.
#[inline]
pub(crate) fn copy_prefix(mut from: &[u8], to: &mut [u8]) -> usize {
    // Reading from memory never fails.
    from.read(to).unwrap_or(0)
}

/// Appends `count` zeros to `buffer` and returns them, to be overwritten.
pub(crate) fn grow(buffer: &mut Vec<u8>, count: usize) -> &mut [u8] {
    let before = buffer.len();
    buffer.resize(before.saturating_add(count), 0);
    buffer.split_at_mut(before).1
}

/// Reads until `buffer` is full or the reader ends; returns the number of bytes read.
pub(crate) fn read_full(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    fill(buffer, |rest, _| reader.read(rest))
}

/// Reads from `offset_bytes` until `buffer` is full or the source ends; returns the number of bytes read.
pub(crate) fn read_full_at(source: &(impl ReadAt + ?Sized), buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
    fill(buffer, |rest, done| source.read_at(rest, offset_bytes.saturating_add(done as u64)))
}

fn fill(buffer: &mut [u8], mut read: impl FnMut(&mut [u8], usize) -> io::Result<usize>) -> io::Result<usize> {
    let mut filled = 0_usize;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(rest, filled) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Replaces what is in `buffer` by `len_bytes` bytes of `source`.
///
/// Memory grows only as bytes arrive, so a length that is not to be trusted costs no more than the source holds.
///
/// # Errors
/// Returns an error, and where it happened, if the source fails or ends first.
pub(crate) fn read_range(
    source: &(impl ReadAt + ?Sized),
    offset_bytes: u64,
    len_bytes: u64,
    buffer: &mut Vec<u8>,
) -> Result<(), (io::Error, u64)> {
    /// Read at once: as much as is ever wanted of an honest archive, so that it is one request where requests are dear.
    const STEP_BYTES: usize = 8 << 20;
    buffer.clear();
    let mut done = 0_u64;
    while done < len_bytes {
        let count = at_most(STEP_BYTES, len_bytes.saturating_sub(done));
        let at = offset_bytes.saturating_add(done);
        source.read_exact_at(grow(buffer, count), at).map_err(|error| (error, at))?;
        done = done.saturating_add(count as u64);
    }
    Ok(())
}

/// A `Read` over a [`ReadAt`], from its start.
#[derive(Debug)]
pub(crate) struct Cursor<'a, R: ?Sized> {
    source: &'a R,
    offset_bytes: u64,
}

impl<'a, R: ReadAt + ?Sized> Cursor<'a, R> {
    pub(crate) const fn new(source: &'a R) -> Self {
        Self { source, offset_bytes: 0 }
    }
}

impl<R: ReadAt + ?Sized> Read for Cursor<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(buffer, self.offset_bytes)?;
        self.offset_bytes = self.offset_bytes.saturating_add(count as u64);
        Ok(count)
    }
}
