//! Random access to an indexed archive: [`SnapshotArchive`].

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::error::{Error, ErrorKind, Result};
use super::extract::{ExtractOptions, ExtractReport, extract};
use super::index::{self, Foreign, Located, Tables, wrong};
use super::options::ReadOptions;
use super::reader::SnapshotReader;
use super::report::ReadReport;
pub use super::stored::StoredFile;
use super::stored::{Access, Indexed};
use crate::document::DocumentId;
use crate::gzip::{self, ChunkLocation, ChunkStream};
use crate::io::{Cursor, Parallelism, ReadAt};
use crate::layout::MemberName;
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed};
use crate::tarball;

/// An archive with an index, for access to single files without reading the rest.
///
/// All methods take `&self` and work on several threads at once, over every [`ReadAt`]: a file, memory, object storage.
///
/// # Security
/// The index is untrusted. Its counts are compared with the file's length before anything is allocated. On every access,
/// the tar header must have the same name and length, and the content the same CRC32. Bounded reads cannot detect an index
/// that leads to a fake header inside another document; [`verify`](Self::verify), or reading the archive from beginning to
/// end, compares the whole index with the archive. Without that, random access trusts the author of the file.
///
/// ```
/// use std::io::Read;
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive};
///
/// let archive = SnapshotArchive::open_path("examples/data/quickstart.tar.gz", &ReadOptions::new())?;
/// for document in archive.documents() {
///     let document = document?;
///     println!("{}: {} bytes", document.id(), document.len_bytes());
/// }
/// let document = archive.document("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002".parse()?)?;
/// let mut content = Vec::new();
/// document.expect("the archive contains it").read_to_end(&mut content)?;
/// assert_eq!(content.len(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SnapshotArchive<R, S = R> {
    indexed: Arc<Indexed<R>>,
    /// The index, if it is not at the end of the archive.
    sidecar: Option<S>,
    options: ReadOptions,
    /// For archives whose ids do not ascend: all documents by id, read when first needed.
    by_id: OnceLock<Vec<Located>>,
}

/// A document as the index of an archive lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedDocument {
    id: DocumentId,
    len_bytes: u64,
    crc32: u32,
}

impl ListedDocument {
    pub(crate) const fn new(id: DocumentId, len_bytes: u64, crc32: u32) -> Self {
        Self { id, len_bytes, crc32 }
    }

    /// Returns the document's id.
    #[must_use]
    pub const fn id(&self) -> DocumentId {
        self.id
    }

    /// Returns its length in bytes.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Returns the CRC32 of its content.
    #[must_use]
    pub const fn crc32(&self) -> u32 {
        self.crc32
    }
}

impl SnapshotArchive<File> {
    /// Opens the archive at `path`, which contains its index.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, and the errors of [`open`](Self::open).
    pub fn open_path(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io("opening the archive", error))?;
        Self::open(file, options)
    }
}

impl<R: ReadAt> SnapshotArchive<R> {
    /// Opens an archive that contains its index. Reads its last 64 KiB, and more only if the tables are larger.
    ///
    /// # Errors
    /// Returns [`ErrorKind::NoIndex`] if there is no index: read such an archive with [`SnapshotReader`], or repack it.
    /// Returns [`ErrorKind::Index`] if the index is damaged or does not describe the archive.
    pub fn open(source: R, options: &ReadOptions) -> Result<Self> {
        let tables = Tables::open(&source, false)?;
        let tables = tables.ok_or_else(|| Error::new(ErrorKind::NoIndex))?;
        Ok(Self {
            indexed: Arc::new(Indexed { source, tables }),
            sidecar: None,
            options: options.clone(),
            by_id: OnceLock::new(),
        })
    }
}

impl<R: ReadAt, S: ReadAt> SnapshotArchive<R, S> {
    /// Opens an archive whose index is a separate file.
    ///
    /// # Errors
    /// Returns the errors of [`open`](Self::open). Also returns an error if the index belongs to another archive.
    pub fn open_with_sidecar(source: R, sidecar: S, options: &ReadOptions) -> Result<Self> {
        let tables = Tables::open(&sidecar, true)?;
        let tables = tables.ok_or_else(|| Error::new(ErrorKind::NoIndex))?;
        tables.check_archive(&source)?;
        Ok(Self {
            indexed: Arc::new(Indexed { source, tables }),
            sidecar: Some(sidecar),
            options: options.clone(),
            by_id: OnceLock::new(),
        })
    }

    /// Returns the number of documents.
    #[must_use]
    pub fn documents_count(&self) -> u64 {
        self.indexed.tables.locator.documents_count
    }

    /// Returns the length of the tar stream inside the archive, in bytes.
    #[must_use]
    pub fn tar_bytes(&self) -> u64 {
        self.indexed.tables.locator.tar_bytes
    }

    /// Returns the length of the archive without its index, in bytes. Truncating the file to this length removes the index.
    #[must_use]
    pub fn data_bytes(&self) -> u64 {
        self.indexed.tables.locator.data_bytes
    }

    /// Returns the length of the database dump in bytes; `None` if there is no database.
    #[must_use]
    pub fn database_bytes(&self) -> Option<u64> {
        self.indexed.tables.locator.database.map(|slot| slot.len_bytes)
    }

    /// Reads and parses `.metadata`.
    ///
    /// # Errors
    /// Returns an error if `.metadata` cannot be read, differs from the index, or cannot be parsed.
    pub fn metadata(&self) -> Result<Metadata> {
        let slot = self.indexed.tables.locator.metadata;
        let allowed = self.options.limits.max_metadata_bytes();
        let offset = self.indexed.tables.metadata_offset_bytes();
        let offset = offset.ok_or_else(|| Error::new(ErrorKind::NotFound(".metadata")))?;
        let mut file = self.stored(MemberName::Metadata, offset, slot.len_bytes, slot.crc32);
        let bytes = file.read_all(allowed, "max_metadata_bytes")?;
        let (metadata, _) =
            Metadata::parse(&bytes, &self.options.limits).map_err(|error| Error::new(ErrorKind::Metadata(error)))?;
        Ok(metadata)
    }

    /// Returns the database dump; `None` if there is no database. Nothing is read until the file is.
    #[must_use]
    pub fn database(&self) -> Option<StoredFile<R>> {
        let slot = self.indexed.tables.locator.database?;
        let offset = self.indexed.tables.database_offset_bytes();
        Some(self.stored(MemberName::Database, offset, slot.len_bytes, slot.crc32))
    }

    /// Returns one document; `None` if the archive does not contain it.
    ///
    /// This call reads one page of the index, and reading the document costs one read for every 8 MiB. If the ids of the
    /// archive do not ascend, the first call reads the whole index and keeps it in memory.
    ///
    /// # Errors
    /// Returns an error if the index cannot be read or is wrong.
    pub fn document(&self, id: DocumentId) -> Result<Option<StoredFile<R>>> {
        let located = if self.indexed.tables.locator.is_sorted {
            self.indexed.tables.find(&self.index(), id.as_bytes())?
        } else {
            let all = self.by_id()?;
            all.binary_search_by_key(id.as_bytes(), |located| located.row.id).ok().and_then(|at| all.get(at)).copied()
        };
        Ok(located.map(|Located { row, header_offset_bytes, .. }| {
            self.stored(MemberName::Document(id), header_offset_bytes, row.len_bytes, row.crc32)
        }))
    }

    /// Returns all documents in archive order, reading the index alone. After an error there are no more items.
    pub fn documents(&self) -> impl Iterator<Item = Result<ListedDocument>> {
        Documents { archive: self, cursor: index::Cursor::default(), batch: VecDeque::new(), is_done: false }
    }

    /// Returns all documents in ascending order of their ids. After an error there are no more items.
    ///
    /// If the ids of the archive do not ascend, this reads the whole index and keeps it in memory.
    pub(crate) fn documents_by_id(&self) -> Result<Box<dyn Iterator<Item = Result<ListedDocument>> + '_>> {
        if self.indexed.tables.locator.is_sorted {
            return Ok(Box::new(self.documents()));
        }
        Ok(Box::new(self.by_id()?.iter().map(|located| Ok(listed(located)))))
    }

    /// Verifies the whole archive: every chunk, every member, and the index against both.
    ///
    /// # Errors
    /// Returns the errors of [`SnapshotReader::next_entry`]. Also returns an error if the observer cancels.
    pub fn verify(&self, parallelism: Parallelism, observer: &mut dyn Observer) -> Result<ReadReport>
    where
        R: Sync,
    {
        proceed(observer, &Event::Phase(Phase::VerifyingArchive))?;
        let total_bytes = Some(self.tar_bytes());
        self.with_reader(parallelism, |reader| {
            let mut foreign = self.indexed.tables.foreign.is_some().then(|| Comparison::new(self));
            while let Some(entry) = reader.next_entry()? {
                let (name, len_bytes, at) = (entry.current.name, entry.len_bytes(), entry.current.payload_offset_bytes);
                let crc32 = entry.skip(total_bytes, observer)?;
                if let (Some(foreign), Some(name)) = (&mut foreign, name) {
                    foreign.member(name, len_bytes, crc32, at)?;
                }
                proceed(observer, &Event::bytes(reader.offset_bytes(), total_bytes))?;
            }
            if let Some(foreign) = foreign {
                foreign.finish(reader.offset_bytes())?;
            }
            Ok(reader.report().clone())
        })
    }

    /// Extracts the archive as [`extract()`] does, inflating on several threads, and verifies all of it.
    ///
    /// # Errors
    /// Returns the errors of [`extract()`] and [`verify`](Self::verify).
    pub fn extract(
        &self,
        destination: &Path,
        options: &ExtractOptions,
        observer: &mut dyn Observer,
    ) -> Result<ExtractReport>
    where
        R: Sync,
    {
        self.with_reader(options.parallelism(), |reader| extract(reader, destination, options, observer))
    }

    /// Calls `work` with a reader of the whole archive whose chunks several threads inflate.
    pub(crate) fn with_reader<T>(
        &self,
        parallelism: Parallelism,
        work: impl FnOnce(&mut SnapshotReader<ArchiveStream<'_, R>>) -> Result<T>,
    ) -> Result<T>
    where
        R: Sync,
    {
        let tables = &self.indexed.tables;
        if tables.foreign.is_some() {
            return work(&mut SnapshotReader::new(
                ArchiveStream::Whole(Cursor::new(&self.indexed.source)),
                &self.options,
            ));
        }
        gzip::with_chunks(&self.indexed.source, &tables.chunks, parallelism, |stream| {
            let mut reader = SnapshotReader::new(ArchiveStream::Chunks(stream), &self.options);
            let data = (tables.locator.crc32, tables.locator.tar_bytes);
            let at = tables.locator.data_bytes;
            reader.expect_index(data, at, |verifier| tables.raw_members(&self.index(), |page| verifier.page(page)))?;
            work(&mut reader)
        })
    }

    pub(super) fn source(&self) -> &R {
        &self.indexed.source
    }

    /// Length and CRC32 of the database.
    pub(super) fn database_slot(&self) -> Option<(u64, u32)> {
        self.indexed.tables.locator.database.map(|slot| (slot.len_bytes, slot.crc32))
    }

    /// Offset in the tar stream of the database's header, or of what follows `.metadata` instead.
    pub(super) fn database_offset_bytes(&self) -> u64 {
        self.indexed.tables.database_offset_bytes()
    }

    /// Offset in the tar stream of the end marker.
    pub(super) fn documents_end_bytes(&self) -> Result<u64> {
        let mut cursor = index::Cursor::default();
        while self.batch(&mut cursor, &mut |_| ())? {}
        Ok(cursor.offset_bytes(&self.indexed.tables))
    }

    /// The chunk that contains this offset in the tar stream.
    pub(super) fn chunk_at(&self, uncompressed_offset_bytes: u64) -> Option<ChunkLocation> {
        self.chunks().get(self.chunk_number_at(uncompressed_offset_bytes)?).copied()
    }

    /// The number of the chunk that contains this offset in the tar stream.
    pub(super) fn chunk_number_at(&self, uncompressed_offset_bytes: u64) -> Option<usize> {
        self.indexed.tables.chunks.find(uncompressed_offset_bytes)
    }

    /// All chunks.
    pub(super) fn chunks(&self) -> &[ChunkLocation] {
        self.indexed.tables.chunks.chunks()
    }

    /// The file that contains the index.
    fn index(&self) -> IndexFile<'_, R, S> {
        self.sidecar.as_ref().map_or(IndexFile::Archive(&self.indexed.source), IndexFile::Sidecar)
    }

    fn by_id(&self) -> Result<&[Located]> {
        if let Some(all) = self.by_id.get() {
            return Ok(all);
        }
        let mut all = Vec::new();
        let mut cursor = index::Cursor::default();
        while self.batch(&mut cursor, &mut |located| all.push(located))? {}
        all.sort_unstable_by_key(|located| located.row.id);
        if all.windows(2).any(|pair| matches!(pair, [a, b] if a.row.id == b.row.id)) {
            return Err(wrong("it lists a document twice"));
        }
        Ok(self.by_id.get_or_init(|| all))
    }

    fn batch(&self, cursor: &mut index::Cursor, each: &mut impl FnMut(Located)) -> Result<bool> {
        self.indexed.tables.batch(&self.index(), cursor, each)
    }

    fn stored(&self, name: MemberName, header_offset_bytes: u64, len_bytes: u64, crc32: u32) -> StoredFile<R> {
        let file = StoredFile::new(Arc::clone(&self.indexed), name, header_offset_bytes, len_bytes, crc32);
        match self.access(header_offset_bytes).transpose() {
            Some(access) => file.with_access(access),
            None => file,
        }
    }

    /// Where decompression begins for this offset in the tar stream of a compressed archive of another program.
    fn access(&self, offset_bytes: u64) -> Result<Option<Access>> {
        let Some(Foreign { points, locator }) = &self.indexed.tables.foreign else { return Ok(None) };
        if locator.is_uncompressed() {
            return Ok(None);
        }
        let beyond = || wrong("a document is outside of the data");
        let number = points.find(offset_bytes).ok_or_else(beyond)?;
        let (row, history_at) = points.get(number).ok_or_else(beyond)?;
        let mut packed = Vec::new();
        gzip::read_range(&self.index(), history_at, row.history_bytes.into(), &mut packed)?;
        if crc32fast::hash(&packed) != row.history_crc32 {
            return Err(wrong("the checksum of a history is wrong"));
        }
        let history = if packed.is_empty() { Vec::new() } else { gzip::unpack_history(&packed)? };
        Access::at(points, number, &history).map(Some)
    }
}

/// The bytes of an archive: uncompressed chunks, or all of it as it is.
pub(crate) enum ArchiveStream<'a, R> {
    Chunks(ChunkStream<'a, R>),
    Whole(Cursor<'a, R>),
}

impl<R: ReadAt> Read for ArchiveStream<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Chunks(stream) => stream.read(buffer),
            Self::Whole(cursor) => cursor.read(buffer),
        }
    }
}

/// Compares an archive of another program with its index while it is read.
struct Comparison<'a, R, S> {
    archive: &'a SnapshotArchive<R, S>,
    cursor: index::Cursor,
    batch: std::vec::IntoIter<Located>,
    has_metadata: bool,
    has_database: bool,
}

impl<'a, R: ReadAt, S: ReadAt> Comparison<'a, R, S> {
    fn new(archive: &'a SnapshotArchive<R, S>) -> Self {
        let (cursor, batch) = (index::Cursor::default(), Vec::new().into_iter());
        Self { archive, cursor, batch, has_metadata: false, has_database: false }
    }

    fn next_document(&mut self) -> Result<Option<Located>> {
        if self.batch.len() == 0 {
            let mut rows = Vec::new();
            self.archive.batch(&mut self.cursor, &mut |located| rows.push(located))?;
            self.batch = rows.into_iter();
        }
        Ok(self.batch.next())
    }

    fn member(&mut self, name: MemberName, len_bytes: u64, crc32: u32, payload_at_bytes: u64) -> Result<()> {
        let tables = &self.archive.indexed.tables;
        let found = (len_bytes, crc32, payload_at_bytes.saturating_sub(tarball::BLOCK_BYTES as u64));
        let listed = match name {
            MemberName::Metadata => {
                self.has_metadata = true;
                let slot = tables.locator.metadata;
                tables.metadata_offset_bytes().map(|at| (slot.len_bytes, slot.crc32, at))
            }
            MemberName::Database => {
                self.has_database = true;
                let slot = tables.locator.database;
                slot.map(|slot| (slot.len_bytes, slot.crc32, tables.database_offset_bytes()))
            }
            MemberName::Document(id) => {
                let located = self.next_document()?.filter(|located| located.row.id == *id.as_bytes());
                located.map(|located| (located.row.len_bytes, located.row.crc32, located.header_offset_bytes))
            }
        };
        if listed == Some(found) { Ok(()) } else { Err(wrong("it lists something else than the archive contains")) }
    }

    fn finish(mut self, tar_bytes: u64) -> Result<()> {
        let tables = &self.archive.indexed.tables;
        let is_whole = self.has_metadata == tables.metadata_offset_bytes().is_some()
            && self.has_database == tables.locator.database.is_some()
            && tables.locator.tar_bytes == tar_bytes;
        if is_whole && self.next_document()?.is_none() {
            return Ok(());
        }
        Err(wrong("it lists something else than the archive contains"))
    }
}

fn listed(Located { row, .. }: &Located) -> ListedDocument {
    ListedDocument::new(DocumentId::from_bytes(row.id), row.len_bytes, row.crc32)
}

/// The file that contains the index: the archive, or a sidecar.
enum IndexFile<'a, R, S> {
    Archive(&'a R),
    Sidecar(&'a S),
}

impl<R: ReadAt, S: ReadAt> ReadAt for IndexFile<'_, R, S> {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        match self {
            Self::Archive(file) => file.read_at(buffer, offset_bytes),
            Self::Sidecar(file) => file.read_at(buffer, offset_bytes),
        }
    }

    fn len_bytes(&self) -> io::Result<u64> {
        match self {
            Self::Archive(file) => file.len_bytes(),
            Self::Sidecar(file) => file.len_bytes(),
        }
    }
}

/// The documents of an archive, from its index.
#[derive(Debug)]
struct Documents<'a, R, S> {
    archive: &'a SnapshotArchive<R, S>,
    cursor: index::Cursor,
    /// Its memory is used again from batch to batch.
    batch: VecDeque<Located>,
    is_done: bool,
}

impl<R: ReadAt, S: ReadAt> Iterator for Documents<'_, R, S> {
    type Item = Result<ListedDocument>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.batch.is_empty() && !self.is_done {
            let Self { archive, cursor, batch, .. } = self;
            match archive.batch(cursor, &mut |located| batch.push_back(located)) {
                Ok(more) => self.is_done = !more,
                Err(error) => {
                    self.batch.clear();
                    self.is_done = true;
                    return Some(Err(error));
                }
            }
        }
        self.batch.pop_front().map(|located| Ok(listed(&located)))
    }
}
