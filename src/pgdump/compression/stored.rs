//! The stored bytes of one stream as a [`BufRead`], for decoders that pull their input.
#![cfg(any(feature = "lz4", feature = "zstd"))]

use std::io::{self, BufRead, Read};

use crate::io::copy_prefix;
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;

/// Reads the stored bytes of the current stream, and remembers failures, which decoders' errors do not preserve.
pub(in crate::pgdump) struct Stored<'b, R> {
    reader: &'b mut BlockReader<R>,
    failure: Option<Error>,
    ended: bool,
}

impl<'b, R: Read> Stored<'b, R> {
    pub(super) fn new(reader: &'b mut BlockReader<R>) -> Self {
        Self { reader, failure: None, ended: false }
    }

    /// Returns the error for a failure of the decoder that was given this source.
    pub(super) fn explain(
        self,
        algorithm: &'static str,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        let error = match self.failure {
            Some(failure) => return failure,
            None if self.ended => Error::from(Corruption::StreamTruncated(algorithm)),
            None => Error::from(Corruption::Undecodable(algorithm)).because(cause),
        };
        error.at(self.reader.position())
    }
}

impl<R: Read> Read for Stored<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = copy_prefix(self.fill_buf()?, out);
        self.ended |= count == 0 && !out.is_empty();
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Stored<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // Twice, because a borrow cannot be returned from one branch and given up in another.
        if let Err(error) = self.reader.fill_stream() {
            self.failure = Some(error);
        } else if let Ok(stored) = self.reader.fill_stream() {
            return Ok(stored);
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume_stream(count);
    }
}
