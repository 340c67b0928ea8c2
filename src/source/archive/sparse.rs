//! A sparse document of an archive, read with its holes as zeros: [`SparseFile`].

use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::io::{ReadAt, at_most};
use crate::tarball::SparseMap;

/// A sparse document. Its stored segments are consecutive in the archive or the spool.
#[derive(Debug)]
pub(in crate::source) struct SparseFile {
    is_spooled: bool,
    parts: Arc<[Part]>,
}

/// A stored segment: its position in the document, and in the file that stores it.
#[derive(Clone, Copy, Debug)]
struct Part {
    offset_bytes: u64,
    len_bytes: u64,
    stored_at: u64,
}

impl Part {
    const fn end(&self) -> u64 {
        self.offset_bytes.saturating_add(self.len_bytes)
    }
}

impl SparseFile {
    /// Creates a document whose first segment is stored at `stored_at`, in the spool or in the archive.
    pub(in crate::source) fn new(map: &SparseMap, is_spooled: bool, stored_at: u64) -> Self {
        let mut stored_at = stored_at;
        let parts = map.segments.iter().map(|segment| {
            let part = Part { offset_bytes: segment.offset_bytes, len_bytes: segment.len_bytes, stored_at };
            stored_at = stored_at.saturating_add(segment.len_bytes);
            part
        });
        let parts = parts.filter(|part| part.len_bytes > 0).collect();
        Self { is_spooled, parts }
    }

    pub(in crate::source) const fn is_spooled(&self) -> bool {
        self.is_spooled
    }

    pub(super) fn open(&self, file: Arc<File>, len_bytes: u64) -> OpenSparseFile {
        OpenSparseFile { file, parts: Arc::clone(&self.parts), len_bytes }
    }
}

/// An open sparse document.
#[derive(Debug)]
pub(in crate::source) struct OpenSparseFile {
    file: Arc<File>,
    parts: Arc<[Part]>,
    len_bytes: u64,
}

impl OpenSparseFile {
    pub(in crate::source) const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Reads up to the next border between a segment and a hole.
    pub(in crate::source) fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let next = self.parts.partition_point(|part| part.end() <= offset_bytes);
        let (part, hole_end) = match self.parts.get(next) {
            Some(part) if part.offset_bytes <= offset_bytes => (Some(part), part.end()),
            Some(part) => (None, part.offset_bytes),
            None => (None, self.len_bytes),
        };
        let count = at_most(buffer.len(), hole_end.min(self.len_bytes).saturating_sub(offset_bytes));
        let (wanted, _) = buffer.split_at_mut(count);
        match part {
            Some(part) if count > 0 => {
                let inside = offset_bytes.saturating_sub(part.offset_bytes);
                self.file.read_at(wanted, part.stored_at.saturating_add(inside))
            }
            _ => {
                wanted.fill(0);
                Ok(count)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::tarball::Segment;

    #[test]
    fn holes_are_read_as_zeros() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"--abcdefgh").unwrap();
        let segment = |offset_bytes, len_bytes| Segment { offset_bytes, len_bytes };
        let segments = vec![segment(1, 3), segment(4, 0), segment(6, 5), segment(14, 0)];
        let map = SparseMap { file_bytes: 14, segments };
        let open = SparseFile::new(&map, false, 2).open(Arc::new(file), 14);
        let expected = b"\0abc\0\0defgh\0\0\0";
        for step in 1..=14 {
            let mut contents = Vec::new();
            let mut buffer = vec![7; step];
            loop {
                let count = open.read_at(&mut buffer, contents.len() as u64).unwrap();
                if count == 0 {
                    break;
                }
                contents.extend_from_slice(&buffer[..count]);
            }
            assert_eq!(contents, expected, "{step}");
        }
    }
}
