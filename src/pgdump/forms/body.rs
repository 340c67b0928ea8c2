//! The content of a stream in custom format, made from its file: [`Body`].

use super::contents::StreamFile;
use super::find::Wrapping;
use super::sums::{STEP_BYTES, Sums, Verifier, read_exact, trailer};
use crate::io::{ReadAt, at_most, grow};
use crate::limits::Limits;
use crate::pgdump::error::{Error, ErrorKind};

/// The header of a zlib stream at the default level (RFC 1950).
const ZLIB_HEADER: &[u8] = &[0x78, 0x9c];
const ADLER_BYTES: u64 = 4;

// Files of empty streams may have no content at all: pg_dump writes it only with the first bytes of a stream.
const EMPTY_ZLIB: &[u8] = &[0x78, 0x9c, 3, 0, 0, 0, 0, 1];
const EMPTY_LZ4: &[u8] = &[0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0xc0, 0, 0, 0, 0];
const EMPTY_ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 1, 0, 0];

/// The content of one stream.
pub(super) struct Body<F> {
    file: F,
    head: &'static [u8],
    /// The position in the file, and the end of what is taken from it.
    at: u64,
    end: u64,
    tail: Tail,
}

/// The bytes after those of the file.
enum Tail {
    /// None: the content of the file is used as it is, up to its end.
    Nothing,
    /// The Adler-32 that is known when the file has been verified.
    Adler(Box<Verifier>),
    /// The Adler-32 that is known from an earlier pass, and the checksum so far of this one.
    Known(Sums, Box<crc32fast::Hasher>),
    /// The rest of the Adler-32.
    Bytes(Vec<u8>),
}

/// Returns the length of the content of a stream.
pub(super) const fn len_bytes(stream: &StreamFile) -> u64 {
    let (head, tail) = (head(stream).len() as u64, if is_moved(stream) { ADLER_BYTES } else { 0 });
    stream.end.saturating_sub(stream.start).saturating_add(head).saturating_add(tail)
}

/// Returns `true` if the data moves from a gzip file into a zlib stream.
pub(super) const fn is_moved(stream: &StreamFile) -> bool {
    matches!(stream.wrapping, Wrapping::Gzip) && stream.end > 0
}

const fn head(stream: &StreamFile) -> &'static [u8] {
    match (stream.wrapping, stream.end) {
        (Wrapping::Gzip, 0) => EMPTY_ZLIB,
        (Wrapping::Lz4, 0) => EMPTY_LZ4,
        (Wrapping::Zstd, 0) => EMPTY_ZSTD,
        (Wrapping::Gzip, _) => ZLIB_HEADER,
        (Wrapping::None | Wrapping::Lz4 | Wrapping::Zstd, _) => &[],
    }
}

impl<F: ReadAt> Body<F> {
    /// Starts with the open file of a stream, whose checksums may be known.
    pub(super) fn new(file: F, stream: &StreamFile, known: Option<Sums>, limits: &Limits) -> Self {
        let tail = match known {
            _ if !is_moved(stream) => Tail::Nothing,
            Some(sums) => Tail::Known(sums, Box::default()),
            None => Tail::Adler(Box::new(Verifier::new(limits))),
        };
        Self { file, head: head(stream), at: stream.start, end: stream.end, tail }
    }

    /// Returns the number of bytes that are left.
    pub(super) fn left_bytes(&self) -> u64 {
        let tail = match &self.tail {
            Tail::Nothing => 0,
            Tail::Adler(_) | Tail::Known(..) => ADLER_BYTES,
            Tail::Bytes(rest) => rest.len() as u64,
        };
        self.end.saturating_sub(self.at).saturating_add(self.head.len() as u64).saturating_add(tail)
    }

    /// Appends the next `count` bytes to `out`; the caller asks for no more than there are.
    ///
    /// Returns the checksums of the file when they have been computed.
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<u8>) -> Result<Option<Sums>, Error> {
        let (head, rest) = self.head.split_at(count.min(self.head.len()));
        out.extend_from_slice(head);
        self.head = rest;
        let mut left = count.saturating_sub(head.len());
        while left > 0 && self.at < self.end {
            let part = at_most(left.min(STEP_BYTES), self.end.saturating_sub(self.at));
            let space = grow(out, part);
            read_exact(&self.file, space, self.at)?;
            match &mut self.tail {
                Tail::Adler(verifier) => verifier.feed(space)?,
                Tail::Known(_, crc) => crc.update(space),
                Tail::Nothing | Tail::Bytes(_) => {}
            }
            self.at = self.at.saturating_add(part as u64);
            left = left.saturating_sub(part);
        }
        if left == 0 {
            return Ok(None);
        }
        self.finish(left, out)
    }

    /// Appends `count` bytes of what follows those of the file.
    fn finish(&mut self, count: usize, out: &mut Vec<u8>) -> Result<Option<Sums>, Error> {
        let (sums, adler) = match std::mem::replace(&mut self.tail, Tail::Nothing) {
            Tail::Nothing => return Err(Error::internal("a stream has fewer bytes than its length")),
            Tail::Adler(verifier) => {
                let sums = verifier.finish(trailer(&self.file, self.end)?)?;
                (Some(sums), sums.adler.to_be_bytes().to_vec())
            }
            Tail::Known(sums, crc) => {
                if crc.finalize() != sums.stored_crc {
                    return Err(Error::new(ErrorKind::Changed));
                }
                (None, sums.adler.to_be_bytes().to_vec())
            }
            Tail::Bytes(rest) => (None, rest),
        };
        let (now, later) = adler.split_at(count.min(adler.len()));
        out.extend_from_slice(now);
        self.tail = Tail::Bytes(later.to_vec());
        Ok(sums)
    }
}
