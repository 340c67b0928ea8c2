//! Decodes the streams of the data area, one after the other, each to its very end.

mod gzip;
#[cfg(feature = "lz4")]
mod lz4;
mod stored;
#[cfg(feature = "zstd")]
mod zstd;

use std::io::Read;

use super::block::Blocks;
use super::corruption::Corruption;
use super::error::Error;
use super::header::Compression;
use crate::limits::Limits;

/// A decoder that is used for every stream of a dump, so that a million small large objects do not cost a million
/// allocations.
pub(crate) enum Decoder {
    None,
    Gzip(gzip::Gzip),
    #[cfg(feature = "lz4")]
    Lz4(lz4::Lz4),
    #[cfg(feature = "zstd")]
    Zstd(Box<zstd::Zstd>),
}

impl Decoder {
    /// The decoder for `compression`.
    ///
    /// # Errors
    /// [`ErrorKind::CompressionUnavailable`](super::ErrorKind::CompressionUnavailable) when the build lacks it.
    pub(crate) fn new(compression: Compression, limits: &Limits) -> Result<Self, Error> {
        // Without the feature there is no window to limit.
        let _ = limits;
        match compression {
            Compression::None => Ok(Self::None),
            Compression::Gzip { .. } => Ok(Self::Gzip(gzip::Gzip::new())),
            #[cfg(feature = "lz4")]
            Compression::Lz4 => Ok(Self::Lz4(lz4::Lz4::new())),
            #[cfg(feature = "zstd")]
            Compression::Zstd => Ok(Self::Zstd(Box::new(zstd::Zstd::new(limits)))),
            #[cfg(not(all(feature = "lz4", feature = "zstd")))]
            other => Err(Error::new(super::error::ErrorKind::CompressionUnavailable { algorithm: other.name() })),
        }
    }

    /// Gets ready for the next stream.
    pub(crate) fn reset(&mut self) {
        match self {
            Self::None => {}
            Self::Gzip(gzip) => gzip.reset(),
            #[cfg(feature = "lz4")]
            Self::Lz4(lz4) => lz4.reset(),
            #[cfg(feature = "zstd")]
            Self::Zstd(zstd) => zstd.reset(),
        }
    }

    /// Decodes into `out`, which must not be empty; 0 means that the stream has ended, completely and exactly.
    pub(crate) fn read<R: Read>(&mut self, blocks: &mut Blocks<R>, out: &mut [u8]) -> Result<usize, Error> {
        match self {
            Self::None => copy(blocks, out),
            Self::Gzip(gzip) => gzip.read(blocks, out),
            #[cfg(feature = "lz4")]
            Self::Lz4(lz4) => lz4.read(blocks, out),
            #[cfg(feature = "zstd")]
            Self::Zstd(zstd) => zstd.read(blocks, out),
        }
    }
}

fn copy<R: Read>(blocks: &mut Blocks<R>, out: &mut [u8]) -> Result<usize, Error> {
    let mut copied = 0_usize;
    // pg_dump stores one row a chunk: many chunks fill one buffer.
    while let Some(space) = out.get_mut(copied..).filter(|space| !space.is_empty()) {
        let stored = blocks.fill_stream()?;
        if stored.is_empty() {
            break;
        }
        let count = stored.len().min(space.len());
        if let (Some(to), Some(from)) = (space.get_mut(..count), stored.get(..count)) {
            to.copy_from_slice(from);
        }
        blocks.consume_stream(count);
        copied = copied.saturating_add(count);
    }
    Ok(copied)
}

/// Makes sure that the stream has nothing left when its decoder is done.
fn expect_end<R: Read>(blocks: &mut Blocks<R>, algorithm: &'static str) -> Result<(), Error> {
    if blocks.fill_stream()?.is_empty() {
        return Ok(());
    }
    Err(Error::from(Corruption::StreamSurplus(algorithm)).at(blocks.position()))
}
