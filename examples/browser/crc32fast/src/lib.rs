//! CRC-32 with the interface of the crate `crc32fast`, as far as it is used here.
//!
//! WebAssembly has no instruction that helps, and the tables of that crate are 16 KiB of the program that do not compress.
//! These are computed when they are first needed, and the data is taken as several interleaved streams of words, whose
//! lookups do not wait for each other (M. Kadatch and B. Jenkins, "Everything we know about CRC but afraid to forget", 2010).

use std::fmt;
use std::sync::LazyLock;

/// The polynomial, reflected.
const POLYNOMIAL: u32 = 0xedb8_8320;
/// The polynomial 1, reflected.
const ONE: u32 = 1 << 31;
const WORD_BYTES: usize = 8;
const STREAMS_COUNT: usize = 4;
const BLOCK_BYTES: usize = STREAMS_COUNT * WORD_BYTES;

/// The sums of each byte of a word that other bytes follow.
type Tables = [[u32; 256]; WORD_BYTES];

/// For words that follow each other in one of the streams.
static OF_STREAMS: LazyLock<Tables> = LazyLock::new(|| tables(BLOCK_BYTES as u64));
/// For words that follow each other in the data.
static OF_WORDS: LazyLock<Tables> = LazyLock::new(|| tables(WORD_BYTES as u64));

/// A checksum of all bytes so far.
#[derive(Clone, Default)]
pub struct Hasher {
    sum: u32,
    len_bytes: u64,
}

/// Returns the checksum of `bytes`.
#[must_use]
pub fn hash(bytes: &[u8]) -> u32 {
    update(0, bytes)
}

impl Hasher {
    /// Creates the checksum of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Continues a checksum.
    #[must_use]
    pub const fn new_with_initial(sum: u32) -> Self {
        Self { sum, len_bytes: 0 }
    }

    /// Continues the checksum of `len_bytes` bytes.
    #[must_use]
    pub const fn new_with_initial_len(sum: u32, len_bytes: u64) -> Self {
        Self { sum, len_bytes }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sum = update(self.sum, bytes);
        self.len_bytes = self.len_bytes.wrapping_add(bytes.len() as u64);
    }

    /// Adds the bytes of another checksum.
    pub const fn combine(&mut self, other: &Self) {
        self.sum = multiply(zeros(other.len_bytes), self.sum) ^ other.sum;
        self.len_bytes = self.len_bytes.wrapping_add(other.len_bytes);
    }

    /// Returns the checksum.
    #[must_use]
    pub const fn finalize(self) -> u32 {
        self.sum
    }

    /// Forgets all bytes.
    pub const fn reset(&mut self) {
        *self = Self { sum: 0, len_bytes: 0 };
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

fn update(sum: u32, bytes: &[u8]) -> u32 {
    let of_words = &*OF_WORDS;
    let mut sum = !sum;
    let (blocks, mut rest) = bytes.as_chunks::<BLOCK_BYTES>();
    if let Some((last, blocks)) = blocks.split_last() {
        let of_streams = &*OF_STREAMS;
        let mut sums = [sum, 0, 0, 0];
        for block in blocks {
            let [one, two, three, four] = words(block);
            let [a, b, c, d] = sums;
            sums = [
                look_up(of_streams, one ^ u64::from(a)),
                look_up(of_streams, two ^ u64::from(b)),
                look_up(of_streams, three ^ u64::from(c)),
                look_up(of_streams, four ^ u64::from(d)),
            ];
        }
        sum = 0;
        for (word, of_stream) in words(last).into_iter().zip(sums) {
            sum = look_up(of_words, word ^ u64::from(of_stream ^ sum));
        }
    }
    while let Some((word, others)) = rest.split_first_chunk() {
        sum = look_up(of_words, u64::from_le_bytes(*word) ^ u64::from(sum));
        rest = others;
    }
    let [.., of_bytes] = of_words;
    for byte in rest {
        let [low, ..] = sum.to_le_bytes();
        sum = sum >> 8 ^ at(of_bytes, low ^ byte);
    }
    !sum
}

#[inline(always)]
fn words(block: &[u8; BLOCK_BYTES]) -> [u64; STREAMS_COUNT] {
    let (words, _) = block.as_chunks::<WORD_BYTES>();
    let mut numbers = [0; STREAMS_COUNT];
    numbers.iter_mut().zip(words).for_each(|(number, word)| *number = u64::from_le_bytes(*word));
    numbers
}

#[inline(always)]
fn look_up([a, b, c, d, e, f, g, h]: &Tables, word: u64) -> u32 {
    let bytes = word.to_le_bytes();
    at(a, bytes[0])
        ^ at(b, bytes[1])
        ^ at(c, bytes[2])
        ^ at(d, bytes[3])
        ^ at(e, bytes[4])
        ^ at(f, bytes[5])
        ^ at(g, bytes[6])
        ^ at(h, bytes[7])
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a table has as many entries as a byte has values")]
fn at(table: &[u32; 256], byte: u8) -> u32 {
    table[usize::from(byte)]
}

/// Returns the tables for words that begin `distance_bytes` bytes before the next one.
fn tables(distance_bytes: u64) -> Tables {
    let mut tables = [[0; 256]; WORD_BYTES];
    for (table, before_bytes) in tables.iter_mut().zip(0..) {
        let factor = zeros(distance_bytes.wrapping_sub(before_bytes));
        for (sum, byte) in table.iter_mut().zip(0..) {
            *sum = multiply(factor, byte);
        }
    }
    tables
}

/// Returns the factor that appends `count` zero bytes to a checksum.
const fn zeros(count: u64) -> u32 {
    let (mut product, mut square, mut left) = (ONE, ONE >> 8, count);
    while left > 0 {
        if left & 1 == 1 {
            product = multiply(square, product);
        }
        square = multiply(square, square);
        left >>= 1;
    }
    product
}

/// Returns the product of two polynomials, modulo that of the checksum.
const fn multiply(one: u32, mut other: u32) -> u32 {
    let (mut product, mut bit) = (0, ONE);
    while bit > 0 {
        if one & bit != 0 {
            product ^= other;
        }
        other = other >> 1 ^ if other & 1 == 1 { POLYNOMIAL } else { 0 };
        bit >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each bit alone.
    fn slow(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { POLYNOMIAL } else { 0 })
        })
    }

    #[test]
    fn sums_of_every_length_and_cut_are_those_of_single_bits() {
        assert_eq!(hash(b"123456789"), 0xcbf4_3926);
        let bytes: Vec<u8> = (0..300_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for len in 0..bytes.len() {
            let (first, second) = bytes.split_at(len);
            assert_eq!(hash(first), slow(first), "{len} bytes");
            let mut hasher = Hasher::new();
            hasher.update(first);
            let mut combined = hasher.clone();
            hasher.update(second);
            assert_eq!(hasher.finalize(), slow(&bytes), "{len} bytes, then the others");
            combined.combine(&Hasher::new_with_initial_len(slow(second), second.len() as u64));
            assert_eq!(combined.finalize(), slow(&bytes), "combined at {len}");
        }
    }
}
