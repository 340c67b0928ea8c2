//! The length and checksum that identify a file's content: [`Sums`].

/// Length and CRC32 of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) len_bytes: u64,
    pub(super) crc32: u32,
}
