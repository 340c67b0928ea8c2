//! Hands numbered pieces of work to threads and their results back in order, never further ahead than a window.
//!
//! The window bounds memory: one slow piece, or a slow consumer, stops the threads instead of piling up results.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::error::{Error, ErrorKind};

/// How many chunks may be under way: two a thread keep every thread busy while the oldest is written.
pub(crate) const fn window(threads: usize) -> usize {
    threads.saturating_mul(2).saturating_add(2)
}

/// Runs `job`; a panic becomes an error, so that it reaches the caller instead of stopping one thread in silence.
pub(super) fn guarded<T, E: From<Error>>(job: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(Error::new(ErrorKind::WorkerPanicked).into()))
}

/// Work numbered from 0, shared by the threads that do it and the one that takes the results.
#[derive(Debug)]
pub(super) struct Relay<T, B> {
    count: usize,
    window: usize,
    state: Mutex<State<T, B>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T, B> {
    claimed: usize,
    taken: usize,
    is_stopped: bool,
    done: BTreeMap<usize, T>,
    spare: Vec<B>,
}

impl<T, B: Default> Relay<T, B> {
    /// Work for `threads` threads.
    pub(super) const fn new(count: usize, threads: usize) -> Self {
        let state = State { claimed: 0, taken: 0, is_stopped: false, done: BTreeMap::new(), spare: Vec::new() };
        Self { count, window: window(threads), state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, B>> {
        // Nothing here can panic with the lock held, so a poisoned one is as good as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For a thread: the next number, and a buffer that was given back, or a new one. `None` when there is no more work.
    pub(super) fn claim(&self) -> Option<(usize, B)> {
        let mut state = self.lock();
        loop {
            if state.is_stopped || state.claimed >= self.count {
                return None;
            }
            if state.claimed - state.taken < self.window {
                let number = state.claimed;
                state.claimed += 1;
                return Some((number, state.spare.pop().unwrap_or_default()));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// For a thread: the result of the number it claimed.
    pub(super) fn put(&self, number: usize, result: T) {
        self.lock().done.insert(number, result);
        self.changed.notify_all();
    }

    /// For the consumer: the next result in order, once it is there. `None` when all were taken.
    ///
    /// Every claimed number must be put; [`guarded`] sees to that.
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.taken >= self.count || state.is_stopped {
                return None;
            }
            let next = state.taken;
            if let Some(result) = state.done.remove(&next) {
                state.taken += 1;
                drop(state);
                self.changed.notify_all();
                return Some(result);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// For the consumer: a buffer for reuse.
    pub(super) fn give_back(&self, buffer: B) {
        self.lock().spare.push(buffer);
    }

    /// Lets no further number be claimed.
    pub(super) fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Stops the work when dropped, also when the consumer panics: the threads would wait for ever otherwise.
    pub(super) const fn stop_on_drop(&self) -> StopOnDrop<'_, T, B> {
        StopOnDrop(self)
    }
}

/// Stops a [`Relay`] at the end of a scope.
pub(super) struct StopOnDrop<'a, T, B: Default>(&'a Relay<T, B>);

impl<T, B: Default> Drop for StopOnDrop<'_, T, B> {
    fn drop(&mut self) {
        self.0.stop();
    }
}
