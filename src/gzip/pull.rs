//! Lets threads fill chunks themselves, and compress them, for contents that any thread can read.

use std::thread;

use super::chunk::{Chunk, Level, Packed, Packer};
use super::error::{Error, Result};
use super::pool::Load;
use super::relay::{Relay, guarded};
use crate::io::Parallelism;

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

/// One thread's means, and what it does for every chunk.
struct Worker<'a, J: Jobs> {
    jobs: &'a J,
    packer: Packer,
    scratch: J::Scratch,
}

impl<'a, J: Jobs> Worker<'a, J> {
    fn new(jobs: &'a J, level: Level) -> Self {
        Self { jobs, packer: Packer::new(level), scratch: J::Scratch::default() }
    }

    fn work(&mut self, number: usize, load: &mut Load) -> Result<J::Facts, J::Error> {
        load.chunk.clear();
        let facts = self.jobs.fill(number, &mut self.scratch, &mut load.chunk)?;
        self.packer.pack(&load.chunk, &mut load.packed)?;
        Ok(facts)
    }
}

/// Fills and compresses chunks `0..count` on the threads of `parallelism`, and calls `ready` for each, in order, on this
/// one.
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
    let Some(threads) = parallelism.started() else {
        let mut worker = Worker::new(jobs, level);
        let mut load = Load::default();
        return (0..count).try_for_each(|number| {
            let facts = worker.work(number, &mut load)?;
            ready(&load.packed, facts)
        });
    };
    let threads = threads.get().min(count);
    let relay = Relay::<(Load, Result<J::Facts, J::Error>), Load>::new(count, threads);
    let work = || {
        let mut worker = Worker::new(jobs, level);
        while let Some((number, mut load)) = relay.claim() {
            let result = guarded(|| worker.work(number, &mut load));
            relay.put(number, (load, result));
        }
    };
    thread::scope(|scope| {
        let _stop = relay.stop_on_drop();
        for _ in 0..threads {
            let spawned = thread::Builder::new().name("appsnap-pull".into()).spawn_scoped(scope, work);
            spawned.map_err(|error| Error::io("starting a thread", error))?;
        }
        while let Some((load, result)) = relay.take() {
            ready(&load.packed, result?)?;
            relay.give_back(load);
        }
        Ok(())
    })
}
