//! Decompresses from an access point: [`Resumed`].

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::error::{Error, ErrorKind, Result};
use super::point::{HISTORY_BYTES, PointForm};
use crate::io;

/// A decompressor that begins in the middle of a deflate stream.
///
/// The bytes before the point, which the stream refers back to, are passed to it as a stored block. Empty blocks follow that
/// end at the bit at which the first block begins: every later byte stays where it is, as stored blocks need it.
#[derive(Debug)]
pub(crate) struct Resumed {
    inflate: Decompress,
    /// The bit at which the first byte begins, and the bits that replace those before it.
    first: Option<(u8, u8)>,
    input: Vec<u8>,
    used: usize,
    is_ended: bool,
}

impl Default for Resumed {
    fn default() -> Self {
        Self { inflate: Decompress::new(false), first: None, input: Vec::new(), used: 0, is_ended: false }
    }
}

impl Resumed {
    /// Begins at a point with the bytes before it, as many as are needed.
    pub(crate) fn start(&mut self, form: PointForm, history: &[u8]) -> Result<()> {
        self.inflate.reset(false);
        (self.first, self.used, self.is_ended) = (None, 0, false);
        self.input.clear();
        if !history.is_empty() {
            let len = u16::try_from(history.len()).ok().filter(|len| usize::from(*len) <= HISTORY_BYTES);
            let [a, b] = len.ok_or_else(damaged)?.to_le_bytes();
            self.input.extend_from_slice(&[0, a, b, !a, !b]);
            self.input.extend_from_slice(history);
            let mut replayed = vec![0; history.len()];
            let made = self.inflate(&mut replayed)?;
            if made != history.len() || replayed != history {
                return Err(damaged());
            }
        }
        match form {
            PointForm::Member => {}
            // The header of the block, whose length comes next.
            PointForm::Stored => self.input.push(0),
            PointForm::Dynamic { bit } => {
                let (bits, bits_count) = empty_blocks(bit);
                let whole_bytes = usize::try_from(bits_count / 8).map_err(|_| damaged())?;
                let bytes = bits.to_le_bytes();
                let (whole, rest) = bytes.split_at_checked(whole_bytes).ok_or_else(damaged)?;
                self.input.extend_from_slice(whole);
                self.first = rest.first().map(|last| (bit, *last)).filter(|_| bit > 0);
            }
        }
        Ok(())
    }

    /// Adds the next compressed bytes.
    pub(crate) fn feed(&mut self, compressed: &[u8]) {
        self.input.drain(..self.used.min(self.input.len()));
        self.used = 0;
        let mut rest = compressed;
        if let (Some((bit, before)), Some((first, others))) = (self.first, compressed.split_first()) {
            let kept = u8::MAX.unbounded_shl(bit.into());
            self.input.push((first & kept) | (before & !kept));
            self.first = None;
            rest = others;
        }
        self.input.extend_from_slice(rest);
    }

    /// Decompresses into `output`; returns fewer bytes than fit only if more input is needed, or at the end of the member.
    pub(crate) fn inflate(&mut self, output: &mut [u8]) -> Result<usize> {
        let mut made = 0_usize;
        while !self.is_ended {
            let (Some(input), Some(room)) = (self.input.get(self.used..), output.get_mut(made..)) else {
                return Err(Error::new(ErrorKind::Internal("the decompressor broke its contract")));
            };
            if room.is_empty() {
                break;
            }
            let step = io::inflate(&mut self.inflate, input, room, FlushDecompress::None);
            self.used = self.used.saturating_add(step.used);
            made = made.saturating_add(step.made);
            match step.status {
                Ok(Status::StreamEnd) => self.is_ended = true,
                Ok(_) if step.is_idle() => break,
                Ok(_) => {}
                Err(_) => return Err(damaged()),
            }
        }
        Ok(made)
    }

    /// Returns `true` after the last byte of the member.
    pub(crate) const fn is_ended(&self) -> bool {
        self.is_ended
    }
}

/// Blocks without data that end at this bit of a byte, 0 to 7: their bits, and how many there are.
///
/// A block with fixed codes takes ten bits, one with dynamic codes for two literals takes 91 (RFC 1951, section 3.2).
fn empty_blocks(bit: u8) -> (u128, u32) {
    let mut bits = Packer::default();
    let mut left = bit;
    if left % 2 == 1 {
        // Dynamic codes; 257 literals, 1 distance, 18 lengths of lengths: one bit for 18 and 1.
        [(4, 3), (0, 5), (0, 5), (14, 4)].into_iter().for_each(|field| bits.push(field));
        (0..18).for_each(|index| bits.push((u128::from(index == 2 || index == 17), 3)));
        // 138 and 117 times no length, then one bit each for the literals 255 and 256, and for the distance.
        [(1, 1), (127, 7), (1, 1), (106, 7), (0, 3)].into_iter().for_each(|field| bits.push(field));
        // The end of the block.
        bits.push((1, 1));
        left = left.wrapping_sub(3) % 8;
    }
    for _ in 0..left / 2 {
        // Fixed codes, and the end of the block.
        bits.push((2, 10));
    }
    (bits.bits, bits.count)
}

/// Bits, the first one lowest.
#[derive(Default)]
struct Packer {
    bits: u128,
    count: u32,
}

impl Packer {
    fn push(&mut self, (bits, count): (u128, u32)) {
        self.bits |= bits.unbounded_shl(self.count);
        self.count = self.count.saturating_add(count);
    }
}

#[cold]
fn damaged() -> Error {
    Error::new(ErrorKind::Deflate)
}

/// Compresses the bytes before a point.
pub(super) fn pack_history(history: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(3), false);
    // Stored blocks are the worst that can come out.
    let mut packed = Vec::with_capacity(history.len().saturating_add(64));
    let _ = compress.compress_vec(history, &mut packed, FlushCompress::Finish);
    packed
}

/// Decompresses what [`pack_history`] made.
pub(crate) fn unpack_history(packed: &[u8]) -> Result<Vec<u8>> {
    let mut history = vec![0; HISTORY_BYTES.saturating_add(1)];
    let step = io::inflate(&mut Decompress::new(false), packed, &mut history, FlushDecompress::Finish);
    let is_whole = matches!(step.status, Ok(Status::StreamEnd)) && step.used == packed.len();
    if !is_whole || step.made > HISTORY_BYTES {
        return Err(damaged());
    }
    history.truncate(step.made);
    Ok(history)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_blocks_end_at_every_bit() {
        for bit in 0..8 {
            let (bits, count) = empty_blocks(bit);
            assert_eq!(count % 8, u32::from(bit));
            // A stored block of one byte follows: its three bits of header are zeros.
            let mut bytes = bits.to_le_bytes()[..(count + 3).div_ceil(8) as usize].to_vec();
            bytes.extend([1, 0, 0xfe, 0xff, b'x']);
            let mut output = [0; 9];
            let step = io::inflate(&mut Decompress::new(false), &bytes, &mut output, FlushDecompress::None);
            assert!(step.status.is_ok() && step.made == 1 && output[0] == b'x', "bit {bit}: {step:?}");
        }
    }
}
