//! Writes the chunks of a stream, compressed with zlib or not compressed: [`Encoder`].

use flate2::{Compress, FlushCompress, Status};

use crate::io::deflate;
use crate::pgdump::data_element::{DataElement, chunk_bytes};
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::header::Compression;
use crate::pgdump::primitives::Dialect;
use crate::pgdump::window::window;

/// One encoder for all streams of a dump.
pub(super) enum Encoder {
    None { chunk_bytes: usize },
    Gzip(Deflate),
}

/// A zlib compressor and the chunk that it fills.
pub(super) struct Deflate {
    compress: Box<Compress>,
    chunk: Vec<u8>,
    filled: usize,
}

impl Encoder {
    /// Creates an encoder, or returns an error for algorithms that can only be decoded.
    pub(super) fn new(compression: Compression, dialect: &Dialect) -> Result<Self, Error> {
        let chunk_bytes = chunk_bytes(dialect);
        match compression {
            Compression::None => Ok(Self::None { chunk_bytes }),
            Compression::Gzip { level } => {
                let level =
                    level.map_or_else(flate2::Compression::default, |level| flate2::Compression::new(level.into()));
                let compress = Box::new(Compress::new(level, true));
                Ok(Self::Gzip(Deflate { compress, chunk: vec![0; chunk_bytes], filled: 0 }))
            }
            Compression::Lz4 | Compression::Zstd => {
                Err(Error::new(ErrorKind::Misuse("lz4 and zstd data cannot be written: choose gzip or none")))
            }
        }
    }

    /// Appends chunks to `out`, or keeps bytes for later ones.
    pub(super) fn write(&mut self, decoded: &[u8], dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::None { chunk_bytes } => {
                decoded.chunks(*chunk_bytes).try_for_each(|chunk| put_chunk(chunk, dialect, out))
            }
            Self::Gzip(deflate) => deflate.write(decoded, FlushCompress::None, dialect, out),
        }
    }

    /// Appends the rest of the stream and its end. The encoder is then ready for the next one.
    pub(super) fn finish(&mut self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Self::Gzip(deflate) = self {
            deflate.write(&[], FlushCompress::Finish, dialect, out)?;
            deflate.compress.reset();
            let filled = std::mem::take(&mut deflate.filled);
            if filled > 0 {
                put_chunk(window(&deflate.chunk, 0, filled), dialect, out)?;
            }
        }
        DataElement::StreamEnd.write(dialect, out)
    }
}

impl Deflate {
    fn write(
        &mut self,
        mut decoded: &[u8],
        flush: FlushCompress,
        dialect: &Dialect,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let Self { compress, chunk, filled } = self;
        loop {
            let start = (*filled).min(chunk.len());
            let (_, space) = chunk.split_at_mut(start);
            let step = deflate(compress, decoded, space, flush);
            let status = step.status.map_err(|cause| Error::io("compressing data", std::io::Error::other(cause)))?;
            decoded = decoded.split_at(step.used).1;
            *filled = filled.saturating_add(step.made);
            if *filled == chunk.len() {
                put_chunk(chunk, dialect, out)?;
                *filled = 0;
            } else if decoded.is_empty() && flush == FlushCompress::None {
                return Ok(());
            }
            if status == Status::StreamEnd {
                return Ok(());
            }
        }
    }
}

fn put_chunk(chunk: &[u8], dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
    let len_bytes = u32::try_from(chunk.len()).map_err(|_| Error::internal("a chunk is longer than 4 GiB"))?;
    DataElement::Chunk { len_bytes }.write(dialect, out)?;
    DataElement::Bytes(chunk).write(dialect, out)
}
