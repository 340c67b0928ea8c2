//! Gzip members by hand: any header field, any deflate body, any trailer (RFC 1952).

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Flag bits of the header.
pub const FTEXT: u8 = 1;
pub const FHCRC: u8 = 2;
pub const FEXTRA: u8 = 4;
pub const FNAME: u8 = 8;
pub const FCOMMENT: u8 = 16;

/// A member that is not rendered yet.
#[derive(Clone)]
pub struct Member {
    /// The first ten bytes.
    pub head: [u8; 10],
    /// Optional fields, in the order of the RFC.
    pub fields: Vec<u8>,
    pub deflate: Vec<u8>,
    pub crc32: u32,
    pub isize: u32,
}

impl Member {
    /// A plain member of `plain`.
    pub fn of(plain: &[u8]) -> Self {
        Self::deflated(plain, deflate(plain, Compression::default()))
    }

    /// A member whose deflate stream is given.
    pub fn deflated(plain: &[u8], deflate: Vec<u8>) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(plain);
        #[expect(clippy::cast_possible_truncation, reason = "ISIZE is the length modulo 2^32")]
        let isize = plain.len() as u32;
        Self {
            head: [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff],
            fields: Vec::new(),
            deflate,
            crc32: hasher.finalize(),
            isize,
        }
    }

    /// Adds optional fields under their flags.
    pub fn with_fields(mut self, flags: u8, fields: impl AsRef<[u8]>) -> Self {
        self.head[3] = flags;
        self.fields = fields.as_ref().to_vec();
        self
    }

    /// Adds the CRC16 of the header, off by `error`.
    pub fn with_header_crc(mut self, error: u16) -> Self {
        self.head[3] |= FHCRC;
        let crc = crc32fast::hash(&[&self.head[..], &self.fields].concat()) & 0xffff;
        let crc = u16::try_from(crc).unwrap() ^ error;
        self.fields.extend(crc.to_le_bytes());
        self
    }

    pub fn render(&self) -> Vec<u8> {
        [&self.head[..], &self.fields, &self.deflate, &self.crc32.to_le_bytes(), &self.isize.to_le_bytes()].concat()
    }
}

/// One plain member.
pub fn member(plain: &[u8]) -> Vec<u8> {
    Member::of(plain).render()
}

/// Compresses `plain` as members of at most `len` uncompressed bytes.
pub fn members(plain: &[u8], len: usize) -> Vec<u8> {
    plain.chunks(len).flat_map(member).collect()
}

/// A raw deflate stream.
pub fn deflate(plain: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), level);
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// A deflate stream of stored blocks of at most `len` bytes.
pub fn stored(plain: &[u8], len: u16) -> Vec<u8> {
    let chunks = plain.chunks(usize::from(len));
    let last = chunks.len() - 1;
    let block = |(index, chunk): (usize, &[u8])| {
        let len = u16::try_from(chunk.len()).unwrap();
        [&[u8::from(index == last)][..], &len.to_le_bytes(), &(!len).to_le_bytes(), chunk].concat()
    };
    chunks.enumerate().flat_map(block).collect()
}
