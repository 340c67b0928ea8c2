//! Writes one gzip member, chunk by chunk, to any sink.

use std::io::Write;

use super::chunk::{Chunk, SegmentKind};
use super::deflater::CompressedChunk;
use super::error::{Error, Result};
use super::header::{FINAL_BLOCK, HEADER, trailer};
use super::level::Level;
use super::parallel::{ChunkSource, Compressor, fill_in_parallel};
use super::table::{ChunkRow, MemberFacts};
use crate::io::Parallelism;

/// A member under way.
///
/// Nothing but [`finish`](Self::finish) writes the end of the member: a writer that is dropped leaves bytes that every
/// decoder calls truncated.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    output: Output<W>,
    compressor: Compressor,
    chunk: Chunk,
    level: Level,
    parallelism: Parallelism,
}

/// The sink, and the sums over everything written to it.
#[derive(Debug)]
struct Output<W> {
    sink: W,
    crc: crc32fast::Hasher,
    facts: MemberFacts,
}

impl<W: Write> Output<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.sink.write_all(bytes).map_err(|error| Error::io("writing", error))?;
        self.count_compressed(bytes.len() as u64);
        Ok(())
    }

    fn chunk(&mut self, compressed: &CompressedChunk) -> Result<()> {
        self.write(&compressed.bytes)?;
        self.count(compressed.row);
        Ok(())
    }

    fn count_compressed(&mut self, len_bytes: u64) {
        self.facts.compressed_len_bytes = self.facts.compressed_len_bytes.saturating_add(len_bytes);
    }

    fn count(&mut self, row: ChunkRow) {
        let len = u64::from(row.uncompressed_len_bytes);
        self.crc.combine(&crc32fast::Hasher::new_with_initial_len(row.crc32, len));
        self.facts.uncompressed_len_bytes = self.facts.uncompressed_len_bytes.saturating_add(len);
        self.facts.chunks.push(row);
    }
}

impl<W: Write> Writer<W> {
    /// Writes the member's header.
    ///
    /// # Errors
    /// Returns an error if the sink fails or the system cannot start a thread.
    pub(crate) fn start(sink: W, level: Level, parallelism: Parallelism) -> Result<Self> {
        let mut output = Output { sink, crc: crc32fast::Hasher::new(), facts: MemberFacts::default() };
        output.write(&HEADER)?;
        let compressor = Compressor::new(level, parallelism)?;
        Ok(Self { output, compressor, chunk: Chunk::default(), level, parallelism })
    }

    /// Returns the sink, so that what has been written can be taken out of it.
    pub(crate) const fn sink_mut(&mut self) -> &mut W {
        &mut self.output.sink
    }

    /// Appends `bytes`, cutting chunks as they fill.
    pub(crate) fn push(&mut self, kind: SegmentKind, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self.chunk.push(kind, rest);
            if self.chunk.room_bytes() == 0 {
                self.cut()?;
            }
        }
        Ok(())
    }

    /// Appends exactly `count` bytes that `fill` puts in place; they must fit into the chunk under way.
    pub(crate) fn push_with<E: From<Error>>(
        &mut self,
        kind: SegmentKind,
        count: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.chunk.push_with(kind, count, fill)?;
        if self.chunk.room_bytes() == 0 {
            self.cut()?;
        }
        Ok(())
    }

    /// Returns the number of bytes that still fit into the chunk under way: at least one.
    pub(crate) fn room_bytes(&self) -> usize {
        self.chunk.room_bytes()
    }

    /// Returns the number of bytes in the chunk under way: less than a full chunk.
    pub(crate) fn pending_bytes(&self) -> usize {
        self.chunk.len_bytes()
    }

    /// Returns the compressed length of everything before the chunk under way. Exact for a writer without threads.
    pub(crate) const fn compressed_len_bytes(&self) -> u64 {
        self.output.facts.compressed_len_bytes
    }

    /// Ends the section under way, if it holds anything: what comes next begins a chunk of its own.
    pub(crate) fn end_section(&mut self) -> Result<()> {
        if self.chunk.is_empty() { Ok(()) } else { self.cut() }
    }

    fn cut(&mut self) -> Result<()> {
        let output = &mut self.output;
        self.compressor.submit(&mut self.chunk, |compressed| output.chunk(compressed))
    }

    fn drain(&mut self) -> Result<()> {
        let output = &mut self.output;
        self.compressor.drain(|compressed| output.chunk(compressed))
    }

    /// Appends a chunk that is compressed already and whose row the caller has verified.
    pub(crate) fn copy_chunk(&mut self, compressed: &[u8], row: ChunkRow) -> Result<()> {
        self.end_section()?;
        self.drain()?;
        self.output.write(compressed)?;
        self.output.count(row);
        Ok(())
    }

    /// Counts a chunk that the caller writes to the sink itself, after everything that is written so far.
    pub(crate) fn pass_chunk(&mut self, row: ChunkRow) -> Result<()> {
        self.end_section()?;
        self.drain()?;
        self.output.count_compressed(u64::from(row.compressed_len_bytes));
        self.output.count(row);
        Ok(())
    }

    /// Lets the threads fill and compress `count` chunks themselves, and appends them in order.
    ///
    /// The chunk under way is taken out first and is the caller's to return: [`take_pending`](Self::take_pending).
    pub(crate) fn fill_in_parallel<C: ChunkSource>(
        &mut self,
        source: &C,
        count: usize,
        mut ready: impl FnMut(C::Facts) -> Result<(), C::Error>,
    ) -> Result<(), C::Error> {
        self.drain()?;
        let output = &mut self.output;
        fill_in_parallel(source, count, (self.level, self.parallelism), |compressed, facts| {
            output.chunk(compressed)?;
            ready(facts)
        })
    }

    /// Takes the chunk under way out of the writer.
    pub(crate) fn take_pending(&mut self) -> Chunk {
        std::mem::take(&mut self.chunk)
    }

    /// Puts a chunk that is not full back as the one under way.
    pub(crate) fn put_pending(&mut self, chunk: Chunk) {
        debug_assert!(self.chunk.is_empty() && chunk.room_bytes() > 0);
        self.chunk = chunk;
    }

    /// Writes the end of the member.
    ///
    /// # Errors
    /// Returns an error if the sink fails.
    pub(crate) fn finish(&mut self) -> Result<MemberFacts> {
        self.end_section()?;
        self.drain()?;
        self.output.write(&FINAL_BLOCK)?;
        let crc32 = self.output.crc.clone().finalize();
        self.output.facts.crc32 = crc32;
        self.output.write(&trailer(crc32, self.output.facts.uncompressed_len_bytes))?;
        Ok(std::mem::take(&mut self.output.facts))
    }

    /// Returns the sink, whatever was written to it.
    pub(crate) fn into_sink(self) -> W {
        self.output.sink
    }
}
