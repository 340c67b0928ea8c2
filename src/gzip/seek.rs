//! Inflates one chunk, or the first part of it, from its compressed bytes alone.

use flate2::{Decompress, FlushDecompress, Status};

use super::chunk::CHUNK_BYTES;
use super::error::{Error, ErrorKind, Result};
use super::writer::ChunkRow;

/// The inflater of one thread, with room for a chunk.
#[derive(Debug)]
pub(crate) struct Unpacker {
    inflate: Decompress,
    /// One byte more than a chunk may hold, so that a longer one is noticed.
    plain: Box<[u8]>,
}

impl Unpacker {
    pub(crate) fn new() -> Self {
        Self { inflate: Decompress::new(false), plain: vec![0; CHUNK_BYTES + 1].into_boxed_slice() }
    }

    /// The first `wanted_bytes` plain bytes of a chunk, unverified: for who checks what it takes out of them.
    pub(crate) fn prefix(&mut self, packed: &[u8], wanted_bytes: usize) -> Result<&[u8]> {
        let wanted = wanted_bytes.min(CHUNK_BYTES);
        let (made, _) = self.inflate(packed, wanted)?;
        if made < wanted {
            return Err(Error::new(ErrorKind::Deflate));
        }
        Ok(self.plain.get(..wanted).unwrap_or_default())
    }

    /// All plain bytes of a chunk, its length and CRC32 verified, and that it uses all of `packed` without ending the
    /// deflate stream.
    pub(crate) fn chunk(&mut self, packed: &[u8], row: &ChunkRow) -> Result<&[u8]> {
        let (made, used) = self.inflate(packed, self.plain.len())?;
        let plain = self.plain.get(..made).unwrap_or_default();
        if used != packed.len() || made as u64 != u64::from(row.plain_len_bytes) {
            return Err(Error::new(ErrorKind::Deflate));
        }
        let actual = crc32fast::hash(plain);
        if actual != row.crc32 {
            return Err(Error::new(ErrorKind::Crc { declared: row.crc32, actual }));
        }
        Ok(plain)
    }

    /// Inflates until `packed` is used up or `room` bytes are made; says how many were made, and used.
    fn inflate(&mut self, packed: &[u8], room: usize) -> Result<(usize, usize)> {
        self.inflate.reset(false);
        let (mut made, mut used) = (0, 0);
        loop {
            let input = packed.get(used..).unwrap_or_default();
            let output = self.plain.get_mut(made..room).unwrap_or_default();
            let status = self
                .inflate
                .decompress(input, output, FlushDecompress::Sync)
                .map_err(|_| Error::new(ErrorKind::Deflate))?;
            let (now_used, now_made) = (self.inflate.total_in() as usize, self.inflate.total_out() as usize);
            let moved = now_used > used || now_made > made;
            (used, made) = (now_used, now_made);
            match status {
                // A chunk never holds the final block: that stands behind all of them.
                Status::StreamEnd => return Err(Error::new(ErrorKind::Deflate)),
                _ if made >= room || !moved => return Ok((made, used)),
                _ => {}
            }
        }
    }
}
