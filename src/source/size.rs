//! The size of a snapshot, computed before it is written: [`SizeEstimate`].

use crate::gzip::CHUNK_BYTES;
use crate::metadata::Metadata;
use crate::snapshot::DocumentSource;
use crate::tarball;

/// The length of a member's header: one tar block (POSIX ustar).
const HEADER_BYTES: u64 = 512;
/// The logarithm of the length of a chunk.
const CHUNK_BITS: u32 = CHUNK_BYTES.ilog2();
const _: () = assert!(CHUNK_BYTES.is_power_of_two());
/// The number of sections of the tar stream, each of which starts a chunk: metadata, database, documents, end marker.
const SECTIONS_COUNT: u64 = 4;
/// The writer decides for each 64 KiB of a payload whether to deflate or to store it.
const WINDOW_BYTES: u64 = 64 << 10;
/// The maximum overhead of a window: two stored blocks of at most 65,535 bytes with 5 bytes each (RFC 1951 section 3.2.4),
/// and 5 more for the flush that ends a deflated segment. Headers always shrink by more than that.
const WINDOW_OVERHEAD_BYTES: u64 = 15;
/// The header (10) and trailer (8) of a gzip member without optional fields (RFC 1952 section 2.3), and an empty last
/// block (2).
const MEMBER_OVERHEAD_BYTES: u64 = 20;

/// The size of a snapshot that has not been written yet.
///
/// ```
/// use appsnap::metadata::Metadata;
/// use appsnap::source::SizeEstimate;
///
/// let metadata = Metadata::new().with_dump_size_bytes(1 << 20);
/// let size = SizeEstimate::of(&(), &metadata, Some(1 << 20));
/// assert_eq!(size.tar_bytes % 10_240, 0, "tar pads to records of twenty blocks");
/// assert!(size.max_compressed_bytes < size.tar_bytes + 2_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SizeEstimate {
    /// The exact length of the uncompressed tar stream, including headers and padding.
    pub tar_bytes: u64,
    /// An upper bound for the length of the `.tar.gz` with the default sections and without an index.
    ///
    /// The writer stores incompressible data, so this is the length of the tar stream plus about 0.03 percent. How much
    /// less the archive needs is known only after compressing.
    pub max_compressed_bytes: u64,
}

impl SizeEstimate {
    /// Computes the size of a snapshot with the documents of `source`, this metadata and a database dump of this length.
    ///
    /// Sums saturate at [`u64::MAX`].
    #[must_use]
    pub fn of<S: DocumentSource + ?Sized>(source: &S, metadata: &Metadata, database_bytes: Option<u64>) -> Self {
        let lengths = (0..source.documents_count()).map(|index| source.row(index).1);
        Self::of_lengths(metadata, database_bytes, lengths)
    }

    pub(super) fn of_lengths(
        metadata: &Metadata,
        database_bytes: Option<u64>,
        documents: impl Iterator<Item = u64>,
    ) -> Self {
        let metadata_bytes = metadata.render().len() as u64;
        let members = std::iter::once(metadata_bytes).chain(database_bytes).chain(documents);
        let content_bytes = members.fold(0_u64, |sum, len| sum.saturating_add(member_bytes(len)));
        let tar_bytes = content_bytes.saturating_add(tarball::end_marker_bytes(content_bytes));
        let chunks_count = (tar_bytes >> CHUNK_BITS).saturating_add(SECTIONS_COUNT);
        // A chunk that starts and ends inside payloads contains two partial windows.
        let windows_count = (tar_bytes / WINDOW_BYTES).saturating_add(chunks_count.saturating_mul(2));
        let overhead_bytes = windows_count.saturating_mul(WINDOW_OVERHEAD_BYTES).saturating_add(MEMBER_OVERHEAD_BYTES);
        Self { tar_bytes, max_compressed_bytes: tar_bytes.saturating_add(overhead_bytes) }
    }
}

/// Returns the length of a member in the tar stream: its header, its payload and the padding.
const fn member_bytes(payload_bytes: u64) -> u64 {
    payload_bytes.saturating_add(tarball::padding_bytes(payload_bytes)).saturating_add(HEADER_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tar_size_counts_headers_padding_and_the_record() {
        let size = |database, documents: &[u64]| {
            SizeEstimate::of_lengths(&Metadata::new(), database, documents.iter().copied()).tar_bytes
        };
        assert_eq!(size(None, &[]), 10_240);
        // 512 + 512, 512 + 512, 512 + 1,024 and the end marker: 4,608.
        assert_eq!(size(Some(512), &[513]), 10_240);
        // Two blocks of metadata, a header and fifteen or sixteen of payload, two of end marker: a record and one more.
        assert_eq!(size(Some(512 * 15), &[]), 10_240);
        assert_eq!(size(Some(512 * 16), &[]), 20_480);
    }

    #[test]
    fn absurd_lengths_saturate() {
        let size = SizeEstimate::of_lengths(&Metadata::new(), Some(u64::MAX), [u64::MAX, 1].into_iter());
        assert_eq!((size.tar_bytes, size.max_compressed_bytes), (u64::MAX, u64::MAX));
    }
}
