//! Compresses chunks on several threads, whether they are filled by the caller or by the threads themselves.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::chunk::Chunk;
use super::deflater::{CompressedChunk, Deflater};
use super::error::{Error, ErrorKind, Result};
use super::level::Level;
use crate::io::{OrderedQueue, Parallelism, Spares, WorkerError, window};

impl From<WorkerError> for Error {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Start(source) => Self::io("starting a thread", source),
            WorkerError::Panicked => Self::new(ErrorKind::Internal("a thread panicked")),
        }
    }
}

/// A chunk with room for its compressed form; both buffers are reused.
#[derive(Debug, Default)]
pub(crate) struct ChunkBuffers {
    chunk: Chunk,
    compressed: CompressedChunk,
}

/// Compresses chunks that only the caller's thread can fill.
#[derive(Debug)]
pub(crate) enum Compressor {
    Inline(Box<Deflater>, CompressedChunk),
    Threads(Threads),
}

/// Threads that compress, which are joined when this is dropped.
#[derive(Debug)]
pub(crate) struct Threads {
    queue: Arc<OrderedQueue<ChunkBuffers, (ChunkBuffers, Result<()>)>>,
    threads: Vec<JoinHandle<()>>,
    spare: Vec<ChunkBuffers>,
}

impl Compressor {
    /// # Errors
    /// Returns an error if the system cannot start a thread.
    pub(crate) fn new(level: Level, parallelism: Parallelism) -> Result<Self> {
        match parallelism.started() {
            None => Ok(Self::Inline(Box::new(Deflater::new(level)), CompressedChunk::default())),
            Some(threads) => Threads::start(level, threads).map(Self::Threads),
        }
    }

    /// Takes `chunk`, leaves an empty one in its place, and passes what is ready to `ready`, in order. Waits if too many
    /// chunks are under way.
    pub(crate) fn submit(
        &mut self,
        chunk: &mut Chunk,
        mut ready: impl FnMut(&CompressedChunk) -> Result<()>,
    ) -> Result<()> {
        match self {
            Self::Inline(deflater, compressed) => {
                deflater.compress(chunk, compressed)?;
                chunk.clear();
                ready(compressed)
            }
            Self::Threads(threads) => threads.submit(chunk, &mut ready),
        }
    }

    /// Waits for everything under way and passes it to `ready`.
    pub(crate) fn drain(&mut self, mut ready: impl FnMut(&CompressedChunk) -> Result<()>) -> Result<()> {
        match self {
            Self::Inline(..) => Ok(()),
            Self::Threads(threads) => {
                while let Some(done) = threads.queue.take()? {
                    threads.pass(done, &mut ready)?;
                }
                Ok(())
            }
        }
    }
}

impl Threads {
    fn start(level: Level, count: NonZeroUsize) -> Result<Self> {
        let queue = Arc::new(OrderedQueue::new(window(count.get())));
        let mut started = Self { queue, threads: Vec::new(), spare: Vec::new() };
        for _ in 0..count.get() {
            let queue = Arc::clone(&started.queue);
            let work = move || {
                let compress = |deflater: &mut Deflater, _, mut buffers: ChunkBuffers| {
                    let result = deflater.compress(&buffers.chunk, &mut buffers.compressed);
                    (buffers, result)
                };
                queue.work(|| Deflater::new(level), compress);
            };
            let spawned = thread::Builder::new().name("appsnap-compress".into()).spawn(work);
            started.threads.push(spawned.map_err(WorkerError::Start)?);
        }
        Ok(started)
    }

    fn submit(&mut self, chunk: &mut Chunk, ready: &mut impl FnMut(&CompressedChunk) -> Result<()>) -> Result<()> {
        let mut buffers = self.spare.pop().unwrap_or_default();
        buffers.chunk.clear();
        std::mem::swap(&mut buffers.chunk, chunk);
        self.queue.submit(buffers);
        while let Some(done) = self.queue.take_ready()? {
            self.pass(done, ready)?;
        }
        Ok(())
    }

    fn pass(
        &mut self,
        (buffers, result): (ChunkBuffers, Result<()>),
        ready: &mut impl FnMut(&CompressedChunk) -> Result<()>,
    ) -> Result<()> {
        result?;
        ready(&buffers.compressed)?;
        self.spare.push(buffers);
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // A panic inside was caught and became a result.
            let _ = thread.join();
        }
    }
}

/// Chunks that any thread can fill.
pub(crate) trait ChunkSource: Sync {
    /// The result of filling a chunk, for the caller's thread.
    type Facts: Send;
    /// The caller's error.
    type Error: From<Error> + From<WorkerError> + Send;
    /// The state that a thread keeps from one chunk to the next.
    type Scratch: Default;

    /// Fills the empty `chunk` with the uncompressed bytes of chunk `number`.
    fn fill(&self, number: usize, scratch: &mut Self::Scratch, chunk: &mut Chunk) -> Result<Self::Facts, Self::Error>;
}

/// Fills and compresses chunks `0..count` on the threads of `parallelism`, and calls `ready` for each, in order, on this
/// one.
///
/// # Errors
/// Returns the first error in the order of the chunks, wherever it happened; all threads have ended by then.
pub(crate) fn fill_in_parallel<C: ChunkSource>(
    source: &C,
    count: usize,
    (level, parallelism): (Level, Parallelism),
    mut ready: impl FnMut(&CompressedChunk, C::Facts) -> Result<(), C::Error>,
) -> Result<(), C::Error> {
    // The uncompressed bytes stay with the thread: only what is compressed waits for its turn.
    let start = || Filler { deflater: Deflater::new(level), scratch: C::Scratch::default(), chunk: Chunk::default() };
    let work = |filler: &mut Filler<C::Scratch>, number, compressed: &mut CompressedChunk| {
        let Filler { deflater, scratch, chunk } = filler;
        chunk.clear();
        let facts = source.fill(number, scratch, chunk)?;
        deflater.compress(chunk, compressed)?;
        Ok::<_, C::Error>(facts)
    };
    let Some(threads) = parallelism.started() else {
        let (mut filler, mut compressed) = (start(), CompressedChunk::default());
        return (0..count).try_for_each(|number| {
            let facts = work(&mut filler, number, &mut compressed)?;
            ready(&compressed, facts)
        });
    };
    let threads = threads.get().min(count);
    let queue = OrderedQueue::<(), (CompressedChunk, Result<C::Facts, C::Error>)>::new(window(threads));
    let spares = Spares::<CompressedChunk>::default();
    let job = |filler: &mut Filler<C::Scratch>, number, ()| {
        let mut compressed = spares.take();
        let result = work(filler, number, &mut compressed);
        (compressed, result)
    };
    queue.with_workers(("appsnap-fill", threads), start, job, || {
        queue.submit_numbers(count);
        while let Some((compressed, result)) = queue.take()? {
            ready(&compressed, result?)?;
            spares.give(compressed);
        }
        Ok(())
    })
}

/// The memory of a thread that fills and compresses chunks.
struct Filler<S> {
    deflater: Deflater,
    scratch: S,
    chunk: Chunk,
}
