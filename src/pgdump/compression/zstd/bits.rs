//! Bits that are read backwards, from the end of a stream: [`Bits`], and the error of all that reads them: [`Bad`].

/// The content of a block contradicts the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bad;

/// The number of bytes that must be readable before every stream, so that eight bytes can be loaded at its start as well.
/// Their value does not matter.
pub(super) const MARGIN_BYTES: usize = 8;
const MARGIN_BITS: usize = 64;

/// Bits that are available after [`refill`](Bits::refill), at least.
pub(super) const REFILLED_BITS: u32 = 57;

/// The lowest bits that a number of bits selects, which is at most 32 everywhere.
const MASKS: [u32; 64] = {
    let mut masks = [u32::MAX; 64];
    let (mut bits, mut rest) = (0, masks.as_mut_slice());
    while let Some((mask, after)) = rest.split_first_mut() {
        if bits < 32 {
            *mask = 1_u32.wrapping_shl(bits).wrapping_sub(1);
        }
        bits = bits.wrapping_add(1);
        rest = after;
    }
    masks
};

/// Bits of a stream, read from its end (RFC 8878, section 4.1).
///
/// Bits are selected in a loaded word that does not change, because what comes next waits for a position alone.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    /// The margin and the stream.
    data: &'a [u8],
    /// The position of the loaded bytes.
    start: usize,
    /// The loaded bytes.
    word: u64,
    /// The number of unread bits in the word, which are its lowest.
    left: u32,
}

impl<'a> Bits<'a> {
    /// Starts at the end of the stream that follows the margin in `data`.
    pub(super) fn new(data: &'a [u8]) -> Option<Self> {
        let (start, word, unused) = end_of(data)?;
        Some(Self { data, start, word, left: 64_u32.wrapping_sub(unused) })
    }

    /// Loads the next bits, at least [`REFILLED_BITS`]. The margin's are available as well.
    #[inline(always)]
    pub(super) fn refill(&mut self) -> Result<(), Bad> {
        let read_bytes = 64_u32.wrapping_sub(self.left) >> 3;
        self.start = self.start.wrapping_sub(read_bytes as usize);
        self.left = self.left.wrapping_add(read_bytes << 3);
        self.word = load(self.data, self.start)?;
        Ok(())
    }

    /// Reads up to 32 of the loaded bits.
    #[inline(always)]
    pub(super) fn read(&mut self, count: u32) -> Result<u32, Bad> {
        self.left = self.left.wrapping_sub(count);
        // The index is below the length, which the compiler sees.
        let mask = MASKS.get((count & 63) as usize).ok_or(Bad)?;
        Ok((self.word.wrapping_shr(self.left) & 0xffff_ffff) as u32 & *mask)
    }

    /// Returns `true` if exactly all bits have been read.
    pub(super) fn is_at_end(&self) -> bool {
        self.position() == MARGIN_BITS
    }

    /// Returns `true` if more bits have been read than there are.
    pub(super) fn is_exceeded(&self) -> bool {
        self.position() < MARGIN_BITS
    }

    const fn position(&self) -> usize {
        self.start.wrapping_mul(8).wrapping_add(self.left as usize)
    }
}

/// Returns the position and the value of the last eight bytes of a stream, and the number of their highest bits that do not
/// belong to it.
pub(super) fn end_of(data: &[u8]) -> Option<(usize, u64, u32)> {
    let last = data.last().filter(|last| **last != 0 && data.len() > MARGIN_BYTES)?;
    let start = data.len().wrapping_sub(8);
    // The highest bit that is set marks the end.
    Some((start, load(data, start).ok()?, last.leading_zeros().wrapping_add(1)))
}

/// Loads eight bytes.
#[inline(always)]
pub(super) fn load(data: &[u8], start: usize) -> Result<u64, Bad> {
    let bytes = data.get(start..).and_then(<[u8]>::first_chunk).ok_or(Bad)?;
    Ok(u64::from_le_bytes(*bytes))
}
