//! Positioned reads through `&self`: [`ReadAt`], implemented by files, memory and object storage.

use std::io::{self, Read};
use std::sync::Arc;

/// A source of known length that can be read at any offset, by several threads at once.
///
/// Implemented for files, byte slices and vectors, and for references, boxes and `Arc`s of implementors.
///
/// ```
/// use appsnap::io::ReadAt;
///
/// let mut buffer = [0; 3];
/// b"snapshot".read_exact_at(&mut buffer, 4)?;
/// assert_eq!(&buffer, b"sho");
/// assert_eq!(b"snapshot".len_bytes()?, 8);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait ReadAt {
    /// Reads into `buffer` from `offset_bytes` and returns the number of bytes read: 0 only at the end of the source or
    /// for an empty buffer.
    ///
    /// # Errors
    /// Returns an error if the source fails. This crate retries after [`io::ErrorKind::Interrupted`].
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize>;

    /// Returns the length of the source, in bytes.
    ///
    /// # Errors
    /// Returns an error if the length cannot be determined.
    fn len_bytes(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset_bytes`.
    ///
    /// # Errors
    /// Returns [`io::ErrorKind::UnexpectedEof`] if the source ends before the buffer is full, and the errors of
    /// [`read_at`](Self::read_at).
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
        match usize::try_from(offset_bytes).ok().and_then(|at| self.get(at..)) {
            Some(mut rest) => rest.read(buffer),
            None => Ok(0),
        }
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

impl<const N: usize> ReadAt for [u8; N] {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.as_slice().read_at(buffer, offset_bytes)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(N as u64)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.as_slice().read_at(buffer, offset_bytes)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

impl ReadAt for std::fs::File {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(self, buffer, offset_bytes);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(self, buffer, offset_bytes);
        // WebAssembly has no positioned reads in stable Rust, and no threads that could move the position in between.
        #[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
        return {
            use std::io::{Seek, SeekFrom};
            let mut file = self;
            let position = file.stream_position()?;
            file.seek(SeekFrom::Start(offset_bytes))?;
            let count = file.read(buffer);
            file.seek(SeekFrom::Start(position))?;
            count
        };
        #[cfg(not(any(unix, windows, all(target_family = "wasm", not(target_feature = "atomics")))))]
        return {
            let _ = (buffer, offset_bytes);
            Err(io::Error::new(io::ErrorKind::Unsupported, "files have no positioned reads on this target"))
        };
    }

    /// Returns the length of a regular file; other files have none that stays.
    fn len_bytes(&self) -> io::Result<u64> {
        let metadata = self.metadata()?;
        if metadata.is_file() {
            Ok(metadata.len())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file: its length is unknown"))
        }
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T: ReadAt + ?Sized> ReadAt for $pointer {
            fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
                (**self).read_at(buffer, offset_bytes)
            }

            fn len_bytes(&self) -> io::Result<u64> {
                (**self).len_bytes()
            }

            fn read_exact_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<()> {
                (**self).read_exact_at(buffer, offset_bytes)
            }
        }
    )*};
}
forward!(&T, Box<T>, Arc<T>);
