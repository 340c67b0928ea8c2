//! The data area: blocks, large objects and chunks, handed out as they are stored, in one forward pass.

use std::fmt;
use std::io::Read;

use super::corruption::Corruption;
use super::error::{Error, ErrorKind};
use super::head::Head;
use super::header::{Format, HEADER, Header};
use super::piece::{BLOCK_BLOBS, BLOCK_DATA, BlockKind, Piece};
use super::second_toc;
use super::source::Source;
use super::toc::{DataState, Toc};
use super::version::FormatVersion;
use crate::limits::{Budget, Limits};

/// A dump as it is stored: header, table of contents, and the data area piece by piece.
///
/// Reads forward only, so a pipe will do, and holds one bounded buffer whatever the chunks claim. It verifies that
/// blocks and entries belong together, that blocks lie where the table of contents says, and that nothing follows the
/// last, but for a [second table of contents](Self::has_second_toc). What is inside the streams is not looked at:
/// [`Dump`](super::Dump) decodes them.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::Blocks;
///
/// let dump = std::fs::read("examples/data/quickstart.dump")?;
/// let mut blocks = Blocks::open(dump.as_slice(), &Limits::untrusted())?;
/// let dialect = *blocks.toc().dialect();
/// let mut copy = dump[..blocks.data_offset_bytes() as usize].to_vec();
/// while let Some(piece) = blocks.next_piece()? {
///     piece.encode(&dialect, &mut copy)?;
/// }
/// assert!(copy == dump);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Blocks<R> {
    header: Header,
    toc: Toc,
    source: Source<R>,
    data_offset_bytes: u64,
    /// Known when the data have ended.
    data_end_bytes: Option<u64>,
    state: State,
    current: Option<Current>,
    ledger: Ledger,
}

#[derive(Clone, Copy)]
struct Current {
    kind: BlockKind,
    id: u32,
    oid: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A block or the end of the file comes next.
    Between,
    /// A large object or the end of the block comes next.
    Objects,
    /// In a stream, with so much of a chunk to come; after it, or with nothing, the next chunk or the stream's end.
    Stream(u32),
    /// The stream of a data block has ended.
    AfterStream,
    Ended,
    /// An error was reported.
    Failed,
}

/// Which entries' blocks have been seen.
struct Ledger {
    /// Where the block of each entry began; 0 stands for none so far.
    starts: Vec<u64>,
    /// Blocks that have not come yet.
    missing_count: usize,
    /// Where the latest block's entry stands, to tell whether blocks come in the entries' order.
    latest_index: Option<usize>,
    in_order: bool,
}

const BLOCK_HEADER: &str = "a block header";
const CHUNK: &str = "a chunk";

impl<R: Read> Blocks<R> {
    /// Reads header and table of contents.
    ///
    /// # Errors
    /// [`ErrorKind::NotAnArchive`], [`ErrorKind::NotCustomFormat`], [`ErrorKind::UnsupportedVersion`],
    /// [`ErrorKind::Truncated`], [`ErrorKind::Corrupt`], [`ErrorKind::Limit`], [`ErrorKind::Io`].
    pub fn open(source: R, limits: &Limits) -> Result<Self, Error> {
        let mut head = Head::new(source);
        // Three strings, and numbers.
        let budget = Budget::new("max_string_bytes", limits.max_string_bytes().saturating_mul(3).saturating_add(256));
        let header = head.parse(HEADER, &budget, |cursor| Header::read(cursor, limits))?;
        if header.format != Format::Custom {
            return Err(Error::new(ErrorKind::NotCustomFormat { code: header.format.code() }));
        }
        head.mark();
        let toc = Toc::read(&mut head, header.dialect, limits)?;
        let missing_count = toc.entries().filter(super::toc::Entry::has_data).count();
        let ledger = Ledger { starts: vec![0; toc.len()], missing_count, latest_index: None, in_order: true };
        let source = Source::after(head);
        let data_offset_bytes = source.position();
        Ok(Self {
            header,
            toc,
            source,
            data_offset_bytes,
            data_end_bytes: None,
            state: State::Between,
            current: None,
            ledger,
        })
    }

    /// The header of the dump.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The table of contents.
    #[must_use]
    pub const fn toc(&self) -> &Toc {
        &self.toc
    }

    /// Position of the first byte behind the table of contents, where the first block begins.
    #[must_use]
    pub const fn data_offset_bytes(&self) -> u64 {
        self.data_offset_bytes
    }

    /// How many bytes of the dump have been read.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.source.position()
    }

    /// Position of the first byte behind the last block; `None` until that was read.
    #[must_use]
    pub const fn data_end_bytes(&self) -> Option<u64> {
        self.data_end_bytes
    }

    /// Whether the table of contents stands once more behind the data, as pg_dump 17 and later leave it when their
    /// output is redirected with `>`; known when everything was read. pg_restore does not look at it.
    #[must_use]
    pub fn has_second_toc(&self) -> bool {
        self.data_end_bytes.is_some_and(|end| end < self.position())
    }

    /// Whether the blocks came in the order of their entries so far, as every dump of pg_dump has them.
    #[must_use]
    pub const fn in_order(&self) -> bool {
        self.ledger.in_order
    }

    /// The next piece; `None` once the file has ended where it should.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`], [`ErrorKind::Truncated`], [`ErrorKind::Io`]; [`ErrorKind::Misuse`] when an error was
    /// reported before.
    pub fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Error> {
        if let State::Stream(left @ 1..) = self.state {
            let count = match self.fill_chunk(left) {
                Ok(count) => count,
                Err(error) => return Err(self.fail(error)),
            };
            self.state = State::Stream(left.saturating_sub(count));
            return Ok(Some(Piece::Bytes(self.source.take_at_hand(count as usize))));
        }
        match self.step() {
            Ok(piece) => Ok(piece),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Every piece but the bytes of chunks.
    fn step(&mut self) -> Result<Option<Piece<'static>>, Error> {
        match self.state {
            State::Between => self.block(),
            State::Objects => {
                let oid = self.source.int(&self.header.dialect, "a large object's number")?.cast_unsigned();
                if oid == 0 {
                    self.state = State::Between;
                    return Ok(Some(Piece::BlockEnd(BlockKind::Blobs)));
                }
                self.state = State::Stream(0);
                if let Some(current) = &mut self.current {
                    current.oid = Some(oid);
                }
                Ok(Some(Piece::Object { oid }))
            }
            State::Stream(_) => {
                let position = self.source.position();
                let len = self.source.int(&self.header.dialect, CHUNK)?;
                let len_bytes =
                    u32::try_from(len).map_err(|_| Error::from(Corruption::ChunkLength(len)).at(position))?;
                if len_bytes == 0 {
                    let blobs = self.current.is_some_and(|current| current.kind == BlockKind::Blobs);
                    self.state = if blobs { State::Objects } else { State::AfterStream };
                    return Ok(Some(Piece::StreamEnd));
                }
                self.state = State::Stream(len_bytes);
                Ok(Some(Piece::Chunk { len_bytes }))
            }
            State::AfterStream => {
                self.state = State::Between;
                Ok(Some(Piece::BlockEnd(BlockKind::Data)))
            }
            State::Ended => Ok(None),
            State::Failed => Err(Error::new(ErrorKind::Misuse("the dump was read on after an error"))),
        }
    }

    fn block(&mut self) -> Result<Option<Piece<'static>>, Error> {
        self.current = None;
        let position = self.source.position();
        if self.source.fill()?.is_empty() {
            self.state = State::Ended;
            if self.ledger.missing_count > 0 {
                let missing =
                    self.toc.entries().zip(&self.ledger.starts).find(|(entry, start)| entry.has_data() && **start == 0);
                let (id, place) = missing.map(|(entry, _)| (entry.id, entry.to_string())).unwrap_or_default();
                return Err(Error::from(Corruption::MissingBlock(id)).at(position).within(|| place));
            }
            self.data_end_bytes = Some(position);
            return Ok(None);
        }
        if self.ledger.missing_count == 0 {
            if !second_toc::follows(&mut self.source, &self.toc, &self.ledger.starts)? {
                return Err(Error::from(Corruption::TrailingBytes).at(position));
            }
            self.state = State::Ended;
            self.data_end_bytes = Some(position);
            return Ok(None);
        }
        let kind = if self.header.version() < FormatVersion::V1_3 {
            BlockKind::Data
        } else {
            match self.source.byte(BLOCK_HEADER)? {
                BLOCK_DATA => BlockKind::Data,
                BLOCK_BLOBS => BlockKind::Blobs,
                other => return Err(Error::from(Corruption::BlockType(other)).at(position)),
            }
        };
        let id = self.source.int(&self.header.dialect, BLOCK_HEADER)?;
        let id = self.check(kind, id, position).map_err(|what| Error::corrupt(what).at(position))?;
        self.current = Some(Current { kind, id, oid: None });
        self.state = if kind == BlockKind::Blobs { State::Objects } else { State::Stream(0) };
        Ok(Some(Piece::Block { kind, id, position }))
    }

    /// Whether the block belongs to an entry, to this kind of entry, there, and for the first time.
    fn check(&mut self, kind: BlockKind, id: i32, position: u64) -> Result<u32, Corruption> {
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
        if entry.is_blobs() != (kind == BlockKind::Blobs) {
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

    /// How many bytes of the current chunk, of which `left` are to come, are at hand.
    fn fill_chunk(&mut self, left: u32) -> Result<u32, Error> {
        let at_hand = u32::try_from(self.source.fill()?.len()).unwrap_or(u32::MAX);
        if at_hand == 0 {
            return Err(Error::truncated(CHUNK).at(self.source.position()));
        }
        Ok(at_hand.min(left))
    }

    /// Stored bytes of the current stream, across chunks; empty when the stream has ended or none is open.
    pub(crate) fn fill_stream(&mut self) -> Result<&[u8], Error> {
        loop {
            let result = match self.state {
                State::Stream(left @ 1..) => match self.fill_chunk(left) {
                    Ok(count) => return Ok(self.source.at_hand().get(..count as usize).unwrap_or_default()),
                    Err(error) => Err(error),
                },
                State::Stream(0) => self.step(),
                _ => return Ok(&[]),
            };
            if let Err(error) = result {
                return Err(self.fail(error));
            }
        }
    }

    /// Moves on by `count` bytes of what [`fill_stream`](Self::fill_stream) gave.
    pub(crate) fn consume_stream(&mut self, count: usize) {
        if let State::Stream(left) = self.state {
            let count = u32::try_from(count).unwrap_or(u32::MAX).min(left);
            self.source.consume(count as usize);
            self.state = State::Stream(left.saturating_sub(count));
        }
    }

    /// Header and table of contents.
    pub(crate) fn into_parts(self) -> (Header, Toc) {
        (self.header, self.toc)
    }

    /// Takes note that the dump is of no further use, and names the place.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        self.state = State::Failed;
        match self.current.and_then(|current| Some((self.toc.get(current.id)?, current.oid))) {
            None => error,
            Some((entry, None)) => error.within(|| entry.to_string()),
            Some((entry, Some(oid))) => error.within(|| format!("large object {oid} of {entry}")),
        }
    }
}

impl<R> fmt::Debug for Blocks<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks")
            .field("header", &self.header)
            .field("data_offset_bytes", &self.data_offset_bytes)
            .finish_non_exhaustive()
    }
}
