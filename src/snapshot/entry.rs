//! One file of an archive while it is read: [`Entry`].

use std::io::{self, Cursor, Read};

use super::error::{Error, Result};
use super::index::{Builder, Digest};
use super::tar_source::TarSource;
use crate::document::DocumentId;
use crate::io::prefix;
use crate::layout::{self, MemberName};
use crate::metadata::{self, Metadata};
use crate::observe::{Event, NoObserver, Observer, STEP_BYTES, proceed};
use crate::tarball;

/// The kind of an [`Entry`], with the typed name.
#[derive(Debug)]
#[non_exhaustive]
pub enum EntryKind {
    /// `.metadata`, already parsed. Reading the entry returns its bytes as they are in the archive.
    Metadata(Metadata),
    /// The database dump.
    Database,
    /// A file document.
    Document(DocumentId),
    /// Only with [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage): `.metadata` that cannot be used.
    UnusableMetadata(metadata::Error),
    /// Only with [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage): a file whose name is not allowed in
    /// a snapshot.
    #[non_exhaustive]
    Misplaced {
        /// The raw name. Never join it to a path.
        name: Vec<u8>,
        /// The code of what is wrong with the name.
        fault: layout::Code,
    },
    /// Only with [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage): a member that the archive contains
    /// for the second time.
    Repeated(MemberName),
}

/// One file of an archive, borrowed from the [`SnapshotReader`](super::SnapshotReader).
///
/// Reading it returns its content. The reader skips what was not read, and verifies it all the same.
///
/// ```
/// use std::fs::File;
/// use std::io::Read;
/// use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
///
/// let archive = File::open("examples/data/quickstart.tar.gz")?;
/// let mut reader = SnapshotReader::new(archive, &ReadOptions::new());
/// let mut content = Vec::new();
/// while let Some(mut entry) = reader.next_entry()? {
///     match entry.kind() {
///         EntryKind::Metadata(metadata) => println!("model {}", metadata.model_version().unwrap_or("unknown")),
///         EntryKind::Database => println!("a dump of {} bytes", entry.len_bytes()),
///         EntryKind::Document(_) => drop(entry.read_to_end(&mut content)?),
///         // Only with `Tolerance::Salvage`.
///         other => unreachable!("{other:?}"),
///     }
/// }
/// assert_eq!(content.len(), 25);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Entry<'a, R> {
    pub(super) stream: &'a mut MemberStream<R>,
    pub(super) current: &'a mut Current,
}

impl<R: Read> Entry<'_, R> {
    /// Returns the kind of the entry, which follows from its name.
    #[must_use]
    pub fn kind(&self) -> &EntryKind {
        &self.current.kind
    }

    /// Returns its length in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.current.len_bytes
    }

    /// Skips the rest of the entry and returns the CRC32 of all of its content.
    ///
    /// # Errors
    /// Returns the errors of [`SnapshotReader::next_entry`](super::SnapshotReader::next_entry).
    pub fn crc32(self) -> Result<u32> {
        self.skip(None, &mut NoObserver)
    }

    /// Does the same as [`crc32`](Self::crc32). The observer receives the length that was read of an archive with `total_bytes` bytes.
    pub(crate) fn skip(self, total_bytes: Option<u64>, observer: &mut dyn Observer) -> Result<u32> {
        let mut offset_bytes = self.stream.tar.offset_bytes();
        let mut reported_bytes = offset_bytes;
        self.stream.drain(self.current, |count| {
            offset_bytes = offset_bytes.saturating_add(count as u64);
            if offset_bytes.saturating_sub(reported_bytes) >= STEP_BYTES {
                reported_bytes = offset_bytes;
                proceed(observer, &Event::bytes(offset_bytes, total_bytes))?;
            }
            Ok(())
        })
    }
}

impl<R: Read> Read for Entry<'_, R> {
    /// Reads content. An [`Error`] arrives inside the [`io::Error`]; `io::Error::downcast` takes it out again.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(self.current, buffer).map_err(io::Error::from)
    }
}

/// The member that is being read.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) kind: EntryKind,
    /// The name as the index has it; `None` for members that no index contains.
    pub(super) name: Option<MemberName>,
    pub(super) len_bytes: u64,
    pub(super) crc: crc32fast::Hasher,
    /// Offset of its content in the tar stream.
    pub(super) payload_offset_bytes: u64,
    /// The content of `.metadata`, which is parsed before the entry is lent.
    pub(super) read_ahead: Option<Cursor<Vec<u8>>>,
}

/// The tar stream of an archive, and the first error of reading it, which every later call repeats.
#[derive(Debug)]
pub(super) struct MemberStream<R> {
    pub(super) tar: tarball::Reader<TarSource<R>>,
    /// The expected index, digested member by member.
    pub(super) expected: Option<Builder<Digest>>,
    pub(super) failed: Option<Error>,
}

impl<R: Read> MemberStream<R> {
    /// Runs a step unless one has failed before.
    fn guarded<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.check()?;
        step(self).map_err(|error| self.fail(error))
    }

    /// Returns the error that an earlier call returned.
    pub(super) fn check(&self) -> Result<()> {
        self.failed.as_ref().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Keeps an error to repeat it.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        self.failed.insert(error).clone()
    }

    fn read(&mut self, current: &mut Current, buffer: &mut [u8]) -> Result<usize> {
        self.guarded(|stream| {
            if let Some(bytes) = &mut current.read_ahead {
                return bytes.read(buffer).map_err(|error| Error::io("reading", error));
            }
            let count = stream.tar.read(buffer)?;
            current.crc.update(prefix(buffer, count as u64));
            Ok(count)
        })
    }

    /// Skips the rest of the current member and returns the CRC32 of all of it. `progress` receives the number of bytes of
    /// each step.
    pub(super) fn drain(
        &mut self,
        current: &mut Current,
        mut progress: impl FnMut(usize) -> Result<()>,
    ) -> Result<u32> {
        self.guarded(|stream| {
            let crc = &mut current.crc;
            stream.payload(|piece| {
                crc.update(piece);
                progress(piece.len())
            })?;
            let crc32 = current.crc.clone().finalize();
            if let (Some(name), Some(expected)) = (current.name.take(), &mut stream.expected) {
                expected.member(name, current.len_bytes, crc32);
            }
            Ok(crc32)
        })
    }

    /// Passes the rest of the current payload to `each`.
    pub(super) fn payload(&mut self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        loop {
            let piece = self.tar.payload()?;
            if piece.is_empty() {
                return Ok(());
            }
            each(piece)?;
            let count = piece.len();
            self.tar.consume(count);
        }
    }
}
