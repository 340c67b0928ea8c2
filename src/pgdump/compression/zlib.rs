//! The lengths that a call into zlib consumed and produced.

use std::io;

use crate::pgdump::error::Error;

/// Returns by how much one of zlib's totals has grown in a call that was given `len` bytes to read or to fill.
pub(in crate::pgdump) fn advanced(before: u64, after: u64, len: usize) -> Result<usize, Error> {
    let count = after.checked_sub(before).and_then(|count| usize::try_from(count).ok());
    count
        .filter(|count| *count <= len)
        .ok_or_else(|| Error::io("running zlib", io::Error::other("zlib reported an impossible length")))
}
