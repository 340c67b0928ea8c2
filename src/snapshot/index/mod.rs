//! The index behind an archive: made while it is written, compared while it is read, used for random access.

mod builder;
mod format;
mod tables;
mod witness;

pub use builder::Index;

pub(super) use builder::Builder;
pub(super) use tables::{Cursor, Located, Tables, member_bytes, wrong};
pub(super) use witness::{Digest, Witness, pair};

/// Packed length, plain length and CRC32 of a row of the chunk table.
fn parse_chunk_row(row: &[u8]) -> Option<(u32, u32, u32)> {
    let (packed, rest) = row.split_first_chunk::<4>()?;
    let (plain, rest) = rest.split_first_chunk::<4>()?;
    let (crc32, _) = rest.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*packed), u32::from_le_bytes(*plain), u32::from_le_bytes(*crc32)))
}
