//! Opening a zip file and walking its central directory: [`Archive`] and [`Entries`].

use rawzip::{MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ZipArchive, ZipEntries, ZipLocator};

use super::entry::{Entry, LocatedEntry};
use super::entry_reader::EntryReader;
use super::error::{Error, ErrorKind, Result};
use super::rawzip_reader::RawzipReader;
use super::{end_records, local_header};
use crate::io::ReadAt;
use crate::limits::{Budget, Limits};

/// The longest comment at the end of a zip file: its length has 16 bits.
const MAX_COMMENT_BYTES: u64 = 65_535;

/// A zip file whose central directory has been checked, and whose entries can be listed and read.
///
/// An archive holds eight bytes of memory per entry. Several threads can read entries at the same time. The
/// [module](super) shows an example.
///
/// # Security
/// The declared lengths are checked against [`max_entries`](Limits::max_entries),
/// [`max_entry_bytes`](Limits::max_entry_bytes) and [`max_total_bytes`](Limits::max_total_bytes) before anything is
/// decompressed. Since no entry yields more than it declares, they bound the output at any compression ratio. No memory is
/// allocated from a declared number.
#[derive(Debug)]
pub struct Archive<R> {
    inner: ZipArchive<RawzipReader<R>>,
    /// The offsets of all local headers in ascending order, followed by the offset of the directory.
    starts: Vec<u64>,
    entries_count: u64,
    uncompressed_bytes: u64,
    /// Links and special files are returned as such, and are not errors.
    is_tolerant: bool,
}

impl<R: ReadAt> Archive<R> {
    /// Finds the central directory of a zip file and checks it in one pass.
    ///
    /// # Errors
    /// Returns an error if the source is not a zip file, if its directory is damaged or ambiguous, if it uses a feature
    /// that is refused, if a limit is exceeded, or if reading fails.
    pub fn open(source: R, limits: &Limits) -> Result<Self> {
        Self::open_with(source, limits, false)
    }

    /// Opens a zip file in which links and special files are allowed. Their entries must not be read.
    pub(crate) fn open_tolerant(source: R, limits: &Limits) -> Result<Self> {
        Self::open_with(source, limits, true)
    }

    fn open_with(source: R, limits: &Limits, is_tolerant: bool) -> Result<Self> {
        let len_bytes = source.len_bytes().map_err(|error| Error::io("measuring the zip file", error))?;
        let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
        let inner = ZipLocator::new()
            .max_search_space(MAX_COMMENT_BYTES.saturating_add(end_records::END_RECORD_BYTES as u64))
            .locate_in_reader(RawzipReader(source), &mut buffer, len_bytes)
            .map_err(|(_, error)| {
                Error::rawzip("searching for the end of the zip file", error, ErrorKind::Directory)
            })?;
        let mut archive = Self { inner, starts: Vec::new(), entries_count: 0, uncompressed_bytes: 0, is_tolerant };
        archive.check_end_records(len_bytes)?;
        archive.check_directory(limits)?;
        Ok(archive)
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn entries_count(&self) -> u64 {
        self.entries_count
    }

    /// Returns the declared uncompressed length of all contents together. Reads never yield more.
    #[must_use]
    pub const fn uncompressed_bytes(&self) -> u64 {
        self.uncompressed_bytes
    }

    /// Returns the source.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        &self.inner.get_ref().0
    }

    /// Lists the entries in the order of the directory. A name that occurs twice is listed twice.
    ///
    /// `buffer` is working memory: it grows to 192 KiB, the longest directory record, and can be reused.
    pub fn entries<'a>(&'a self, buffer: &'a mut Vec<u8>) -> Entries<'a, R> {
        if buffer.len() < MAX_CENTRAL_DIRECTORY_RECORD_SIZE {
            buffer.resize(MAX_CENTRAL_DIRECTORY_RECORD_SIZE, 0);
        }
        Entries { inner: self.inner.entries(buffer), is_tolerant: self.is_tolerant }
    }

    /// Opens the contents of an entry of this archive.
    ///
    /// The entry's local header, and its data descriptor where it has one, must agree with the directory, and the entry
    /// must end where the next one begins.
    ///
    /// # Errors
    /// Returns an error if the entry is damaged or reading fails.
    pub fn read(&self, entry: &Entry<'_>) -> Result<EntryReader<'_, R>> {
        Ok(self.read_located(&self.locate(entry)?))
    }

    /// Locates the contents of an entry, with the checks of [`read`](Self::read).
    pub(crate) fn locate(&self, entry: &Entry<'_>) -> Result<LocatedEntry> {
        let start = entry.header_offset_bytes();
        let next = self.starts.partition_point(|at| *at <= start);
        self.starts
            .get(next)
            // The directory follows the last entry of this archive, so this is an entry of another one.
            .ok_or_else(|| ErrorKind::Misuse("the entry belongs to another zip file").into())
            .and_then(|limit| local_header::locate(&self.inner, entry, *limit))
            .map_err(|error: Error| error.entry(entry.name()).at(start))
    }

    /// Opens the contents of an entry that was located before.
    pub(crate) fn read_located(&self, entry: &LocatedEntry) -> EntryReader<'_, R> {
        EntryReader::new(self.inner.get_ref(), *entry)
    }

    fn check_end_records(&self, len_bytes: u64) -> Result<()> {
        let extra_bytes = len_bytes.saturating_sub(self.inner.end_offset());
        if extra_bytes != 0 {
            return Err(Error::new(ErrorKind::StrayBytes { extra_bytes }).at(self.inner.end_offset()));
        }
        end_records::check(self.get_ref(), self.inner.eocd_offset(), self.inner.directory_offset())
    }

    /// Reads the directory: the number of entries, their lengths against `limits`, and whether they overlap.
    fn check_directory(&mut self, limits: &Limits) -> Result<()> {
        let mut count = Budget::new("max_entries", limits.max_entries());
        let mut total = Budget::new("max_total_bytes", limits.max_total_bytes());
        let mut spans: Vec<(u64, u64)> = Vec::new();
        let mut buffer = Vec::new();
        let mut entries = self.entries(&mut buffer);
        while let Some(entry) = entries.next_entry()? {
            let refuse = |error: Error| error.entry(entry.name()).at(entry.header_offset_bytes());
            count.spend(1).map_err(|exceeded| refuse(exceeded.into()))?;
            Budget::new("max_entry_bytes", limits.max_entry_bytes())
                .spend(entry.uncompressed_bytes())
                .map_err(|exceeded| refuse(exceeded.into()))?;
            total.spend(entry.uncompressed_bytes()).map_err(|exceeded| refuse(exceeded.into()))?;
            let end = entry.min_end().ok_or_else(|| refuse(ErrorKind::Overlap.into()))?;
            spans.push((entry.header_offset_bytes(), end));
        }
        let (declared, listed) = (self.inner.entries_hint(), count.spent());
        if declared != listed {
            return Err(Error::new(ErrorKind::EntryCount { declared, listed }).at(self.inner.eocd_offset()));
        }
        // Most writers list entries in the order of the file.
        if !spans.is_sorted() {
            spans.sort_unstable();
        }
        let directory = self.inner.directory_offset();
        let first = spans.first().map_or(directory, |(start, _)| *start);
        if first != 0 {
            return Err(Error::new(ErrorKind::StrayBytes { extra_bytes: first }).at(0));
        }
        let nexts = spans.iter().skip(1).map(|(start, _)| *start).chain([directory]);
        if let Some(((start, _), _)) = spans.iter().zip(nexts).find(|((_, end), next)| end > next) {
            return Err(Error::new(ErrorKind::Overlap).at(*start));
        }
        self.starts = spans.iter().map(|(start, _)| *start).chain([directory]).collect();
        self.entries_count = listed;
        self.uncompressed_bytes = total.spent();
        Ok(())
    }
}

/// The entries of a zip file, lent one at a time.
#[derive(Debug)]
pub struct Entries<'a, R> {
    inner: ZipEntries<'a, 'a, RawzipReader<R>>,
    is_tolerant: bool,
}

impl<R: ReadAt> Entries<'_, R> {
    /// Returns the next entry, or `None` after the last one.
    ///
    /// # Errors
    /// Returns an error if reading fails, or if the source has changed since it was opened.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>> {
        let record = self
            .inner
            .next_entry()
            .map_err(|error| Error::rawzip("reading the directory of the zip file", error, ErrorKind::Directory))?;
        record.map(|record| Entry::new(record, self.is_tolerant)).transpose()
    }
}
