//! The blocks around payloads, as pure functions: a writer knows every offset before the first byte.

use super::error::{Error, Fault};
use super::header::{BLOCK_BYTES, Block};

/// Length of a record: tape drives wrote so much at a time, and GNU tar still fills archives up to it (`-b 20`).
const RECORD_BYTES: u64 = 10_240;
/// [`BLOCK_BYTES`] as a length of 64 bits.
const BLOCK_BYTES_U64: u64 = BLOCK_BYTES as u64;
/// Two zero blocks end a stream.
const MARKER_BYTES: u64 = 1024;
/// Bytes of the name field.
const NAME_BYTES: usize = 100;
/// Offsets and lengths of the size field and the checksum field (POSIX.1-2017, pax, "ustar Interchange Format").
const SIZE_AT: usize = 124;
const SIZE_BYTES: usize = 12;
const CHECKSUM_AT: usize = 148;
const CHECKSUM_BYTES: usize = 8;
/// The first length that eleven octal digits cannot hold.
const OCTAL_OVERFLOW_BYTES: u64 = 1 << 33;

/// A file's header without its name and size; the checksum field holds the spaces that the sum is taken over.
const TEMPLATE: Block = template();
/// The sum over the template.
const TEMPLATE_SUM: u32 = sum(&TEMPLATE);

/// Returns the header block of a regular file: ustar, mode 0644, everything else zero, so that equal members are equal
/// bytes.
///
/// A length that eleven octal digits cannot hold (8 GiB and more) is written in base-256, which GNU tar, bsdtar,
/// Python and Go read; no extension member is ever needed.
///
/// ```
/// let header = appsnap::tarball::file_header(b"db/db.backup", 94_769)?;
/// assert_eq!(&header[124..136], b"00000271061\0");
/// # Ok::<(), appsnap::tarball::Error>(())
/// ```
///
/// # Errors
/// Returns an error of kind [`Misuse`](super::ErrorKind::Misuse) if the name is empty, longer than 100 bytes or contains
/// a NUL byte, or if the length is 2^63 bytes or more.
pub fn file_header(name: &[u8], len_bytes: u64) -> Result<Block, Error> {
    if name.is_empty() || name.len() > NAME_BYTES || name.contains(&0) {
        return Err(Error::new(Fault::Misuse("a name must have 1 to 100 bytes without NUL")));
    }
    if i64::try_from(len_bytes).is_err() {
        return Err(Error::new(Fault::Misuse("a member must be shorter than 2^63 bytes")));
    }
    let size = size_field(len_bytes);
    let total = TEMPLATE_SUM.saturating_add(sum(name)).saturating_add(sum(&size));
    let [a, b, c, d, e, f] = octal::<6>(u64::from(total));
    // Six digits, a NUL, a space: the form of the first tar programs.
    let checksum: [u8; CHECKSUM_BYTES] = [a, b, c, d, e, f, 0, b' '];

    let mut block = TEMPLATE;
    put(&mut block, 0, name);
    put(&mut block, SIZE_AT, &size);
    put(&mut block, CHECKSUM_AT, &checksum);
    Ok(block)
}

/// Returns the number of zeros after a payload of `len_bytes` that fill its last block.
///
/// ```
/// use appsnap::tarball::padding_bytes;
///
/// assert_eq!([padding_bytes(0), padding_bytes(1), padding_bytes(512)], [0, 511, 0]);
/// ```
#[must_use]
pub const fn padding_bytes(len_bytes: u64) -> u64 {
    len_bytes.wrapping_neg() % BLOCK_BYTES_U64
}

/// Returns the number of zeros after `offset_bytes` of members that end a stream: two blocks, and the rest of the record.
///
/// ```
/// assert_eq!(appsnap::tarball::end_marker_bytes(1536), 10_240 - 1536);
/// assert_eq!(appsnap::tarball::end_marker_bytes(10_240 - 512), 512 + 10_240);
/// ```
#[must_use]
pub const fn end_marker_bytes(offset_bytes: u64) -> u64 {
    let filled_bytes = (offset_bytes % RECORD_BYTES).wrapping_add(MARKER_BYTES);
    MARKER_BYTES.wrapping_add((RECORD_BYTES * 2).wrapping_sub(filled_bytes) % RECORD_BYTES)
}

/// Returns eleven octal digits and a NUL, or base-256 (GNU tar manual, "Basic Tar Format").
fn size_field(len_bytes: u64) -> [u8; SIZE_BYTES] {
    let mut field = [0; SIZE_BYTES];
    if len_bytes < OCTAL_OVERFLOW_BYTES {
        put(&mut field, 0, &octal::<11>(len_bytes));
    } else {
        put(&mut field, 0, &[0x80]);
        put(&mut field, 4, &len_bytes.to_be_bytes());
    }
    field
}

/// Returns the lowest octal digits of `value`.
fn octal<const DIGITS: usize>(value: u64) -> [u8; DIGITS] {
    let mut left = value;
    let mut digits = [0; DIGITS];
    for digit in digits.iter_mut().rev() {
        let [low, ..] = left.to_le_bytes();
        *digit = b'0' | (low & 7);
        left >>= 3;
    }
    digits
}

/// Copies `from` to position `at`. The fields of a header and the lengths of their contents are constants, and the length
/// of a name was checked.
fn put(to: &mut [u8], at: usize, from: &[u8]) {
    to.split_at_mut(at).1.split_at_mut(from.len()).0.copy_from_slice(from);
}

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the compiler evaluates it for the template; at run time it sums a name"
)]
const fn sum(bytes: &[u8]) -> u32 {
    let mut total = 0;
    let mut at = 0;
    while at < bytes.len() {
        total += bytes[at] as u32;
        at += 1;
    }
    total
}

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler only")]
const fn template() -> Block {
    /// Field offsets and contents of a ustar header of a regular file.
    const FIELDS: [(usize, &[u8]); 8] = [
        (100, b"0000644\0"),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (136, b"00000000000\0"),
        (CHECKSUM_AT, b"        "),
        (156, b"0"),
        (257, b"ustar\x0000"),
        (329, b"0000000\x000000000\0"),
    ];
    let mut block = [0; BLOCK_BYTES];
    let mut field = 0;
    while field < FIELDS.len() {
        let (start, bytes) = FIELDS[field];
        let mut at = 0;
        while at < bytes.len() {
            block[start + at] = bytes[at];
            at += 1;
        }
        field += 1;
    }
    block
}
