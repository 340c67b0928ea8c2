//! One Zstandard frame (RFC 8878), verified with the checksum and size that it states.
//!
//! Decoders of other crates are half as fast, or have much unsafe code; dumps come from anywhere.

mod bits;
mod block;
mod fse;
mod huffman;
mod sequences;

use std::hash::Hasher;
use std::io::{self, BufRead};

use twox_hash::XxHash64;

use self::bits::{Bad, MARGIN_BYTES};
use self::block::{Blocks, MAX_BLOCK_BYTES};
use self::sequences::{Output, SLACK_BYTES};
use super::framed::{Decoded, Failure, Format, array, bad};
use crate::limits::{LimitExceeded, Limits};

// Bits of the frame header's descriptor. The two highest are the length of the content size; bit 4 is unused.
const SINGLE_SEGMENT: u8 = 1 << 5;
const RESERVED: u8 = 1 << 3;
const CHECKSUM: u8 = 1 << 2;
const DICTIONARY: u8 = 0b11;

/// Room after the window: at most so much, unless half a window is more. The more room, the less often the window moves.
const ROOM_BYTES: usize = 4 << 20;

/// The frame that is read. Memory grows with the content up to the window, which the limits bound, and twice as much again
/// or [`ROOM_BYTES`].
pub(in crate::pgdump) struct Zstd {
    max_window_bytes: u64,
    blocks: Blocks,
    frame: Option<Frame>,
    /// A compressed block, after a margin.
    stored: Vec<u8>,
}

struct Frame {
    window_bytes: usize,
    content_bytes: Option<u64>,
    seen_bytes: u64,
    hasher: Option<XxHash64>,
    had_last_block: bool,
}

impl From<Bad> for Failure {
    fn from(_: Bad) -> Self {
        Self::Io(bad("a block is damaged"))
    }
}

impl Zstd {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { max_window_bytes: limits.max_window_bytes(), blocks: Blocks::new(), frame: None, stored: Vec::new() }
    }
}

impl Format for Zstd {
    const NAME: &'static str = "zstd";
    const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

    fn reset(&mut self) {
        self.frame = None;
    }

    fn advance(&mut self, source: &mut dyn BufRead, decoded: &mut Decoded) -> Result<bool, Failure> {
        let Some(frame) = &mut self.frame else {
            self.frame = Some(Frame::read(source, self.max_window_bytes)?);
            self.blocks.reset();
            return Ok(false);
        };
        if frame.had_last_block {
            return Ok(frame.finish(source).map(|()| true)?);
        }
        let [low, middle, high] = array(source)?;
        let header = u32::from_le_bytes([low, middle, high, 0]);
        let len = (header >> 3) as usize;
        if len > MAX_BLOCK_BYTES {
            return Err(bad("a block is too long").into());
        }
        frame.had_last_block = header & 1 != 0;
        let window_bytes = frame.window_bytes;
        let block_bytes = MAX_BLOCK_BYTES.saturating_add(SLACK_BYTES);
        let room_bytes = window_bytes.saturating_mul(2).min(ROOM_BYTES).max(window_bytes >> 1);
        let most_bytes = window_bytes.saturating_add(room_bytes).saturating_add(block_bytes);
        decoded.make_room(window_bytes, block_bytes, most_bytes);
        let start = decoded.end;
        let limit = start.saturating_add(MAX_BLOCK_BYTES);
        let no_room = || bad("there is no room for a block");
        let (_, room) = decoded.bytes.split_at_mut_checked(start).ok_or_else(no_room)?;
        let (block, _) = room.split_at_mut_checked(len).ok_or_else(no_room)?;
        let new_end = match header >> 1 & 3 {
            0 => {
                source.read_exact(block)?;
                start.saturating_add(len)
            }
            1 => {
                let [byte] = array(source)?;
                block.fill(byte);
                start.saturating_add(len)
            }
            2 => {
                let padded_len = MARGIN_BYTES.saturating_add(len);
                if self.stored.len() < padded_len {
                    self.stored.resize(padded_len, 0);
                }
                let (padded, _) = self.stored.split_at_mut(padded_len);
                source.read_exact(padded.split_at_mut(MARGIN_BYTES).1)?;
                let output = Output { bytes: &mut decoded.bytes, end: start, limit, window: window_bytes };
                self.blocks.decode(padded, output)?
            }
            _ => return Err(bad("the type of a block is unknown").into()),
        };
        frame.note(decoded.add_until(new_end));
        Ok(false)
    }
}

impl Frame {
    /// Reads the header, after the magic number.
    fn read(source: &mut dyn BufRead, max_window_bytes: u64) -> Result<Self, Failure> {
        let [descriptor] = array(source)?;
        if descriptor & RESERVED != 0 {
            return Err(bad("a feature of the frame is unknown").into());
        }
        let is_single = descriptor & SINGLE_SEGMENT != 0;
        let mut window_bytes = 0;
        if !is_single {
            let [exponent_and_mantissa] = array(source)?;
            let base = 1_u64.wrapping_shl(u32::from(exponent_and_mantissa >> 3).saturating_add(10));
            let eighths = u64::from(exponent_and_mantissa & 7);
            window_bytes = base.saturating_add((base >> 3).saturating_mul(eighths));
        }
        let dictionary = match descriptor & DICTIONARY {
            0 => 0,
            1 => u32::from_le_bytes(padded::<1, 4>(source)?),
            2 => u32::from_le_bytes(padded::<2, 4>(source)?),
            _ => u32::from_le_bytes(array(source)?),
        };
        if dictionary != 0 {
            return Err(bad("the frame needs a dictionary").into());
        }
        let content_bytes = match descriptor >> 6 {
            0 if is_single => Some(u64::from_le_bytes(padded::<1, 8>(source)?)),
            0 => None,
            1 => Some(u64::from_le_bytes(padded::<2, 8>(source)?).saturating_add(256)),
            2 => Some(u64::from_le_bytes(padded::<4, 8>(source)?)),
            _ => Some(u64::from_le_bytes(array(source)?)),
        };
        if let (true, Some(content_bytes)) = (is_single, content_bytes) {
            window_bytes = content_bytes;
        }
        let exceeded = LimitExceeded { name: "max_window_bytes", allowed: max_window_bytes, wanted: window_bytes };
        if window_bytes > max_window_bytes {
            return Err(Failure::Limit(exceeded));
        }
        let window_bytes = usize::try_from(window_bytes).map_err(|_| Failure::Limit(exceeded))?;
        let hasher = (descriptor & CHECKSUM != 0).then(|| XxHash64::with_seed(0));
        Ok(Self { window_bytes, content_bytes, seen_bytes: 0, hasher, had_last_block: false })
    }

    fn note(&mut self, block: &[u8]) {
        self.seen_bytes = self.seen_bytes.saturating_add(block.len() as u64);
        if let Some(hasher) = &mut self.hasher {
            hasher.write(block);
        }
    }

    fn finish(&self, source: &mut dyn BufRead) -> io::Result<()> {
        if let Some(hasher) = &self.hasher {
            let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
            if array(source)? != [a, b, c, d] {
                return Err(bad("the checksum of the content does not match"));
            }
        }
        match self.content_bytes {
            Some(stated) if stated != self.seen_bytes => Err(bad("the size of the content is not the stated one")),
            _ => Ok(()),
        }
    }
}

/// Reads `N` bytes, and adds zeros up to `M`.
fn padded<const N: usize, const M: usize>(source: &mut dyn BufRead) -> io::Result<[u8; M]> {
    let mut bytes = [0; M];
    source.read_exact(bytes.split_at_mut(N.min(M)).0)?;
    Ok(bytes)
}
