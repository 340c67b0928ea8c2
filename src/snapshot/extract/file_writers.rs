//! Creates files on several threads while the caller's thread decompresses and checks: [`FileWriters`].

use super::tree::Tree;
use crate::document::DocumentId;
use crate::gzip;
use crate::io::{OrderedQueue, Parallelism, WorkerError};
use crate::snapshot::error::{Error, Result};

/// Documents up to this length are passed to a thread in memory; longer ones are copied by the caller's thread.
pub(super) const SMALL_BYTES: u64 = 256 << 10;

/// A batch is passed on when it holds this much, or this many documents.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_DOCUMENTS: usize = 256;

impl From<WorkerError> for Error {
    fn from(error: WorkerError) -> Self {
        gzip::Error::from(error).into()
    }
}

/// Documents in one buffer.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    documents: Vec<(DocumentId, usize)>,
}

impl Batch {
    /// Writes the documents and empties the batch.
    fn write(&mut self, tree: &Tree) -> Result<()> {
        let mut start = 0;
        for (id, end) in self.documents.drain(..) {
            let bytes = self.bytes.get(start..end).ok_or_else(|| Error::internal("a batch lacks a document"))?;
            tree.small_document(id, bytes)?;
            start = end;
        }
        self.bytes.clear();
        Ok(())
    }
}

type Queue = OrderedQueue<Batch, (Batch, Result<()>)>;

/// Takes small documents and has them written, here or by other threads.
pub(super) struct FileWriters<'a> {
    tree: &'a Tree,
    batch: Batch,
    /// To the threads; `None` when everything happens on this one.
    queue: Option<&'a Queue>,
    spare: Vec<Batch>,
}

impl FileWriters<'_> {
    /// Takes a document whose bytes `read` appends to the buffer.
    pub(super) fn document(&mut self, id: DocumentId, read: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        read(&mut self.batch.bytes)?;
        self.batch.documents.push((id, self.batch.bytes.len()));
        if self.batch.bytes.len() >= BATCH_BYTES || self.batch.documents.len() >= BATCH_DOCUMENTS {
            self.pass_on()?;
        }
        Ok(())
    }

    fn pass_on(&mut self) -> Result<()> {
        let Some(queue) = self.queue else { return self.batch.write(self.tree) };
        queue.submit(std::mem::replace(&mut self.batch, self.spare.pop().unwrap_or_default()));
        while let Some((batch, result)) = queue.take_ready()? {
            result?;
            self.spare.push(batch);
        }
        Ok(())
    }

    /// Waits until every document is written.
    fn finish(mut self) -> Result<()> {
        self.pass_on()?;
        while let Some((_, result)) = self.queue.map_or(Ok(None), OrderedQueue::take)? {
            result?;
        }
        Ok(())
    }
}

/// Runs `work` with file writers; returns once every document they took is written.
pub(super) fn with_file_writers<T>(
    tree: &Tree,
    parallelism: Parallelism,
    work: impl FnOnce(&mut FileWriters<'_>) -> Result<T>,
) -> Result<T> {
    let run = |queue| {
        let mut writers = FileWriters { tree, batch: Batch::default(), queue, spare: Vec::new() };
        let done = work(&mut writers)?;
        writers.finish()?;
        Ok(done)
    };
    let Some(threads) = parallelism.started() else { return run(None) };
    // One batch being written by each thread, and one waiting.
    let queue = Queue::new(threads.get().saturating_mul(2));
    let write = |(): &mut (), _, mut batch: Batch| {
        let result = batch.write(tree);
        (batch, result)
    };
    queue.with_workers(("appsnap-extract", threads.get()), || (), write, || run(Some(&queue)))
}
