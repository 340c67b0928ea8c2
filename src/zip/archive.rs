//! Opening a zip file and walking its central directory: [`Archive`] and [`Entries`].

use rawzip::{MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ZipArchive, ZipEntries, ZipLocator};

use super::entry::{Entry, Place};
use super::error::{Corrupt, Error, Result};
use super::reader::EntryReader;
use super::seam::Seam;
use super::{end, local};
use crate::io::ReadAt;
use crate::limits::{Budget, Limits};

/// The longest comment that the 16 bits of its length can announce.
const MAX_COMMENT_BYTES: u64 = 65_535;

/// A zip file whose directory has been looked over once: its entries can be walked, located and read.
///
/// Memory: eight bytes an entry, where each one begins. Entries can be read from several threads at once.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let bytes = writer.finish()?;
/// let archive = zip::Archive::open(&bytes, &Limits::untrusted())?;
/// assert_eq!((archive.entries_count(), archive.plain_bytes()), (1, 5));
/// # Ok::<(), zip::Error>(())
/// ```
///
/// # Security
/// [`max_entries`](Limits::max_entries), [`max_entry_bytes`](Limits::max_entry_bytes) and
/// [`max_total_bytes`](Limits::max_total_bytes) are held against the directory before anything is inflated, and since the
/// declared length is law, they bound what comes out whatever the ratio. Nothing is allocated from a declared number.
#[derive(Debug)]
pub struct Archive<R> {
    inner: ZipArchive<Seam<R>>,
    /// Where each entry's header begins, ascending, with the beginning of the directory behind the last.
    starts: Vec<u64>,
    entries_count: u64,
    plain_bytes: u64,
}

impl<R: ReadAt> Archive<R> {
    /// Finds the directory and walks it once.
    ///
    /// # Errors
    /// [`NotZip`](super::ErrorKind::NotZip) without an end record; [`Corrupt`](super::ErrorKind::Corrupt) when the directory is damaged,
    /// entries overlap, or bytes stand in front of the first entry or behind the end;
    /// [`Unsupported`](super::ErrorKind::Unsupported) for encryption, methods other than stored and deflate, links and volumes;
    /// [`Limit`](super::ErrorKind::Limit) when the entries are too many or declare too much; [`Io`](super::ErrorKind::Io).
    pub fn open(source: R, limits: &Limits) -> Result<Self> {
        let len_bytes =
            source.len_bytes().map_err(|error| Error::io("determining the length of the zip file", error))?;
        let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
        let inner = ZipLocator::new()
            .max_search_space(MAX_COMMENT_BYTES.saturating_add(end::END_BYTES as u64))
            .locate_in_reader(Seam(source), &mut buffer, len_bytes)
            .map_err(|(_, error)| {
                Error::from_library("looking for the end of the zip file", error, Corrupt::Directory.into())
            })?;
        let mut archive = Self { inner, starts: Vec::new(), entries_count: 0, plain_bytes: 0 };
        archive.check_end_record(len_bytes)?;
        archive.survey(limits)?;
        Ok(archive)
    }

    /// How many entries there are.
    #[must_use]
    pub const fn entries_count(&self) -> u64 {
        self.entries_count
    }

    /// The declared length of all contents together; no read can yield more.
    #[must_use]
    pub const fn plain_bytes(&self) -> u64 {
        self.plain_bytes
    }

    /// The source that the archive was opened on.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        &self.inner.get_ref().0
    }

    /// Walks the directory from its first entry, in its order; names that occur twice are lent twice.
    pub fn entries<'a>(&'a self, buffer: &'a mut Buffer) -> Entries<'a, R> {
        Entries(self.inner.entries(&mut buffer.0))
    }

    /// Finds the contents of an entry of this archive, and checks that the entry's own header, and its data descriptor
    /// where it has one, agree with the directory, and that the entry ends where the next one begins.
    ///
    /// # Errors
    /// [`Corrupt`](super::ErrorKind::Corrupt) with what disagrees; [`Io`](super::ErrorKind::Io).
    pub fn locate(&self, entry: &Entry<'_>) -> Result<Place> {
        let start = entry.header_offset_bytes();
        let after = self.starts.partition_point(|at| *at <= start);
        let limit = self.starts.get(after).copied().unwrap_or(start);
        local::locate(&self.inner, entry, limit).map_err(|error| error.of(entry.name()).at(start))
    }

    /// Reads the contents at `place`, verifying length and CRC-32.
    pub fn read(&self, place: &Place) -> EntryReader<'_, R> {
        EntryReader::new(self.inner.get_ref(), *place)
    }

    /// The end record must close the file, speak of a single volume, and say where the directory is.
    fn check_end_record(&self, len_bytes: u64) -> Result<()> {
        let extra_bytes = len_bytes.saturating_sub(self.inner.end_offset());
        if extra_bytes != 0 {
            return Err(Error::from(Corrupt::StrayBytes { extra_bytes }).at(self.inner.end_offset()));
        }
        end::check(self.get_ref(), self.inner.eocd_offset(), self.inner.directory_offset())
    }

    /// One pass over the directory: counts, limits, and where entries begin.
    fn survey(&mut self, limits: &Limits) -> Result<()> {
        let mut count = Budget::new("max_entries", limits.max_entries());
        let mut total = Budget::new("max_total_bytes", limits.max_total_bytes());
        let mut spans: Vec<(u64, u64)> = Vec::new();
        let mut buffer = Buffer::new();
        let mut entries = self.entries(&mut buffer);
        while let Some(entry) = entries.next_entry()? {
            let refuse = |error: Error| error.of(entry.name()).at(entry.header_offset_bytes());
            count.spend(1).map_err(|exceeded| refuse(exceeded.into()))?;
            Budget::new("max_entry_bytes", limits.max_entry_bytes())
                .spend(entry.plain_bytes())
                .map_err(|exceeded| refuse(exceeded.into()))?;
            total.spend(entry.plain_bytes()).map_err(|exceeded| refuse(exceeded.into()))?;
            let end = entry.least_end().ok_or_else(|| refuse(Corrupt::Overlap.into()))?;
            spans.push((entry.header_offset_bytes(), end));
        }
        let (declared, listed) = (self.inner.entries_hint(), count.spent());
        if declared != listed {
            return Err(Error::from(Corrupt::EntryCount { declared, listed }).at(self.inner.eocd_offset()));
        }
        // Writers emit entries in the order of the directory, so this is a check more often than work.
        if !spans.is_sorted() {
            spans.sort_unstable();
        }
        let directory = self.inner.directory_offset();
        let first = spans.first().map_or(directory, |(start, _)| *start);
        if first != 0 {
            return Err(Error::from(Corrupt::StrayBytes { extra_bytes: first }).at(0));
        }
        let nexts = spans.iter().skip(1).map(|(start, _)| *start).chain([directory]);
        if let Some(((start, _), _)) = spans.iter().zip(nexts).find(|((_, end), next)| end > next) {
            return Err(Error::from(Corrupt::Overlap).at(*start));
        }
        self.starts = spans.iter().map(|(start, _)| *start).chain([directory]).collect();
        self.entries_count = listed;
        self.plain_bytes = total.spent();
        Ok(())
    }
}

/// The memory that a walk over the directory parses in: the longest record there can be, 192 KiB.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let bytes = writer.finish()?;
/// let archive = zip::Archive::open(&bytes, &Limits::untrusted())?;
/// let mut buffer = zip::Buffer::new();
/// for _ in 0..2 {
///     let mut entries = archive.entries(&mut buffer);
///     assert_eq!(entries.next_entry()?.map(|entry| entry.name().to_vec()), Some(b"hello.txt".to_vec()));
/// }
/// # Ok::<(), zip::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Buffer(Vec<u8>);

impl Buffer {
    /// A buffer; one serves any number of walks.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE])
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new()
    }
}

/// A walk over the central directory; entries are lent, one at a time.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let bytes = writer.finish()?;
/// let archive = zip::Archive::open(&bytes, &Limits::untrusted())?;
/// let mut buffer = zip::Buffer::new();
/// let mut entries = archive.entries(&mut buffer);
/// let mut count = 0;
/// while let Some(entry) = entries.next_entry()? {
///     count += u64::from(entry.kind() == zip::Kind::File);
/// }
/// assert_eq!(count, archive.entries_count());
/// # Ok::<(), zip::Error>(())
/// ```
#[derive(Debug)]
pub struct Entries<'a, R>(ZipEntries<'a, 'a, Seam<R>>);

impl<R: ReadAt> Entries<'_, R> {
    /// The next entry, `None` behind the last.
    ///
    /// # Errors
    /// As [`Archive::open`]; after an error the walk is over.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>> {
        let record = self.0.next_entry().map_err(|error| {
            Error::from_library("reading the directory of the zip file", error, Corrupt::Directory.into())
        })?;
        record.map(Entry::new).transpose()
    }
}
