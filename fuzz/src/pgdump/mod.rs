//! Dumps: header and table of contents, whole files, and the rows in them.

pub mod head;
pub mod inspect;
pub mod rows;
pub mod transcode;

use appsnap::Limits;

/// Enough for any seed, and too little for a bomb to cost time.
pub fn limits() -> Limits {
    Limits::untrusted().with_max_decompressed_bytes(8 << 20).with_max_toc_bytes(4 << 20).with_max_row_bytes(1 << 20)
}
