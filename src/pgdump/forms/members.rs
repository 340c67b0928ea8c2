//! The members of a gzip file, joined into one deflate stream of the same length: [`Members`].
//!
//! Between the data of two members are the trailer of the first and the header of the second, at least 18 bytes. Empty blocks
//! of the same length take their place, and the last block of the first member is no longer marked as the last one. So the
//! length of the stream is known before anything has been read.

use super::gzip_file::{TRAILER_BYTES, data_range, is_header};
use super::last_block::{LastBlock, last_block};
use super::read_exact::read_exact;
use super::sums::STEP_BYTES;
use crate::io::{ReadAt, at_most};
use crate::limits::{Budget, Limits};
use crate::pgdump::error::Error;

/// The members of a gzip file that have not been read, and the changes for the current one.
pub(super) struct Members {
    /// The position of the data of the member whose last block is not known yet; `None` in the last member.
    next: Option<u64>,
    /// Bytes that replace others, by position.
    patches: Vec<(u64, Vec<u8>)>,
    /// The end of the last patch, up to which bytes can be returned.
    known_end: u64,
    joints: Budget,
    limits: Limits,
}

/// Returns `true` if bytes in a file look like the header of another gzip member. There may be none all the same.
pub(super) fn may_have_several(file: &impl ReadAt, start: u64, end: u64) -> Result<bool, Error> {
    const OVERLAP_BYTES: u64 = 9;
    let mut step = vec![0; STEP_BYTES];
    let mut at = start;
    loop {
        let count = at_most(STEP_BYTES, end.saturating_sub(at));
        let (bytes, _) = step.split_at_mut(count);
        read_exact(file, bytes, at)?;
        let mut rest = &*bytes;
        while let Some(found) = rest.iter().position(|byte| *byte == 0x1f) {
            rest = rest.split_at(found).1;
            if is_header(rest) {
                return Ok(true);
            }
            rest = rest.split_first().map_or(&[], |(_, after)| after);
        }
        let read_end = at.saturating_add(count as u64);
        if read_end >= end {
            return Ok(false);
        }
        at = read_end.saturating_sub(OVERLAP_BYTES);
    }
}

impl Members {
    /// Returns the members of a file whose first data is at `start`.
    pub(super) fn of(start: u64, limits: &Limits) -> Self {
        let joints = Budget::new("max_entries", limits.max_entries());
        Self { next: Some(start), patches: Vec::new(), known_end: start, joints, limits: limits.clone() }
    }

    /// Returns the number of joints so far.
    pub(super) const fn joints_count(&self) -> u64 {
        self.joints.spent()
    }

    /// Returns the position up to which the changes are known if bytes from `at` are wanted, at most `end`.
    pub(super) fn prepare(&mut self, file: &impl ReadAt, at: u64, end: u64) -> Result<u64, Error> {
        while self.known_end <= at
            && let Some(start) = self.next
        {
            self.advance(file, start, end)?;
        }
        Ok(if self.next.is_none() { end } else { self.known_end })
    }

    /// Finds the changes for the member whose data is at `start`.
    fn advance(&mut self, file: &impl ReadAt, start: u64, end: u64) -> Result<(), Error> {
        let LastBlock { mark_bit, end_bit } = last_block(file, start, end)?;
        let data_end = end_bit.div_ceil(8);
        self.patches.clear();
        if data_end >= end {
            self.next = None;
            return Ok(());
        }
        let header = data_end.saturating_add(TRAILER_BYTES as u64);
        let file_bytes = end.saturating_add(TRAILER_BYTES as u64);
        let (next, _) = data_range(file, header, file_bytes, &self.limits)?;
        let mut mark = [0];
        read_exact(file, &mut mark, mark_bit / 8)?;
        let [mark] = mark.map(|byte| byte & !(1 << (mark_bit % 8)));
        self.patches.push((mark_bit / 8, vec![mark]));
        let used_bits = end_bit % 8;
        if used_bits > 0 {
            let position = end_bit / 8;
            let mut last = [0];
            read_exact(file, &mut last, position)?;
            // No block is so short that its mark is in the same byte.
            let [last] = last.map(|byte| byte & (1_u8 << used_bits).wrapping_sub(1));
            self.patches.push((position, vec![last]));
        }
        let gap_bytes = usize::try_from(next.saturating_sub(data_end));
        let gap_bytes = gap_bytes.map_err(|_| Error::internal("the header of a gzip member is longer than memory"))?;
        self.patches.push((data_end, filler(used_bits, gap_bytes)?));
        (self.next, self.known_end) = (Some(next), next);
        Ok(self.joints.spend(1)?)
    }

    /// Applies the changes to `bytes`, which are from `at` in the file.
    pub(super) fn apply(&self, bytes: &mut [u8], at: u64) {
        for (position, patch) in &self.patches {
            let patched = (*position..).zip(patch);
            for (position, byte) in patched {
                let target = position.checked_sub(at).and_then(|index| bytes.get_mut(usize::try_from(index).ok()?));
                if let Some(target) = target {
                    *target = *byte;
                }
            }
        }
    }
}

/// Returns `len_bytes` bytes of empty blocks, after a byte of which `used_bits` are in use and the others are 0.
///
/// An empty stored block (RFC 1951, section 3.2.4) ends at a byte. Before it there can be empty blocks with fixed codes, of
/// 10 bits each.
fn filler(used_bits: u64, len_bytes: usize) -> Result<Vec<u8>, Error> {
    const STORED_LENGTH: &[u8] = &[0, 0, 0xff, 0xff];
    const STORED: &[u8] = &[0, 0, 0, 0xff, 0xff];
    const FIXED_AND_STORED: &[u8] = &[2, 0, 0, 0, 0xff, 0xff];
    const TWO_FIXED_AND_STORED: &[u8] = &[2, 8, 0, 0, 0, 0xff, 0xff];
    let mut out = Vec::with_capacity(len_bytes);
    // The three bits of the first block fit the byte, or take another one.
    out.extend_from_slice(if matches!(used_bits, 1..=5) { STORED_LENGTH } else { STORED });
    while out.len() < len_bytes {
        let left = len_bytes.saturating_sub(out.len());
        let is_next = |block: &&[u8]| left.checked_sub(block.len()).is_some_and(|rest| !matches!(rest, 1..=4 | 8 | 9));
        let block = [STORED, FIXED_AND_STORED, TWO_FIXED_AND_STORED].into_iter().find(is_next);
        out.extend_from_slice(block.ok_or_else(|| Error::internal("no empty blocks have this length"))?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress, Status};

    use super::*;

    #[test]
    fn fillers_are_empty_blocks_of_every_length() {
        for used_bits in 0..8_u64 {
            for len_bytes in (18..300).chain([5_000, 65_536]) {
                let filler = filler(used_bits, len_bytes).unwrap();
                assert_eq!(filler.len(), len_bytes);
                // Empty blocks with fixed codes of 10 bits lead to a byte of which so many bits are in use.
                let blocks = (0..8).find(|blocks| blocks * 10 % 8 == used_bits).unwrap_or(0);
                if blocks * 10 % 8 != used_bits {
                    continue;
                }
                let mut data = vec![0_u8; (blocks as usize * 10).div_ceil(8)];
                for block in 0..blocks as usize {
                    data[(block * 10 + 1) / 8] |= 1 << ((block * 10 + 1) % 8);
                }
                data.extend(filler);
                data.extend([3, 0]);
                let mut inflate = Decompress::new(false);
                let status = inflate.decompress(&data, &mut [0; 8], FlushDecompress::Finish).unwrap();
                assert_eq!((status, inflate.total_out()), (Status::StreamEnd, 0), "{used_bits} bits, {len_bytes}");
                assert_eq!(inflate.total_in(), data.len() as u64);
            }
        }
    }
}
