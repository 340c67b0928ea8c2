//! Compresses one Zstandard frame (RFC 8878) that is fed part by part: [`ZstdFrame`].

use std::io::Read;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::pgdump::error::Error;
use crate::pgdump::window::window;

/// Without checksum, with a window of 2 MiB, as pg_dump writes it.
const HEADER: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
/// The empty block that ends the frame.
const LAST_BLOCK: &[u8] = &[1, 0, 0];
/// The compressor, which takes a whole input, makes one block of so many bytes.
const BLOCK_BYTES: usize = 64 << 10;
const BLOCK_HEADER_BYTES: usize = 3;

/// A frame whose blocks do not refer to each other, so that each is compressed alone.
pub(super) struct ZstdFrame {
    pending: Vec<u8>,
    ready: Vec<u8>,
    is_started: bool,
    /// Verifies that every block means the same after those before it: the compressor does not promise it.
    decoder: FrameDecoder,
    decoded: Vec<u8>,
    written: crc32fast::Hasher,
    read_back: crc32fast::Hasher,
}

impl ZstdFrame {
    pub(super) fn new() -> Self {
        let (pending, ready, decoded) = (Vec::new(), Vec::new(), vec![0; BLOCK_BYTES]);
        let (written, read_back) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
        Self { pending, ready, is_started: false, decoder: FrameDecoder::new(), decoded, written, read_back }
    }

    /// Returns the compressed bytes since the last [`clear`](Self::clear).
    pub(super) fn ready(&self) -> &[u8] {
        &self.ready
    }

    pub(super) fn clear(&mut self) {
        self.ready.clear();
    }

    /// Compresses `bytes`, or keeps them for the next block.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let count = bytes.len().min(BLOCK_BYTES.saturating_sub(self.pending.len()));
            let (now, later) = bytes.split_at(count);
            self.pending.extend_from_slice(now);
            bytes = later;
            if self.pending.len() >= BLOCK_BYTES {
                self.block()?;
            }
        }
        Ok(())
    }

    /// Ends the frame. The next bytes begin another one.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        if !self.pending.is_empty() {
            self.block()?;
        }
        self.start()?;
        self.ready.extend_from_slice(LAST_BLOCK);
        self.is_started = false;
        self.read_back(LAST_BLOCK)?;
        let sums = [&mut self.written, &mut self.read_back].map(|sum| std::mem::take(sum).finalize());
        if matches!(sums, [written, read_back] if written == read_back) { Ok(()) } else { Err(dependent()) }
    }

    fn start(&mut self) -> Result<(), Error> {
        if !self.is_started {
            self.ready.extend_from_slice(HEADER);
            self.decoder.reset(HEADER).map_err(|_| Error::internal("a zstd frame has no header"))?;
            self.is_started = true;
        }
        Ok(())
    }

    /// Compresses the pending bytes to one block.
    fn block(&mut self) -> Result<(), Error> {
        self.start()?;
        let frame = compress_to_vec(self.pending.as_slice(), CompressionLevel::Fastest);
        let (header, block) = only_block(&frame).ok_or_else(|| Error::internal("a zstd frame has several blocks"))?;
        self.ready.extend_from_slice(&header);
        self.ready.extend_from_slice(block);
        let block = [&header, block].concat();
        self.written.update(&self.pending);
        self.pending.clear();
        self.read_back(&block)
    }

    /// Decodes the next block.
    fn read_back(&mut self, mut block: &[u8]) -> Result<(), Error> {
        self.decoder.decode_blocks(&mut block, BlockDecodingStrategy::UptoBlocks(1)).map_err(|_| dependent())?;
        loop {
            let count = self.decoder.read(&mut self.decoded).map_err(|_| dependent())?;
            if count == 0 {
                return Ok(());
            }
            self.read_back.update(window(&self.decoded, 0, count));
        }
    }
}

#[cold]
fn dependent() -> Error {
    Error::internal("a zstd block depends on those before it")
}

/// Returns the header of the only block of a frame, marked as not the last one, and the block.
fn only_block(frame: &[u8]) -> Option<([u8; BLOCK_HEADER_BYTES], &[u8])> {
    let (_, blocks) = frame.split_at_checked(HEADER.len())?;
    let ([low, middle, high], rest) = blocks.split_first_chunk::<BLOCK_HEADER_BYTES>()?;
    let number = u32::from_le_bytes([*low, *middle, *high, 0]);
    let stored_bytes = match (number >> 1) & 3 {
        // The size of a repeated byte is that of the repetition (RFC 8878, section 3.1.1.2.2).
        1 => 1,
        _ => usize::try_from(number >> 3).ok()?,
    };
    let (block, checksum) = rest.split_at_checked(stored_bytes)?;
    let is_only = number & 1 == 1 && checksum.len() == 4;
    is_only.then_some(([*low & !1, *middle, *high], block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_decode_to_what_was_written() {
        let text: Vec<u8> = (0..400_000_u32)
            .flat_map(|n| format!("{}\t{}\n", n % 977, n.wrapping_mul(2_654_435_761)).into_bytes())
            .take(500_000)
            .collect();
        let mut frame = ZstdFrame::new();
        for (len_bytes, part_bytes) in [(0, 1), (1, 1), (65_536, 65_536), (65_537, 1000), (500_000, 70_000), (10, 3)] {
            let mut made = Vec::new();
            for part in text[..len_bytes].chunks(part_bytes) {
                frame.write(part).unwrap();
                made.extend_from_slice(frame.ready());
                frame.clear();
            }
            frame.finish().unwrap();
            made.extend_from_slice(frame.ready());
            frame.clear();
            let mut decoded = Vec::new();
            let mut source = made.as_slice();
            let mut decoder = ruzstd::decoding::StreamingDecoder::new(&mut source).unwrap();
            decoder.read_to_end(&mut decoded).unwrap();
            assert!(decoded == text[..len_bytes], "{len_bytes} bytes in parts of {part_bytes}");
            assert!(len_bytes < 1000 || made.len() < len_bytes * 2 / 3, "{} of {len_bytes}", made.len());
        }
        // One byte again and again, and bytes that do not compress.
        for bytes in [vec![7; 200_000], (0..200_000).map(|_| fastrand::u8(..)).collect()] {
            frame.write(&bytes).unwrap();
            frame.finish().unwrap();
            let mut decoded = Vec::new();
            let mut decoder = ruzstd::decoding::StreamingDecoder::new(frame.ready()).unwrap();
            decoder.read_to_end(&mut decoded).unwrap();
            frame.clear();
            assert!(decoded == bytes);
        }
    }
}
