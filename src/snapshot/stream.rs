//! Writes a snapshot while it is read: [`SnapshotStream`].

use std::fmt;
use std::io::{self, Read};

use super::assembly::{Assembly, PayloadCopy, SectionCutter, check_sizes, in_member};
use super::content::{Content, DocumentSource};
use super::documents::check_rows;
use super::error::{Error, Result};
use super::ids::IdSet;
use super::index::Builder;
use super::index::IndexPlacement;
use super::options::WriteOptions;
use super::report::WriteReport;
use crate::io::{ReadAt, Unread};
use crate::layout::MemberName;
use crate::metadata::Metadata;

/// A reader that creates a snapshot on demand, byte for byte the archive that
/// [`SnapshotWriter`](super::SnapshotWriter) writes.
///
/// A writer blocks its thread while the sink does not accept data, for example because a client is slow. A stream
/// creates the next chunk when it is read: between two reads nothing runs or waits, and at most one chunk is in
/// memory. Between two reads it can be moved to another thread. An archive that was not read to the end is truncated,
/// and every reader reports that.
///
/// ```
/// # use appsnap::DocumentId;
/// use std::io::Read;
/// use appsnap::metadata::Metadata;
/// use appsnap::snapshot::{Content, SnapshotStream, WriteOptions};
///
/// let database = Content::sized(4, &b"dump"[..]);
/// let metadata = Metadata::new().with_dump_size_bytes(4).with_files_size_bytes(0);
/// let mut stream = SnapshotStream::new(&metadata, Some(database), (), &WriteOptions::new())?;
/// let mut archive = Vec::new();
/// stream.read_to_end(&mut archive)?;
/// assert_eq!(stream.report().map(|report| report.archive_bytes()), Some(archive.len() as u64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SnapshotStream<R, S: DocumentSource> {
    state: State,
    index: IndexPlacement,
    database: Option<Content<R>>,
    documents: S,
    /// The next document to begin.
    next: usize,
    sections: SectionCutter,
    current: Option<Current<R, S::File>>,
    /// Compressed bytes that are ready.
    ready: Unread,
}

enum State {
    Packing(Box<Assembly<Vec<u8>>>),
    Finished(WriteReport),
    Failed(Error),
}

/// The member that is being written.
struct Current<R, F> {
    name: MemberName,
    len_bytes: u64,
    payload: PayloadCopy,
    source: Source<R, F>,
}

enum Source<R, F> {
    Database(R),
    Document { file: F, offset_bytes: u64 },
}

impl<R: Read, F: ReadAt> Read for Source<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Database(reader) => reader.read(buffer),
            Self::Document { file, offset_bytes } => {
                let count = file.read_at(buffer, *offset_bytes)?;
                *offset_bytes = offset_bytes.saturating_add(count as u64);
                Ok(count)
            }
        }
    }
}

impl<R: Read, S: DocumentSource> SnapshotStream<R, S> {
    /// Creates a stream of `metadata`, an optional database and `documents`. Nothing of them is read yet.
    ///
    /// # Errors
    /// Returns an error if the metadata's sizes differ from those of the contents (unless [accepted](WriteOptions::without_size_check)), if the rows of the
    /// documents do not ascend, or if no thread can be started.
    pub fn new(
        metadata: &Metadata,
        database: Option<Content<R>>,
        documents: S,
        options: &WriteOptions,
    ) -> Result<Self> {
        check_rows(&documents, &mut IdSet::default())?;
        if !options.accepts_sizes {
            let lens = (0..documents.documents_count()).map(|index| documents.row(index).1);
            let document_bytes = lens.fold(0, u64::saturating_add);
            check_sizes(metadata, database.as_ref().map(Content::len_bytes), document_bytes)?;
        }
        let index = (options.index != IndexPlacement::Omitted).then(Builder::default);
        let mut stream = Assembly::start(Vec::new(), options.level, options.parallelism, index)?;
        stream.metadata(metadata)?;
        Ok(Self {
            state: State::Packing(Box::new(stream)),
            index: options.index,
            database,
            documents,
            next: 0,
            sections: SectionCutter::new(options.sections),
            current: None,
            ready: Unread::default(),
        })
    }

    /// Returns the report; `None` before the archive is complete.
    #[must_use]
    pub const fn report(&self) -> Option<&WriteReport> {
        match &self.state {
            State::Finished(report) => Some(report),
            State::Packing(_) | State::Failed(_) => None,
        }
    }

    /// Works until bytes are ready. Returns `false` if all were returned.
    fn advance(&mut self) -> Result<bool> {
        while self.ready.is_empty() {
            let interrupted = State::Failed(Error::internal("the stream was interrupted by a panic"));
            match std::mem::replace(&mut self.state, interrupted) {
                State::Packing(stream) => {
                    self.state = self.work(stream).unwrap_or_else(State::Failed);
                }
                State::Failed(error) => {
                    self.state = State::Failed(error.clone());
                    return Err(error);
                }
                state @ State::Finished(_) => {
                    self.state = state;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Creates more bytes and returns the next state.
    fn work(&mut self, mut stream: Box<Assembly<Vec<u8>>>) -> Result<State> {
        let is_more = self.step(&mut stream)?;
        let report = if is_more { None } else { Some(stream.finish(self.index)?) };
        std::mem::swap(self.ready.refill(), stream.gzip.sink_mut());
        let Some(report) = report else { return Ok(State::Packing(stream)) };
        Ok(State::Finished(report))
    }

    /// Adds at most one chunk. Returns `false` if everything is written.
    fn step(&mut self, stream: &mut Assembly<Vec<u8>>) -> Result<bool> {
        if let Some(current) = &mut self.current {
            let Current { name, payload, source, .. } = current;
            if payload.push_some(&mut stream.gzip, source).map_err(|error| in_member(error, *name))? {
                return Ok(true);
            }
            if let Some(Current { name, len_bytes, payload, .. }) = self.current.take() {
                stream.close_member(name, len_bytes, payload.crc32())?;
            }
            return Ok(true);
        }
        if let Some(Content { reader, len_bytes }) = self.database.take() {
            stream.gzip.end_section()?;
            stream.report.database_bytes = Some(len_bytes);
            self.open(stream, MemberName::Database, len_bytes, Source::Database(reader))?;
            return Ok(true);
        }
        let index = self.next;
        if index == self.documents.documents_count() {
            return Ok(false);
        }
        self.next = self.next.saturating_add(1);
        let (id, len_bytes) = self.documents.row(index);
        if self.sections.begins_at(id) {
            stream.gzip.end_section()?;
        }
        let opened = self.documents.open(index);
        let file = opened
            .map_err(|error| Error::io("opening a document", error).in_document(id, &self.documents.origin(index)))?;
        stream.report.count_document(len_bytes);
        self.open(stream, MemberName::Document(id), len_bytes, Source::Document { file, offset_bytes: 0 })?;
        Ok(true)
    }

    fn open(
        &mut self,
        stream: &mut Assembly<Vec<u8>>,
        name: MemberName,
        len_bytes: u64,
        source: Source<R, S::File>,
    ) -> Result<()> {
        stream.open_member(name, len_bytes)?;
        self.current = Some(Current { name, len_bytes, payload: PayloadCopy::new(len_bytes), source });
        Ok(())
    }
}

impl<R: Read, S: DocumentSource> Read for SnapshotStream<R, S> {
    /// Returns bytes that are ready, or creates the next chunk.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || !self.advance()? {
            return Ok(0);
        }
        self.ready.read(buffer)
    }
}

impl<R, S: DocumentSource> fmt::Debug for SnapshotStream<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotStream")
            .field("documents_begun", &self.next)
            .field("documents_count", &self.documents.documents_count())
            .finish_non_exhaustive()
    }
}
