//! The position of the last block of deflate data (RFC 1951): [`LastBlock`].

use super::read_exact::read_exact;
use crate::io::{ReadAt, at_most};
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;

/// The number of bytes that are read first, and at most at a time. Members can be tiny.
const FIRST_BYTES: usize = 512;
const STEP_BYTES: usize = 64 << 10;
const MAX_CODE_BITS: usize = 15;
/// The order in which the lengths of the codes for code lengths are stored (RFC 1951, section 3.2.7).
const LENGTHS_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The extra bits of the symbols from 257 (RFC 1951, section 3.2.5).
const LENGTH_EXTRA: [u32; 29] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_EXTRA: [u32; 30] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const END_OF_BLOCK: u16 = 256;

/// The last block of deflate data. Positions are in bits from the start of the file; the first bit of a byte is its lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LastBlock {
    /// The position of the bit that says that the block is the last.
    pub(super) mark_bit: u64,
    /// The position after the block.
    pub(super) end_bit: u64,
}

/// Finds the last block of the deflate data that starts at byte `start` of a file and ends before byte `end`.
///
/// Only the structure is read: nothing is decompressed, and content is not verified.
pub(super) fn last_block(file: &impl ReadAt, start: u64, end: u64) -> Result<LastBlock, Error> {
    let mut bits = Bits { file, at: start, end, buffer: Vec::new(), next: 0, held: 0, held_bits: 0 };
    let fixed = [fixed_literals()?, Code::of(&[5; 30])?];
    loop {
        let mark_bit = bits.position();
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => bits.skip_stored()?,
            1 => bits.skip_symbols(&fixed)?,
            2 => {
                let codes = bits.codes()?;
                bits.skip_symbols(&codes)?;
            }
            _ => return Err(undecodable()),
        }
        if is_last {
            return Ok(LastBlock { mark_bit, end_bit: bits.position() });
        }
    }
}

#[cold]
fn undecodable() -> Error {
    Corruption::Undecodable("gzip").into()
}

fn fixed_literals() -> Result<Code, Error> {
    let mut lengths = [8_u8; 288];
    for (symbol, length) in lengths.iter_mut().enumerate() {
        *length = match symbol {
            144..=255 => 9,
            256..=279 => 7,
            _ => 8,
        };
    }
    Code::of(&lengths)
}

/// A canonical prefix code.
struct Code {
    /// The number of symbols of each length.
    counts: [u16; MAX_CODE_BITS + 1],
    /// The symbols, by length and then by value.
    symbols: Vec<u16>,
}

impl Code {
    fn of(lengths: &[u8]) -> Result<Self, Error> {
        let mut counts = [0_u16; MAX_CODE_BITS + 1];
        let mut symbols = Vec::with_capacity(lengths.len());
        for (length, count) in (0_u8..).zip(&mut counts).skip(1) {
            for (symbol, _) in (0_u16..).zip(lengths).filter(|(_, other)| **other == length) {
                symbols.push(symbol);
                *count = count.saturating_add(1);
            }
        }
        if symbols.len() < lengths.iter().filter(|length| **length > 0).count() {
            return Err(undecodable());
        }
        Ok(Self { counts, symbols })
    }
}

/// Reads a file bit by bit.
struct Bits<'f, F> {
    file: &'f F,
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    next: usize,
    held: u32,
    held_bits: u32,
}

impl<F: ReadAt> Bits<'_, F> {
    /// Returns the position of the next bit.
    fn position(&self) -> u64 {
        let unread = self.buffer.len().saturating_sub(self.next) as u64;
        self.at.saturating_sub(unread).saturating_mul(8).saturating_sub(u64::from(self.held_bits))
    }

    fn byte(&mut self) -> Result<u8, Error> {
        if self.next >= self.buffer.len() {
            let wanted = self.buffer.len().saturating_mul(2).clamp(FIRST_BYTES, STEP_BYTES);
            let count = at_most(wanted, self.end.saturating_sub(self.at));
            self.buffer.resize(count, 0);
            read_exact(self.file, &mut self.buffer, self.at)?;
            self.at = self.at.saturating_add(count as u64);
            self.next = 0;
        }
        let byte = self.buffer.get(self.next).copied();
        self.next = self.next.saturating_add(1);
        byte.ok_or_else(|| Corruption::StreamTruncated("gzip").into())
    }

    /// Takes up to 16 bits.
    fn take(&mut self, count: u32) -> Result<u32, Error> {
        while self.held_bits < count {
            self.held |= u32::from(self.byte()?) << self.held_bits;
            self.held_bits = self.held_bits.saturating_add(8);
        }
        let taken = self.held & (1_u32 << count).wrapping_sub(1);
        self.held >>= count;
        self.held_bits = self.held_bits.saturating_sub(count);
        Ok(taken)
    }

    fn symbol(&mut self, code: &Code) -> Result<u16, Error> {
        let (mut value, mut first, mut index) = (0_u32, 0_u32, 0_u32);
        for count in code.counts.iter().skip(1).map(|count| u32::from(*count)) {
            value |= self.take(1)?;
            if let Some(offset) = value.checked_sub(first).filter(|offset| *offset < count) {
                let symbol = code.symbols.get(index.saturating_add(offset) as usize);
                return symbol.copied().ok_or_else(undecodable);
            }
            index = index.saturating_add(count);
            first = first.saturating_add(count) << 1;
            value <<= 1;
        }
        Err(undecodable())
    }

    fn skip_stored(&mut self) -> Result<(), Error> {
        (self.held, self.held_bits) = (0, 0);
        let (len_bytes, complement) = (self.take(16)?, self.take(16)?);
        if len_bytes ^ complement != 0xffff {
            return Err(undecodable());
        }
        let mut left = len_bytes as usize;
        while left > 0 {
            self.byte()?;
            let skipped = left.saturating_sub(1).min(self.buffer.len().saturating_sub(self.next));
            self.next = self.next.saturating_add(skipped);
            left = left.saturating_sub(skipped).saturating_sub(1);
        }
        Ok(())
    }

    fn skip_symbols(&mut self, [literals, distances]: &[Code; 2]) -> Result<(), Error> {
        loop {
            let symbol = self.symbol(literals)?;
            if symbol == END_OF_BLOCK {
                return Ok(());
            }
            if let Some(length) = symbol.checked_sub(END_OF_BLOCK.saturating_add(1)) {
                let extra = LENGTH_EXTRA.get(usize::from(length)).ok_or_else(undecodable)?;
                self.take(*extra)?;
                let distance = self.symbol(distances)?;
                let extra = DISTANCE_EXTRA.get(usize::from(distance)).ok_or_else(undecodable)?;
                self.take(*extra)?;
            }
        }
    }

    /// Reads the codes of a block with codes of its own.
    fn codes(&mut self) -> Result<[Code; 2], Error> {
        let literals_count = self.take(5)?.saturating_add(257) as usize;
        let distances_count = self.take(5)?.saturating_add(1) as usize;
        let lengths_count = self.take(4)?.saturating_add(4) as usize;
        let mut lengths = [0_u8; 19];
        for symbol in LENGTHS_ORDER.iter().take(lengths_count) {
            let length = u8::try_from(self.take(3)?).map_err(|_| undecodable())?;
            *lengths.get_mut(*symbol).ok_or_else(undecodable)? = length;
        }
        let code = Code::of(&lengths)?;
        let all = literals_count.saturating_add(distances_count);
        let mut lengths = Vec::with_capacity(all);
        while lengths.len() < all {
            let (length, repeated) = match self.symbol(&code)? {
                16 => (*lengths.last().ok_or_else(undecodable)?, self.take(2)?.saturating_add(3)),
                17 => (0, self.take(3)?.saturating_add(3)),
                18 => (0, self.take(7)?.saturating_add(11)),
                length => (u8::try_from(length).map_err(|_| undecodable())?, 1),
            };
            lengths.extend(std::iter::repeat_n(length, repeated as usize));
        }
        if lengths.len() > all {
            return Err(undecodable());
        }
        let (literals, distances) = lengths.split_at(literals_count);
        Ok([Code::of(literals)?, Code::of(distances)?])
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::DeflateEncoder;
    use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

    use super::*;

    /// Marks the last block as another one, and adds an empty last block after it.
    fn continued(data: &[u8]) -> Vec<u8> {
        let file = [&[0xaa; 3][..], data, &[0x55; 2]].concat();
        let LastBlock { mark_bit, end_bit } = last_block(&file, 3, file.len() as u64).unwrap();
        let mut changed = data.to_vec();
        let (byte, bit) = (mark_bit as usize / 8 - 3, mark_bit % 8);
        assert_eq!(changed[byte] >> bit & 1, 1);
        changed[byte] &= !(1 << bit);
        let (end, used) = (end_bit as usize / 8 - 3, end_bit % 8);
        assert_eq!(end + usize::from(used > 0), data.len());
        if used == 0 {
            changed.push(0b11);
        } else {
            changed[end] |= 0b11 << used;
            if used == 7 {
                changed.push(1);
            }
        }
        changed.push(0);
        changed
    }

    #[test]
    fn every_kind_of_block_is_passed() {
        let text: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        for level in [0, 1, 6, 9] {
            for len_bytes in [0, 1, 7, 300, 70_000, 300_000] {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
                encoder.write_all(&text[..len_bytes]).unwrap();
                let changed = continued(&encoder.finish().unwrap());
                let mut out = vec![0; len_bytes + 10];
                let mut inflate = Decompress::new(false);
                let status = inflate.decompress(&changed, &mut out, FlushDecompress::Finish).unwrap();
                assert_eq!(status, flate2::Status::StreamEnd, "level {level}, {len_bytes} bytes");
                assert!(out[..len_bytes] == text[..len_bytes] && inflate.total_out() == len_bytes as u64);
            }
        }
    }

    #[test]
    fn damage_is_an_error() {
        let mut data = Vec::with_capacity(1000);
        Compress::new(Compression::best(), false)
            .compress_vec(b"some text, some text, some more text, 0123456789", &mut data, FlushCompress::Finish)
            .unwrap();
        for len in 0..data.len() as u64 {
            assert!(last_block(&data, 0, len).is_err(), "{len}");
        }
        for bits in [[0b111_u8, 0, 0, 0], [0b001, 5, 0, 5]] {
            assert!(last_block(&bits.to_vec(), 0, 4).is_err(), "{bits:?}");
        }
        // Any bytes end in a block, or in an error.
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..5_000 {
            let bytes: Vec<u8> = (0..100).map(|_| random.u8(..)).collect();
            let _ = last_block(&bytes, 0, 100);
        }
    }
}
