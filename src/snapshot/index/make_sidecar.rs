//! Creates an index for an archive of another program, to be stored beside it: [`make_sidecar`].

use std::io::{BufRead, Read};

use super::builder::{Index, Members, Page, PageSink};
use super::foreign::{ForeignLocator, Placed, PointRow, fingerprint};
use super::format::{DocumentRow, FIRST_IDS, FOREIGN_DOCUMENTS, POINTS};
use super::tables::{Tables, member_bytes};
use crate::gzip::{self, PointRecorder, RecordedPoint};
use crate::io::{Cursor, ReadAt};
use crate::observe::{Event, Observer, Phase, proceed};
use crate::snapshot::entry::EntryKind;
use crate::snapshot::error::{Error, ErrorKind, Result};
use crate::snapshot::options::ReadOptions;
use crate::snapshot::reader::SnapshotReader;
use crate::tarball::BLOCK_BYTES;

/// Creates an index for an archive of any program, to be stored beside it and opened by
/// [`SnapshotArchive::open_with_sidecar`](crate::snapshot::SnapshotArchive::open_with_sidecar).
///
/// The archive is read once, verified to its last byte, and not changed: single files can then be fetched from a backup of
/// the platform where it is stored. Opening and fetching decompress at most a few MiB. The index takes about 30 bytes a document,
/// and a few KiB for every 6 MiB of uncompressed data.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// use std::io::{Read, Write};
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive};
/// use appsnap::snapshot::index::make_sidecar;
///
/// # let quickstart = std::fs::read("examples/data/quickstart.tar.gz")?;
/// # let mut tar = Vec::new();
/// # flate2::read::GzDecoder::new(quickstart.as_slice()).read_to_end(&mut tar)?;
/// // As gzip and tar write it.
/// let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
/// gzip.write_all(&tar)?;
/// let archive = gzip.finish()?;
///
/// let mut sidecar = Vec::new();
/// make_sidecar(&archive, &ReadOptions::new(), &mut NoObserver)?.write_to(&mut sidecar)?;
/// let archive = SnapshotArchive::open_with_sidecar(archive, sidecar, &ReadOptions::new())?;
/// let document = archive.document("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002".parse()?)?;
/// let mut content = Vec::new();
/// document.expect("the archive contains it").read_to_end(&mut content)?;
/// assert_eq!(content.len(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns the errors of [`SnapshotReader::next_entry`]. Returns [`ErrorKind::Misuse`] if the archive already has an index, or
/// consists of so many gzip members that an index would not be worth it.
pub fn make_sidecar<R: ReadAt>(source: &R, options: &ReadOptions, observer: &mut dyn Observer) -> Result<Index> {
    proceed(observer, &Event::Phase(Phase::IndexingArchive))?;
    if Tables::open(source, false)?.is_some() {
        return Err(Error::misuse("the archive already has an index: open it without a sidecar"));
    }
    let len_bytes = source.len_bytes().map_err(|error| Error::io("determining the length of the archive", error))?;
    let mut magic = Vec::new();
    Cursor::new(source).take(2).read_to_end(&mut magic).map_err(|error| Error::io("reading", error))?;
    if !gzip::is_gzip(&magic) {
        return Survey::of(Cursor::new(source), options, observer)?.finish(source, len_bytes, Vec::new());
    }
    let mut decompressed = gzip::MemberReader::new(Cursor::new(source), options.limits(), PointRecorder::default());
    // The reader would look through another layer, to which the points do not lead.
    let first = decompressed.fill_buf().map_err(|error| Error::io("reading", error))?;
    if gzip::is_gzip(first) {
        return Err(Error::new(ErrorKind::NotASnapshot("it is compressed with gzip twice")));
    }
    let survey = Survey::of(&mut decompressed, options, observer)?;
    let points = decompressed.into_sink().into_points();
    let points = points.ok_or_else(|| Error::misuse("the archive consists of too many gzip members: repack it"))?;
    survey.finish(source, len_bytes, points)
}

/// The members of an archive, as the index lists them.
#[derive(Default)]
struct Survey {
    pages: Members,
    documents: Page,
    first_ids: Vec<[u8; 16]>,
    last_id: Option<[u8; 16]>,
    is_unsorted: bool,
    documents_count: u64,
    documents_end_bytes: u64,
    metadata: Option<Placed>,
    database: Option<Placed>,
    tar_bytes: u64,
}

impl Survey {
    /// Reads an archive to its verified end.
    fn of(source: impl Read, options: &ReadOptions, observer: &mut dyn Observer) -> Result<Self> {
        let mut reader = SnapshotReader::new(source, options);
        let mut survey = Self::default();
        while let Some(entry) = reader.next_entry()? {
            let header_offset_bytes = entry.current.payload_offset_bytes.saturating_sub(BLOCK_BYTES as u64);
            let len_bytes = entry.len_bytes();
            let document = match *entry.kind() {
                EntryKind::Document(id) => Some(Some(id)),
                EntryKind::Metadata(_) => None,
                EntryKind::Database => Some(None),
                _ => return Err(Error::misuse("only a snapshot without faults can be indexed: repair it first")),
            };
            let placed = Placed { header_offset_bytes, len_bytes, crc32: entry.skip(None, observer)? };
            match document {
                None => survey.metadata = Some(placed),
                Some(None) => survey.database = Some(placed),
                Some(Some(id)) => survey.document(*id.as_bytes(), placed)?,
            }
            proceed(observer, &Event::bytes(reader.offset_bytes(), None))?;
        }
        survey.tar_bytes = reader.offset_bytes();
        Ok(survey)
    }

    fn document(&mut self, id: [u8; 16], placed: Placed) -> Result<()> {
        let Placed { header_offset_bytes, len_bytes, crc32 } = placed;
        let gap_bytes = header_offset_bytes.saturating_sub(self.documents_end_bytes);
        let gap = u32::try_from(gap_bytes.div_ceil(BLOCK_BYTES as u64)).map_err(|_| {
            Error::new(ErrorKind::Misuse("two documents are too far from each other: repack the archive"))
        })?;
        if self.documents.is_empty() {
            self.first_ids.push(id);
        }
        let row = self.documents.open(FOREIGN_DOCUMENTS, &self.documents_end_bytes.to_le_bytes());
        DocumentRow { id, len_bytes, crc32 }.push_to(row);
        row.extend_from_slice(&gap.to_le_bytes());
        if self.documents.is_full(FOREIGN_DOCUMENTS) {
            self.documents.close(FOREIGN_DOCUMENTS, &mut self.pages);
        }
        self.is_unsorted |= self.last_id >= Some(id);
        self.last_id = Some(id);
        self.documents_count = self.documents_count.saturating_add(1);
        self.documents_end_bytes = header_offset_bytes.saturating_add(member_bytes(len_bytes));
        Ok(())
    }

    fn finish(mut self, source: &impl ReadAt, archive_bytes: u64, points: Vec<RecordedPoint>) -> Result<Index> {
        self.documents.close(FOREIGN_DOCUMENTS, &mut self.pages);
        let mut page = Page::default();
        for id in &self.first_ids {
            page.open(FIRST_IDS, &[]).extend_from_slice(id);
            if page.is_full(FIRST_IDS) {
                page.close(FIRST_IDS, &mut self.pages);
            }
        }
        page.close(FIRST_IDS, &mut self.pages);
        let (points_count, mut histories_bytes) = (points.len() as u64, 0_u64);
        let mut histories = Vec::new();
        for RecordedPoint { point, packed_history } in points {
            let history_bytes = u16::try_from(packed_history.len())
                .map_err(|_| Error::internal("the history of a point is too long"))?;
            let history_crc32 = crc32fast::hash(&packed_history);
            PointRow { point, history_bytes, history_crc32 }.push_to(page.open(POINTS, &[]));
            if page.is_full(POINTS) {
                page.close(POINTS, &mut self.pages);
            }
            histories_bytes = histories_bytes.saturating_add(history_bytes.into());
            histories.push(packed_history);
        }
        page.close(POINTS, &mut self.pages);
        let fingerprint =
            fingerprint(source, archive_bytes).map_err(|(error, at)| Error::io("reading", error).at(at))?;
        let locator = ForeignLocator {
            is_sorted: !self.is_unsorted,
            archive_bytes,
            tar_bytes: self.tar_bytes,
            fingerprint,
            metadata: self.metadata,
            database: self.database,
            documents_count: self.documents_count,
            points_count,
            histories_bytes,
        };
        self.pages.page(&locator.render());
        let index = Index::of(histories, self.pages)?;
        debug_assert_eq!(Some(index.len_bytes()), locator.index_bytes());
        Ok(index)
    }
}
