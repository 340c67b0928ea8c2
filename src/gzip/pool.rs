//! Threads that compress chunks, and the order in which their results come out.
//!
//! There are two ways to feed them. [`Pool`] owns its threads and is handed filled chunks; [`pull`] borrows the caller's
//! data for a while and lets the threads fill their chunks themselves. Both bound how far the threads may run ahead of
//! the writer, so that one slow file, or a slow sink, cannot make memory grow.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::chunk::{Chunk, Level, Packed, Packer};
use super::error::{Error, ErrorKind, Result};

/// On how many threads to work. Results never depend on it.
///
/// ```
/// use appsnap::gzip::Parallelism;
///
/// assert_eq!(Parallelism::threads(0), Parallelism::Inline);
/// assert_eq!(Parallelism::threads(4).threads_count(), 4);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parallelism {
    /// On the caller's thread alone.
    #[default]
    Inline,
    /// On this many threads beside the caller's, which reads or writes in order.
    Threads(NonZeroUsize),
}

impl Parallelism {
    /// `count` threads; none at all means [`Inline`](Self::Inline).
    #[must_use]
    pub fn threads(count: usize) -> Self {
        NonZeroUsize::new(count).map_or(Self::Inline, Self::Threads)
    }

    /// How many threads do the work: at least one.
    #[must_use]
    pub const fn threads_count(self) -> usize {
        match self {
            Self::Inline => 1,
            Self::Threads(count) => count.get(),
        }
    }
}

/// How many chunks may be under way: two a thread keep every thread busy while the oldest is written.
pub(crate) const fn window(threads: usize) -> usize {
    threads.saturating_mul(2).saturating_add(2)
}

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

/// Runs `job`; a panic becomes an error, so that it reaches the caller instead of stopping one thread in silence.
fn guarded<T, E: From<Error>>(job: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(Error::new(ErrorKind::WorkerPanicked).into()))
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

/// Chunks that know how to fill themselves.
pub(crate) trait Jobs: Sync {
    /// What filling a chunk found out, for the caller's thread.
    type Facts: Send;
    /// The caller's error.
    type Error: From<Error> + Send;
    /// What a thread keeps from one chunk to the next.
    type Scratch: Default;

    /// Fills the empty `chunk` with the plain bytes of chunk `number`.
    fn fill(&self, number: usize, scratch: &mut Self::Scratch, chunk: &mut Chunk) -> Result<Self::Facts, Self::Error>;
}

/// Who may take the next chunk, and the buffers that wait for reuse.
struct Claims {
    next: usize,
    written: usize,
    stopped: bool,
    spare: Vec<Load>,
}

/// Fills and compresses chunks `0..count` on the threads of `parallelism`, and calls `ready` for each, in order, on this one.
///
/// # Errors
/// The first error in the order of the chunks, from wherever it came; all threads have ended by then.
pub(crate) fn pull<J: Jobs>(
    jobs: &J,
    count: usize,
    parallelism: Parallelism,
    level: Level,
    mut ready: impl FnMut(&Packed, J::Facts) -> Result<(), J::Error>,
) -> Result<(), J::Error> {
    let threads = match parallelism {
        Parallelism::Inline => return pull_inline(jobs, count, level, ready),
        Parallelism::Threads(threads) => threads.get().min(count),
    };
    let claims = Mutex::new(Claims { next: 0, written: 0, stopped: false, spare: Vec::new() });
    let moved = Condvar::new();
    let lock = || claims.lock().unwrap_or_else(PoisonError::into_inner);
    let stop = || {
        lock().stopped = true;
        moved.notify_all();
    };
    let work = |report: Sender<(usize, Load, Result<J::Facts, J::Error>)>| {
        let mut packer = Packer::new(level);
        let mut scratch = J::Scratch::default();
        loop {
            let mut state = lock();
            while !state.stopped && state.next < count && state.next >= state.written + window(threads) {
                state = moved.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.stopped || state.next >= count {
                return;
            }
            let number = state.next;
            state.next += 1;
            let mut load = state.spare.pop().unwrap_or_default();
            drop(state);
            let result = guarded(|| {
                load.chunk.clear();
                let facts = jobs.fill(number, &mut scratch, &mut load.chunk)?;
                packer.pack(&load.chunk, &mut load.packed)?;
                Ok(facts)
            });
            if report.send((number, load, result)).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        let (report, results) = mpsc::channel();
        let mut outcome = Ok(());
        for _ in 0..threads {
            let report = report.clone();
            let spawned = thread::Builder::new().name("appsnap-pull".into()).spawn_scoped(scope, || work(report));
            if let Err(error) = spawned {
                outcome = Err(Error::io("starting a thread", error).into());
                break;
            }
        }
        drop(report);
        let mut done = InOrder::new();
        while outcome.is_ok() && done.next < count {
            match results.recv() {
                Ok((number, load, result)) => done.put(number, (load, result)),
                Err(_) => outcome = Err(Error::new(ErrorKind::WorkerPanicked).into()),
            }
            while let (Ok(()), Some((load, result))) = (&outcome, done.take()) {
                outcome = result.and_then(|facts: J::Facts| ready(&load.packed, facts));
                let mut state = lock();
                state.written = done.next;
                state.spare.push(load);
                drop(state);
                moved.notify_all();
            }
        }
        stop();
        outcome
    })
}

fn pull_inline<J: Jobs>(
    jobs: &J,
    count: usize,
    level: Level,
    mut ready: impl FnMut(&Packed, J::Facts) -> Result<(), J::Error>,
) -> Result<(), J::Error> {
    let mut packer = Packer::new(level);
    let mut scratch = J::Scratch::default();
    let mut load = Load::default();
    for number in 0..count {
        load.chunk.clear();
        let facts = jobs.fill(number, &mut scratch, &mut load.chunk)?;
        packer.pack(&load.chunk, &mut load.packed)?;
        ready(&load.packed, facts)?;
    }
    Ok(())
}
