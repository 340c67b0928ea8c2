//! The tar stream of an archive, compressed or not, which is detected from its first bytes.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use super::error::{Error, ErrorKind};
use super::index::IndexVerifier;
use crate::gzip;
use crate::limits::Limits;

/// Enough for the magic of gzip or of a tar header.
const FIRST_BYTES: usize = 512;

/// Offset of the magic in POSIX and GNU tar headers (POSIX.1-2017, pax, "ustar Interchange Format").
const TAR_MAGIC_AT: usize = 257;

type Source<R> = Chain<Cursor<Vec<u8>>, R>;

/// A source whose format is detected by the first read.
#[derive(Debug)]
pub(super) struct TarSource<R>(State<R>);

#[derive(Debug)]
enum State<R> {
    Unopened(R, Box<(Limits, IndexVerifier)>),
    Gzip(Box<gzip::MemberReader<Source<R>, IndexVerifier>>),
    Tar(BufReader<Source<R>>, Box<IndexVerifier>),
    Failed,
}

impl<R: Read> TarSource<R> {
    pub(super) fn new(source: R, limits: &Limits, verifier: IndexVerifier) -> Self {
        Self(State::Unopened(source, Box::new((limits.clone(), verifier))))
    }

    /// The verifier, which has received the index as far as it was read.
    pub(super) fn verifier(&self) -> Option<&IndexVerifier> {
        match &self.0 {
            State::Gzip(reader) => Some(reader.sink()),
            State::Tar(_, verifier) => Some(verifier),
            State::Unopened(_, settings) => Some(&settings.1),
            State::Failed => None,
        }
    }

    /// The verifier before the first read, for an index that is read separately.
    pub(super) fn verifier_mut(&mut self) -> Option<&mut IndexVerifier> {
        match &mut self.0 {
            State::Unopened(_, settings) => Some(&mut settings.1),
            _ => None,
        }
    }

    fn open(&mut self) -> io::Result<()> {
        if let State::Unopened(..) = self.0
            && let State::Unopened(mut source, settings) = std::mem::replace(&mut self.0, State::Failed)
        {
            let mut first = Vec::with_capacity(FIRST_BYTES);
            source.by_ref().take(FIRST_BYTES as u64).read_to_end(&mut first)?;
            let is_gzip = gzip::is_gzip(&first);
            if !is_gzip {
                refuse_other(&first)?;
            }
            let source = Cursor::new(first).chain(source);
            let (limits, verifier) = *settings;
            self.0 = if is_gzip {
                State::Gzip(Box::new(gzip::MemberReader::new(source, &limits, verifier)))
            } else {
                State::Tar(BufReader::with_capacity(64 << 10, source), Box::new(verifier))
            };
        }
        Ok(())
    }

    fn reader(&mut self) -> io::Result<&mut dyn BufRead> {
        self.open()?;
        match &mut self.0 {
            State::Gzip(reader) => Ok(reader),
            State::Tar(reader, _) => Ok(reader),
            State::Unopened(..) | State::Failed => Err(io::Error::other("an earlier read has failed")),
        }
    }
}

/// Refuses well-known other formats by name. The tar reader could only report a wrong checksum.
fn refuse_other(first: &[u8]) -> Result<(), Error> {
    let has_magic = first.get(TAR_MAGIC_AT..).is_some_and(|magic| magic.starts_with(b"ustar"));
    let what = match first {
        [] => "the file is empty",
        [b'P', b'K', 3 | 5, ..] => "it is a zip file",
        [b'P', b'G', b'D', b'M', b'P', ..] => "it is a bare database dump",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it is compressed with zstd, not with gzip",
        [0x04, 0x22, 0x4d, 0x18, ..] => "it is compressed with lz4, not with gzip",
        [b'B', b'Z', b'h', ..] => "it is compressed with bzip2, not with gzip",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "it is compressed with xz, not with gzip",
        _ if first.len() < FIRST_BYTES && first.first() == Some(&gzip::MAGIC[0]) => "it is shorter than any archive",
        _ if first.len() < FIRST_BYTES => "it is neither gzip data nor a tar archive",
        // Headers of the first tar programs have no magic, but end names with NULs, so text is not a header.
        _ if !has_magic && !first.contains(&0) => "it is neither gzip data nor a tar archive",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::NotASnapshot(what)))
}

impl<R: Read> Read for TarSource<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader()?.read(buffer)
    }
}

impl<R: Read> BufRead for TarSource<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader()?.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        match &mut self.0 {
            State::Gzip(reader) => reader.consume(count),
            State::Tar(reader, _) => reader.consume(count),
            State::Unopened(..) | State::Failed => {}
        }
    }
}
