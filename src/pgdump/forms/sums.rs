//! The checksums of gzip data that moves into a zlib stream: [`Verifier`], [`Sums`].

use std::sync::atomic::{AtomicBool, Ordering};

use simd_adler32::Adler32;

use super::gzip_file::{TRAILER_BYTES, header_bytes};
use super::read_exact::read_exact;
use crate::io::inflate::{InflateWindow, Need};
use crate::io::{ReadAt, at_most};
use crate::limits::{Budget, Limits};
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::window::window;

const GZIP: &str = "gzip";
/// Small enough to stay in a processor's cache.
const INFLATED_BYTES: usize = 64 << 10;
/// The number of bytes that are read of a file at a time.
pub(super) const STEP_BYTES: usize = 128 << 10;
/// The length of a header without its optional fields.
const FIXED_HEADER_BYTES: usize = 10;

/// The checksums of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    /// The Adler-32 of the uncompressed bytes, which ends a zlib stream (RFC 1950).
    pub(super) adler: u32,
    /// The CRC32 of the compressed bytes, to notice that the file has changed.
    pub(super) stored_crc: u32,
    /// The number of places between the members of the file.
    pub(super) joints_count: u64,
}

/// Inflates the compressed bytes of a gzip file, and verifies and computes their checksums.
pub(super) struct Verifier {
    inflate: InflateWindow,
    /// Those of the current member.
    crc: crc32fast::Hasher,
    member_bytes: u64,
    adler: Adler32,
    stored_crc: crc32fast::Hasher,
    inflated_bytes: Budget,
    /// `true` after the data of a member.
    ended: bool,
    /// The bytes after that data so far: the trailer, and the header of the next member.
    between: Vec<u8>,
    max_header_bytes: u64,
    joints: Budget,
}

impl Verifier {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            inflate: InflateWindow::new(INFLATED_BYTES),
            crc: crc32fast::Hasher::new(),
            adler: Adler32::new(),
            stored_crc: crc32fast::Hasher::new(),
            member_bytes: 0,
            inflated_bytes: Budget::new("max_decompressed_bytes", limits.max_decompressed_bytes()),
            ended: false,
            between: Vec::new(),
            max_header_bytes: limits.max_gzip_header_bytes(),
            joints: Budget::new("max_entries", limits.max_entries()),
        }
    }

    /// Verifies the next compressed bytes.
    pub(super) fn feed(&mut self, mut stored: &[u8]) -> Result<(), Error> {
        self.stored_crc.update(stored);
        loop {
            if self.ended {
                if stored.is_empty() {
                    return Ok(());
                }
                stored = self.pass_header(stored)?;
                continue;
            }
            let step = self.inflate.decode(stored);
            stored = window(stored, step.used, stored.len());
            let inflated = self.inflate.output();
            self.inflated_bytes.spend(step.made as u64)?;
            self.member_bytes = self.member_bytes.saturating_add(step.made as u64);
            self.crc.update(inflated);
            self.adler.write(inflated);
            match step.need {
                Ok(Need::Nothing) => self.ended = true,
                Ok(Need::Input) => return Ok(()),
                Ok(Need::Room) => {}
                Err(cause) => return Err(Error::from(Corruption::Undecodable(GZIP)).because(cause)),
            }
        }
    }

    /// Passes the bytes between two members, and verifies the first of the two. Returns the bytes after them.
    fn pass_header<'s>(&mut self, stored: &'s [u8]) -> Result<&'s [u8], Error> {
        let wanted = self.between.len().max(TRAILER_BYTES.saturating_add(FIXED_HEADER_BYTES));
        let (taken, rest) = stored.split_at(wanted.min(stored.len()));
        self.between.extend_from_slice(taken);
        let Some((trailer, header)) = self.between.split_first_chunk::<TRAILER_BYTES>() else { return Ok(rest) };
        let trailer = *trailer;
        let Some(header_bytes) = header_bytes(header).map_err(|_| surplus())? else {
            Budget::new("max_gzip_header_bytes", self.max_header_bytes).check(header.len() as u64)?;
            return Ok(rest);
        };
        // What was taken of the data belongs to the latest bytes.
        let surplus_bytes = header.len().saturating_sub(header_bytes);
        let (_, rest) = stored.split_at(taken.len().saturating_sub(surplus_bytes));
        self.verify(trailer)?;
        self.joints.spend(1)?;
        self.between.clear();
        self.inflate.reset();
        self.crc = crc32fast::Hasher::new();
        self.member_bytes = 0;
        self.ended = false;
        Ok(rest)
    }

    /// Compares the trailer of a member with its content.
    fn verify(&self, [a, b, c, d, e, f, g, h]: [u8; TRAILER_BYTES]) -> Result<(), Error> {
        let length = self.member_bytes & u64::from(u32::MAX);
        let matches = u32::from_le_bytes([a, b, c, d]) == self.crc.clone().finalize()
            && u64::from(u32::from_le_bytes([e, f, g, h])) == length;
        if matches { Ok(()) } else { Err(Corruption::Undecodable(GZIP).into()) }
    }

    /// Verifies the trailer of the last member, after all other bytes.
    pub(super) fn finish(self, trailer: [u8; TRAILER_BYTES]) -> Result<Sums, Error> {
        if !self.ended {
            return Err(Corruption::StreamTruncated(GZIP).into());
        }
        if !self.between.is_empty() {
            return Err(surplus());
        }
        self.verify(trailer)?;
        let stored_crc = self.stored_crc.finalize();
        Ok(Sums { adler: self.adler.finish(), stored_crc, joints_count: self.joints.spent() })
    }
}

#[cold]
fn surplus() -> Error {
    let what = "bytes follow the data that are not another gzip member: copy the file again, or remove them with gunzip and gzip";
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
