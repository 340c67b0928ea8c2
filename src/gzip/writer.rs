//! Writes one gzip member, chunk by chunk, to any sink.

use std::io::Write;

use super::chunk::{CHUNK_BYTES, Chunk, Content, Level, Packed, Packer};
use super::error::{Error, Result};
use super::frame::{FINAL_BLOCK, HEADER, trailer};
use super::pool::Pool;
use super::pull::{self, Jobs};
use crate::io::Parallelism;

/// Where a chunk's compressed bytes end up, and what they hold: a row of the chunk table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkRow {
    pub(crate) packed_len_bytes: u32,
    pub(crate) plain_len_bytes: u32,
    pub(crate) crc32: u32,
}

impl ChunkRow {
    /// Most packed bytes of a chunk: twice what it holds. Stored blocks, the worst that a writer can do, add less than a
    /// thousandth; a table that claims more would have one read of a document take that much memory.
    const MAX_PACKED_BYTES: usize = 2 * CHUNK_BYTES;

    /// Whether a chunk can have these lengths.
    pub(crate) fn is_possible(&self) -> bool {
        (1..=Self::MAX_PACKED_BYTES).contains(&(self.packed_len_bytes as usize))
            && (1..=CHUNK_BYTES).contains(&(self.plain_len_bytes as usize))
    }
}

/// The finished member: what its trailer says and where its chunks lie.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemberFacts {
    pub(crate) chunks: Vec<ChunkRow>,
    pub(crate) plain_len_bytes: u64,
    pub(crate) packed_len_bytes: u64,
    pub(crate) crc32: u32,
}

/// A member under way.
///
/// Nothing but [`finish`](Self::finish) writes the end of the member: a writer that is dropped leaves bytes that every
/// decoder calls truncated.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    output: Output<W>,
    crew: Crew,
    chunk: Chunk,
    level: Level,
    parallelism: Parallelism,
}

#[derive(Debug)]
enum Crew {
    Inline(Box<Packer>, Packed),
    Threads(Pool),
}

/// The sink and the sums over all that went into it.
#[derive(Debug)]
struct Output<W> {
    sink: W,
    crc: crc32fast::Hasher,
    facts: MemberFacts,
}

impl<W: Write> Output<W> {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.sink.write_all(bytes).map_err(|error| Error::io("writing", error))?;
        self.facts.packed_len_bytes += bytes.len() as u64;
        Ok(())
    }

    fn chunk(&mut self, packed: &Packed) -> Result<()> {
        self.put(&packed.bytes)?;
        // A chunk holds at most 1 MiB, and deflate adds less than a hundredth to it.
        self.count(ChunkRow {
            packed_len_bytes: u32::try_from(packed.bytes.len()).unwrap_or(u32::MAX),
            plain_len_bytes: u32::try_from(packed.plain_len_bytes).unwrap_or(u32::MAX),
            crc32: packed.crc32,
        });
        Ok(())
    }

    fn count(&mut self, row: ChunkRow) {
        let plain = u64::from(row.plain_len_bytes);
        self.crc.combine(&crc32fast::Hasher::new_with_initial_len(row.crc32, plain));
        self.facts.plain_len_bytes += plain;
        self.facts.chunks.push(row);
    }
}

impl<W: Write> Writer<W> {
    /// Writes the member's header.
    ///
    /// # Errors
    /// When the sink fails or no thread can be had.
    pub(crate) fn start(sink: W, level: Level, parallelism: Parallelism) -> Result<Self> {
        let mut output = Output { sink, crc: crc32fast::Hasher::new(), facts: MemberFacts::default() };
        output.put(&HEADER)?;
        let crew = match parallelism.started() {
            None => Crew::Inline(Box::new(Packer::new(level)), Packed::default()),
            Some(count) => Crew::Threads(Pool::new(count, level)?),
        };
        Ok(Self { output, crew, chunk: Chunk::default(), level, parallelism })
    }

    /// The sink, for what has been written to be taken out of it.
    pub(crate) const fn sink_mut(&mut self) -> &mut W {
        &mut self.output.sink
    }

    /// Appends `bytes`, cutting chunks as they fill.
    pub(crate) fn push(&mut self, content: Content, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let count = self.chunk.push(content, bytes);
            bytes = bytes.get(count..).unwrap_or_default();
            if self.chunk.room_bytes() == 0 {
                self.cut()?;
            }
        }
        Ok(())
    }

    /// Appends exactly `count` bytes that `fill` puts in place; they must fit into the chunk under way.
    pub(crate) fn push_with<E: From<Error>>(
        &mut self,
        content: Content,
        count: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.chunk.push_with(content, count, fill)?;
        if self.chunk.room_bytes() == 0 {
            self.cut()?;
        }
        Ok(())
    }

    /// Bytes that still fit into the chunk under way: at least one.
    pub(crate) fn room_bytes(&self) -> usize {
        self.chunk.room_bytes()
    }

    /// Ends the section under way, if it holds anything: what comes next begins a chunk of its own.
    pub(crate) fn end_section(&mut self) -> Result<()> {
        if self.chunk.is_empty() { Ok(()) } else { self.cut() }
    }

    fn cut(&mut self) -> Result<()> {
        let output = &mut self.output;
        match &mut self.crew {
            Crew::Inline(packer, packed) => {
                packer.pack(&self.chunk, packed)?;
                self.chunk.clear();
                output.chunk(packed)
            }
            Crew::Threads(pool) => pool.submit(&mut self.chunk, |packed| output.chunk(packed)),
        }
    }

    fn drain(&mut self) -> Result<()> {
        let output = &mut self.output;
        match &mut self.crew {
            Crew::Inline(..) => Ok(()),
            Crew::Threads(pool) => pool.drain(|packed| output.chunk(packed)),
        }
    }

    /// Appends a chunk that is compressed already; what `row` says of it is the caller's to have verified.
    pub(crate) fn copy_chunk(&mut self, packed: &[u8], row: ChunkRow) -> Result<()> {
        self.end_section()?;
        self.drain()?;
        self.output.put(packed)?;
        self.output.count(row);
        Ok(())
    }

    /// Counts a chunk that reaches the sink by another way, behind everything that is written so far.
    pub(crate) fn pass_chunk(&mut self, row: ChunkRow) -> Result<()> {
        self.end_section()?;
        self.drain()?;
        self.output.facts.packed_len_bytes += u64::from(row.packed_len_bytes);
        self.output.count(row);
        Ok(())
    }

    /// Lets the threads fill and compress `count` chunks themselves, and appends them in order.
    ///
    /// The chunk under way is taken out first and is the caller's to hand back: [`take_pending`](Self::take_pending).
    pub(crate) fn pull<J: Jobs>(
        &mut self,
        jobs: &J,
        count: usize,
        mut ready: impl FnMut(J::Facts) -> Result<(), J::Error>,
    ) -> Result<(), J::Error> {
        self.drain()?;
        let output = &mut self.output;
        pull::pull(jobs, count, self.parallelism, self.level, |packed, facts| {
            output.chunk(packed)?;
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
    /// When the sink fails.
    pub(crate) fn finish(mut self) -> Result<(W, MemberFacts)> {
        self.end_section()?;
        self.drain()?;
        self.output.put(&FINAL_BLOCK)?;
        let crc32 = self.output.crc.clone().finalize();
        self.output.facts.crc32 = crc32;
        self.output.put(&trailer(crc32, self.output.facts.plain_len_bytes))?;
        let Output { sink, facts, .. } = self.output;
        Ok((sink, facts))
    }
}
