//! Threads that compute the checksums of files before they are needed: [`Workers`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::contents::{Block, StreamFile};
use super::files::DumpFiles;
use super::opened::Opened;
use super::sums::Sums;
use crate::io::OrderedQueue;
use crate::pgdump::error::Error;

/// The number of files that the threads are ahead. A result is a few bytes, so there can be many.
const FILES_AHEAD: usize = 256;

type Queue = OrderedQueue<(Block, StreamFile), Result<Sums, Error>>;

/// Threads that work until they are dropped.
pub(super) struct Workers {
    queue: Arc<Queue>,
    stopped: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts threads for the files of these streams.
    pub(super) fn start<S>(
        opened: &Arc<Opened<S>>,
        threads_count: usize,
        streams: Vec<(Block, StreamFile)>,
    ) -> Result<Self, Error>
    where
        S: DumpFiles + Send + Sync + 'static,
    {
        let queue = Arc::new(Queue::new(FILES_AHEAD));
        streams.into_iter().for_each(|stream| queue.submit(stream));
        let mut workers = Self { queue, stopped: Arc::default(), threads: Vec::new() };
        for _ in 0..threads_count {
            let (queue, opened, stopped) =
                (Arc::clone(&workers.queue), Arc::clone(opened), Arc::clone(&workers.stopped));
            let work = move || queue.work(|| (), |(), _, (block, stream)| opened.sums(&block, &stream, &stopped));
            let thread = thread::Builder::new().name("appsnap-dump".to_owned()).spawn(work);
            workers.threads.push(thread.map_err(|error| Error::io("starting a thread", error))?);
        }
        Ok(workers)
    }

    /// Returns the checksums of the next stream that was given to [`start`](Self::start).
    pub(super) fn next(&self) -> Result<Sums, Error> {
        match self.queue.take() {
            Ok(Some(sums)) => sums,
            Ok(None) => Err(Error::internal("a thread has no more results")),
            Err(_) => Err(Error::internal("a thread has panicked")),
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.queue.close();
        for thread in self.threads.drain(..) {
            // A panic has been reported as the result of its job.
            let _ = thread.join();
        }
    }
}
