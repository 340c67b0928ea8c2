//! One chunk: at most 1 MiB of plain bytes that are compressed, and can be inflated, without any other.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::error::{Error, ErrorKind, Result};
use super::framing;
use crate::io::OutOfRange;

/// Plain bytes of a full chunk. Part of the format: cutting elsewhere gives other bytes.
pub const CHUNK_BYTES: usize = 1 << 20;

/// An empty stored block (RFC 1951, section 3.2.4), the mark that ends every chunk on a byte boundary.
const FLUSH_MARK: [u8; 5] = [0x00, 0x00, 0x00, 0xff, 0xff];

/// Most bytes of one stored block (RFC 1951, section 3.2.4: LEN has 16 bits).
const STORED_BLOCK_BYTES: usize = 0xffff;

/// A payload is judged in windows of this many bytes, so that a file that begins with text and ends in a photo
/// is treated as both.
const WINDOW_BYTES: usize = 64 << 10;

/// Payload windows shorter than this are always deflated: the run would cost more than it saves.
const MIN_STORED_BYTES: usize = 768;

/// Bytes looked at in a window, in slices spread over it.
const SAMPLE_SLICES: usize = 8;
const SAMPLE_SLICE_BYTES: usize = 256;

/// How hard to try: zlib's levels. The default is 2, chosen by measurement: most of a snapshot is compressed already, and
/// what is not gains little from trying harder. For contents that are mostly text, 6 is worth its time.
///
/// ```
/// use appsnap::gzip::Level;
///
/// assert_eq!(Level::new(9).unwrap().get(), 9);
/// assert!(Level::new(0).is_none() && Level::new(10).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// A level from 1, the fastest, to 9, the slowest.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if 1 <= level && level <= 9 { Some(Self(level)) } else { None }
    }

    /// The number, from 1 to 9.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Level {
    type Error = OutOfRange;

    fn try_from(level: u8) -> std::result::Result<Self, OutOfRange> {
        Self::new(level).ok_or_else(|| OutOfRange::new("compression level", u64::from(level), 1..=9))
    }
}

impl Default for Level {
    fn default() -> Self {
        Self(DEFAULT_LEVEL)
    }
}

/// Chosen on the corpora of `benches/corpus` with the zlib-rs backend: level 2 takes a fifth less processor time than 6 and
/// gives files 0.5 % larger, still smaller than `pigz -6`; level 1 gives files a fifth larger.
const DEFAULT_LEVEL: u8 = 2;

/// What a stretch of a chunk holds, as far as it matters to the compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Headers and padding: mostly zeros, never stored.
    Framing,
    /// Bytes of a member: may be compressed already.
    Payload,
}

/// What becomes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    /// The compressor has it.
    Deflate,
    /// Compressed already: it is copied.
    Store,
    /// A little framing between two runs that are stored.
    Framing,
}

/// Plain bytes on their way to the compressor, with the stretches they consist of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    plain: Vec<u8>,
    /// Where each stretch ends, in ascending order; the last one ends where the plain bytes end.
    stretches: Vec<(usize, Content)>,
}

impl Chunk {
    pub(crate) fn clear(&mut self) {
        self.plain.clear();
        self.stretches.clear();
    }

    pub(crate) fn len_bytes(&self) -> usize {
        self.plain.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    pub(crate) fn room_bytes(&self) -> usize {
        CHUNK_BYTES.saturating_sub(self.plain.len())
    }

    /// Appends as much of `bytes` as fits and says how much that was.
    pub(crate) fn push(&mut self, content: Content, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room_bytes());
        self.plain.extend_from_slice(bytes.get(..count).unwrap_or_default());
        self.note(content);
        count
    }

    /// Appends exactly `count` bytes that `fill` puts in place, which must fit; on an error nothing is appended.
    pub(crate) fn push_with<E>(
        &mut self,
        content: Content,
        count: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = self.plain.len();
        self.plain.resize(before + count, 0);
        let filled = fill(self.plain.get_mut(before..).unwrap_or_default());
        match filled {
            Ok(()) => self.note(content),
            Err(_) => self.plain.truncate(before),
        }
        filled
    }

    /// Extends the last stretch, or begins another, up to the present end.
    ///
    /// Two payloads never touch without a header between them, so equal neighbours are one stretch however the bytes
    /// were handed over: the cut stays a function of the bytes alone.
    fn note(&mut self, content: Content) {
        let end = self.plain.len();
        match self.stretches.last_mut() {
            Some((last, same)) if *same == content => *last = end,
            Some((last, _)) if *last == end => {}
            _ => self.stretches.push((end, content)),
        }
    }

    /// The chunk as runs of one treatment each, by their ends.
    fn runs(&self) -> Vec<(usize, Treatment)> {
        let mut runs: Vec<(usize, Treatment)> = Vec::with_capacity(self.stretches.len());
        let mut add = |end, treatment| match (runs.last_mut(), treatment) {
            (Some((last, same)), _) if *same == treatment => *last = end,
            // What lies beside something that the compressor has anyway, is part of it.
            (Some((last, Treatment::Deflate)), Treatment::Framing) => *last = end,
            (Some((last, same @ Treatment::Framing)), Treatment::Deflate) => (*last, *same) = (end, treatment),
            _ => runs.push((end, treatment)),
        };
        let mut start = 0;
        for &(end, content) in &self.stretches {
            if content == Content::Framing {
                let is_short = end - start <= framing::MAX_RUN_BYTES;
                add(end, if is_short { Treatment::Framing } else { Treatment::Deflate });
            } else {
                for window in self.plain.get(start..end).unwrap_or_default().chunks(WINDOW_BYTES) {
                    start += window.len();
                    let is_stored = window.len() >= MIN_STORED_BYTES && !is_worth_deflating(window);
                    add(start, if is_stored { Treatment::Store } else { Treatment::Deflate });
                }
            }
            start = end;
        }
        runs
    }
}

/// Whether the bytes look as if deflate could shorten them by more than it costs to try.
///
/// The estimate is the order-0 entropy of a sample. It is corrected for the size of the sample (Miller-Madow), without
/// which short random samples look compressible.
fn is_worth_deflating(window: &[u8]) -> bool {
    /// Bits a byte above which order-0 says incompressible. Photos, archives and ciphertext lie above 7.8, base64 at 6,
    /// text below 5.
    const MAX_BITS: f32 = 7.4;
    let mut counts = [0u16; 256];
    let mut total = 0u16;
    let mut count = |slice: &[u8]| {
        for &byte in slice {
            if let Some(count) = counts.get_mut(usize::from(byte)) {
                *count += 1;
                total += 1;
            }
        }
    };
    if window.len() <= SAMPLE_SLICES * SAMPLE_SLICE_BYTES {
        count(window);
    } else {
        let step = (window.len() - SAMPLE_SLICE_BYTES) / (SAMPLE_SLICES - 1);
        for slice in 0..SAMPLE_SLICES {
            let start = slice * step;
            count(window.get(start..start + SAMPLE_SLICE_BYTES).unwrap_or_default());
        }
    }
    let total = f32::from(total);
    let mut bits = 0.0;
    let mut distinct = 0.0;
    for count in counts.into_iter().filter(|count| *count > 0) {
        let count = f32::from(count);
        bits += count * (total / count).log2();
        distinct += 1.0;
    }
    let correction = (distinct - 1.0) / (2.0 * total * std::f32::consts::LN_2);
    bits / total + correction < MAX_BITS
}

/// A chunk's compressed form, and the facts that the member and the index need of it.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) plain_len_bytes: usize,
    pub(crate) crc32: u32,
}

/// The compressor of one thread: deflate state that is reused from chunk to chunk.
#[derive(Debug)]
pub(crate) struct Packer {
    deflate: Compress,
}

impl Packer {
    pub(crate) fn new(level: Level) -> Self {
        Self { deflate: Compress::new(Compression::new(u32::from(level.get())), false) }
    }

    /// Compresses `chunk` into `packed`, whose memory is reused.
    ///
    /// # Errors
    /// Only if the deflate backend breaks its contract.
    pub(crate) fn pack(&mut self, chunk: &Chunk, packed: &mut Packed) -> Result<()> {
        let out = &mut packed.bytes;
        out.clear();
        let (mut start, mut framing_end) = (0, None);
        let mut ending = Ending::Aligned;
        for (end, treatment) in chunk.runs() {
            let run = chunk.plain.get(start..end).unwrap_or_default();
            ending = match treatment {
                Treatment::Deflate => self.deflate_or_store(run, ending, out)?,
                Treatment::Store => store(run, ending, out),
                Treatment::Framing => {
                    framing::deflate(chunk.plain.get(..end).unwrap_or_default(), start, framing_end.replace(end), out);
                    Ending::Open
                }
            };
            start = end;
        }
        match ending {
            Ending::Marked => {}
            Ending::Aligned => out.extend_from_slice(&FLUSH_MARK),
            Ending::Open => out.extend_from_slice(&FLUSH_MARK[1..]),
        }
        packed.plain_len_bytes = chunk.len_bytes();
        packed.crc32 = crc32fast::hash(&chunk.plain);
        Ok(())
    }

    /// A sample may have misjudged the run, and level 1 of some backends makes it an eighth longer then.
    fn deflate_or_store(&mut self, run: &[u8], ending: Ending, out: &mut Vec<u8>) -> Result<Ending> {
        let before = out.len();
        self.deflate(run, out)?;
        if out.len() - before <= stored_len_bytes(run.len()) + FLUSH_MARK.len() {
            return Ok(Ending::Marked);
        }
        out.truncate(before);
        Ok(store(run, ending, out))
    }

    fn deflate(&mut self, run: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.deflate.reset();
        let mut rest = run;
        loop {
            // A sync flush is complete when it leaves room in the output (zlib.h on deflate and avail_out).
            out.reserve(rest.len() / 2 + 1024);
            let before = self.deflate.total_in();
            let status = self.deflate.compress_vec(rest, out, FlushCompress::Sync);
            let used = self.deflate.total_in().saturating_sub(before);
            rest = usize::try_from(used).ok().and_then(|used| rest.get(used..)).unwrap_or_default();
            match status {
                Ok(Status::Ok | Status::BufError) if rest.is_empty() && out.len() < out.capacity() => return Ok(()),
                Ok(Status::Ok | Status::BufError) => {}
                _ => return Err(Error::new(ErrorKind::Deflate)),
            }
        }
    }
}

/// What `len_bytes` plain bytes take as stored blocks: five bytes more a block.
const fn stored_len_bytes(len_bytes: usize) -> usize {
    len_bytes + len_bytes.div_ceil(STORED_BLOCK_BYTES) * 5
}

/// What the output ends with; a byte boundary in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Whole blocks, or nothing.
    Aligned,
    /// [`FLUSH_MARK`].
    Marked,
    /// The first byte of a stored block, whose lengths are to follow.
    Open,
}

/// Appends `run`, which is not empty, as stored blocks.
fn store(run: &[u8], ending: Ending, out: &mut Vec<u8>) -> Ending {
    for (number, block) in run.chunks(STORED_BLOCK_BYTES).enumerate() {
        let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
        if number > 0 || ending != Ending::Open {
            out.push(0);
        }
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
    Ending::Aligned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .take(len)
        .collect()
    }

    fn text(len: usize) -> Vec<u8> {
        b"the quick brown fox jumps over the lazy dog. ".iter().copied().cycle().take(len).collect()
    }

    fn pack(chunk: &Chunk) -> Packed {
        let mut packed = Packed::default();
        Packer::new(Level::default()).pack(chunk, &mut packed).unwrap();
        packed
    }

    fn inflate(packed: &Packed) -> Vec<u8> {
        let mut plain = Vec::with_capacity(CHUNK_BYTES + 1);
        let mut bytes = packed.bytes.clone();
        bytes.extend_from_slice(&super::super::frame::FINAL_BLOCK);
        let mut decoder = flate2::Decompress::new(false);
        let status = decoder.decompress_vec(&bytes, &mut plain, flate2::FlushDecompress::Finish).unwrap();
        assert_eq!(status, Status::StreamEnd);
        plain
    }

    #[test]
    fn chunk_of_every_kind_inflates_to_its_plain_bytes() {
        for parts in [
            vec![],
            vec![(Content::Framing, vec![0; 512])],
            vec![(Content::Payload, noise(CHUNK_BYTES))],
            vec![(Content::Payload, text(CHUNK_BYTES))],
            vec![
                (Content::Framing, text(512)),
                (Content::Payload, noise(5000)),
                (Content::Framing, vec![0; 632]),
                (Content::Payload, text(200_000)),
                (Content::Payload, noise(200_000)),
                (Content::Framing, vec![0; 100]),
                (Content::Payload, vec![7]),
            ],
        ] {
            let mut chunk = Chunk::default();
            for (content, bytes) in &parts {
                assert_eq!(chunk.push(*content, bytes), bytes.len());
            }
            let packed = pack(&chunk);
            assert!(packed.bytes.ends_with(&[0, 0, 0xff, 0xff]));
            assert_eq!(inflate(&packed), chunk.plain);
            assert_eq!(packed.crc32, crc32fast::hash(&chunk.plain));
            assert!(packed.bytes.len() <= chunk.len_bytes() + chunk.len_bytes() / 500 + 64);
        }
    }

    #[test]
    fn misjudged_run_takes_hardly_more_than_its_plain_bytes() {
        // No byte below 144, which level 1 writes with nine bits each, and few enough values to look compressible.
        let bytes: Vec<u8> = noise(CHUNK_BYTES).iter().map(|byte| 144 + byte % 112).collect();
        assert!(is_worth_deflating(&bytes));
        let mut chunk = Chunk::default();
        chunk.push(Content::Payload, &bytes);
        for level in 1..=9 {
            let mut packed = Packed::default();
            Packer::new(Level::new(level).unwrap()).pack(&chunk, &mut packed).unwrap();
            assert!(packed.bytes.len() <= bytes.len() + 100, "level {level}: {}", packed.bytes.len());
            assert_eq!(inflate(&packed), bytes, "level {level}");
        }
    }

    #[test]
    fn slicing_of_pushes_does_not_change_the_bytes() {
        let parts =
            [(Content::Framing, text(512)), (Content::Payload, noise(70_000)), (Content::Framing, vec![0; 512])];
        let mut whole = Chunk::default();
        let mut sliced = Chunk::default();
        for (content, bytes) in &parts {
            whole.push(*content, bytes);
            for piece in bytes.chunks(777) {
                sliced.push(*content, piece);
            }
        }
        assert_eq!(pack(&whole).bytes, pack(&sliced).bytes);
    }

    #[test]
    fn noise_is_stored_and_text_is_deflated() {
        assert!(!is_worth_deflating(&noise(1000)));
        assert!(!is_worth_deflating(&noise(64 << 10)));
        assert!(is_worth_deflating(&text(1000)));
        let base64: Vec<u8> = noise(4000).iter().map(|byte| b' ' + (byte & 63)).collect();
        assert!(is_worth_deflating(&base64));
    }
}
