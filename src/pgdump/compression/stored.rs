//! The stored bytes of one stream as an `io::Read`, for decoders that pull.
#![cfg(any(feature = "lz4", feature = "zstd"))]

use std::io::{self, Read};

use crate::pgdump::block::Blocks;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;

/// Reads what is stored of the current stream. It remembers how it went, because decoders' errors do not tell.
pub(super) struct Stored<'b, R> {
    blocks: &'b mut Blocks<R>,
    failure: Option<Error>,
    ended: bool,
}

impl<'b, R: Read> Stored<'b, R> {
    pub(super) fn new(blocks: &'b mut Blocks<R>) -> Self {
        Self { blocks, failure: None, ended: false }
    }

    /// What a failure of the decoder that read from here really means.
    pub(super) fn explain(
        self,
        algorithm: &'static str,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        let error = match self.failure {
            Some(failure) => return failure,
            None if self.ended => Error::from(Corruption::StreamTruncated(algorithm)),
            None => Error::from(Corruption::Undecodable(algorithm)).because(cause),
        };
        error.at(self.blocks.position())
    }
}

impl<R: Read> Read for Stored<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let stored = match self.blocks.fill_stream() {
            Ok(stored) => stored,
            Err(error) => {
                self.failure = Some(error);
                return Err(io::ErrorKind::InvalidData.into());
            }
        };
        let count = stored.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), stored.get(..count)) {
            to.copy_from_slice(from);
        }
        self.ended |= count == 0 && !out.is_empty();
        self.blocks.consume_stream(count);
        Ok(count)
    }
}
