//! Reads the map of a sparse file, in each of the formats of GNU tar: [`SparseMap::read`].

use std::io::BufRead;

use super::error::{Error, Fault};
use super::header::{self, BLOCK_BYTES, Block};
use super::source::Source;
use super::special::{MapParser, SparseMap};
use crate::limits::{Budget, Limits};

impl SparseMap {
    /// Reads the map from the header `block` and the blocks after it, or from the payload, which is shorter afterwards.
    ///
    /// In a pax format, the extensions have stated the length of the file before.
    pub(super) fn read<R: BufRead>(
        &mut self,
        source: &mut Source<R>,
        block: &Block,
        payload_left_bytes: &mut u64,
        limits: &Limits,
    ) -> Result<(), Error> {
        let mut budget = Budget::new("max_extension_bytes", limits.max_extension_bytes());
        let mut next = || {
            let mut block = [0; BLOCK_BYTES];
            budget.spend(BLOCK_BYTES as u64).map_err(|exceeded| Error::new(exceeded.into()))?;
            match source.block(&mut block, "inside the map of a sparse file")? {
                true => Ok(block),
                false => Err(Error::new(Fault::truncated("inside the map of a sparse file"))),
            }
        };
        if header::is_old_sparse(block) {
            let (segments, file_bytes, mut is_extended) = header::sparse_header(block).map_err(Error::new)?;
            *self = Self { file_bytes, segments };
            while is_extended {
                let (segments, is_next) = header::sparse_extension(&next()?).map_err(Error::new)?;
                self.segments.extend(segments);
                is_extended = is_next;
            }
        } else {
            let mut parser = MapParser::default();
            self.segments = loop {
                let short = || Error::new(Fault::malformed("the map of a sparse file is longer than its data"));
                *payload_left_bytes = payload_left_bytes.checked_sub(BLOCK_BYTES as u64).ok_or_else(short)?;
                if let Some(segments) = parser.block(&next()?).map_err(Error::new)? {
                    break segments;
                }
            };
        }
        Budget::new("max_entry_bytes", limits.max_entry_bytes())
            .spend(self.file_bytes)
            .map_err(|exceeded| Error::new(exceeded.into()))?;
        self.check(*payload_left_bytes).map_err(Error::new)
    }
}
