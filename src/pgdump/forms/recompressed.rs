//! A zlib stream made from a file in another compression: [`Recompressed`].

use std::io::{self, Read};

use flate2::{Compress, FlushCompress, Status};

use super::find::Wrapping;
use crate::io::{ReadAt, Unread, at_most, deflate_vec, prefix};
use crate::limits::Limits;
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::data_element::DataElement;
use crate::pgdump::data_state::DataState;
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::header::Header;
use crate::pgdump::stream_decoder::StreamDecoder;
use crate::pgdump::toc::{self, Entry};
use crate::pgdump::version::FormatVersion;
use crate::pgdump::window::window;

const DECODED_BYTES: usize = 64 << 10;
/// More than this is a chunk of its own.
const CHUNK_BYTES: usize = 1 << 30;

/// The zlib stream that is made of a file in lz4 or zstd.
///
/// The same file becomes the same stream, so its length can be determined in an earlier pass.
pub(super) struct Recompressed<F> {
    reader: BlockReader<OneStream<F>>,
    decoder: StreamDecoder,
    decoded: Vec<u8>,
    /// The decoded bytes that are to be compressed.
    from: usize,
    until: usize,
    compress: Compress,
    ready: Unread,
    has_ended: bool,
}

impl<F: ReadAt> Recompressed<F> {
    /// Starts with a file of `len_bytes` bytes.
    pub(super) fn new(file: F, len_bytes: u64, wrapping: Wrapping, limits: &Limits) -> Result<Self, Error> {
        let mut header = Header::new(FormatVersion::V1_16);
        header.compression = wrapping.compression();
        let mut reader = BlockReader::open(OneStream::new(file, len_bytes, header)?, limits)?;
        // The start of the block.
        reader.next_element().map(|_| ())?;
        let mut decoder = StreamDecoder::new(wrapping.compression(), limits)?;
        decoder.open(false);
        Ok(Self {
            reader,
            decoder,
            decoded: vec![0; DECODED_BYTES],
            from: 0,
            until: 0,
            compress: Compress::new(flate2::Compression::default(), true),
            ready: Unread::default(),
            has_ended: false,
        })
    }

    /// Returns the length of the stream, which is read for it.
    pub(super) fn into_len_bytes(mut self) -> Result<u64, Error> {
        let mut len_bytes = 0_u64;
        loop {
            self.compress()?;
            if self.ready.is_empty() {
                return Ok(len_bytes);
            }
            len_bytes = len_bytes.saturating_add(self.ready.rest().len() as u64);
        }
    }

    /// Appends up to `count` bytes to `out`.
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.ready.is_empty() {
            self.compress()?;
        }
        let ready = prefix(self.ready.rest(), count as u64);
        out.extend_from_slice(ready);
        let count = ready.len();
        self.ready.consume(count);
        Ok(())
    }

    /// Verifies that the stream has ended.
    pub(super) fn expect_end(&mut self) -> Result<(), Error> {
        if self.ready.is_empty() {
            self.compress()?;
        }
        if self.ready.is_empty() { Ok(()) } else { Err(Error::new(ErrorKind::Changed)) }
    }

    /// Makes the next bytes; none at the end.
    fn compress(&mut self) -> Result<(), Error> {
        let ready = self.ready.refill();
        ready.reserve(DECODED_BYTES);
        while ready.is_empty() && !self.has_ended {
            if self.from >= self.until && self.decoder.is_open() {
                let decoded = self.decoder.read(&mut self.reader, &mut self.decoded);
                self.until = decoded.map_err(|error| about_file(&error))?;
                self.from = 0;
            }
            let flush = if self.decoder.is_open() { FlushCompress::None } else { FlushCompress::Finish };
            let input = window(&self.decoded, self.from, self.until);
            let step = deflate_vec(&mut self.compress, input, ready, flush);
            self.from = self.from.saturating_add(step.used);
            let status = step.status.map_err(|cause| Error::io("compressing data", io::Error::other(cause)))?;
            self.has_ended = status == Status::StreamEnd;
        }
        Ok(())
    }
}

/// Returns an error of the decoder without its context and position, which are in a dump that does not exist.
#[cold]
fn about_file(error: &Error) -> Error {
    match error.kind() {
        ErrorKind::Io { .. } => error.clone(),
        kind => Error::new(kind.clone()),
    }
}

/// A dump in custom format whose only stream is a file: the decoders read dumps.
struct OneStream<F> {
    file: F,
    at: u64,
    end: u64,
    header: Header,
    /// Bytes around the content of the file, and how many of them have been read.
    framing: Vec<u8>,
    used: usize,
    chunk_left: usize,
    has_ended: bool,
}

impl<F: ReadAt> OneStream<F> {
    fn new(file: F, len_bytes: u64, header: Header) -> Result<Self, Error> {
        const ID: u32 = 1;
        let mut entry = Entry::new(ID, b"TABLE DATA", b"");
        entry.data = DataState::NotSet;
        let mut framing = Vec::new();
        header.encode(&mut framing)?;
        toc::encode([entry], &header, &mut framing)?;
        DataElement::TableData { id: ID }.encode(&header, &mut framing)?;
        Ok(Self { file, at: 0, end: len_bytes, header, framing, used: 0, chunk_left: 0, has_ended: false })
    }
}

impl<F: ReadAt> Read for OneStream<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.used >= self.framing.len() && self.chunk_left == 0 && !self.has_ended {
            self.chunk_left = at_most(CHUNK_BYTES, self.end.saturating_sub(self.at));
            let element = match u32::try_from(self.chunk_left) {
                Ok(len_bytes @ 1..) => DataElement::Chunk { len_bytes },
                _ => DataElement::StreamEnd,
            };
            self.has_ended = self.chunk_left == 0;
            self.framing.clear();
            self.used = 0;
            element.encode(&self.header, &mut self.framing)?;
        }
        if self.used < self.framing.len() {
            let count = window(&self.framing, self.used, self.framing.len()).read(out)?;
            self.used = self.used.saturating_add(count);
            return Ok(count);
        }
        let (space, _) = out.split_at_mut(out.len().min(self.chunk_left));
        let count = self.file.read_at(space, self.at)?;
        self.at = self.at.saturating_add(count as u64);
        self.chunk_left = self.chunk_left.saturating_sub(count);
        Ok(count)
    }
}
