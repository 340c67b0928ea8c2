//! How large a snapshot will be, known before it is written: [`SizeEstimate`].

use crate::gzip::CHUNK_BYTES;
use crate::snapshot::DocumentSource;

/// One tar block: every header is one, every payload is filled up to whole ones (POSIX ustar).
const BLOCK_BYTES: u64 = 512;
/// The tar stream ends with two zero blocks and is filled with zeros to a whole record of twenty blocks.
const RECORD_BYTES: u64 = 20 * BLOCK_BYTES;
/// Sections of the tar stream, each of which begins a chunk: metadata, database, documents, end marker.
const SECTIONS_COUNT: u64 = 4;
/// The writer decides for every 64 KiB of a payload anew whether to deflate or to store them.
const WINDOW_BYTES: u64 = 64 << 10;
/// What a window costs beyond its plain bytes at worst: two stored blocks of at most 65,535 bytes, 5 bytes each
/// (RFC 1951 section 3.2.4), and 5 more for the flush that ends a deflated run. Headers always shrink by more than that.
const WINDOW_OVERHEAD_BYTES: u64 = 15;
/// Header (10) and trailer (8) of a gzip member without optional fields (RFC 1952 section 2.3), an empty last block (2).
const MEMBER_OVERHEAD_BYTES: u64 = 20;

/// The size of a snapshot that has not been written yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SizeEstimate {
    /// Size of the tar stream, exactly: what the archive unpacks to, headers and padding included.
    pub tar_bytes: u64,
    /// An upper bound for the `.tar.gz` with the default sections and no index, whatever the documents hold.
    ///
    /// The writer stores what does not compress, so this is the tar stream plus about 0.03 percent. Documents and
    /// databases that do compress need less; how much less nobody can know without compressing them.
    pub max_packed_bytes: u64,
}

impl SizeEstimate {
    /// Computes the size of a snapshot with a `.metadata` of `metadata_bytes`, a database dump of `database_bytes` if
    /// there is one, and the documents of `source`.
    ///
    /// Sums that do not fit 64 bits saturate.
    #[must_use]
    pub fn of<S: DocumentSource + ?Sized>(source: &S, metadata_bytes: u64, database_bytes: Option<u64>) -> Self {
        let lengths = (0..source.documents_count()).map(|index| source.row(index).1);
        Self::of_lengths(metadata_bytes, database_bytes, lengths)
    }

    pub(super) fn of_lengths(metadata: u64, database: Option<u64>, documents: impl Iterator<Item = u64>) -> Self {
        let members = std::iter::once(metadata).chain(database).chain(documents);
        let content_bytes = members.fold(0_u64, |sum, len| sum.saturating_add(member_bytes(len)));
        let tar_bytes = round_up(content_bytes.saturating_add(2 * BLOCK_BYTES), RECORD_BYTES);
        let chunks_count = (tar_bytes / CHUNK_BYTES as u64).saturating_add(SECTIONS_COUNT);
        // A chunk that begins and ends inside payloads holds two windows in part.
        let windows_count = (tar_bytes / WINDOW_BYTES).saturating_add(chunks_count.saturating_mul(2));
        let overhead_bytes = windows_count.saturating_mul(WINDOW_OVERHEAD_BYTES).saturating_add(MEMBER_OVERHEAD_BYTES);
        Self { tar_bytes, max_packed_bytes: tar_bytes.saturating_add(overhead_bytes) }
    }
}

/// Bytes of a member in the tar stream: its header, its payload and the padding.
fn member_bytes(payload_bytes: u64) -> u64 {
    round_up(payload_bytes, BLOCK_BYTES).saturating_add(BLOCK_BYTES)
}

fn round_up(bytes: u64, unit_bytes: u64) -> u64 {
    bytes.div_ceil(unit_bytes).saturating_mul(unit_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tar_size_counts_headers_padding_and_the_record() {
        let size = |metadata, database, documents: &[u64]| {
            SizeEstimate::of_lengths(metadata, database, documents.iter().copied()).tar_bytes
        };
        assert_eq!(size(0, None, &[]), 10_240);
        // 512 + 512, 512 + 512, 512 + 1,024 and the end marker: 4,608.
        assert_eq!(size(1, Some(512), &[513]), 10_240);
        // Seventeen and eighteen blocks of content: with the end marker just below and exactly a record.
        assert_eq!(size(512 * 16, None, &[]), 10_240);
        assert_eq!(size(512 * 17, None, &[]), 10_240);
        assert_eq!(size(512 * 18, None, &[]), 20_480);
    }

    #[test]
    fn absurd_lengths_saturate() {
        let size = SizeEstimate::of_lengths(1, Some(u64::MAX), [u64::MAX, 1].into_iter());
        assert_eq!(size.tar_bytes / RECORD_BYTES, u64::MAX / RECORD_BYTES);
        assert_eq!(size.max_packed_bytes, u64::MAX);
    }
}
