//! One chunk: at most 1 MiB that is compressed, and can be decompressed, without any other.

use super::error::{Error, ErrorKind, Result};
use super::fixed_huffman;
use crate::io::{grow, prefix_mut};

/// Uncompressed bytes of a full chunk. Part of the format: cutting elsewhere gives other bytes.
pub const CHUNK_BYTES: usize = 1 << 20;

/// A payload is judged in windows of this many bytes, so that a file that begins with text and ends in a photo
/// is treated as both.
const WINDOW_BYTES: usize = 64 << 10;

/// Payload windows shorter than this are always deflated: storing them would cost more than it saves.
const MIN_STORED_BYTES: usize = 768;

/// Bytes sampled in a window, in slices spread over it.
const SAMPLE_SLICES: usize = 8;
const SAMPLE_SLICE_BYTES: usize = 256;
const MAX_SAMPLE_BYTES: usize = SAMPLE_SLICES * SAMPLE_SLICE_BYTES;

/// The kind of a segment of a chunk, as far as it matters to the compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentKind {
    /// Headers and padding: mostly zeros, never stored.
    Headers,
    /// Bytes of a member: may be compressed already.
    Payload,
}

/// The method by which a run of bytes is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// By the compressor.
    Deflate,
    /// Not at all: it is compressed already.
    Store,
    /// With fixed codes: a few headers between two runs that are stored.
    FixedHuffman,
}

/// Uncompressed bytes on their way to the compressor, with the segments they consist of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    /// The bytes, and after them room that was used before: clearing it again for every chunk would take time.
    memory: Vec<u8>,
    len_bytes: usize,
    /// The end of each segment, in ascending order; the last one ends where the bytes end.
    segments: Vec<(usize, SegmentKind)>,
}

impl Chunk {
    pub(crate) fn clear(&mut self) {
        self.len_bytes = 0;
        self.segments.clear();
    }

    pub(crate) const fn len_bytes(&self) -> usize {
        self.len_bytes
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len_bytes == 0
    }

    pub(crate) const fn room_bytes(&self) -> usize {
        CHUNK_BYTES.saturating_sub(self.len_bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.memory.split_at(self.len_bytes.min(self.memory.len())).0
    }

    /// Appends as much of `bytes` as fits and returns the rest.
    pub(crate) fn push<'a>(&mut self, kind: SegmentKind, bytes: &'a [u8]) -> &'a [u8] {
        let (fitting, rest) = bytes.split_at(self.room_bytes().min(bytes.len()));
        self.room_for(fitting.len()).copy_from_slice(fitting);
        self.extend_segment(kind, fitting.len());
        rest
    }

    /// Appends exactly `count` bytes, which must fit. `fill` puts them in place of what was there before; on an error nothing
    /// is appended.
    pub(crate) fn push_with<E>(
        &mut self,
        kind: SegmentKind,
        count: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        fill(self.room_for(count))?;
        self.extend_segment(kind, count);
        Ok(())
    }

    /// Returns the `count` bytes of memory after the last byte.
    fn room_for(&mut self, count: usize) -> &mut [u8] {
        let missing = self.len_bytes.saturating_add(count).saturating_sub(self.memory.len());
        grow(&mut self.memory, missing);
        prefix_mut(self.memory.split_at_mut(self.len_bytes).1, count as u64)
    }

    /// Extends the last segment, or begins another, up to the present end.
    ///
    /// Two payloads never touch without a header between them, so equal neighbours are one segment however the bytes
    /// were passed: the cut stays a function of the bytes alone.
    fn extend_segment(&mut self, kind: SegmentKind, count: usize) {
        self.len_bytes = self.len_bytes.saturating_add(count);
        let end = self.len_bytes;
        match self.segments.last_mut() {
            Some((last, same)) if *same == kind => *last = end,
            Some((last, _)) if *last == end => {}
            _ => self.segments.push((end, kind)),
        }
    }

    /// The chunk as runs of one method each, by their ends.
    pub(super) fn runs(&self) -> Result<Vec<(usize, Method)>> {
        let mut runs: Vec<(usize, Method)> = Vec::with_capacity(self.segments.len());
        let mut add = |end, method| match (runs.last_mut(), method) {
            (Some((last, same)), _) if *same == method => *last = end,
            // What is next to something that the compressor gets anyway, is part of it.
            (Some((last, Method::Deflate)), Method::FixedHuffman) => *last = end,
            (Some((last, same @ Method::FixedHuffman)), Method::Deflate) => (*last, *same) = (end, method),
            _ => runs.push((end, method)),
        };
        let mut start = 0;
        for &(end, kind) in &self.segments {
            let segment = part(self.bytes(), start, end)?;
            match kind {
                SegmentKind::Headers if segment.len() <= fixed_huffman::MAX_RUN_BYTES => add(end, Method::FixedHuffman),
                SegmentKind::Headers => add(end, Method::Deflate),
                SegmentKind::Payload => {
                    for window in segment.chunks(WINDOW_BYTES) {
                        start = start.saturating_add(window.len());
                        let is_stored = window.len() >= MIN_STORED_BYTES && !is_worth_deflating(window);
                        add(start, if is_stored { Method::Store } else { Method::Deflate });
                    }
                }
            }
            start = end;
        }
        Ok(runs)
    }
}

/// Bytes of a buffer between two ends that were noted when it was filled.
pub(super) fn part(bytes: &[u8], start: usize, end: usize) -> Result<&[u8]> {
    bytes.get(start..end).ok_or_else(|| Error::new(ErrorKind::Internal("a segment is outside of its chunk")))
}

/// Returns `true` if the bytes look as if deflate could shorten them by more than the attempt costs.
///
/// The estimate is the order-0 entropy of a sample. It is corrected for the size of the sample (Miller-Madow), without
/// which short random samples look compressible. It is computed in whole numbers, which are the same on every machine.
pub(super) fn is_worth_deflating(window: &[u8]) -> bool {
    let mut counts = [0_u16; 256];
    let mut count = |slice: &[u8]| {
        for &byte in slice {
            if let Some(count) = counts.get_mut(usize::from(byte)) {
                *count = count.wrapping_add(1);
            }
        }
    };
    match window.len().checked_sub(SAMPLE_SLICE_BYTES) {
        Some(last_start) if window.len() > MAX_SAMPLE_BYTES => {
            let step = last_start / (SAMPLE_SLICES - 1);
            let slices = window.chunks(step).filter_map(|slice| slice.get(..SAMPLE_SLICE_BYTES));
            slices.take(SAMPLE_SLICES).for_each(count);
        }
        _ => count(window),
    }
    entropy::is_below(&counts)
}

/// The order-0 entropy of a sample.
mod entropy {
    use super::MAX_SAMPLE_BYTES;

    /// Binary digits after the point.
    const FRACTION_BITS: u32 = 16;
    const ONE: u32 = 1 << FRACTION_BITS;
    /// The entropy above which a sample counts as incompressible: 7.4 bits a byte. Photos, archives and ciphertext are above
    /// 7.8, base64 is at 6, text below 5.
    const MAX_BITS: u32 = ONE / 5 * 37;
    /// The correction for each value after the first: 1 / (2 ln 2) bits.
    const CORRECTION: u32 = 47_274;

    /// `n` times the binary logarithm of `n`.
    static N_LOG_N: [u32; MAX_SAMPLE_BYTES + 1] = n_log_n();

    #[expect(clippy::arithmetic_side_effects, reason = "2048 x 11 x 2^16 fits into 32 bits, and so do all sums")]
    #[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "evaluated by the compiler")]
    const fn n_log_n() -> [u32; MAX_SAMPLE_BYTES + 1] {
        /// Digits of the logarithm, and of the number between 1 and 2 that each squaring takes one out of.
        const DIGITS: u32 = FRACTION_BITS + 4;
        const POINT: u32 = 31;
        let mut all = [0; MAX_SAMPLE_BYTES + 1];
        let mut n = 2;
        while n < all.len() {
            let whole = n.ilog2();
            let (mut log, mut rest, mut digit) = (whole as u64, (n as u64) << (POINT - whole), 0);
            while digit < DIGITS {
                rest = (rest * rest) >> POINT;
                let is_two = rest >> (POINT + 1);
                rest >>= is_two;
                log = log << 1 | is_two;
                digit += 1;
            }
            all[n] = ((n as u64 * log) >> (DIGITS - FRACTION_BITS)) as u32;
            n += 1;
        }
        all
    }

    /// Returns `true` if the entropy of a sample with these counts is below [`MAX_BITS`].
    #[expect(clippy::arithmetic_side_effects, reason = "2048 x 11 x 2^16 fits into 32 bits, and so do all sums")]
    pub(super) fn is_below(counts: &[u16; 256]) -> bool {
        let (mut total, mut sum, mut distinct) = (0, 0, 0);
        for count in counts {
            total += u32::from(*count);
            sum += N_LOG_N.get(usize::from(*count)).map_or(0, |product| *product);
            distinct += u32::from(*count > 0);
        }
        let whole = N_LOG_N.get(total as usize).map_or(0, |product| *product);
        // The products are rounded down, each by less than one in 2^16.
        whole.saturating_sub(sum) + distinct.saturating_sub(1) * CORRECTION < MAX_BITS * total
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn products_are_those_of_floating_point_numbers() {
            for (n, product) in N_LOG_N.iter().enumerate().skip(1) {
                let exact = n as f64 * (n as f64).log2();
                assert!((f64::from(*product) / f64::from(ONE) - exact).abs() < 0.01, "{n}");
            }
        }

        #[test]
        fn the_limit_is_between_base64_and_noise() {
            // As many different values, each as often, have an entropy of the logarithm of their number.
            let of = |values: usize, each: u16| {
                let mut counts = [0; 256];
                counts[..values].fill(each);
                is_below(&counts)
            };
            assert!(of(64, 32) && of(128, 16) && of(150, 13));
            assert!(!of(200, 10) && !of(256, 8) && !of(256, 3));
        }
    }
}
