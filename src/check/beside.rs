//! Reads the dump of an archive on a thread of its own, beside the archive: [`DumpBeside`].

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope, ScopedJoinHandle};

use super::Result;
use super::dump::{self, ReadDump};
use super::files::Numbers;
use crate::error::{Category, Error};
use crate::io::copy_prefix;
use crate::limits::Limits;
use crate::pgdump::{self, FormatVersion};

/// The length of the parts in which the dump is passed on.
const PART_BYTES: usize = 64 << 10;
/// The number of parts that may wait: 16 MiB. The documents are read while the thread catches up.
const MOST_PARTS: usize = 256;

/// A dump that is read on a thread of its own.
pub(super) struct DumpBeside<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    limits: &'env Limits,
    running: Option<Running<'scope>>,
}

struct Running<'scope> {
    thread: ScopedJoinHandle<'scope, Outcome>,
    is_stopped: Arc<AtomicBool>,
}

struct Outcome {
    /// The version, if the header has been read.
    version: Option<FormatVersion>,
    /// The result of reading, unless the archive failed first.
    read: Option<Result<ReadDump, pgdump::Error>>,
}

/// A part of the dump, empty at its end; `None` if the archive cannot be read any further.
type Part = Option<Vec<u8>>;

impl<'scope, 'env> DumpBeside<'scope, 'env> {
    pub(super) const fn new(scope: &'scope Scope<'scope, 'env>, limits: &'env Limits) -> Self {
        Self { scope, limits, running: None }
    }

    /// Starts the thread, and passes `source` on to it. Reading it again ends the dump before.
    pub(super) fn read(&mut self, mut source: impl Read) -> Result<(), Error> {
        let (sender, parts) = sync_channel(MOST_PARTS);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (limits, queue) = (self.limits, Queue::new(parts, &is_stopped));
        let thread = thread::Builder::new().name("appsnap-check".to_owned());
        let thread = thread.spawn_scoped(self.scope, move || read(queue, limits));
        let thread = thread.map_err(|error| Error::io("starting a thread", error))?;
        self.running = Some(Running { thread, is_stopped });
        pass_on(&mut source, &sender);
        Ok(())
    }

    /// Waits for the thread. Returns the version of the dump, and what was read, as far as they are known.
    #[allow(clippy::type_complexity, reason = "read once, and taken apart at once")]
    pub(super) fn finish(
        mut self,
    ) -> Option<Result<(Option<FormatVersion>, Option<Result<ReadDump, pgdump::Error>>), Error>> {
        let Running { thread, is_stopped: _ } = self.running.take()?;
        let outcome = thread.join().map_err(|_| Error::of(Category::Internal, "a thread has panicked"));
        Some(outcome.map(|outcome| (outcome.version, outcome.read)))
    }
}

impl Drop for DumpBeside<'_, '_> {
    fn drop(&mut self) {
        // The check has failed or was cancelled, and nothing waits for what the thread finds.
        if let Some(running) = &self.running {
            running.is_stopped.store(true, Ordering::Relaxed);
        }
    }
}

/// Passes on the dump, until it ends, the archive fails, or the thread needs no more of it.
fn pass_on(source: &mut impl Read, parts: &SyncSender<Part>) {
    let mut is_last = false;
    while !is_last {
        let mut part = Vec::with_capacity(PART_BYTES);
        // What was read before an error is passed on as well.
        let failed = source.take(PART_BYTES as u64).read_to_end(&mut part).is_err();
        is_last = failed || part.is_empty();
        if (!part.is_empty() || !failed) && parts.send(Some(part)).is_err() {
            return;
        }
        if failed {
            // A thread that has ended needs no news.
            let _ = parts.send(None);
        }
    }
}

fn read(mut queue: Queue, limits: &Limits) -> Outcome {
    let mut version = None;
    let read = dump::read(&mut queue, limits, Numbers::Forget, |header| version = Some(header.version()));
    Outcome { version, read: (!queue.met_failure).then_some(read) }
}

/// The dump, as it is passed on.
struct Queue {
    parts: Receiver<Part>,
    part: Vec<u8>,
    read_bytes: usize,
    ended: bool,
    met_failure: bool,
    is_stopped: Arc<AtomicBool>,
}

impl Queue {
    fn new(parts: Receiver<Part>, is_stopped: &Arc<AtomicBool>) -> Self {
        let is_stopped = Arc::clone(is_stopped);
        Self { parts, part: Vec::new(), read_bytes: 0, ended: false, met_failure: false, is_stopped }
    }
}

impl Read for Queue {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read_bytes >= self.part.len() && !self.ended {
            let part = if self.is_stopped.load(Ordering::Relaxed) { None } else { self.parts.recv().ok().flatten() };
            let Some(part) = part else {
                self.met_failure = true;
                return Err(io::Error::other("the archive cannot be read"));
            };
            self.ended = part.is_empty();
            (self.part, self.read_bytes) = (part, 0);
        }
        let (_, rest) = self.part.split_at(self.read_bytes.min(self.part.len()));
        let count = copy_prefix(rest, out);
        self.read_bytes = self.read_bytes.saturating_add(count);
        Ok(count)
    }
}
