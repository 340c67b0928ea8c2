//! One LZ4 frame (LZ4 frame format 1.6), verified with its header checksum, its end mark, and all that it states.

use std::hash::Hasher;
use std::io::{self, Read};

use lz4_flex::block::decompress_into_with_dict;
use twox_hash::XxHash32;

use super::stored::Stored;
use crate::io::copy_prefix;
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::error::Error;
use crate::pgdump::window::window;

const NAME: &str = "lz4";
const MAGIC: [u8; 4] = 0x184D_2204_u32.to_le_bytes();
/// The distance over which blocks may refer to earlier data.
const HISTORY_BYTES: usize = 64 << 10;
/// Room for several of the usual blocks, so that the history need not be moved for each of them.
const ROOM_BYTES: usize = 512 << 10;

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

/// Decodes one frame at a time. The largest blocks of the format have 4 MiB, so its two buffers, one of which doubles as
/// it grows, stay below 13 MiB; those of pg_dump have 64 KiB.
pub(in crate::pgdump) struct Lz4 {
    frame: Option<Frame>,
    ended: bool,
    /// A block in stored form.
    stored: Vec<u8>,
    /// Consecutive decoded blocks, so that blocks can refer to earlier ones.
    decoded: Vec<u8>,
    /// The part of `decoded` that has not been returned: from `start` to `end`, which is at most its length.
    start: usize,
    end: usize,
}

struct Frame {
    flags: u8,
    max_block_bytes: usize,
    content_bytes: Option<u64>,
    seen_bytes: u64,
    hasher: XxHash32,
}

impl Lz4 {
    pub(super) fn new() -> Self {
        Self { frame: None, ended: false, stored: Vec::new(), decoded: Vec::new(), start: 0, end: 0 }
    }

    pub(super) fn reset(&mut self) {
        self.frame = None;
        self.ended = false;
        (self.start, self.end) = (0, 0);
    }

    pub(super) fn read<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        self.fill(reader)?;
        let count = copy_prefix(window(&self.decoded, self.start, self.end), out);
        self.start = self.start.saturating_add(count);
        Ok(count)
    }

    /// Decodes the next block. Returns nothing at the verified end.
    pub(super) fn next<R: Read>(&mut self, reader: &mut BlockReader<R>) -> Result<&[u8], Error> {
        self.fill(reader)?;
        let start = std::mem::replace(&mut self.start, self.end);
        Ok(window(&self.decoded, start, self.end))
    }

    /// Decodes until there is something to return, or the end has been reached.
    fn fill<R: Read>(&mut self, reader: &mut BlockReader<R>) -> Result<(), Error> {
        while self.start >= self.end && !self.ended {
            let mut source = Stored::new(reader);
            match self.advance(&mut source) {
                Ok(()) if self.ended => reader.expect_stream_end(NAME)?,
                Ok(()) => {}
                Err(error) => return Err(source.explain(NAME, error)),
            }
        }
        Ok(())
    }

    /// Reads the header, or one block, or the end mark.
    fn advance<R: Read>(&mut self, source: &mut Stored<'_, R>) -> io::Result<()> {
        let Some(frame) = &mut self.frame else {
            self.frame = Some(Frame::read(source)?);
            return Ok(());
        };
        let size = u32::from_le_bytes(array(source)?);
        if size == 0 {
            self.ended = true;
            return frame.finish(source);
        }
        let len = (size & !STORED) as usize;
        if len > frame.max_block_bytes {
            return Err(bad("a block is larger than the frame allows"));
        }
        // Most blocks are decoded from the buffer in which they arrive.
        let has_checksum = frame.flags & BLOCK_CHECKSUM != 0;
        let is_buffered = !has_checksum && source.buffered()?.len() >= len;
        if !is_buffered {
            if self.stored.len() < len {
                self.stored.resize(len, 0);
            }
            let (stored, _) = self.stored.split_at_mut(len);
            source.read_exact(stored)?;
            if has_checksum && u32::from_le_bytes(array(source)?) != XxHash32::oneshot(0, stored) {
                return Err(bad("the checksum of a block does not match"));
            }
        }
        let stored = if is_buffered { source.buffered()? } else { &self.stored };
        let stored = window(stored, 0, len);
        let room_bytes = HISTORY_BYTES.saturating_add(frame.max_block_bytes);
        if self.decoded.len() < room_bytes {
            self.decoded.resize(room_bytes.max(ROOM_BYTES), 0);
        }
        if self.decoded.len().saturating_sub(self.end) < frame.max_block_bytes {
            let history = self.end.saturating_sub(HISTORY_BYTES);
            self.decoded.copy_within(history..self.end, 0);
            self.end = self.end.saturating_sub(history);
        }
        let no_room = || bad("there is no room for a block");
        let (before, space) = self.decoded.split_at_mut_checked(self.end).ok_or_else(no_room)?;
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
        frame.note(space.split_at_checked(count).ok_or_else(no_room)?.0);
        self.start = self.end;
        self.end = self.end.saturating_add(count);
        Ok(())
    }
}

impl Frame {
    fn read(source: &mut impl Read) -> io::Result<Self> {
        if array(source)? != MAGIC {
            return Err(bad("the magic number of a frame is missing"));
        }
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

    fn finish(&self, source: &mut impl Read) -> io::Result<()> {
        if self.flags & CONTENT_CHECKSUM != 0 && u32::from_le_bytes(array(source)?) != self.hasher.finish_32() {
            return Err(bad("the checksum of the content does not match"));
        }
        match self.content_bytes {
            Some(stated) if stated != self.seen_bytes => Err(bad("the size of the content is not the stated one")),
            _ => Ok(()),
        }
    }
}

fn array<const N: usize>(source: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn bad(what: &'static str) -> io::Error {
    io::Error::other(what)
}
