//! Reads the blocks of a dump on several threads: [`inspect_at`], [`visit_at`].
//!
//! Results never depend on the number of threads. Threads decode the blocks of a sound dump; if they meet anything else,
//! the dump is read again from start to end, and that reader reports the first fault in it, whatever it is.

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use super::block_reader::BlockReader;
use super::data_element::DataElement;
use super::data_state::DataState;
use super::dump::{BlockFound, Dump, EVENT_BYTES, Step, Stream};
use super::error::Error;
use super::header::Compression;
use super::inspection::Inspection;
use super::toc::Offsets;
use crate::io::{Cursor, Parallelism, ReadAt, at_most};
use crate::limits::Limits;
use crate::observe::{Event, Observer, Phase, proceed};

/// Reads the dump in `source` as [`inspect`](super::inspect) does, several tables at a time.
///
/// The result does not depend on the number of threads, and neither does an error. A table is the unit of work, so the
/// time is at least that of the largest one. Each thread has a decoder of its own; memory does not depend on the dump.
///
/// ```
/// use std::fs::File;
/// use appsnap::{Limits, io::Parallelism, observe::NoObserver, pgdump};
///
/// let dump = File::open("examples/data/quickstart.dump")?;
/// let (limits, two) = (Limits::untrusted(), Parallelism::threads(2));
/// assert_eq!(pgdump::inspect_at(&dump, &limits, two, &mut NoObserver)?.rows_count(), 2056);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns an error in the cases of [`inspect`](super::inspect), or if a thread cannot be started.
pub fn inspect_at<S: ReadAt + Sync>(
    source: &S,
    limits: &Limits,
    parallelism: Parallelism,
    observer: &mut dyn Observer,
) -> Result<Inspection, Error> {
    proceed(observer, &Event::Phase(Phase::ReadingDump))?;
    let dump = Dump::open(Cursor::new(source), limits)?;
    dump.visit_at(source, parallelism, &|_, _, _| Ok(()), observer).map(|(inspection, _)| inspection)
}

/// The work on every stream of a dump.
pub(crate) trait Visit<T>: Sync {
    /// Reads a stream, or as much of it as is of use. The rest is verified all the same.
    fn visit<R: Read>(&self, stream: Stream<'_, R>) -> Result<T, Error>;
}

/// A visit by a function that knows no dump.
struct WithFunction<F>(F);

impl<T, F: Fn(u32, Option<u32>, &mut dyn Read) -> io::Result<T> + Sync> Visit<T> for WithFunction<F> {
    fn visit<R: Read>(&self, mut stream: Stream<'_, R>) -> Result<T, Error> {
        let (id, oid) = (stream.id(), stream.oid());
        (self.0)(id, oid, &mut stream).map_err(|error| match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => Error::io("using the data of the dump", error),
        })
    }
}

impl<R: Read> Dump<R> {
    /// Reads the rest of the dump, whose bytes `source` has as well, and calls `visit` with every stream: its dump id, the
    /// OID of a large object, and its decoded data. Returns the results in the order of the dump.
    ///
    /// Without threads this reader is read. With threads `source` is read at several positions, and `visit` is called on
    /// these threads. If the dump turns out to be damaged, `source` is read again from its start, and `visit` is called
    /// again for its streams, on the thread of the caller.
    ///
    /// ```
    /// use std::fs::File;
    /// use appsnap::{Limits, io::Parallelism, observe::NoObserver, pgdump::Dump};
    ///
    /// let file = File::open("examples/data/quickstart.dump")?;
    /// let dump = Dump::open(&file, &Limits::untrusted())?;
    /// let (inspection, lengths) = dump.visit_at(
    ///     &file,
    ///     Parallelism::threads(2),
    ///     &|_id, _oid, stream| std::io::copy(stream, &mut std::io::sink()),
    ///     &mut NoObserver,
    /// )?;
    /// assert_eq!(lengths.iter().sum::<u64>(), inspection.uncompressed_bytes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error in the cases of [`finish`](Self::finish), if `visit` does, or if a thread cannot be started.
    #[allow(clippy::type_complexity, reason = "a name for the function's type would be one more to look up")]
    pub fn visit_at<S: ReadAt + Sync, T: Send>(
        self,
        source: &S,
        parallelism: Parallelism,
        visit: &(dyn Fn(u32, Option<u32>, &mut dyn Read) -> io::Result<T> + Sync),
        observer: &mut dyn Observer,
    ) -> Result<(Inspection, Vec<T>), Error> {
        visit_at(self, (source, parallelism), &WithFunction(visit), observer)
    }
}

/// Reads the rest of the dump as [`Dump::visit_at`] does.
fn visit_at<R: Read, S: ReadAt + Sync, T: Send>(
    dump: Dump<R>,
    (source, parallelism): (&S, Parallelism),
    visit: &impl Visit<T>,
    observer: &mut dyn Observer,
) -> Result<(Inspection, Vec<T>), Error> {
    let Some(threads_count) = parallelism.started() else { return visit_in_order(dump, visit, observer) };
    let limits = dump.limits().clone();
    let mut reported_bytes = 0;
    // Reading in order starts again from the beginning, and numbers of events only grow.
    let mut growing = |event: &Event| match *event {
        Event::Bytes { done_bytes, total_bytes, .. } => {
            reported_bytes = done_bytes.max(reported_bytes);
            observer.observe(&Event::bytes(reported_bytes, total_bytes))
        }
        _ => observer.observe(event),
    };
    match visit_sound(dump, (source, threads_count), visit, &mut growing)? {
        Some(found) => Ok(found),
        None => visit_in_order(Dump::open(Cursor::new(source), &limits)?, visit, &mut growing),
    }
}

/// Reads the rest of the dump on threads. Returns `None` if anything is wrong with it, whatever that is, or if it cannot be
/// divided: then it is to be read in order.
pub(crate) fn visit_sound<R: Read, S: ReadAt + Sync, T: Send>(
    dump: Dump<R>,
    (source, threads_count): (&S, NonZeroUsize),
    visit: &impl Visit<T>,
    observer: &mut dyn Observer,
) -> Result<Option<(Inspection, Vec<T>)>, Error> {
    match Parts::of(&dump, source) {
        Some(parts) => visit_parts(dump, &parts, (source, threads_count), (visit, observer)),
        None => Ok(None),
    }
}

/// Visits the streams one after the other.
fn visit_in_order<R: Read, T>(
    mut dump: Dump<R>,
    visit: &impl Visit<T>,
    observer: &mut dyn Observer,
) -> Result<(Inspection, Vec<T>), Error> {
    let mut results = Vec::new();
    let mut observed_bytes = 0;
    while let Some(stream) = dump.next_stream()? {
        results.push(visit.visit(stream)?);
        if dump.position().saturating_sub(observed_bytes) >= EVENT_BYTES {
            observed_bytes = dump.position();
            proceed(observer, &Event::bytes(observed_bytes, None))?;
        }
    }
    Ok((dump.finish(observer)?, results))
}

/// The blocks of a dump by their positions, as far as they are known before they are read.
struct Parts {
    /// The start and end of each block, ascending.
    blocks: Vec<(u64, u64)>,
    dump_bytes: u64,
    in_order: bool,
}

impl Parts {
    /// Finds the blocks of a dump. Returns `None` if it is to be read in order.
    fn of<R: Read, S: ReadAt>(dump: &Dump<R>, source: &S) -> Option<Self> {
        let parts = match dump.toc().offsets() {
            Offsets::Set => Self::stated(dump, source),
            // Finding the blocks is all the work where nothing is compressed.
            Offsets::NotSet | Offsets::Mixed if dump.header().compression != Compression::None => {
                Self::found(source, dump.limits()).ok()
            }
            _ => None,
        };
        parts.filter(|parts| parts.blocks.len() > 1)
    }

    /// Takes the positions from the table of contents. Whether a block begins and ends there is seen when it is read.
    fn stated<R: Read, S: ReadAt>(dump: &Dump<R>, source: &S) -> Option<Self> {
        let dump_bytes = source.len_bytes().ok()?;
        let positions = dump.toc().entries().filter_map(|entry| match entry.data {
            DataState::Set(position) => Some(position),
            _ => None,
        });
        let mut starts = positions.collect::<Vec<_>>();
        let in_order = starts.is_sorted();
        starts.sort_unstable();
        let ends = starts.iter().skip(1).copied().chain([dump_bytes]);
        let blocks = starts.iter().copied().zip(ends).collect::<Vec<_>>();
        let is_whole = starts.first() == Some(&dump.position()) && blocks.iter().all(|(start, end)| start < end);
        is_whole.then_some(Self { blocks, dump_bytes, in_order })
    }

    /// Finds the positions by reading the lengths of all chunks.
    fn found<S: ReadAt>(source: &S, limits: &Limits) -> Result<Self, Error> {
        let mut reader = BlockReader::open(Cursor::new(source), limits)?;
        let (mut blocks, mut start) = (Vec::new(), reader.position());
        while let Some(element) = reader.next_element()? {
            if matches!(element, DataElement::TableDataEnd | DataElement::LargeObjectsEnd) {
                let end = reader.position();
                blocks.push((start, end));
                start = end;
            }
        }
        Ok(Self { blocks, dump_bytes: reader.position(), in_order: reader.in_order() })
    }
}

/// The findings in a block, and the results of its visits.
type Visited<T> = (BlockFound, Vec<T>);

/// The state that the threads share.
struct Shared<T> {
    /// The blocks, the longest first: a long one that is started last would leave all threads but one without work.
    jobs: Vec<(usize, u64, u64)>,
    next_job: AtomicUsize,
    decoded_by_all: Arc<AtomicU64>,
    /// `true` when nothing that is read is of use any more.
    is_stopped: AtomicBool,
    found: Mutex<Vec<Option<Visited<T>>>>,
}

/// Visits the blocks on threads. Returns `None` if anything is wrong with the dump, whatever it is.
fn visit_parts<R: Read, S: ReadAt + Sync, T: Send>(
    mut dump: Dump<R>,
    parts: &Parts,
    (source, threads_count): (&S, NonZeroUsize),
    (visit, observer): (&impl Visit<T>, &mut dyn Observer),
) -> Result<Option<(Inspection, Vec<T>)>, Error> {
    let mut jobs: Vec<_> = parts.blocks.iter().enumerate().map(|(index, (start, end))| (index, *start, *end)).collect();
    jobs.sort_by_key(|(_, start, end)| start.abs_diff(*end));
    jobs.reverse();
    let threads_count = threads_count.get().min(jobs.len());
    let shared = Shared {
        found: Mutex::new(jobs.iter().map(|_| None).collect()),
        jobs,
        next_job: AtomicUsize::new(0),
        decoded_by_all: Arc::default(),
        is_stopped: AtomicBool::new(false),
    };
    let all_sound = thread::scope(|scope| {
        let (sender, progress) = mpsc::channel();
        // Also when the observer panics: the threads would work in vain otherwise.
        let stop = StopOnDrop(&shared.is_stopped);
        let mut threads = Vec::new();
        for _ in 0..threads_count {
            let part = Part { source, at: 0, end: 0, is_stopped: &shared.is_stopped, progress: sender.clone() };
            let reader = dump.of_blocks(part, &shared.decoded_by_all);
            let spawned = thread::Builder::new()
                .name("appsnap-dump".to_owned())
                .spawn_scoped(scope, || visit_jobs(reader, &shared, visit));
            threads.push(spawned.map_err(|error| Error::io("starting a thread", error))?);
        }
        drop(sender);
        let (mut read_bytes, mut observed_bytes) = (dump.position(), 0_u64);
        for count in progress {
            read_bytes = read_bytes.saturating_add(count);
            if read_bytes.saturating_sub(observed_bytes) >= EVENT_BYTES {
                observed_bytes = read_bytes;
                proceed(observer, &Event::bytes(read_bytes, None))?;
            }
        }
        drop(stop);
        // A thread that has panicked will do so again where it is not caught, on the thread of the caller.
        Ok::<_, Error>(threads.into_iter().fold(true, |sound, thread| sound & matches!(thread.join(), Ok(Ok(())))))
    })?;
    if !all_sound {
        return Ok(None);
    }
    let (mut results, mut position) = (Vec::new(), dump.position());
    let found = shared.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (found, (start, end)) in found.into_iter().zip(&parts.blocks) {
        let Some((block, mut of_block)) = found.filter(|_| *start == position) else { return Ok(None) };
        if block.end != *end {
            return Ok(None);
        }
        position = block.end;
        dump.append(block);
        results.append(&mut of_block);
    }
    proceed(observer, &Event::bytes(parts.dump_bytes, None))?;
    // Settings that pg_restore refuses are found here; the reader in order finds them as well, and returns the error.
    let inspection = dump.inspection(Some((position, parts.dump_bytes, parts.in_order))).ok();
    Ok(inspection.map(|inspection| (inspection, results)))
}

struct StopOnDrop<'s>(&'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Visits blocks until there are no more, or one is not sound.
fn visit_jobs<T>(mut reader: Dump<Part<'_>>, shared: &Shared<T>, visit: &impl Visit<T>) -> Result<(), Error> {
    let result = loop {
        let job = shared.next_job.fetch_add(1, Ordering::Relaxed);
        let Some((index, start, end)) = shared.jobs.get(job).copied() else { break Ok(()) };
        reader.seek_to(start, |part| (part.at, part.end) = (start, end));
        let found = match visit_block(&mut reader, visit) {
            Ok(found) => found,
            Err(error) => break Err(error),
        };
        let mut all = shared.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = all.get_mut(index) {
            *place = Some(found);
        }
    };
    if result.is_err() {
        shared.is_stopped.store(true, Ordering::Relaxed);
    }
    result
}

/// Visits the streams of one block.
fn visit_block<R: Read, T>(reader: &mut Dump<R>, visit: &impl Visit<T>) -> Result<Visited<T>, Error> {
    let mut results = Vec::new();
    loop {
        match reader.step()? {
            Step::Stream(id, oid) => results.push(visit.visit(reader.stream(id, oid))?),
            Step::BlockEnd => return Ok((reader.take_block()?, results)),
            Step::End => return Err(Error::internal("a block is missing")),
        }
    }
}

/// A part of a dump, which a thread reads.
struct Part<'s> {
    source: &'s (dyn ReadAt + Sync),
    at: u64,
    end: u64,
    is_stopped: &'s AtomicBool,
    progress: mpsc::Sender<u64>,
}

impl Read for Part<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.is_stopped.load(Ordering::Relaxed) {
            return Err(io::Error::other("the dump is not read any more"));
        }
        let wanted = at_most(out.len(), self.end.saturating_sub(self.at));
        let (out, _) = out.split_at_mut(wanted);
        let count = self.source.read_at(out, self.at)?;
        self.at = self.at.saturating_add(count as u64);
        // Without a receiver the work has ended.
        let _ = self.progress.send(count as u64);
        Ok(count)
    }
}
