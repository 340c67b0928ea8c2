//! One LZ4 frame (LZ4 frame format 1.6), verified with its header checksum, its end mark, and all that it states.

use std::hash::Hasher;
use std::io::{self, BufRead};

use lz4_flex::block::decompress_into_with_dict;
use twox_hash::XxHash32;

use super::framed::{Decoded, Failure, Format, array, bad};
use crate::pgdump::window::window;

/// The distance over which blocks may refer to earlier data.
const HISTORY_BYTES: usize = 64 << 10;
/// Room for several of the usual blocks, so that the history need not be moved for each of them.
const ROOM_BYTES: usize = 1 << 20;

// Bits of the FLG byte. The two highest are the version, 01; bit 1 is reserved.
const VERSION_MASK: u8 = 0b1100_0010;
const VERSION: u8 = 0b0100_0000;
const INDEPENDENT: u8 = 0b0010_0000;
const BLOCK_CHECKSUM: u8 = 0b0001_0000;
const CONTENT_SIZE: u8 = 0b0000_1000;
const CONTENT_CHECKSUM: u8 = 0b0000_0100;
const DICTIONARY: u8 = 0b0000_0001;
/// The bit of a block's size that means "not compressed".
const STORED: u32 = 1 << 31;

/// The frame that is read. The largest blocks of the format have 4 MiB, so its buffer and that of decoded blocks stay below
/// 13 MiB; the blocks of pg_dump have 64 KiB.
#[derive(Default)]
pub(in crate::pgdump) struct Lz4 {
    frame: Option<Frame>,
    /// A block in stored form.
    stored: Vec<u8>,
}

struct Frame {
    flags: u8,
    max_block_bytes: usize,
    content_bytes: Option<u64>,
    seen_bytes: u64,
    hasher: XxHash32,
}

impl Format for Lz4 {
    const NAME: &'static str = "lz4";
    const MAGIC: [u8; 4] = 0x184d_2204_u32.to_le_bytes();

    fn reset(&mut self) {
        self.frame = None;
    }

    fn advance(&mut self, source: &mut dyn BufRead, decoded: &mut Decoded) -> Result<bool, Failure> {
        let Some(frame) = &mut self.frame else {
            self.frame = Some(Frame::read(source)?);
            return Ok(false);
        };
        let size = u32::from_le_bytes(array(source)?);
        if size == 0 {
            return Ok(frame.finish(source).map(|()| true)?);
        }
        let len = (size & !STORED) as usize;
        if len > frame.max_block_bytes {
            return Err(bad("a block is larger than the frame allows").into());
        }
        // Most blocks are decoded from the buffer in which they arrive.
        let has_checksum = frame.flags & BLOCK_CHECKSUM != 0;
        let is_buffered = !has_checksum && source.fill_buf()?.len() >= len;
        if !is_buffered {
            if self.stored.len() < len {
                self.stored.resize(len, 0);
            }
            let (stored, _) = self.stored.split_at_mut(len);
            source.read_exact(stored)?;
            if has_checksum && u32::from_le_bytes(array(source)?) != XxHash32::oneshot(0, stored) {
                return Err(bad("the checksum of a block does not match").into());
            }
        }
        let stored = if is_buffered { source.fill_buf()? } else { &self.stored };
        let stored = window(stored, 0, len);
        let most_bytes = HISTORY_BYTES.saturating_add(frame.max_block_bytes).max(ROOM_BYTES);
        decoded.make_room(HISTORY_BYTES, frame.max_block_bytes, most_bytes);
        let no_room = || bad("there is no room for a block");
        let (before, space) = decoded.bytes.split_at_mut_checked(decoded.end).ok_or_else(no_room)?;
        let (space, _) = space.split_at_mut_checked(frame.max_block_bytes).ok_or_else(no_room)?;
        let count = if size & STORED == 0 {
            let linked = frame.flags & INDEPENDENT == 0;
            let history = if linked { before.len().saturating_sub(HISTORY_BYTES) } else { before.len() };
            let (_, dictionary) = before.split_at(history);
            decompress_into_with_dict(stored, space, dictionary).map_err(io::Error::other)?
        } else {
            let (to, _) = space.split_at_mut_checked(stored.len()).ok_or_else(no_room)?;
            to.copy_from_slice(stored);
            len
        };
        if is_buffered {
            source.consume(len);
        }
        let end = decoded.end.saturating_add(count);
        frame.note(decoded.add_until(end));
        Ok(false)
    }
}

impl Frame {
    /// Reads the header, after the magic number.
    fn read(source: &mut dyn BufRead) -> io::Result<Self> {
        let descriptor @ [flags, sizes] = array(source)?;
        let mut hasher = XxHash32::with_seed(0);
        hasher.write(&descriptor);
        if flags & VERSION_MASK != VERSION || flags & DICTIONARY != 0 {
            return Err(bad("the version or a feature of the frame is unknown"));
        }
        let max_block_bytes = match sizes {
            0x40 => 64 << 10,
            0x50 => 256 << 10,
            0x60 => 1 << 20,
            0x70 => 4 << 20,
            _ => return Err(bad("the block size is unknown")),
        };
        let mut content_bytes = None;
        if flags & CONTENT_SIZE != 0 {
            let size = array(source)?;
            hasher.write(&size);
            content_bytes = Some(u64::from_le_bytes(size));
        }
        let [checksum] = array(source)?;
        let [_, second, ..] = hasher.finish_32().to_le_bytes();
        if checksum != second {
            return Err(bad("the checksum of the frame header does not match"));
        }
        Ok(Self { flags, max_block_bytes, content_bytes, seen_bytes: 0, hasher: XxHash32::with_seed(0) })
    }

    fn note(&mut self, block: &[u8]) {
        self.seen_bytes = self.seen_bytes.saturating_add(block.len() as u64);
        if self.flags & CONTENT_CHECKSUM != 0 {
            self.hasher.write(block);
        }
    }

    fn finish(&self, source: &mut dyn BufRead) -> io::Result<()> {
        if self.flags & CONTENT_CHECKSUM != 0 && u32::from_le_bytes(array(source)?) != self.hasher.finish_32() {
            return Err(bad("the checksum of the content does not match"));
        }
        match self.content_bytes {
            Some(stated) if stated != self.seen_bytes => Err(bad("the size of the content is not the stated one")),
            _ => Ok(()),
        }
    }
}
