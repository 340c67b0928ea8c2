//! Random access to an indexed archive: [`SnapshotArchive`].

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use super::error::{Error, ErrorKind, Result};
use super::extract::{ExtractOptions, ExtractReport, extract};
use super::index::{Cursor, Located, Tables, wrong};
use super::options::ReadOptions;
use super::reader::SnapshotReader;
use super::report::ReadReport;
pub use super::stored::StoredFile;
use crate::document::DocumentId;
use crate::gzip::{self, ChunkLocation, ChunkStream};
use crate::io::{Parallelism, ReadAt};
use crate::layout::MemberName;
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed};

/// An archive with an index, every part of which is at hand without reading the rest.
///
/// Everything works through `&self`, on several threads at once, over anything that can be read at an offset: a file,
/// memory, object storage.
///
/// # Security
/// The index is untrusted. Its counts are checked against the file's length before anything is allocated, and on every
/// access the tar header must carry the same name and length, and the content the same CRC32. What no bounded read can
/// unmask is an index that leads to a fake header inside another document: [`verify`](Self::verify), or reading the
/// archive from front to back, compares the whole index with the archive. Without that, random access trusts whoever
/// wrote the file.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options)?;
/// # let id: appsnap::DocumentId = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
/// # writer.document(id, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use std::io::Read;
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive};
///
/// let archive = SnapshotArchive::open(archive, &ReadOptions::new())?;
/// let mut text = String::new();
/// archive.document(id)?.expect("it is there").read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SnapshotArchive<R, S = R> {
    source: R,
    /// Where the index is, when it is not behind the data.
    sidecar: Option<S>,
    tables: Tables,
    options: ReadOptions,
    /// For archives whose ids do not ascend: all documents by id, made when first needed.
    by_id: OnceLock<Vec<Located>>,
}

/// A document in the list of an archive.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options)?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive};
///
/// let archive = SnapshotArchive::open(archive.as_slice(), &ReadOptions::new())?;
/// let listed = archive.documents().next().expect("there is one")?;
/// assert_eq!((listed.len_bytes(), listed.crc32()), (5, 0x3610_a686));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedDocument {
    id: DocumentId,
    len_bytes: u64,
    crc32: u32,
}

impl ListedDocument {
    /// The uuid that names it.
    #[must_use]
    pub const fn id(&self) -> DocumentId {
        self.id
    }

    /// Its length in bytes.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// CRC32 of its content.
    #[must_use]
    pub const fn crc32(&self) -> u32 {
        self.crc32
    }
}

impl SnapshotArchive<File> {
    /// Opens the archive at `path`, which carries its index.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, and the errors of [`open`](Self::open).
    pub fn open_path(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io("opening the archive", error))?;
        Self::open(file, options)
    }
}

impl<R: ReadAt> SnapshotArchive<R> {
    /// Opens an archive that carries its index: reads its last 64 KiB, and more only if the tables are larger.
    ///
    /// # Errors
    /// Returns [`ErrorKind::NoIndex`] if there is no index: read such an archive with [`SnapshotReader`], or repack it.
    /// Returns [`ErrorKind::Index`] if the index is damaged or does not describe the archive.
    pub fn open(source: R, options: &ReadOptions) -> Result<Self> {
        let tables = Tables::open(&source, false)?;
        let tables = tables.ok_or_else(|| Error::new(ErrorKind::NoIndex))?;
        Ok(Self { source, sidecar: None, tables, options: options.clone(), by_id: OnceLock::new() })
    }
}

impl<R: ReadAt, S: ReadAt> SnapshotArchive<R, S> {
    /// Opens an archive whose index is a file of its own.
    ///
    /// # Errors
    /// As for [`open`](Self::open); also when the sidecar belongs to another archive.
    pub fn open_with_sidecar(source: R, sidecar: S, options: &ReadOptions) -> Result<Self> {
        let tables = Tables::open(&sidecar, true)?;
        let tables = tables.ok_or_else(|| Error::new(ErrorKind::NoIndex))?;
        tables.check_archive(&source)?;
        Ok(Self { source, sidecar: Some(sidecar), tables, options: options.clone(), by_id: OnceLock::new() })
    }

    /// How many documents there are.
    #[must_use]
    pub const fn documents_count(&self) -> u64 {
        self.tables.locator.documents_count
    }

    /// Length of the tar stream inside the archive.
    #[must_use]
    pub const fn plain_bytes(&self) -> u64 {
        self.tables.locator.plain_bytes
    }

    /// Length of the data without an index behind it: truncating an archive to it takes its index off.
    #[must_use]
    pub const fn data_bytes(&self) -> u64 {
        self.tables.locator.data_bytes
    }

    /// Length of the database dump; `None` when there is none.
    #[must_use]
    pub fn database_bytes(&self) -> Option<u64> {
        self.tables.locator.database.map(|slot| slot.len_bytes)
    }

    /// Reads and parses `.metadata`.
    ///
    /// # Errors
    /// When it cannot be read, is not what the index says, or cannot be used.
    pub fn metadata(&self) -> Result<Metadata> {
        let slot = self.tables.locator.metadata;
        let allowed = self.options.limits.max_metadata_bytes();
        let mut file = self.stored(MemberName::Metadata, 0, slot.len_bytes, slot.crc32);
        let bytes = file.read_all(allowed, "max_metadata_bytes")?;
        let (metadata, _) =
            Metadata::parse(&bytes, &self.options.limits).map_err(|error| Error::new(ErrorKind::Metadata(error)))?;
        Ok(metadata)
    }

    /// The database dump; `None` when there is none. Nothing is read until it is.
    #[must_use]
    pub fn database(&self) -> Option<StoredFile<'_, R>> {
        let slot = self.tables.locator.database?;
        let offset = self.tables.database_offset_bytes();
        Some(self.stored(MemberName::Database, offset, slot.len_bytes, slot.crc32))
    }

    /// One document; `None` when there is none of that id.
    ///
    /// Costs one read of the index here, and one read per stretch of the archive when it is read. Where the ids of the
    /// archive do not ascend, the first call reads the whole index instead, and keeps it in memory.
    ///
    /// # Errors
    /// When the index cannot be read, or is wrong.
    pub fn document(&self, id: DocumentId) -> Result<Option<StoredFile<'_, R>>> {
        let located = if self.tables.locator.is_sorted {
            self.tables.find(&self.index(), id.as_bytes())?
        } else {
            let all = self.by_id()?;
            all.binary_search_by_key(id.as_bytes(), |located| located.row.id).ok().and_then(|at| all.get(at)).copied()
        };
        Ok(located.map(|Located { row, header_offset_bytes }| {
            self.stored(MemberName::Document(id), header_offset_bytes, row.len_bytes, row.crc32)
        }))
    }

    /// All documents in archive order, from the index alone.
    pub fn documents(&self) -> Documents<'_, R, S> {
        Documents { archive: self, cursor: Cursor::default(), batch: Vec::new().into_iter(), is_done: false }
    }

    /// Reads the whole archive: every chunk, every member, and the whole index against them.
    ///
    /// # Errors
    /// What [`SnapshotReader::next_entry`] says of the first thing that is wrong; [`ErrorKind::Cancelled`].
    pub fn verify(&self, parallelism: Parallelism, observer: &mut dyn Observer) -> Result<ReadReport>
    where
        R: Sync,
    {
        proceed(observer, &Event::Phase(Phase::VerifyingArchive))?;
        let total_bytes = Some(self.tables.locator.plain_bytes);
        self.with_reader(parallelism, |reader| {
            while let Some(entry) = reader.next_entry()? {
                entry.skip(total_bytes, observer)?;
                proceed(observer, &Event::bytes(reader.offset_bytes(), total_bytes))?;
            }
            Ok(reader.report().clone())
        })
    }

    /// Extracts the archive as [`extract`] does, inflating on several threads, and verifies all of it.
    ///
    /// # Errors
    /// As for [`extract`] and [`verify`](Self::verify).
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
    fn with_reader<T>(
        &self,
        parallelism: Parallelism,
        work: impl FnOnce(&mut SnapshotReader<ChunkStream<'_, R>>) -> Result<T>,
    ) -> Result<T>
    where
        R: Sync,
    {
        let tables = &self.tables;
        gzip::with_chunks(&self.source, &tables.chunks, parallelism, |stream| {
            let mut reader = SnapshotReader::new(stream, &self.options);
            let data = (tables.locator.crc32, tables.locator.plain_bytes);
            let at = tables.locator.data_bytes;
            reader.expect_index(data, at, |verifier| tables.raw_members(&self.index(), |page| verifier.page(page)))?;
            work(&mut reader)
        })
    }

    pub(super) const fn source(&self) -> &R {
        &self.source
    }

    /// Length and CRC32 of the database.
    pub(super) fn database_slot(&self) -> Option<(u64, u32)> {
        self.tables.locator.database.map(|slot| (slot.len_bytes, slot.crc32))
    }

    /// Offset in the tar stream of the database's header, or of what stands in its place.
    pub(super) fn database_offset_bytes(&self) -> u64 {
        self.tables.database_offset_bytes()
    }

    /// Offset in the tar stream of the end marker.
    pub(super) fn documents_end_bytes(&self) -> Result<u64> {
        let mut cursor = Cursor::default();
        while self.batch(&mut cursor, &mut |_| ())? {}
        Ok(cursor.offset_bytes(&self.tables))
    }

    /// The chunk that holds this plain offset.
    pub(super) fn chunk_at(&self, uncompressed_offset_bytes: u64) -> Option<ChunkLocation> {
        self.chunks().get(self.chunk_number_at(uncompressed_offset_bytes)?).copied()
    }

    /// The number of the chunk that holds this plain offset.
    pub(super) fn chunk_number_at(&self, uncompressed_offset_bytes: u64) -> Option<usize> {
        self.tables.chunks.find(uncompressed_offset_bytes)
    }

    /// All chunks.
    pub(super) fn chunks(&self) -> &[ChunkLocation] {
        self.tables.chunks.chunks()
    }

    /// The file that the index is in.
    fn index(&self) -> IndexFile<'_, R, S> {
        self.sidecar.as_ref().map_or(IndexFile::Archive(&self.source), IndexFile::Sidecar)
    }

    fn by_id(&self) -> Result<&[Located]> {
        if let Some(all) = self.by_id.get() {
            return Ok(all);
        }
        let mut all = Vec::new();
        let mut cursor = Cursor::default();
        while self.batch(&mut cursor, &mut |located| all.push(located))? {}
        all.sort_unstable_by_key(|located| located.row.id);
        if all.windows(2).any(|pair| matches!(pair, [a, b] if a.row.id == b.row.id)) {
            return Err(wrong("it lists a document twice"));
        }
        Ok(self.by_id.get_or_init(|| all))
    }

    fn batch(&self, cursor: &mut Cursor, each: &mut impl FnMut(Located)) -> Result<bool> {
        self.tables.batch(&self.index(), cursor, each)
    }

    fn stored(&self, name: MemberName, header_offset_bytes: u64, len_bytes: u64, crc32: u32) -> StoredFile<'_, R> {
        StoredFile::new(&self.source, &self.tables.chunks, name, header_offset_bytes, len_bytes, crc32)
    }
}

/// Where an index is: behind the data, or in a file of its own.
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

/// The documents of an archive, from its index. After an error there is nothing more.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options)?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive};
///
/// let archive = SnapshotArchive::open(archive.as_slice(), &ReadOptions::new())?;
/// let ids: Result<Vec<_>, _> = archive.documents().map(|listed| listed.map(|listed| listed.id())).collect();
/// assert_eq!(ids?.len() as u64, archive.documents_count());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Documents<'a, R, S> {
    archive: &'a SnapshotArchive<R, S>,
    cursor: Cursor,
    batch: std::vec::IntoIter<Located>,
    is_done: bool,
}

impl<R: ReadAt, S: ReadAt> Iterator for Documents<'_, R, S> {
    type Item = Result<ListedDocument>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.batch.len() == 0 && !self.is_done {
            let mut rows = Vec::new();
            match self.archive.batch(&mut self.cursor, &mut |located| rows.push(located)) {
                Ok(more) => self.is_done = !more,
                Err(error) => {
                    self.is_done = true;
                    return Some(Err(error));
                }
            }
            self.batch = rows.into_iter();
        }
        let row = self.batch.next()?.row;
        Some(Ok(ListedDocument { id: DocumentId::from_bytes(row.id), len_bytes: row.len_bytes, crc32: row.crc32 }))
    }
}
