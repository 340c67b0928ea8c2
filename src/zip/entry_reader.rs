//! Reading the contents of one entry: [`EntryReader`] decompresses them and verifies length and checksum.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use crc32fast::Hasher;
use rawzip::RangeReader;

use super::entry::{LocatedEntry, Method};
use super::error::{Error, ErrorKind};
use super::rawzip_reader::RawzipReader;
use crate::io::inflate::{InflateWindow, Need};
use crate::io::{ReadAt, copy_prefix, prefix_mut};

/// The number of compressed bytes read at a time.
const BUFFER_BYTES: usize = 32 << 10;

/// A reader for the contents of one entry.
///
/// The last bytes are returned only after the length and the CRC-32 were verified: a caller that has received the declared
/// number of bytes has the right contents, even if it never reads to the end.
///
/// An [`Error`] travels inside an [`io::Error`]; [`io::Error::downcast`] recovers it. After an error, every further read
/// returns it again.
pub struct EntryReader<'a, R> {
    stream: Stream<'a, R>,
    entry: LocatedEntry,
    hasher: Hasher,
    read_bytes: u64,
    failure: Option<Error>,
}

type Compressed<'a, R> = BufReader<RangeReader<&'a RawzipReader<R>>>;

enum Stream<'a, R> {
    Stored(Compressed<'a, R>),
    Deflate(Box<Deflated<'a, R>>),
}

impl<'a, R: ReadAt> EntryReader<'a, R> {
    pub(super) fn new(source: &'a RawzipReader<R>, entry: LocatedEntry) -> Self {
        let end = entry.offset_bytes.saturating_add(entry.compressed_bytes);
        let compressed = BufReader::with_capacity(BUFFER_BYTES, RangeReader::new(source, entry.offset_bytes..end));
        let stream = match entry.method {
            Method::Stored => Stream::Stored(compressed),
            Method::Deflate => Stream::Deflate(Box::new(Deflated::new(compressed))),
        };
        Self { stream, entry, hasher: Hasher::new(), read_bytes: 0, failure: None }
    }

    /// Returns the declared uncompressed length of the contents.
    #[must_use]
    pub const fn uncompressed_bytes(&self) -> u64 {
        self.entry.uncompressed_bytes
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let left_bytes = self.entry.uncompressed_bytes.saturating_sub(self.read_bytes);
        if left_bytes == 0 && self.read_bytes != 0 {
            return Ok(0);
        }
        let count = self.stream.read(buffer, left_bytes)?;
        if count == 0 && left_bytes != 0 {
            let (declared_bytes, actual_bytes) = (self.entry.uncompressed_bytes, self.read_bytes);
            return Err(ErrorKind::TooShort { declared_bytes, actual_bytes }.into());
        }
        let read = buffer.get(..count).ok_or(ErrorKind::Internal("a reader returned too large a count"))?;
        self.hasher.update(read);
        self.read_bytes = self.read_bytes.saturating_add(count as u64);
        if self.read_bytes == self.entry.uncompressed_bytes {
            self.verify()?;
        }
        Ok(count)
    }

    /// Verifies that nothing follows the declared contents and that the checksum is right.
    fn verify(&mut self) -> Result<(), Error> {
        if self.stream.read(&mut [0], 1)? != 0 {
            return Err(ErrorKind::TooLong { declared_bytes: self.entry.uncompressed_bytes }.into());
        }
        if self.stream.consumed_bytes().is_some_and(|bytes| bytes != self.entry.compressed_bytes) {
            return Err(ErrorKind::Disagreement("compressed length").into());
        }
        let (declared, actual) = (self.entry.crc32, self.hasher.clone().finalize());
        if actual == declared { Ok(()) } else { Err(ErrorKind::Checksum { declared, actual }.into()) }
    }
}

impl<R: ReadAt> Stream<'_, R> {
    /// Reads at most `max_bytes`.
    fn read(&mut self, buffer: &mut [u8], max_bytes: u64) -> Result<usize, Error> {
        match self {
            Self::Stored(reader) => reader.take(max_bytes).read(buffer).map_err(failed),
            Self::Deflate(reader) => reader.read(prefix_mut(buffer, max_bytes)),
        }
    }

    /// Returns the number of compressed bytes that the deflate stream has used.
    fn consumed_bytes(&self) -> Option<u64> {
        match self {
            Self::Stored(_) => None,
            Self::Deflate(reader) => Some(reader.used_bytes),
        }
    }
}

/// Compressed contents, and their decoder.
struct Deflated<'a, R> {
    compressed: Compressed<'a, R>,
    inflate: InflateWindow,
    used_bytes: u64,
    is_ended: bool,
}

impl<'a, R: ReadAt> Deflated<'a, R> {
    fn new(compressed: Compressed<'a, R>) -> Self {
        Self { compressed, inflate: InflateWindow::new(BUFFER_BYTES), used_bytes: 0, is_ended: false }
    }

    /// Returns 0 only at the end of the deflate stream, or if `buffer` is empty.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        while self.inflate.output().is_empty() && !self.is_ended && !buffer.is_empty() {
            let input = self.compressed.fill_buf().map_err(failed)?;
            let is_all = input.is_empty();
            let step = self.inflate.decode(input);
            self.compressed.consume(step.used);
            self.used_bytes = self.used_bytes.saturating_add(step.used as u64);
            match step.need {
                Ok(Need::Nothing) => self.is_ended = true,
                // What was decoded before the damage is returned first.
                Ok(Need::Input) if is_all && step.made == 0 => return Err(ErrorKind::Deflate.into()),
                Err(_) if step.made == 0 => return Err(ErrorKind::Deflate.into()),
                Ok(_) | Err(_) => {}
            }
        }
        let count = copy_prefix(self.inflate.output(), buffer);
        self.inflate.consume(count);
        Ok(count)
    }
}

fn failed(error: io::Error) -> Error {
    Error::io("reading a zip entry", error)
}

impl<R: ReadAt> Read for EntryReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = &self.failure {
            return Err(error.clone().into());
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        self.read_some(buffer).map_err(|error| {
            let error = error.at(self.entry.offset_bytes);
            self.failure = Some(error.clone());
            error.into()
        })
    }
}

impl<R> fmt::Debug for EntryReader<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryReader")
            .field("entry", &self.entry)
            .field("read_bytes", &self.read_bytes)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
