//! Writes the tokens of a block with the codes that fit them best: [`BlockWriter`].

use super::bits::{BitWriter, MAX_PUT_BITS, Pending, append};
use super::huffman::{Code, MAX_CODE_BITS, MAX_LENGTH_CODE_BITS, MAX_SYMBOLS, code_lengths, codes};
use super::tokens::{DISTANCES, LITERALS, SYMBOLS, Token, Tokens, distance_extra_bits};

/// The symbol that ends a block, and the one of the longest match (RFC 1951, section 3.2.5).
const END_OF_BLOCK: usize = 256;
const LONGEST_MATCH: u16 = 285;
/// Code lengths that a header states at least, of literals and lengths, of distances and of code lengths.
const LEAST_LITERALS: usize = 257;
const LEAST_DISTANCES: usize = 1;
const LEAST_LENGTHS: usize = 4;
/// The order in which a header states the lengths of the codes of code lengths (RFC 1951, section 3.2.7).
const LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Symbols of code lengths: repeat the last one 3 to 6 times; 3 to 10 zeros; 11 to 138 zeros.
const REPEAT: u8 = 16;
const ZEROS: u8 = 17;
const MANY_ZEROS: u8 = 18;

/// The lengths of the codes of a block.
#[derive(Clone, Debug)]
struct Lengths {
    literals: [u8; MAX_SYMBOLS],
    distances: [u8; DISTANCES],
}

impl Lengths {
    /// Those of fixed codes (RFC 1951, section 3.2.6).
    fn fixed() -> Self {
        let mut literals = [8; MAX_SYMBOLS];
        literals.iter_mut().take(256).skip(144).for_each(|bits| *bits = 9);
        literals.iter_mut().take(280).skip(256).for_each(|bits| *bits = 7);
        Self { literals, distances: [5; DISTANCES] }
    }
}

/// A writer of blocks, with memory that it uses again.
#[derive(Debug)]
pub(super) struct BlockWriter {
    /// The code lengths of the block's header: symbol, and the value of its extra bits.
    stated: Vec<(u8, u8)>,
    fixed: Lengths,
}

impl Default for BlockWriter {
    fn default() -> Self {
        Self { stated: Vec::new(), fixed: Lengths::fixed() }
    }
}

/// How often each symbol of a block occurs, and the extra bits of all its tokens.
struct Frequencies {
    literals: [u32; MAX_SYMBOLS],
    distances: [u32; DISTANCES],
    extra_bits: usize,
}

/// The header of a block with codes of its own: everything but the codes that `stated` lists.
struct Header {
    literals_count: usize,
    distances_count: usize,
    length_bits: [u8; 19],
    lengths_count: usize,
    bits: usize,
}

#[expect(clippy::arithmetic_side_effects, reason = "a block has at most 2^14 tokens, and its tables 288 symbols")]
impl BlockWriter {
    /// Appends a block that is not the last one. Returns the bits that do not fill a byte.
    ///
    /// Returns `None` only if a table is too small, which no input can cause.
    pub(super) fn write(&mut self, tokens: &Tokens, pending: Pending, out: &mut Vec<u8>) -> Option<Pending> {
        let frequencies = Frequencies::of(tokens)?;
        let mut own = Lengths { literals: [0; MAX_SYMBOLS], distances: [0; DISTANCES] };
        code_lengths(&frequencies.literals, MAX_CODE_BITS, &mut own.literals)?;
        code_lengths(&frequencies.distances, MAX_CODE_BITS, &mut own.distances)?;
        let header = self.header(&own)?;
        let (own_bits, fixed_bits) = (header.bits + frequencies.bits(&own), frequencies.bits(&self.fixed));
        let is_fixed = fixed_bits <= own_bits;
        let lengths = if is_fixed { &self.fixed } else { &own };
        let (literals, distances) = (codes(&lengths.literals)?, codes(&lengths.distances)?);
        append(out, pending, 3 + own_bits.min(fixed_bits), |mut writer| {
            // Not the last block; fixed codes, or its own.
            writer.put(if is_fixed { 0b010 } else { 0b100 }, 3);
            if !is_fixed {
                self.put_header(&header, &mut writer)?;
            }
            Some(put_tokens(tokens, &literals, &distances, writer)?.end())
        })
    }

    /// Lists the code lengths that the header has to state.
    fn header(&mut self, lengths: &Lengths) -> Option<Header> {
        let used = |lengths: &[u8], least: usize| {
            lengths.iter().rposition(|bits| *bits > 0).map_or(least, |last| least.max(last + 1))
        };
        let (literals_count, distances_count) =
            (used(&lengths.literals, LEAST_LITERALS), used(&lengths.distances, LEAST_DISTANCES));
        let (literals, distances) =
            (lengths.literals.get(..literals_count)?, lengths.distances.get(..distances_count)?);
        self.stated.clear();
        let mut all = literals.iter().chain(distances).copied().peekable();
        while let Some(bits) = all.next() {
            let mut count = 1;
            while all.next_if_eq(&bits).is_some() {
                count += 1;
            }
            self.state(bits, count)?;
        }
        let mut counts = [0_u32; 19];
        let mut extra_bits = 0;
        for (symbol, _) in &self.stated {
            *counts.get_mut(usize::from(*symbol))? += 1;
            extra_bits += stated_extra_bits(*symbol) as usize;
        }
        let mut length_bits = [0; 19];
        code_lengths(&counts, MAX_LENGTH_CODE_BITS, &mut length_bits)?;
        let is_used = |symbol: &usize| length_bits.get(*symbol).is_some_and(|bits| *bits > 0);
        let lengths_count =
            LENGTH_ORDER.iter().rposition(is_used).map_or(LEAST_LENGTHS, |last| LEAST_LENGTHS.max(last + 1));
        let stated_bits: usize =
            counts.iter().zip(length_bits).map(|(count, bits)| *count as usize * usize::from(bits)).sum();
        let bits = 14 + 3 * lengths_count + stated_bits + extra_bits;
        Some(Header { literals_count, distances_count, length_bits, lengths_count, bits })
    }

    /// Lists `count` codes of the same length.
    fn state(&mut self, bits: u8, count: usize) -> Option<()> {
        let mut left = count;
        if bits == 0 {
            while left >= 11 {
                let some = left.min(138);
                self.stated.push((MANY_ZEROS, u8::try_from(some - 11).ok()?));
                left -= some;
            }
            if left >= 3 {
                self.stated.push((ZEROS, u8::try_from(left - 3).ok()?));
                left = 0;
            }
        } else {
            self.stated.push((bits, 0));
            left -= 1;
            while left >= 3 {
                let some = left.min(6);
                self.stated.push((REPEAT, u8::try_from(some - 3).ok()?));
                left -= some;
            }
        }
        self.stated.extend(std::iter::repeat_n((bits, 0), left));
        Some(())
    }

    fn put_header(&self, header: &Header, writer: &mut BitWriter<'_>) -> Option<()> {
        writer.put((header.literals_count - LEAST_LITERALS) as u64, 5);
        writer.put((header.distances_count - LEAST_DISTANCES) as u64, 5);
        writer.put((header.lengths_count - LEAST_LENGTHS) as u64, 4);
        for symbol in LENGTH_ORDER.iter().take(header.lengths_count) {
            writer.put(u64::from(*header.length_bits.get(*symbol)?), 3);
        }
        let codes = codes(&header.length_bits)?;
        for (symbol, extra) in &self.stated {
            let code = codes.get(usize::from(*symbol))?;
            writer.put(u64::from(code.bits), code.count);
            writer.put(u64::from(*extra), stated_extra_bits(*symbol));
        }
        Some(())
    }
}

/// Returns the number of extra bits of a code length (RFC 1951, section 3.2.7).
const fn stated_extra_bits(symbol: u8) -> u32 {
    match symbol {
        REPEAT => 2,
        ZEROS => 3,
        MANY_ZEROS => 7,
        _ => 0,
    }
}

/// The symbol of a length, the number of its extra bits and these bits.
#[derive(Clone, Copy)]
struct LengthSymbol {
    symbol: u16,
    extra_bits: u8,
    extra: u8,
}

/// The symbols of all lengths, by their value less 3.
static LENGTH_SYMBOLS: [LengthSymbol; 256] = length_symbols();

/// Computes the symbols of all lengths (RFC 1951, section 3.2.5): four symbols for each power of two, but one for each of
/// the first eight values, and one for the longest.
#[expect(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, reason = "values are below 256")]
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which would refuse a wrong index")]
const fn length_symbols() -> [LengthSymbol; 256] {
    let mut all = [LengthSymbol { symbol: LONGEST_MATCH, extra_bits: 0, extra: 0 }; 256];
    let mut value = 0_u32;
    while value < 255 {
        let extra_bits = (value | 4).ilog2() - 2;
        let symbol = 257 + if value < 4 { value } else { 4 * extra_bits + (value >> extra_bits) };
        let extra = value & ((1 << extra_bits) - 1);
        all[value as usize] = LengthSymbol { symbol: symbol as u16, extra_bits: extra_bits as u8, extra: extra as u8 };
        value += 1;
    }
    all
}

#[expect(clippy::arithmetic_side_effects, reason = "a block has at most 2^14 tokens")]
impl Frequencies {
    fn of(tokens: &Tokens) -> Option<Self> {
        let mut literals = [0; MAX_SYMBOLS];
        let (bytes, lengths) = tokens.symbol_counts().split_at(LITERALS);
        literals.get_mut(..LITERALS)?.copy_from_slice(bytes);
        *literals.get_mut(END_OF_BLOCK)? = 1;
        let mut extra_bits = 0;
        for (length, count) in LENGTH_SYMBOLS.iter().zip(lengths) {
            *literals.get_mut(usize::from(length.symbol))? += count;
            extra_bits += (u32::from(length.extra_bits) * count) as usize;
        }
        let distances = *tokens.distance_counts();
        let distance_bits = (0..).zip(distances).map(|(symbol, count)| (distance_extra_bits(symbol) * count) as usize);
        Some(Self { literals, distances, extra_bits: extra_bits + distance_bits.sum::<usize>() })
    }

    /// Returns the bits of all tokens with these codes.
    fn bits(&self, lengths: &Lengths) -> usize {
        let sum = |counts: &[u32], lengths: &[u8]| -> usize {
            counts.iter().zip(lengths).map(|(count, bits)| *count as usize * usize::from(*bits)).sum()
        };
        sum(&self.literals, &lengths.literals) + sum(&self.distances, &lengths.distances) + self.extra_bits
    }
}

/// Writes all tokens and the end of the block. A literal takes the same steps as a match, with a distance of no bits.
#[expect(clippy::arithmetic_side_effects, reason = "codes have at most 15 bits, and extra bits at most 13")]
fn put_tokens<'a>(
    tokens: &Tokens,
    literals: &[Code; MAX_SYMBOLS],
    distances: &[Code; DISTANCES],
    mut writer: BitWriter<'a>,
) -> Option<BitWriter<'a>> {
    // The code of each literal, and of each length with its extra bits.
    let mut symbols = [Code::default(); SYMBOLS];
    let (of_bytes, of_lengths) = symbols.split_at_mut(LITERALS);
    of_bytes.copy_from_slice(literals.get(..LITERALS)?);
    for (length, to) in LENGTH_SYMBOLS.iter().zip(of_lengths) {
        let code = literals.get(usize::from(length.symbol))?;
        let bits = code.bits | u32::from(length.extra) << code.count;
        *to = Code { bits, count: code.count + u32::from(length.extra_bits) };
    }
    // The code of each distance, and the bits that it takes with its extra bits.
    let mut whole = [(Code::default(), 0); DISTANCES];
    for ((symbol, to), code) in (0..).zip(&mut whole).zip(distances).take(30) {
        *to = (*code, code.count + distance_extra_bits(symbol));
    }
    let bits_of = |token: Token| {
        let symbol = symbols.get(token.symbol())?;
        let (distance, distance_bits) = whole.get(token.distance())?;
        let distance = u64::from(distance.bits) | u64::from(token.distance_extra()) << distance.count;
        Some((u64::from(symbol.bits) | distance << symbol.count, symbol.count + distance_bits))
    };
    // Each step of the writer waits for the one before, so two tokens share one where they fit, which nearly all do.
    let (pairs, last) = tokens.list().as_chunks();
    for &[first, second] in pairs {
        let ((first, first_count), (second, second_count)) = (bits_of(first)?, bits_of(second)?);
        if first_count + second_count <= MAX_PUT_BITS {
            writer.put(first | second << first_count, first_count + second_count);
        } else {
            writer.put(first, first_count);
            writer.put(second, second_count);
        }
    }
    for token in last {
        let (bits, count) = bits_of(*token)?;
        writer.put(bits, count);
    }
    let end = literals.get(END_OF_BLOCK)?;
    writer.put(u64::from(end.bits), end.count);
    Some(writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_lengths_are_those_of_the_rfc() {
        // RFC 1951, section 3.2.5: 3 to 10, 11-12, 19-22, 131-162, 227-257, 258.
        let expected = [(3, 257, 0, 0), (10, 264, 0, 0), (12, 265, 1, 1), (19, 269, 2, 0), (162, 281, 5, 31)];
        for (len, symbol, extra_bits, extra) in expected.into_iter().chain([(257, 284, 5, 30), (258, 285, 0, 0)]) {
            let found = LENGTH_SYMBOLS[len - 3];
            assert_eq!((found.symbol, found.extra_bits, found.extra), (symbol, extra_bits, extra), "{len}");
        }
    }
}
