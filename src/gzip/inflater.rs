//! Decompresses one chunk, or the first part of it, from its compressed bytes alone: [`Inflater`].

use super::chunk::{CHUNK_BYTES, part};
use super::error::{Error, ErrorKind, Result};
use super::table::ChunkRow;
use crate::io::inflate::{Inflate, Need};

/// The decompressor of one thread, with room for a chunk.
#[derive(Debug)]
pub(crate) struct Inflater {
    inflate: Inflate,
    /// One byte more than a chunk may hold, so that a longer one is noticed.
    uncompressed: Box<[u8]>,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self { inflate: Inflate::new(), uncompressed: vec![0; CHUNK_BYTES + 1].into_boxed_slice() }
    }

    /// Returns the first `wanted_bytes` bytes of a chunk, unverified: for callers that verify what they take out of them.
    pub(crate) fn prefix(&mut self, compressed: &[u8], wanted_bytes: usize) -> Result<&[u8]> {
        let wanted = wanted_bytes.min(CHUNK_BYTES);
        let (_, made) = self.inflate(compressed, wanted)?;
        if made < wanted {
            return Err(Error::new(ErrorKind::Deflate));
        }
        part(&self.uncompressed, 0, wanted)
    }

    /// Returns all bytes of a chunk after verifying its length and CRC32, and that it uses all of `compressed` without
    /// ending the deflate stream.
    pub(crate) fn chunk(&mut self, compressed: &[u8], row: &ChunkRow) -> Result<&[u8]> {
        let (used, made) = self.inflate(compressed, self.uncompressed.len())?;
        let uncompressed = part(&self.uncompressed, 0, made)?;
        if used != compressed.len() || made as u64 != u64::from(row.uncompressed_len_bytes) {
            return Err(Error::new(ErrorKind::Deflate));
        }
        let actual = crc32fast::hash(uncompressed);
        if actual != row.crc32 {
            return Err(Error::new(ErrorKind::Crc { declared: row.crc32, actual }));
        }
        Ok(uncompressed)
    }

    /// Decompresses until `compressed` is used up or `room` bytes are made; returns the numbers of bytes used and made.
    fn inflate(&mut self, compressed: &[u8], room: usize) -> Result<(usize, usize)> {
        self.inflate.reset();
        let Some(output) = self.uncompressed.get_mut(..room) else {
            return Err(Error::new(ErrorKind::Internal("a chunk has more room than its buffer")));
        };
        let step = self.inflate.decode(compressed, output, 0);
        match step.need {
            // A chunk never holds the final block, which comes after all of them.
            Err(_) | Ok(Need::Nothing) => Err(Error::new(ErrorKind::Deflate)),
            Ok(Need::Input | Need::Room) => Ok((step.used, step.made)),
        }
    }
}
