//! A zlib stream whose deflate data is that of a gzip file: [`Moved`].

use super::members::{Members, may_have_several};
use super::read_exact::read_exact;
use super::sums::{STEP_BYTES, Sums, Verifier, trailer};
use crate::io::{ReadAt, at_most, grow};
use crate::limits::Limits;
use crate::pgdump::error::{Error, ErrorKind};

/// The header of a zlib stream at the default level (RFC 1950).
pub(super) const ZLIB_HEADER: &[u8] = &[0x78, 0x9c];
pub(super) const ADLER_BYTES: u64 = 4;

/// The zlib stream that is made of a gzip file, of one member or several.
pub(super) struct Moved<F> {
    file: F,
    head: &'static [u8],
    /// The position in the file, and the end of the data.
    at: u64,
    end: u64,
    check: Check,
    /// `None` for a file with one member.
    members: Option<Members>,
}

enum Check {
    /// The Adler-32 is known when the file has been verified.
    Verify(Box<Verifier>),
    /// The Adler-32 is known from an earlier pass. The checksum of this one shows that the file has not changed.
    Known(Sums, Box<crc32fast::Hasher>),
    /// The rest of the Adler-32.
    Done(Vec<u8>),
}

/// Returns the length of the stream for a file with so much data.
pub(super) const fn len_bytes(data_bytes: u64) -> u64 {
    data_bytes.saturating_add(ZLIB_HEADER.len() as u64).saturating_add(ADLER_BYTES)
}

impl<F: ReadAt> Moved<F> {
    pub(super) fn new(file: F, (start, end): (u64, u64), known: Option<Sums>, limits: &Limits) -> Result<Self, Error> {
        let has_several = match known {
            Some(sums) => sums.joints_count > 0,
            None => may_have_several(&file, start, end)?,
        };
        let check = match known {
            Some(sums) => Check::Known(sums, Box::default()),
            None => Check::Verify(Box::new(Verifier::new(limits))),
        };
        let members = has_several.then(|| Members::of(start, limits));
        Ok(Self { file, head: ZLIB_HEADER, at: start, end, check, members })
    }

    /// Appends up to `count` bytes to `out`. Returns the checksums of the file when they have been computed.
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<u8>) -> Result<Option<Sums>, Error> {
        if !self.head.is_empty() {
            let (now, later) = self.head.split_at(count.min(self.head.len()));
            out.extend_from_slice(now);
            self.head = later;
            return Ok(None);
        }
        if self.at >= self.end {
            return self.finish(count, out);
        }
        let known_end = match &mut self.members {
            Some(members) => members.prepare(&self.file, self.at, self.end)?,
            None => self.end,
        };
        let space = grow(out, at_most(count.min(STEP_BYTES), known_end.saturating_sub(self.at)));
        read_exact(&self.file, space, self.at)?;
        match &mut self.check {
            Check::Verify(verifier) => verifier.feed(space)?,
            Check::Known(_, crc) => crc.update(space),
            Check::Done(_) => {}
        }
        if let Some(members) = &self.members {
            members.apply(space, self.at);
        }
        self.at = self.at.saturating_add(space.len() as u64);
        Ok(None)
    }

    /// Appends up to `count` bytes of the Adler-32.
    fn finish(&mut self, count: usize, out: &mut Vec<u8>) -> Result<Option<Sums>, Error> {
        let (computed, adler) = match std::mem::replace(&mut self.check, Check::Done(Vec::new())) {
            Check::Verify(verifier) => {
                let sums = verifier.finish(trailer(&self.file, self.end)?)?;
                if sums.joints_count != self.members.as_ref().map_or(0, Members::joints_count) {
                    return Err(unusual_header());
                }
                (Some(sums), sums.adler.to_be_bytes().to_vec())
            }
            Check::Known(sums, crc) => {
                if crc.finalize() != sums.stored_crc {
                    return Err(Error::new(ErrorKind::Changed));
                }
                (None, sums.adler.to_be_bytes().to_vec())
            }
            Check::Done(rest) => (None, rest),
        };
        let (now, later) = adler.split_at(count.min(adler.len()));
        out.extend_from_slice(now);
        self.check = Check::Done(later.to_vec());
        Ok(computed)
    }
}

/// Members are found by their headers, so one that looks like no other is noticed too late.
#[cold]
fn unusual_header() -> Error {
    let what = "a gzip member has an unusual header: decompress the file with gunzip and compress it again";
    Error::new(ErrorKind::Corrupt(what.into()))
}
