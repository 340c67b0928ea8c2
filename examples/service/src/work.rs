//! Blocking work: a few jobs at a time, on threads that may block, each ended when its result is no longer wanted.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use appsnap::observe::{Event, Observer};
use tokio::sync::Semaphore;

use crate::answer::Answer;

/// A number of jobs that may run at the same time.
#[derive(Clone)]
pub struct Workers {
    slots: Arc<Semaphore>,
}

impl Workers {
    pub fn new(count: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(count.max(1))) }
    }

    /// Runs `job` on a thread that may block, once there is a slot.
    ///
    /// The slot belongs to the job, not to the future that waits for it: tokio cannot stop a job that has begun, so a slot
    /// that is returned early would let more jobs run than there are slots.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Answer> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(Answer::internal)?;
        let running = tokio::task::spawn_blocking(move || {
            let done = job();
            drop(slot);
            done
        });
        running.await.map_err(Answer::internal)
    }

    /// Runs a `job` that looks at its [`Wanted`] now and then. It ends the job when the waiting future is dropped, as
    /// happens when the client goes away.
    pub async fn run_while_wanted<T: Send + 'static>(
        &self,
        job: impl FnOnce(Wanted) -> T + Send + 'static,
    ) -> Result<T, Answer> {
        let wanted = Wanted(Arc::new(AtomicBool::new(true)));
        let _ended = EndOnDrop(wanted.clone());
        self.run(move || job(wanted)).await
    }
}

/// Knows if a job's result is still wanted.
#[derive(Clone)]
pub struct Wanted(Arc<AtomicBool>);

impl Wanted {
    fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns a reader of `source` that fails once the result is no longer wanted.
    pub fn reading<R>(&self, source: R) -> WhileWanted<R> {
        WhileWanted { source, wanted: self.clone() }
    }
}

impl Observer for Wanted {
    fn observe(&mut self, _: &Event) -> ControlFlow<()> {
        if self.is() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

struct EndOnDrop(Wanted);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}

/// A reader that fails once the result is no longer wanted.
pub struct WhileWanted<R> {
    source: R,
    wanted: Wanted,
}

impl<R: Read> Read for WhileWanted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.wanted.is() { self.source.read(buffer) } else { Err(io::Error::other("the client has gone away")) }
    }
}
