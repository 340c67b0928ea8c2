//! Positioned reads through `&self`: [`ReadAt`], the seam between this crate and files, memory and object storage.

use std::fs::File;
use std::io;
use std::sync::Arc;

/// Something that can be read at any offset, by several threads at once.
///
/// Implemented for files, byte slices and vectors, and for references, boxes and `Arc`s of implementors.
///
/// ```
/// use appsnap::gzip::ReadAt;
///
/// let mut buffer = [0; 3];
/// b"snapshot".read_exact_at(&mut buffer, 4)?;
/// assert_eq!(&buffer, b"sho");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait ReadAt {
    /// Reads into `buffer` from `offset_bytes`, returns how many bytes came; 0 only at the end or for an empty buffer.
    ///
    /// # Errors
    /// Whatever the source says; [`io::ErrorKind::Interrupted`] is tried again by the callers in this crate.
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize>;

    /// Fills `buffer` from `offset_bytes`.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the source ends first, else what [`read_at`](Self::read_at) says.
    fn read_exact_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<()> {
        let mut rest = buffer;
        let mut at = offset_bytes;
        while !rest.is_empty() {
            match self.read_at(rest, at) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    let taken = rest;
                    rest = taken.get_mut(count..).ok_or(io::ErrorKind::InvalidData)?;
                    at = at.saturating_add(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl ReadAt for [u8] {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset_bytes).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

impl<const N: usize> ReadAt for [u8; N] {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.as_slice().read_at(buffer, offset_bytes)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.as_slice().read_at(buffer, offset_bytes)
    }
}

#[cfg(unix)]
impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset_bytes)
    }
}

#[cfg(windows)]
impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buffer, offset_bytes)
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T: ReadAt + ?Sized> ReadAt for $pointer {
            fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
                (**self).read_at(buffer, offset_bytes)
            }

            fn read_exact_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<()> {
                (**self).read_exact_at(buffer, offset_bytes)
            }
        }
    )*};
}
forward!(&T, Box<T>, Arc<T>);
