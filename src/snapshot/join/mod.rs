//! One archive out of parts that many workers have packed, without inflating them: [`Join`].

mod copied;
mod part_verifier;
mod pieces;
mod shard;

use std::fmt;
use std::io::{self, Write};

use super::archive::SnapshotArchive;
use super::assembly::{Assembly, SectionCutter, check_sizes};
use super::error::{Error, Result};
use super::index::Builder;
use super::index::IndexPlacement;
use super::options::{SizeCheck, WriteOptions};
use super::report::WriteReport;
use crate::document::DocumentId;
use crate::gzip::{self, ChunkLocation};
use crate::io::{Parallelism, ReadAt};
use crate::layout::MemberName;
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed};

pub use pieces::{Piece, PieceSizes};
pub use shard::Shard;

use copied::Copied;
use part_verifier::PartVerifier;

/// The archive that parts join to: known to the last byte, and not yet written.
///
/// # What a part is
/// A part is a snapshot with an index, nothing else: of some documents, of the database, or of both. A worker packs one
/// like any other archive, and everything that reads, checks and verifies archives does so with parts. Its metadata is not
/// looked at. For parts to join
///
/// * all are written with the same [`Level`](crate::gzip::Level), the same [`SectionSplit`](crate::snapshot::options::SectionSplit) and the same
///   version of this crate;
/// * ids ascend within each part and from part to part;
/// * each part's first document begins a section of the whole: with [`SectionSplit::Digit`](crate::snapshot::options::SectionSplit::Digit), a first
///   hex digit that no part before has. [`Shard`] takes such a part out of a source;
/// * the database is in the first part that holds anything.
///
/// # What comes out
/// Byte for byte what one [`SnapshotWriter`](super::SnapshotWriter) writes with these options. The compressed chunks of the parts are
/// copied as they are, for a chunk knows nothing of its neighbours; only `.metadata`, the end marker and the index are
/// made here. So joining costs what copying costs: in an object store, where an upload can be put together from ranges of
/// other objects, [`pieces`](Self::pieces) says which, and almost nothing is moved at all.
///
/// # What is checked
/// That the chunks of every part are cut where a single writer cuts them, and that the CRC32 of what they hold is that of
/// the tar stream which the rows of the index describe. An index that belongs to other chunks cannot pass. What the
/// copied bytes inflate to is not looked at: verify the parts before, or the archive afterwards.
///
/// ```
/// use appsnap::io::ReadAt;
/// use appsnap::metadata::Metadata;
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::{Content, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};
/// use appsnap::snapshot::index::IndexPlacement;
/// use appsnap::snapshot::join::Join;
/// use appsnap::snapshot::options::SectionSplit;
///
/// let options = || WriteOptions::new().with_sections(SectionSplit::Digit).with_index(IndexPlacement::Embedded);
/// let ids = ["0d3e301f-5551-46f8-ad44-8de2be084c95", "7f3e301f-5551-46f8-ad44-8de2be084c95"];
///
/// // Anywhere, by anybody:
/// let mut parts = Vec::new();
/// for id in ids {
///     let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options())?;
///     writer.document(id.parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
///     let (part, _) = writer.finish()?;
///     parts.push(SnapshotArchive::open(part, &ReadOptions::new())?);
/// }
///
/// // Where the parts can be read:
/// let metadata = Metadata::new().with_files_size_bytes(10);
/// let joined = Join::plan(&metadata, &parts, &options())?;
/// let archive = joined.write_to(Vec::new(), &mut NoObserver)?;
/// assert_eq!(archive.len() as u64, joined.len_bytes());
/// # let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &options())?;
/// # for id in ids {
/// #     writer.document(id.parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// # }
/// # assert!(writer.finish()?.0 == archive);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Join<'a, R, S = R> {
    parts: &'a [SnapshotArchive<R, S>],
    /// What is made here: the member's header and `.metadata`, and behind that the end marker, the trailer and the index.
    made: Vec<u8>,
    /// Bytes of it that stand in front of what is copied.
    head_len: usize,
    copied: Vec<Copied>,
    report: WriteReport,
}

impl<'a, R: ReadAt, S: ReadAt> Join<'a, R, S> {
    /// Works out the archive of `parts` under `metadata`, reading their indexes and nothing else.
    ///
    /// Memory is 24 bytes for each MiB of the tar stream and, where an index is asked for, 52 a document.
    ///
    /// # Errors
    /// When the parts do not join, the error naming the first part that does not and why; when an index cannot be read or
    /// is wrong; when the metadata's sizes are not those of the parts together ([`SizeCheck`]).
    pub fn plan(metadata: &Metadata, parts: &'a [SnapshotArchive<R, S>], options: &WriteOptions) -> Result<Self> {
        let index = (options.index != IndexPlacement::Omitted).then(Builder::default);
        let mut stream = Assembly::start(Vec::new(), options.level, Parallelism::INLINE, index)?;
        stream.metadata(metadata)?;
        stream.gzip.end_section()?;
        let head_len = stream.gzip.sink_mut().len();
        let sections = SectionCutter::new(options.sections);
        let mut joining = Joining { stream, sections, last: None, output_bytes: head_len as u64 };
        let mut copied = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let added = joining.add(number, part);
            copied.extend(added.map_err(|error| error.within_name(format!("part {number}").as_bytes()))?);
        }
        let mut stream = joining.stream;
        if options.size_check == SizeCheck::Strict {
            check_sizes(metadata, stream.report.database_bytes, stream.report.document_bytes)?;
        }
        let is_embedded = options.index == IndexPlacement::Embedded;
        let mut report = stream.finish(if is_embedded { IndexPlacement::Sidecar } else { options.index })?;
        let mut made = stream.gzip.into_sink();
        if let Some(index) = report.index.as_ref().filter(|_| is_embedded) {
            // Of ten million documents it has 260 MB, which need not be there three times while a vector grows.
            made.reserve_exact(usize::try_from(index.len_bytes()).unwrap_or_default());
            index.write_to(&mut made).map_err(|error| Error::io("writing", error))?;
            report.archive_bytes += index.len_bytes();
        }
        Ok(Self { parts, made, head_len, copied, report })
    }

    fn head(&self) -> &[u8] {
        self.made.get(..self.head_len).unwrap_or_default()
    }

    fn tail(&self) -> &[u8] {
        self.made.get(self.head_len..).unwrap_or_default()
    }

    /// Length of the archive.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.tail_at_bytes().saturating_add(self.tail().len() as u64)
    }

    /// What the archive holds.
    #[must_use]
    pub const fn report(&self) -> &WriteReport {
        &self.report
    }

    /// Writes the archive, copying the parts front to back.
    ///
    /// The sink is handed back unflushed and unsynced, which are its owner's business.
    ///
    /// # Errors
    /// When a part cannot be read, or the sink fails; [`ErrorKind::Cancelled`](super::ErrorKind::Cancelled).
    pub fn write_to<W: Write>(&self, mut sink: W, observer: &mut dyn Observer) -> Result<W> {
        proceed(observer, &Event::Phase(Phase::JoiningArchives))?;
        let (mut done_bytes, total_bytes) = (0, Some(self.report.plain_bytes));
        let mut packed = Vec::new();
        put(&mut sink, self.head())?;
        for copied in &self.copied {
            let Some(part) = self.parts.get(copied.part) else { continue };
            let mut places = part.chunks().get(copied.chunks.clone()).unwrap_or_default();
            while let Some(first) = places.first() {
                let (run, rest) = places.split_at_checked(run_len(places)).unwrap_or((places, &[]));
                gzip::read_range(part.source(), first.compressed_offset_bytes, packed_bytes(run), &mut packed)?;
                put(&mut sink, &packed)?;
                done_bytes += run.iter().map(|place| u64::from(place.row.uncompressed_len_bytes)).sum::<u64>();
                proceed(observer, &Event::bytes(done_bytes, total_bytes))?;
                places = rest;
            }
        }
        put(&mut sink, self.tail())?;
        Ok(sink)
    }

    /// The archive as pieces that are either copied from a part or uploaded, in order: for stores that put an object
    /// together from ranges of others, as S3 does with `UploadPartCopy`.
    ///
    /// What is to be uploaded is read from this value, which is [`ReadAt`] over the archive. Every piece but the last has a
    /// length within `sizes`, and an uploaded one is shorter than twice the least.
    pub fn pieces(&self, sizes: PieceSizes) -> Vec<Piece> {
        pieces::cut(self.copied.iter(), self.len_bytes(), sizes)
    }

    fn tail_at_bytes(&self) -> u64 {
        self.copied.last().map_or(self.head().len() as u64, Copied::output_end_bytes)
    }
}

impl<R: ReadAt, S: ReadAt> ReadAt for Join<'_, R, S> {
    /// Bytes of the joined archive, out of the parts where they are copied.
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        if offset_bytes < self.head().len() as u64 {
            return self.head().read_at(buffer, offset_bytes);
        }
        if let Some(at) = offset_bytes.checked_sub(self.tail_at_bytes()) {
            return self.tail().read_at(buffer, at);
        }
        let number = self.copied.partition_point(|copied| copied.output_end_bytes() <= offset_bytes);
        let copied = self.copied.get(number).ok_or(io::ErrorKind::InvalidInput)?;
        let part = self.parts.get(copied.part).ok_or(io::ErrorKind::InvalidInput)?;
        let inside = offset_bytes.saturating_sub(copied.output_bytes);
        let left = usize::try_from(copied.len_bytes.saturating_sub(inside)).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        let wanted = buffer.get_mut(..count).unwrap_or_default();
        part.source().read_at(wanted, copied.from_bytes.saturating_add(inside))
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.len_bytes())
    }
}

impl<R, S> fmt::Debug for Join<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("parts_count", &self.parts.len())
            .field("documents_count", &self.report.documents_count)
            .field("archive_bytes", &self.report.archive_bytes)
            .finish_non_exhaustive()
    }
}

/// The archive under way.
struct Joining {
    /// Its sink receives what is not copied.
    stream: Assembly<Vec<u8>>,
    sections: SectionCutter,
    last: Option<DocumentId>,
    output_bytes: u64,
}

impl Joining {
    /// Takes a part; `None` when there is nothing in it.
    fn add<R: ReadAt, S: ReadAt>(&mut self, number: usize, part: &SnapshotArchive<R, S>) -> Result<Option<Copied>> {
        let mut verifier = PartVerifier::new(part);
        if let Some((len_bytes, crc32)) = part.database_slot() {
            if self.stream.report.database_bytes.is_some() || self.last.is_some() {
                return Err(Error::misuse("the database comes once, and before the documents"));
            }
            self.member(&mut verifier, MemberName::Database, len_bytes, crc32)?;
            self.stream.report.database_bytes = Some(len_bytes);
            verifier.ends.end_section();
        }
        let mut is_first = true;
        for document in part.documents() {
            let document = document?;
            let id = document.id();
            if self.last.replace(id) >= Some(id) {
                return Err(Error::misuse("the ids of documents must ascend, in a part and from part to part"));
            }
            if self.sections.begins_at(id) {
                verifier.ends.end_section();
            } else if is_first {
                return Err(Error::misuse("its first document begins no section: cut the parts where sections begin"));
            }
            is_first = false;
            self.member(&mut verifier, MemberName::Document(id), document.len_bytes(), document.crc32())?;
            self.stream.report.count_document(document.len_bytes());
        }
        let Some(chunks) = verifier.check(part)? else { return Ok(None) };
        let places = part.chunks().get(chunks.clone()).unwrap_or_default();
        for place in places {
            self.stream.gzip.pass_chunk(place.row)?;
        }
        let copied = Copied {
            part: number,
            chunks,
            from_bytes: places.first().map_or(0, |place| place.compressed_offset_bytes),
            len_bytes: packed_bytes(places),
            output_bytes: self.output_bytes,
        };
        self.output_bytes = copied.output_end_bytes();
        Ok(Some(copied))
    }

    fn member(&mut self, verifier: &mut PartVerifier, name: MemberName, len_bytes: u64, crc32: u32) -> Result<()> {
        verifier.member(name, len_bytes, crc32)?;
        self.stream.note(name, len_bytes, crc32);
        Ok(())
    }
}

fn put(sink: &mut impl Write, bytes: &[u8]) -> Result<()> {
    sink.write_all(bytes).map_err(|error| Error::io("writing", error))
}

fn packed_bytes(places: &[ChunkLocation]) -> u64 {
    places.iter().map(|place| u64::from(place.row.compressed_len_bytes)).sum()
}

/// How many chunks are copied at once: one at least, and not more than some MiB.
fn run_len(places: &[ChunkLocation]) -> usize {
    const RUN_BYTES: u64 = 8 << 20;
    let mut sum = 0;
    let fits = |place: &&ChunkLocation| {
        sum += u64::from(place.row.compressed_len_bytes);
        sum <= RUN_BYTES
    };
    places.iter().take_while(fits).count().max(1)
}
