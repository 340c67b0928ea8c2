//! Comparisons with zlib on streams that are damaged, or were never sound.

use super::super::codes::LENGTHS_ORDER;
use super::*;

#[test]
fn damaged_streams_are_refused_where_zlib_refuses_them() {
    let mut random = fastrand::Rng::with_seed(3);
    for round in 0..600 {
        let len = random.usize(1..6000);
        let bytes = sample(&mut random, len);
        let mut stream = deflated(&bytes, random.u32(..10), FlushCompress::Finish);
        for _ in 0..random.usize(1..4) {
            let at = if random.bool() { random.usize(..stream.len()) } else { random.usize(..stream.len().min(90)) };
            match random.u8(..4) {
                0 => stream[at] = random.u8(..),
                1 => stream[at] ^= 1 << random.u8(..8),
                2 => stream.truncate(at + 1),
                _ => stream.insert(at, random.u8(..)),
            }
        }
        assert_same(&stream, &format!("round {round}"));
    }
}

#[test]
fn noise_is_judged_as_zlib_judges_it() {
    let mut random = fastrand::Rng::with_seed(4);
    for round in 0..20_000 {
        let len = random.usize(1..120);
        let mut stream: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(len).collect();
        // Mostly blocks with dynamic codes, of which few are sound.
        if round % 4 > 0 {
            stream[0] = stream[0] & !7 | 0b100 | random.u8(..2);
        }
        let zlib = expected(&stream, false);
        let ours = decode(&stream, zlib.output.len() + 300, (usize::MAX / 2, usize::MAX / 2));
        assert!(ours.output == zlib.output && ours.end == zlib.end, "round {round}: {ours:?} {zlib:?}");
    }
}

impl Packer {
    /// The header of a block with dynamic codes whose words for lengths 0, 1, 2, 15 and 18 have three bits or fewer.
    fn dynamic(literals: &[u8], distances: &[u8]) -> Self {
        let mut bits = Self::default();
        bits.push(0b101, 3);
        bits.push(literals.len() as u32 - 257, 5);
        bits.push(distances.len() as u32 - 1, 5);
        bits.push(15, 4);
        // A word of four bits for every length.
        for symbol in LENGTHS_ORDER {
            bits.push(if symbol < 16 { 4 } else { 0 }, 3);
        }
        for len in literals.iter().chain(distances) {
            bits.push(u32::from(len.reverse_bits() >> 4), 4);
        }
        bits
    }
}

#[test]
fn codes_that_are_not_complete_are_judged_as_zlib_judges_them() {
    let lens = |pairs: &[(usize, u8)], len: usize| {
        let mut lens = vec![0; len];
        pairs.iter().for_each(|(symbol, len)| lens[*symbol] = *len);
        lens
    };
    let all = [
        ("a single word", lens(&[(256, 1)], 257), lens(&[], 1)),
        ("a single long word", lens(&[(256, 2)], 257), lens(&[], 1)),
        ("no end", lens(&[(0, 1), (1, 1)], 257), lens(&[], 1)),
        ("two words", lens(&[(0, 1), (256, 1)], 257), lens(&[], 1)),
        ("too many words", lens(&[(0, 1), (1, 1), (256, 1)], 257), lens(&[], 1)),
        ("too few words", lens(&[(0, 2), (1, 2), (256, 2)], 257), lens(&[], 1)),
        ("one distance", lens(&[(0, 2), (257, 2), (256, 1)], 258), lens(&[(0, 1)], 1)),
        ("one long distance", lens(&[(0, 2), (257, 2), (256, 1)], 258), lens(&[(0, 2)], 1)),
        ("no distance", lens(&[(0, 2), (257, 2), (256, 1)], 258), lens(&[], 1)),
        ("two distances", lens(&[(0, 2), (257, 2), (256, 1)], 258), lens(&[(0, 1), (1, 1)], 2)),
        ("three distances", lens(&[(0, 2), (257, 2), (256, 1)], 258), lens(&[(0, 1), (1, 1), (2, 1)], 3)),
        ("31 distances", lens(&[(0, 2), (257, 2), (256, 1)], 258), lens(&[(0, 1), (30, 1)], 31)),
        ("287 literals", lens(&[(0, 2), (257, 2), (256, 1)], 287), lens(&[(0, 1)], 1)),
        (
            "words of every length",
            lens(&(1..=15).map(|len| (len + 241, len as u8)).chain([(0, 15)]).collect::<Vec<_>>(), 257),
            lens(&(1..=15).map(|len| (len, len as u8)).chain([(0, 15)]).collect::<Vec<_>>(), 30),
        ),
    ];
    let mut ends = Vec::new();
    for (name, literals, distances) in &all {
        for body in 0_u32..512 {
            let mut bits = Packer::dynamic(literals, distances);
            bits.push(body, 9);
            bits.push(body * 7919 % 65_536, 16);
            let zlib = expected(&bits.bytes, false);
            ends.push(zlib.end);
            assert_same(&bits.bytes, &format!("{name}, {body:b}"));
        }
    }
    for end in [End::Ended, End::NeedsInput, End::Damaged] {
        assert!(ends.contains(&end), "{end:?}");
    }
}
