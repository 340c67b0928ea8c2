//! Literals and matches of a block, and how often each occurs: [`Tokens`].

/// Most tokens of a block: some 50 KB of text. Codes that fit the data are worth more than the blocks' headers.
const MAX_TOKENS: usize = 1 << 14;

/// Entries of the hash table, and its bits: the positions of a window of 32 KiB.
const TABLE_BITS: u32 = 15;
const TABLE_ENTRIES: usize = 1 << TABLE_BITS;
/// Bits that the fastest level uses of it: 16 KiB, which stay in the nearest cache.
const SMALL_TABLE_BITS: u32 = 13;

/// The farthest that a match may reach back, and its longest length (RFC 1951, section 3.2.5).
const WINDOW_BYTES: usize = 32 << 10;
const MAX_MATCH_BYTES: usize = 258;
/// The length that codes count from.
const LEAST_LENGTH: usize = 3;
/// Bytes that are compared at once.
const WORD_BYTES: usize = 8;

/// Symbols of literals and lengths before lengths are grouped: a literal, or 256 and a length less 3.
pub(super) const LITERALS: usize = 256;
pub(super) const SYMBOLS: usize = 512;
/// Symbols of distances, and the one of a literal, which has no distance.
pub(super) const DISTANCES: usize = 32;
const NO_DISTANCE: u32 = 30;
const SYMBOL_MASK: u32 = 0x1ff;
const DISTANCE_MASK: u32 = 0x1f;

/// The search for matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Takes the first match.
    Greedy,
    /// Prefers a longer match at the next byte.
    Lazy,
}

/// A literal or a match. Bits 0 to 8: the symbol; 9 to 13: the distance's symbol; from 14 on: its extra bits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token(u32);

impl Token {
    const fn literal(byte: u8) -> Self {
        Self(byte as u32 | NO_DISTANCE << 9)
    }

    /// Returns the symbol, below [`SYMBOLS`].
    #[inline(always)]
    pub(super) const fn symbol(self) -> usize {
        (self.0 & SYMBOL_MASK) as usize
    }

    /// Returns the symbol of the distance, below [`DISTANCES`].
    #[inline(always)]
    pub(super) const fn distance(self) -> usize {
        (self.0 >> 9 & DISTANCE_MASK) as usize
    }

    /// Returns the extra bits of the distance.
    #[inline(always)]
    pub(super) const fn distance_extra(self) -> u32 {
        self.0 >> 14
    }
}

/// The tokens of a block, and the table that finds matches for the next ones.
#[derive(Debug)]
pub(super) struct Tokens {
    list: Box<[Token; MAX_TOKENS]>,
    count: usize,
    symbol_counts: [u32; SYMBOLS],
    distance_counts: [u32; DISTANCES],
    /// The last position of each hash of four bytes, modulo 2^16. What it says is compared before it is believed.
    table: Box<[u16; TABLE_ENTRIES]>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            list: Box::new([Token::default(); MAX_TOKENS]),
            count: 0,
            symbol_counts: [0; SYMBOLS],
            distance_counts: [0; DISTANCES],
            table: Box::new([0; TABLE_ENTRIES]),
        }
    }
}

/// Where a match would begin that a table suggests.
#[derive(Clone, Copy)]
struct Candidate {
    distance: usize,
    /// The eight bytes at the position and those at the candidate, exclusive or: zeros at the start are equal bytes.
    difference: u64,
}

impl Candidate {
    /// Returns `true` if at least four bytes are equal.
    #[inline(always)]
    const fn is_match(self) -> bool {
        self.difference << 32 == 0
    }

    /// Returns the number of equal bytes, at most eight.
    #[inline(always)]
    const fn len(self) -> usize {
        (self.difference.trailing_zeros() / 8) as usize
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "positions in a chunk, and lengths and distances of deflate")]
impl Tokens {
    pub(super) fn list(&self) -> &[Token] {
        self.list.split_at(self.count).0
    }

    /// Returns how often each symbol occurs.
    pub(super) const fn symbol_counts(&self) -> &[u32; SYMBOLS] {
        &self.symbol_counts
    }

    /// Returns how often each symbol of a distance occurs; literals are not counted.
    pub(super) const fn distance_counts(&self) -> &[u32; DISTANCES] {
        &self.distance_counts
    }

    /// Forgets all positions.
    pub(super) fn forget(&mut self) {
        self.table.fill(0);
    }

    /// Replaces the tokens by those of `bytes[start..]`, as many as a block has, and returns where they end.
    pub(super) fn collect(&mut self, effort: Effort, bytes: &[u8], start: usize) -> Option<usize> {
        self.symbol_counts.fill(0);
        self.distance_counts.fill(0);
        match effort {
            Effort::Greedy => self.search::<SMALL_TABLE_BITS, false>(bytes, start),
            Effort::Lazy => self.search::<TABLE_BITS, true>(bytes, start),
        }
    }

    /// Matches have four bytes at least: shorter ones hardly save anything, and four are one comparison.
    ///
    /// A match and a literal take the same few steps as far as possible, since no processor can predict which comes next.
    fn search<const BITS: u32, const IS_LAZY: bool>(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let Self { list, count, symbol_counts, distance_counts, table } = self;
        let (mut at, mut slots) = (start, list.iter_mut());
        // Room for a literal and a match.
        while slots.len() >= 2
            && let Some(word) = word_at(bytes, at)
        {
            let found = candidate::<BITS>(table, bytes, word, at);
            let [literal, ..] = word.to_le_bytes();
            if !found.is_match() {
                *slots.next()? = Token::literal(literal);
                *symbol_counts.get_mut(usize::from(literal))? += 1;
                at += 1;
                continue;
            }
            let (mut from, mut matched, mut matched_word) = (at, found, word);
            if IS_LAZY && let Some(next_word) = word_at(bytes, at + 1) {
                let next = candidate::<BITS>(table, bytes, next_word, at + 1);
                if next.is_match() && next.len() > found.len() {
                    *slots.next()? = Token::literal(literal);
                    *symbol_counts.get_mut(usize::from(literal))? += 1;
                    (from, matched, matched_word) = (at + 1, next, next_word);
                }
            }
            let mut len = matched.len();
            if len == WORD_BYTES {
                len = longest(bytes, from, matched.distance);
            }
            let symbol = LITERALS + (len - LEAST_LENGTH) % LITERALS;
            let (distance, extra) = distance_symbol(matched.distance);
            *symbol_counts.get_mut(symbol)? += 1;
            *distance_counts.get_mut(distance as usize % DISTANCES)? += 1;
            *slots.next()? = Token(u32::try_from(symbol).ok()? | distance << 9 | extra << 14);
            // Not every position of a match: the next words begin near its start as often as anywhere.
            for step in 1..4 {
                remember::<BITS>(table, low(matched_word >> (8 * step)), from + step);
            }
            at = from + len;
        }
        if word_at(bytes, at).is_none() {
            // The last seven bytes.
            for byte in bytes.get(at..)? {
                let Some(slot) = slots.next() else { break };
                *slot = Token::literal(*byte);
                *symbol_counts.get_mut(usize::from(*byte))? += 1;
                at += 1;
            }
        }
        let left = slots.len();
        *count = MAX_TOKENS - left;
        Some(at)
    }
}

/// Looks up `word`, which is at `at`, and leaves that position in the table.
#[inline(always)]
fn candidate<const BITS: u32>(table: &mut [u16; TABLE_ENTRIES], bytes: &[u8], word: u64, at: usize) -> Candidate {
    let position = remember::<BITS>(table, low(word), at);
    let distance = usize::from(low16(at).wrapping_sub(position));
    // No distance is 0: the word itself is no match for itself.
    let is_near = distance.wrapping_sub(1) < WINDOW_BYTES;
    let before = at.checked_sub(distance).and_then(|from| word_at(bytes, from));
    let difference = before.filter(|_| is_near).map_or(u64::MAX, |before| before ^ word);
    Candidate { distance, difference }
}

/// Leaves a position in the table; returns the one before it with the same hash.
#[inline(always)]
fn remember<const BITS: u32>(table: &mut [u16; TABLE_ENTRIES], key: u32, at: usize) -> u16 {
    /// 2^32 divided by the golden ratio, which spreads neighbouring keys (Knuth, volume 3, section 6.4).
    const SPREAD: u32 = 0x9e37_79b1;
    let hash = (key.wrapping_mul(SPREAD) >> u32::BITS.saturating_sub(BITS)) as usize;
    match table.get_mut(hash) {
        Some(slot) => std::mem::replace(slot, low16(at)),
        None => low16(at),
    }
}

/// Returns the length of a match whose first eight bytes are equal.
#[expect(clippy::arithmetic_side_effects, reason = "positions in a chunk, and lengths and distances of deflate")]
fn longest(bytes: &[u8], at: usize, distance: usize) -> usize {
    let mut len = WORD_BYTES;
    let from = at - distance;
    while len + WORD_BYTES <= MAX_MATCH_BYTES
        && let (Some(now), Some(before)) = (word_at(bytes, at + len), word_at(bytes, from + len))
    {
        if now != before {
            return len + ((now ^ before).trailing_zeros() / 8) as usize;
        }
        len += WORD_BYTES;
    }
    while len < MAX_MATCH_BYTES && bytes.get(at + len).is_some_and(|now| bytes.get(from + len) == Some(now)) {
        len += 1;
    }
    len
}

/// Returns the symbol of a distance, and its extra bits (RFC 1951, section 3.2.5).
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "a distance is from 1 to 32,768")]
fn distance_symbol(distance: usize) -> (u32, u32) {
    let value = low(distance as u64) - 1;
    // Two symbols for each power of two, but one for each of the first four values.
    let log = (value | 2).ilog2();
    let extra_bits = log - 1;
    let symbol = if value < 2 { value } else { 2 * log + (value >> extra_bits) % 2 };
    let extra = if value < 2 { 0 } else { value & ((1 << extra_bits) - 1) };
    (symbol, extra)
}

/// Returns the number of extra bits of a distance (RFC 1951, section 3.2.5).
pub(super) const fn distance_extra_bits(symbol: u32) -> u32 {
    (symbol / 2).saturating_sub(1)
}

/// Returns the eight bytes at `at`.
#[inline(always)]
fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}

#[inline(always)]
const fn low(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[inline(always)]
const fn low16(value: usize) -> u16 {
    let [a, b, ..] = value.to_le_bytes();
    u16::from_le_bytes([a, b])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_distances_are_those_of_the_rfc() {
        let base = |symbol: u32| match symbol {
            0..4 => symbol as usize + 1,
            _ => 1 + ((2 + symbol as usize % 2) << distance_extra_bits(symbol)),
        };
        assert_eq!([4, 5, 28, 29].map(base), [5, 7, 16_385, 24_577]);
        for distance in 1..=WINDOW_BYTES {
            let (symbol, extra) = distance_symbol(distance);
            assert_eq!(base(symbol) + extra as usize, distance);
            assert!(extra < 1 << distance_extra_bits(symbol) && symbol < 30);
        }
    }
}
