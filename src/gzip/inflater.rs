//! Decompresses one chunk, or the first part of it, from its compressed bytes alone: [`Inflater`].

use flate2::{Decompress, FlushDecompress, Status};

use super::chunk::{CHUNK_BYTES, part};
use super::error::{Error, ErrorKind, Result};
use super::table::ChunkRow;
use crate::io;

/// The decompressor of one thread, with room for a chunk.
#[derive(Debug)]
pub(crate) struct Inflater {
    inflate: Decompress,
    /// One byte more than a chunk may hold, so that a longer one is noticed.
    uncompressed: Box<[u8]>,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self { inflate: Decompress::new(false), uncompressed: vec![0; CHUNK_BYTES + 1].into_boxed_slice() }
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
        self.inflate.reset(false);
        let (mut used, mut made) = (0_usize, 0_usize);
        loop {
            let (Some(input), Some(output)) = (compressed.get(used..), self.uncompressed.get_mut(made..room)) else {
                return Err(Error::new(ErrorKind::Internal("the decompressor broke its contract")));
            };
            let step = io::inflate(&mut self.inflate, input, output, FlushDecompress::Sync);
            used = used.saturating_add(step.used);
            made = made.saturating_add(step.made);
            match step.status {
                // A chunk never holds the final block, which comes after all of them.
                Err(_) | Ok(Status::StreamEnd) => return Err(Error::new(ErrorKind::Deflate)),
                Ok(_) if made >= room || step.is_idle() => return Ok((used, made)),
                Ok(_) => {}
            }
        }
    }
}
