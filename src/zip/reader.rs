//! Reading the contents of one entry: inflating, counting, and comparing with what was declared.

use std::fmt;
use std::io::{self, BufReader, Read};

use crc32fast::Hasher;
use flate2::bufread::DeflateDecoder;
use rawzip::RangeReader;

use super::entry::{Packing, Place};
use super::error::{Corrupt, Error};
use super::seam::Seam;
use crate::io::ReadAt;

/// How much of the stored contents is fetched at a time.
const BUFFER_BYTES: usize = 32 << 10;

/// The contents of one entry.
///
/// The last bytes are handed out only after length and CRC-32 were found to be as declared, so a consumer that got as much
/// as was declared got the right contents, even if it never asks for the end. An error travels inside an [`io::Error`];
/// [`Error::from_io`] takes it out again. After an error every further read fails.
///
/// ```
/// # use appsnap::{Limits, zip};
/// # let mut writer = zip::Writer::new(Vec::new());
/// # writer.entry("hello.txt", &b"hello"[..])?;
/// # let bytes = writer.finish()?;
/// use std::io::Read as _;
///
/// let archive = zip::Archive::open(&bytes, &Limits::untrusted())?;
/// let mut buffer = zip::Buffer::new();
/// let mut entries = archive.entries(&mut buffer);
/// let entry = entries.next_entry()?.expect("there is one");
/// let mut reader = archive.read(&archive.locate(&entry)?);
/// let mut text = String::new();
/// match reader.read_to_string(&mut text).map_err(zip::Error::from_io) {
///     Ok(len_bytes) => assert_eq!(len_bytes as u64, reader.plain_bytes()),
///     Err(Ok(error)) => println!("the archive is damaged: {error}"),
///     Err(Err(error)) => println!("not an error of the archive: {error}"),
/// }
/// # Ok::<(), zip::Error>(())
/// ```
pub struct EntryReader<'a, R> {
    stream: Stream<'a, R>,
    place: Place,
    hasher: Hasher,
    read_bytes: u64,
    failed: bool,
}

type Packed<'a, R> = BufReader<RangeReader<&'a Seam<R>>>;

enum Stream<'a, R> {
    Stored(Packed<'a, R>),
    Deflate(Box<DeflateDecoder<Packed<'a, R>>>),
}

impl<'a, R: ReadAt> EntryReader<'a, R> {
    pub(super) fn new(source: &'a Seam<R>, place: Place) -> Self {
        let end = place.offset_bytes.saturating_add(place.packed_bytes);
        let packed = BufReader::with_capacity(BUFFER_BYTES, RangeReader::new(source, place.offset_bytes..end));
        let stream = match place.packing {
            Packing::Stored => Stream::Stored(packed),
            Packing::Deflate => Stream::Deflate(Box::new(DeflateDecoder::new(packed))),
        };
        Self { stream, place, hasher: Hasher::new(), read_bytes: 0, failed: false }
    }

    /// The declared length of the contents.
    #[must_use]
    pub const fn plain_bytes(&self) -> u64 {
        self.place.plain_bytes
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let left = self.place.plain_bytes.saturating_sub(self.read_bytes);
        if left == 0 && self.read_bytes != 0 {
            return Ok(0);
        }
        let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let taken = match buffer.get_mut(..want) {
            Some(room) if want != 0 => {
                let count = self.stream.read(room)?;
                room.get(..count).unwrap_or_default()
            }
            _ => &[],
        };
        if taken.is_empty() && left != 0 {
            return Err(
                Corrupt::TooShort { declared_bytes: self.place.plain_bytes, actual_bytes: self.read_bytes }.into()
            );
        }
        self.hasher.update(taken);
        let count = taken.len();
        self.read_bytes = self.read_bytes.saturating_add(count as u64);
        if self.read_bytes == self.place.plain_bytes {
            self.verify()?;
        }
        Ok(count)
    }

    /// Everything declared has come: nothing may follow, and the checksum must be right.
    fn verify(&mut self) -> Result<(), Error> {
        if self.stream.read(&mut [0])? != 0 {
            return Err(Corrupt::TooLong { declared_bytes: self.place.plain_bytes }.into());
        }
        if self.stream.packed_bytes().is_some_and(|bytes| bytes != self.place.packed_bytes) {
            return Err(Corrupt::Disagreement("compressed length").into());
        }
        let actual = self.hasher.clone().finalize();
        if actual != self.place.crc32 {
            return Err(Corrupt::Checksum { declared: self.place.crc32, actual }.into());
        }
        Ok(())
    }
}

impl<R: ReadAt> Stream<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match self {
            Self::Stored(reader) => reader.read(buffer).map_err(|error| Error::io("reading a zip entry", error)),
            Self::Deflate(reader) => reader.read(buffer).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    Corrupt::Deflate.into()
                }
                _ => Error::io("reading a zip entry", error),
            }),
        }
    }

    /// How much of the stored contents the deflate stream covered.
    fn packed_bytes(&self) -> Option<u64> {
        match self {
            Self::Stored(_) => None,
            Self::Deflate(reader) => Some(reader.total_in()),
        }
    }
}

impl<R: ReadAt> Read for EntryReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Err(io::Error::other("an earlier read of this zip entry failed"));
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        self.read_some(buffer).map_err(|error| {
            self.failed = true;
            error.at(self.place.offset_bytes).into()
        })
    }
}

impl<R> fmt::Debug for EntryReader<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryReader")
            .field("place", &self.place)
            .field("read_bytes", &self.read_bytes)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
