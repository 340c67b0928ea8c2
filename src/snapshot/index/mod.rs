//! The index of an archive: created by writers, verified by readers, used for random access.

mod builder;
mod foreign;
mod format;
mod make_index;
mod make_sidecar;
mod placement;
mod tables;
mod verifier;

pub use builder::Index;
pub use make_index::make_index;
pub use make_sidecar::make_sidecar;
pub use placement::IndexPlacement;

use crate::gzip::ChunkRow;

pub(super) use builder::Builder;
pub(super) use foreign::PointTable;
pub(super) use tables::{Cursor, Foreign, Located, Tables, member_bytes, wrong};
pub(super) use verifier::{Digest, IndexVerifier, pair};

/// A row of the chunk table, if it describes a possible chunk.
fn parse_chunk_row(row: &[u8]) -> Result<ChunkRow, &'static str> {
    let fields = row.as_chunks::<4>().0;
    let [compressed, plain, crc32] = fields else { return Err("a page is too short") };
    let [compressed_len_bytes, uncompressed_len_bytes, crc32] =
        [compressed, plain, crc32].map(|field| u32::from_le_bytes(*field));
    let row = ChunkRow { compressed_len_bytes, uncompressed_len_bytes, crc32 };
    if row.is_possible() { Ok(row) } else { Err("a chunk has an impossible length") }
}
