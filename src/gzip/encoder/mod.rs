//! Deflate for the levels that are chosen for speed: [`Encoder`].
//!
//! A general compressor clears tables of 128 KiB and more before each run, and a chunk of small documents has a hundred
//! runs. This one has a table of 64 KiB that is cleared once a chunk. It finds matches in everything of the chunk that it
//! deflated before, so a short document benefits from its neighbours. Its loops decide with arithmetic instead of branches
//! where the data is unpredictable, which is most of the time that deflate takes on text.

mod bits;
mod block;
mod huffman;
mod tokens;

use super::error::{Error, ErrorKind, Result};
use super::level::Level;
use block::BlockWriter;
use tokens::{Effort, Tokens};

/// A compressor of the runs of one chunk after the other.
#[derive(Debug)]
pub(super) struct Encoder {
    effort: Effort,
    tokens: Tokens,
    block: BlockWriter,
}

impl Encoder {
    /// Creates the encoder of a level; `None` for levels that are left to the backend.
    pub(super) fn new(level: Level) -> Option<Self> {
        let effort = match level.get() {
            1 => Effort::Greedy,
            2 => Effort::Lazy,
            _ => return None,
        };
        Some(Self { effort, tokens: Tokens::default(), block: BlockWriter::default() })
    }

    /// Forgets the chunk before: no chunk refers to another.
    pub(super) fn start_chunk(&mut self) {
        self.tokens.forget();
    }

    /// Appends `bytes[start..]`, compressed, to `out`, which ends on a byte boundary. What is before `start` is the chunk so
    /// far.
    ///
    /// What is appended ends with the first byte of a stored block, all but its lengths: either the block that is to follow
    /// anyway, or the empty one that marks a byte boundary.
    pub(super) fn deflate(&mut self, bytes: &[u8], start: usize, out: &mut Vec<u8>) -> Result<()> {
        self.blocks(bytes, start, out)
            .ok_or_else(|| Error::new(ErrorKind::Internal("the encoder left the bounds of its tables")))
    }

    /// Returns `None` only if a table is too small, which no input can cause.
    fn blocks(&mut self, bytes: &[u8], start: usize, out: &mut Vec<u8>) -> Option<()> {
        let mut pending = bits::Pending::default();
        let mut at = start;
        while at < bytes.len() {
            at = self.tokens.collect(self.effort, bytes, at)?;
            pending = self.block.write(&self.tokens, pending, out)?;
        }
        // A stored block begins: three zero bits, and zeros up to the next byte.
        bits::append(out, pending, 3, |mut writer| {
            writer.put(0, 3);
            writer.align();
            Some(writer.end())
        })
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress, Status};

    /// A chunk whose parts are stored and deflated in turn.
    fn compressed(level: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let mut encoder = Encoder::new(Level::new(level).unwrap()).unwrap();
        encoder.start_chunk();
        let (mut chunk, mut out) = (Vec::new(), Vec::new());
        for (number, part) in parts.iter().enumerate() {
            let start = chunk.len();
            chunk.extend_from_slice(part);
            if number.is_multiple_of(2) {
                for block in part.chunks(0xffff) {
                    let len = u16::try_from(block.len()).unwrap();
                    out.push(0);
                    out.extend(len.to_le_bytes());
                    out.extend((!len).to_le_bytes());
                    out.extend(block);
                }
            } else {
                encoder.deflate(&chunk, start, &mut out).unwrap();
                out.extend([0, 0, 0xff, 0xff]);
            }
        }
        out
    }

    fn inflated(mut compressed: Vec<u8>, len: usize) -> Vec<u8> {
        compressed.extend([3, 0]);
        let mut plain = Vec::with_capacity(len + 1);
        let status = Decompress::new(false).decompress_vec(&compressed, &mut plain, FlushDecompress::Finish).unwrap();
        assert_eq!(status, Status::StreamEnd);
        plain
    }

    fn assert_round_trip(parts: &[Vec<u8>]) {
        let plain = parts.concat();
        for level in [1, 2] {
            assert!(inflated(compressed(level, parts), plain.len()) == plain, "level {level}, {} parts", parts.len());
        }
    }

    #[test]
    fn any_bytes_inflate_to_themselves() {
        let mut random = fastrand::Rng::with_seed(20);
        for round in 0..600 {
            // From one value to all of them, and from nothing to several blocks.
            let parts: Vec<Vec<u8>> = (0..random.usize(1..6))
                .map(|_| {
                    let values = 1 << random.u32(0..9);
                    let most = 1 << random.u32(0..if round % 20 == 0 { 18 } else { 12 });
                    let len = random.usize(..most);
                    (0..len).map(|_| random.u32(..values).to_le_bytes()[0]).collect()
                })
                .collect();
            assert_round_trip(&parts);
        }
    }

    #[test]
    fn repetitions_at_every_distance_inflate_to_themselves() {
        let mut random = fastrand::Rng::with_seed(21);
        let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(70_000).collect();
        for distance in [1, 2, 3, 4, 7, 8, 9, 255, 4096, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537] {
            let repeated: Vec<u8> = noise[..distance].iter().copied().cycle().take(distance + 700).collect();
            assert_round_trip(&[vec![], repeated.clone()]);
            assert_round_trip(&[noise[..distance].to_vec(), repeated]);
        }
    }

    #[test]
    fn skewed_frequencies_need_no_code_beyond_fifteen_bits() {
        // Fibonacci numbers give the deepest tree that there is.
        let (mut bytes, mut count, mut next) = (Vec::new(), 1_usize, 1_usize);
        for value in 0..19_u8 {
            bytes.extend(std::iter::repeat_n(value, count));
            (count, next) = (next, count + next);
        }
        fastrand::Rng::with_seed(22).shuffle(&mut bytes);
        assert_round_trip(&[vec![], bytes]);
    }

    #[test]
    fn a_run_refers_to_runs_before_it_in_its_chunk_only() {
        let mut random = fastrand::Rng::with_seed(23);
        let page: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(2000).collect();
        let once = compressed(2, &[vec![], page.clone()]).len();
        let twice = compressed(2, &[vec![], page.clone(), vec![7; 1000], page.clone()]).len() - 1005;
        assert!(twice < once + 100, "{once}, {twice}");

        let mut encoder = Encoder::new(Level::default()).unwrap();
        let deflate = |encoder: &mut Encoder| {
            let mut out = Vec::new();
            encoder.start_chunk();
            encoder.deflate(&page, 0, &mut out).unwrap();
            out
        };
        assert_eq!(deflate(&mut encoder), deflate(&mut encoder));
    }

    #[test]
    fn text_is_smaller_than_what_zlib_makes_of_it_at_its_fastest() {
        let words = ["snapshot", "of", "the", "database", "and", "its", "documents", "is", "written", "once"];
        let mut random = fastrand::Rng::with_seed(24);
        let text: String = (0..20_000).map(|_| format!("{} ", words[random.usize(..words.len())])).collect();
        let mut zlib = flate2::Compress::new(flate2::Compression::new(1), false);
        let mut expected = Vec::with_capacity(text.len());
        zlib.compress_vec(text.as_bytes(), &mut expected, flate2::FlushCompress::Sync).unwrap();
        let made = compressed(2, &[vec![], text.into_bytes()]).len();
        assert!(made < expected.len(), "{made}, {}", expected.len());
    }

    #[test]
    fn higher_levels_are_left_to_the_backend() {
        for level in 3..=9 {
            assert!(Encoder::new(Level::new(level).unwrap()).is_none());
        }
    }
}
