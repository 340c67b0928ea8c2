//! Decoders for the streams of the data area, each of which decodes one stream after the other, to its very end, and for
//! files that are compressed in the same ways.

mod framed;
mod gzip;
#[cfg(feature = "lz4")]
mod lz4;
mod stored;
#[cfg(feature = "zstd")]
mod zstd;

#[cfg(any(feature = "lz4", feature = "zstd"))]
use std::io::BufRead;
use std::io::Read;

use super::block_reader::BlockReader;
use super::error::Error;
use super::header::Compression;
use super::window::window;
use crate::io::copy_prefix;
use crate::limits::Limits;

/// Enough to skip a stream with few calls, and little enough for a processor's cache.
const SCRATCH_BYTES: usize = 64 << 10;

/// A decoder that is reused for every stream of a dump, so that a million small large objects do not cost a million
/// allocations.
pub(super) enum Decoder {
    None,
    Gzip(gzip::Gzip),
    #[cfg(feature = "lz4")]
    Lz4(framed::Framed<lz4::Lz4>),
    #[cfg(feature = "zstd")]
    Zstd(Box<framed::Framed<zstd::Zstd>>),
}

impl Decoder {
    /// Creates the decoder for `compression`, or an error if the build lacks it.
    pub(super) fn new(compression: Compression, limits: &Limits) -> Result<Self, Error> {
        // Only Zstandard has a window to limit.
        let _ = limits;
        match compression {
            Compression::None => Ok(Self::None),
            Compression::Gzip { .. } => Ok(Self::Gzip(gzip::Gzip::new())),
            #[cfg(feature = "lz4")]
            Compression::Lz4 => Ok(Self::Lz4(framed::Framed::new(lz4::Lz4::default()))),
            #[cfg(feature = "zstd")]
            Compression::Zstd => Ok(Self::Zstd(Box::new(framed::Framed::new(zstd::Zstd::new(limits))))),
            #[cfg(not(all(feature = "lz4", feature = "zstd")))]
            other => Err(Error::new(super::error::ErrorKind::CompressionUnavailable { algorithm: other.name() })),
        }
    }

    /// Prepares for the next stream.
    pub(super) fn reset(&mut self) {
        match self {
            Self::None => {}
            Self::Gzip(gzip) => gzip.reset(),
            #[cfg(feature = "lz4")]
            Self::Lz4(lz4) => lz4.reset(),
            #[cfg(feature = "zstd")]
            Self::Zstd(zstd) => zstd.reset(),
        }
    }

    /// Decodes into `out`, which must not be empty. Returns 0 at the verified end of the stream.
    pub(super) fn read<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        match self {
            Self::None => copy(reader, out),
            Self::Gzip(gzip) => gzip.read(reader, out),
            #[cfg(feature = "lz4")]
            Self::Lz4(lz4) => lz4.read(reader, out),
            #[cfg(feature = "zstd")]
            Self::Zstd(zstd) => zstd.read(reader, out),
        }
    }
}

impl Decoder {
    /// Decodes the next part of the stream, into `scratch` or a buffer of the decoder. Returns nothing at the verified end.
    pub(super) fn next<'d, R: Read>(
        &'d mut self,
        reader: &mut BlockReader<R>,
        scratch: &'d mut Vec<u8>,
    ) -> Result<&'d [u8], Error> {
        match self {
            Self::Gzip(gzip) => gzip.next(reader),
            #[cfg(feature = "lz4")]
            Self::Lz4(lz4) => lz4.next(reader),
            #[cfg(feature = "zstd")]
            Self::Zstd(zstd) => zstd.next(reader),
            decoder => {
                scratch.resize(SCRATCH_BYTES, 0);
                let count = decoder.read(reader, scratch)?;
                Ok(window(scratch, 0, count))
            }
        }
    }
}

/// Returns the content of a file that consists of LZ4 frames.
#[cfg(feature = "lz4")]
pub(crate) fn lz4_frames<S: BufRead>(source: S) -> impl Read {
    framed::Frames::new(lz4::Lz4::default(), source)
}

/// Returns the content of a file that consists of Zstandard frames.
#[cfg(feature = "zstd")]
pub(crate) fn zstd_frames<S: BufRead>(source: S, limits: &Limits) -> impl Read + use<S> {
    framed::Frames::new(zstd::Zstd::new(limits), source)
}

fn copy<R: Read>(reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
    let mut copied = 0_usize;
    // pg_dump stores one row per chunk, so many chunks fit one buffer.
    while let Some(room) = out.get_mut(copied..).filter(|room| !room.is_empty()) {
        let count = copy_prefix(reader.fill_stream()?, room);
        if count == 0 {
            break;
        }
        reader.consume_stream(count);
        copied = copied.saturating_add(count);
    }
    Ok(copied)
}
