//! Writes a snapshot from front to back: [`SnapshotWriter`].

use std::io::{Read, Write};

use super::content::{Content, DocumentSource};
use super::documents;
use super::error::{Error, ErrorKind, Result};
use super::ids::IdSet;
use super::index::{Builder, IndexPlacement, member_bytes};
use super::options::{SectionSplit, SizeCheck, WriteOptions};
use super::report::WriteReport;
use crate::document::DocumentId;
use crate::error::FinishError;
use crate::gzip::{self, Level};
use crate::io::{Parallelism, at_most, prefix, read_full};
use crate::layout::MemberName;
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed};
use crate::tarball;

/// Writes a snapshot: `.metadata` first, then the database, then the documents.
///
/// The order is the format's, so the same contents are the same bytes, and each kind of content begins a section of its
/// own that can later be copied without being compressed again. Every method is all or nothing: after an error the
/// writer refuses everything, and only [`finish`](Self::finish) completes the archive. What a dropped writer leaves behind is
/// called truncated by every reader.
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
    stream: Stream<W>,
    metadata: Metadata,
    options: WriteOptions,
    stage: Stage,
    ids: IdSet,
    sections: SectionCut,
}

/// What may come next.
#[derive(Debug)]
enum Stage {
    /// `.metadata` is written.
    Database,
    /// The database is written, or left out.
    Documents,
    /// An operation failed, or a panic interrupted it.
    Poisoned(Error),
}

/// The tar stream under way, and all that is counted about it.
#[derive(Debug)]
pub(super) struct Stream<W> {
    pub(super) gzip: gzip::Writer<W>,
    pub(super) report: WriteReport,
    pub(super) index: Option<Builder>,
}

/// Decides before which documents a section begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct SectionCut {
    sections: SectionSplit,
    largest: Option<u8>,
}

impl SectionCut {
    pub(super) const fn new(sections: SectionSplit) -> Self {
        Self { sections, largest: None }
    }

    /// Whether a section begins at this document; documents are asked about in archive order.
    pub(super) fn begins_at(&mut self, id: DocumentId) -> bool {
        let [first, ..] = *id.as_bytes();
        let group = match self.sections {
            SectionSplit::Contents => 0,
            SectionSplit::Digit => first >> 4,
            SectionSplit::Byte => first,
        };
        let begins = self.largest.is_none_or(|largest| group > largest);
        if begins {
            self.largest = Some(group);
        }
        begins
    }
}

impl<W: Write> SnapshotWriter<W> {
    /// Begins a snapshot by writing `metadata`.
    ///
    /// # Errors
    /// Returns an error if the sink fails, or if the system cannot start a thread.
    pub fn start(sink: W, metadata: &Metadata, options: &WriteOptions) -> Result<Self> {
        let index = (options.index != IndexPlacement::Omitted).then(Builder::default);
        let mut stream = Stream::start(sink, options.level, options.parallelism, index)?;
        stream.metadata(metadata)?;
        Ok(Self {
            stream,
            metadata: metadata.clone(),
            sections: SectionCut::new(options.sections),
            options: options.clone(),
            stage: Stage::Database,
            ids: IdSet::default(),
        })
    }

    /// Writes the database dump, `db/db.backup`.
    ///
    /// # Errors
    /// Returns an error if there is a dump already or a document was written before, if the content does not have the
    /// declared length, if reading it or writing fails, or if the observer cancels. Later calls return the same error again.
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
    /// Ids may come in any order; ascending ids need the least memory, here and in every reader.
    ///
    /// # Errors
    /// Returns an error if the id was written before, if the content does not have the declared length, if reading it or
    /// writing fails, or if the observer cancels. Later calls return the same error again.
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
    /// The archive has the same bytes as if they had been written one by one with [`document`](Self::document).
    ///
    /// # Errors
    /// Returns the errors of [`document`](Self::document), and an error if the source's rows do not ascend.
    pub fn documents<S: DocumentSource>(&mut self, source: &S, observer: &mut dyn Observer) -> Result<()> {
        self.guarded(Stage::Documents, |writer, _| {
            documents::write(&mut writer.stream, source, &mut writer.ids, &mut writer.sections, observer)
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

    /// Completes the archive: writes the end marker, the gzip trailer, and the index if it is embedded.
    ///
    /// The sink is returned as it is, neither flushed nor synced.
    ///
    /// # Errors
    /// Returns an error, and the sink with it, if the sizes in the metadata are not those of what was written
    /// ([`SizeCheck`]), if the sink fails, or if an earlier operation failed.
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
        if self.options.size_check == SizeCheck::Strict {
            let report = &self.stream.report;
            check_metadata(&self.metadata, report.database_bytes, report.document_bytes)?;
        }
        self.stream.finish(self.options.index)
    }
}

/// Holds the sizes that `metadata` declares against those that are written.
pub(super) fn check_metadata(metadata: &Metadata, database_bytes: Option<u64>, document_bytes: u64) -> Result<()> {
    let sizes = [
        ("dumpSize", metadata.dump_size_bytes(), database_bytes.unwrap_or(0)),
        ("filesSize", metadata.files_size_bytes(), document_bytes),
    ];
    for (name, declared, actual_bytes) in sizes {
        if let Some(declared_bytes) = declared.filter(|declared| *declared != actual_bytes) {
            return Err(Error::new(ErrorKind::MetadataSize { name, declared_bytes, actual_bytes }));
        }
    }
    Ok(())
}

/// Appends zeros in one segment.
fn push_zeros<W: Write>(gzip: &mut gzip::Writer<W>, count: u64) -> Result<()> {
    let mut left = count;
    while left > 0 {
        let zeros = prefix(&[0; tarball::BLOCK_BYTES], left);
        gzip.push(gzip::SegmentKind::Headers, zeros)?;
        left = left.saturating_sub(zeros.len() as u64);
    }
    Ok(())
}

impl<W: Write> Stream<W> {
    pub(super) fn start(sink: W, level: Level, parallelism: Parallelism, index: Option<Builder>) -> Result<Self> {
        Ok(Self { gzip: gzip::Writer::start(sink, level, parallelism)?, report: WriteReport::default(), index })
    }

    /// Writes `.metadata`, the first member.
    pub(super) fn metadata(&mut self, metadata: &Metadata) -> Result<()> {
        let bytes = metadata.render();
        self.member(MemberName::Metadata, Content::sized(bytes.len() as u64, bytes.as_slice()), &mut |_| Ok(()))
    }

    /// Begins a member: writes its header.
    pub(super) fn open_member(&mut self, name: MemberName, len_bytes: u64) -> Result<()> {
        let text = name.render();
        self.gzip.push(gzip::SegmentKind::Headers, &tarball::file_header(text.as_bytes(), len_bytes)?)?;
        Ok(())
    }

    /// Ends a member whose payload is written: fills its last block, and counts it.
    pub(super) fn close_member(&mut self, name: MemberName, len_bytes: u64, crc32: u32) -> Result<()> {
        push_zeros(&mut self.gzip, tarball::padding_bytes(len_bytes))?;
        self.note(name, len_bytes, crc32);
        Ok(())
    }

    /// Counts a member that is in the stream now.
    pub(super) fn note(&mut self, name: MemberName, len_bytes: u64, crc32: u32) {
        if let Some(index) = &mut self.index {
            index.member(name, len_bytes, crc32);
        }
        self.report.plain_bytes += member_bytes(len_bytes);
    }

    /// Writes the end marker, the gzip trailer, and the index where it is wanted.
    pub(super) fn finish(&mut self, placement: IndexPlacement) -> Result<WriteReport> {
        let Self { gzip, report, index } = self;
        gzip.end_section()?;
        let end = tarball::end_marker_bytes(report.plain_bytes);
        push_zeros(gzip, end)?;
        report.plain_bytes += end;
        let member = gzip.finish()?;
        report.archive_bytes = member.compressed_len_bytes;
        if let Some(builder) = index.take() {
            let index = builder.finish(&member, report)?;
            if placement == IndexPlacement::Embedded {
                index.write_to(gzip.sink_mut()).map_err(|error| Error::io("writing", error))?;
                report.archive_bytes += index.len_bytes();
            }
            report.index = Some(index);
        }
        Ok(std::mem::take(report))
    }

    /// Writes one member: header, exactly the declared payload, padding. `progress` receives the length so far of a
    /// payload that takes several steps.
    fn member<R: Read>(
        &mut self,
        name: MemberName,
        content: Content<R>,
        progress: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        let Content { mut reader, len_bytes } = content;
        self.open_member(name, len_bytes)?;
        let mut payload = PayloadSoFar::new(len_bytes);
        while payload.push_some(&mut self.gzip, &mut reader).map_err(|error| in_member(error, name))? {
            if payload.done_bytes < len_bytes {
                progress(payload.done_bytes)?;
            }
        }
        self.close_member(name, len_bytes, payload.crc32())
    }
}

/// Says which member an error is about.
pub(super) fn in_member(error: Error, name: MemberName) -> Error {
    error.within_name(name.render().as_bytes())
}

/// A payload under way: how much of it is written, and its CRC32.
#[derive(Debug)]
pub(super) struct PayloadSoFar {
    declared_bytes: u64,
    done_bytes: u64,
    crc: crc32fast::Hasher,
}

impl PayloadSoFar {
    pub(super) fn new(declared_bytes: u64) -> Self {
        Self { declared_bytes, done_bytes: 0, crc: crc32fast::Hasher::new() }
    }

    /// Copies as much as fits into the chunk under way; `false` once all of it is there, and `reader` has no more.
    pub(super) fn push_some<W: Write>(&mut self, gzip: &mut gzip::Writer<W>, reader: &mut impl Read) -> Result<bool> {
        let Self { declared_bytes, done_bytes, crc } = self;
        let declared_bytes = *declared_bytes;
        let left = declared_bytes - *done_bytes;
        if left == 0 {
            let is_over = read_payload(reader, &mut [0])? == 0;
            return if is_over { Ok(false) } else { Err(Error::new(ErrorKind::TooLong { declared_bytes })) };
        }
        let count = at_most(gzip.room_bytes(), left);
        gzip.push_with(gzip::SegmentKind::Payload, count, |buffer| {
            let filled = read_payload(reader, buffer)?;
            if filled < buffer.len() {
                let actual_bytes = *done_bytes + filled as u64;
                return Err(Error::new(ErrorKind::TooShort { declared_bytes, actual_bytes }));
            }
            crc.update(buffer);
            Ok(())
        })?;
        *done_bytes += count as u64;
        Ok(true)
    }

    pub(super) fn crc32(self) -> u32 {
        self.crc.finalize()
    }
}

fn read_payload(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    read_full(reader, buffer).map_err(|error| Error::io("reading a payload", error))
}
