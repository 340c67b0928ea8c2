//! Reads gzip members one after the other, and lets nothing pass that was not verified.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

use super::error::{Error, ErrorKind, Result};
use super::frame::{HeaderParser, MAGIC, TRAILER_LEN_BYTES};
use crate::limits::{LimitExceeded, Limits};

/// Compressed bytes read at once.
const INPUT_BYTES: usize = 64 << 10;

/// Plain bytes inflated at once: small enough to stay in a core's cache until they are used.
const OUTPUT_BYTES: usize = 64 << 10;

/// Is told of the members that a [`Reader`] passes.
///
/// ```
/// use std::io::{Read, Write};
/// use appsnap::{Limits, gzip};
///
/// #[derive(Default)]
/// struct Lengths(Vec<u64>);
///
/// impl gzip::MemberSink for Lengths {
///     fn extra(&mut self, _field: &[u8], _position: u64) {}
///     fn end(&mut self, _crc32: u32, plain_len_bytes: u64) {
///         self.0.push(plain_len_bytes);
///     }
/// }
///
/// let mut packed = Vec::new();
/// for text in ["two", "members"] {
///     let mut packer = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::fast());
///     packer.write_all(text.as_bytes())?;
///     packer.finish()?;
/// }
/// let mut reader = gzip::Reader::with_sink(packed.as_slice(), &Limits::untrusted(), Lengths::default());
/// reader.read_to_end(&mut Vec::new())?;
/// assert_eq!(reader.sink().0, [3, 7]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait MemberSink {
    /// A member has an extra field (RFC 1952, section 2.3.1.1); `position` is where the member begins.
    fn extra(&mut self, field: &[u8], position: u64);

    /// A member was read to its end and found sound.
    fn end(&mut self, crc32: u32, plain_len_bytes: u64);
}

impl MemberSink for () {
    fn extra(&mut self, _: &[u8], _: u64) {}

    fn end(&mut self, _: u32, _: u64) {}
}

/// The plain bytes of one or more gzip members, each member's CRC32 and length checked, zero padding behind the last one
/// allowed.
///
/// The end of the data (`Ok(0)`) is only said after the last trailer matched and nothing but zeros followed.
///
/// # Security
/// Memory is fixed: two buffers of 64 KiB, deflate's window, and a member header that [`Limits::max_gzip_header_bytes`]
/// bounds. The amount of plain bytes is for the caller to bound.
///
/// ```
/// use std::io::Read;
/// use appsnap::{Limits, gzip};
///
/// let packed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 0x4b, 4, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0];
/// let mut plain = String::new();
/// gzip::Reader::new(packed.as_slice(), &Limits::default()).read_to_string(&mut plain)?;
/// assert_eq!(plain, "a");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<R, X = ()> {
    source: Source<R>,
    state: State,
    header: HeaderParser,
    max_header_bytes: u64,
    inflate: Decompress,
    output: Box<[u8]>,
    output_start: usize,
    output_end: usize,
    crc: crc32fast::Hasher,
    trailer: Vec<u8>,
    member_position: u64,
    members_count: u64,
    plain_len_bytes: u64,
    /// The first error, which every later read repeats.
    failed: Option<Error>,
    sink: X,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    Body,
    Trailer,
    Padding,
    /// The compressed data cannot be inflated any further.
    Damaged,
    Done,
}

/// The compressed bytes, buffered, with their position.
#[derive(Debug)]
struct Source<R> {
    inner: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    position: u64,
}

impl<R: Read> Source<R> {
    /// The buffered bytes; reads more if there are none. Empty only at the end of the input.
    fn fill(&mut self) -> Result<&[u8]> {
        while self.start == self.end {
            match self.inner.read(&mut self.buffer) {
                Ok(count) => {
                    self.start = 0;
                    self.end = count.min(self.buffer.len());
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(Error::io("reading", error).at(self.position));
                }
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
        self.position = self.position.saturating_add(count as u64);
    }
}

impl<R: Read> Reader<R> {
    /// A reader of the members in `source`, which need not be buffered.
    pub fn new(source: R, limits: &Limits) -> Self {
        Self::with_sink(source, limits, ())
    }
}

impl<R: Read, X: MemberSink> Reader<R, X> {
    /// A reader that tells `sink` of the members.
    pub fn with_sink(source: R, limits: &Limits, sink: X) -> Self {
        Self {
            source: Source {
                inner: source,
                buffer: vec![0; INPUT_BYTES].into_boxed_slice(),
                start: 0,
                end: 0,
                position: 0,
            },
            state: State::Header,
            header: HeaderParser::default(),
            max_header_bytes: limits.max_gzip_header_bytes(),
            inflate: Decompress::new(false),
            output: vec![0; OUTPUT_BYTES].into_boxed_slice(),
            output_start: 0,
            output_end: 0,
            crc: crc32fast::Hasher::new(),
            trailer: Vec::with_capacity(8),
            member_position: 0,
            members_count: 0,
            plain_len_bytes: 0,
            failed: None,
            sink,
        }
    }

    /// How many members were read to their end and found sound.
    #[must_use]
    pub fn members_count(&self) -> u64 {
        self.members_count
    }

    /// Compressed bytes used so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.source.position
    }

    /// What has been told of the members.
    #[must_use]
    pub fn sink(&self) -> &X {
        &self.sink
    }

    /// Inflates until there is output or the end is verified.
    fn advance(&mut self) -> Result<()> {
        while self.output_start == self.output_end {
            match self.state {
                State::Header => self.header()?,
                State::Body => self.body()?,
                State::Trailer => self.trailer()?,
                State::Padding => self.padding()?,
                // How far an inflater had come when it noticed depends on the portions it was given; where the member begins
                // does not.
                State::Damaged => return Err(Error::new(ErrorKind::Deflate).at(self.member_position)),
                State::Done => return Ok(()),
            }
        }
        Ok(())
    }

    fn header(&mut self) -> Result<()> {
        let position = self.source.position;
        let input = self.source.fill()?;
        if self.header.len_bytes() == 0 {
            self.member_position = position;
            match input {
                [] if self.members_count > 0 => {
                    self.state = State::Done;
                    return Ok(());
                }
                [0, ..] if self.members_count > 0 => {
                    self.state = State::Padding;
                    return Ok(());
                }
                _ => {}
            }
        }
        if input.is_empty() {
            return Err(Error::new(ErrorKind::Truncated { part: "header" }).at(position));
        }
        // One byte more than is allowed may be looked at, so that the limit is seen to be passed.
        let room = self.max_header_bytes.saturating_sub(self.header.len_bytes()).saturating_add(1);
        let room = usize::try_from(room).unwrap_or(usize::MAX).min(input.len());
        let (count, done) = self.header.feed(input.get(..room).unwrap_or_default()).map_err(|error| {
            match error.kind() {
                // What follows a sound member and does not even begin like another one is rubbish behind it.
                ErrorKind::NotGzip if self.members_count > 0 => {
                    Error::new(ErrorKind::TrailingData).at(self.member_position)
                }
                ErrorKind::Header(what) => Error::new(ErrorKind::Header(what)).at(self.member_position),
                _ => error,
            }
        })?;
        self.source.consume(count);
        if self.header.len_bytes() > self.max_header_bytes {
            let wanted = self.header.len_bytes();
            let exceeded = LimitExceeded { name: "max_gzip_header_bytes", allowed: self.max_header_bytes, wanted };
            return Err(Error::from(exceeded).at(self.member_position));
        }
        if done {
            if !self.header.extra.is_empty() {
                self.sink.extra(&self.header.extra, self.member_position);
            }
            self.header.reset();
            self.inflate.reset(false);
            self.crc.reset();
            self.plain_len_bytes = 0;
            self.state = State::Body;
        }
        Ok(())
    }

    fn body(&mut self) -> Result<()> {
        let position = self.source.position;
        let input = self.source.fill()?;
        let at_end = input.is_empty();
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(input, &mut self.output, FlushDecompress::None);
        let used = self.inflate.total_in().saturating_sub(before_in);
        let made = self.inflate.total_out().saturating_sub(before_out);
        self.source.consume(usize::try_from(used).unwrap_or(usize::MAX));
        self.output_start = 0;
        self.output_end = usize::try_from(made).unwrap_or(usize::MAX).min(self.output.len());
        self.crc.update(self.output.get(..self.output_end).unwrap_or_default());
        self.plain_len_bytes = self.plain_len_bytes.wrapping_add(made);
        match result {
            Ok(Status::StreamEnd) => self.state = State::Trailer,
            Ok(_) if made == 0 && used == 0 && at_end => {
                return Err(Error::new(ErrorKind::Truncated { part: "body" }).at(position));
            }
            Ok(_) if made > 0 || used > 0 => {}
            // What was inflated before the damage is handed out first: what a reader sees before it stops must not depend
            // on the portions in which the bytes came.
            Ok(_) | Err(_) => self.state = State::Damaged,
        }
        Ok(())
    }

    fn trailer(&mut self) -> Result<()> {
        // Faults are reported where the trailer begins, however the input is sliced.
        let position = self.source.position.saturating_sub(self.trailer.len() as u64);
        let input = self.source.fill()?;
        if input.is_empty() {
            return Err(Error::new(ErrorKind::Truncated { part: "trailer" }).at(self.source.position));
        }
        let wanted = (TRAILER_LEN_BYTES as usize).saturating_sub(self.trailer.len()).min(input.len());
        self.trailer.extend_from_slice(input.get(..wanted).unwrap_or_default());
        self.source.consume(wanted);
        let &[a, b, c, d, e, f, g, h] = self.trailer.as_slice() else { return Ok(()) };
        self.trailer.clear();
        let (declared, actual) = (u32::from_le_bytes([a, b, c, d]), self.crc.clone().finalize());
        if declared != actual {
            return Err(Error::new(ErrorKind::Crc { declared, actual }).at(position));
        }
        // ISIZE is the length modulo 2^32: the low four bytes.
        let [i, j, k, l, ..] = self.plain_len_bytes.to_le_bytes();
        let (declared, actual) = (u32::from_le_bytes([e, f, g, h]), u32::from_le_bytes([i, j, k, l]));
        if declared != actual {
            return Err(Error::new(ErrorKind::Length { declared, actual }).at(position));
        }
        self.sink.end(self.crc.clone().finalize(), self.plain_len_bytes);
        self.members_count = self.members_count.saturating_add(1);
        self.state = State::Header;
        Ok(())
    }

    /// Tape-style tools fill their last record with zeros (GNU gzip manual, "Tapes").
    fn padding(&mut self) -> Result<()> {
        let position = self.source.position;
        let input = self.source.fill()?;
        if input.is_empty() {
            self.state = State::Done;
        } else if let Some(index) = input.iter().position(|byte| *byte != 0) {
            return Err(Error::new(ErrorKind::TrailingData).at(position.saturating_add(index as u64)));
        }
        let count = input.len();
        self.source.consume(count);
        Ok(())
    }
}

impl<R: Read, X: MemberSink> BufRead for Reader<R, X> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        if let Err(error) = self.advance() {
            return Err(self.failed.insert(error).clone().into());
        }
        Ok(self.output.get(self.output_start..self.output_end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.output_start = self.output_start.saturating_add(count).min(self.output_end);
    }
}

impl<R: Read, X: MemberSink> Read for Reader<R, X> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Whether these first bytes of a file are those of a gzip member.
///
/// ```
/// assert!(appsnap::gzip::is_gzip(b"\x1f\x8b\x08"));
/// assert!(!appsnap::gzip::is_gzip(b"PK"));
/// ```
#[must_use]
pub fn is_gzip(first: &[u8]) -> bool {
    first.starts_with(&MAGIC)
}
