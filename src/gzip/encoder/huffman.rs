//! Prefix codes of limited length (RFC 1951, section 3.2.2).

/// Most symbols of an alphabet: literals and lengths.
pub(super) const MAX_SYMBOLS: usize = 288;

/// The length of the longest code of literals, lengths and distances, and of code lengths.
pub(super) const MAX_CODE_BITS: usize = LONGEST_CODE_BITS as usize;
const LONGEST_CODE_BITS: u8 = 15;
pub(super) const MAX_LENGTH_CODE_BITS: usize = 7;

/// Bits of a packed leaf that are its symbol; the others are its frequency.
const SYMBOL_BITS: u32 = 9;

/// A code, as deflate stores it: its bits in the order in which they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) bits: u32,
    pub(super) count: u32,
}

/// Computes the lengths of the best codes for symbols of these frequencies, none longer than `max_bits`.
///
/// At least two symbols get a code, as zlib has it: some decoders refuse an incomplete set of codes. Frequencies add up to
/// less than 2^23. Returns `None` only if there are more symbols than [`MAX_SYMBOLS`].
#[expect(clippy::arithmetic_side_effects, reason = "counts of at most 288 symbols, and frequencies below 2^23")]
pub(super) fn code_lengths(frequencies: &[u32], max_bits: usize, lengths: &mut [u8]) -> Option<()> {
    lengths.fill(0);
    let mut leaves = [0_u32; MAX_SYMBOLS];
    let mut count = 0;
    for (symbol, frequency) in (0_u32..).zip(frequencies).filter(|(_, frequency)| **frequency > 0) {
        *leaves.get_mut(count)? = frequency << SYMBOL_BITS | symbol;
        count += 1;
    }
    if count < 2 {
        // The first two symbols, or the one that is used and the first other one.
        let used = leaves.first().filter(|_| count > 0).map(|leaf| leaf & ((1 << SYMBOL_BITS) - 1));
        let other = u32::from(used == Some(0));
        for symbol in [used.unwrap_or(1 - other), other] {
            *lengths.get_mut(symbol as usize)? = 1;
        }
        return Some(());
    }
    let leaves = leaves.get_mut(..count)?;
    leaves.sort_unstable();
    let mut counts = length_counts(leaves, max_bits)?;
    limit(&mut counts, max_bits)?;
    // The rarest symbols get the longest codes.
    let mut rest = leaves.iter();
    for (count, shorter) in counts.into_iter().rev().zip(0_u8..) {
        for leaf in rest.by_ref().take(count) {
            *lengths.get_mut((leaf & ((1 << SYMBOL_BITS) - 1)) as usize)? = LONGEST_CODE_BITS - shorter;
        }
    }
    Some(())
}

/// Counts the codes of each length in Huffman's tree; what is longer than `max_bits` counts as that.
///
/// Leaves are in ascending order of their frequencies, and inner nodes are made in that order: two queues, of which the
/// smaller head is taken.
#[expect(clippy::arithmetic_side_effects, reason = "counts of at most 288 symbols, and frequencies below 2^23")]
fn length_counts(leaves: &[u32], max_bits: usize) -> Option<[usize; MAX_CODE_BITS + 1]> {
    let inner_count = leaves.len().checked_sub(1)?;
    // Weights of inner nodes; later their depths.
    let mut weights = [0_u32; MAX_SYMBOLS];
    let mut parents = [0_u16; MAX_SYMBOLS];
    let mut leaf_parents = [0_u16; MAX_SYMBOLS];
    let (mut leaf, mut inner) = (0, 0);
    for (made, number) in (0..inner_count).zip(0_u16..) {
        let mut weight = 0;
        for _ in 0..2 {
            let of_leaf = leaves.get(leaf).map(|leaf| leaf >> SYMBOL_BITS);
            let of_inner = weights.get(..made)?.get(inner).copied();
            match (of_leaf, of_inner) {
                (Some(lighter), other) if other.is_none_or(|other| lighter <= other) => {
                    weight += lighter;
                    *leaf_parents.get_mut(leaf)? = number;
                    leaf += 1;
                }
                (_, lighter) => {
                    weight += lighter?;
                    *parents.get_mut(inner)? = number;
                    inner += 1;
                }
            }
        }
        *weights.get_mut(made)? = weight;
    }
    let depths = &mut weights;
    *depths.get_mut(inner_count - 1)? = 0;
    for node in (0..inner_count - 1).rev() {
        let parent = usize::from(*parents.get(node)?);
        *depths.get_mut(node)? = depths.get(parent)? + 1;
    }
    let mut counts = [0; MAX_CODE_BITS + 1];
    for parent in leaf_parents.get(..leaves.len())? {
        let bits = *depths.get(usize::from(*parent))? as usize + 1;
        *counts.get_mut(bits.min(max_bits))? += 1;
    }
    Some(counts)
}

/// Lengthens codes until all of them fit (Kraft's inequality): each step splits a shorter code to take in a longest one.
#[expect(clippy::arithmetic_side_effects, reason = "counts of at most 288 symbols of at most 15 bits")]
fn limit(counts: &mut [usize; MAX_CODE_BITS + 1], max_bits: usize) -> Option<()> {
    let space = |(bits, count): (usize, &usize)| count << (max_bits - bits);
    let mut used: usize = counts.iter().enumerate().take(max_bits + 1).skip(1).map(space).sum();
    while used > 1 << max_bits {
        *counts.get_mut(max_bits)? -= 1;
        let shorter = (1..max_bits).rev().find(|bits| counts.get(*bits).is_some_and(|count| *count > 0))?;
        *counts.get_mut(shorter)? -= 1;
        *counts.get_mut(shorter + 1)? += 2;
        used -= 1;
    }
    Some(())
}

/// Returns the codes of these lengths, by symbol.
#[expect(clippy::arithmetic_side_effects, reason = "codes of at most 15 bits")]
pub(super) fn codes<const N: usize>(lengths: &[u8; N]) -> Option<[Code; N]> {
    let mut counts = [0_u32; MAX_CODE_BITS + 1];
    for bits in lengths.iter().filter(|bits| **bits > 0) {
        *counts.get_mut(usize::from(*bits))? += 1;
    }
    let (mut next, mut code) = ([0_u32; MAX_CODE_BITS + 1], 0);
    for (next, count) in next.iter_mut().zip(counts) {
        *next = code;
        code = (code + count) << 1;
    }
    let mut codes = [Code::default(); N];
    for (code, bits) in codes.iter_mut().zip(lengths).filter(|(_, bits)| **bits > 0) {
        let next = next.get_mut(usize::from(*bits))?;
        *code = Code { bits: next.reverse_bits() >> (u32::BITS - u32::from(*bits)), count: u32::from(*bits) };
        *next += 1;
    }
    Some(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths_of(frequencies: &[u32], max_bits: usize) -> Vec<u8> {
        let mut lengths = vec![9; frequencies.len()];
        code_lengths(frequencies, max_bits, &mut lengths).unwrap();
        lengths
    }

    #[test]
    fn lengths_are_those_of_huffman() {
        assert_eq!(lengths_of(&[5, 9, 12, 13, 16, 45], 15), [4, 4, 3, 3, 3, 1]);
        assert_eq!(lengths_of(&[1, 0, 1, 2], 15), [2, 0, 2, 1]);
    }

    #[test]
    fn two_symbols_at_least_have_a_code() {
        assert_eq!(lengths_of(&[0, 0, 0], 15), [1, 1, 0]);
        assert_eq!(lengths_of(&[7, 0, 0], 15), [1, 1, 0]);
        assert_eq!(lengths_of(&[0, 0, 7], 15), [1, 0, 1]);
    }

    #[test]
    fn no_code_is_longer_than_allowed_and_the_set_is_complete() {
        let mut random = fastrand::Rng::with_seed(25);
        for _ in 0..500 {
            let count = random.usize(2..MAX_SYMBOLS);
            let frequencies: Vec<u32> = (0..count).map(|_| 1 << random.u32(..14)).collect();
            for max_bits in [9, MAX_CODE_BITS] {
                let lengths = lengths_of(&frequencies, max_bits);
                assert!(lengths.iter().all(|bits| (1..=max_bits).contains(&usize::from(*bits))));
                assert_eq!(
                    lengths.iter().map(|bits| 1_u32 << (max_bits - usize::from(*bits))).sum::<u32>(),
                    1 << max_bits
                );
            }
        }
        let fibonacci = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89];
        let lengths = lengths_of(&fibonacci, MAX_LENGTH_CODE_BITS);
        assert_eq!(lengths.iter().map(|bits| 128_u32 >> bits).sum::<u32>(), 128);
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 1951, section 3.2.2: lengths (3, 3, 3, 3, 3, 2, 4, 4) give the codes 010 to 110, 00, 1110, 1111.
        let codes = codes(&[3, 3, 3, 3, 3, 2, 4, 4]).unwrap();
        let bits = codes.map(|code| code.bits.reverse_bits() >> (32 - code.count));
        assert_eq!(bits, [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111]);
    }
}
