//! An uncompressed file in a dump with compressed data, as blocks that are not compressed: [`StoredBlocks`].
//!
//! Every compression has such blocks, and their length is known before the file is read.

use simd_adler32::Adler32;

use super::find::Wrapping;
use super::moved::{ADLER_BYTES, ZLIB_HEADER};
use super::read_exact::read_exact;
use crate::io::{ReadAt, Unread, at_most, grow, prefix};
use crate::pgdump::error::Error;

/// The header of a frame without checksums, with blocks of at most 64 KiB (LZ4 frame format 1.6.1), as pg_dump writes it.
const LZ4_HEADER: &[u8] = &[0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0];
const LZ4_END: &[u8] = &[0; 4];
/// The mark of an uncompressed block, in its length.
const LZ4_STORED: u32 = 1 << 31;
/// The header of a frame without checksum, with a window of 2 MiB (RFC 8878), as pg_dump writes it.
const ZSTD_HEADER: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];

/// The blocks of a file.
pub(super) struct StoredBlocks<F> {
    file: F,
    at: u64,
    end: u64,
    wrapping: Wrapping,
    adler: Adler32,
    ready: Unread,
    has_ended: bool,
}

/// Returns the length of the stream for an uncompressed file.
pub(super) const fn len_bytes(wrapping: Wrapping, file_bytes: u64) -> u64 {
    let (head, block_head, tail) = match wrapping {
        Wrapping::None => return file_bytes,
        Wrapping::Gzip => (ZLIB_HEADER.len() as u64, 5, ADLER_BYTES),
        Wrapping::Lz4 => (LZ4_HEADER.len() as u64, 4, LZ4_END.len() as u64),
        Wrapping::Zstd => (ZSTD_HEADER.len() as u64, 3, 0),
    };
    let blocks_count = file_bytes.div_ceil(max_block_bytes(wrapping) as u64);
    file_bytes.saturating_add(blocks_count.saturating_mul(block_head)).saturating_add(head).saturating_add(tail)
}

const fn max_block_bytes(wrapping: Wrapping) -> usize {
    match wrapping {
        Wrapping::None | Wrapping::Lz4 => 64 << 10,
        // The length has 16 bits (RFC 1951, section 3.2.4).
        Wrapping::Gzip => 0xffff,
        // The greatest size of a block (RFC 8878, section 3.1.1.2.4).
        Wrapping::Zstd => 128 << 10,
    }
}

impl<F: ReadAt> StoredBlocks<F> {
    /// Starts with a file that has content.
    pub(super) fn new(file: F, (start, end): (u64, u64), wrapping: Wrapping) -> Self {
        let head = match wrapping {
            Wrapping::None => &[],
            Wrapping::Gzip => ZLIB_HEADER,
            Wrapping::Lz4 => LZ4_HEADER,
            Wrapping::Zstd => ZSTD_HEADER,
        };
        let mut ready = Unread::default();
        ready.refill().extend_from_slice(head);
        Self { file, at: start, end, wrapping, adler: Adler32::new(), ready, has_ended: false }
    }

    /// Appends up to `count` bytes to `out`.
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.ready.is_empty() {
            self.next_block()?;
        }
        let ready = prefix(self.ready.rest(), count as u64);
        out.extend_from_slice(ready);
        let count = ready.len();
        self.ready.consume(count);
        Ok(())
    }

    fn next_block(&mut self) -> Result<(), Error> {
        let ready = self.ready.refill();
        let block_bytes = at_most(max_block_bytes(self.wrapping), self.end.saturating_sub(self.at));
        if block_bytes == 0 {
            match self.wrapping {
                _ if self.has_ended => {}
                Wrapping::Gzip => ready.extend(self.adler.finish().to_be_bytes()),
                Wrapping::Lz4 => ready.extend_from_slice(LZ4_END),
                Wrapping::None | Wrapping::Zstd => {}
            }
            self.has_ended = true;
            return Ok(());
        }
        let next = self.at.saturating_add(block_bytes as u64);
        let is_last = next >= self.end;
        let length = u32::try_from(block_bytes).map_err(|_| Error::internal("a block is longer than its length"))?;
        match self.wrapping {
            Wrapping::None => {}
            Wrapping::Gzip => {
                let [low, high, ..] = length.to_le_bytes();
                ready.extend([u8::from(is_last), low, high, !low, !high]);
            }
            Wrapping::Lz4 => ready.extend((length | LZ4_STORED).to_le_bytes()),
            Wrapping::Zstd => {
                let [low, middle, high, _] = ((length << 3) | u32::from(is_last)).to_le_bytes();
                ready.extend([low, middle, high]);
            }
        }
        let data = grow(ready, block_bytes);
        read_exact(&self.file, data, self.at)?;
        if self.wrapping == Wrapping::Gzip {
            self.adler.write(data);
        }
        self.at = next;
        Ok(())
    }
}
