//! The bytes of the index, version 1. This version will never change. `_documentation::format` describes it for other
//! languages.

use crate::gzip::{EMPTY_MEMBER_OVERHEAD_BYTES, MAX_EXTRA_BYTES, empty_member};

/// SI1 SI2 of the extra subfield (RFC 1952, section 2.3.1.1) that contains the index: `AS` for application snapshot.
pub(super) const IDENTITY: [u8; 2] = *b"AS";

/// The version of the format.
pub(super) const VERSION: u8 = 1;

/// Most bytes of one page: those of an extra field without the four of its subfield.
const MAX_PAGE_BYTES: usize = MAX_EXTRA_BYTES - 4;

/// Kind and version before the content, CRC32 after it.
pub(super) const PAGE_FRAME_BYTES: usize = 2 + 4;

/// A kind of page that contains rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::snapshot) struct Table {
    pub(super) kind: u8,
    /// Bytes between the row count and the rows.
    pub(super) head_bytes: usize,
    pub(super) row_bytes: usize,
}

/// Documents in archive order. The head is the offset of the first row's header in the tar stream.
pub(super) const DOCUMENTS: Table = Table { kind: 1, head_bytes: 8, row_bytes: 16 + 6 + 4 };
/// The first id of every page of documents.
pub(super) const FIRST_IDS: Table = Table { kind: 2, head_bytes: 0, row_bytes: 16 };
/// The chunks of the data member.
pub(super) const CHUNKS: Table = Table { kind: 3, head_bytes: 0, row_bytes: 4 + 4 + 4 };
/// The locator, the last page of an index.
pub(super) const LOCATOR_KIND: u8 = 4;
/// Documents of an archive of another program, in archive order. The head is the end of the member before the first row. A
/// row has four bytes more: the blocks of 512 bytes between the end of the document before and its header.
pub(super) const FOREIGN_DOCUMENTS: Table = Table { kind: 5, head_bytes: 8, row_bytes: DOCUMENTS.row_bytes + 4 };
/// The points of such an archive at which decompression can begin.
pub(super) const POINTS: Table = Table { kind: 6, head_bytes: 0, row_bytes: 8 + 8 + 1 + 2 + 4 };
/// The locator of an index for such an archive.
pub(super) const FOREIGN_LOCATOR_KIND: u8 = 7;

impl Table {
    /// Rows of a full page.
    pub(super) const fn rows_per_page(self) -> u64 {
        let fixed = self.head_bytes.saturating_add(PAGE_FRAME_BYTES).saturating_add(2);
        match MAX_PAGE_BYTES.saturating_sub(fixed).checked_div(self.row_bytes) {
            Some(rows) => rows as u64,
            None => 0,
        }
    }

    /// Bytes of a page's gzip member with this many rows.
    pub(super) const fn member_bytes(self, rows: u64) -> u64 {
        let fixed = self.head_bytes.saturating_add(EMPTY_MEMBER_OVERHEAD_BYTES).saturating_add(PAGE_FRAME_BYTES);
        rows.saturating_mul(self.row_bytes as u64).saturating_add(fixed.saturating_add(2) as u64)
    }

    /// Pages that this many rows fill.
    pub(super) const fn pages_count(self, rows: u64) -> u64 {
        rows.div_ceil(self.rows_per_page())
    }

    /// Bytes of all members of a table with this many rows; `None` if that exceeds 64 bits.
    pub(super) fn table_bytes(self, rows: u64) -> Option<u64> {
        let fixed = self.pages_count(rows).checked_mul(self.member_bytes(0))?;
        rows.checked_mul(self.row_bytes as u64)?.checked_add(fixed)
    }
}

/// The last page: the positions of everything, and the facts about the data member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::snapshot) struct Locator {
    /// Ids ascend strictly in archive order.
    pub(in crate::snapshot) is_sorted: bool,
    /// The data member: its length, and length and CRC32 of its content.
    pub(in crate::snapshot) data_bytes: u64,
    pub(in crate::snapshot) tar_bytes: u64,
    pub(in crate::snapshot) crc32: u32,
    pub(in crate::snapshot) metadata: Slot,
    pub(in crate::snapshot) database: Option<Slot>,
    pub(in crate::snapshot) documents_count: u64,
    pub(in crate::snapshot) chunks_count: u64,
}

/// Length and CRC32 of a payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::snapshot) struct Slot {
    pub(in crate::snapshot) len_bytes: u64,
    pub(in crate::snapshot) crc32: u32,
}

const SORTED: u8 = 1;
const HAS_DATABASE: u8 = 2;

/// Bytes of the locator's page: frame 6, flags 1, and the fields in their order.
const LOCATOR_PAGE_BYTES: usize = PAGE_FRAME_BYTES + 1 + (8 + 8 + 4) + 2 * (8 + 4) + 8 + 8;

/// Bytes of the locator's gzip member, which is the end of every indexed archive.
pub(super) const LOCATOR_MEMBER_BYTES: usize = EMPTY_MEMBER_OVERHEAD_BYTES + LOCATOR_PAGE_BYTES;

/// Begins a page.
pub(super) fn begin_page(kind: u8, page: &mut Vec<u8>) {
    page.clear();
    page.extend_from_slice(&[kind, VERSION]);
}

/// Ends a page with its CRC32, because gzip's own does not cover extra fields.
pub(super) fn end_page(page: &mut Vec<u8>) {
    let crc32 = crc32fast::hash(page);
    page.extend_from_slice(&crc32.to_le_bytes());
}

/// The gzip member that contains a page; `None` for a page that is longer than any table's.
pub(super) fn page_member(page: &[u8]) -> Option<Vec<u8>> {
    empty_member(IDENTITY, page)
}

/// Kind and body of a page with the right version and CRC32.
pub(super) fn open_page(page: &[u8]) -> Result<(u8, &[u8]), &'static str> {
    let (content, crc) = page.split_last_chunk::<4>().ok_or("a page is too short")?;
    if crc32fast::hash(content) != u32::from_le_bytes(*crc) {
        return Err("the checksum of a page is wrong");
    }
    match content {
        [kind, VERSION, body @ ..] => Ok((*kind, body)),
        [_, _, ..] => Err("its version is unknown"),
        _ => Err("a page is too short"),
    }
}

/// Head and rows of a page of this table.
pub(super) fn open_table_page(table: Table, page: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    let (kind, body) = open_page(page)?;
    if kind != table.kind {
        return Err("a page has the wrong kind for its position");
    }
    table_body(table, body)
}

/// Head and rows of the body of such a page.
pub(super) fn table_body(table: Table, body: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    let (count, rest) = body.split_first_chunk::<2>().ok_or("a page is too short")?;
    let (head, rows) = rest.split_at_checked(table.head_bytes).ok_or("a page is too short")?;
    let expected = usize::from(u16::from_le_bytes(*count)).checked_mul(table.row_bytes);
    if expected != Some(rows.len()) || rows.is_empty() {
        return Err("the row count of a page does not match its length");
    }
    Ok((head, rows))
}

impl Locator {
    pub(super) fn render(&self) -> Vec<u8> {
        let database = self.database.unwrap_or_default();
        let flags =
            (if self.is_sorted { SORTED } else { 0 }) | (if self.database.is_some() { HAS_DATABASE } else { 0 });
        let mut page = Vec::with_capacity(LOCATOR_PAGE_BYTES);
        begin_page(LOCATOR_KIND, &mut page);
        page.push(flags);
        page.extend_from_slice(&self.data_bytes.to_le_bytes());
        page.extend_from_slice(&self.tar_bytes.to_le_bytes());
        page.extend_from_slice(&self.crc32.to_le_bytes());
        for slot in [self.metadata, database] {
            page.extend_from_slice(&slot.len_bytes.to_le_bytes());
            page.extend_from_slice(&slot.crc32.to_le_bytes());
        }
        page.extend_from_slice(&self.documents_count.to_le_bytes());
        page.extend_from_slice(&self.chunks_count.to_le_bytes());
        end_page(&mut page);
        page
    }

    /// Reads the body of a locator page, which must be bit for bit as [`render`](Self::render) writes it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, &'static str> {
        let mut fields = Fields::new(body);
        let [flags] = fields.take()?;
        if flags & !(SORTED | HAS_DATABASE) != 0 {
            return Err("the locator has unknown flags");
        }
        let data_bytes = u64::from_le_bytes(fields.take()?);
        let tar_bytes = u64::from_le_bytes(fields.take()?);
        let crc32 = u32::from_le_bytes(fields.take()?);
        let metadata = fields.slot()?;
        let database = fields.slot()?;
        let has_database = flags & HAS_DATABASE != 0;
        if !has_database && database != Slot::default() {
            return Err("the locator describes a database but declares that there is none");
        }
        let documents_count = u64::from_le_bytes(fields.take()?);
        let chunks_count = u64::from_le_bytes(fields.take()?);
        fields.finish()?;
        Ok(Self {
            is_sorted: flags & SORTED != 0,
            data_bytes,
            tar_bytes,
            crc32,
            metadata,
            database: has_database.then_some(database),
            documents_count,
            chunks_count,
        })
    }

    /// Bytes of the whole index; `None` if the counts are impossible.
    pub(super) fn index_bytes(&self) -> Option<u64> {
        let ids = DOCUMENTS.pages_count(self.documents_count);
        DOCUMENTS
            .table_bytes(self.documents_count)?
            .checked_add(FIRST_IDS.table_bytes(ids)?)?
            .checked_add(CHUNKS.table_bytes(self.chunks_count)?)?
            .checked_add(LOCATOR_MEMBER_BYTES as u64)
    }
}

/// A reader of consecutive fixed fields.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or("the locator is too short")?;
        self.0 = rest;
        Ok(*field)
    }

    /// Requires that nothing is left.
    pub(super) const fn finish(&self) -> Result<(), &'static str> {
        if self.0.is_empty() { Ok(()) } else { Err("the locator is too long") }
    }

    fn slot(&mut self) -> Result<Slot, &'static str> {
        Ok(Slot { len_bytes: u64::from_le_bytes(self.take()?), crc32: u32::from_le_bytes(self.take()?) })
    }
}

/// One document of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::snapshot) struct DocumentRow {
    pub(in crate::snapshot) id: [u8; 16],
    pub(in crate::snapshot) len_bytes: u64,
    pub(in crate::snapshot) crc32: u32,
}

impl DocumentRow {
    /// Lengths have six bytes: up to 256 TiB, more than tar programs and file systems support.
    pub(super) fn push_to(&self, page: &mut Vec<u8>) {
        let [a, b, c, d, e, f, ..] = self.len_bytes.to_le_bytes();
        page.extend_from_slice(&self.id);
        page.extend_from_slice(&[a, b, c, d, e, f]);
        page.extend_from_slice(&self.crc32.to_le_bytes());
    }

    /// Reads a row of [`DOCUMENTS`].
    pub(super) fn parse(row: &[u8]) -> Option<Self> {
        let (id, rest) = row.split_first_chunk::<16>()?;
        let ([a, b, c, d, e, f], rest) = rest.split_first_chunk::<6>()?;
        let (crc32, _) = rest.split_first_chunk::<4>()?;
        Some(Self {
            id: *id,
            len_bytes: u64::from_le_bytes([*a, *b, *c, *d, *e, *f, 0, 0]),
            crc32: u32::from_le_bytes(*crc32),
        })
    }
}
