//! Reads consecutive gzip members and lets nothing pass that was not verified.

use std::io::{self, BufRead, BufReader, Read};

use super::error::{Error, ErrorKind, Result};
use super::header::{HeaderParser, MAGIC, TRAILER_BYTES};
use crate::io::inflate::{InflateWindow, Need};
use crate::io::{CountedSource, prefix};
use crate::limits::{LimitExceeded, Limits};

/// Compressed bytes read at once.
const INPUT_BYTES: usize = 64 << 10;

/// Bytes decompressed at once, about: few enough to stay in a core's cache until they are used.
const OUTPUT_BYTES: usize = 64 << 10;

/// A reader of the uncompressed bytes of one or more gzip members, which checks each member's CRC32 and length. Zero
/// padding after the last member is allowed.
///
/// Returns `Ok(0)` only after the last trailer has been verified and nothing but zeros followed.
///
/// # Security
/// Memory is fixed: two buffers of 64 KiB, deflate's window, and a member header that [`Limits::max_gzip_header_bytes`]
/// bounds. The amount of uncompressed bytes is for the caller to bound.
///
/// ```
/// use std::io::Read;
/// use appsnap::{Limits, gzip};
///
/// let compressed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 0x4b, 4, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0];
/// let mut text = String::new();
/// gzip::Reader::new(compressed.as_slice(), &Limits::default()).read_to_string(&mut text)?;
/// assert_eq!(text, "a");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<R>(MemberReader<R, ()>);

impl<R: Read> Reader<R> {
    /// Creates a reader of the members in `source`, which need not be buffered.
    pub fn new(source: R, limits: &Limits) -> Self {
        Self(MemberReader::new(source, limits, ()))
    }

    /// Returns the number of members that were read to their end and verified.
    #[must_use]
    pub fn members_count(&self) -> u64 {
        self.0.members_count
    }

    /// Returns the number of compressed bytes used so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.0.source.position()
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> BufRead for Reader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}

/// Receives facts about the members that a [`MemberReader`] reads.
pub(crate) trait MemberSink {
    /// Receives the extra field of a member that begins at `position` (RFC 1952, section 2.3.1.1).
    fn extra(&mut self, field: &[u8], position: u64);

    /// Learns that the compressed data of a member begins at `data_position`.
    fn begin(&mut self, _data_position: u64) {}

    /// Returns how much of `input`, the compressed data at `position`, is to be decompressed next. A sink that returns
    /// less than all of it must make progress with the next [`step`](Self::step).
    fn portion(&mut self, input: &[u8], _position: u64) -> usize {
        input.len()
    }

    /// Receives the compressed bytes that were taken, and the uncompressed ones that they gave; `is_drained` if that is all
    /// that they can give.
    fn step(&mut self, _compressed: &[u8], _uncompressed: &[u8], _is_drained: bool) {}

    /// Receives the sums of a member that was read to its end and verified.
    fn end(&mut self, crc32: u32, uncompressed_len_bytes: u64);
}

impl MemberSink for () {
    fn extra(&mut self, _: &[u8], _: u64) {}

    fn end(&mut self, _: u32, _: u64) {}
}

/// A [`Reader`] that reports the members to a sink.
#[derive(Debug)]
pub(crate) struct MemberReader<R, X> {
    source: CountedSource<BufReader<R>>,
    state: State,
    header: HeaderParser,
    max_header_bytes: u64,
    inflate: InflateWindow,
    crc: crc32fast::Hasher,
    trailer: Vec<u8>,
    member_position: u64,
    members_count: u64,
    uncompressed_len_bytes: u64,
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
    /// The compressed data cannot be decompressed any further.
    Damaged,
    Done,
}

impl<R: Read, X: MemberSink> MemberReader<R, X> {
    /// Creates a reader of the members in `source`, which need not be buffered.
    pub(crate) fn new(source: R, limits: &Limits, sink: X) -> Self {
        Self {
            source: CountedSource::buffered(source, INPUT_BYTES),
            state: State::Header,
            header: HeaderParser::default(),
            max_header_bytes: limits.max_gzip_header_bytes(),
            inflate: InflateWindow::new(OUTPUT_BYTES),
            crc: crc32fast::Hasher::new(),
            trailer: Vec::with_capacity(TRAILER_BYTES),
            member_position: 0,
            members_count: 0,
            uncompressed_len_bytes: 0,
            failed: None,
            sink,
        }
    }

    /// Returns the sink.
    pub(crate) const fn sink(&self) -> &X {
        &self.sink
    }

    /// Returns the sink after everything was read.
    pub(crate) fn into_sink(self) -> X {
        self.sink
    }

    /// Decompresses until there is output or the end is verified.
    fn advance(&mut self) -> Result<()> {
        while self.inflate.output().is_empty() {
            match self.state {
                State::Header => self.header()?,
                State::Body => self.body()?,
                State::Trailer => self.trailer()?,
                State::Padding => self.padding()?,
                // How far the decompressor has come when it notices depends on the portions it was given; where the member
                // begins does not.
                State::Damaged => return Err(Error::new(ErrorKind::Deflate).at(self.member_position)),
                State::Done => return Ok(()),
            }
        }
        Ok(())
    }

    fn header(&mut self) -> Result<()> {
        let position = self.source.position();
        let input = fill(&mut self.source)?;
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
        let (count, done) = self.header.feed(prefix(input, room)).map_err(|error| {
            match error.kind() {
                // What follows a sound member and does not even begin like another one is trailing data.
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
            self.inflate.reset();
            self.crc.reset();
            self.uncompressed_len_bytes = 0;
            self.sink.begin(self.source.position());
            self.state = State::Body;
        }
        Ok(())
    }

    fn body(&mut self) -> Result<()> {
        let position = self.source.position();
        let input = fill(&mut self.source)?;
        let at_end = input.is_empty();
        let portion = prefix(input, self.sink.portion(input, position) as u64);
        let step = self.inflate.decode(portion);
        let output = self.inflate.output();
        self.sink.step(prefix(portion, step.used as u64), output, step.need == Ok(Need::Input));
        self.crc.update(output);
        self.source.consume(step.used);
        self.uncompressed_len_bytes = self.uncompressed_len_bytes.wrapping_add(step.made as u64);
        match step.need {
            Ok(Need::Nothing) => self.state = State::Trailer,
            Ok(Need::Input) if at_end && step.made == 0 => {
                return Err(Error::new(ErrorKind::Truncated { part: "body" }).at(position));
            }
            Ok(_) => {}
            // What was decompressed before the damage is returned first: what a reader sees before it stops must not
            // depend on the portions in which the bytes arrive.
            Err(_) => self.state = State::Damaged,
        }
        Ok(())
    }

    fn trailer(&mut self) -> Result<()> {
        // Errors are reported where the trailer begins, however the input is sliced.
        let position = self.source.position().saturating_sub(self.trailer.len() as u64);
        let input = fill(&mut self.source)?;
        if input.is_empty() {
            return Err(Error::new(ErrorKind::Truncated { part: "trailer" }).at(self.source.position()));
        }
        let missing = TRAILER_BYTES.saturating_sub(self.trailer.len()) as u64;
        let arrived = prefix(input, missing);
        let count = arrived.len();
        self.trailer.extend_from_slice(arrived);
        self.source.consume(count);
        let &[a, b, c, d, e, f, g, h] = self.trailer.as_slice() else { return Ok(()) };
        self.trailer.clear();
        let (declared, actual) = (u32::from_le_bytes([a, b, c, d]), self.crc.clone().finalize());
        if declared != actual {
            return Err(Error::new(ErrorKind::Crc { declared, actual }).at(position));
        }
        // ISIZE is the length modulo 2^32: the low four bytes.
        let [i, j, k, l, ..] = self.uncompressed_len_bytes.to_le_bytes();
        let (declared, actual) = (u32::from_le_bytes([e, f, g, h]), u32::from_le_bytes([i, j, k, l]));
        if declared != actual {
            return Err(Error::new(ErrorKind::Length { declared, actual }).at(position));
        }
        self.sink.end(self.crc.clone().finalize(), self.uncompressed_len_bytes);
        self.members_count = self.members_count.saturating_add(1);
        self.state = State::Header;
        Ok(())
    }

    /// Tape-style tools fill their last record with zeros (GNU gzip manual, "Tapes").
    fn padding(&mut self) -> Result<()> {
        let position = self.source.position();
        let input = fill(&mut self.source)?;
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

/// Returns the buffered input after reading more if there is none; empty only at the end of the input.
fn fill<R: Read>(source: &mut CountedSource<BufReader<R>>) -> Result<&[u8]> {
    let position = source.position();
    source.fill().map_err(|error| Error::io("reading", error).at(position))
}

impl<R: Read, X: MemberSink> BufRead for MemberReader<R, X> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        if let Err(error) = self.advance() {
            return Err(self.failed.insert(error).clone().into());
        }
        Ok(self.inflate.output())
    }

    fn consume(&mut self, count: usize) {
        self.inflate.consume(count);
    }
}

impl<R: Read, X: MemberSink> Read for MemberReader<R, X> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Returns `true` if a file that begins with these bytes is a gzip member.
///
/// ```
/// assert!(appsnap::gzip::is_gzip(b"\x1f\x8b\x08"));
/// assert!(!appsnap::gzip::is_gzip(b"PK"));
/// ```
#[must_use]
pub fn is_gzip(first: &[u8]) -> bool {
    first.starts_with(&MAGIC)
}
