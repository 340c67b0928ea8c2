//! Shows that a part's chunks hold what its index says, and are cut where a single writer cuts, without inflating them.

use std::ops::Range;

use crate::gzip::ChunkLengths;
use crate::io::ReadAt;
use crate::layout::MemberName;
use crate::snapshot::archive::SnapshotArchive;
use crate::snapshot::error::{Error, Result};
use crate::snapshot::index::{member_bytes, wrong};
use crate::tarball::{self, BLOCK_BYTES};

/// What the rows of an index promise of the chunks.
#[derive(Debug)]
pub(super) struct PartVerifier {
    /// Where chunks have to end.
    pub(super) ends: ChunkLengths,
    /// Uncompressed bytes that the part's chunks have and no member has claimed: what a row says is not believed beyond that.
    left_bytes: u64,
    /// CRC32 of the tar stream that the rows describe: headers and padding follow from them, and of the payloads they
    /// hold the CRC32.
    crc: crc32fast::Hasher,
}

impl PartVerifier {
    /// Begins with no member of `part`.
    pub(super) fn new<R: ReadAt, S: ReadAt>(part: &SnapshotArchive<R, S>) -> Self {
        Self { ends: ChunkLengths::default(), left_bytes: part.plain_bytes(), crc: crc32fast::Hasher::new() }
    }

    /// Appends a member.
    pub(super) fn member(&mut self, name: MemberName, len_bytes: u64, crc32: u32) -> Result<()> {
        let bytes = member_bytes(len_bytes);
        let too_long = || wrong("its members are longer than its chunks");
        self.left_bytes = self.left_bytes.checked_sub(bytes).ok_or_else(too_long)?;
        self.ends.push(bytes);
        let text = name.render();
        self.crc.update(&tarball::file_header(text.as_bytes(), len_bytes)?);
        self.crc.combine(&crc32fast::Hasher::new_with_initial_len(crc32, len_bytes));
        let padding = usize::try_from(tarball::padding_bytes(len_bytes)).unwrap_or_default();
        self.crc.update([0; BLOCK_BYTES].get(..padding).unwrap_or_default());
        Ok(())
    }

    /// The part's chunks that hold exactly the members, by number; `None` when there are no members.
    pub(super) fn check<R: ReadAt, S: ReadAt>(self, part: &SnapshotArchive<R, S>) -> Result<Option<Range<usize>>> {
        let elsewhere =
            || Error::misuse("its chunks end elsewhere than a single writer's: pack it with the same sections");
        let lens = self.ends.finish();
        if lens.is_empty() {
            return Ok(None);
        }
        let start = part.database_offset_bytes();
        let first = part.chunk_number_at(start).ok_or_else(elsewhere)?;
        let chunks = first..first.saturating_add(lens.len());
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
            return Err(wrong("its documents do not have the checksum of its chunks"));
        }
        Ok(Some(chunks))
    }
}
