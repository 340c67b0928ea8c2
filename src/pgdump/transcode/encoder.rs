//! Writes the chunks of a stream, compressed or not: [`Encoder`].

#[cfg(feature = "lz4")]
use std::io::Write;

use super::zlib_segments::ZlibSegments;
#[cfg(feature = "zstd")]
use super::zstd_frame::ZstdFrame;
use crate::io::Parallelism;
use crate::pgdump::data_element::{DataElement, chunk_bytes};
use crate::pgdump::error::Error;
#[cfg(not(all(feature = "lz4", feature = "zstd")))]
use crate::pgdump::error::ErrorKind;
use crate::pgdump::header::Compression;
use crate::pgdump::primitives::Dialect;
use crate::pgdump::window::window;

#[cfg(feature = "lz4")]
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

/// A zlib compressor, and bytes that do not fill a chunk yet.
pub(super) struct Deflate {
    stream: ZlibSegments,
    ready: Vec<u8>,
    chunk_bytes: usize,
}

impl Encoder {
    /// Creates an encoder, or returns an error for algorithms that the build lacks.
    ///
    /// The threads compress the segments of gzip data; the bytes do not depend on them.
    pub(super) fn new(compression: Compression, dialect: &Dialect, parallelism: Parallelism) -> Result<Self, Error> {
        let chunk_bytes = chunk_bytes(dialect);
        match compression {
            Compression::None => Ok(Self::None { chunk_bytes }),
            Compression::Gzip { level } => {
                let level =
                    level.map_or_else(flate2::Compression::default, |level| flate2::Compression::new(level.into()));
                Ok(Self::Gzip(Deflate {
                    stream: ZlibSegments::new(level, parallelism),
                    ready: Vec::new(),
                    chunk_bytes,
                }))
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
            Self::Gzip(deflate) => {
                deflate.stream.write(decoded, &mut deflate.ready)?;
                deflate.put_full_chunks(dialect, out)
            }
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
                deflate.stream.finish(&mut deflate.ready)?;
                put_chunks(&deflate.ready, deflate.chunk_bytes, dialect, out)?;
                deflate.ready.clear();
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
    fn put_full_chunks(&mut self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        let rest = self.ready.len().checked_rem(self.chunk_bytes).unwrap_or(0);
        let full_bytes = self.ready.len().saturating_sub(rest);
        put_chunks(window(&self.ready, 0, full_bytes), self.chunk_bytes, dialect, out)?;
        self.ready.drain(..full_bytes);
        Ok(())
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
