//! Deflate with fixed codes for the few hundred bytes between two stored payloads, where starting a compressor costs more
//! than its work.
//!
//! Headers are mostly zeros, digits and repetitions of the header before. Three short distances and one long one find
//! nearly all of that, and fixed codes (RFC 1951, section 3.2.6) need no table: 70 bytes instead of the 100 that a
//! compressor with an empty history makes of a header, in a tenth of its time.

/// The longest run that is worth it. For longer ones a compressor finds codes that fit the data and pays for itself.
pub(super) const MAX_RUN_BYTES: usize = 2048;

/// Distances tried besides that of the run before: of zeros, and of the fields of 8 and 12 digits of a tar header.
const NEAR: [usize; 3] = [1, 8, 12];
/// The farthest that a match may reach back, and its shortest and longest length (RFC 1951, section 3.2.5).
const WINDOW_BYTES: usize = 32 << 10;
const MIN_MATCH_BYTES: usize = 3;
const MAX_MATCH_BYTES: usize = 258;

/// Appends `bytes[start..]`, compressed, to `out`, which ends on a byte boundary. `previous_end` is where the run of this
/// kind before it ended; runs are alike from their ends backwards, since that is where their headers are.
///
/// What is appended ends with the first byte of a stored block, all but its lengths: either the block that is to follow
/// anyway, or the empty one that marks a byte boundary.
pub(super) fn deflate(bytes: &[u8], start: usize, previous_end: Option<usize>, out: &mut Vec<u8>) {
    let far = previous_end.and_then(|end| bytes.len().checked_sub(end)).filter(|far| *far <= WINDOW_BYTES);
    let mut bits = Bits { out, pending: 0, count: 0 };
    // Not the last block; fixed codes.
    bits.put(0b010, 3);
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let candidates = NEAR.into_iter().chain(far).map(|distance| (match_bytes(bytes, at, distance), distance));
        // Of equally long matches the nearest, which has the shortest code.
        let (len, distance) = candidates.fold((0, 0), |best, next| if next.0 > best.0 { next } else { best });
        if let Some((length_value, distance_value)) = match_values(len, distance) {
            bits.length(length_value);
            bits.distance(distance_value);
            at = at.saturating_add(len);
        } else {
            bits.literal(u16::from(byte));
            at = at.saturating_add(1);
        }
    }
    bits.literal(END_OF_BLOCK);
    // A stored block begins: three zero bits, and zeros up to the next byte.
    bits.put(0, 3);
    bits.align();
}

/// Returns the number of bytes from `at` on that are the same as those `distance` bytes before.
fn match_bytes(bytes: &[u8], at: usize, distance: usize) -> usize {
    let before = at.checked_sub(distance).and_then(|from| bytes.get(from..));
    let (Some(now), Some(before)) = (bytes.get(at..), before) else { return 0 };
    now.iter().zip(before).take(MAX_MATCH_BYTES).take_while(|(now, before)| now == before).count()
}

/// Returns length and distance of a match, counted from the least of each, if it takes fewer bits than its bytes would,
/// at eight bits each. Three bytes take 7 bits for the length and 5 for the distance; from the distance 8,193 on, 12 extra
/// bits more.
fn match_values(len: usize, distance: usize) -> Option<(u16, u16)> {
    let is_shorter = len > MIN_MATCH_BYTES || len == MIN_MATCH_BYTES && distance <= 8192;
    let (len, distance) = (len.checked_sub(MIN_MATCH_BYTES)?, distance.checked_sub(1)?);
    Some((u16::try_from(len).ok()?, u16::try_from(distance).ok()?)).filter(|_| is_shorter)
}

/// The symbol that ends a block, and the one of the longest match.
const END_OF_BLOCK: u16 = 256;
const LONGEST_MATCH: u16 = 285;

/// Codes of fixed length tables, least significant bit first, as deflate stores them.
struct Bits<'a> {
    out: &'a mut Vec<u8>,
    pending: u64,
    count: u32,
}

#[expect(clippy::arithmetic_side_effects, reason = "symbols and codes are within the tables of RFC 1951")]
impl Bits<'_> {
    /// Appends the low `count` bits of `value`, at most 16.
    fn put(&mut self, value: u16, count: u32) {
        self.pending |= u64::from(value) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.flush_byte();
        }
    }

    fn flush_byte(&mut self) {
        let [byte, ..] = self.pending.to_le_bytes();
        self.out.push(byte);
        self.pending >>= 8;
        self.count = self.count.saturating_sub(8);
    }

    fn align(&mut self) {
        if self.count > 0 {
            self.flush_byte();
        }
    }

    /// Huffman codes begin with their most significant bit.
    fn code(&mut self, code: u16, count: u32) {
        self.put(code.reverse_bits() >> (16 - count), count);
    }

    /// A symbol of the alphabet of literals and lengths (RFC 1951, section 3.2.6).
    fn literal(&mut self, symbol: u16) {
        match symbol {
            0..=143 => self.code(0b0011_0000 + symbol, 8),
            144..=255 => self.code(0b1_1001_0000 + (symbol - 144), 9),
            256..=279 => self.code(symbol - 256, 7),
            _ => self.code(0b1100_0000 + (symbol - 280), 8),
        }
    }

    /// The length of a match, less 3 (RFC 1951, section 3.2.5): groups of four symbols with the same number of extra bits,
    /// twice as long from group to group, and the longest one on its own.
    fn length(&mut self, value: u16) {
        if usize::from(value) == MAX_MATCH_BYTES - MIN_MATCH_BYTES {
            self.literal(LONGEST_MATCH);
            return;
        }
        let (symbol, extra_bits, extra) = grouped(value, 4);
        self.literal(257 + symbol);
        self.put(extra, extra_bits);
    }

    /// The distance of a match, less 1 (RFC 1951, section 3.2.5): groups of two symbols; five bits a symbol.
    fn distance(&mut self, value: u16) {
        let (symbol, extra_bits, extra) = grouped(value, 2);
        self.code(symbol, 5);
        self.put(extra, extra_bits);
    }
}

/// Symbol, number of extra bits and extra bits of a value where symbols come in groups of `size`, a power of two: the
/// first two groups have no extra bits, and each after that one more than the group before.
#[expect(clippy::arithmetic_side_effects, reason = "a value has 15 bits at most, and a group 4 symbols")]
fn grouped(value: u16, size: u16) -> (u16, u32, u16) {
    let (mut symbol, mut extra_bits) = (value, 0);
    let mut groups_before = 0;
    while symbol >= 2 * size {
        symbol >>= 1;
        extra_bits += 1;
        groups_before += size;
    }
    (groups_before + symbol, extra_bits, value & ((1 << extra_bits) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress, Status};

    /// Stores what is before the run, like a payload.
    fn compressed(plain: &[u8], start: usize, previous_end: Option<usize>) -> Vec<u8> {
        let mut out = Vec::new();
        for block in plain[..start].chunks(0xffff) {
            let len = u16::try_from(block.len()).unwrap();
            out.push(0);
            out.extend(len.to_le_bytes());
            out.extend((!len).to_le_bytes());
            out.extend(block);
        }
        deflate(plain, start, previous_end, &mut out);
        out.extend([0, 0, 0xff, 0xff]);
        out
    }

    fn inflated(mut compressed: Vec<u8>) -> Vec<u8> {
        compressed.extend([3, 0]);
        let mut plain = Vec::with_capacity(1 << 20);
        let status = Decompress::new(false).decompress_vec(&compressed, &mut plain, FlushDecompress::Finish).unwrap();
        assert_eq!(status, Status::StreamEnd);
        plain
    }

    #[test]
    fn matches_of_every_length_and_distance_inflate() {
        for len in 3..=300 {
            let plain = [vec![7; len], vec![9]].concat();
            assert_eq!(inflated(compressed(&plain, 0, None)), plain, "length {len}");
        }
        let noise: Vec<u8> = (0..40_000_u32).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 23) as u8).collect();
        for distance in
            (20..=600).chain([1024, 1025, 4096, 4097, 8192, 8193, 16_384, 16_385, 24_577, 32_767, 32_768, 32_769])
        {
            let mut plain = noise.clone();
            plain.extend_from_within(40_000 - distance..40_000 - distance + 10);
            assert_eq!(
                inflated(compressed(&plain, 40_000, Some(plain.len() - distance))),
                plain,
                "distance {distance}"
            );
        }
    }

    #[test]
    fn header_like_the_one_before_takes_seventy_bytes() {
        // The fields of a ustar header that are not empty, each at its place.
        let header = |name: &str, size: &str, checksum: &str| {
            let mut block = vec![0; 512];
            let mode = "0000644\x000000000\x000000000";
            for (at, text) in [(0, name), (100, mode), (124, size), (136, "00000000000"), (148, checksum)] {
                block[at..at + text.len()].copy_from_slice(text.as_bytes());
            }
            block[155..164].copy_from_slice(b" 0\0\0\0\0\0\0\0");
            block[257..265].copy_from_slice(b"ustar\x0000");
            block
        };
        let first = header("tree/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95", "00000007640", "012533\0");
        let second = header("tree/0e/41/0e412b5a-7d0e-4b8c-9d5e-1f6f0c9a7b33", "00000006212", "012477\0");
        let payload = (0..4096_u32).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 23) as u8);
        let plain = [first, payload.collect(), second].concat();
        let mut out = Vec::new();
        deflate(&plain, 512 + 4096, Some(512), &mut out);
        assert!(out.len() <= 70, "{}", out.len());
        assert_eq!(inflated(compressed(&plain, 512 + 4096, Some(512))), plain);
    }

    #[test]
    fn any_bytes_inflate_to_themselves() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..1000 {
            // Few values, so that much of it repeats; some bytes of the run are any.
            let before: Vec<u8> = (0..random.usize(..100)).map(|_| random.u8(..4)).collect();
            let run: Vec<u8> =
                (0..random.usize(..300)).map(|_| if random.bool() { random.u8(..4) } else { random.u8(..) }).collect();
            let plain = [before.as_slice(), &run].concat();
            let end = random.usize(..=before.len());
            assert_eq!(inflated(compressed(&plain, before.len(), Some(end))), plain, "{before:?}, {run:?}, {end}");
        }
    }
}
