//! The content of a stream in custom format, made from its file: [`Body`].

use super::contents::{StreamFile, Treatment};
use super::find::Wrapping;
use super::moved::{self, Moved};
use super::read_exact::read_exact;
use super::recompressed::Recompressed;
use super::stored_blocks::{self, StoredBlocks};
use super::sums::{STEP_BYTES, Sums};
use crate::io::{ReadAt, grow};
use crate::limits::Limits;
use crate::pgdump::error::{Error, ErrorKind};

// Files of empty streams may have no content at all: pg_dump writes it only with the first bytes of a stream.
const EMPTY_ZLIB: &[u8] = &[0x78, 0x9c, 3, 0, 0, 0, 0, 1];
const EMPTY_LZ4: &[u8] = &[0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0, 0, 0, 0, 0];
const EMPTY_ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 1, 0, 0];

/// The content of one stream.
pub(super) struct Body<F> {
    left_bytes: u64,
    source: Source<F>,
}

enum Source<F> {
    Empty(&'static [u8]),
    /// The content of the file from this position.
    Copied(F, u64),
    Moved(Box<Moved<F>>),
    Stored(Box<StoredBlocks<F>>),
    Recompressed(Box<Recompressed<F>>),
}

/// Returns the length of the content of a stream.
pub(super) const fn len_bytes(stream: &StreamFile) -> u64 {
    let file_bytes = stream.end.saturating_sub(stream.start);
    match stream.treatment {
        Treatment::Empty(wrapping) => empty(wrapping).len() as u64,
        Treatment::Copy => file_bytes,
        Treatment::Move => moved::len_bytes(file_bytes),
        Treatment::Store(wrapping) => stored_blocks::len_bytes(wrapping, file_bytes),
        Treatment::Recompress { len_bytes } => len_bytes,
    }
}

const fn empty(wrapping: Wrapping) -> &'static [u8] {
    match wrapping {
        Wrapping::None => &[],
        Wrapping::Gzip => EMPTY_ZLIB,
        Wrapping::Lz4 => EMPTY_LZ4,
        Wrapping::Zstd => EMPTY_ZSTD,
    }
}

impl<F: ReadAt> Body<F> {
    /// Starts with the open file of a stream, whose checksums may be known.
    pub(super) fn new(file: F, stream: &StreamFile, known: Option<Sums>, limits: &Limits) -> Result<Self, Error> {
        let range = (stream.start, stream.end);
        let source = match stream.treatment {
            Treatment::Empty(wrapping) => Source::Empty(empty(wrapping)),
            Treatment::Copy => Source::Copied(file, stream.start),
            Treatment::Move => Source::Moved(Box::new(Moved::new(file, range, known, limits)?)),
            Treatment::Store(wrapping) => Source::Stored(Box::new(StoredBlocks::new(file, range, wrapping))),
            Treatment::Recompress { .. } => {
                Source::Recompressed(Box::new(Recompressed::new(file, stream.end, stream.wrapping, limits)?))
            }
        };
        Ok(Self { left_bytes: len_bytes(stream), source })
    }

    /// Returns the number of bytes that are left.
    pub(super) const fn left_bytes(&self) -> u64 {
        self.left_bytes
    }

    /// Appends the next `count` bytes to `out`; the caller asks for no more than there are.
    ///
    /// Returns the checksums of the file when they have been computed.
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<u8>) -> Result<Option<Sums>, Error> {
        let mut left = count;
        let mut sums = None;
        while left > 0 {
            let before = out.len();
            match &mut self.source {
                Source::Empty(bytes) => {
                    let (now, later) = bytes.split_at(left.min(bytes.len()));
                    out.extend_from_slice(now);
                    *bytes = later;
                }
                Source::Copied(file, at) => {
                    let part = left.min(STEP_BYTES);
                    read_exact(file, grow(out, part), *at)?;
                    *at = at.saturating_add(part as u64);
                }
                Source::Moved(moved) => sums = moved.read(left, out)?.or(sums),
                Source::Stored(blocks) => blocks.read(left, out)?,
                Source::Recompressed(stream) => stream.read(left, out)?,
            }
            let made = out.len().saturating_sub(before);
            if made == 0 {
                // Only a file that has changed has fewer bytes than at first.
                return Err(Error::new(ErrorKind::Changed));
            }
            left = left.saturating_sub(made);
        }
        self.left_bytes = self.left_bytes.saturating_sub(count as u64);
        if self.left_bytes == 0
            && let Source::Recompressed(stream) = &mut self.source
        {
            stream.expect_end()?;
        }
        Ok(sums)
    }
}
