//! The input of writers: payloads with a known length, and sources of many documents.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::error::{Error, Result};
use crate::document::DocumentId;
use crate::io::{ReadAt, Spool, SpoolError};
use crate::limits::{Budget, Limits};

/// A payload: a reader, and the number of bytes that it returns.
///
/// A tar header states the length of the member, so the length has to be known before the first byte is written. A
/// reader that returns fewer or more bytes is an error.
#[derive(Debug)]
pub struct Content<R> {
    pub(super) reader: R,
    pub(super) len_bytes: u64,
}

impl<R: Read> Content<R> {
    /// Creates a payload of `len_bytes` bytes.
    ///
    /// ```
    /// use appsnap::snapshot::Content;
    ///
    /// let content = Content::sized(5, &b"hello"[..]);
    /// assert_eq!(content.len_bytes(), 5);
    /// ```
    pub const fn sized(len_bytes: u64, reader: R) -> Self {
        Self { reader, len_bytes }
    }

    /// Returns the declared length in bytes.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }
}

impl Content<File> {
    /// Creates a payload of the rest of a file, from its current position to its current end.
    ///
    /// # Errors
    /// Returns an error if the length or position of the file cannot be determined, or if it is not a regular file.
    pub fn file(mut file: File) -> Result<Self> {
        let facts = file.metadata().map_err(|error| Error::io("asking for the length of a file", error))?;
        if !facts.is_file() {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
            return Err(Error::io("asking for the length of a file", error));
        }
        let start = file.stream_position().map_err(|error| Error::io("asking for the position in a file", error))?;
        Ok(Self { reader: file, len_bytes: facts.len().saturating_sub(start) })
    }

    /// Creates a payload from a reader of unknown length, by spooling it to a temporary file in `spool_dir`.
    ///
    /// The file has no name if the system allows that, and is removed when the content is dropped.
    ///
    /// # Errors
    /// Returns an error if reading or writing fails, or if the reader returns more than [`Limits::max_entry_bytes`].
    pub fn spooled(mut reader: impl Read, spool_dir: &Path, limits: &Limits) -> Result<Self> {
        let budget = Budget::new("max_entry_bytes", limits.max_entry_bytes());
        let (reader, len_bytes) = Spool::all_of(&mut reader, spool_dir, budget).map_err(|error| match error {
            SpoolError::Read(source) => Error::io("reading a payload", source),
            SpoolError::Write(source) => Error::io("spooling a payload", source),
            SpoolError::Limit(exceeded) => exceeded.into(),
        })?;
        Ok(Self { reader, len_bytes })
    }
}

/// A source of many documents whose ids and lengths are known before the first byte is read, such as a folder of
/// files.
///
/// Rows are in ascending order of their ids, without duplicates. The writer refuses other sources before it writes
/// anything. `()` is a source without documents.
///
/// ```
/// use std::io;
/// use appsnap::DocumentId;
/// use appsnap::metadata::Metadata;
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::{DocumentSource, SnapshotWriter, WriteOptions};
///
/// /// Documents that are in memory, ascending by id.
/// struct InMemory(Vec<(DocumentId, Vec<u8>)>);
///
/// impl DocumentSource for InMemory {
///     type File = Vec<u8>;
///     fn documents_count(&self) -> usize {
///         self.0.len()
///     }
///     fn row(&self, index: usize) -> (DocumentId, u64) {
///         (self.0[index].0, self.0[index].1.len() as u64)
///     }
///     fn open(&self, index: usize) -> io::Result<Vec<u8>> {
///         Ok(self.0[index].1.clone())
///     }
///     fn origin(&self, index: usize) -> String {
///         format!("number {index}")
///     }
/// }
///
/// let source = InMemory(vec![("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, b"hello".to_vec())]);
/// let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?;
/// writer.documents(&source, &mut NoObserver)?;
/// assert_eq!(writer.finish()?.1.document_bytes(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait DocumentSource: Sync {
    /// An opened document.
    type File: ReadAt;

    /// Returns the number of documents.
    fn documents_count(&self) -> usize;

    /// Returns the id and the length in bytes of document `index`, which is below
    /// [`documents_count`](Self::documents_count).
    fn row(&self, index: usize) -> (DocumentId, u64);

    /// Opens document `index`.
    ///
    /// # Errors
    /// Returns an error if the document cannot be opened. The writer adds the document to the error's context.
    fn open(&self, index: usize) -> io::Result<Self::File>;

    /// Returns the origin of document `index` for messages: a path or a key.
    fn origin(&self, index: usize) -> String;
}

macro_rules! forward {
    ($($pointer:ty: $more:path),*) => {$(
        impl<S: DocumentSource + $more + ?Sized> DocumentSource for $pointer {
            type File = S::File;

            fn documents_count(&self) -> usize {
                (**self).documents_count()
            }

            fn row(&self, index: usize) -> (DocumentId, u64) {
                (**self).row(index)
            }

            fn open(&self, index: usize) -> io::Result<Self::File> {
                (**self).open(index)
            }

            fn origin(&self, index: usize) -> String {
                (**self).origin(index)
            }
        }
    )*};
}
forward!(&S: Sync, Arc<S>: Send);

/// No documents, for snapshots of a database alone.
impl DocumentSource for () {
    type File = [u8; 0];

    fn documents_count(&self) -> usize {
        0
    }

    fn row(&self, _: usize) -> (DocumentId, u64) {
        (DocumentId::from_bytes([0; 16]), 0)
    }

    fn open(&self, _: usize) -> io::Result<Self::File> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn origin(&self, _: usize) -> String {
        String::new()
    }
}

/// `None` is a source without documents.
impl<S: DocumentSource> DocumentSource for Option<S> {
    type File = S::File;

    fn documents_count(&self) -> usize {
        self.as_ref().map_or(0, S::documents_count)
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        self.as_ref().map_or_else(|| ().row(index), |source| source.row(index))
    }

    fn open(&self, index: usize) -> io::Result<Self::File> {
        self.as_ref().ok_or(io::ErrorKind::NotFound)?.open(index)
    }

    fn origin(&self, index: usize) -> String {
        self.as_ref().map_or_else(String::new, |source| source.origin(index))
    }
}

/// The documents of a source that have consecutive numbers.
#[derive(Debug)]
pub(super) struct Share<S> {
    pub(super) source: S,
    pub(super) numbers: Range<usize>,
}

impl<S: DocumentSource> DocumentSource for Share<S> {
    type File = S::File;

    fn documents_count(&self) -> usize {
        self.numbers.len()
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        self.source.row(self.numbers.start.saturating_add(index))
    }

    fn open(&self, index: usize) -> io::Result<Self::File> {
        self.source.open(self.numbers.start.saturating_add(index))
    }

    fn origin(&self, index: usize) -> String {
        self.source.origin(self.numbers.start.saturating_add(index))
    }
}
