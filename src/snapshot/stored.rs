//! One file of an indexed archive, fetched through its chunks: [`StoredFile`].

use std::io::{self, Read};
use std::sync::Arc;

use super::error::{Error, ErrorKind, Result};
use super::index::{PointTable, Tables, wrong};
use crate::gzip::{self, ChunkTable, Inflater, Resumed};
use crate::io::{ReadAt, Unread, at_most, copy_prefix, grow, prefix};
use crate::layout::{self, MemberName, Named};
use crate::limits::{LimitExceeded, Limits};
use crate::tarball::{self, BLOCK_BYTES};

/// Compressed bytes to fetch with one read, so that a document of ordinary size needs one.
const FETCH_BYTES: u64 = 8 << 20;

/// Compressed bytes to fetch with one read after the last access point.
const LAST_FETCH_BYTES: u64 = 1 << 20;

/// The longest content whose length fits into a header as octal digits.
const MAX_OCTAL_BYTES: u64 = 0o77_777_777_777;

/// Uncompressed bytes of an archive of another program to make with one step.
const STEP: usize = 256 << 10;
const STEP_BYTES: u64 = STEP as u64;

const HEADER_BYTES: u64 = BLOCK_BYTES as u64;

/// A file of an indexed archive, as a reader of its content. It owns its share of the archive, so it can be moved to
/// another thread, or be the body of a response.
///
/// Nothing is fetched before the first read, which compares the tar header with the index. The CRC32 is compared when the
/// last bytes are returned, so content is verified only after the last read.
///
/// ```
/// use std::io::Read;
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive};
///
/// let archive = SnapshotArchive::open_path("examples/data/quickstart.tar.gz", &ReadOptions::new())?;
/// let document = archive.document("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002".parse()?)?;
/// let mut document = document.expect("the archive contains it");
/// let content = std::thread::spawn(move || {
///     let mut content = Vec::new();
///     document.read_to_end(&mut content).map(|_| content)
/// });
/// assert_eq!(content.join().unwrap()?.len(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StoredFile<R> {
    archive: Arc<Indexed<R>>,
    name: MemberName,
    len_bytes: u64,
    crc32: u32,
    /// Offset in the tar stream of the next byte to read, initially that of the header.
    at_bytes: u64,
    payload_at_bytes: u64,
    crc: crc32fast::Hasher,
    /// Compressed bytes that were fetched, and their offset.
    packed: Vec<u8>,
    packed_at_bytes: u64,
    inflater: Option<Box<Inflater>>,
    /// For archives of other programs: where decompression begins.
    access: Option<Access>,
    plain: Unread,
    /// The first error, which every later read repeats.
    failed: Option<Error>,
}

/// Decompression from a point of an archive of another program.
#[derive(Debug)]
pub(super) struct Access {
    /// The number of the point.
    number: usize,
    resumed: Box<Resumed>,
    /// The next compressed byte to read, and the end of those that may be needed before the next point.
    compressed_at_bytes: u64,
    /// Offset in the tar stream of the next byte that is decompressed.
    at_bytes: u64,
}

impl Access {
    /// Begins at point `number` with the bytes before it.
    pub(super) fn at(points: &PointTable, number: usize, history: &[u8]) -> Result<Self> {
        let (row, _) = points.get(number).ok_or_else(|| wrong("a document is outside of the data"))?;
        let mut resumed = Box::new(Resumed::default());
        resumed.start(row.point.form, history)?;
        Ok(Self {
            number,
            resumed,
            compressed_at_bytes: row.point.compressed_offset_bytes,
            at_bytes: row.point.uncompressed_offset_bytes,
        })
    }
}

/// An archive and the tables of its index.
#[derive(Debug)]
pub(super) struct Indexed<R> {
    pub(super) source: R,
    pub(super) tables: Tables,
}

impl<R: ReadAt> StoredFile<R> {
    pub(super) fn new(
        archive: Arc<Indexed<R>>,
        name: MemberName,
        header_at_bytes: u64,
        len_bytes: u64,
        crc32: u32,
    ) -> Self {
        Self {
            archive,
            name,
            len_bytes,
            crc32,
            at_bytes: header_at_bytes,
            payload_at_bytes: header_at_bytes.saturating_add(HEADER_BYTES),
            crc: crc32fast::Hasher::new(),
            packed: Vec::new(),
            packed_at_bytes: 0,
            inflater: None,
            access: None,
            plain: Unread::default(),
            failed: None,
        }
    }

    /// Sets where decompression begins, or the reason why it cannot, which the first read returns.
    pub(super) fn with_access(mut self, access: Result<Access>) -> Self {
        match access {
            Ok(access) => self.access = Some(access),
            Err(error) => self.failed = Some(error),
        }
        self
    }

    /// Returns its length in bytes according to the index. Reading returns as many bytes or fails.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Returns the CRC32 of its content according to the index. Reading to the end verifies it.
    #[must_use]
    pub const fn crc32(&self) -> u32 {
        self.crc32
    }

    /// Reads all of it into memory, if it is not longer than `allowed_bytes`.
    pub(super) fn read_all(&mut self, allowed_bytes: u64, limit: &'static str) -> Result<Vec<u8>> {
        if self.len_bytes > allowed_bytes {
            let exceeded = LimitExceeded { name: limit, allowed: allowed_bytes, wanted: self.len_bytes };
            return Err(Error::from(exceeded));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).map_err(|error| Error::io("reading", error))?;
        Ok(bytes)
    }

    fn chunks(&self) -> &ChunkTable {
        &self.archive.tables.chunks
    }

    fn end_bytes(&self) -> u64 {
        self.payload_at_bytes.saturating_add(self.len_bytes)
    }

    /// Returns to `plain` what comes next, at least a byte.
    fn advance(&mut self) -> Result<()> {
        match (&self.archive.tables.foreign, self.access.is_some()) {
            (None, _) => self.advance_by_chunk(),
            (Some(_), true) => self.advance_from_point(),
            (Some(_), false) => self.advance_uncompressed(),
        }
    }

    /// Reads the next bytes of an uncompressed archive.
    fn advance_uncompressed(&mut self) -> Result<()> {
        let count = self.end_bytes().saturating_sub(self.at_bytes).min(STEP_BYTES);
        gzip::read_range(&self.archive.source, self.at_bytes, count, self.plain.refill())?;
        self.at_bytes = self.at_bytes.saturating_add(count);
        Ok(())
    }

    /// Decompresses the next bytes from an access point, skipping those before the file.
    fn advance_from_point(&mut self) -> Result<()> {
        let beyond = || wrong("a document is outside of the data");
        let end = self.end_bytes();
        let Self { archive, access: Some(access), plain, packed, .. } = self else { return Err(beyond()) };
        let points = archive.tables.foreign.as_ref().map(|foreign| &foreign.points).ok_or_else(beyond)?;
        loop {
            // What is before the file is decompressed in larger steps, and never more than what is needed.
            let wanted = end.saturating_sub(access.at_bytes).min(STEP_BYTES);
            let output = plain.refill();
            let at = access.compressed_at_bytes;
            let made = access.resumed.inflate(grow(output, at_most(STEP, wanted))).map_err(|error| error.at(at))?;
            output.truncate(made);
            if made > 0 {
                let from = access.at_bytes;
                access.at_bytes = from.saturating_add(made as u64);
                if access.at_bytes > self.at_bytes {
                    let skipped = self.at_bytes.saturating_sub(from);
                    self.at_bytes = access.at_bytes;
                    plain.consume(at_most(made, skipped));
                    return Ok(());
                }
                continue;
            }
            let next = points.get(access.number.saturating_add(1)).map(|(row, _)| row.point);
            if access.resumed.is_ended() {
                // The next member begins with a point of its own.
                let next = next.filter(|next| next.uncompressed_offset_bytes == access.at_bytes).ok_or_else(beyond)?;
                access.number = access.number.saturating_add(1);
                access.resumed.start(next.form, &[])?;
                access.compressed_at_bytes = next.compressed_offset_bytes;
                continue;
            }
            let data_end = archive.tables.locator.data_bytes;
            let (limit, most) = match points.after(end) {
                // The block before may end inside the first byte of the next one.
                Some(needed) => (data_end.min(needed.compressed_offset_bytes.saturating_add(1)), FETCH_BYTES),
                // After the last point, nothing says how much is needed.
                None => (data_end, LAST_FETCH_BYTES),
            };
            let count = limit.saturating_sub(access.compressed_at_bytes).min(most);
            if count == 0 {
                return Err(Error::from(gzip::Error::new(gzip::ErrorKind::Deflate)).at(at));
            }
            gzip::read_range(&archive.source, access.compressed_at_bytes, count, packed)?;
            access.compressed_at_bytes = access.compressed_at_bytes.saturating_add(count);
            access.resumed.feed(packed);
        }
    }

    /// Inflates the next chunk, or as much of it as is needed.
    fn advance_by_chunk(&mut self) -> Result<()> {
        let beyond = || wrong("a document is outside of the data");
        let number = self.chunks().find(self.at_bytes).ok_or_else(beyond)?;
        let place = *self.chunks().chunks().get(number).ok_or_else(beyond)?;
        self.fetch(number)?;
        let from = place.compressed_offset_bytes.saturating_sub(self.packed_at_bytes);
        let range = usize::try_from(from).ok().and_then(|from| {
            self.packed.get(from..from.checked_add(usize::try_from(place.row.compressed_len_bytes).ok()?)?)
        });
        let packed = range.ok_or_else(beyond)?;
        let inflater = self.inflater.get_or_insert_with(|| Box::new(Inflater::new()));
        let skip = self.at_bytes.saturating_sub(place.uncompressed_offset_bytes);
        let wanted =
            self.payload_at_bytes.saturating_add(self.len_bytes).saturating_sub(place.uncompressed_offset_bytes);
        let at = place.compressed_offset_bytes;
        // A whole chunk is verified by its own CRC32. Of the last one only the beginning is inflated.
        let plain = if wanted >= u64::from(place.row.uncompressed_len_bytes) {
            inflater.chunk(packed, &place.row)
        } else {
            inflater.prefix(packed, at_most(gzip::CHUNK_BYTES, wanted))
        };
        let plain = plain.map_err(|error| error.at(at))?;
        let rest = plain.get(at_most(plain.len(), skip)..).filter(|rest| !rest.is_empty()).ok_or_else(beyond)?;
        self.plain.refill().extend_from_slice(rest);
        self.at_bytes = self.at_bytes.saturating_add(rest.len() as u64);
        Ok(())
    }

    /// Fetches chunk `number`, together with the next ones that will be needed, unless it is in memory.
    fn fetch(&mut self, number: usize) -> Result<()> {
        let Some(places @ [first, ..]) = self.archive.tables.chunks.chunks().get(number..) else {
            return Err(Error::internal("a chunk was requested that the index does not have"));
        };
        let held = self.packed_at_bytes..self.packed_at_bytes.saturating_add(self.packed.len() as u64);
        if held.contains(&first.compressed_offset_bytes) {
            return Ok(());
        }
        let end = self.end_bytes();
        let mut count = 0;
        for place in places.iter().take_while(|place| place.uncompressed_offset_bytes < end) {
            let more = u64::from(place.row.compressed_len_bytes).saturating_add(count);
            if count > 0 && more > FETCH_BYTES {
                break;
            }
            count = more;
        }
        self.packed_at_bytes = first.compressed_offset_bytes;
        gzip::read_range(&self.archive.source, first.compressed_offset_bytes, count, &mut self.packed)?;
        Ok(())
    }

    /// Reads the tar header and compares it with the index.
    fn check_header(&mut self) -> Result<()> {
        let mut header = Vec::with_capacity(BLOCK_BYTES);
        while header.len() < BLOCK_BYTES {
            if self.plain.is_empty() {
                self.advance()?;
            }
            let rest = prefix(self.plain.rest(), BLOCK_BYTES.saturating_sub(header.len()) as u64);
            header.extend_from_slice(rest);
            let count = rest.len();
            self.plain.consume(count);
        }
        let differs = || wrong("the archive contains something else at the position of a document");
        // For the reader's first step, a header alone is a complete stream.
        let mut reader = tarball::Reader::new(header.as_slice(), &Limits::trusted());
        let member = reader.next_member().map_err(|_| differs())?.ok_or_else(differs)?;
        let is_directory = member.kind() != tarball::MemberKind::File;
        // Other programs write names in more ways, and lengths of more than eleven octal digits into an extension.
        let (name, is_longer) = match self.archive.tables.foreign {
            None => (MemberName::parse(member.name()).ok(), false),
            Some(_) => match layout::parse(member.name(), false).map(|parsed| parsed.named) {
                Ok(Named::File(name)) => (Some(name), self.len_bytes > MAX_OCTAL_BYTES),
                _ => (None, false),
            },
        };
        let is_of_length = is_longer || member.len_bytes() == self.len_bytes;
        if is_directory || name != Some(self.name) || !is_of_length {
            return Err(differs());
        }
        Ok(())
    }

    /// Continues reading, or repeats the first error.
    fn read_or_repeat(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.read_some(buffer).map_err(|error| self.failed.insert(error).clone())
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.at_bytes < self.payload_at_bytes {
            self.check_header()?;
            if self.len_bytes == 0 {
                self.check_crc()?;
            }
        }
        let done = self.at_bytes.saturating_sub(self.plain.rest().len() as u64);
        let left = self.end_bytes().saturating_sub(done);
        if left > 0 && self.plain.is_empty() {
            self.advance()?;
        }
        let rest = prefix(self.plain.rest(), left);
        let count = copy_prefix(rest, buffer);
        self.crc.update(prefix(rest, count as u64));
        self.plain.consume(count);
        if count > 0 && count as u64 == left {
            self.check_crc()?;
        }
        Ok(count)
    }

    fn check_crc(&self) -> Result<()> {
        if self.crc.clone().finalize() == self.crc32 {
            return Ok(());
        }
        let name = self.name.render();
        Err(Error::new(ErrorKind::Index("the checksum of the content differs")).within_name(name.as_bytes()))
    }
}

impl<R: ReadAt> Read for StoredFile<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.read_or_repeat(buffer).map_err(io::Error::from)
    }
}
