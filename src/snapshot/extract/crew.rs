//! Threads that create files while the caller's thread inflates and checks.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::tree::Tree;
use crate::document::DocumentId;
use crate::io::Parallelism;
use crate::snapshot::error::{Error, Result};

/// Documents up to this length are handed to a thread in memory; longer ones are copied by the caller's thread.
pub(super) const SMALL_BYTES: u64 = 256 << 10;

/// A batch is handed over when it holds this much, or this many documents.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_DOCUMENTS: usize = 256;

/// Documents in one buffer.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    documents: Vec<(DocumentId, usize)>,
}

impl Batch {
    fn write(&self, tree: &Tree) -> Result<()> {
        let mut start = 0;
        for &(id, end) in &self.documents {
            tree.small_document(id, self.bytes.get(start..end).unwrap_or_default())?;
            start = end;
        }
        Ok(())
    }
}

/// Takes small documents and has them written, here or elsewhere.
pub(super) struct Crew<'a> {
    tree: &'a Tree,
    batch: Batch,
    /// To the threads; none when everything happens on this one.
    batches: Option<SyncSender<Batch>>,
    empty: Receiver<Batch>,
    failure: &'a Mutex<Option<Error>>,
}

impl Crew<'_> {
    /// Takes a document whose `len_bytes` bytes `read` puts into the buffer's end.
    pub(super) fn document(&mut self, id: DocumentId, read: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        read(&mut self.batch.bytes)?;
        self.batch.documents.push((id, self.batch.bytes.len()));
        if self.batch.bytes.len() >= BATCH_BYTES || self.batch.documents.len() >= BATCH_DOCUMENTS {
            self.hand_over()?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<()> {
        if let Some(batches) = &self.batches {
            let empty = self.empty.try_recv().unwrap_or_default();
            let full = std::mem::replace(&mut self.batch, empty);
            if batches.send(full).is_err() {
                return Err(self.failure());
            }
        } else {
            self.batch.write(self.tree)?;
        }
        self.batch.bytes.clear();
        self.batch.documents.clear();
        Ok(())
    }

    /// What stopped the threads.
    fn failure(&self) -> Error {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.unwrap_or_else(|| Error::internal("a thread that writes files panicked"))
    }
}

/// Runs `work` with a crew; returns once every document it took is written.
pub(super) fn with_crew<T>(
    tree: &Tree,
    parallelism: Parallelism,
    work: impl FnOnce(&mut Crew<'_>) -> Result<T>,
) -> Result<T> {
    let failure = Mutex::new(None);
    let (give_back, empty) = mpsc::channel();
    if parallelism == Parallelism::INLINE {
        let mut crew = Crew { tree, batch: Batch::default(), batches: None, empty, failure: &failure };
        let done = work(&mut crew)?;
        crew.hand_over()?;
        return Ok(done);
    }
    let threads = parallelism.threads_count();
    let (batches, queue) = mpsc::sync_channel::<Batch>(threads);
    let queue = Mutex::new(Some(queue));
    thread::scope(|scope| {
        for _ in 0..threads {
            let (queue, give_back, failure) = (&queue, give_back.clone(), &failure);
            let write = move || {
                loop {
                    let next = match &*queue.lock().unwrap_or_else(PoisonError::into_inner) {
                        Some(queue) => queue.recv(),
                        None => return,
                    };
                    let Ok(mut batch) = next else { return };
                    if let Err(error) = batch.write(tree) {
                        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        // Without a queue the caller's thread notices at its next batch.
                        *queue.lock().unwrap_or_else(PoisonError::into_inner) = None;
                        return;
                    }
                    batch.bytes.clear();
                    batch.documents.clear();
                    // The caller may be done already, and want no more buffers.
                    let _ = give_back.send(batch);
                }
            };
            let spawned = thread::Builder::new().name("appsnap-extract".into()).spawn_scoped(scope, write);
            if let Err(error) = spawned {
                return Err(Error::io("starting a thread", error));
            }
        }
        let mut crew = Crew { tree, batch: Batch::default(), batches: Some(batches), empty, failure: &failure };
        let done = work(&mut crew).and_then(|done| crew.hand_over().map(|()| done));
        // Dropping the crew closes the queue, which ends the threads.
        drop(crew);
        done
    })
    .and_then(|done| match failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => Ok(done),
    })
}
