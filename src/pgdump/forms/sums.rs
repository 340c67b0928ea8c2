//! The checksums of gzip data that moves into a zlib stream: [`Verifier`], [`Sums`].

use std::sync::atomic::{AtomicBool, Ordering};

use flate2::{Decompress, FlushDecompress, Status};
use simd_adler32::Adler32;

use crate::io::{ReadAt, at_most, inflate};
use crate::limits::{Budget, Limits};
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::window::window;

const GZIP: &str = "gzip";
/// Small enough to stay in a processor's cache.
const INFLATED_BYTES: usize = 64 << 10;
/// The number of bytes that are read of a file at a time.
pub(super) const STEP_BYTES: usize = 128 << 10;
/// CRC32 and length (RFC 1952, section 2.3.1).
pub(super) const TRAILER_BYTES: usize = 8;

/// The checksums of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    /// The Adler-32 of the uncompressed bytes, which ends a zlib stream (RFC 1950).
    pub(super) adler: u32,
    /// The CRC32 of the compressed bytes, to notice that the file has changed.
    pub(super) stored_crc: u32,
}

/// Inflates the compressed bytes of a gzip file, and verifies and computes their checksums.
pub(super) struct Verifier {
    inflate: Decompress,
    inflated: Vec<u8>,
    crc: crc32fast::Hasher,
    adler: Adler32,
    stored_crc: crc32fast::Hasher,
    inflated_bytes: Budget,
    ended: bool,
}

impl Verifier {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            inflate: Decompress::new(false),
            inflated: vec![0; INFLATED_BYTES],
            crc: crc32fast::Hasher::new(),
            adler: Adler32::new(),
            stored_crc: crc32fast::Hasher::new(),
            inflated_bytes: Budget::new("max_decompressed_bytes", limits.max_decompressed_bytes()),
            ended: false,
        }
    }

    /// Verifies the next compressed bytes.
    pub(super) fn feed(&mut self, mut stored: &[u8]) -> Result<(), Error> {
        self.stored_crc.update(stored);
        loop {
            if self.ended {
                return if stored.is_empty() { Ok(()) } else { Err(several_members()) };
            }
            let step = inflate(&mut self.inflate, stored, &mut self.inflated, FlushDecompress::None);
            stored = window(stored, step.used, stored.len());
            let inflated = window(&self.inflated, 0, step.made);
            self.inflated_bytes.spend(step.made as u64)?;
            self.crc.update(inflated);
            self.adler.write(inflated);
            match step.status {
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) if stored.is_empty() && step.made < self.inflated.len() => return Ok(()),
                Ok(_) if step.used > 0 || step.made > 0 => {}
                Ok(_) => return Err(Corruption::Undecodable(GZIP).into()),
                Err(cause) => return Err(Error::from(Corruption::Undecodable(GZIP)).because(cause)),
            }
        }
    }

    /// Verifies the trailer, after all compressed bytes.
    pub(super) fn finish(self, trailer: [u8; TRAILER_BYTES]) -> Result<Sums, Error> {
        if !self.ended {
            return Err(Corruption::StreamTruncated(GZIP).into());
        }
        let [a, b, c, d, e, f, g, h] = trailer;
        let length = self.inflated_bytes.spent() & u64::from(u32::MAX);
        let matches = u32::from_le_bytes([a, b, c, d]) == self.crc.finalize()
            && u64::from(u32::from_le_bytes([e, f, g, h])) == length;
        if !matches {
            return Err(Corruption::Undecodable(GZIP).into());
        }
        Ok(Sums { adler: self.adler.finish(), stored_crc: self.stored_crc.finalize() })
    }
}

#[cold]
fn several_members() -> Error {
    let what =
        "the file has several gzip members or bytes after its data: decompress it with gunzip and compress it again";
    Error::new(ErrorKind::Corrupt(what.into()))
}

/// Computes the checksums of a file whose compressed bytes are from `start` to `end`.
pub(super) fn of_file(
    file: &impl ReadAt,
    (start, end): (u64, u64),
    limits: &Limits,
    stopped: &AtomicBool,
) -> Result<Sums, Error> {
    let mut verifier = Verifier::new(limits);
    let mut step = vec![0; STEP_BYTES];
    let mut at = start;
    while at < end {
        if stopped.load(Ordering::Relaxed) {
            return Err(Error::internal("nothing reads the dump any more"));
        }
        let count = at_most(STEP_BYTES, end.saturating_sub(at));
        let (read, _) = step.split_at_mut(count);
        read_exact(file, read, at)?;
        verifier.feed(read)?;
        at = at.saturating_add(count as u64);
    }
    verifier.finish(trailer(file, end)?)
}

/// Reads the trailer at `position`, which ends the file.
pub(super) fn trailer(file: &impl ReadAt, position: u64) -> Result<[u8; TRAILER_BYTES], Error> {
    let mut trailer = [0; TRAILER_BYTES];
    read_exact(file, &mut trailer, position)?;
    Ok(trailer)
}

/// Fills `out` from `position`. The length of the file is known, so its end is unexpected.
pub(super) fn read_exact(file: &impl ReadAt, out: &mut [u8], position: u64) -> Result<(), Error> {
    file.read_exact_at(out, position).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::new(ErrorKind::Changed),
        _ => Error::io("reading a file of the dump", error),
    })
}
