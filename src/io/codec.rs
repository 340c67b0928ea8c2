//! One step of a compressor, with the number of bytes that it used.

use flate2::{Compress, CompressError, FlushCompress, Status};

/// The outcome of one call of a compressor.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) used: usize,
    pub(crate) status: Result<Status, CompressError>,
}

/// Compresses some of `input` to the end of `output`, as far as its capacity allows.
pub(crate) fn deflate_vec(compress: &mut Compress, input: &[u8], output: &mut Vec<u8>, flush: FlushCompress) -> Step {
    let before = compress.total_in();
    let status = compress.compress_vec(input, output, flush);
    // No call can use more than it was given, so a count that does not fit is as good as all of it.
    let used = usize::try_from(compress.total_in().wrapping_sub(before));
    Step { used: used.map_or(input.len(), |used| used.min(input.len())), status }
}
