//! Joins parts that many workers have written to one archive, without recompression: [`Join`].

mod copied;
mod part_verifier;
mod pieces;
mod shard;

use std::fmt;
use std::io::{self, Write};
use std::ops::RangeInclusive;

use super::archive::SnapshotArchive;
use super::assembly::{Assembly, SectionCutter, check_sizes};
use super::error::{Error, Result};
use super::index::Builder;
use super::index::IndexPlacement;
use super::options::WriteOptions;
use super::report::WriteReport;
use crate::document::DocumentId;
use crate::gzip::{self, ChunkLocation};
use crate::io::{Parallelism, ReadAt, prefix_mut};
use crate::layout::MemberName;
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed};

pub use pieces::{Piece, S3_PIECE_BYTES};
pub use shard::shard;

use copied::Copied;
use part_verifier::PartVerifier;

/// A plan of the archive that consists of several parts. Every byte of the archive is known, and nothing is written
/// yet.
///
/// # Parts
/// A part is a snapshot with an index: of some documents, of the database, or of both. It is packed, checked and
/// verified like any other archive. Its metadata is ignored. Parts can be joined if
///
/// * all are written with the same [`Level`](crate::gzip::Level), the same
///   [`SectionSplit`](crate::snapshot::options::SectionSplit) and the same version of this crate;
/// * ids ascend within each part and from part to part;
/// * the first document of each part begins a section of the archive: with
///   [`SectionSplit::Digit`](crate::snapshot::options::SectionSplit::Digit), a first hex digit that no earlier part has.
///   [`shard()`] selects such a part of a source;
/// * the database is in the first part that is not empty.
///
/// # Result
/// The archive is byte for byte the one that a [`SnapshotWriter`](super::SnapshotWriter) writes with these options.
/// Compressed chunks are copied from the parts, because chunks do not depend on each other. Only `.metadata`, the end
/// marker and the index are created. An object store can assemble the archive from ranges of the parts, which are then
/// not transferred at all: see [`pieces`](Self::pieces).
///
/// # Checks
/// The chunks of every part must end where those of a single writer end, and their CRC32s must be those of the tar
/// stream that the rows of the index describe. An index of other chunks is therefore refused. The compressed bytes are
/// not inflated: verify the parts before, or the archive afterwards.
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
/// // On any machine:
/// let mut parts = Vec::new();
/// for id in ids {
///     let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options())?;
///     writer.document(id.parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
///     let (part, _) = writer.finish()?;
///     parts.push(SnapshotArchive::open(part, &ReadOptions::new())?);
/// }
///
/// // With access to all parts:
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
    /// The bytes before the copied chunks: gzip header and `.metadata`.
    head: Vec<u8>,
    /// The bytes after them: end marker, trailer and index.
    tail: Vec<u8>,
    copied: Vec<Copied>,
    report: WriteReport,
}

impl<'a, R: ReadAt, S: ReadAt> Join<'a, R, S> {
    /// Plans the archive of `parts` with `metadata`, reading the indexes alone.
    ///
    /// Needs 24 bytes of memory for each MiB of the tar stream and, for an archive with an index, 52 for each
    /// document.
    ///
    /// # Errors
    /// Returns an error if the parts cannot be joined, with the first unsuitable part as its context; if an index
    /// cannot be read or is wrong; or if the metadata's sizes differ from those of the parts together, unless
    /// the options [accept](WriteOptions::without_size_check) that.
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
        if !options.accepts_sizes {
            check_sizes(metadata, stream.report.database_bytes, stream.report.document_bytes)?;
        }
        let is_embedded = options.index == IndexPlacement::Embedded;
        let mut report = stream.finish(if is_embedded { IndexPlacement::Sidecar } else { options.index })?;
        let mut head = stream.gzip.into_sink();
        let mut tail = head.split_off(head_len);
        if let Some(index) = report.index.as_ref().filter(|_| is_embedded) {
            // The index of ten million documents has 260 MB: reserve it once, instead of growing the vector step by
            // step.
            if let Ok(len) = usize::try_from(index.len_bytes()) {
                tail.reserve_exact(len);
            }
            index.write_to(&mut tail).map_err(|error| Error::io("writing", error))?;
            let len_bytes = index.len_bytes();
            report.archive_bytes = report.archive_bytes.saturating_add(len_bytes);
        }
        Ok(Self { parts, head, tail, copied, report })
    }

    /// Returns the length of the archive in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.tail_at_bytes().saturating_add(self.tail.len() as u64)
    }

    /// Returns the report of the archive.
    #[must_use]
    pub const fn report(&self) -> &WriteReport {
        &self.report
    }

    /// Writes the archive. The returned sink is neither flushed nor synced.
    ///
    /// # Errors
    /// Returns an error if a part cannot be read, if the sink fails, or if the observer cancels.
    pub fn write_to<W: Write>(&self, mut sink: W, observer: &mut dyn Observer) -> Result<W> {
        proceed(observer, &Event::Phase(Phase::JoiningArchives))?;
        let (mut done_bytes, total_bytes) = (0, Some(self.report.tar_bytes));
        let mut compressed = Vec::new();
        put(&mut sink, &self.head)?;
        for copied in &self.copied {
            let part = self.parts.get(copied.part);
            let (part, mut places) = part
                .and_then(|part| Some((part, part.chunks().get(copied.chunks.clone())?)))
                .ok_or_else(|| Error::internal("a plan copies chunks that no part has"))?;
            while let Some(first) = places.first() {
                let (run, rest) = places.split_at(run_len(places).min(places.len()));
                gzip::read_range(part.source(), first.compressed_offset_bytes, compressed_bytes(run), &mut compressed)?;
                put(&mut sink, &compressed)?;
                done_bytes = run.iter().fold(done_bytes, |sum: u64, place| {
                    sum.saturating_add(u64::from(place.row.uncompressed_len_bytes))
                });
                proceed(observer, &Event::bytes(done_bytes, total_bytes))?;
                places = rest;
            }
        }
        put(&mut sink, &self.tail)?;
        Ok(sink)
    }

    /// Divides the archive into pieces, in order, each of which is either copied from a part or uploaded. For stores
    /// that assemble an object from ranges of others, as S3 does with `UploadPartCopy`.
    ///
    /// The bytes to upload are read from this value, which is [`ReadAt`] over the archive. The length of every piece except
    /// the last is within `len_bytes`, and that of an uploaded piece is below twice the minimum.
    ///
    /// Returns `None` if the minimum is zero or the maximum is below twice the minimum, because then not every archive can
    /// be divided.
    #[must_use]
    pub fn pieces(&self, len_bytes: RangeInclusive<u64>) -> Option<Vec<Piece>> {
        let (min_bytes, max_bytes) = len_bytes.into_inner();
        let is_possible = min_bytes > 0 && max_bytes / 2 >= min_bytes;
        is_possible.then(|| pieces::cut(&self.copied, self.len_bytes(), min_bytes, max_bytes))
    }

    fn tail_at_bytes(&self) -> u64 {
        self.copied.last().map_or(self.head.len() as u64, Copied::output_end_bytes)
    }
}

impl<R: ReadAt, S: ReadAt> ReadAt for Join<'_, R, S> {
    /// Reads bytes of the archive. Those that are copied are read from the parts.
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        if offset_bytes < self.head.len() as u64 {
            return self.head.read_at(buffer, offset_bytes);
        }
        if let Some(at) = offset_bytes.checked_sub(self.tail_at_bytes()) {
            return self.tail.read_at(buffer, at);
        }
        let number = self.copied.partition_point(|copied| copied.output_end_bytes() <= offset_bytes);
        let copied = self.copied.get(number).ok_or(io::ErrorKind::InvalidInput)?;
        let part = self.parts.get(copied.part).ok_or(io::ErrorKind::InvalidInput)?;
        let inside = offset_bytes.saturating_sub(copied.output_bytes);
        let wanted = prefix_mut(buffer, copied.len_bytes.saturating_sub(inside));
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

/// The archive as far as it is planned.
struct Joining {
    /// Its sink receives the bytes that are not copied.
    stream: Assembly<Vec<u8>>,
    sections: SectionCutter,
    last: Option<DocumentId>,
    output_bytes: u64,
}

impl Joining {
    /// Adds a part; `None` if it is empty.
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
                return Err(Error::misuse(
                    "its first document does not begin a section: divide the documents where sections begin",
                ));
            }
            is_first = false;
            self.member(&mut verifier, MemberName::Document(id), document.len_bytes(), document.crc32())?;
            self.stream.report.count_document(document.len_bytes());
        }
        let Some((chunks, places)) = verifier.check(part)? else { return Ok(None) };
        for place in places {
            self.stream.gzip.pass_chunk(place.row)?;
        }
        let copied = Copied {
            part: number,
            chunks,
            from_bytes: places.first().map_or(0, |place| place.compressed_offset_bytes),
            len_bytes: compressed_bytes(places),
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

fn compressed_bytes(places: &[ChunkLocation]) -> u64 {
    places.iter().map(|place| u64::from(place.row.compressed_len_bytes)).sum()
}

/// The number of chunks to copy at once: at least one, and not more than 8 MiB.
fn run_len(places: &[ChunkLocation]) -> usize {
    const RUN_BYTES: u64 = 8 << 20;
    let mut sum = 0;
    let fits = |place: &&ChunkLocation| {
        sum = u64::from(place.row.compressed_len_bytes).saturating_add(sum);
        sum <= RUN_BYTES
    };
    places.iter().take_while(fits).count().max(1)
}
