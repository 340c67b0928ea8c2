//! Reads the data area in one forward pass, in stored form: [`BlockReader`].

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use super::corruption::Corruption;
use super::data_element::{BLOCK_BLOBS, BLOCK_DATA, DataElement};
use super::data_state::DataState;
use super::error::{Error, ErrorKind};
use super::header::{FORMAT_CUSTOM, HEADER, Header, MAGIC};
use super::identify::read_header;
use super::parse_buffer::ParseBuffer;
use super::second_toc;
use super::source::Source;
use super::toc::{Entry, Toc};
use super::version::FormatVersion;
use crate::limits::{Budget, Limits};

/// A reader for a dump in stored form: the header, the table of contents, and the data area element by element.
///
/// It reads forward only, so pipes work, and holds one bounded buffer whatever the chunks claim. It verifies that blocks
/// and entries belong together, that blocks are at the positions that the table of contents states, and that only a
/// [second table of contents](Self::has_second_toc) follows the last block. Streams are not decoded:
/// [`Dump`](crate::pgdump::Dump) does that.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::raw::BlockReader;
///
/// let dump = std::fs::read("examples/data/quickstart.dump")?;
/// let mut reader = BlockReader::open(dump.as_slice(), &Limits::untrusted())?;
/// let header = reader.header().clone();
/// let mut copy = dump[..reader.data_offset_bytes() as usize].to_vec();
/// while let Some(element) = reader.next_element()? {
///     element.encode(&header, &mut copy)?;
/// }
/// assert!(copy == dump);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BlockReader<R> {
    header: Header,
    /// Shared with the readers of [single blocks](Self::of_blocks).
    toc: Arc<Toc>,
    source: Source<R>,
    data_offset_bytes: u64,
    /// Known when the data has ended.
    data_end_bytes: Option<u64>,
    state: State,
    current: Option<Block>,
    ledger: Ledger,
    /// The elements of the current stream that its decoder has consumed, in stored form, if they are wanted.
    tap: Option<Vec<u8>>,
    /// The dump id of the only block that is read, after a [jump](Self::jump_to) to it.
    only: Option<u32>,
    /// The first error, which every later call repeats.
    failed: Option<Error>,
}

/// The block that is being read.
#[derive(Clone, Copy)]
struct Block {
    kind: BlockKind,
    id: u32,
    /// The OID of the latest large object in it.
    oid: Option<u32>,
    position: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockKind {
    TableData,
    LargeObjects,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a block or the end of the file.
    Between,
    /// Before a large object or the end of the block.
    Objects,
    /// In a stream, with so many bytes of a chunk left. At 0 a chunk or the end of the stream follows.
    Stream(usize),
    /// After the stream of a table's data block.
    AfterStream,
    Ended,
}

/// Records which entries' blocks have been read.
struct Ledger {
    /// The position of the block of each entry; 0 for none so far.
    starts: Vec<u64>,
    /// The number of blocks that have not been read.
    missing_count: usize,
    /// The index of the latest block's entry, to detect blocks that are not in the entries' order.
    latest_index: Option<usize>,
    in_order: bool,
}

const BLOCK_HEADER: &str = "a block header";
const CHUNK: &str = "a chunk";

impl<R: Read> BlockReader<R> {
    /// Reads the header and the table of contents.
    ///
    /// # Errors
    /// Returns an error if the source fails, or if its bytes are not a dump in custom format of a known version, end too
    /// early, are damaged or exceed a limit.
    pub fn open(source: R, limits: &Limits) -> Result<Self, Error> {
        let mut buffer = ParseBuffer::new(source);
        // Three texts, and numbers.
        let budget = Budget::new("max_string_bytes", limits.max_string_bytes().saturating_mul(3).saturating_add(256));
        let header = buffer.parse(HEADER, &budget, |cursor| read_header(cursor, limits))?;
        if header.format_code != FORMAT_CUSTOM {
            return Err(Error::new(ErrorKind::NotCustomFormat { code: header.format_code }));
        }
        buffer.restart();
        let toc = Toc::read(&mut buffer, header.dialect, limits)?;
        let missing_count = toc.entries().filter(Entry::has_data).count();
        let ledger = Ledger { starts: vec![0; toc.len()], missing_count, latest_index: None, in_order: true };
        let source = Source::after(buffer);
        let data_offset_bytes = source.position();
        Ok(Self {
            header,
            toc: Arc::new(toc),
            source,
            data_offset_bytes,
            data_end_bytes: None,
            state: State::Between,
            current: None,
            ledger,
            tap: None,
            only: None,
            failed: None,
        })
    }

    /// Returns a reader of single blocks of the same dump, which [`seek_to`](Self::seek_to) moves to each of them.
    pub(super) fn of_blocks<P: Read>(&self, source: P) -> BlockReader<P> {
        let starts = vec![0; self.toc.len()];
        let ledger = Ledger { starts, missing_count: self.toc.len(), latest_index: None, in_order: true };
        BlockReader {
            header: self.header.clone(),
            toc: Arc::clone(&self.toc),
            source: Source::new(source),
            data_offset_bytes: self.data_offset_bytes,
            data_end_bytes: None,
            state: State::Ended,
            current: None,
            ledger,
            tap: None,
            failed: None,
            only: None,
        }
    }

    /// Continues at the block at `position`, to which `seek` moves the source.
    pub(super) fn seek_to(&mut self, position: u64, seek: impl FnOnce(&mut R)) {
        self.source.seek_to(position, seek);
        self.state = State::Between;
        self.current = None;
    }

    /// Returns the header of the dump.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the table of contents.
    #[must_use]
    pub fn toc(&self) -> &Toc {
        &self.toc
    }

    /// Returns the length of the header and the table of contents, which is the position of the first block.
    #[must_use]
    pub const fn data_offset_bytes(&self) -> u64 {
        self.data_offset_bytes
    }

    /// Returns the number of bytes of the dump that have been read.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.source.position()
    }

    /// Returns the position of the block that was started last, or `None` before the first block.
    #[must_use]
    pub fn block_position(&self) -> Option<u64> {
        self.current.map(|block| block.position)
    }

    /// Returns the length of the dump up to the end of the last block, or `None` before that has been read.
    #[must_use]
    pub const fn data_end_bytes(&self) -> Option<u64> {
        self.data_end_bytes
    }

    /// Returns `true` if the table of contents is stored again after the data, as pg_dump 17 and later do if their output
    /// is redirected with `>`. Known when everything has been read. pg_restore ignores it.
    #[must_use]
    pub fn has_second_toc(&self) -> bool {
        self.data_end_bytes.is_some_and(|end| end < self.position())
    }

    /// Returns `true` if the blocks so far are in the order of their entries, as in every dump of pg_dump.
    #[must_use]
    pub const fn in_order(&self) -> bool {
        self.ledger.in_order
    }

    /// Reads the next element. Returns `None` at the verified end of the dump.
    ///
    /// # Errors
    /// Returns an error if the source fails, or if the dump ends too early or is damaged.
    pub fn next_element(&mut self) -> Result<Option<DataElement<'_>>, Error> {
        self.check()?;
        if let State::Stream(left @ 1..) = self.state {
            let count = match self.fill_chunk(left) {
                Ok(count) => count,
                Err(error) => return Err(self.fail(error)),
            };
            self.state = State::Stream(left.saturating_sub(count));
            return Ok(Some(DataElement::Bytes(self.source.take_buffered(count))));
        }
        match self.step() {
            Ok(element) => Ok(element),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Reads an element other than the bytes of a chunk.
    fn step(&mut self) -> Result<Option<DataElement<'static>>, Error> {
        match self.state {
            State::Between => self.block(),
            State::Objects => {
                let oid = self.source.int(&self.header.dialect, "a large object's number")?.cast_unsigned();
                if oid == 0 {
                    self.state = State::Between;
                    return Ok(Some(DataElement::LargeObjectsEnd));
                }
                self.state = State::Stream(0);
                if let Some(block) = &mut self.current {
                    block.oid = Some(oid);
                }
                Ok(Some(DataElement::LargeObject { oid }))
            }
            State::Stream(_) => {
                let position = self.source.position();
                let len = self.source.int(&self.header.dialect, CHUNK)?;
                let len_bytes =
                    u32::try_from(len).map_err(|_| Error::from(Corruption::ChunkLength(len)).at(position))?;
                if len_bytes == 0 {
                    let is_object = self.current.is_some_and(|block| block.kind == BlockKind::LargeObjects);
                    self.state = if is_object { State::Objects } else { State::AfterStream };
                    return Ok(Some(DataElement::StreamEnd));
                }
                self.state = State::Stream(len_bytes as usize);
                Ok(Some(DataElement::Chunk { len_bytes }))
            }
            State::AfterStream => {
                self.state = State::Between;
                Ok(Some(DataElement::TableDataEnd))
            }
            State::Ended => Ok(None),
        }
    }

    fn block(&mut self) -> Result<Option<DataElement<'static>>, Error> {
        if self.only.is_some() && self.current.is_some() {
            return Err(Error::new(ErrorKind::Misuse("only one table of the dump is read after a jump to it")));
        }
        self.current = None;
        let position = self.source.position();
        if self.source.fill()?.is_empty() {
            self.state = State::Ended;
            if self.ledger.missing_count > 0 {
                return Err(self.missing_block().at(position));
            }
            self.data_end_bytes = Some(position);
            return Ok(None);
        }
        if self.ledger.missing_count == 0 {
            let is_dump = self.source.fill()?.starts_with(MAGIC);
            if !second_toc::follows(&mut self.source, &self.toc, &self.ledger.starts)? {
                let what = if is_dump { Corruption::TrailingDump } else { Corruption::TrailingBytes };
                return Err(Error::from(what(position)).at(position));
            }
            self.state = State::Ended;
            self.data_end_bytes = Some(position);
            return Ok(None);
        }
        let kind = if self.header.version() < FormatVersion::V1_3 {
            BlockKind::TableData
        } else {
            match self.source.byte(BLOCK_HEADER)? {
                BLOCK_DATA => BlockKind::TableData,
                BLOCK_BLOBS => BlockKind::LargeObjects,
                other => return Err(Error::from(Corruption::BlockType(other)).at(position)),
            }
        };
        let id = self.source.int(&self.header.dialect, BLOCK_HEADER)?;
        if self.only.is_some_and(|only| u32::try_from(id) != Ok(only)) {
            return Err(Error::from(Corruption::UnknownBlock(id)).at(position));
        }
        let id = self.record(kind, id, position).map_err(|what| Error::from(what).at(position))?;
        self.current = Some(Block { kind, id, oid: None, position });
        Ok(Some(match kind {
            BlockKind::TableData => {
                self.state = State::Stream(0);
                DataElement::TableData { id }
            }
            BlockKind::LargeObjects => {
                self.state = State::Objects;
                DataElement::LargeObjects { id }
            }
        }))
    }

    #[cold]
    fn missing_block(&self) -> Error {
        let mut blocks = self.toc.entries().zip(&self.ledger.starts);
        match blocks.find(|(entry, start)| entry.has_data() && **start == 0) {
            Some((entry, _)) => Error::from(Corruption::MissingBlock(entry.id)).within(entry.to_string()),
            None => Corruption::MissingBlock(0).into(),
        }
    }

    /// Verifies that the block belongs to an entry of its kind, at this position, and is its first.
    fn record(&mut self, kind: BlockKind, id: i32, position: u64) -> Result<u32, Corruption> {
        let index = u32::try_from(id).ok().and_then(|id| self.toc.index_of(id));
        let index = index.ok_or(Corruption::UnknownBlock(id))?;
        let entry = self.toc.entry(index).ok_or(Corruption::UnknownBlock(id))?;
        match entry.data {
            DataState::NoData => return Err(Corruption::UnexpectedBlock(entry.id)),
            DataState::Set(stored) if stored != position => {
                return Err(Corruption::Position { id: entry.id, stored, actual: position });
            }
            _ => {}
        }
        if entry.is_large_objects() != (kind == BlockKind::LargeObjects) {
            return Err(Corruption::BlockKind(entry.id));
        }
        let ledger = &mut self.ledger;
        match ledger.starts.get_mut(index) {
            Some(start) if *start == 0 => *start = position,
            _ => return Err(Corruption::DuplicateBlock(entry.id)),
        }
        ledger.missing_count = ledger.missing_count.saturating_sub(1);
        ledger.in_order &= ledger.latest_index.is_none_or(|latest| latest < index);
        ledger.latest_index = Some(index);
        Ok(entry.id)
    }

    /// Returns how many of the `left` bytes of the current chunk are in the buffer, at least one.
    fn fill_chunk(&mut self, left: usize) -> Result<usize, Error> {
        let count = self.source.fill()?.len().min(left);
        if count == 0 {
            return Err(Error::truncated(CHUNK).at(self.source.position()));
        }
        Ok(count)
    }

    /// Returns stored bytes of the current stream, across chunks. An empty slice means that the stream has ended or that
    /// none is open.
    pub(super) fn fill_stream(&mut self) -> Result<&[u8], Error> {
        self.check()?;
        loop {
            let result = match self.state {
                State::Stream(left @ 1..) => match self.fill_chunk(left) {
                    Ok(count) => {
                        let buffered = self.source.buffered();
                        return Ok(buffered.split_at(count.min(buffered.len())).0);
                    }
                    Err(error) => Err(error),
                },
                State::Stream(0) => self.step().and_then(|element| match (&mut self.tap, element) {
                    (Some(tap), Some(element)) => element.write(&self.header.dialect, tap),
                    _ => Ok(()),
                }),
                _ => return Ok(&[]),
            };
            if let Err(error) = result {
                return Err(self.fail(error));
            }
        }
    }

    /// Skips `count` of the bytes that [`fill_stream`](Self::fill_stream) returned.
    pub(super) fn consume_stream(&mut self, count: usize) {
        if let State::Stream(left) = self.state {
            let count = count.min(left);
            if let Some(tap) = &mut self.tap {
                tap.extend(self.source.buffered().iter().take(count));
            }
            self.source.consume(count);
            self.state = State::Stream(left.saturating_sub(count));
        }
    }

    /// Starts or stops to keep the elements that decoders consume.
    pub(super) fn keep_consumed(&mut self, keep: bool) {
        self.tap = keep.then(Vec::new);
    }

    /// Moves the elements that decoders have consumed to `out`.
    pub(super) fn take_consumed(&mut self, out: &mut Vec<u8>) {
        if let Some(tap) = &mut self.tap {
            out.append(tap);
        }
    }

    /// Verifies that nothing of the stream is left when its decoder for `algorithm` is done.
    pub(super) fn expect_stream_end(&mut self, algorithm: &'static str) -> Result<(), Error> {
        if self.fill_stream()?.is_empty() {
            return Ok(());
        }
        Err(Error::from(Corruption::StreamSurplus(algorithm)).at(self.position()))
    }

    /// Returns the header and the table of contents.
    pub(super) fn into_parts(self) -> (Header, Toc) {
        (self.header, Arc::unwrap_or_clone(self.toc))
    }

    /// Returns the first error, if there was one.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Marks the reader as failed and adds the current entry to the error. Returns the first error.
    #[cold]
    pub(super) fn fail(&mut self, error: Error) -> Error {
        if let Some(first) = &self.failed {
            return first.clone();
        }
        let error = match self.current.and_then(|block| Some((self.toc.get(block.id)?, block.oid))) {
            None => error,
            Some((entry, None)) => error.within(entry.to_string()),
            Some((entry, Some(oid))) => error.within(format!("large object {oid} of {entry}")),
        };
        self.failed.insert(error).clone()
    }
}

impl<R: Read + std::io::Seek> BlockReader<R> {
    /// Jumps to the block of the entry `id`, which is at `position`, and is the only one that is read then.
    pub(super) fn jump_to(&mut self, id: u32, position: u64) -> Result<(), Error> {
        self.check()?;
        if let Err(error) = self.source.jump_to(position) {
            return Err(self.fail(error));
        }
        self.only = Some(id);
        self.state = State::Between;
        self.current = None;
        Ok(())
    }
}

impl<R> fmt::Debug for BlockReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockReader")
            .field("header", &self.header)
            .field("data_offset_bytes", &self.data_offset_bytes)
            .finish_non_exhaustive()
    }
}
