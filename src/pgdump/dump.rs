//! Reads a dump from front to back: every stream decoded and verified, lent one at a time.

use std::fmt;
use std::io::{self, Read};

use super::block::Blocks;
use super::compression::Decoder;
use super::error::Error;
use super::header::Header;
use super::inspection::{DataFacts, Inspection};
use super::piece::{BlockKind, Piece};
use super::table::Rows;
use super::toc::{Entry, Toc};
use super::watch::CopyWatch;
use crate::limits::{Budget, Limits};

/// A dump that is read from front to back.
///
/// Pipes will do: nothing is sought, and stored offsets are compared but not needed. Memory is the table of contents and
/// a few buffers, whatever the dump holds. A stream that is not read to its end is verified all the same, when the next
/// one is asked for.
///
/// ```
/// use std::io::Read;
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::Dump;
///
/// let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// assert_eq!(dump.header().version().to_string(), "1.14");
/// let mut plain_bytes = 0;
/// while let Some(mut stream) = dump.next_stream()? {
///     let len_bytes = std::io::copy(&mut stream, &mut std::io::sink())?;
///     println!("{} has {len_bytes} bytes", stream.entry());
///     plain_bytes += len_bytes;
/// }
/// assert_eq!(dump.finish()?.plain_bytes(), plain_bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Made for strangers' dumps: see [`Limits`] for the bounds. [`next_stream`](Self::next_stream) gives `None` only when
/// everything was verified that can be: structure, checksums, terminators, positions, and the end of the file.
pub struct Dump<R> {
    blocks: Blocks<R>,
    limits: Limits,
    /// Made when the first stream is met: a dump whose compression this build lacks can still be looked at.
    decoder: Option<Decoder>,
    budget: Budget,
    open: Option<Open>,
    /// Where streams go that nobody reads; empty until there is one.
    scratch: Vec<u8>,
    block_start: u64,
    facts: Vec<DataFacts>,
    unlisted: Unlisted,
}

/// The stream that is being read.
struct Open {
    watch: Option<CopyWatch>,
}

/// Large objects with data that no entry creates; restoring them fails.
#[derive(Default)]
struct Unlisted {
    /// OIDs of the large objects that entries create, in order; `None` where it is not known.
    listed: Option<Vec<u32>>,
    count: u64,
    first_oid: u32,
}

/// Enough to skip over a stream with few calls.
const DRAIN_BYTES: usize = 64 << 10;

impl<R: Read> Dump<R> {
    /// Reads header and table of contents.
    ///
    /// # Errors
    /// As [`Blocks::open`].
    pub fn open(source: R, limits: &Limits) -> Result<Self, Error> {
        let blocks = Blocks::open(source, limits)?;
        let listed = super::large_object::listed_oids(blocks.toc());
        Ok(Self {
            blocks,
            limits: limits.clone(),
            decoder: None,
            budget: Budget::new("max_decompressed_bytes", limits.max_decompressed_bytes()),
            open: None,
            scratch: Vec::new(),
            block_start: 0,
            facts: Vec::new(),
            unlisted: Unlisted { listed, ..Unlisted::default() },
        })
    }

    /// The header of the dump.
    #[must_use]
    pub const fn header(&self) -> &Header {
        self.blocks.header()
    }

    /// The table of contents.
    #[must_use]
    pub const fn toc(&self) -> &Toc {
        self.blocks.toc()
    }

    /// The next stream: the data of a table, or one large object. `None` once the dump has ended where it should.
    ///
    /// What the caller left unread of the stream before is read and verified first.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](super::ErrorKind::Corrupt), [`ErrorKind::Truncated`](super::ErrorKind::Truncated),
    /// [`ErrorKind::Limit`](super::ErrorKind::Limit), [`ErrorKind::Io`](super::ErrorKind::Io), and
    /// [`ErrorKind::CompressionUnavailable`](super::ErrorKind::CompressionUnavailable). After an error the dump is of no
    /// further use.
    pub fn next_stream(&mut self) -> Result<Option<Stream<'_, R>>, Error> {
        if self.open.is_some() {
            let mut scratch = std::mem::take(&mut self.scratch);
            scratch.resize(DRAIN_BYTES, 0);
            while self.read_plain(&mut scratch)? > 0 {}
            self.scratch = scratch;
        }
        loop {
            match self.blocks.next_piece()? {
                None => return Ok(None),
                Some(Piece::Block { kind, id, position }) => {
                    self.block_start = position;
                    self.facts.push(DataFacts::new(id, kind));
                    if kind == BlockKind::Data {
                        return self.begin(id, None).map(Some);
                    }
                }
                Some(Piece::Object { oid }) => {
                    self.unlisted.note(oid);
                    let id = self.facts.last().map_or(0, |facts| facts.id);
                    return self.begin(id, Some(oid)).map(Some);
                }
                Some(Piece::BlockEnd(_)) => {
                    let stored_bytes = self.blocks.position().saturating_sub(self.block_start);
                    if let Some(facts) = self.facts.last_mut() {
                        facts.stored_bytes = stored_bytes;
                    }
                }
                // The stream's pieces went to the decoder.
                Some(_) => {}
            }
        }
    }

    fn begin(&mut self, id: u32, oid: Option<u32>) -> Result<Stream<'_, R>, Error> {
        let compression = self.blocks.header().compression;
        match &mut self.decoder {
            Some(decoder) => decoder.reset(),
            None => {
                self.decoder = Some(Decoder::new(compression, &self.limits).map_err(|error| self.blocks.fail(error))?);
            }
        }
        // Only a table's entry is looked up: the one of large objects may be long, and would be read again for each of them.
        let is_copy = |entry: Entry<'_>| entry.copy_statement.is_some_and(|sql| !sql.is_empty());
        let copy = oid.is_none() && self.toc().get(id).is_some_and(is_copy);
        let watch = copy.then(CopyWatch::new);
        if let Some(facts) = self.facts.last_mut() {
            facts.streams_count = facts.streams_count.saturating_add(1);
        }
        self.open = Some(Open { watch });
        Ok(Stream { dump: self, id, oid })
    }

    /// Plain bytes of the stream that is open; 0 once it has ended and passed its checks.
    fn read_plain(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        self.read_checked(out).map_err(|error| self.blocks.fail(error))
    }

    fn read_checked(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let (Some(open), Some(decoder)) = (&mut self.open, &mut self.decoder) else { return Ok(0) };
        if out.is_empty() {
            return Ok(0);
        }
        let count = decoder.read(&mut self.blocks, out)?;
        let plain = out.get(..count).unwrap_or_default();
        self.budget.spend(count as u64)?;
        let position = self.blocks.position();
        if let Some(watch) = &mut open.watch {
            let result = if count == 0 { watch.finish() } else { watch.feed(plain) };
            result.map_err(|what| Error::from(what).at(position))?;
        }
        if let Some(facts) = self.facts.last_mut() {
            facts.plain_bytes = facts.plain_bytes.saturating_add(count as u64);
            if count == 0 {
                facts.rows_count = open.watch.as_ref().map(CopyWatch::rows_count);
            }
        }
        if count == 0 {
            self.open = None;
        }
        Ok(count)
    }

    /// Reads whatever is left and says what the whole dump is like.
    ///
    /// # Errors
    /// As [`next_stream`](Self::next_stream); besides, [`ErrorKind::Corrupt`](super::ErrorKind::Corrupt) for settings that
    /// pg_restore refuses.
    pub fn finish(mut self) -> Result<Inspection, Error> {
        while self.next_stream()?.is_some() {}
        let unlisted = (self.unlisted.count > 0).then_some((self.unlisted.count, self.unlisted.first_oid));
        Inspection::new(self.blocks, self.facts, unlisted)
    }
}

impl Unlisted {
    fn note(&mut self, oid: u32) {
        if self.listed.as_ref().is_some_and(|listed| listed.binary_search(&oid).is_err()) {
            if self.count == 0 {
                self.first_oid = oid;
            }
            self.count = self.count.saturating_add(1);
        }
    }
}

impl<R> fmt::Debug for Dump<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dump").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}

/// One stream of a dump, decoded: the data of a table, or one large object.
///
/// [`Read`] gives plain bytes, and 0 only after the stream proved complete. Its errors are [`Error`]s inside of
/// [`io::Error`]s.
///
/// ```
/// use std::fs::File;
/// use std::io::Read;
/// use appsnap::Limits;
/// use appsnap::pgdump::Dump;
///
/// let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// while let Some(mut stream) = dump.next_stream()? {
///     if let Some(oid) = stream.oid() {
///         let mut object = Vec::new();
///         stream.read_to_end(&mut object)?;
///         println!("large object {oid}: {} bytes", object.len());
///     } else if stream.entry().tag == b"kpi" {
///         let mut text = String::new();
///         stream.read_to_string(&mut text)?;
///         assert!(text.starts_with("2026-01-01\t1.5\n"));
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stream<'d, R> {
    dump: &'d mut Dump<R>,
    id: u32,
    oid: Option<u32>,
}

impl<'d, R: Read> Stream<'d, R> {
    /// Dump id of the entry it belongs to.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The entry it belongs to, read from the table of contents anew: that of large objects may be long, and is the same
    /// for all of them. Where [`id`](Self::id) is enough, it is cheaper.
    #[must_use]
    pub fn entry(&self) -> Entry<'_> {
        // The id was found in this table of contents before.
        self.dump.toc().get(self.id).unwrap_or_else(|| Entry::new(self.id, b"", b""))
    }

    /// OID of the large object; `None` for the data of a table.
    #[must_use]
    pub const fn oid(&self) -> Option<u32> {
        self.oid
    }

    /// The stream as rows; from its beginning, so nothing may have been read of it.
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`](super::ErrorKind::Misuse) for large objects and for data that are INSERT statements.
    pub fn rows(self) -> Result<Rows<'d, R>, Error> {
        let max_row_bytes = self.dump.limits.max_row_bytes();
        Rows::new(self, max_row_bytes)
    }

    pub(super) fn read_plain(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        self.dump.read_plain(out)
    }

    /// Takes note that the dump is of no further use, and names the place.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        let position = self.dump.blocks.position();
        self.dump.blocks.fail(error.at(position))
    }
}

impl<R: Read> Read for Stream<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.read_plain(out).map_err(io::Error::from)
    }
}

impl<R> fmt::Debug for Stream<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("id", &self.id).field("oid", &self.oid).finish_non_exhaustive()
    }
}
