//! Members that a snapshot must not contain and an archive of files may: links, devices and sparse files.

use super::error::Fault;
use crate::io::decimal;

/// The special property of a member. Only a tolerant reader returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special<'a> {
    /// A hard link: another name of an earlier member, which is given.
    HardLink(&'a [u8]),
    Symlink,
    /// A device or a FIFO.
    Device,
    /// A sparse file. Its payload consists of the segments; the rest of the file is zeros.
    Sparse(&'a SparseMap),
}

/// The kind of a special member, without what the reader's buffers contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SpecialKind {
    HardLink,
    Symlink,
    Device,
    Sparse,
}

/// The segments of a sparse file that are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SparseMap {
    /// The length of the file with its holes.
    pub(crate) file_bytes: u64,
    pub(crate) segments: Vec<Segment>,
}

/// A stored part of a sparse file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The offset in the file.
    pub(crate) offset_bytes: u64,
    pub(crate) len_bytes: u64,
}

impl SparseMap {
    /// Checks that the segments ascend within the file and are as long as the payload.
    pub(super) fn check(&self, payload_bytes: u64) -> Result<(), Fault> {
        let malformed = || Fault::malformed("the map of a sparse file does not fit to its data");
        let (mut end, mut stored_bytes) = (0_u64, 0_u64);
        for Segment { offset_bytes, len_bytes } in &self.segments {
            if *offset_bytes < end {
                return Err(malformed());
            }
            end = offset_bytes.checked_add(*len_bytes).ok_or_else(malformed)?;
            // Not more than the end, so this cannot overflow.
            stored_bytes = stored_bytes.saturating_add(*len_bytes);
        }
        if end <= self.file_bytes && stored_bytes == payload_bytes { Ok(()) } else { Err(malformed()) }
    }
}

/// Parses the map at the start of the payload of a sparse file in pax format 1.0 (GNU tar manual, "PAX Format, Version
/// 1.0"): the number of segments, then offset and length of each, every number on a line of its own, padded to a block.
#[derive(Debug, Default)]
pub(super) struct MapParser {
    line: Vec<u8>,
    segments_count: Option<u64>,
    offset_bytes: Option<u64>,
    segments: Vec<Segment>,
}

impl MapParser {
    /// The digits of the longest number.
    const MAX_DIGITS: usize = 20;

    /// Parses one block. Returns the segments if it is the last one of the map.
    pub(super) fn block(&mut self, block: &[u8]) -> Result<Option<Vec<Segment>>, Fault> {
        let malformed = || Fault::malformed("the map of a sparse file is not a list of numbers");
        let mut bytes = block.iter();
        while !self.is_complete() {
            match bytes.next() {
                None => return Ok(None),
                Some(b'\n') => {
                    let number = decimal::<u64>(&self.line).ok_or_else(malformed)?;
                    self.line.clear();
                    self.number(number);
                }
                Some(byte) if self.line.len() < Self::MAX_DIGITS => self.line.push(*byte),
                Some(_) => return Err(malformed()),
            }
        }
        if bytes.all(|byte| *byte == 0) { Ok(Some(std::mem::take(&mut self.segments))) } else { Err(malformed()) }
    }

    fn is_complete(&self) -> bool {
        self.segments_count == Some(self.segments.len() as u64) && self.offset_bytes.is_none()
    }

    fn number(&mut self, number: u64) {
        match (self.segments_count, self.offset_bytes.take()) {
            (None, _) => self.segments_count = Some(number),
            (Some(_), None) => self.offset_bytes = Some(number),
            (Some(_), Some(offset_bytes)) => self.segments.push(Segment { offset_bytes, len_bytes: number }),
        }
    }
}

/// The sparse records of a pax header.
#[derive(Debug, Default)]
pub(super) struct SparseRecords {
    major: Option<u64>,
    minor: Option<u64>,
    pub(super) name: Vec<u8>,
    pub(super) file_bytes: Option<u64>,
}

impl SparseRecords {
    /// Takes a record of format 1.0. Records of other formats, and duplicate ones, are refused.
    pub(super) fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        let number = || decimal::<u64>(value).ok_or_else(Fault::sparse);
        let slot = match key {
            b"GNU.sparse.major" => &mut self.major,
            b"GNU.sparse.minor" => &mut self.minor,
            b"GNU.sparse.realsize" => &mut self.file_bytes,
            b"GNU.sparse.name" if self.name.is_empty() && !value.is_empty() && !value.contains(&0) => {
                self.name.extend_from_slice(value);
                return Ok(());
            }
            _ => return Err(Fault::sparse()),
        };
        match slot.replace(number()?) {
            None => Ok(()),
            Some(_) => Err(Fault::sparse()),
        }
    }

    /// Returns the length of the file, or `None` without any record.
    pub(super) fn file_bytes(&self) -> Result<Option<u64>, Fault> {
        match (self.major, self.minor, self.file_bytes) {
            (None, None, None) if self.name.is_empty() => Ok(None),
            (Some(1), Some(0), Some(bytes)) if !self.name.is_empty() => Ok(Some(bytes)),
            _ => Err(Fault::sparse()),
        }
    }

    pub(super) fn clear(&mut self) {
        (self.major, self.minor, self.file_bytes) = (None, None, None);
        self.name.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK_BYTES: usize = 512;

    fn map(segments: &[(u64, u64)], file_bytes: u64) -> SparseMap {
        let segment =
            |(offset_bytes, len_bytes): &(u64, u64)| Segment { offset_bytes: *offset_bytes, len_bytes: *len_bytes };
        SparseMap { file_bytes, segments: segments.iter().map(segment).collect() }
    }

    #[test]
    fn segments_ascend_within_the_file_and_cover_the_payload() {
        assert!(map(&[(0, 5), (5, 0), (9, 1), (10, 0)], 10).check(6).is_ok());
        assert!(map(&[], 10).check(0).is_ok());
        for (segments, file_bytes, payload_bytes) in
            [(&[(0, 5)][..], 4, 5), (&[(0, 5)], 5, 4), (&[(5, 5), (9, 1)], 20, 6), (&[(u64::MAX, 1)], u64::MAX, 1)]
        {
            assert!(map(segments, file_bytes).check(payload_bytes).is_err(), "{segments:?}");
        }
    }

    #[test]
    fn a_map_may_take_several_blocks() {
        let mut text = "100\n".to_owned();
        (0..100).for_each(|number| text += &format!("{}\n1\n", number * 1000));
        let mut bytes = text.into_bytes();
        bytes.resize(bytes.len().next_multiple_of(BLOCK_BYTES), 0);
        let mut parser = MapParser::default();
        let parsed = bytes.chunks(BLOCK_BYTES).map(|block| parser.block(block).unwrap()).collect::<Vec<_>>();
        let segments = parsed.last().unwrap().as_ref().unwrap();
        assert!(parsed.len() > 1 && parsed[..parsed.len() - 1].iter().all(Option::is_none));
        assert_eq!((segments.len(), segments[99].offset_bytes), (100, 99_000));
        for wrong in ["x\n", "-1\n", "\n", "1\n2\n3\nrest", "99999999999999999999999\n"] {
            let mut block = [0; BLOCK_BYTES];
            block[..wrong.len()].copy_from_slice(wrong.as_bytes());
            assert!(MapParser::default().block(&block).is_err(), "{wrong:?}");
        }
    }
}
