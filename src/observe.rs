//! Progress and cancellation.
//!
//! Every operation that can run long takes a `&mut dyn` [`Observer`] as its last argument and calls it on the caller's
//! thread. A closure is an observer, [`CancelFlag`] is a ready-made one that cancels, and [`NoObserver`] ignores everything.
//!
//! ```
//! use std::ops::ControlFlow;
//! use appsnap::check::{CheckOptions, Profile, check};
//! use appsnap::observe::{CancelFlag, Event, Observer};
//!
//! let cancel = CancelFlag::new();
//! let progress = |event: &Event| {
//!     match event {
//!         Event::Phase(phase) => println!("{phase}"),
//!         Event::Bytes { done_bytes, total_bytes: Some(total_bytes), .. } => println!("{done_bytes} of {total_bytes}"),
//!         _ => {}
//!     }
//!     ControlFlow::Continue(())
//! };
//!
//! // Another thread may now call `cancel.cancel()`.
//! let dump = std::fs::File::open("examples/data/quickstart.dump")?;
//! check(dump, &Profile::format(), &CheckOptions::new(), &mut progress.and(cancel.clone()))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::document::DocumentId;

/// A step of an operation.
///
/// Numbers are totals since the phase began, or since the operation began if it has only one phase. The distance between two
/// events depends on the operation: about a MiB of data, or one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The amount of work is known.
    #[non_exhaustive]
    Planned {
        /// The number of documents.
        documents_count: u64,
        /// The sum of their lengths.
        document_bytes: u64,
    },
    /// A phase begins.
    Phase(Phase),
    /// A document is done.
    #[non_exhaustive]
    Document {
        /// The document.
        id: DocumentId,
        /// The number of documents done so far, including this one.
        documents_count: u64,
        /// The sum of their lengths.
        document_bytes: u64,
    },
    /// Bytes are done: of the dump in a phase that is about a dump, of the uncompressed archive otherwise.
    #[non_exhaustive]
    Bytes {
        /// The number of bytes done so far.
        done_bytes: u64,
        /// The number of bytes at the end of the phase, if known.
        total_bytes: Option<u64>,
    },
}

/// A phase of an operation. Its text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// [`source::directory::scan`](crate::source::directory::scan) lists the files folder.
    ScanningFolder,
    /// [`source::bucket::scan`](crate::source::bucket::scan) lists the objects of a bucket.
    ListingBucket,
    /// [`source::tar::scan`](crate::source::tar::scan) or its sibling for zip files reads an archive of files.
    ReadingFiles,
    /// A dump is read and verified, alone or inside an archive.
    ReadingDump,
    /// A dump of unknown length is written to a temporary file.
    SpoolingDump,
    /// A dump is converted.
    ConvertingDump,
    /// A dump is written into an archive.
    WritingDump,
    /// A dump is extracted from an archive.
    ExtractingDump,
    /// The documents of an archive are read.
    ReadingDocuments,
    /// Documents are written into an archive.
    WritingDocuments,
    /// Documents are extracted from an archive.
    ExtractingDocuments,
    /// Documents are uploaded into a bucket.
    UploadingDocuments,
    /// An archive is read to find out what it contains, before it is repaired or copied.
    SurveyingArchive,
    /// An archive is read to its end and compared with its index.
    VerifyingArchive,
    /// An archive is read to create its index.
    IndexingArchive,
    /// The chunks of an archive are located for its index.
    LocatingChunks,
    /// Archives are joined.
    JoiningArchives,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ScanningFolder => "scanning the files folder",
            Self::ListingBucket => "listing the bucket",
            Self::ReadingFiles => "reading the archive of files",
            Self::ReadingDump => "reading the dump",
            Self::SpoolingDump => "spooling the dump",
            Self::ConvertingDump => "converting the dump",
            Self::WritingDump => "writing the dump",
            Self::ExtractingDump => "extracting the dump",
            Self::ReadingDocuments => "reading documents",
            Self::WritingDocuments => "writing documents",
            Self::ExtractingDocuments => "extracting documents",
            Self::UploadingDocuments => "uploading documents",
            Self::SurveyingArchive => "surveying the archive",
            Self::VerifyingArchive => "verifying the archive",
            Self::IndexingArchive => "indexing the archive",
            Self::LocatingChunks => "locating the chunks of the archive",
            Self::JoiningArchives => "joining archives",
        })
    }
}

impl Event {
    pub(crate) const fn planned(documents_count: u64, document_bytes: u64) -> Self {
        Self::Planned { documents_count, document_bytes }
    }

    pub(crate) const fn document(id: DocumentId, documents_count: u64, document_bytes: u64) -> Self {
        Self::Document { id, documents_count, document_bytes }
    }

    pub(crate) const fn bytes(done_bytes: u64, total_bytes: Option<u64>) -> Self {
        Self::Bytes { done_bytes, total_bytes }
    }
}

/// Receives the [`Event`]s of an operation on the caller's thread, and can cancel it.
///
/// [`ControlFlow::Break`] ends the operation with an error whose `is_cancelled()` is `true`. What was being written stays
/// incomplete, as after any other error. To be able to cancel between two events, wrap the source in a [`Read`] that fails.
pub trait Observer {
    /// Receives `event`.
    fn observe(&mut self, event: &Event) -> ControlFlow<()>;

    /// Combines two observers: the second receives what the first does not cancel.
    fn and(mut self, mut other: impl Observer) -> impl Observer
    where
        Self: Sized,
    {
        move |event: &Event| {
            self.observe(event)?;
            other.observe(event)
        }
    }
}

impl<F: FnMut(&Event) -> ControlFlow<()>> Observer for F {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        self(event)
    }
}

/// The observer that ignores everything.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "callers write it as a value, and it will never have a field")]
pub struct NoObserver;

impl Observer for NoObserver {
    fn observe(&mut self, _: &Event) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A flag that cancels operations. Clones share it, across threads as well.
///
/// ```
/// use appsnap::{Limits, observe::CancelFlag, pgdump};
///
/// let mut flag = CancelFlag::new();
/// flag.clone().cancel();
/// let dump = std::fs::File::open("examples/data/quickstart.dump")?;
/// assert!(pgdump::inspect(dump, &Limits::untrusted(), &mut flag).unwrap_err().is_cancelled());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    /// Creates a flag that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels the operations that observe this flag, at their next event.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if the flag is set.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Observer for CancelFlag {
    fn observe(&mut self, _: &Event) -> ControlFlow<()> {
        if self.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The observer has cancelled the operation; every module's error has a kind for it.
pub(crate) struct Cancelled;

/// Passes `event` to `observer`, and turns its answer into something for `?`.
pub(crate) fn proceed(observer: &mut dyn Observer, event: &Event) -> Result<(), Cancelled> {
    match observer.observe(event) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Cancelled),
    }
}

/// Runs `work` on `source`, reports to `observer` how much of it was read, and returns the result and that number.
///
/// Once the observer has cancelled, reading fails, and what `work` makes of that is ignored.
pub(crate) fn watch<R, T>(
    source: R,
    total_bytes: Option<u64>,
    observer: &mut dyn Observer,
    work: impl FnOnce(&mut Watched<'_, R>) -> T,
) -> Result<(T, u64), Cancelled> {
    let mut watched = Watched { source, observer, total_bytes, read_bytes: 0, reported_bytes: 0, is_cancelled: false };
    let done = work(&mut watched);
    if watched.is_cancelled { Err(Cancelled) } else { Ok((done, watched.read_bytes)) }
}

/// A source that reports to an observer how much of it was read, and fails once the observer cancels.
pub(crate) struct Watched<'a, R> {
    source: R,
    observer: &'a mut dyn Observer,
    total_bytes: Option<u64>,
    read_bytes: u64,
    reported_bytes: u64,
    is_cancelled: bool,
}

/// The least number of bytes between two events.
pub(crate) const STEP_BYTES: u64 = 1 << 20;

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_cancelled && self.read_bytes.saturating_sub(self.reported_bytes) >= STEP_BYTES {
            self.reported_bytes = self.read_bytes;
            self.is_cancelled = proceed(self.observer, &Event::bytes(self.read_bytes, self.total_bytes)).is_err();
        }
        if self.is_cancelled {
            return Err(io::Error::other("the observer cancelled the operation"));
        }
        let count = self.source.read(buffer)?;
        self.read_bytes = self.read_bytes.saturating_add(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_observers_combine_and_either_cancels() {
        let event = Event::bytes(1, None);
        let mut seen = 0;
        let flag = CancelFlag::new();
        let count = |_: &Event| {
            seen += 1;
            ControlFlow::Continue(())
        };
        let mut both = count.and(flag.clone());
        assert!(both.observe(&event).is_continue());
        flag.cancel();
        assert!(both.observe(&event).is_break());
        let mut never = flag.clone().and(|_: &Event| -> ControlFlow<()> { unreachable!("cancelled before") });
        assert!(never.observe(&event).is_break());
        drop(both);
        assert_eq!(seen, 2);
    }
}
