//! Writes a snapshot from beginning to end: [`SnapshotWriter`].

use std::io::{Read, Write};
use std::ops::Range;

use super::assembly::{Assembly, SectionCutter, check_sizes};
use super::content::{Content, DocumentSource, Share};
use super::documents;
use super::error::{Error, ErrorKind, Result};
use super::ids::IdSet;
use super::index::{Builder, IndexPlacement};
use super::options::WriteOptions;
use super::report::WriteReport;
use crate::document::DocumentId;
use crate::error::FinishError;
use crate::layout::MemberName;
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed};

/// A writer for snapshots: `.metadata` first, then the database, then the documents.
///
/// The order is part of the format: the same contents are the same bytes, and each kind of content begins a section
/// that can be copied without recompression. After an error every method repeats that error. Only
/// [`finish`](Self::finish) completes the archive; an archive whose writer was dropped is truncated, and every reader
/// reports that.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// use appsnap::metadata::Metadata;
/// use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
///
/// let metadata = Metadata::new().with_model_version("1.0.0.40").with_dump_size_bytes(4).with_files_size_bytes(5);
/// let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &WriteOptions::new())?;
/// writer.database(Content::sized(4, &b"dump"[..]), &mut NoObserver)?;
/// writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// let (archive, report) = writer.finish()?;
/// assert_eq!(report.documents_count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SnapshotWriter<W> {
    stream: Assembly<W>,
    metadata: Metadata,
    options: WriteOptions,
    stage: Stage,
    ids: IdSet,
    sections: SectionCutter,
}

/// The next step.
#[derive(Debug)]
enum Stage {
    /// `.metadata` is written.
    Database,
    /// The database is written or omitted.
    Documents,
    /// An operation failed, or a panic interrupted it.
    Poisoned(Error),
}

impl<W: Write> SnapshotWriter<W> {
    /// Creates a writer and writes `metadata`.
    ///
    /// # Errors
    /// Returns an error if the sink fails, or if no thread can be started.
    pub fn start(sink: W, metadata: &Metadata, options: &WriteOptions) -> Result<Self> {
        let index = (options.index != IndexPlacement::Omitted).then(Builder::default);
        let mut stream = Assembly::start(sink, options.level, options.parallelism, index)?;
        stream.metadata(metadata)?;
        Ok(Self {
            stream,
            metadata: metadata.clone(),
            sections: SectionCutter::new(options.sections),
            options: options.clone(),
            stage: Stage::Database,
            ids: IdSet::default(),
        })
    }

    /// Writes the database dump, `db/db.backup`.
    ///
    /// # Errors
    /// Returns an error if a database or a document was written before, if the content does not have its declared
    /// length, if reading or writing fails, or if the observer cancels.
    pub fn database<R: Read>(&mut self, content: Content<R>, observer: &mut dyn Observer) -> Result<()> {
        self.guarded(Stage::Documents, |writer, stage| {
            if !matches!(stage, Stage::Database) {
                return Err(Error::misuse("the database comes once, and before the documents"));
            }
            let len_bytes = content.len_bytes;
            proceed(observer, &Event::Phase(Phase::WritingDump))?;
            writer.stream.gzip.end_section()?;
            writer.stream.member(MemberName::Database, content, &mut |done_bytes| {
                Ok(proceed(observer, &Event::bytes(done_bytes, Some(len_bytes)))?)
            })?;
            writer.stream.report.database_bytes = Some(len_bytes);
            Ok(())
        })
    }

    /// Writes one document.
    ///
    /// Ids may have any order. Ascending ids need the least memory, here and in every reader.
    ///
    /// # Errors
    /// Returns an error if the id was written before, if the content does not have its declared length, if reading or
    /// writing fails, or if the observer cancels.
    pub fn document<R: Read>(
        &mut self,
        id: DocumentId,
        content: Content<R>,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        self.guarded(Stage::Documents, |writer, _| {
            let len_bytes = content.len_bytes;
            if !writer.ids.insert(id) {
                return Err(Error::new(ErrorKind::Duplicate).in_document(id, ""));
            }
            if writer.sections.begins_at(id) {
                writer.stream.gzip.end_section()?;
            }
            let before_bytes = writer.stream.report.document_bytes;
            if writer.stream.report.documents_count == 0 {
                proceed(observer, &Event::Phase(Phase::WritingDocuments))?;
            }
            writer.stream.member(MemberName::Document(id), content, &mut |done_bytes| {
                Ok(proceed(observer, &Event::bytes(before_bytes.saturating_add(done_bytes), None))?)
            })?;
            let report = &mut writer.stream.report;
            report.count_document(len_bytes);
            Ok(proceed(observer, &Event::document(id, report.documents_count, report.document_bytes))?)
        })
    }

    /// Writes many documents, which the writer's threads open, read and compress in parallel.
    ///
    /// The archive is the same as with [`document`](Self::document) for each of them.
    ///
    /// # Errors
    /// Returns the errors of [`document`](Self::document). Also returns an error if the source's rows do not ascend.
    pub fn documents<S: DocumentSource>(&mut self, source: &S, observer: &mut dyn Observer) -> Result<()> {
        self.guarded(Stage::Documents, |writer, _| {
            documents::write(&mut writer.stream, source, &mut writer.ids, (&mut writer.sections, 0), observer)
        })
    }

    /// Writes the documents of `source` that have these numbers. The other ones are left out, but all chunks except the first
    /// and the last are those of an archive with all documents. `before` has the lengths of the documents before.
    pub(crate) fn share_of_documents<S: DocumentSource>(
        &mut self,
        source: &S,
        numbers: Range<usize>,
        before: &[(DocumentId, u64)],
        observer: &mut dyn Observer,
    ) -> Result<()> {
        self.guarded(Stage::Documents, |writer, _| {
            writer.stream.gzip.end_section()?;
            let before_bytes = documents::filled_after(before, &mut writer.sections);
            let sections = (&mut writer.sections, before_bytes);
            documents::write(&mut writer.stream, &Share { source, numbers }, &mut writer.ids, sections, observer)
        })
    }

    /// Runs `operation` with the present stage and enters `next`; after an error every later call repeats it.
    fn guarded(&mut self, next: Stage, operation: impl FnOnce(&mut Self, &Stage) -> Result<()>) -> Result<()> {
        if let Stage::Poisoned(error) = &self.stage {
            return Err(error.clone());
        }
        let interrupted = Stage::Poisoned(Error::internal("the writer was interrupted by a panic"));
        let stage = std::mem::replace(&mut self.stage, interrupted);
        let done = operation(self, &stage);
        self.stage = done.clone().map_or_else(Stage::Poisoned, |()| next);
        done
    }

    /// Completes the archive: writes the end marker, the gzip trailer and, if it is to be embedded, the index.
    ///
    /// The returned sink is neither flushed nor synced.
    ///
    /// # Errors
    /// Returns an error, and the sink with it, if the metadata's sizes differ from what was written, unless the
    /// options [accept](WriteOptions::without_size_check) that, or if the sink fails.
    pub fn finish(mut self) -> Result<(W, WriteReport), FinishError<W, Error>> {
        match self.complete() {
            Ok(report) => Ok((self.stream.gzip.into_sink(), report)),
            Err(error) => Err(FinishError::new(error, self.stream.gzip.into_sink())),
        }
    }

    fn complete(&mut self) -> Result<WriteReport> {
        if let Stage::Poisoned(error) = &self.stage {
            return Err(error.clone());
        }
        if !self.options.accepts_sizes {
            let report = &self.stream.report;
            check_sizes(&self.metadata, report.database_bytes, report.document_bytes)?;
        }
        self.stream.finish(self.options.index)
    }
}
