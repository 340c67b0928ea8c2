//! Progress and cancellation: an [`Observer`] is told what happens and may stop it.
//!
//! Everything that loops for long takes a `&mut dyn Observer` as its last argument and calls it on the caller's thread;
//! whoever does not care gives [`NoObserver`].
//!
//! ```
//! use std::ops::ControlFlow;
//! use appsnap::metadata::Metadata;
//! use appsnap::observe::{Event, Observer};
//! use appsnap::snapshot::{SnapshotWriter, WriteOptions};
//!
//! /// Sums up for a progress bar.
//! #[derive(Default)]
//! struct Progress { documents_count: u64, plain_bytes: u64 }
//!
//! impl Observer for Progress {
//!     fn observe(&mut self, event: &Event<'_>) -> ControlFlow<()> {
//!         match event {
//!             Event::Document { documents_count, .. } => self.documents_count = *documents_count,
//!             Event::Bytes { plain_bytes, .. } => self.plain_bytes = *plain_bytes,
//!             _ => {}
//!         }
//!         ControlFlow::Continue(())
//!     }
//! }
//!
//! let mut progress = Progress::default();
//! let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), WriteOptions::new())?;
//! writer.documents(&(), &mut progress)?;
//! assert_eq!(progress.documents_count, 0);
//! # Ok::<(), appsnap::snapshot::Error>(())
//! ```

use std::io::{self, Read};
use std::ops::ControlFlow;

use crate::document::DocumentId;

/// Something that has happened during a long piece of work.
///
/// Numbers are totals since the work or its phase began, so an observer needs no memory of its own. Which events there
/// are, and how far they lie apart, depends on the work.
///
/// ```
/// use appsnap::observe::Event;
///
/// fn line(event: &Event<'_>) -> Option<String> {
///     match event {
///         Event::Planned { documents_count, .. } => Some(format!("{documents_count} documents")),
///         Event::Phase { name, .. } => Some(format!("{name} ...")),
///         Event::Document { id, .. } => Some(id.to_string()),
///         // Kinds that a later version adds are not for this program.
///         _ => None,
///     }
/// }
/// # let _ = line;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The amount of work is known.
    #[non_exhaustive]
    Planned {
        /// Documents that will be worked on.
        documents_count: u64,
        /// Their plain bytes.
        document_bytes: u64,
    },
    /// A phase begins; the name is for people, for example `walking`, `reading the dump`, `converting`.
    #[non_exhaustive]
    Phase {
        /// Name of the phase.
        name: &'a str,
    },
    /// A document is done.
    #[non_exhaustive]
    Document {
        /// The document that is done.
        id: DocumentId,
        /// Documents done so far, this one included.
        documents_count: u64,
        /// Plain document bytes done so far.
        document_bytes: u64,
    },
    /// Bytes have gone by, of whatever kind: a chunk where an archive is written, a run of chunks where one is joined,
    /// a piece where a dump is converted, about a MiB where a dump is read, put down, packed or unpacked.
    #[non_exhaustive]
    Bytes {
        /// Plain bytes done so far; of a dump that is read or converted, bytes of it as it is stored.
        plain_bytes: u64,
    },
}

impl<'a> Event<'a> {
    pub(crate) const fn planned(documents_count: u64, document_bytes: u64) -> Self {
        Self::Planned { documents_count, document_bytes }
    }

    pub(crate) const fn phase(name: &'a str) -> Self {
        Self::Phase { name }
    }

    pub(crate) const fn document(id: DocumentId, documents_count: u64, document_bytes: u64) -> Self {
        Self::Document { id, documents_count, document_bytes }
    }

    pub(crate) const fn bytes(plain_bytes: u64) -> Self {
        Self::Bytes { plain_bytes }
    }
}

/// Is told of every [`Event`], on the caller's thread, and decides whether the work goes on.
///
/// Returning [`ControlFlow::Break`] ends the work with a `Cancelled` error; what was being written is left
/// unfinished, exactly as after any other error. Whoever must be able to stop between two events as well wraps the
/// source in a [`Read`] that fails once it is told to.
///
/// ```
/// use std::ops::ControlFlow;
/// use appsnap::observe::{Event, Observer};
///
/// struct StopAfter(u64);
///
/// impl Observer for StopAfter {
///     fn observe(&mut self, event: &Event<'_>) -> ControlFlow<()> {
///         match event {
///             Event::Document { documents_count, .. } if *documents_count >= self.0 => ControlFlow::Break(()),
///             _ => ControlFlow::Continue(()),
///         }
///     }
/// }
/// ```
pub trait Observer {
    /// Takes note of `event`.
    fn observe(&mut self, event: &Event<'_>) -> ControlFlow<()>;
}

/// Tells `observer`, and turns its wish to stop into something that `?` passes on.
pub(crate) fn proceed(observer: &mut dyn Observer, event: &Event<'_>) -> Result<(), Cancelled> {
    match observer.observe(event) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Cancelled),
    }
}

/// Lets `work` read from `source` while `observer` is told how much was read, and gives what came of it and that number.
///
/// Once the observer has said stop, reading fails, and what `work` made of that is not looked at.
pub(crate) fn watch<R, T>(
    source: R,
    observer: &mut dyn Observer,
    work: impl FnOnce(&mut Watched<'_, R>) -> T,
) -> Result<(T, u64), Cancelled> {
    let mut watched = Watched { source, observer, read_bytes: 0, told_bytes: 0, is_cancelled: false };
    let done = work(&mut watched);
    if watched.is_cancelled { Err(Cancelled) } else { Ok((done, watched.read_bytes)) }
}

/// A source that tells an observer how much has been read of it, and fails once the observer says stop.
pub(crate) struct Watched<'a, R> {
    source: R,
    observer: &'a mut dyn Observer,
    read_bytes: u64,
    told_bytes: u64,
    is_cancelled: bool,
}

impl<R> Watched<'_, R> {
    /// How far two events lie apart, at least.
    const STEP_BYTES: u64 = 1 << 20;
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_cancelled && self.read_bytes - self.told_bytes >= Self::STEP_BYTES {
            self.told_bytes = self.read_bytes;
            self.is_cancelled = proceed(self.observer, &Event::bytes(self.read_bytes)).is_err();
        }
        if self.is_cancelled {
            return Err(io::Error::other("the observer ended the work"));
        }
        let count = self.source.read(buffer)?;
        self.read_bytes = self.read_bytes.saturating_add(count as u64);
        Ok(count)
    }
}

/// The observer has ended the work; every layer's error has a kind for it.
pub(crate) struct Cancelled;

/// The observer that wants to know nothing.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{SnapshotWriter, WriteOptions};
/// # let (archive, _) = SnapshotWriter::start(Vec::new(), &Metadata::new(), WriteOptions::new())?.finish()?;
/// use appsnap::check::{CheckOptions, Profile, check};
/// use appsnap::observe::NoObserver;
///
/// let report = check(archive.as_slice(), &Profile::format(), &CheckOptions::new(), &mut NoObserver)?;
/// assert!(report.contents().is_verified);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn observe(&mut self, _: &Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
