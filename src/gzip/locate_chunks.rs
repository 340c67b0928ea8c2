//! Locates the chunks of a member that was written in chunks, from the lengths of its contents alone.

use std::cmp::Ordering;

use super::chunk::{CHUNK_BYTES, part};
use super::chunk_stream::read_range;
use super::error::{Error, Result};
use super::header::{END_BYTES, HEADER};
use super::table::{ChunkRow, MemberFacts, row_len};
use crate::io::inflate::Inflate;
use crate::io::{self, ReadAt};

/// The end of every chunk's last block: an empty stored one (RFC 1951, section 3.2.4).
const MARK: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Compressed bytes searched for one chunk: more than any chunk takes.
const WINDOW_BYTES: u64 = (CHUNK_BYTES + CHUNK_BYTES / 8) as u64;

/// The uncompressed lengths of chunks, as sections and the lengths of their contents determine them.
#[derive(Debug, Default)]
pub(crate) struct ChunkLengths {
    lens_bytes: Vec<usize>,
    /// Bytes of the chunk under way, with those before the first length.
    filled: usize,
    /// Bytes of the chunk under way that are not counted.
    before: usize,
}

impl ChunkLengths {
    /// Creates the lengths of chunks the first of which already has `before` bytes, fewer than a full chunk, which are not
    /// counted.
    pub(crate) const fn after(before: usize) -> Self {
        Self { lens_bytes: Vec::new(), filled: before, before }
    }

    /// Appends bytes to the section under way.
    pub(crate) fn push(&mut self, len_bytes: u64) {
        let mut left = len_bytes;
        while left > 0 {
            let count = io::at_most(CHUNK_BYTES.saturating_sub(self.filled), left);
            self.filled = self.filled.saturating_add(count);
            left = left.saturating_sub(count as u64);
            if self.filled == CHUNK_BYTES {
                self.end_section();
            }
        }
    }

    /// Ends the section under way, if it holds anything.
    pub(crate) fn end_section(&mut self) {
        let counted = std::mem::take(&mut self.filled).saturating_sub(std::mem::take(&mut self.before));
        if counted > 0 {
            self.lens_bytes.push(counted);
        }
    }

    /// Returns `true` if the section under way holds bytes that are in no finished chunk.
    pub(crate) const fn is_open(&self) -> bool {
        self.filled > self.before
    }

    /// Returns the lengths.
    pub(crate) fn finish(mut self) -> Vec<usize> {
        self.end_section();
        self.lens_bytes
    }
}

/// Locates the chunks of these uncompressed lengths in the member that fills `source`; `None` if it was not cut so.
///
/// `progress` receives the uncompressed length of the chunks located so far.
pub(crate) fn locate_chunks<E: From<Error>>(
    source: &(impl ReadAt + ?Sized),
    lens_bytes: &[usize],
    mut progress: impl FnMut(u64) -> Result<(), E>,
) -> Result<Option<MemberFacts>, E> {
    let len_bytes = source.len_bytes().map_err(|error| Error::io("determining the length of the archive", error))?;
    let mut facts = MemberFacts { compressed_len_bytes: len_bytes, ..MemberFacts::default() };
    let mut crc = crc32fast::Hasher::new();
    let end = len_bytes.saturating_sub(END_BYTES as u64);
    let mut header = HEADER;
    source.read_exact_at(&mut header, 0).map_err(|error| Error::io("reading", error).at(0))?;
    if header != HEADER {
        return Ok(None);
    }
    let mut at = HEADER.len() as u64;
    let mut compressed = Vec::new();
    let mut uncompressed = vec![0; CHUNK_BYTES + 1];
    for &len in lens_bytes {
        read_range(source, at, WINDOW_BYTES.min(end.saturating_sub(at)), &mut compressed)?;
        let Some(compressed_len) = inflate_chunk(&compressed, &mut uncompressed, len) else { return Ok(None) };
        let row = ChunkRow {
            compressed_len_bytes: row_len(compressed_len)?,
            uncompressed_len_bytes: row_len(len)?,
            crc32: crc32fast::hash(part(&uncompressed, 0, len)?),
        };
        crc.combine(&crc32fast::Hasher::new_with_initial_len(row.crc32, len as u64));
        facts.uncompressed_len_bytes = facts.uncompressed_len_bytes.saturating_add(len as u64);
        facts.chunks.push(row);
        progress(facts.uncompressed_len_bytes)?;
        at = at.saturating_add(compressed_len as u64);
    }
    facts.crc32 = crc.finalize();
    Ok((at == end).then_some(facts))
}

/// Decompresses a chunk of `len` bytes into `uncompressed`, which has room for one more; returns its compressed length.
///
/// A decompressor with more input reads past the end of the chunk. So it receives the input up to the next possible mark,
/// again and again: the chunk ends at the last mark before which the output has exactly `len` bytes.
fn inflate_chunk(compressed: &[u8], uncompressed: &mut [u8], len: usize) -> Option<usize> {
    let mut inflate = Inflate::new();
    let (mut used, mut made) = (0_usize, 0_usize);
    let mut end = None;
    let ends = compressed.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    for (index, _) in ends {
        let next = index.saturating_add(MARK.len());
        let output = uncompressed.get_mut(..=len)?;
        let step = inflate.decode(compressed.get(used..next)?, output, made);
        used = used.saturating_add(step.used);
        made = made.saturating_add(step.made);
        if step.need.is_err() {
            return end;
        }
        if used != next {
            return end;
        }
        match made.cmp(&len) {
            Ordering::Less => {}
            Ordering::Equal => end = Some(next),
            Ordering::Greater => return end,
        }
    }
    end
}
