//! Several walkers at one pile of folders, one collector on the caller's thread.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::spelling::Shards;
use super::walk::{Batch, Candidate, Job, Office, Walk};
use crate::source::error::{Error, ErrorKind, Result};

/// Walks with `threads_count` threads and hands everything found to `deliver`, on this thread.
pub(super) fn run(
    walk: &Walk<'_>,
    threads_count: NonZeroUsize,
    deliver: &mut dyn FnMut(&mut Batch) -> Result<()>,
) -> Result<()> {
    let pile = Pile::new(threads_count);
    let (sender, receiver) = sync_channel(threads_count.get());
    thread::scope(|scope| {
        for number in 0..threads_count.get() {
            let (pile, sender) = (&pile, sender.clone());
            let walker = thread::Builder::new().name(format!("walk {number}"));
            let started = walker.spawn_scoped(scope, move || walk_until_done(walk, pile, &sender));
            if let Err(cause) = started {
                // Fewer threads do; none at all is an error.
                if number == 0 {
                    return Err(Error::io(&walk.folder.root, "listing the folder", cause));
                }
                break;
            }
        }
        drop(sender);
        // However the collecting ends, whoever still walks then finds the pile closed and nobody to take results.
        let _closing = Closing(&pile);
        collect(receiver, deliver)
    })
}

fn collect(receiver: Receiver<Result<Batch>>, deliver: &mut dyn FnMut(&mut Batch) -> Result<()>) -> Result<()> {
    receiver.into_iter().try_for_each(|batch| deliver(&mut batch?))
}

fn walk_until_done(walk: &Walk<'_>, pile: &Pile, sender: &SyncSender<Result<Batch>>) {
    let _closing = Closing(pile);
    let mut office = Branch { pile, sender };
    let mut batch = Batch::default();
    while let Some(turn) = pile.next() {
        if let Err(error) = walk.run(turn.job, &mut batch, &mut office) {
            // A collector that takes no error any more has stopped for one of its own.
            let _ = sender.send(Err(error));
            return;
        }
    }
    let _ = sender.send(Ok(batch));
}

/// The office of one walker among several.
struct Branch<'a> {
    pile: &'a Pile,
    sender: &'a SyncSender<Result<Batch>>,
}

impl Office for Branch<'_> {
    fn deliver(&mut self, batch: &mut Batch) -> Result<()> {
        // Nobody will see this error, it only ends the walker.
        self.sender.send(Ok(std::mem::take(batch))).map_err(|_| Error::in_path("", ErrorKind::Cancelled))
    }

    fn enter(&mut self, shards: Shards) {
        self.pile.enter(shards);
    }

    fn share(&mut self, candidates: Vec<Candidate>) -> Option<Vec<Candidate>> {
        self.pile.share(candidates)
    }
}

/// The jobs that wait, and how many walkers may still add to them.
struct Pile {
    state: Mutex<State>,
    changed: Condvar,
    max_measures_count: usize,
}

struct State {
    folders: Vec<Shards>,
    measures: Vec<Vec<Candidate>>,
    at_work_count: usize,
    is_closed: bool,
}

/// A job in somebody's hands; when dropped, that walker adds nothing more to the pile.
struct Turn<'a> {
    job: Job,
    _at_work: AtWork<'a>,
}

struct AtWork<'a>(&'a Pile);

/// Ends the work of all, also when its holder ends early.
struct Closing<'a>(&'a Pile);

impl Pile {
    fn new(threads_count: NonZeroUsize) -> Self {
        let state = State { folders: vec![Shards::Root], measures: Vec::new(), at_work_count: 0, is_closed: false };
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

    /// The next job; `None` when there is none and none can come.
    fn next(&self) -> Option<Turn<'_>> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            // Entries before folders, and the newest folder first: what is held stays small.
            if let Some(job) = state.measures.pop().map(Job::Measure).or_else(|| state.folders.pop().map(Job::List)) {
                state.at_work_count += 1;
                return Some(Turn { job, _at_work: AtWork(self) });
            }
            if state.at_work_count == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn enter(&self, shards: Shards) {
        self.lock().folders.push(shards);
        self.changed.notify_one();
    }

    fn share(&self, candidates: Vec<Candidate>) -> Option<Vec<Candidate>> {
        let mut state = self.lock();
        if state.measures.len() >= self.max_measures_count {
            return Some(candidates);
        }
        state.measures.push(candidates);
        drop(state);
        self.changed.notify_one();
        None
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.at_work_count -= 1;
        let is_over = state.at_work_count == 0 && state.folders.is_empty() && state.measures.is_empty();
        drop(state);
        if is_over {
            self.0.changed.notify_all();
        }
    }
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}
