//! The bytes around the compressed data: member headers, extra fields and trailers of RFC 1952.

use super::error::{Error, ErrorKind, Result};

/// ID1 and ID2, the bytes that every member begins with (RFC 1952, section 2.3.1).
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The header of the data member: deflate, no optional field, no time (so that equal input gives equal bytes),
/// unknown operating system.
pub(crate) const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// An empty final block with fixed codes: it ends the deflate stream without making any chunk know that it is the last.
pub(crate) const FINAL_BLOCK: [u8; 2] = [0x03, 0x00];

/// Length of the trailer: CRC32 and ISIZE.
pub(crate) const TRAILER_BYTES: usize = 8;

/// Bytes of a member after its chunks.
pub(crate) const END_BYTES: usize = FINAL_BLOCK.len() + TRAILER_BYTES;

/// FLG bits (RFC 1952, section 2.3.1).
const FHCRC: u8 = 0x02;
const FEXTRA: u8 = 0x04;
const FNAME: u8 = 0x08;
const FCOMMENT: u8 = 0x10;
const RESERVED: u8 = 0xe0;

/// The trailer for data with this CRC32 and this length.
pub(crate) fn trailer(crc32: u32, len_bytes: u64) -> [u8; TRAILER_BYTES] {
    let [a, b, c, d] = crc32.to_le_bytes();
    // ISIZE is the length modulo 2^32: the low four bytes.
    let [e, f, g, h, ..] = len_bytes.to_le_bytes();
    [a, b, c, d, e, f, g, h]
}

/// Bytes of an [`empty_member`] beyond its payload: header 10, XLEN 2, SI1 SI2 LEN 4, final block 2, trailer 8.
pub(crate) const EMPTY_MEMBER_OVERHEAD_BYTES: usize = 26;

/// Most bytes of extra field that every tool in use reads: busybox fails from about 32,000.
pub(crate) const MAX_EXTRA_BYTES: usize = 16_000;

/// SI1, SI2 and LEN of a subfield (RFC 1952, section 2.3.1.1).
const SUBFIELD_HEADER_BYTES: u16 = 4;

/// Creates a member without data that carries `payload` in one extra subfield of the given identity; `None` if the payload
/// is too long for that.
pub(crate) fn empty_member(identity: [u8; 2], payload: &[u8]) -> Option<Vec<u8>> {
    let mut member = Vec::with_capacity(payload.len().saturating_add(EMPTY_MEMBER_OVERHEAD_BYTES));
    member.extend_from_slice(&empty_member_start(identity, payload)?);
    member.extend_from_slice(payload);
    member.extend_from_slice(&FINAL_BLOCK);
    member.extend_from_slice(&trailer(0, 0));
    Some(member)
}

/// Returns the bytes of an [`empty_member`] before its payload.
fn empty_member_start(identity: [u8; 2], payload: &[u8]) -> Option<[u8; 16]> {
    let len = u16::try_from(payload.len()).ok()?;
    let extra_len = len.checked_add(SUBFIELD_HEADER_BYTES).filter(|len| usize::from(*len) <= MAX_EXTRA_BYTES)?;
    let ([a, b], [c, d], [e, f]) = (extra_len.to_le_bytes(), identity, len.to_le_bytes());
    Some([0x1f, 0x8b, 8, FEXTRA, 0, 0, 0, 0, 0, 0xff, a, b, c, d, e, f])
}

/// Returns the payload of an [`empty_member`] with this identity, if `member` is one, byte for byte.
pub(crate) fn empty_member_payload(identity: [u8; 2], member: &[u8]) -> Option<&[u8]> {
    let (start, rest) = member.split_first_chunk()?;
    let (payload, end) = rest.split_at_checked(rest.len().checked_sub(END_BYTES)?)?;
    // Comparing with the canonical bytes leaves no room for a second reading of the same member.
    let is_canonical = *start == empty_member_start(identity, payload)?
        && end.starts_with(&FINAL_BLOCK)
        && end.ends_with(&trailer(0, 0));
    is_canonical.then_some(payload)
}

/// A parser of a member's header, byte by byte. It keeps the extra field and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct HeaderParser {
    state: State,
    flags: u8,
    extra_left: usize,
    /// The first byte of a number of two.
    low_byte: Option<u8>,
    len_bytes: u64,
    crc: crc32fast::Hasher,
    pub(crate) extra: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Fixed,
    ExtraLen,
    Extra,
    Name,
    Comment,
    Crc,
    Done,
}

impl HeaderParser {
    /// Forgets everything, keeps its memory.
    pub(crate) fn reset(&mut self) {
        let mut extra = std::mem::take(&mut self.extra);
        extra.clear();
        *self = Self { extra, ..Self::default() };
    }

    /// Bytes of this header so far.
    pub(crate) const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Takes the next bytes; returns how many belong to the header, and whether it is complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(usize, bool)> {
        for (&byte, count) in bytes.iter().zip(1..) {
            self.byte(byte)?;
            if self.state == State::Done {
                return Ok((count, true));
            }
        }
        Ok((bytes.len(), false))
    }

    fn byte(&mut self, byte: u8) -> Result<()> {
        if self.state != State::Crc {
            self.crc.update(&[byte]);
        }
        self.len_bytes = self.len_bytes.saturating_add(1);
        match self.state {
            State::Fixed => self.fixed(byte)?,
            // Two bytes, little endian.
            State::ExtraLen => match self.low_byte.take() {
                None => self.low_byte = Some(byte),
                Some(low) => {
                    self.extra_left = usize::from(u16::from_le_bytes([low, byte]));
                    self.state = State::Extra;
                    self.skip_complete_extra();
                }
            },
            State::Extra => {
                self.extra.push(byte);
                self.extra_left = self.extra_left.saturating_sub(1);
                self.skip_complete_extra();
            }
            State::Name if byte == 0 => self.next(State::Name),
            State::Comment if byte == 0 => self.next(State::Comment),
            State::Name | State::Comment => {}
            State::Crc => match self.low_byte.take() {
                None => self.low_byte = Some(byte),
                Some(low) => {
                    let [actual_low, actual_high, ..] = self.crc.clone().finalize().to_le_bytes();
                    if [low, byte] != [actual_low, actual_high] {
                        return Err(Error::new(ErrorKind::Header("its checksum is wrong")));
                    }
                    self.state = State::Done;
                }
            },
            State::Done => {}
        }
        Ok(())
    }

    fn skip_complete_extra(&mut self) {
        if self.extra_left == 0 {
            self.next(State::Extra);
        }
    }

    fn fixed(&mut self, byte: u8) -> Result<()> {
        let [first, second] = MAGIC;
        match self.len_bytes {
            1 if byte != first => return Err(Error::new(ErrorKind::NotGzip)),
            2 if byte != second => return Err(Error::new(ErrorKind::NotGzip)),
            3 if byte != 8 => return Err(Error::new(ErrorKind::Header("the method is not deflate"))),
            4 if byte & RESERVED != 0 => return Err(Error::new(ErrorKind::Header("reserved flags are set"))),
            4 => self.flags = byte,
            10 => self.next(State::Fixed),
            _ => {}
        }
        Ok(())
    }

    /// Enters the first field after `done` that the flags announce.
    fn next(&mut self, done: State) {
        let fields = [
            (State::Fixed, FEXTRA, State::ExtraLen),
            (State::Extra, FNAME, State::Name),
            (State::Name, FCOMMENT, State::Comment),
            (State::Comment, FHCRC, State::Crc),
        ];
        self.state = fields
            .into_iter()
            .skip_while(|(after, ..)| *after != done)
            .find(|(_, flag, _)| self.flags & flag != 0)
            .map_or(State::Done, |(.., field)| field);
    }
}

/// Returns the payload of the first subfield with this identity in an extra field (RFC 1952, section 2.3.1.1).
pub(crate) fn subfield(extra: &[u8], identity: [u8; 2]) -> Option<&[u8]> {
    let mut rest = extra;
    while let [si1, si2, low, high, after @ ..] = rest {
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        let payload = after.get(..len)?;
        if [*si1, *si2] == identity {
            return Some(payload);
        }
        rest = after.get(len..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(flags: u8, fields: &[u8]) -> Vec<u8> {
        [&[0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 2, 3], fields].concat()
    }

    fn parse(bytes: &[u8]) -> Result<(usize, bool)> {
        let mut parser = HeaderParser::default();
        let whole = parser.feed(bytes);
        let mut single = HeaderParser::default();
        let mut count = 0;
        for byte in bytes {
            match single.feed(std::slice::from_ref(byte)) {
                Ok((used, done)) => {
                    count += used;
                    if done {
                        assert_eq!(whole.as_ref().unwrap(), &(count, true));
                        break;
                    }
                }
                Err(_) => {
                    assert!(whole.is_err());
                    break;
                }
            }
        }
        whole
    }

    #[test]
    fn every_optional_field_is_passed_over() {
        let fields = [&[2, 0, 9, 9][..], b"name\0", b"comment\0"].concat();
        let mut bytes = header(FEXTRA | FNAME | FCOMMENT | FHCRC, &fields);
        let crc = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes()[..2]);
        let len = bytes.len();
        bytes.extend_from_slice(b"data");
        assert_eq!(parse(&bytes).unwrap(), (len, true));
        assert_eq!(parse(&header(0, b"data")).unwrap(), (10, true));
        assert_eq!(parse(&header(FEXTRA, &[0, 0, 1])).unwrap(), (12, true));
        assert_eq!(parse(&header(FNAME, b"n\0d")).unwrap(), (12, true));
    }

    #[test]
    fn wrong_header_checksum_is_refused() {
        assert!(parse(&header(FHCRC, &[0, 0])).is_err());
    }

    #[test]
    fn reserved_flags_and_other_methods_are_refused() {
        assert!(parse(&header(0x20, b"")).is_err());
        assert!(parse(&[0x1f, 0x8b, 7, 0]).is_err());
        assert!(matches!(parse(b"PK").unwrap_err().kind(), ErrorKind::NotGzip));
    }

    #[test]
    fn empty_member_is_read_back_by_a_stock_decoder() {
        let member = empty_member(*b"AS", b"payload").unwrap();
        let mut decoder = flate2::read::GzDecoder::new(member.as_slice());
        assert_eq!(std::io::copy(&mut decoder, &mut std::io::sink()).unwrap(), 0);
        let extra = decoder.header().unwrap().extra().unwrap();
        assert_eq!(subfield(extra, *b"AS"), Some(&b"payload"[..]));
        assert_eq!(empty_member_payload(*b"AS", &member), Some(&b"payload"[..]));
        assert_eq!(empty_member_payload(*b"XY", &member), None);
    }
}
