//! Joins parts that many workers have written to one archive, without recompression: [`Join`].

mod copied;
mod joining;
mod number;
mod part_verifier;
mod pieces;
mod plan_name;
mod rows_digest;
mod seam;
mod shard;
mod shards;
mod share;
mod write_shard;

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
use crate::io::{Parallelism, ReadAt, prefix, prefix_mut};
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed};

pub use number::Shard;
pub use pieces::{Piece, S3_PIECE_BYTES};
pub use shard::shard;
pub use shards::Shards;

#[cfg(feature = "object-store")]
pub(crate) use share::Census;
pub(crate) use share::PlannedShare;
pub(crate) use write_shard::ShardWriter;

use copied::Copied;
use joining::Joining;

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
/// * the chunks of each part end where they do in the archive. That is so for the parts of a plan, which [`Shards`]
///   collects and which state what they contain; and for a part whose first document begins a section of the archive: with
///   [`SectionSplit::Digit`](crate::snapshot::options::SectionSplit::Digit), a first hex digit that no earlier part has.
///   [`shard()`] selects such a part of a source;
/// * the database is in the first part that is not empty.
///
/// # Result
/// The archive is byte for byte the one that a [`SnapshotWriter`](super::SnapshotWriter) writes with these options.
/// Compressed chunks are copied from the parts, because chunks do not depend on each other. Only `.metadata`, the end
/// marker, the index, and the chunks of which two parts have a piece, are created. An object store can assemble the
/// archive from ranges of the parts, which are then not transferred at all: see [`pieces`](Self::pieces).
///
/// # Checks
/// The chunks of every part must end where those of a single writer end, and their CRC32s must be those of the tar
/// stream that the rows of the index describe. An index of other chunks is therefore refused. Damage to the compressed bytes
/// of copied chunks is found by [`write_verified`](Self::write_verified), and by every reader of the archive.
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
    /// Those of the parts.
    names: Vec<String>,
    /// The bytes that are not copied: `.metadata`, chunks at seams, end marker, trailer and index.
    created: Vec<u8>,
    copied: Vec<Copied>,
    report: WriteReport,
}

impl<'a, R: ReadAt, S: ReadAt> Join<'a, R, S> {
    /// Plans the archive of `parts` with `metadata`, reading the indexes and the chunks at seams.
    ///
    /// Needs 24 bytes of memory for each MiB of the tar stream, up to 1 MiB for each seam and, for an archive with an index,
    /// 52 bytes for each document.
    ///
    /// # Errors
    /// Returns an error if the parts cannot be joined, with the first unsuitable part as its context; if an index
    /// cannot be read or is wrong; or if the metadata's sizes differ from those of the parts together, unless
    /// the options [accept](WriteOptions::without_size_check) that.
    pub fn plan(metadata: &Metadata, parts: &'a [SnapshotArchive<R, S>], options: &WriteOptions) -> Result<Self> {
        let names = (0..parts.len()).map(|number| format!("part {number}")).collect();
        Self::plan_named(metadata, (parts, names), options, &mut |_, _| {})
    }

    /// Plans the archive of `parts`, which have these names in errors. `each` receives all documents in order.
    fn plan_named(
        metadata: &Metadata,
        (parts, names): (&'a [SnapshotArchive<R, S>], Vec<String>),
        options: &WriteOptions,
        each: &mut dyn FnMut(DocumentId, u64),
    ) -> Result<Self> {
        let index = (options.index != IndexPlacement::Omitted).then(Builder::default);
        let mut stream = Assembly::start(Vec::new(), options.level, Parallelism::INLINE, index)?;
        stream.metadata(metadata)?;
        stream.gzip.end_section()?;
        let mut joining = Joining::new(parts, stream, SectionCutter::new(options.sections));
        for (number, name) in names.iter().enumerate() {
            joining.add(number, each).map_err(|error| error.within(name))?;
        }
        joining.finish()?;
        let Joining { mut stream, copied, .. } = joining;
        if !options.accepts_sizes {
            check_sizes(metadata, stream.report.database_bytes, stream.report.document_bytes)?;
        }
        let is_embedded = options.index == IndexPlacement::Embedded;
        let mut report = stream.finish(if is_embedded { IndexPlacement::Sidecar } else { options.index })?;
        let mut created = stream.gzip.into_sink();
        if let Some(index) = report.index.as_ref().filter(|_| is_embedded) {
            // The index of ten million documents has 260 MB: reserve it once, instead of growing the vector step by
            // step.
            if let Ok(len) = usize::try_from(index.len_bytes()) {
                created.reserve_exact(len);
            }
            index.write_to(&mut created).map_err(|error| Error::io("writing", error))?;
            let len_bytes = index.len_bytes();
            report.archive_bytes = report.archive_bytes.saturating_add(len_bytes);
        }
        Ok(Self { parts, names, created, copied, report })
    }

    /// Returns the length of the archive in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.copied.iter().fold(self.created.len() as u64, |sum, copied| sum.saturating_add(copied.len_bytes))
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
    pub fn write_to<W: Write>(&self, sink: W, observer: &mut dyn Observer) -> Result<W> {
        self.write_chunks(sink, observer, |part, mut places, copy| {
            let mut compressed = Vec::new();
            while let Some(first) = places.first() {
                let (run, rest) = places.split_at(run_len(places).min(places.len()));
                gzip::read_range(part, first.compressed_offset_bytes, compressed_bytes(run), &mut compressed)?;
                copy(&compressed, uncompressed_bytes(run))?;
                places = rest;
            }
            Ok(())
        })
    }

    /// Writes the archive after decompressing and verifying every copied chunk on several threads, so that damage to a
    /// part is an error. The returned sink is neither flushed nor synced.
    ///
    /// # Errors
    /// Returns the errors of [`write_to`](Self::write_to). Also returns an error if a chunk is damaged.
    pub fn write_verified<W: Write>(&self, sink: W, parallelism: Parallelism, observer: &mut dyn Observer) -> Result<W>
    where
        R: Sync,
    {
        self.write_chunks(sink, observer, |part, places, copy| {
            gzip::verified_chunks(part, places, parallelism, |compressed, place| {
                copy(compressed, u64::from(place.row.uncompressed_len_bytes))
            })
        })
    }

    /// Writes the archive. `chunks` reads chunks of a part and passes their bytes on, with their uncompressed length.
    fn write_chunks<W: Write>(
        &self,
        mut sink: W,
        observer: &mut dyn Observer,
        mut chunks: impl FnMut(&R, &[ChunkLocation], &mut dyn FnMut(&[u8], u64) -> Result<()>) -> Result<()>,
    ) -> Result<W> {
        proceed(observer, &Event::Phase(Phase::JoiningArchives))?;
        let (mut done_bytes, total_bytes) = (0_u64, Some(self.report.tar_bytes));
        let mut created = self.created.as_slice();
        let mut created_bytes = 0;
        for copied in &self.copied {
            let before = prefix(created, copied.created_bytes.saturating_sub(created_bytes));
            let rest = created.split_at(before.len()).1;
            put(&mut sink, before)?;
            (created, created_bytes) = (rest, copied.created_bytes);
            let part = self.parts.get(copied.part);
            let (part, places) = part
                .and_then(|part| Some((part, part.chunks().get(copied.chunks.clone())?)))
                .ok_or_else(|| Error::internal("a plan copies chunks that no part has"))?;
            chunks(part.source(), places, &mut |compressed, len_bytes| {
                put(&mut sink, compressed)?;
                done_bytes = done_bytes.saturating_add(len_bytes);
                Ok(proceed(observer, &Event::bytes(done_bytes, total_bytes))?)
            })
            .map_err(|error| match self.names.get(copied.part) {
                // A sink that fails and an observer that cancels are not the part's fault.
                Some(name) if error.is_bad_input() => error.within(name),
                _ => error,
            })?;
        }
        put(&mut sink, created)?;
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
}

impl<R: ReadAt, S: ReadAt> ReadAt for Join<'_, R, S> {
    /// Reads bytes of the archive. Those that are copied are read from the parts.
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let number = self.copied.partition_point(|copied| copied.output_end_bytes() <= offset_bytes);
        let Some(copied) = self.copied.get(number) else {
            let copied_bytes =
                self.copied.last().map_or(0, |last| last.output_end_bytes().saturating_sub(last.created_bytes));
            return self.created.read_at(buffer, offset_bytes.saturating_sub(copied_bytes));
        };
        if let Some(inside) = offset_bytes.checked_sub(copied.output_bytes) {
            let part = self.parts.get(copied.part).ok_or(io::ErrorKind::InvalidInput)?;
            let wanted = prefix_mut(buffer, copied.len_bytes.saturating_sub(inside));
            return part.source().read_at(wanted, copied.from_bytes.saturating_add(inside));
        }
        let gap_bytes = copied.output_bytes.saturating_sub(offset_bytes);
        self.created.read_at(prefix_mut(buffer, gap_bytes), copied.created_bytes.saturating_sub(gap_bytes))
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

fn put(sink: &mut impl Write, bytes: &[u8]) -> Result<()> {
    sink.write_all(bytes).map_err(|error| Error::io("writing", error))
}

fn uncompressed_bytes(places: &[ChunkLocation]) -> u64 {
    places.iter().map(|place| u64::from(place.row.uncompressed_len_bytes)).sum()
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
