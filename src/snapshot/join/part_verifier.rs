//! Verifies, without inflating them, that the chunks of a part match its index and end where those of a single writer
//! end.

use std::ops::Range;

use super::seam::{Seams, Segment};
use crate::gzip::{ChunkLengths, SegmentKind};
use crate::io::{ReadAt, prefix};
use crate::layout::MemberName;
use crate::snapshot::archive::SnapshotArchive;
use crate::snapshot::error::{Error, Result};
use crate::snapshot::index::{member_bytes, wrong};
use crate::tarball::{self, BLOCK_BYTES};

/// The chunks that follow from the rows of an index.
#[derive(Debug)]
pub(super) struct PartVerifier {
    /// The lengths that chunks must have.
    ends: ChunkLengths,
    seams: Seams,
    before_bytes: usize,
    /// Uncompressed bytes of the part's chunks that no member accounts for yet, which bounds the lengths in rows.
    left_bytes: u64,
    /// CRC32 of the tar stream that the rows describe: headers and padding follow from the rows, which also contain
    /// the CRC32 of the payloads.
    crc: crc32fast::Hasher,
}

/// The chunks that contain exactly the members of a part.
pub(super) struct Verified {
    /// By number.
    pub(super) chunks: Range<usize>,
    /// Bytes of other parts in the chunk of the archive that the first one is in.
    pub(super) before_bytes: usize,
    /// `true` if the last chunk is shorter than a full one, and no section ends with it.
    pub(super) is_open: bool,
    /// The segments of the first chunk.
    pub(super) first: Vec<Segment>,
    /// Those of the last one, if it is another and open.
    pub(super) last: Vec<Segment>,
}

impl PartVerifier {
    /// Creates a verifier for `part`, without members.
    pub(super) fn new<R: ReadAt, S: ReadAt>(part: &SnapshotArchive<R, S>) -> Self {
        Self {
            ends: ChunkLengths::default(),
            seams: Seams::default(),
            before_bytes: 0,
            left_bytes: part.tar_bytes(),
            crc: crc32fast::Hasher::new(),
        }
    }

    /// Begins the first member, in a chunk of the archive that already has `before_bytes` bytes of other parts.
    pub(super) fn begin(&mut self, before_bytes: usize) {
        self.before_bytes = before_bytes;
        self.ends = ChunkLengths::after(before_bytes);
        self.seams = Seams::after(before_bytes);
    }

    /// Ends a section of the archive.
    pub(super) fn end_section(&mut self) {
        self.ends.end_section();
        self.seams.end_chunk();
    }

    /// Appends a member.
    pub(super) fn member(&mut self, name: MemberName, len_bytes: u64, crc32: u32) -> Result<()> {
        let bytes = member_bytes(len_bytes);
        let too_long = || wrong("its members are longer than its chunks");
        self.left_bytes = self.left_bytes.checked_sub(bytes).ok_or_else(too_long)?;
        self.ends.push(bytes);
        let padding_bytes = tarball::padding_bytes(len_bytes);
        self.seams.push(SegmentKind::Headers, BLOCK_BYTES as u64);
        self.seams.push(SegmentKind::Payload, len_bytes);
        self.seams.push(SegmentKind::Headers, padding_bytes);
        let text = name.render();
        self.crc.update(&tarball::file_header(text.as_bytes(), len_bytes)?);
        self.crc.combine(&crc32fast::Hasher::new_with_initial_len(crc32, len_bytes));
        self.crc.update(prefix(&[0; BLOCK_BYTES], padding_bytes));
        Ok(())
    }

    /// Returns the chunks that contain exactly the members; `None` if there are no members.
    pub(super) fn verify<R: ReadAt, S: ReadAt>(self, part: &SnapshotArchive<R, S>) -> Result<Option<Verified>> {
        let elsewhere = || {
            Error::misuse(
                "its chunks do not end where those of a single writer end: pack it with the same sections, or as a shard",
            )
        };
        let is_open = self.ends.is_open();
        let lens = self.ends.finish();
        if lens.is_empty() {
            return Ok(None);
        }
        let start = part.database_offset_bytes();
        let number = part.chunk_number_at(start).ok_or_else(elsewhere)?;
        let chunks = number..number.saturating_add(lens.len());
        let places = part.chunks().get(chunks.clone()).ok_or_else(elsewhere)?;
        let mut crc = crc32fast::Hasher::new();
        let mut at = start;
        for (place, len) in places.iter().zip(lens) {
            let plain = u64::from(place.row.uncompressed_len_bytes);
            if (place.uncompressed_offset_bytes, plain) != (at, len as u64) {
                return Err(elsewhere());
            }
            crc.combine(&crc32fast::Hasher::new_with_initial_len(place.row.crc32, plain));
            at = at.saturating_add(plain);
        }
        if crc.finalize() != self.crc.finalize() {
            return Err(wrong("the checksum of its documents differs from that of its chunks"));
        }
        let (first, last) = self.seams.finish();
        Ok(Some(Verified { chunks, before_bytes: self.before_bytes, is_open, first, last }))
    }
}
