//! The codes of a block, and the header that describes them: [`Tables`].

use super::error::InflateError;
use super::source::Source;
use super::table::{
    Alphabet, DISTANCE_BITS, DISTANCE_ENTRIES, LENGTHS_BITS, LENGTHS_ENTRIES, LITERAL_BITS, LITERAL_ENTRIES, Table,
};

/// The order of the lengths of the words for lengths (RFC 1951, section 3.2.7).
pub(super) const LENGTHS_ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

pub(super) const MAX_LITERALS: usize = 286;
pub(super) const MAX_DISTANCES: usize = 30;

/// The tables of the codes of the current block.
pub(super) struct Tables {
    pub(super) literals: Table<LITERAL_ENTRIES>,
    pub(super) distances: Table<DISTANCE_ENTRIES>,
    lengths: Table<LENGTHS_ENTRIES>,
    /// The lengths of the words of the codes to come, and the number of them that was read.
    lens: [u8; MAX_LITERALS + MAX_DISTANCES],
    lens_count: usize,
    /// The tables are those of the codes that RFC 1951 defines.
    are_fixed: bool,
}

impl Tables {
    pub(super) const fn new() -> Self {
        Self {
            literals: Table::new(),
            distances: Table::new(),
            lengths: Table::new(),
            lens: [0; MAX_LITERALS + MAX_DISTANCES],
            lens_count: 0,
            are_fixed: false,
        }
    }

    /// Prepares for the header of a block with dynamic codes.
    pub(super) fn begin_lens(&mut self) {
        self.lens.fill(0);
        self.lens_count = 0;
    }

    /// Sets the codes that RFC 1951 defines in section 3.2.6.
    pub(super) fn set_fixed(&mut self) -> Result<(), InflateError> {
        if self.are_fixed {
            return Ok(());
        }
        let mut lens = [8; 288];
        for (len, symbol) in lens.iter_mut().zip(0_u16..) {
            match symbol {
                144..256 => *len = 9,
                256..280 => *len = 7,
                _ => {}
            }
        }
        self.literals.build::<LITERAL_BITS>(Alphabet::Literals, &lens)?;
        self.distances.build::<DISTANCE_BITS>(Alphabet::Distances, &[5; 32])?;
        self.are_fixed = true;
        Ok(())
    }

    /// Reads the lengths of the words for lengths, and sets their table. Returns `false` if input is missing.
    pub(super) fn read_length_lens(&mut self, source: &mut Source<'_>, count: usize) -> Result<bool, InflateError> {
        while self.lens_count < count {
            if !source.has(3) {
                return Ok(false);
            }
            let symbol = LENGTHS_ORDER.get(self.lens_count).ok_or(InflateError::CodeLengths)?;
            *self.lens.get_mut(usize::from(*symbol)).ok_or(InflateError::CodeLengths)? = (source.take(3) & 7) as u8;
            self.lens_count = self.lens_count.saturating_add(1);
        }
        let lens = self.lens.first_chunk::<19>().ok_or(InflateError::CodeLengths)?;
        self.lengths.build::<LENGTHS_BITS>(Alphabet::Lengths, lens)?;
        self.lens_count = 0;
        Ok(true)
    }

    /// Reads the lengths of the words of both codes, and sets their tables. Returns `false` if input is missing.
    pub(super) fn read_lens(
        &mut self,
        source: &mut Source<'_>,
        literals: usize,
        distances: usize,
    ) -> Result<bool, InflateError> {
        let all = literals.saturating_add(distances);
        while self.lens_count < all {
            // The longest word, and the bits for a number of repetitions.
            source.has(14);
            let entry = self.lengths.direct::<LENGTHS_BITS>(source.peek());
            let word_bits = entry & 63;
            let (more_bits, least) = match entry >> 16 {
                16 => (2, 3),
                17 => (3, 3),
                18 => (7, 11),
                _ => (0, 1),
            };
            if word_bits.saturating_add(more_bits) > source.count() {
                return Ok(false);
            }
            source.skip(word_bits);
            let end = self.lens_count.saturating_add(least).saturating_add(source.take(more_bits) as usize);
            let len = match entry >> 16 {
                16 => {
                    let last = self.lens_count.checked_sub(1).and_then(|last| self.lens.get(last));
                    *last.ok_or(InflateError::Repeat)?
                }
                17 | 18 => 0,
                len => (len & 15) as u8,
            };
            if end > all {
                return Err(InflateError::Repeat);
            }
            self.lens.get_mut(self.lens_count..end).ok_or(InflateError::Repeat)?.fill(len);
            self.lens_count = end;
        }
        let (literals, distances) =
            self.lens.get(..all).and_then(|lens| lens.split_at_checked(literals)).ok_or(InflateError::TooManyCodes)?;
        if literals.get(256) == Some(&0) {
            return Err(InflateError::NoEnd);
        }
        self.are_fixed = false;
        self.literals.build::<LITERAL_BITS>(Alphabet::Literals, literals)?;
        self.distances.build::<DISTANCE_BITS>(Alphabet::Distances, distances)?;
        Ok(true)
    }
}
