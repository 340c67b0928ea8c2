//! Reads an index: the locator and the small tables when it is opened, pages of documents when they are needed.
//!
//! An index is untrusted. Its length follows from its counts and has to be the actual length, so nothing is allocated
//! that the file does not contain. Every page has a CRC32 and must be byte for byte as this crate writes it.

use super::foreign::{FOREIGN_LOCATOR_MEMBER_BYTES, ForeignLocator, PointRow, PointTable, fingerprint};
use super::format::{
    self, CHUNKS, DOCUMENTS, DocumentRow, FIRST_IDS, FOREIGN_DOCUMENTS, FOREIGN_LOCATOR_KIND, IDENTITY, LOCATOR_KIND,
    Locator, POINTS, Slot, Table,
};
use crate::gzip::{self, ChunkTable, empty_member_payload};
use crate::io::ReadAt;
use crate::snapshot::error::{Error, ErrorKind, Result};
use crate::tarball;

/// Bytes to read at the end of the file: enough to open most archives with one read.
const TAIL_BYTES: u64 = 64 << 10;

/// Pages of documents to read at once when listing all.
const BATCH_PAGES: u64 = 64;

pub(in crate::snapshot) fn wrong(what: &'static str) -> Error {
    Error::new(ErrorKind::Index(what))
}

/// An index without its documents.
#[derive(Debug)]
pub(in crate::snapshot) struct Tables {
    pub(in crate::snapshot) locator: Locator,
    pub(in crate::snapshot) chunks: ChunkTable,
    /// Set for an archive of another program, which has points instead of chunks.
    pub(in crate::snapshot) foreign: Option<Foreign>,
    first_ids: Vec<[u8; 16]>,
    /// Offset of the documents in the file of the index.
    start_bytes: u64,
}

/// The additional tables in the index of an archive of another program.
#[derive(Debug)]
pub(in crate::snapshot) struct Foreign {
    pub(in crate::snapshot) locator: ForeignLocator,
    pub(in crate::snapshot) points: PointTable,
}

/// A document as the index describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::snapshot) struct Located {
    pub(in crate::snapshot) row: DocumentRow,
    /// The end of the document before, or of what precedes the first one.
    begins_at: u64,
    pub(in crate::snapshot) header_offset_bytes: u64,
}

/// The end of a file, read once.
struct Tail {
    bytes: Vec<u8>,
    offset_bytes: u64,
}

impl Tail {
    fn read(source: &impl ReadAt) -> Result<Self> {
        let len_bytes = len_of(source)?;
        let count = len_bytes.min(TAIL_BYTES);
        let offset_bytes = len_bytes.saturating_sub(count);
        Ok(Self { bytes: read(source, offset_bytes, count)?, offset_bytes })
    }

    /// The length of the file.
    fn end_bytes(&self) -> u64 {
        self.offset_bytes.saturating_add(self.bytes.len() as u64)
    }

    /// Returns these bytes of the file, from memory if they are in the tail.
    fn range(&self, source: &impl ReadAt, offset_bytes: u64, len_bytes: u64) -> Result<Vec<u8>> {
        let inside = || {
            let at = usize::try_from(offset_bytes.checked_sub(self.offset_bytes)?).ok()?;
            self.bytes.get(at..at.checked_add(usize::try_from(len_bytes).ok()?)?)
        };
        match inside() {
            Some(bytes) => Ok(bytes.to_vec()),
            None => read(source, offset_bytes, len_bytes),
        }
    }
}

fn len_of(source: &impl ReadAt) -> Result<u64> {
    source.len_bytes().map_err(|error| Error::io("determining the length of the archive", error))
}

fn read(source: &impl ReadAt, offset_bytes: u64, len_bytes: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    gzip::read_range(source, offset_bytes, len_bytes, &mut bytes)?;
    Ok(bytes)
}

impl Tables {
    /// Opens the index at the end of `source`: a whole archive, or, with `is_sidecar`, an index alone.
    ///
    /// Returns `Ok(None)` if the file does not end in a locator.
    pub(in crate::snapshot) fn open(source: &impl ReadAt, is_sidecar: bool) -> Result<Option<Self>> {
        let tail = Tail::read(source)?;
        let len_bytes = tail.end_bytes();
        if is_sidecar && let Some(locator) = foreign_locator(&tail)? {
            return Self::open_foreign(source, &tail, locator).map(Some);
        }
        let Some(member) = tail.bytes.last_chunk::<{ format::LOCATOR_MEMBER_BYTES }>() else { return Ok(None) };
        let Some(page) = empty_member_payload(IDENTITY, member) else { return Ok(None) };
        let (kind, body) = format::open_page(page).map_err(wrong)?;
        if kind != LOCATOR_KIND {
            return Err(wrong("its last page is not a locator"));
        }
        let locator = Locator::parse(body).map_err(wrong)?;
        let start_bytes = if is_sidecar { 0 } else { locator.data_bytes };
        let index_bytes = locator.index_bytes();
        if index_bytes.is_none_or(|bytes| start_bytes.checked_add(bytes) != Some(len_bytes)) {
            return Err(wrong("its counts do not match the length of the file"));
        }
        let pages = DOCUMENTS.pages_count(locator.documents_count);
        let mut tables =
            Self { locator, chunks: ChunkTable::default(), foreign: None, first_ids: Vec::new(), start_bytes };
        let first_ids_at = start_bytes.saturating_add(bytes_of(DOCUMENTS, locator.documents_count)?);
        let chunks_at = first_ids_at.saturating_add(bytes_of(FIRST_IDS, pages)?);
        tables.read_rows(&tail, source, FIRST_IDS, first_ids_at, pages, |tables, row| {
            let id = row.try_into().map_err(|_| wrong("a page is too short"))?;
            tables.first_ids.push(id);
            Ok(())
        })?;
        tables.read_rows(&tail, source, CHUNKS, chunks_at, locator.chunks_count, |tables, row| {
            let row = super::parse_chunk_row(row).map_err(wrong)?;
            tables.chunks.push(row).then_some(()).ok_or_else(|| wrong("the total length of its chunks is impossible"))
        })?;
        tables.check_sums()?;
        Ok(Some(tables))
    }

    /// Opens the index of an archive of another program.
    fn open_foreign(source: &impl ReadAt, tail: &Tail, foreign: ForeignLocator) -> Result<Self> {
        if foreign.index_bytes() != Some(tail.end_bytes()) {
            return Err(wrong("its counts do not match the length of the file"));
        }
        let slot = |placed: super::foreign::Placed| Slot { len_bytes: placed.len_bytes, crc32: placed.crc32 };
        let locator = Locator {
            is_sorted: foreign.is_sorted,
            data_bytes: foreign.archive_bytes,
            tar_bytes: foreign.tar_bytes,
            crc32: 0,
            metadata: foreign.metadata.map_or_else(Slot::default, slot),
            database: foreign.database.map(slot),
            documents_count: foreign.documents_count,
            chunks_count: 0,
        };
        let start_bytes = foreign.histories_bytes;
        let pages = FOREIGN_DOCUMENTS.pages_count(foreign.documents_count);
        let first_ids_at = start_bytes.saturating_add(bytes_of(FOREIGN_DOCUMENTS, foreign.documents_count)?);
        let points_at = first_ids_at.saturating_add(bytes_of(FIRST_IDS, pages)?);
        let mut tables =
            Self { locator, chunks: ChunkTable::default(), foreign: None, first_ids: Vec::new(), start_bytes };
        tables.read_rows(tail, source, FIRST_IDS, first_ids_at, pages, |tables, row| {
            let id = row.try_into().map_err(|_| wrong("a page is too short"))?;
            tables.first_ids.push(id);
            Ok(())
        })?;
        let mut points = PointTable::default();
        tables.read_rows(tail, source, POINTS, points_at, foreign.points_count, |_, row| {
            let row = PointRow::parse(row).map_err(wrong)?;
            points.push(row, foreign.archive_bytes, foreign.tar_bytes).map_err(wrong)
        })?;
        if points.histories_bytes() != foreign.histories_bytes {
            return Err(wrong("its points do not add up to what it contains"));
        }
        tables.foreign = Some(Foreign { locator: foreign, points });
        Ok(tables)
    }

    fn read_rows(
        &mut self,
        tail: &Tail,
        source: &impl ReadAt,
        table: Table,
        offset_bytes: u64,
        rows: u64,
        mut each: impl FnMut(&mut Self, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let bytes = tail.range(source, offset_bytes, bytes_of(table, rows)?)?;
        each_page(table, rows, &bytes, |_, rows| rows.chunks_exact(table.row_bytes).try_for_each(|row| each(self, row)))
    }

    /// Compares the locator with the sums over the chunks.
    fn check_sums(&self) -> Result<()> {
        let Locator { data_bytes, tar_bytes, crc32, .. } = self.locator;
        let chunks = &self.chunks;
        if (chunks.member_bytes(), chunks.uncompressed_bytes(), chunks.crc32()) != (data_bytes, tar_bytes, crc32) {
            return Err(wrong("its chunks do not add up to the archive that its locator describes"));
        }
        Ok(())
    }

    /// Compares a sidecar with the trailer of its archive.
    pub(in crate::snapshot) fn check_archive(&self, source: &impl ReadAt) -> Result<()> {
        let len_bytes = len_of(source)?;
        let stale = || wrong("it belongs to another archive, or to an earlier state of this one");
        if len_bytes != self.locator.data_bytes {
            return Err(stale());
        }
        if let Some(foreign) = &self.foreign {
            let found = fingerprint(source, len_bytes).map_err(|(error, at)| Error::io("reading", error).at(at))?;
            return if found == foreign.locator.fingerprint { Ok(()) } else { Err(stale()) };
        }
        let trailer = read(source, len_bytes.saturating_sub(8), 8)?;
        let [isize_a, isize_b, isize_c, isize_d, ..] = self.locator.tar_bytes.to_le_bytes();
        let expected = [self.locator.crc32.to_le_bytes(), [isize_a, isize_b, isize_c, isize_d]].concat();
        if trailer == expected { Ok(()) } else { Err(stale()) }
    }

    /// Offset in the tar stream of the header of `.metadata`; `None` if there is none.
    pub(in crate::snapshot) fn metadata_offset_bytes(&self) -> Option<u64> {
        match &self.foreign {
            None => Some(0),
            Some(foreign) => foreign.locator.metadata.map(|placed| placed.header_offset_bytes),
        }
    }

    /// Offset in the tar stream of the database's header.
    pub(in crate::snapshot) fn database_offset_bytes(&self) -> u64 {
        if let Some(foreign) = &self.foreign {
            return foreign.locator.database.map_or(0, |placed| placed.header_offset_bytes);
        }
        member_bytes(self.locator.metadata.len_bytes)
    }

    /// Offset in the tar stream of the first document's header.
    fn documents_offset_bytes(&self) -> u64 {
        if self.foreign.is_some() {
            return 0;
        }
        let database = self.locator.database.map_or(0, |slot| member_bytes(slot.len_bytes));
        self.database_offset_bytes().saturating_add(database)
    }

    const fn documents_table(&self) -> Table {
        if self.foreign.is_some() { FOREIGN_DOCUMENTS } else { DOCUMENTS }
    }

    /// The page of documents that could contain `id`; only for sorted archives.
    fn page_of(&self, id: &[u8; 16]) -> Option<u64> {
        self.first_ids.partition_point(|first| first <= id).checked_sub(1).map(|page| page as u64)
    }

    /// Finds a document of a sorted archive with one read.
    pub(in crate::snapshot) fn find(&self, source: &impl ReadAt, id: &[u8; 16]) -> Result<Option<Located>> {
        let Some(page) = self.page_of(id) else { return Ok(None) };
        let mut found = None;
        self.read_pages(source, page, 1, &mut |located: Located| {
            if located.row.id == *id {
                found = Some(located);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Reads page `from` of the documents and the `count - 1` after it.
    fn read_pages(
        &self,
        source: &impl ReadAt,
        from: u64,
        count: u64,
        each: &mut impl FnMut(Located) -> Result<()>,
    ) -> Result<()> {
        let table = self.documents_table();
        let per_page = table.rows_per_page();
        let rows_before = from.saturating_mul(per_page);
        let rows = self.locator.documents_count.saturating_sub(rows_before).min(count.saturating_mul(per_page));
        let offset = self.start_bytes.saturating_add(bytes_of(table, rows_before)?);
        let bytes = read(source, offset, bytes_of(table, rows)?)?;
        let from = usize::try_from(from).map_err(|_| wrong("its counts are impossible"))?;
        let mut first_ids = self.first_ids.iter().skip(from);
        each_page(table, rows, &bytes, |head, rows| {
            let head = head.try_into().map_err(|_| wrong("a page is too short"))?;
            let mut begins_at = u64::from_le_bytes(head);
            if first_ids.next().map(<[u8; 16]>::as_slice) != rows.get(..16) {
                return Err(wrong("the first document of a page differs from the list of pages"));
            }
            for row in rows.chunks_exact(table.row_bytes) {
                let (row, gap) =
                    row.split_at_checked(DOCUMENTS.row_bytes).ok_or_else(|| wrong("a page is too short"))?;
                let row = DocumentRow::parse(row).ok_or_else(|| wrong("a page is too short"))?;
                // Only archives of other programs have members and extensions between the documents.
                let gap = gap.first_chunk().map_or(0, |gap| u32::from_le_bytes(*gap));
                let gap_bytes = u64::from(gap).saturating_mul(tarball::BLOCK_BYTES as u64);
                let header_offset_bytes = begins_at.saturating_add(gap_bytes);
                each(Located { row, begins_at, header_offset_bytes })?;
                begins_at = header_offset_bytes.saturating_add(member_bytes(row.len_bytes));
            }
            Ok(())
        })
    }

    /// Passes the next batch of documents to `each`. Returns `false` if there are no more.
    pub(in crate::snapshot) fn batch(
        &self,
        source: &impl ReadAt,
        cursor: &mut Cursor,
        each: &mut impl FnMut(Located),
    ) -> Result<bool> {
        let pages = self.first_ids.len() as u64;
        if cursor.page == 0 {
            cursor.offset_bytes = self.documents_offset_bytes();
        }
        if cursor.page >= pages {
            return Ok(false);
        }
        let count = BATCH_PAGES.min(pages.saturating_sub(cursor.page));
        let (is_sorted, last) = (self.locator.is_sorted, &mut cursor.last);
        let offset = &mut cursor.offset_bytes;
        self.read_pages(source, cursor.page, count, &mut |located| {
            if located.begins_at != *offset {
                return Err(wrong("the documents of a page do not begin where those before it end"));
            }
            if is_sorted && *last >= Some(located.row.id) {
                return Err(wrong("it declares ascending ids, but they do not ascend"));
            }
            *last = Some(located.row.id);
            *offset = located.header_offset_bytes.saturating_add(member_bytes(located.row.len_bytes));
            each(located);
            Ok(())
        })?;
        cursor.page = cursor.page.saturating_add(count);
        let end = cursor.offset_bytes;
        let has_end_marker = match self.foreign {
            None => end.checked_add(tarball::end_marker_bytes(end)) == Some(self.locator.tar_bytes),
            Some(_) => end <= self.locator.tar_bytes,
        };
        if cursor.page == pages && !has_end_marker {
            return Err(wrong("its documents do not add up to the archive"));
        }
        Ok(true)
    }

    /// Passes every page to `each`, as it is in the file.
    pub(in crate::snapshot) fn raw_members(&self, source: &impl ReadAt, mut each: impl FnMut(&[u8])) -> Result<()> {
        let documents = self.locator.documents_count;
        let mut at = self.start_bytes;
        for (table, rows) in
            [(DOCUMENTS, documents), (FIRST_IDS, DOCUMENTS.pages_count(documents)), (CHUNKS, self.locator.chunks_count)]
        {
            let mut left = rows;
            while left > 0 {
                let count = left.min(table.rows_per_page());
                let member = read(source, at, table.member_bytes(count))?;
                each(empty_member_payload(IDENTITY, &member).ok_or_else(|| wrong("a page is not at its position"))?);
                at = at.saturating_add(table.member_bytes(count));
                left = left.saturating_sub(count);
            }
        }
        each(&self.locator.render());
        Ok(())
    }
}

/// The locator of an index for an archive of another program, if the file ends in one.
fn foreign_locator(tail: &Tail) -> Result<Option<ForeignLocator>> {
    let Some(member) = tail.bytes.last_chunk::<FOREIGN_LOCATOR_MEMBER_BYTES>() else { return Ok(None) };
    let Some(page) = empty_member_payload(IDENTITY, member) else { return Ok(None) };
    let (kind, body) = format::open_page(page).map_err(wrong)?;
    if kind != FOREIGN_LOCATOR_KIND {
        return Ok(None);
    }
    ForeignLocator::parse(body).map(Some).map_err(wrong)
}

/// The position of a walk over all documents.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::snapshot) struct Cursor {
    page: u64,
    offset_bytes: u64,
    last: Option<[u8; 16]>,
}

impl Cursor {
    /// Offset in the tar stream after the documents so far.
    pub(in crate::snapshot) fn offset_bytes(&self, tables: &Tables) -> u64 {
        if self.page == 0 { tables.documents_offset_bytes() } else { self.offset_bytes }
    }
}

/// Bytes of a member in the tar stream: header, payload, padding.
pub(in crate::snapshot) fn member_bytes(len_bytes: u64) -> u64 {
    (tarball::BLOCK_BYTES as u64).saturating_add(len_bytes).saturating_add(tarball::padding_bytes(len_bytes))
}

fn bytes_of(table: Table, rows: u64) -> Result<u64> {
    table.table_bytes(rows).ok_or_else(|| wrong("its counts are impossible"))
}

/// Calls `each` with head and rows of every page in `bytes`, which contain `rows` rows in full pages and a last one.
fn each_page(table: Table, rows: u64, bytes: &[u8], mut each: impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
    let mut rest = bytes;
    let mut left = rows;
    while left > 0 {
        let count = left.min(table.rows_per_page());
        let len = usize::try_from(table.member_bytes(count)).ok();
        let (member, behind) =
            len.and_then(|len| rest.split_at_checked(len)).ok_or_else(|| wrong("a page is too short"))?;
        let page = empty_member_payload(IDENTITY, member).ok_or_else(|| wrong("a page is not at its position"))?;
        let (head, rows) = format::open_table_page(table, page).map_err(wrong)?;
        if Some(rows.len() as u64) != count.checked_mul(table.row_bytes as u64) {
            return Err(wrong("a page has the wrong number of rows for its position"));
        }
        each(head, rows)?;
        rest = behind;
        left = left.saturating_sub(count);
    }
    Ok(())
}
