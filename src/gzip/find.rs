//! Finds the chunks of a member that was written in chunks, when only what it holds is known.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress};

use super::chunk::CHUNK_BYTES;
use super::error::{Error, ErrorKind, Result};
use super::frame::{FINAL_BLOCK, HEADER, TRAILER_LEN_BYTES};
use super::read_at::ReadAt;
use super::stream::read_packed;
use super::writer::{ChunkRow, MemberFacts};

/// The end of every chunk's last block: an empty stored one (RFC 1951, section 3.2.4).
const MARK: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Packed bytes looked at for one chunk: more than any chunk takes.
const WINDOW_BYTES: u64 = (CHUNK_BYTES + CHUNK_BYTES / 8) as u64;

/// The plain lengths of chunks, as sections and lengths make them.
#[derive(Debug, Default)]
pub(crate) struct ChunkEnds {
    lens_bytes: Vec<usize>,
    filled: usize,
}

impl ChunkEnds {
    /// Appends plain bytes to the section under way.
    pub(crate) fn push(&mut self, mut len_bytes: u64) {
        while len_bytes > 0 {
            let count = ((CHUNK_BYTES - self.filled) as u64).min(len_bytes);
            self.filled += usize::try_from(count).unwrap_or(CHUNK_BYTES);
            len_bytes -= count;
            if self.filled == CHUNK_BYTES {
                self.end_section();
            }
        }
    }

    /// Ends the section under way, if it holds anything.
    pub(crate) fn end_section(&mut self) {
        if self.filled > 0 {
            self.lens_bytes.push(std::mem::take(&mut self.filled));
        }
    }

    /// The lengths.
    pub(crate) fn finish(mut self) -> Vec<usize> {
        self.end_section();
        self.lens_bytes
    }
}

/// Where the chunks of these plain lengths lie in the member that fills `source`; `None` when it was not cut so.
///
/// A chunk's end is where a mark stands from which the next chunk inflates on its own: the inflater alone cannot tell,
/// as it reads ahead.
pub(crate) fn find_chunks(
    source: &(impl ReadAt + ?Sized),
    len_bytes: u64,
    lens_bytes: &[usize],
) -> Result<Option<MemberFacts>> {
    let mut facts = MemberFacts { packed_len_bytes: len_bytes, ..MemberFacts::default() };
    let mut crc = crc32fast::Hasher::new();
    let end = len_bytes.saturating_sub(TRAILER_LEN_BYTES + FINAL_BLOCK.len() as u64);
    let mut header = HEADER;
    source.read_exact_at(&mut header, 0).map_err(|source| Error::at(ErrorKind::Io { action: "reading", source }, 0))?;
    if header != HEADER {
        return Ok(None);
    }
    let mut at = HEADER.len() as u64;
    let mut packed = Vec::new();
    let mut plain = vec![0; CHUNK_BYTES];
    for &len in lens_bytes {
        read_packed(source, at, WINDOW_BYTES.min(end.saturating_sub(at)), &mut packed)?;
        let Some(plain) = plain.get_mut(..len) else { return Ok(None) };
        let Some(used) = inflate_exactly(&packed, plain) else { return Ok(None) };
        let crc32 = crc32fast::hash(plain);
        let Some(packed_len) = mark_end(&packed, used, len) else { return Ok(None) };
        crc.combine(&crc32fast::Hasher::new_with_initial_len(crc32, len as u64));
        facts.plain_len_bytes += len as u64;
        facts.chunks.push(ChunkRow {
            packed_len_bytes: u32::try_from(packed_len).unwrap_or(u32::MAX),
            plain_len_bytes: u32::try_from(len).unwrap_or(u32::MAX),
            crc32,
        });
        at += packed_len as u64;
    }
    facts.crc32 = crc.finalize();
    Ok((at == end).then_some(facts))
}

/// Inflates exactly as much as fits into `plain`; says how many bytes all of it but the last byte took.
///
/// Behind the last byte an inflater goes on to the next byte that it would have to put somewhere: past the mark, and
/// into the next chunk.
fn inflate_exactly(packed: &[u8], plain: &mut [u8]) -> Option<usize> {
    let len = plain.len();
    let mut inflate = Decompress::new(false);
    let mut until = |room: usize| {
        loop {
            let (used, made) = (inflate.total_in(), inflate.total_out());
            let used_now = usize::try_from(used).ok()?;
            let made_now = usize::try_from(made).ok()?;
            if made_now == room {
                return Some(used_now);
            }
            let output = plain.get_mut(made_now..room)?;
            inflate.decompress(packed.get(used_now..)?, output, FlushDecompress::Sync).ok()?;
            if (inflate.total_in(), inflate.total_out()) == (used, made) {
                return None;
            }
        }
    };
    let used = until(len.checked_sub(1)?)?;
    until(len)?;
    Some(used)
}

/// The end of the mark that follows the last byte of content, all but one of which took `used` bytes.
///
/// The inflater may have read some bytes ahead, and stored content may look like a mark: the end is the last mark up to
/// which everything is made, and nothing more.
fn mark_end(packed: &[u8], used: usize, len: usize) -> Option<usize> {
    /// Bytes that an inflater holds in its bit buffer.
    const AHEAD_BYTES: usize = 8;
    /// The last byte of content, the end of its block, perhaps an empty block, and the mark itself.
    const BEHIND_BYTES: usize = 16;
    let from = used.saturating_sub(AHEAD_BYTES);
    let near = packed.get(from..packed.len().min(used + BEHIND_BYTES))?;
    let ends = || {
        let marks = near.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
        marks.map(|(index, _)| from + index + MARK.len())
    };
    if ends().count() == 1 {
        return ends().next();
    }
    let mut plain = vec![0; len + 1];
    ends()
        .filter(|end| {
            let mut inflate = Decompress::new(false);
            let packed = packed.get(..*end).unwrap_or_default();
            inflate.decompress(packed, &mut plain, FlushDecompress::Sync).is_ok() && inflate.total_out() == len as u64
        })
        .last()
}

/// A `Read` over a `ReadAt`, from its start.
#[derive(Debug)]
pub(crate) struct Cursor<'a, R: ?Sized> {
    source: &'a R,
    offset_bytes: u64,
}

impl<'a, R: ReadAt + ?Sized> Cursor<'a, R> {
    pub(crate) const fn new(source: &'a R) -> Self {
        Self { source, offset_bytes: 0 }
    }
}

impl<R: ReadAt + ?Sized> Read for Cursor<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(buffer, self.offset_bytes)?;
        self.offset_bytes = self.offset_bytes.saturating_add(count as u64);
        Ok(count)
    }
}
