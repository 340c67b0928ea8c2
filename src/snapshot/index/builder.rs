//! Creates the pages of an index from the members of an archive, in their order.

use std::fmt;
use std::hash::Hasher;
use std::io::{self, Write};

use super::format::{self, CHUNKS, DOCUMENTS, DocumentRow, FIRST_IDS, Locator, Slot, Table};
use super::tables::member_bytes;
use crate::gzip::{MAX_EXTRA_BYTES, MemberFacts};
use crate::layout::MemberName;
use crate::snapshot::error::{Error, Result};

/// A receiver of finished pages, which keeps them for the archive or digests them for a comparison.
pub(in crate::snapshot) trait PageSink {
    fn page(&mut self, page: &[u8]);
}

/// Pages as the gzip members that carry them; `None` after a page that no member can carry.
#[derive(Clone, Debug)]
pub(in crate::snapshot) struct Members(Option<Vec<Vec<u8>>>);

impl Default for Members {
    fn default() -> Self {
        Self(Some(Vec::new()))
    }
}

impl PageSink for Members {
    fn page(&mut self, page: &[u8]) {
        self.0 = self.0.take().zip(format::page_member(page)).map(|(mut members, member)| {
            members.push(member);
            members
        });
    }
}

impl<H: Hasher> PageSink for H {
    fn page(&mut self, page: &[u8]) {
        self.write(page);
    }
}

/// The index of an archive as bytes: empty gzip members to append to the archive or to store beside it.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// use appsnap::metadata::Metadata;
/// use appsnap::snapshot::{Content, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};
/// use appsnap::snapshot::index::IndexPlacement;
///
/// let options = WriteOptions::new().with_index(IndexPlacement::Sidecar);
/// let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options)?;
/// writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// let (archive, report) = writer.finish()?;
///
/// let mut sidecar = Vec::new();
/// report.index().expect("one was asked for").write_to(&mut sidecar)?;
/// let archive = SnapshotArchive::open_with_sidecar(archive, sidecar, &ReadOptions::new())?;
/// assert_eq!(archive.documents_count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Index {
    members: Vec<Vec<u8>>,
    len_bytes: u64,
}

impl fmt::Debug for Index {
    /// Writes the size alone: the index of a million documents is too long to print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("members_count", &self.members.len()).field("len_bytes", &self.len_bytes).finish()
    }
}

impl Index {
    /// Creates an index of these bytes and pages.
    pub(super) fn of(histories: Vec<Vec<u8>>, pages: Members) -> Result<Self> {
        let pages = pages.0.ok_or_else(|| Error::internal("a page of the index is too long"))?;
        let members: Vec<_> = histories.into_iter().filter(|bytes| !bytes.is_empty()).chain(pages).collect();
        let len_bytes = members.iter().map(|member| member.len() as u64).sum();
        Ok(Self { members, len_bytes })
    }

    /// Writes the index to `sink`: the end of an archive, or a separate file.
    ///
    /// # Errors
    /// Returns the error of the sink.
    pub fn write_to(&self, sink: &mut impl Write) -> io::Result<()> {
        self.members.iter().try_for_each(|member| sink.write_all(member))
    }

    /// Returns the length of the index in bytes: about 26 for each document and 12 for each MiB.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }
}

/// An index that is being created, member by member.
#[derive(Debug, Default)]
pub(in crate::snapshot) struct Builder<S = Members> {
    sink: S,
    documents: Page,
    first_ids: Vec<[u8; 16]>,
    metadata: Slot,
    database: Option<Slot>,
    documents_count: u64,
    last_id: Option<[u8; 16]>,
    is_unsorted: bool,
    /// Length of the tar stream so far.
    offset_bytes: u64,
}

/// A page under way.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Head and rows.
    body: Vec<u8>,
    rows: u16,
}

impl Page {
    /// Starts a row, and a page if none is open.
    pub(super) fn open(&mut self, table: Table, head: &[u8]) -> &mut Vec<u8> {
        if self.rows == 0 {
            self.body.clear();
            self.body.extend_from_slice(head);
        }
        debug_assert!(!self.is_full(table));
        self.rows = self.rows.saturating_add(1);
        &mut self.body
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub(super) fn is_full(&self, table: Table) -> bool {
        u64::from(self.rows) == table.rows_per_page()
    }

    /// Completes the page, if one is open.
    pub(super) fn close(&mut self, table: Table, sink: &mut impl PageSink) {
        if self.rows == 0 {
            return;
        }
        let mut page = Vec::with_capacity(MAX_EXTRA_BYTES);
        format::begin_page(table.kind, &mut page);
        page.extend_from_slice(&self.rows.to_le_bytes());
        page.extend_from_slice(&self.body);
        format::end_page(&mut page);
        sink.page(&page);
        self.rows = 0;
    }
}

impl<S: PageSink> Builder<S> {
    /// Creates a builder that passes its pages to `sink`.
    pub(in crate::snapshot) fn to(sink: S) -> Self {
        Self {
            sink,
            documents: Page::default(),
            first_ids: Vec::new(),
            metadata: Slot::default(),
            database: None,
            documents_count: 0,
            last_id: None,
            is_unsorted: false,
            offset_bytes: 0,
        }
    }

    /// Adds the next member of the archive.
    pub(in crate::snapshot) fn member(&mut self, name: MemberName, len_bytes: u64, crc32: u32) {
        match name {
            MemberName::Metadata => self.metadata = Slot { len_bytes, crc32 },
            MemberName::Database => self.database = Some(Slot { len_bytes, crc32 }),
            MemberName::Document(id) => self.document(DocumentRow { id: *id.as_bytes(), len_bytes, crc32 }),
        }
        self.offset_bytes = self.offset_bytes.saturating_add(member_bytes(len_bytes));
    }

    fn document(&mut self, row: DocumentRow) {
        if self.documents.rows == 0 {
            self.first_ids.push(row.id);
        }
        row.push_to(self.documents.open(DOCUMENTS, &self.offset_bytes.to_le_bytes()));
        if self.documents.is_full(DOCUMENTS) {
            self.documents.close(DOCUMENTS, &mut self.sink);
        }
        self.is_unsorted |= self.last_id >= Some(row.id);
        self.last_id = Some(row.id);
        self.documents_count = self.documents_count.saturating_add(1);
    }

    /// Completes the tables that follow from the members alone, and returns the locator's summary of them.
    pub(in crate::snapshot) fn close(&mut self) -> Summary {
        self.documents.close(DOCUMENTS, &mut self.sink);
        let mut page = Page::default();
        for id in &self.first_ids {
            page.open(FIRST_IDS, &[]).extend_from_slice(id);
            if page.is_full(FIRST_IDS) {
                page.close(FIRST_IDS, &mut self.sink);
            }
        }
        page.close(FIRST_IDS, &mut self.sink);
        Summary {
            is_sorted: !self.is_unsorted,
            metadata: self.metadata,
            database: self.database,
            documents_count: self.documents_count,
        }
    }

    /// The receiver of the pages.
    pub(in crate::snapshot) fn sink(&self) -> &S {
        &self.sink
    }
}

/// The facts about members that an index has outside of its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::snapshot) struct Summary {
    pub(super) is_sorted: bool,
    pub(super) metadata: Slot,
    pub(super) database: Option<Slot>,
    pub(super) documents_count: u64,
}

impl Builder {
    /// Completes the index of an archive whose data member is `data`.
    pub(in crate::snapshot) fn finish(mut self, data: &MemberFacts, tar_bytes: u64) -> Result<Index> {
        let summary = self.close();
        let mut page = Page::default();
        for chunk in &data.chunks {
            let bytes = page.open(CHUNKS, &[]);
            for field in [chunk.compressed_len_bytes, chunk.uncompressed_len_bytes, chunk.crc32] {
                bytes.extend_from_slice(&field.to_le_bytes());
            }
            if page.is_full(CHUNKS) {
                page.close(CHUNKS, &mut self.sink);
            }
        }
        page.close(CHUNKS, &mut self.sink);
        let locator = Locator {
            is_sorted: summary.is_sorted,
            data_bytes: data.compressed_len_bytes,
            tar_bytes,
            crc32: data.crc32,
            metadata: summary.metadata,
            database: summary.database,
            documents_count: summary.documents_count,
            chunks_count: data.chunks.len() as u64,
        };
        self.sink.page(&locator.render());
        let index = Index::of(Vec::new(), self.sink)?;
        debug_assert_eq!(Some(index.len_bytes), locator.index_bytes());
        Ok(index)
    }
}
