//! Finds bytes at which a deflate block may begin: [`find_block`].

use super::point::PointForm;

/// Bytes after a candidate that must be there to judge it: more than the longest header of a block with dynamic codes.
pub(super) const LOOKAHEAD_BYTES: usize = 400;

/// HLEN, HLIT, HDIST and the order of code lengths (RFC 1951, section 3.2.7).
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A byte at which a block may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Offset of the first byte that decompression from here needs.
    pub(super) offset: usize,
    pub(super) form: PointForm,
}

/// Returns the first stored block, or else the first block with dynamic codes, that may begin in `bytes`.
///
/// A candidate is a guess: data can look like a block.
pub(super) fn find_block(bytes: &[u8]) -> Option<Candidate> {
    find_stored(bytes).or_else(|| find_dynamic(bytes))
}

/// Three zero bits and padding, then a length and its complement (RFC 1951, section 3.2.4).
fn find_stored(bytes: &[u8]) -> Option<Candidate> {
    let is_stored = |window: &[u8]| match window {
        &[before, a, b, c, d] => before & 0xe0 == 0 && a ^ c == 0xff && b ^ d == 0xff,
        _ => false,
    };
    let offset = bytes.windows(5).position(is_stored)?.saturating_add(1);
    Some(Candidate { offset, form: PointForm::Stored })
}

fn find_dynamic(bytes: &[u8]) -> Option<Candidate> {
    let searched = bytes.len().saturating_sub(LOOKAHEAD_BYTES);
    for (offset, window) in bytes.windows(16).take(searched).enumerate() {
        let Some(word) = window.first_chunk::<16>().map(|window| u128::from_le_bytes(*window)) else { continue };
        let [first, second, ..] = word.to_le_bytes();
        let start = u16::from_le_bytes([first, second]);
        for bit in 0..8_u8 {
            // Not the final block, dynamic codes, at most 286 literals: seven of eight bits end here.
            if (start >> bit) & 0b111 != 0b100 || (start >> bit) & 0xf0 == 0xf0 {
                continue;
            }
            let header = word >> bit;
            if has_complete_code_lengths(header) && bytes.get(offset..).is_some_and(|rest| is_dynamic_block(rest, bit))
            {
                return Some(Candidate { offset, form: PointForm::Dynamic { bit } });
            }
        }
    }
    None
}

/// Looks at the first 74 bits of a header alone: most that is none fails here.
#[inline]
fn has_complete_code_lengths(header: u128) -> bool {
    // Not the final block, dynamic codes; at most 286 and 30 codes.
    if header & 0b111 != 0b100 || (header >> 3) & 31 > 29 || (header >> 8) & 31 > 29 {
        return false;
    }
    let count = ((header >> 13) & 15).saturating_add(4);
    let mut lens = header >> 17;
    let mut sum = 0_u32;
    for _ in 0..count {
        let len = lens & 7;
        if len > 0 {
            sum = sum.saturating_add(128 >> len);
        }
        lens >>= 3;
    }
    sum == 128
}

/// Reads the whole header of a block with dynamic codes, and returns `true` if both codes are possible.
fn is_dynamic_block(bytes: &[u8], bit: u8) -> bool {
    read_header(bytes, bit).is_some()
}

fn read_header(bytes: &[u8], bit: u8) -> Option<()> {
    let mut bits = Bits { bytes, at: usize::from(bit).checked_add(3)? };
    let literal_count = usize::from(bits.take(5)?).checked_add(257)?;
    let distance_count = usize::from(bits.take(5)?).checked_add(1)?;
    let count = usize::from(bits.take(4)?).checked_add(4)?;
    let mut lens = [0_u8; 19];
    for symbol in ORDER.iter().take(count) {
        *lens.get_mut(usize::from(*symbol))? = u8::try_from(bits.take(3)?).ok()?;
    }
    let code = Code::new(&lens)?;
    let mut all = [0_u8; 286 + 30];
    let all = all.get_mut(..literal_count.checked_add(distance_count)?)?;
    let mut filled = 0_usize;
    while filled < all.len() {
        let symbol = code.read(&mut bits)?;
        let (len, repeat) = match symbol {
            0..=15 => (symbol, 1_usize),
            16 => {
                let last = *all.get(filled.checked_sub(1)?)?;
                (last, usize::from(bits.take(2)?).checked_add(3)?)
            }
            17 => (0, usize::from(bits.take(3)?).checked_add(3)?),
            _ => (0, usize::from(bits.take(7)?).checked_add(11)?),
        };
        let end = filled.checked_add(repeat)?;
        all.get_mut(filled..end)?.fill(len);
        filled = end;
    }
    let (literals, distances) = all.split_at_checked(literal_count)?;
    // Without an end the block could not be one; a single distance code may be incomplete.
    let has_end = literals.get(256).is_some_and(|len| *len > 0);
    let used = distances.iter().filter(|len| **len > 0).count();
    (has_end && kraft(literals) == FULL && (used <= 1 || kraft(distances) == FULL)).then_some(())
}

/// The sum over a complete code whose longest words have 15 bits.
const FULL: u32 = 1 << 15;

fn kraft(lens: &[u8]) -> u32 {
    let word = |len: &u8| if *len == 0 { 0 } else { FULL >> (*len).min(15) };
    lens.iter().map(word).fold(0, u32::saturating_add)
}

/// The code of code lengths: a symbol and its length for every seven bits.
struct Code([(u8, u8); 128]);

impl Code {
    fn new(lens: &[u8; 19]) -> Option<Self> {
        let mut table = [(0, 0); 128];
        let mut word = 0_u8;
        for len in 1..=7_u8 {
            for (symbol, _) in (0_u8..).zip(lens).filter(|(_, other)| **other == len) {
                // The words of a code are read from their first bit; the table is indexed from the lowest bit.
                let reversed = word.reverse_bits() >> 8_u8.checked_sub(len)?;
                for entry in table.iter_mut().skip(usize::from(reversed)).step_by(1 << len) {
                    *entry = (symbol, len);
                }
                word = word.wrapping_add(1);
            }
            word = word.wrapping_shl(1);
        }
        Some(Self(table))
    }

    fn read(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let (symbol, len) = *self.0.get(usize::from(bits.peek(7)?))?;
        bits.at = bits.at.checked_add(usize::from(len))?;
        (len > 0).then_some(symbol)
    }
}

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn peek(&self, count: u32) -> Option<u16> {
        let word = self.bytes.get(self.at >> 3..)?.first_chunk::<3>()?;
        let [a, b, c] = *word;
        let word = u32::from_le_bytes([a, b, c, 0]) >> (self.at & 7);
        u16::try_from(word & 1_u32.checked_shl(count)?.checked_sub(1)?).ok()
    }

    fn take(&mut self, count: u32) -> Option<u16> {
        let bits = self.peek(count)?;
        self.at = self.at.checked_add(usize::try_from(count).ok()?)?;
        Some(bits)
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;

    fn deflated(plain: &[u8]) -> Vec<u8> {
        let mut compress = Compress::new(Compression::new(6), false);
        let mut bytes = Vec::with_capacity(plain.len() * 2 + 100);
        compress.compress_vec(plain, &mut bytes, FlushCompress::Finish).unwrap();
        bytes
    }

    #[test]
    fn the_first_block_of_text_is_found_where_it_begins() {
        let text: Vec<u8> =
            (0..40_000_u32).flat_map(|n| format!("line {} of {n}\n", n * 7 % 1013).into_bytes()).collect();
        let bytes = deflated(&text);
        assert_eq!(find_dynamic(&bytes), Some(Candidate { offset: 0, form: PointForm::Dynamic { bit: 0 } }));
        // Behind a byte of other bits it begins later.
        for bit in 1..8 {
            let mut shifted = vec![0_u8; bytes.len() + 1];
            for (index, byte) in bytes.iter().enumerate() {
                shifted[index] |= byte << bit;
                shifted[index + 1] |= byte >> (8 - bit);
            }
            assert_eq!(find_dynamic(&shifted), Some(Candidate { offset: 0, form: PointForm::Dynamic { bit } }));
        }
        let next = find_dynamic(&bytes[1..]).unwrap();
        assert!(next.offset > 1000, "{next:?}");
    }

    #[test]
    fn noise_has_hardly_any_candidates_with_dynamic_codes() {
        let mut random = fastrand::Rng::with_seed(7);
        let noise: Vec<u8> = (0..1 << 18).map(|_| random.u8(..)).collect();
        let mut rest = noise.as_slice();
        let mut found = 0;
        while let Some(candidate) = find_dynamic(rest) {
            found += 1;
            rest = &rest[candidate.offset + 1..];
        }
        assert!(found < 20, "{found}");
    }
}
