//! One chunk: at most 1 MiB that is compressed, and can be decompressed, without any other.

use super::error::{Error, ErrorKind, Result};
use super::fixed_huffman;
use crate::io::grow;

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
    bytes: Vec<u8>,
    /// The end of each segment, in ascending order; the last one ends where the bytes end.
    segments: Vec<(usize, SegmentKind)>,
}

impl Chunk {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.segments.clear();
    }

    pub(crate) fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn room_bytes(&self) -> usize {
        CHUNK_BYTES.saturating_sub(self.bytes.len())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends as much of `bytes` as fits and returns the rest.
    pub(crate) fn push<'a>(&mut self, kind: SegmentKind, bytes: &'a [u8]) -> &'a [u8] {
        let (fitting, rest) = bytes.split_at(self.room_bytes().min(bytes.len()));
        self.bytes.extend_from_slice(fitting);
        self.extend_segment(kind);
        rest
    }

    /// Appends exactly `count` bytes that `fill` puts in place, which must fit; on an error nothing is appended.
    pub(crate) fn push_with<E>(
        &mut self,
        kind: SegmentKind,
        count: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = self.bytes.len();
        let filled = fill(grow(&mut self.bytes, count));
        match filled {
            Ok(()) => self.extend_segment(kind),
            Err(_) => self.bytes.truncate(before),
        }
        filled
    }

    /// Extends the last segment, or begins another, up to the present end.
    ///
    /// Two payloads never touch without a header between them, so equal neighbours are one segment however the bytes
    /// were passed: the cut stays a function of the bytes alone.
    fn extend_segment(&mut self, kind: SegmentKind) {
        let end = self.bytes.len();
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
            let segment = part(&self.bytes, start, end)?;
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
/// which short random samples look compressible.
pub(super) fn is_worth_deflating(window: &[u8]) -> bool {
    /// The order-0 entropy, in bits a byte, above which a window counts as incompressible. Photos, archives and ciphertext
    /// are above 7.8, base64 is at 6, text below 5.
    const MAX_BITS: f32 = 7.4;
    let mut counts = [0_u16; 256];
    let mut count = |slice: &[u8]| {
        for &byte in slice {
            if let Some(count) = counts.get_mut(usize::from(byte)) {
                *count = count.saturating_add(1);
            }
        }
    };
    match window.len().checked_sub(SAMPLE_SLICE_BYTES) {
        Some(last_start) if window.len() > SAMPLE_SLICES * SAMPLE_SLICE_BYTES => {
            let step = last_start / (SAMPLE_SLICES - 1);
            let slices = window.chunks(step).filter_map(|slice| slice.get(..SAMPLE_SLICE_BYTES));
            slices.take(SAMPLE_SLICES).for_each(count);
        }
        _ => count(window),
    }
    let total: f32 = counts.iter().map(|count| f32::from(*count)).sum();
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
