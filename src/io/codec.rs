//! One step of a deflate codec, with the numbers of bytes that it used and made.

use flate2::{Compress, CompressError, Decompress, DecompressError, FlushCompress, FlushDecompress, Status};

/// The outcome of one call of a codec.
///
/// A call that fails may still have used and made bytes: the output before the damage is sound.
#[derive(Debug)]
pub(crate) struct Step<E> {
    pub(crate) used: usize,
    pub(crate) made: usize,
    pub(crate) status: Result<Status, E>,
}

impl<E> Step<E> {
    /// Returns `true` if the call used nothing and made nothing.
    pub(crate) const fn is_idle(&self) -> bool {
        self.used == 0 && self.made == 0
    }
}

/// Decompresses some of `input` to the start of `output`.
pub(crate) fn inflate(
    decompress: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
    flush: FlushDecompress,
) -> Step<DecompressError> {
    let before = (decompress.total_in(), decompress.total_out());
    let status = decompress.decompress(input, output, flush);
    step((input.len(), output.len()), before, (decompress.total_in(), decompress.total_out()), status)
}

/// Compresses some of `input` to the end of `output`, as far as its capacity allows.
pub(crate) fn deflate_vec(
    compress: &mut Compress,
    input: &[u8],
    output: &mut Vec<u8>,
    flush: FlushCompress,
) -> Step<CompressError> {
    let room = output.capacity().saturating_sub(output.len());
    let before = (compress.total_in(), compress.total_out());
    let status = compress.compress_vec(input, output, flush);
    step((input.len(), room), before, (compress.total_in(), compress.total_out()), status)
}

fn step<E>(
    (input, output): (usize, usize),
    before: (u64, u64),
    after: (u64, u64),
    status: Result<Status, E>,
) -> Step<E> {
    // No call can use or make more than it was given, so a count that does not fit is as good as all of it.
    let count =
        |from: u64, to: u64, all: usize| usize::try_from(to.wrapping_sub(from)).map_or(all, |count| count.min(all));
    Step { used: count(before.0, after.0, input), made: count(before.1, after.1, output), status }
}
