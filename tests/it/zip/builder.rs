//! Builds zip files field by field, honest by default, so that each test falsifies exactly one field.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// One entry; every field can be changed before [`build`].
#[derive(Clone)]
pub(crate) struct Item {
    pub name: Vec<u8>,
    pub local_name: Vec<u8>,
    pub stored: Vec<u8>,
    pub method: u16,
    pub local_method: u16,
    pub flags: u16,
    pub local_flags: u16,
    pub crc: u32,
    pub uncompressed_bytes: u64,
    pub compressed_bytes: u64,
    pub local_numbers: (u32, u32, u32),
    pub descriptor: Vec<u8>,
    pub extra: Vec<u8>,
    pub local_extra: Vec<u8>,
    pub attributes: u32,
    /// The offset of the header in the directory, if it is false.
    pub offset: Option<u32>,
    /// Junk before the header.
    pub junk: Vec<u8>,
}

pub(crate) fn deflated(contents: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(contents).unwrap();
    encoder.finish().unwrap()
}

impl Item {
    pub(crate) fn stored(name: &str, contents: &[u8]) -> Self {
        Self::compressed(name, contents, contents.to_vec(), 0)
    }

    pub(crate) fn deflated(name: &str, contents: &[u8]) -> Self {
        Self::compressed(name, contents, deflated(contents), 8)
    }

    fn compressed(name: &str, contents: &[u8], stored: Vec<u8>, method: u16) -> Self {
        let (crc, compressed, uncompressed) = (crc32fast::hash(contents), stored.len() as u32, contents.len() as u32);
        Self {
            name: name.into(),
            local_name: name.into(),
            stored,
            method,
            local_method: method,
            flags: 0,
            local_flags: 0,
            crc,
            uncompressed_bytes: uncompressed.into(),
            compressed_bytes: compressed.into(),
            local_numbers: (crc, compressed, uncompressed),
            descriptor: Vec::new(),
            extra: Vec::new(),
            local_extra: Vec::new(),
            attributes: 0,
            offset: None,
            junk: Vec::new(),
        }
    }

    /// Moves the numbers to a data descriptor, as programs that write to a pipe do.
    pub(crate) fn streamed(mut self, signature: bool, wide: bool) -> Self {
        (self.flags, self.local_flags) = (self.flags | 8, self.local_flags | 8);
        self.local_numbers = (0, 0, 0);
        self.descriptor = if signature { b"PK\x07\x08".to_vec() } else { Vec::new() };
        self.descriptor.extend(self.crc.to_le_bytes());
        for number in [self.compressed_bytes, self.uncompressed_bytes] {
            self.descriptor.extend(&number.to_le_bytes()[..if wide { 8 } else { 4 }]);
        }
        self
    }
}

/// The fields of the end records that a test may change.
#[derive(Clone, Copy, Default)]
pub(crate) struct End {
    pub volume: u16,
    pub count_error: i32,
    pub comment: &'static [u8],
    pub zip64: bool,
}

pub(crate) fn build(items: &[Item]) -> Vec<u8> {
    build_with(items, End::default())
}

pub(crate) fn build_with(items: &[Item], end: End) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for item in items {
        out.extend(&item.junk);
        let offset = item.offset.unwrap_or(out.len() as u32);
        out.extend(b"PK\x03\x04");
        for number in [20, item.local_flags, item.local_method, 0, 0x21] {
            out.extend(number.to_le_bytes());
        }
        for number in [item.local_numbers.0, item.local_numbers.1, item.local_numbers.2] {
            out.extend(number.to_le_bytes());
        }
        out.extend((item.local_name.len() as u16).to_le_bytes());
        out.extend((item.local_extra.len() as u16).to_le_bytes());
        out.extend(&item.local_name);
        out.extend(&item.local_extra);
        out.extend(&item.stored);
        out.extend(&item.descriptor);

        directory.extend(b"PK\x01\x02");
        for number in [0x0314, 20, item.flags, item.method, 0, 0x21] {
            directory.extend(number.to_le_bytes());
        }
        directory.extend(item.crc.to_le_bytes());
        directory.extend((item.compressed_bytes.min(u32::MAX.into()) as u32).to_le_bytes());
        directory.extend((item.uncompressed_bytes.min(u32::MAX.into()) as u32).to_le_bytes());
        let mut extra = item.extra.clone();
        let wide: Vec<u8> = [item.uncompressed_bytes, item.compressed_bytes]
            .into_iter()
            .filter(|number| *number >= u32::MAX.into())
            .flat_map(u64::to_le_bytes)
            .collect();
        if !wide.is_empty() {
            extra.extend([1, 0]);
            extra.extend((wide.len() as u16).to_le_bytes());
            extra.extend(wide);
        }
        for number in [item.name.len() as u16, extra.len() as u16, 0, 0, 0] {
            directory.extend(number.to_le_bytes());
        }
        directory.extend(item.attributes.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&item.name);
        directory.extend(extra);
    }
    let (at, length) = (out.len() as u64, directory.len() as u64);
    out.extend(directory);
    let count = (items.len() as i32 + end.count_error) as u16;
    if end.zip64 {
        let record_at = out.len() as u64;
        out.extend(b"PK\x06\x06");
        out.extend(44_u64.to_le_bytes());
        out.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [count.into(), count.into(), length, at] {
            out.extend(u64::to_le_bytes(number));
        }
        out.extend(b"PK\x06\x07\0\0\0\0");
        out.extend(record_at.to_le_bytes());
        out.extend(1_u32.to_le_bytes());
    }
    out.extend(b"PK\x05\x06");
    let count = if end.zip64 { u16::MAX } else { count };
    for number in [end.volume, end.volume, count, count] {
        out.extend(number.to_le_bytes());
    }
    out.extend((length as u32).to_le_bytes());
    out.extend(if end.zip64 { u32::MAX } else { at as u32 }.to_le_bytes());
    out.extend((end.comment.len() as u16).to_le_bytes());
    out.extend(end.comment);
    out
}
