//! Writes plain bytes as the chunks of a stream: compressed with zlib, or as they are.

use flate2::{Compress, FlushCompress, Status};

use crate::pgdump::cursor::Dialect;
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::header::Compression;
use crate::pgdump::piece::Piece;

/// Chunks of this size have few headers and still fit a processor's cache. Readers take chunks of any size.
const CHUNK_BYTES: usize = 32 << 10;

/// One encoder for all streams of a dump.
pub(super) enum Encoder {
    None {
        chunk_bytes: usize,
    },
    Gzip {
        deflate: Box<Compress>,
        /// The chunk that is being filled.
        chunk: Vec<u8>,
        filled: usize,
    },
}

impl Encoder {
    /// # Errors
    /// [`ErrorKind::Misuse`] for algorithms that are read only.
    pub(super) fn new(compression: Compression, dialect: &Dialect) -> Result<Self, Error> {
        let chunk_bytes = match dialect.int_bytes() {
            1 => usize::from(i8::MAX.unsigned_abs()),
            2 => usize::from(i16::MAX.unsigned_abs()),
            _ => CHUNK_BYTES,
        };
        match compression {
            Compression::None => Ok(Self::None { chunk_bytes }),
            Compression::Gzip { level } => {
                let level =
                    level.map_or_else(flate2::Compression::default, |level| flate2::Compression::new(level.into()));
                let deflate = Box::new(Compress::new(level, true));
                Ok(Self::Gzip { deflate, chunk: vec![0; chunk_bytes], filled: 0 })
            }
            Compression::Lz4 | Compression::Zstd => {
                Err(Error::new(ErrorKind::Misuse("lz4 and zstd data can be read and copied, not written")))
            }
        }
    }

    /// Appends chunks to `out`, or keeps bytes for later ones.
    pub(super) fn write(&mut self, plain: &[u8], dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::None { chunk_bytes } => {
                plain.chunks(*chunk_bytes).try_for_each(|chunk| put_chunk(chunk, dialect, out))
            }
            Self::Gzip { .. } => self.deflate(plain, FlushCompress::None, dialect, out),
        }
    }

    /// Appends what is left of the stream, and its end. The encoder is ready for the next one.
    pub(super) fn finish(&mut self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        self.deflate(&[], FlushCompress::Finish, dialect, out)?;
        if let Self::Gzip { deflate, chunk, filled } = self {
            deflate.reset();
            let len = std::mem::take(filled);
            if len > 0 {
                put_chunk(chunk.get(..len).unwrap_or_default(), dialect, out)?;
            }
        }
        Piece::StreamEnd.encode(dialect, out)
    }

    fn deflate(
        &mut self,
        mut plain: &[u8],
        flush: FlushCompress,
        dialect: &Dialect,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let Self::Gzip { deflate, chunk, filled } = self else { return Ok(()) };
        loop {
            let space = chunk.get_mut(*filled..).unwrap_or_default();
            let (in_before, out_before) = (deflate.total_in(), deflate.total_out());
            let status = deflate
                .compress(plain, space, flush)
                .map_err(|cause| Error::io("compressing data", std::io::Error::other(cause)))?;
            let taken = usize::try_from(deflate.total_in().saturating_sub(in_before)).unwrap_or(usize::MAX);
            let made = usize::try_from(deflate.total_out().saturating_sub(out_before)).unwrap_or(usize::MAX);
            plain = plain.get(taken..).unwrap_or_default();
            *filled = filled.saturating_add(made);
            if *filled == chunk.len() {
                put_chunk(chunk, dialect, out)?;
                *filled = 0;
            } else if status == Status::StreamEnd || (plain.is_empty() && flush == FlushCompress::None) {
                return Ok(());
            }
            if status == Status::StreamEnd {
                return Ok(());
            }
        }
    }
}

fn put_chunk(chunk: &[u8], dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
    let len_bytes = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
    Piece::Chunk { len_bytes }.encode(dialect, out)?;
    Piece::Bytes(chunk).encode(dialect, out)
}
