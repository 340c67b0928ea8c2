//! What pg_dump calls gzip: one zlib stream (RFC 1950), with its Adler-32.

use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};

use super::expect_end;
use crate::pgdump::block::Blocks;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;

const NAME: &str = "gzip";

pub(crate) struct Gzip {
    inflate: Decompress,
    ended: bool,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { inflate: Decompress::new(true), ended: false }
    }

    pub(super) fn reset(&mut self) {
        self.inflate.reset(true);
        self.ended = false;
    }

    pub(super) fn read<R: Read>(&mut self, blocks: &mut Blocks<R>, out: &mut [u8]) -> Result<usize, Error> {
        while !self.ended {
            let stored = blocks.fill_stream()?;
            let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
            let result = self.inflate.decompress(stored, out, FlushDecompress::None);
            let (no_more, position) = (stored.is_empty(), blocks.position());
            let status =
                result.map_err(|cause| Error::from(Corruption::Undecodable(NAME)).because(cause).at(position))?;
            let taken = usize::try_from(self.inflate.total_in().saturating_sub(in_before)).unwrap_or(usize::MAX);
            let made = usize::try_from(self.inflate.total_out().saturating_sub(out_before)).unwrap_or(usize::MAX);
            blocks.consume_stream(taken);
            if status == Status::StreamEnd {
                self.ended = true;
                expect_end(blocks, NAME)?;
            }
            if made > 0 {
                return Ok(made);
            }
            if !self.ended && taken == 0 {
                let what = if no_more { Corruption::StreamTruncated(NAME) } else { Corruption::Undecodable(NAME) };
                return Err(Error::from(what).at(position));
            }
        }
        Ok(0)
    }
}
