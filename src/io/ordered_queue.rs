//! Jobs for several threads, and their results in the order of the jobs: [`OrderedQueue`].
//!
//! A window bounds memory: one slow job, or a slow consumer, stops the threads instead of piling up results.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The reason why threads cannot work.
#[derive(Debug)]
pub(crate) enum WorkerError {
    /// The system cannot start a thread.
    Start(io::Error),
    /// A job panicked.
    Panicked,
}

/// Jobs that one thread, the consumer, submits, that others do, and whose results the consumer takes in order.
#[derive(Debug)]
pub(crate) struct OrderedQueue<J, R> {
    window: usize,
    state: Mutex<State<J, R>>,
    /// Wakes a worker: there may be a job.
    claimable: Condvar,
    /// Wakes the consumer: the result that comes next is there.
    ready: Condvar,
}

#[derive(Debug)]
struct State<J, R> {
    waiting: VecDeque<J>,
    claimed: usize,
    taken: usize,
    is_closed: bool,
    results: BTreeMap<usize, Result<R, WorkerError>>,
}

impl<J, R> State<J, R> {
    /// Jobs that are claimed and whose results are not taken yet.
    fn ahead(&self) -> usize {
        self.claimed.saturating_sub(self.taken)
    }
}

/// The window that keeps `threads` threads busy while the oldest result is used: two jobs for each, and two to spare.
pub(crate) const fn window(threads: usize) -> usize {
    threads.saturating_mul(2).saturating_add(2)
}

impl<J, R> OrderedQueue<J, R> {
    /// Creates a queue that delays a job while `window` results of earlier jobs have not been taken.
    pub(crate) const fn new(window: usize) -> Self {
        let state =
            State { waiting: VecDeque::new(), claimed: 0, taken: 0, is_closed: false, results: BTreeMap::new() };
        Self { window, state: Mutex::new(state), claimable: Condvar::new(), ready: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<J, R>> {
        // Nothing can panic while the lock is held, so a poisoned one protects sound data.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job, without waiting.
    pub(crate) fn submit(&self, job: J) {
        self.lock().waiting.push_back(job);
        self.claimable.notify_one();
    }

    /// Adds `count` jobs that are known by their numbers alone.
    pub(crate) fn submit_numbers(&self, count: usize)
    where
        J: Default,
    {
        self.lock().waiting.extend(std::iter::repeat_with(J::default).take(count));
        self.claimable.notify_all();
    }

    /// Waits for the next result; `None` when the results of all submitted jobs were taken.
    pub(crate) fn take(&self) -> Result<Option<R>, WorkerError> {
        self.next_result(|_| true)
    }

    /// Takes the next result if it is there, and waits for it if the window is full.
    pub(crate) fn take_ready(&self) -> Result<Option<R>, WorkerError> {
        self.next_result(|state| state.ahead().saturating_add(state.waiting.len()) > self.window)
    }

    fn next_result(&self, must_wait: impl Fn(&State<J, R>) -> bool) -> Result<Option<R>, WorkerError> {
        let mut state = self.lock();
        loop {
            let next = state.taken;
            if let Some(result) = state.results.remove(&next) {
                state.taken = next.saturating_add(1);
                drop(state);
                self.claimable.notify_one();
                return result.map(Some);
            }
            if (state.ahead() == 0 && state.waiting.is_empty()) || !must_wait(&state) {
                return Ok(None);
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for a job and its number; `None` when the queue is closed.
    fn claim(&self) -> Option<(usize, J)> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            if state.ahead() < self.window
                && let Some(job) = state.waiting.pop_front()
            {
                let number = state.claimed;
                state.claimed = number.saturating_add(1);
                return Some((number, job));
            }
            state = self.claimable.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn put(&self, number: usize, result: Result<R, WorkerError>) {
        let mut state = self.lock();
        state.results.insert(number, result);
        let is_next = state.taken == number;
        drop(state);
        if is_next {
            self.ready.notify_one();
        }
    }

    /// Does jobs on this thread until the queue is closed. `start` creates what the thread keeps from job to job.
    ///
    /// A panic becomes the job's result, so that the consumer gets an error instead of waiting for ever.
    pub(crate) fn work<S>(&self, start: impl Fn() -> S, job: impl Fn(&mut S, usize, J) -> R) {
        let mut kept = None;
        while let Some((number, input)) = self.claim() {
            let work = AssertUnwindSafe(|| job(kept.get_or_insert_with(&start), number, input));
            let result = catch_unwind(work).map_err(|_| WorkerError::Panicked);
            if result.is_err() {
                kept = None;
            }
            self.put(number, result);
        }
    }

    /// Lets no further job be claimed: the threads end after the jobs they are at.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.claimable.notify_all();
    }

    /// Runs `consume` on this thread while `threads` others [`work`](Self::work); returns when all have ended.
    pub(crate) fn with_workers<S, T, E: From<WorkerError>>(
        &self,
        (name, threads): (&str, usize),
        start: impl Fn() -> S + Sync,
        job: impl Fn(&mut S, usize, J) -> R + Sync,
        consume: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        J: Send,
        R: Send,
    {
        thread::scope(|scope| {
            // Also when the consumer panics: the threads would wait for ever otherwise.
            let _close = CloseOnDrop(self);
            for _ in 0..threads {
                let work = || self.work(&start, &job);
                let spawned = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, work);
                spawned.map_err(WorkerError::Start)?;
            }
            consume()
        })
    }
}

/// Buffers that are reused by whichever thread needs one next.
#[derive(Debug, Default)]
pub(crate) struct Spares<B>(Mutex<Vec<B>>);

impl<B: Default> Spares<B> {
    /// Returns a buffer that was given back, or a new one.
    pub(crate) fn take(&self) -> B {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps a buffer for reuse.
    pub(crate) fn give(&self, buffer: B) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

struct CloseOnDrop<'a, J, R>(&'a OrderedQueue<J, R>);

impl<J, R> Drop for CloseOnDrop<'_, J, R> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    impl From<WorkerError> for String {
        fn from(error: WorkerError) -> Self {
            format!("{error:?}")
        }
    }

    /// Doubles numbers; the even ones take a while.
    fn double(_: &mut (), number: usize, _: ()) -> usize {
        if number.is_multiple_of(2) {
            thread::sleep(std::time::Duration::from_millis(1));
        }
        number * 2
    }

    #[test]
    fn results_come_in_order_and_no_job_is_claimed_beyond_the_window() {
        for threads in [1, 2, 7] {
            let queue = OrderedQueue::<(), usize>::new(window(threads));
            let (claimed, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let job = |kept: &mut (), number, job| {
                claimed.fetch_max(number, Ordering::SeqCst);
                assert!(number <= taken.load(Ordering::SeqCst) + window(threads));
                double(kept, number, job)
            };
            let results = queue.with_workers(
                ("test", threads),
                || (),
                job,
                || {
                    queue.submit_numbers(100);
                    let mut results = Vec::new();
                    while let Some(result) = queue.take()? {
                        taken.fetch_add(1, Ordering::SeqCst);
                        results.push(result);
                    }
                    Ok::<_, String>(results)
                },
            );
            assert_eq!(results.unwrap(), (0..100).map(|number| number * 2).collect::<Vec<_>>());
            assert_eq!(claimed.load(Ordering::SeqCst), 99);
        }
    }

    #[test]
    fn submitted_jobs_wait_for_the_consumer_beyond_the_window() {
        let queue = OrderedQueue::<usize, usize>::new(window(2));
        let results = queue.with_workers(
            ("test", 2),
            || (),
            |(), _, job| job + 1,
            || {
                let mut results = Vec::new();
                for job in 0..1000 {
                    queue.submit(job);
                    while let Some(result) = queue.take_ready()? {
                        results.push(result);
                    }
                    assert!(job + 1 - results.len() <= window(2));
                }
                while let Some(result) = queue.take()? {
                    results.push(result);
                }
                Ok::<_, String>(results)
            },
        );
        assert_eq!(results.unwrap(), (1..=1000).collect::<Vec<_>>());
    }

    #[test]
    fn panic_is_an_error_in_its_place() {
        let queue = OrderedQueue::<(), usize>::new(window(2));
        let job = |kept: &mut (), number, job| {
            assert!(number != 5, "job 5 panics");
            double(kept, number, job)
        };
        let mut results = 0;
        let result = queue.with_workers(
            ("test", 2),
            || (),
            job,
            || {
                queue.submit_numbers(10);
                while queue.take()?.is_some() {
                    results += 1;
                }
                Ok::<_, String>(())
            },
        );
        assert_eq!((result, results), (Err("Panicked".to_owned()), 5));
    }

    #[test]
    fn threads_end_when_the_consumer_stops_early() {
        let queue = OrderedQueue::<(), usize>::new(window(2));
        let result = queue.with_workers(
            ("test", 2),
            || (),
            double,
            || {
                queue.submit_numbers(usize::from(u16::MAX));
                queue.take()?;
                Err::<(), _>("enough".to_owned())
            },
        );
        assert_eq!(result, Err("enough".to_owned()));
    }
}
