//! The plain bytes of a member whose chunks are known: inflated by several threads, handed out in order.

use std::io::{self, Read};
use std::thread;

use super::error::{Error, ErrorKind, Result};
use super::frame::{FINAL_BLOCK, HEADER, trailer};
use super::relay::{Relay, guarded};
use super::seek::Unpacker;
use super::table::{ChunkTable, Place};
use crate::io::{Parallelism, ReadAt};

type Inflated = (Vec<u8>, Result<()>);

/// The plain bytes of a member, each chunk's length and CRC32 verified.
pub(crate) struct ChunkStream<'a, R: ?Sized> {
    feed: Feed<'a, R>,
    plain: Vec<u8>,
    position: usize,
}

enum Feed<'a, R: ?Sized> {
    Inline { source: &'a R, places: std::slice::Iter<'a, Place>, unpacker: Box<Unpacker>, packed: Vec<u8> },
    Threads(&'a Relay<Inflated, Vec<u8>>),
}

/// Calls `work` with the stream of all chunks of the member that begins at the start of `source`.
///
/// Header, final block and trailer are compared first, so that the stream's end means that all of the member was
/// verified.
pub(crate) fn with_chunks<R, T, E>(
    source: &R,
    table: &ChunkTable,
    parallelism: Parallelism,
    work: impl FnOnce(ChunkStream<'_, R>) -> Result<T, E>,
) -> Result<T, E>
where
    R: ReadAt + Sync + ?Sized,
    E: From<Error>,
{
    check_framing(source, table)?;
    let places = table.places();
    let stream = |feed| ChunkStream { feed, plain: Vec::new(), position: 0 };
    let Some(threads) = parallelism.started() else {
        let unpacker = Box::new(Unpacker::new());
        return work(stream(Feed::Inline { source, places: places.iter(), unpacker, packed: Vec::new() }));
    };
    let threads = threads.get().min(places.len());
    let relay = Relay::<Inflated, Vec<u8>>::new(places.len(), threads);
    let inflate = || {
        let mut unpacker = Unpacker::new();
        let mut packed = Vec::new();
        while let Some((number, mut plain)) = relay.claim() {
            plain.clear();
            let result = guarded(|| {
                let place = places.get(number).ok_or_else(|| Error::new(ErrorKind::WorkerPanicked))?;
                plain.extend_from_slice(inflate(source, place, &mut packed, &mut unpacker)?);
                Ok(())
            });
            relay.put(number, (plain, result));
        }
    };
    thread::scope(|scope| {
        let _stop = relay.stop_on_drop();
        for _ in 0..threads {
            let spawned = thread::Builder::new().name("appsnap-inflate".into()).spawn_scoped(scope, inflate);
            spawned.map_err(|error| Error::io("starting a thread", error))?;
        }
        work(stream(Feed::Threads(&relay)))
    })
}

/// Reads `len_bytes` packed bytes; whatever the index claims, memory grows only as bytes arrive.
pub(crate) fn read_packed(
    source: &(impl ReadAt + ?Sized),
    offset_bytes: u64,
    len_bytes: u64,
    packed: &mut Vec<u8>,
) -> Result<()> {
    /// Read at once: as much as is ever wanted of an honest archive, so that it is one request where requests are dear.
    const STEP_BYTES: u64 = 8 << 20;
    packed.clear();
    let mut done = 0;
    while done < len_bytes {
        let count = usize::try_from(STEP_BYTES.min(len_bytes - done)).unwrap_or(usize::MAX);
        let before = packed.len();
        packed.resize(before + count, 0);
        let position = offset_bytes.saturating_add(done);
        source
            .read_exact_at(packed.get_mut(before..).unwrap_or_default(), position)
            .map_err(|source| Error::io("reading", source).at(position))?;
        done += count as u64;
    }
    Ok(())
}

/// Reads and inflates one chunk, verified.
fn inflate<'u>(
    source: &(impl ReadAt + ?Sized),
    place: &Place,
    packed: &mut Vec<u8>,
    unpacker: &'u mut Unpacker,
) -> Result<&'u [u8]> {
    let offset = place.packed_offset_bytes;
    read_packed(source, offset, u64::from(place.row.packed_len_bytes), packed)?;
    unpacker.chunk(packed, &place.row).map_err(|error| error.at(offset))
}

/// Compares the bytes around the chunks with what they must be.
fn check_framing(source: &(impl ReadAt + ?Sized), table: &ChunkTable) -> Result<()> {
    let mut header = HEADER;
    let mut end = [0; FINAL_BLOCK.len() + 8];
    let end_at = table.member_bytes().saturating_sub(end.len() as u64);
    for (bytes, at) in [(&mut header[..], 0), (&mut end[..], end_at)] {
        source.read_exact_at(bytes, at).map_err(|source| Error::io("reading", source).at(at))?;
    }
    let trailer = trailer(table.crc32(), table.plain_bytes());
    if header != HEADER {
        return Err(Error::new(ErrorKind::Header("it is not the one that an indexed archive begins with")).at(0));
    }
    if !end.starts_with(&FINAL_BLOCK) || !end.ends_with(&trailer) {
        return Err(Error::new(ErrorKind::Deflate).at(end_at));
    }
    Ok(())
}

impl<R: ReadAt + ?Sized> ChunkStream<'_, R> {
    /// Goes to the next chunk; `false` when there is none.
    fn advance(&mut self) -> Result<bool> {
        self.position = 0;
        match &mut self.feed {
            Feed::Inline { source, places, unpacker, packed } => {
                self.plain.clear();
                let Some(place) = places.next() else { return Ok(false) };
                self.plain.extend_from_slice(inflate(*source, place, packed, unpacker)?);
            }
            Feed::Threads(relay) => {
                relay.give_back(std::mem::take(&mut self.plain));
                let Some((plain, result)) = relay.take() else { return Ok(false) };
                self.plain = plain;
                result?;
            }
        }
        Ok(true)
    }
}

impl<R: ReadAt + ?Sized> Read for ChunkStream<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position == self.plain.len() && !self.advance()? {
            return Ok(0);
        }
        let rest = self.plain.get(self.position..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.position += count;
        Ok(count)
    }
}
