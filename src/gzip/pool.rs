//! Threads that compress the chunks they are handed: [`Pool`], for contents that only the caller's thread can read.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::chunk::{Chunk, Level, Packed, Packer};
use super::error::{Error, ErrorKind, Result};
use super::relay::{guarded, window};

/// Results by their number, handed out in order.
struct InOrder<T> {
    next: usize,
    waiting: BTreeMap<usize, T>,
}

impl<T> InOrder<T> {
    const fn new() -> Self {
        Self { next: 0, waiting: BTreeMap::new() }
    }

    fn put(&mut self, number: usize, result: T) {
        self.waiting.insert(number, result);
    }

    fn take(&mut self) -> Option<T> {
        let result = self.waiting.remove(&self.next)?;
        self.next += 1;
        Some(result)
    }
}

/// A chunk with room for its compressed form; both buffers are reused.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) chunk: Chunk,
    pub(crate) packed: Packed,
}

type Done = (usize, Load, Result<()>);

/// Threads that compress the chunks they are given.
///
/// Dropping it lets the threads finish what they hold and joins them.
#[derive(Debug)]
pub(crate) struct Pool {
    jobs: Option<Sender<(usize, Load)>>,
    results: Receiver<Done>,
    threads: Vec<JoinHandle<()>>,
    submitted: usize,
    done: InOrder<(Load, Result<()>)>,
    spare: Vec<Load>,
}

impl std::fmt::Debug for InOrder<(Load, Result<()>)> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InOrder").field("next", &self.next).finish_non_exhaustive()
    }
}

impl Pool {
    /// # Errors
    /// When the system gives no more threads.
    pub(crate) fn new(threads: NonZeroUsize, level: Level) -> Result<Self> {
        let (jobs, queue) = mpsc::channel::<(usize, Load)>();
        let (report, results) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let mut pool = Self {
            jobs: Some(jobs),
            results,
            threads: Vec::new(),
            submitted: 0,
            done: InOrder::new(),
            spare: Vec::new(),
        };
        for _ in 0..threads.get() {
            let queue = Arc::clone(&queue);
            let report = report.clone();
            let work = move || {
                let mut packer = Packer::new(level);
                loop {
                    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((number, mut load)) = job else { return };
                    let result = guarded(|| packer.pack(&load.chunk, &mut load.packed));
                    if report.send((number, load, result)).is_err() {
                        return;
                    }
                }
            };
            let spawned = thread::Builder::new().name("appsnap-pack".into()).spawn(work);
            pool.threads.push(spawned.map_err(|error| Error::io("starting a thread", error))?);
        }
        Ok(pool)
    }

    /// Hands over `chunk`, leaves an empty one in its place, and passes on what is ready, in order.
    /// Waits when too much is under way.
    pub(crate) fn submit(&mut self, chunk: &mut Chunk, mut ready: impl FnMut(&Packed) -> Result<()>) -> Result<()> {
        let mut load = self.spare.pop().unwrap_or_default();
        load.chunk.clear();
        std::mem::swap(&mut load.chunk, chunk);
        let number = self.submitted;
        self.submitted += 1;
        let jobs = self.jobs.as_ref().ok_or_else(|| Error::new(ErrorKind::WorkerPanicked))?;
        jobs.send((number, load)).map_err(|_| Error::new(ErrorKind::WorkerPanicked))?;
        self.hand_out(window(self.threads.len()), &mut ready)
    }

    /// Waits for everything under way and passes it on.
    pub(crate) fn drain(&mut self, mut ready: impl FnMut(&Packed) -> Result<()>) -> Result<()> {
        self.hand_out(0, &mut ready)
    }

    fn hand_out(&mut self, at_most: usize, ready: &mut impl FnMut(&Packed) -> Result<()>) -> Result<()> {
        loop {
            while let Ok((number, load, result)) = self.results.try_recv() {
                self.done.put(number, (load, result));
            }
            while let Some((load, result)) = self.done.take() {
                result?;
                ready(&load.packed)?;
                self.spare.push(load);
            }
            if self.submitted - self.done.next <= at_most {
                return Ok(());
            }
            let (number, load, result) = self.results.recv().map_err(|_| Error::new(ErrorKind::WorkerPanicked))?;
            self.done.put(number, (load, result));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A panic inside was caught and reported; nothing is left to say here.
            let _ = thread.join();
        }
    }
}
