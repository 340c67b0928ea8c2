//! Writes the chunks of a stream, compressed or not: [`Encoder`].

#[cfg(feature = "lz4")]
use std::io::Write;

use flate2::{Compress, FlushCompress, Status};

#[cfg(feature = "zstd")]
use super::zstd_frame::ZstdFrame;
use crate::io::deflate;
use crate::pgdump::data_element::{DataElement, chunk_bytes};
use crate::pgdump::error::Error;
#[cfg(not(all(feature = "lz4", feature = "zstd")))]
use crate::pgdump::error::ErrorKind;
use crate::pgdump::header::Compression;
use crate::pgdump::primitives::Dialect;
use crate::pgdump::window::window;

const COMPRESSING: &str = "compressing data";

/// One encoder for all streams of a dump.
pub(super) enum Encoder {
    None {
        chunk_bytes: usize,
    },
    Gzip(Deflate),
    #[cfg(feature = "lz4")]
    Lz4(Box<lz4_flex::frame::FrameEncoder<Vec<u8>>>, usize),
    #[cfg(feature = "zstd")]
    Zstd(Box<ZstdFrame>, usize),
}

/// A zlib compressor and the chunk that it fills.
pub(super) struct Deflate {
    compress: Box<Compress>,
    chunk: Vec<u8>,
    filled: usize,
}

impl Encoder {
    /// Creates an encoder, or returns an error for algorithms that the build lacks.
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
            #[cfg(feature = "lz4")]
            Compression::Lz4 => Ok(Self::Lz4(Box::new(lz4_frame()), chunk_bytes)),
            #[cfg(feature = "zstd")]
            Compression::Zstd => Ok(Self::Zstd(Box::new(ZstdFrame::new()), chunk_bytes)),
            #[cfg(not(all(feature = "lz4", feature = "zstd")))]
            other => Err(Error::new(ErrorKind::CompressionUnavailable { algorithm: other.name() })),
        }
    }

    /// Appends chunks to `out`, or keeps bytes for later ones.
    pub(super) fn write(&mut self, decoded: &[u8], dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::None { chunk_bytes } => put_chunks(decoded, *chunk_bytes, dialect, out),
            Self::Gzip(deflate) => deflate.write(decoded, FlushCompress::None, dialect, out),
            #[cfg(feature = "lz4")]
            Self::Lz4(frame, chunk_bytes) => {
                frame.write_all(decoded).map_err(|cause| Error::io(COMPRESSING, cause))?;
                put_chunks(frame.get_ref(), *chunk_bytes, dialect, out)?;
                frame.get_mut().clear();
                Ok(())
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(frame, chunk_bytes) => {
                frame.write(decoded)?;
                put_chunks(frame.ready(), *chunk_bytes, dialect, out)?;
                frame.clear();
                Ok(())
            }
        }
    }

    /// Appends the rest of the stream and its end. The encoder is then ready for the next one.
    pub(super) fn finish(&mut self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::None { .. } => {}
            Self::Gzip(deflate) => {
                deflate.write(&[], FlushCompress::Finish, dialect, out)?;
                deflate.compress.reset();
                let filled = std::mem::take(&mut deflate.filled);
                if filled > 0 {
                    put_chunk(window(&deflate.chunk, 0, filled), dialect, out)?;
                }
            }
            #[cfg(feature = "lz4")]
            Self::Lz4(frame, chunk_bytes) => {
                frame.try_finish().map_err(|cause| Error::io(COMPRESSING, cause.into()))?;
                put_chunks(frame.get_ref(), *chunk_bytes, dialect, out)?;
                // A used encoder gives an empty frame no header.
                **frame = lz4_frame();
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(frame, chunk_bytes) => {
                frame.finish()?;
                put_chunks(frame.ready(), *chunk_bytes, dialect, out)?;
                frame.clear();
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
            let status = step.status.map_err(|cause| Error::io(COMPRESSING, std::io::Error::other(cause)))?;
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

/// Starts a frame of the form that pg_dump writes: blocks of 64 KiB that refer to those before, no checksums.
#[cfg(feature = "lz4")]
fn lz4_frame() -> lz4_flex::frame::FrameEncoder<Vec<u8>> {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    let info = FrameInfo::new().block_size(BlockSize::Max64KB).block_mode(BlockMode::Linked);
    FrameEncoder::with_frame_info(info, Vec::new())
}

fn put_chunks(bytes: &[u8], chunk_bytes: usize, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
    bytes.chunks(chunk_bytes).try_for_each(|chunk| put_chunk(chunk, dialect, out))
}

fn put_chunk(chunk: &[u8], dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
    let len_bytes = u32::try_from(chunk.len()).map_err(|_| Error::internal("a chunk is longer than 4 GiB"))?;
    DataElement::Chunk { len_bytes }.write(dialect, out)?;
    DataElement::Bytes(chunk).write(dialect, out)
}
