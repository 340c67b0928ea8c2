//! Tables that decode the words of a prefix code: [`Table`].
//!
//! An entry holds all that a word means. Its lowest six bits are the number of bits of the word and of the additional bits
//! after it, bits 8 to 11 the number of bits of the word, and the bits from 16 a literal, or the least length or distance.

use super::error::InflateError;

/// The entry is a literal.
pub(super) const LITERAL: u32 = 1 << 31;
/// The entry is none of a literal, a length or a distance.
pub(super) const SPECIAL: u32 = 1 << 15;
/// The entry names a table for the bits after the first ones: the bits from 16 are its start, bits 8 to 11 the number of
/// bits that select one of its entries.
pub(super) const SUBTABLE: u32 = 1 << 14;
/// The entry is the end of the block.
pub(super) const END_OF_BLOCK: u32 = 1 << 13;
/// Adds a bit to the length of a word.
const WORD_BIT: u32 = 0x101;

/// The longest word (RFC 1951, section 3.2.7).
const MAX_BITS: usize = 15;
/// The most symbols of a code.
const MAX_SYMBOLS: usize = 288;

/// The bits of a word that select an entry directly.
pub(super) const LITERAL_BITS: u32 = 10;
pub(super) const DISTANCE_BITS: u32 = 8;
pub(super) const LENGTHS_BITS: u32 = 7;
/// The entries of every code that is possible, with those of the tables for long words: at most 1334 for 288 symbols of 15 bits
/// and 10 direct ones, and 402 for 32 symbols and 8 direct bits, as zlib's program `enough` counts them.
pub(super) const LITERAL_ENTRIES: usize = 1400;
pub(super) const DISTANCE_ENTRIES: usize = 512;
pub(super) const LENGTHS_ENTRIES: usize = 128;

/// The least length and the number of additional bits of the symbols from 257 (RFC 1951, section 3.2.5).
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// The least distance and the number of additional bits of each symbol.
const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12_289, 12),
    (16_385, 13),
    (24_577, 13),
];

/// The three codes of deflate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// The lengths of the words of the other two codes.
    Lengths,
    /// Literals, the end of the block, and lengths of matches.
    Literals,
    Distances,
}

impl Alphabet {
    const fn error(self) -> InflateError {
        match self {
            Self::Lengths => InflateError::CodeLengths,
            Self::Literals => InflateError::LiteralLengths,
            Self::Distances => InflateError::DistanceLengths,
        }
    }

    /// The entry of a symbol, without the length of its word.
    fn entry(self, symbol: u16) -> u32 {
        let ranged = |(base, more): &(u16, u8)| u32::from(*base) << 16 | u32::from(*more);
        match (self, symbol) {
            (Self::Lengths, _) => u32::from(symbol) << 16,
            (Self::Literals, 0..256) => LITERAL | u32::from(symbol) << 16,
            (Self::Literals, 256) => SPECIAL | END_OF_BLOCK,
            (Self::Literals, _) => LENGTHS.get(usize::from(symbol.wrapping_sub(257))).map_or(SPECIAL, ranged),
            (Self::Distances, _) => DISTANCES.get(usize::from(symbol)).map_or(SPECIAL, ranged),
        }
    }
}

/// The entries of one code: those that the first bits of a word select, and after them the tables for longer words.
pub(super) struct Table<const ENTRIES: usize> {
    entries: [u32; ENTRIES],
}

impl<const ENTRIES: usize> Table<ENTRIES> {
    pub(super) const fn new() -> Self {
        Self { entries: [0; ENTRIES] }
    }

    /// Returns the entry of the word at the start of `bits`, if words longer than `DIRECT` bits have tables.
    #[inline(always)]
    pub(super) fn find<const DIRECT: u32>(&self, bits: u64) -> u32 {
        let entry = self.direct::<DIRECT>(bits);
        if entry & SUBTABLE == 0 { entry } else { self.indirect::<DIRECT>(entry, bits) }
    }

    /// Returns the entry that the first bits select, which may name another table.
    #[inline(always)]
    pub(super) fn direct<const DIRECT: u32>(&self, bits: u64) -> u32 {
        // The index is below the length, which the compiler sees.
        let index = (bits & (1_u64.wrapping_shl(DIRECT).wrapping_sub(1)) & 0xffff) as usize;
        self.entries.get(index).map_or(SPECIAL, |entry| *entry)
    }

    /// Returns the entry of a word that is longer than `DIRECT` bits, from the table that `entry` names.
    #[inline(always)]
    pub(super) fn indirect<const DIRECT: u32>(&self, entry: u32, bits: u64) -> u32 {
        let selected = bits.wrapping_shr(DIRECT) & super::source::mask((entry >> 8) & 15) & 0xff;
        let index = (entry >> 16) as usize;
        self.entries.get(index.wrapping_add(selected as usize)).map_or(SPECIAL, |entry| *entry)
    }

    /// Sets the entries for words of these lengths, up to 15.
    ///
    /// A code must be complete, or consist of a single word of one bit, or of none at all: as zlib demands it.
    pub(super) fn build<const DIRECT: u32>(&mut self, alphabet: Alphabet, lens: &[u8]) -> Result<(), InflateError> {
        let bad = || alphabet.error();
        let mut counts = [0_u16; MAX_BITS + 1];
        for len in lens {
            let count = counts.get_mut(usize::from(*len)).ok_or_else(bad)?;
            *count = count.wrapping_add(1);
        }
        let direct_len = 1_usize.wrapping_shl(DIRECT);
        let Some(max) = counts.iter().skip(1).rposition(|count| *count > 0) else {
            // What no word selects is an error when it is read. zlib reads lengths of zero instead.
            let unused = if alphabet == Alphabet::Lengths { WORD_BIT } else { SPECIAL | WORD_BIT };
            self.entries.get_mut(..direct_len).ok_or_else(bad)?.fill(unused);
            return Ok(());
        };
        let mut left = 1_i32;
        let mut starts = [0_u16; MAX_BITS + 2];
        let mut start = 0_u16;
        for (count, at) in counts.iter().zip(starts.iter_mut()).skip(1) {
            left = left.wrapping_mul(2).wrapping_sub(i32::from(*count));
            if left < 0 {
                return Err(bad());
            }
            *at = start;
            start = start.wrapping_add(*count);
        }
        if left > 0 {
            if alphabet == Alphabet::Lengths || max > 0 {
                return Err(bad());
            }
            self.entries.get_mut(..direct_len).ok_or_else(bad)?.fill(SPECIAL | WORD_BIT);
        }
        let mut sorted = [0_u16; MAX_SYMBOLS];
        for (symbol, len) in (0_u16..).zip(lens).filter(|(_, len)| **len > 0) {
            let at = starts.get_mut(usize::from(*len)).ok_or_else(bad)?;
            *sorted.get_mut(usize::from(*at)).ok_or_else(bad)? = symbol;
            *at = at.wrapping_add(1);
        }
        self.fill::<DIRECT>(alphabet, &counts, &sorted, left > 0).ok_or_else(bad)
    }

    /// Sets the entries of the symbols, which are sorted by the lengths of their words.
    fn fill<const DIRECT: u32>(
        &mut self,
        alphabet: Alphabet,
        counts: &[u16; MAX_BITS + 1],
        sorted: &[u16; MAX_SYMBOLS],
        is_single: bool,
    ) -> Option<()> {
        let mut symbols = sorted.iter();
        // The next word, its first bit lowest.
        let mut word = 0_usize;
        let mut filled = 1_usize;
        for len in 1..=DIRECT {
            // What the shorter words select does not depend on the next bit.
            self.entries.copy_within(..filled, filled);
            filled = filled.wrapping_mul(2);
            if is_single && len == 1 {
                *self.entries.get_mut(1)? = SPECIAL | WORD_BIT;
            }
            for symbol in symbols.by_ref().take(usize::from(*counts.get(len as usize)?)) {
                *self.entries.get_mut(word)? = alphabet.entry(*symbol).wrapping_add(WORD_BIT.wrapping_mul(len));
                word = next_word(word, filled);
            }
        }
        let mut next = filled;
        let mut table = (usize::MAX, 0_usize, 0_u32);
        for len in DIRECT.wrapping_add(1)..=15 {
            let count = *counts.get(len as usize)?;
            for done in 0..count {
                let prefix = word & filled.wrapping_sub(1);
                if table.0 != prefix {
                    let bits = subtable_bits(counts, len, u32::from(count.wrapping_sub(done)), DIRECT)?;
                    table = (prefix, next, bits);
                    let start = u32::try_from(next).ok()?;
                    *self.entries.get_mut(prefix)? = SPECIAL | SUBTABLE | start << 16 | bits << 8 | DIRECT;
                    next = next.wrapping_add(1_usize.wrapping_shl(bits));
                }
                let (_, start, bits) = table;
                let entry = alphabet.entry(*symbols.next()?).wrapping_add(WORD_BIT.wrapping_mul(len));
                let end = start.wrapping_add(1_usize.wrapping_shl(bits));
                let step = 1_usize.wrapping_shl(len.wrapping_sub(DIRECT));
                let first = start.wrapping_add(word.wrapping_shr(DIRECT));
                for slot in self.entries.get_mut(first..end)?.iter_mut().step_by(step) {
                    *slot = entry;
                }
                word = next_word(word, 1_usize.wrapping_shl(len));
            }
        }
        Some(())
    }
}

/// The word after `word`, the first bit of each lowest. All words have as many bits as `end`, a power of two, has zeros.
#[inline(always)]
const fn next_word(word: usize, end: usize) -> usize {
    let zeros = word ^ end.wrapping_sub(1);
    if zeros == 0 {
        return 0;
    }
    let bit = 1_usize.wrapping_shl(zeros.ilog2());
    (word & bit.wrapping_sub(1)) | bit
}

/// The number of bits that select an entry in the table for the next words, the first of which has `len` bits; `count`
/// words of that length are left.
fn subtable_bits(counts: &[u16; MAX_BITS + 1], len: u32, count: u32, direct: u32) -> Option<u32> {
    let mut bits = len.wrapping_sub(direct);
    let mut used = count;
    while used < 1_u32.wrapping_shl(bits) && direct.wrapping_add(bits) < 15 {
        bits = bits.wrapping_add(1);
        used = used.wrapping_mul(2).wrapping_add(u32::from(*counts.get(direct.wrapping_add(bits) as usize)?));
    }
    Some(bits)
}
