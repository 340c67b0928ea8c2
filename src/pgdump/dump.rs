//! Reads a dump from start to end, every stream decoded and verified: [`Dump`], [`inspect`].

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::block_reader::BlockReader;
use super::compat::Incompatibility;
use super::data_element::DataElement;
use super::data_state::DataState;
use super::error::{Error, ErrorKind};
use super::findings::{self, ReadToEnd};
use super::header::Header;
use super::inspection::{BlockReport, Inspection};
use super::large_objects::Unlisted;
use super::settings;
use super::stream_decoder::StreamDecoder;
use super::toc::{Entry, Toc};
use super::utf8::NotUtf8;
use super::values::WatchedTables;
use crate::limits::Limits;
use crate::observe::{Event, Observer, Phase, proceed};

/// Reads the dump in `source` to its end, verifies everything that can be verified, and describes it.
///
/// A dump that passes is complete, and restores as far as the server accepts its SQL. `pg_restore -l` reads no data at
/// all, and `pg_restore -f /dev/null` does not detect a wrong number of entries, trailing bytes, or the damage of a
/// transfer in text mode.
///
/// The observer receives the phase `reading the dump` and the number of bytes read.
///
/// ```
/// use std::fs::File;
/// use appsnap::{Limits, observe::NoObserver, pgdump};
///
/// let dump = File::open("examples/data/quickstart.dump")?;
/// let inspection = pgdump::inspect(dump, &Limits::untrusted(), &mut NoObserver)?;
/// for block in &inspection.blocks {
///     println!("{:?}: {:?} rows", inspection.toc.get(block.id), block.rows_count);
/// }
/// assert_eq!(inspection.rows_count(), 2056);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns an error if the source fails, if its bytes are not a sound dump in custom format of a known version, if they
/// exceed a limit, or if the observer cancels.
pub fn inspect<R: Read>(source: R, limits: &Limits, observer: &mut dyn Observer) -> Result<Inspection, Error> {
    proceed(observer, &Event::Phase(Phase::ReadingDump))?;
    Dump::open(source, limits)?.finish(observer)
}

/// A dump that is read from start to end.
///
/// It never seeks, so pipes work; stored positions are verified and not needed. Memory is the table of contents and a few
/// buffers. A stream that the caller does not read to its end is still verified, when the next one is requested.
///
/// ```
/// use std::fs::File;
/// use appsnap::{Limits, observe::NoObserver, pgdump::Dump};
///
/// let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// let mut sum_bytes = 0;
/// while let Some(mut stream) = dump.next_stream()? {
///     let len_bytes = std::io::copy(&mut stream, &mut std::io::sink())?;
///     println!("{} has {len_bytes} bytes", stream.entry());
///     sum_bytes += len_bytes;
/// }
/// assert_eq!(dump.finish(&mut NoObserver)?.uncompressed_bytes(), sum_bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Suitable for untrusted dumps: see [`Limits`] for the bounds. [`next_stream`](Self::next_stream) returns `None` only
/// after everything that can be verified has been: structure, checksums, terminators, positions, and the end of the file.
pub struct Dump<R> {
    reader: BlockReader<R>,
    limits: Limits,
    /// Created for the first stream, so that the entries of a dump can be read whose compression this build lacks.
    decoder: Option<StreamDecoder>,
    /// The number of bytes that the readers of all parts of the dump have decoded, if there are several.
    decoded_by_all: Option<Arc<AtomicU64>>,
    /// The buffer for streams that the caller does not read; empty until it is needed.
    scratch: Vec<u8>,
    blocks: Vec<BlockReport>,
    unlisted: Unlisted,
    /// `true` if the encoding of texts is not known.
    is_sql_ascii: bool,
    not_utf8: NotUtf8,
    watched: Arc<WatchedTables>,
    newer_values: Vec<Incompatibility>,
}

/// A step through the data area.
pub(super) enum Step {
    /// A stream begins: that of the entry with this dump id, and of the large object with this OID.
    Stream(u32, Option<u32>),
    /// A block has ended.
    BlockEnd,
    /// The dump has ended, and is verified.
    End,
}

/// The findings in one block, which a reader of blocks has decoded.
pub(super) struct BlockFound {
    pub(super) report: BlockReport,
    /// The position of the first byte after the block.
    pub(super) end: u64,
    pub(super) unlisted: Unlisted,
    pub(super) first_bad_line: Option<u64>,
    pub(super) newer_values: Vec<Incompatibility>,
}

/// The least number of bytes between two events.
pub(super) const EVENT_BYTES: u64 = 1 << 20;

impl<R: Read> Dump<R> {
    /// Reads the header and the table of contents.
    ///
    /// # Errors
    /// Returns an error if the source fails, or if its bytes are not a dump in custom format of a known version, end too
    /// early, are damaged or exceed a limit.
    pub fn open(source: R, limits: &Limits) -> Result<Self, Error> {
        let reader = BlockReader::open(source, limits)?;
        let unlisted = Unlisted::new(reader.toc());
        let is_sql_ascii = settings::is_sql_ascii(reader.toc());
        let (decoder, scratch, blocks, not_utf8) = (None, Vec::new(), Vec::new(), NotUtf8::default());
        let watched = Arc::new(WatchedTables::of(reader.header(), reader.toc()));
        let newer_values = Vec::new();
        Ok(Self {
            reader,
            limits: limits.clone(),
            decoder,
            decoded_by_all: None,
            scratch,
            blocks,
            unlisted,
            is_sql_ascii,
            not_utf8,
            watched,
            newer_values,
        })
    }

    /// Returns the header of the dump.
    #[must_use]
    pub const fn header(&self) -> &Header {
        self.reader.header()
    }

    /// Returns the table of contents.
    #[must_use]
    pub fn toc(&self) -> &Toc {
        self.reader.toc()
    }

    /// Returns the next stream: the data of a table, or one large object. Returns `None` at the verified end of the dump.
    ///
    /// The unread part of the stream before is read and verified first.
    ///
    /// # Errors
    /// Returns an error if the source fails, if the dump ends too early, is damaged or exceeds a limit, or if this build
    /// lacks the decoder for its compression.
    pub fn next_stream(&mut self) -> Result<Option<Stream<'_, R>>, Error> {
        let next = self.advance()?;
        Ok(next.map(|(id, oid)| Stream { dump: self, id, oid }))
    }

    /// Reads up to the first stream of the entry with this dump id.
    pub(super) fn stream_of(&mut self, wanted: u32) -> Result<Option<Stream<'_, R>>, Error> {
        if self.blocks.iter().any(|block| block.id == wanted) {
            return Err(Error::new(ErrorKind::Misuse("the stream has been passed already: open the dump again")));
        }
        while let Some((id, oid)) = self.advance()? {
            if id == wanted {
                return Ok(Some(Stream { dump: self, id, oid }));
            }
        }
        Ok(None)
    }

    /// Reads up to the next stream, and returns its dump id and, of a large object, its OID.
    fn advance(&mut self) -> Result<Option<(u32, Option<u32>)>, Error> {
        loop {
            match self.step()? {
                Step::Stream(id, oid) => return Ok(Some((id, oid))),
                Step::BlockEnd => {}
                Step::End => return Ok(None),
            }
        }
    }

    /// Reads up to the next stream or the end of the block.
    pub(super) fn step(&mut self) -> Result<Step, Error> {
        while self.skip()? > 0 {}
        loop {
            match self.reader.next_element()? {
                None => return Ok(Step::End),
                Some(DataElement::TableData { id }) => {
                    self.blocks.push(BlockReport::table_data(id));
                    let is_copy = self.toc().get(id).is_some_and(|entry| entry.is_copy());
                    self.start_stream(is_copy)?;
                    if let Some(decoder) = &mut self.decoder {
                        if self.is_sql_ascii {
                            decoder.check_utf8();
                        }
                        decoder.watch_values(self.watched.watch(id).filter(|_| is_copy));
                    }
                    return Ok(Step::Stream(id, None));
                }
                Some(DataElement::LargeObjects { id }) => self.blocks.push(BlockReport::large_objects(id)),
                Some(DataElement::LargeObject { oid }) => {
                    let block = self.blocks.last_mut();
                    let block = block.ok_or_else(|| Error::internal("a large object is outside of a block"))?;
                    block.large_objects_count = block.large_objects_count.map(|count| count.saturating_add(1));
                    let id = block.id;
                    self.unlisted.record(oid);
                    self.start_stream(false)?;
                    return Ok(Step::Stream(id, Some(oid)));
                }
                Some(DataElement::TableDataEnd | DataElement::LargeObjectsEnd) => {
                    let end = self.reader.position();
                    if let (Some(block), Some(start)) = (self.blocks.last_mut(), self.reader.block_position()) {
                        block.stored_bytes = end.saturating_sub(start);
                    }
                    return Ok(Step::BlockEnd);
                }
                // The decoder consumes the elements of streams.
                Some(DataElement::Chunk { .. } | DataElement::Bytes(_) | DataElement::StreamEnd) => {}
            }
        }
    }

    fn start_stream(&mut self, is_copy: bool) -> Result<(), Error> {
        if self.decoder.is_none() {
            let decoder = StreamDecoder::new(self.header().compression, &self.limits);
            let decoder = decoder.map_err(|error| self.reader.fail(error))?;
            self.decoder = Some(decoder.with_others(self.decoded_by_all.clone()));
        }
        if let Some(decoder) = &mut self.decoder {
            decoder.open(is_copy);
        }
        Ok(())
    }

    /// Reads and verifies a part of the open stream. Returns 0 if there is none.
    fn skip(&mut self) -> Result<usize, Error> {
        let Some(decoder) = self.decoder.as_mut().filter(|decoder| decoder.is_open()) else { return Ok(0) };
        let count = decoder.skip(&mut self.reader, &mut self.scratch)?;
        self.count(count);
        Ok(count)
    }

    /// Reads decoded bytes of the open stream. Returns 0 at its verified end.
    fn read_decoded(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let Some(decoder) = self.decoder.as_mut().filter(|decoder| decoder.is_open()) else { return Ok(0) };
        let count = decoder.read(&mut self.reader, out)?;
        self.count(count);
        Ok(count)
    }

    /// Adds decoded bytes to the report of the block, and the findings in the stream if it has ended.
    fn count(&mut self, count: usize) {
        if let (Some(decoder), Some(block)) = (&mut self.decoder, self.blocks.last_mut()) {
            block.uncompressed_bytes = block.uncompressed_bytes.saturating_add(count as u64);
            if !decoder.is_open() {
                block.rows_count = decoder.rows_count();
                if let Some(line) = decoder.first_bad_line() {
                    self.not_utf8.record(block.id, line);
                }
                self.newer_values.append(&mut decoder.take_values());
            }
        }
    }

    /// Returns a reader of single blocks of the same dump, which counts what it decodes in `decoded_by_all`.
    pub(super) fn of_blocks<P: Read>(&self, source: P, decoded_by_all: &Arc<AtomicU64>) -> Dump<P> {
        Dump {
            reader: self.reader.of_blocks(source),
            limits: self.limits.clone(),
            decoder: None,
            decoded_by_all: Some(Arc::clone(decoded_by_all)),
            scratch: Vec::new(),
            blocks: Vec::new(),
            unlisted: self.unlisted.of_part(),
            is_sql_ascii: self.is_sql_ascii,
            not_utf8: NotUtf8::default(),
            watched: Arc::clone(&self.watched),
            newer_values: Vec::new(),
        }
    }

    /// Continues at the block at `position`, to which `seek` moves the source.
    pub(super) fn seek_to(&mut self, position: u64, seek: impl FnOnce(&mut R)) {
        self.reader.seek_to(position, seek);
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the number of bytes of the dump that have been read.
    pub(super) const fn position(&self) -> u64 {
        self.reader.position()
    }

    /// Returns the stream that [`step`](Self::step) has reached.
    pub(super) const fn stream(&mut self, id: u32, oid: Option<u32>) -> Stream<'_, R> {
        Stream { dump: self, id, oid }
    }

    /// Returns what was found in the block whose end has been reached.
    pub(super) fn take_block(&mut self) -> Result<BlockFound, Error> {
        let report = self.blocks.pop().ok_or_else(|| Error::internal("a block has no report"))?;
        let of_part = self.unlisted.of_part();
        Ok(BlockFound {
            report,
            end: self.reader.position(),
            unlisted: std::mem::replace(&mut self.unlisted, of_part),
            first_bad_line: std::mem::take(&mut self.not_utf8).first.map(|(_, line)| line),
            newer_values: std::mem::take(&mut self.newer_values),
        })
    }

    /// Adds what a reader of blocks has found in the next block.
    pub(super) fn append(&mut self, mut block: BlockFound) {
        let id = block.report.id;
        self.blocks.push(block.report);
        self.unlisted.append(&block.unlisted);
        if let Some(line) = block.first_bad_line {
            self.not_utf8.record(id, line);
        }
        self.newer_values.append(&mut block.newer_values);
    }

    /// Describes the dump, all of which this reader has read, or readers of blocks: then `ends` states the end of the data,
    /// the length of the dump, and whether the blocks are in the order of their entries.
    pub(super) fn inspection(self, ends: Option<(u64, u64, bool)>) -> Result<Inspection, Error> {
        let dump_bytes = self.reader.position();
        let own = (self.reader.data_end_bytes().unwrap_or(dump_bytes), dump_bytes, self.reader.in_order());
        let (data_end_bytes, dump_bytes, in_order) = ends.unwrap_or(own);
        let (header, toc) = self.reader.into_parts();
        let read = ReadToEnd { header, toc, in_order, dump_bytes, data_end_bytes };
        findings::inspection(read, self.blocks, self.unlisted.into_found(), &self.not_utf8, self.newer_values)
    }

    /// Reads and verifies the rest of the dump, and describes the whole.
    ///
    /// The observer receives the number of bytes read.
    ///
    /// # Errors
    /// Returns an error as [`next_stream`](Self::next_stream) does, if the dump has settings that pg_restore refuses, or
    /// if the observer cancels.
    pub fn finish(mut self, observer: &mut dyn Observer) -> Result<Inspection, Error> {
        let mut observed_bytes = 0;
        loop {
            let is_stream = self.skip()? > 0 || self.advance()?.is_some();
            let position = self.reader.position();
            if !is_stream || position.saturating_sub(observed_bytes) >= EVENT_BYTES {
                proceed(observer, &Event::bytes(position, None))?;
                observed_bytes = position;
            }
            if !is_stream {
                return self.inspection(None);
            }
        }
    }
}

impl<R: Read + io::Seek> Dump<R> {
    /// Jumps to the data of the entry with this dump id if its position is known and nothing has been read.
    pub(super) fn jump_to(&mut self, id: u32) -> Result<(), Error> {
        match self.toc().get(id).map(|entry| entry.data) {
            Some(DataState::Set(position)) if self.blocks.is_empty() => self.reader.jump_to(id, position),
            _ => Ok(()),
        }
    }
}

impl<R> fmt::Debug for Dump<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dump").field("reader", &self.reader).finish_non_exhaustive()
    }
}

/// One stream of a dump, decoded: the data of a table, or one large object.
///
/// [`Read`] returns decoded bytes, and `Ok(0)` only after the stream has been verified. Its errors are [`Error`]s within
/// [`io::Error`]s.
///
/// ```
/// use std::fs::File;
/// use std::io::Read;
/// use appsnap::{Limits, pgdump::Dump};
///
/// let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// while let Some(mut stream) = dump.next_stream()? {
///     if let Some(oid) = stream.oid() {
///         let mut object = Vec::new();
///         stream.read_to_end(&mut object)?;
///         println!("large object {oid}: {} bytes", object.len());
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stream<'d, R> {
    dump: &'d mut Dump<R>,
    id: u32,
    oid: Option<u32>,
}

impl<R: Read> Stream<'_, R> {
    /// Returns the dump id of the entry that the stream belongs to.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Returns the entry that the stream belongs to.
    ///
    /// The entry is decoded in each call. That of large objects may be long and is the same for all of them:
    /// [`id`](Self::id) is cheaper.
    #[must_use]
    pub fn entry(&self) -> Entry<'_> {
        // The block was accepted because its entry exists, so the empty one is never returned.
        self.dump.toc().get(self.id).unwrap_or_else(|| Entry::new(self.id, b"", b""))
    }

    /// Returns the OID of the large object, or `None` for the data of a table.
    #[must_use]
    pub const fn oid(&self) -> Option<u32> {
        self.oid
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.dump.limits
    }

    pub(super) fn read_decoded(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        self.dump.read_decoded(out)
    }

    /// Returns the first error of the dump, if there was one.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.dump.reader.check()
    }

    /// Marks the dump as failed, and adds the current entry and position to the error.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        let position = self.dump.reader.position();
        self.dump.reader.fail(error.at(position))
    }
}

impl<R: Read> Read for Stream<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.read_decoded(out).map_err(io::Error::from)
    }
}

impl<R> fmt::Debug for Stream<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("id", &self.id).field("oid", &self.oid).finish_non_exhaustive()
    }
}
