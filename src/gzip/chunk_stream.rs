//! The uncompressed bytes of a member whose chunks are known: decompressed by several threads, read in order.

use std::io::{Cursor, Read};

use super::error::{Error, ErrorKind, Result};
use super::header::{END_BYTES, FINAL_BLOCK, HEADER, trailer};
use super::inflater::Inflater;
use super::table::{ChunkLocation, ChunkTable};
use crate::io::{OrderedQueue, Parallelism, ReadAt, Spares, WorkerError, window};

type Inflated = (Vec<u8>, Result<()>);

/// The uncompressed bytes of a member, each chunk's length and CRC32 verified.
pub(crate) struct ChunkStream<'a, R: ?Sized> {
    feed: Feed<'a, R>,
    current: Cursor<Vec<u8>>,
}

enum Feed<'a, R: ?Sized> {
    Inline(std::slice::Iter<'a, ChunkLocation>, Box<ChunkReader<'a, R>>),
    Threads(&'a OrderedQueue<(), Inflated>, &'a Spares<Vec<u8>>),
}

/// Reads and decompresses chunks on one thread.
struct ChunkReader<'a, R: ?Sized> {
    source: &'a R,
    inflater: Inflater,
    compressed: Vec<u8>,
}

impl<'a, R: ReadAt + ?Sized> ChunkReader<'a, R> {
    fn new(source: &'a R) -> Self {
        Self { source, inflater: Inflater::new(), compressed: Vec::new() }
    }

    /// Replaces what is in `uncompressed` by a chunk, verified.
    fn read(&mut self, chunk: &ChunkLocation, uncompressed: &mut Vec<u8>) -> Result<()> {
        uncompressed.clear();
        uncompressed.extend_from_slice(self.inflate(chunk)?);
        Ok(())
    }

    /// Replaces what is in `self.compressed` by a chunk, verified.
    fn verify(&mut self, chunk: &ChunkLocation) -> Result<()> {
        self.inflate(chunk).map(|_| ())
    }

    fn inflate(&mut self, chunk: &ChunkLocation) -> Result<&[u8]> {
        let (offset, len) = (chunk.compressed_offset_bytes, chunk.row.compressed_len_bytes);
        read_range(self.source, offset, u64::from(len), &mut self.compressed)?;
        self.inflater.chunk(&self.compressed, &chunk.row).map_err(|error| error.at(offset))
    }
}

/// Calls `work` with the stream of all chunks of the member that begins at the start of `source`.
///
/// Header, final block and trailer are compared first, so that the stream's end means that all of the member was
/// verified.
pub(crate) fn with_chunks<R, T, E>(
    source: &R,
    table: &ChunkTable,
    parallelism: Parallelism,
    work: impl FnOnce(ChunkStream<'_, R>) -> Result<T, E>,
) -> Result<T, E>
where
    R: ReadAt + Sync + ?Sized,
    E: From<Error> + From<WorkerError>,
{
    check_around(source, table)?;
    let chunks = table.chunks();
    let stream = |feed| ChunkStream { feed, current: Cursor::default() };
    let Some(threads) = parallelism.started() else {
        return work(stream(Feed::Inline(chunks.iter(), Box::new(ChunkReader::new(source)))));
    };
    let threads = threads.get().min(chunks.len());
    let queue = OrderedQueue::<(), Inflated>::new(window(threads));
    let spares = Spares::<Vec<u8>>::default();
    let inflate = |reader: &mut ChunkReader<'_, R>, number: usize, ()| {
        let mut uncompressed = spares.take();
        let chunk = chunks.get(number).ok_or_else(|| Error::new(ErrorKind::Internal("there is no such chunk")));
        let result = chunk.and_then(|chunk| reader.read(chunk, &mut uncompressed));
        (uncompressed, result)
    };
    queue.with_workers(
        ("appsnap-inflate", threads),
        || ChunkReader::new(source),
        inflate,
        || {
            queue.submit_numbers(chunks.len());
            work(stream(Feed::Threads(&queue, &spares)))
        },
    )
}

/// Calls `each` with the compressed bytes of every chunk, in order, after they were decompressed and verified.
pub(crate) fn verified_chunks<R, E>(
    source: &R,
    chunks: &[ChunkLocation],
    parallelism: Parallelism,
    mut each: impl FnMut(&[u8], &ChunkLocation) -> Result<(), E>,
) -> Result<(), E>
where
    R: ReadAt + Sync + ?Sized,
    E: From<Error> + From<WorkerError>,
{
    let Some(threads) = parallelism.started().filter(|_| chunks.len() > 1) else {
        let mut reader = ChunkReader::new(source);
        return chunks.iter().try_for_each(|chunk| {
            reader.verify(chunk)?;
            each(&reader.compressed, chunk)
        });
    };
    let threads = threads.get().min(chunks.len());
    let queue = OrderedQueue::<(), Result<Vec<u8>>>::new(window(threads));
    let work = |reader: &mut ChunkReader<'_, R>, number: usize, ()| {
        let chunk = chunks.get(number).ok_or_else(|| Error::new(ErrorKind::Internal("there is no such chunk")))?;
        reader.verify(chunk)?;
        Ok(std::mem::take(&mut reader.compressed))
    };
    queue.with_workers(
        ("appsnap-verify", threads),
        || ChunkReader::new(source),
        work,
        || {
            queue.submit_numbers(chunks.len());
            for chunk in chunks {
                let missing = || Error::new(ErrorKind::Internal("a chunk was not verified"));
                each(&queue.take()?.ok_or_else(missing)??, chunk)?;
            }
            Ok(())
        },
    )
}

/// Replaces what is in `buffer` by bytes of the archive; whatever an index claims, memory grows only as bytes arrive.
pub(crate) fn read_range(
    source: &(impl ReadAt + ?Sized),
    offset_bytes: u64,
    len_bytes: u64,
    buffer: &mut Vec<u8>,
) -> Result<()> {
    crate::io::read_range(source, offset_bytes, len_bytes, buffer)
        .map_err(|(error, position)| Error::io("reading", error).at(position))
}

/// Compares the bytes around the chunks with what they must be.
fn check_around(source: &(impl ReadAt + ?Sized), table: &ChunkTable) -> Result<()> {
    let mut header = HEADER;
    let mut end = [0; END_BYTES];
    let end_at = table.member_bytes().saturating_sub(END_BYTES as u64);
    for (bytes, at) in [(&mut header[..], 0), (&mut end[..], end_at)] {
        source.read_exact_at(bytes, at).map_err(|error| Error::io("reading", error).at(at))?;
    }
    let trailer = trailer(table.crc32(), table.uncompressed_bytes());
    if header != HEADER {
        return Err(Error::new(ErrorKind::Header("it is not the one that an indexed archive begins with")).at(0));
    }
    if !end.starts_with(&FINAL_BLOCK) || !end.ends_with(&trailer) {
        return Err(Error::new(ErrorKind::Deflate).at(end_at));
    }
    Ok(())
}

impl<R: ReadAt + ?Sized> ChunkStream<'_, R> {
    /// Goes to the next chunk; `false` when there is none.
    fn advance(&mut self) -> Result<bool> {
        let mut uncompressed = std::mem::take(&mut self.current).into_inner();
        match &mut self.feed {
            Feed::Inline(chunks, reader) => {
                let Some(chunk) = chunks.next() else { return Ok(false) };
                reader.read(chunk, &mut uncompressed)?;
            }
            Feed::Threads(queue, spares) => {
                spares.give(uncompressed);
                let Some((next, result)) = queue.take()? else { return Ok(false) };
                result?;
                uncompressed = next;
            }
        }
        self.current = Cursor::new(uncompressed);
        Ok(true)
    }
}

impl<R: ReadAt + ?Sized> Read for ChunkStream<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.current.read(buffer)?;
        // No chunk is empty.
        if count == 0 && !buffer.is_empty() && self.advance()? { self.current.read(buffer) } else { Ok(count) }
    }
}
