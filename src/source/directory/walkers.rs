//! Walks a folder on several threads, which take jobs from one queue, and collects on the caller's thread.
//!
//! Jobs make jobs and their order does not matter, so this is a stack, and not the queue that keeps results in order.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::walk::{Batch, Job, Listed, Listing, Walk, WalkSink, Workspace};
use crate::io::Folder;
use crate::source::error::{Error, ErrorKind, Result};

/// Walks on `threads_count` threads and passes everything found to `deliver`, on this thread.
pub(super) fn run(
    walk: &Walk<'_>,
    root: &Arc<Folder>,
    threads_count: NonZeroUsize,
    deliver: &mut dyn FnMut(&mut Batch) -> Result<()>,
) -> Result<()> {
    let queue = WorkQueue::new(root, threads_count);
    let (sender, receiver) = sync_channel(threads_count.get());
    thread::scope(|scope| {
        for number in 0..threads_count.get() {
            let (queue, sender) = (&queue, sender.clone());
            let walker = thread::Builder::new().name(format!("appsnap-walk-{number}"));
            let started = walker.spawn_scoped(scope, move || walk_until_done(walk, queue, &sender));
            if let Err(cause) = started {
                // Fewer threads do; none at all is an error.
                if number == 0 {
                    return Err(Error::io(&walk.folder.root, "listing the folder", cause));
                }
                break;
            }
        }
        drop(sender);
        // However the collecting ends, the walkers then find the queue closed and no one to take results.
        let _close = CloseOnDrop(&queue);
        collect(receiver, deliver)
    })
}

fn collect(receiver: Receiver<Result<Batch>>, deliver: &mut dyn FnMut(&mut Batch) -> Result<()>) -> Result<()> {
    receiver.into_iter().try_for_each(|batch| deliver(&mut batch?))
}

fn walk_until_done(walk: &Walk<'_>, queue: &WorkQueue, sender: &SyncSender<Result<Batch>>) {
    let _close = CloseOnDrop(queue);
    let work = AssertUnwindSafe(|| {
        let mut sink = ThreadSink { queue, sender };
        let mut workspace = Workspace::default();
        while let Some((job, _active)) = queue.next() {
            walk.run(job, &mut workspace, &mut sink)?;
        }
        Ok(workspace.batch)
    });
    let result = catch_unwind(work).unwrap_or_else(|_| {
        Err(Error::io(
            &walk.folder.root,
            "listing the folder",
            io::Error::other("a thread that lists folders panicked"),
        ))
    });
    // A collector that takes nothing any more has stopped for an error of its own.
    let _ = sender.send(result);
}

/// The sink of one walker among several.
struct ThreadSink<'a> {
    queue: &'a WorkQueue,
    sender: &'a SyncSender<Result<Batch>>,
}

impl WalkSink for ThreadSink<'_> {
    fn deliver(&mut self, batch: &mut Batch) -> Result<()> {
        // This error only ends the walker: no one receives it.
        self.sender.send(Ok(std::mem::take(batch))).map_err(|_| Error::in_path("", ErrorKind::Cancelled))
    }

    fn enter(&mut self, listing: Listing) {
        self.queue.enter(listing);
    }

    fn share(&mut self, listed: Listed) -> Option<Listed> {
        self.queue.share(listed)
    }
}

/// The jobs that wait, and how many walkers may still add to them.
struct WorkQueue {
    state: Mutex<State>,
    changed: Condvar,
    max_measures_count: usize,
}

struct State {
    listings: Vec<Listing>,
    measures: Vec<Listed>,
    active_count: usize,
    is_closed: bool,
}

/// Counts a walker as active, which may add jobs, until it is dropped.
struct ActiveGuard<'a>(&'a WorkQueue);

/// Ends the work of all, also when its holder ends early.
struct CloseOnDrop<'a>(&'a WorkQueue);

impl WorkQueue {
    fn new(root: &Arc<Folder>, threads_count: NonZeroUsize) -> Self {
        let listings = vec![Listing::root(root)];
        let state = State { listings, measures: Vec::new(), active_count: 0, is_closed: false };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            // Listed entries take memory, so only so many wait.
            max_measures_count: threads_count.get().saturating_mul(2),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job; `None` when there is none and none can come.
    fn next(&self) -> Option<(Job, ActiveGuard<'_>)> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            // Entries before folders, and the newest folder first: what is held stays small.
            if let Some(job) = state.measures.pop().map(Job::Measure).or_else(|| state.listings.pop().map(Job::List)) {
                state.active_count = state.active_count.saturating_add(1);
                return Some((job, ActiveGuard(self)));
            }
            if state.active_count == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn enter(&self, listing: Listing) {
        self.lock().listings.push(listing);
        self.changed.notify_one();
    }

    fn share(&self, listed: Listed) -> Option<Listed> {
        let mut state = self.lock();
        if state.measures.len() >= self.max_measures_count {
            return Some(listed);
        }
        state.measures.push(listed);
        drop(state);
        self.changed.notify_one();
        None
    }
}

impl Drop for ActiveGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.active_count = state.active_count.saturating_sub(1);
        let is_over = state.active_count == 0 && state.listings.is_empty() && state.measures.is_empty();
        drop(state);
        if is_over {
            self.0.changed.notify_all();
        }
    }
}

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}
