//! Finds the chunks of a member that was written in chunks, when only what it holds is known.

use std::cmp::Ordering;
use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress};

use super::chunk::CHUNK_BYTES;
use super::error::{Error, Result};
use super::frame::{FINAL_BLOCK, HEADER, TRAILER_LEN_BYTES};
use super::stream::read_packed;
use super::writer::{ChunkRow, MemberFacts};
use crate::io::ReadAt;

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
pub(crate) fn find_chunks(source: &(impl ReadAt + ?Sized), lens_bytes: &[usize]) -> Result<Option<MemberFacts>> {
    let len_bytes = source.len_bytes().map_err(|error| Error::io("determining the length of the archive", error))?;
    let mut facts = MemberFacts { packed_len_bytes: len_bytes, ..MemberFacts::default() };
    let mut crc = crc32fast::Hasher::new();
    let end = len_bytes.saturating_sub(TRAILER_LEN_BYTES + FINAL_BLOCK.len() as u64);
    let mut header = HEADER;
    source.read_exact_at(&mut header, 0).map_err(|source| Error::io("reading", source).at(0))?;
    if header != HEADER {
        return Ok(None);
    }
    let mut at = HEADER.len() as u64;
    let mut packed = Vec::new();
    let mut plain = vec![0; CHUNK_BYTES + 1];
    for &len in lens_bytes {
        read_packed(source, at, WINDOW_BYTES.min(end.saturating_sub(at)), &mut packed)?;
        let Some(packed_len) = inflate_chunk(&packed, &mut plain, len) else { return Ok(None) };
        let crc32 = crc32fast::hash(plain.get(..len).unwrap_or_default());
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

/// Inflates a chunk of `len` bytes into `plain`, which has room for one more; says how many packed bytes it takes.
///
/// An inflater reads ahead, past the end of the chunk, as long as it has input. So it is fed up to what looks like a mark
/// each time, and asked what it has made: the chunk ends at the last mark up to which that is all, and nothing more.
fn inflate_chunk(packed: &[u8], plain: &mut [u8], len: usize) -> Option<usize> {
    let mut inflate = Decompress::new(false);
    let mut end = None;
    let ends = packed.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    for (index, _) in ends {
        let next = index + MARK.len();
        if !feed(&mut inflate, packed.get(..next)?, plain.get_mut(..=len)?) {
            return end;
        }
        match inflate.total_out().cmp(&(len as u64)) {
            Ordering::Less => {}
            Ordering::Equal => end = Some(next),
            Ordering::Greater => return end,
        }
    }
    end
}

/// Feeds everything of `packed` that was not fed before; `false` when the inflater does not take all of it.
fn feed(inflate: &mut Decompress, packed: &[u8], plain: &mut [u8]) -> bool {
    loop {
        let (used, made) = (inflate.total_in() as usize, inflate.total_out() as usize);
        let (Some(input), Some(output)) = (packed.get(used..), plain.get_mut(made..)) else { return false };
        let moved = inflate.decompress(input, output, FlushDecompress::Sync).is_ok()
            && (inflate.total_in() as usize, inflate.total_out() as usize) != (used, made);
        if !moved {
            return used == packed.len();
        }
    }
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
