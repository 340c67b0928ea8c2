//! A part of a file: [`Section`].

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::io::{ReadAt, at_most};

/// A part of a file, as if it were a file.
#[derive(Clone, Debug)]
pub(super) struct Section {
    file: Arc<File>,
    start: u64,
    len_bytes: u64,
    position: u64,
}

impl Section {
    /// Returns all of a file.
    pub(super) fn whole(file: File) -> io::Result<Self> {
        let len_bytes = ReadAt::len_bytes(&file)?;
        Ok(Self { file: Arc::new(file), start: 0, len_bytes, position: 0 })
    }

    /// Returns `len_bytes` bytes from `start`, or `None` if there are not so many.
    pub(super) fn part(&self, start: u64, len_bytes: u64) -> Option<Self> {
        start.checked_add(len_bytes).filter(|end| *end <= self.len_bytes)?;
        Some(Self { file: Arc::clone(&self.file), start: self.start.checked_add(start)?, len_bytes, position: 0 })
    }
}

impl ReadAt for Section {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let count = at_most(buffer.len(), self.len_bytes.saturating_sub(offset_bytes));
        let (wanted, _) = buffer.split_at_mut(count);
        self.file.read_at(wanted, self.start.saturating_add(offset_bytes))
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.len_bytes)
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = ReadAt::read_at(self, buffer, self.position)?;
        self.position = self.position.saturating_add(count as u64);
        Ok(count)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.len_bytes.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
