//! Bits that are read backwards, from the end of a stream: [`Bits`], and the error of all that reads them: [`Bad`].

/// The content of a block contradicts the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bad;

/// The number of bytes that must be readable before every stream, so that eight bytes can be loaded at its start as well.
/// Their value does not matter.
pub(super) const MARGIN_BYTES: usize = 8;
const MARGIN_BITS: u32 = 64;

/// Bits that are available after [`refill`](Bits::refill), at least.
pub(super) const REFILLED_BITS: u32 = 57;

/// The bits of a stream, read from its end (RFC 8878, section 4.1).
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    /// The margin and the stream.
    data: &'a [u8],
    /// The number of unread bits in `data`, with those of the margin.
    left: u32,
    /// The next bits, from the highest.
    next: u64,
}

impl<'a> Bits<'a> {
    /// Starts at the end of the stream that follows the margin in `data`.
    pub(super) fn new(data: &'a [u8]) -> Option<Self> {
        let last = *data.last().filter(|last| **last != 0 && data.len() > MARGIN_BYTES)?;
        // The highest bit that is set marks the end.
        let unused = last.leading_zeros().wrapping_add(1);
        // Streams are shorter than a block.
        let all = u32::try_from(data.len()).ok()?.checked_mul(8)?;
        Some(Self { data, left: all.wrapping_sub(unused), next: 0 })
    }

    /// Loads the next bits, at least [`REFILLED_BITS`]. Returns `false` if the stream has been exceeded.
    #[inline(always)]
    pub(super) fn refill(&mut self) -> bool {
        let end = self.left.wrapping_add(7) >> 3;
        let Some(bytes) = self.data.get(end.wrapping_sub(8) as usize..).and_then(<[u8]>::first_chunk) else {
            return false;
        };
        let unused = end.wrapping_mul(8).wrapping_sub(self.left) & 7;
        self.next = u64::from_le_bytes(*bytes).wrapping_shl(unused);
        self.left >= MARGIN_BITS
    }

    /// Returns the next bits, from the highest.
    #[inline(always)]
    pub(super) const fn peek(&self) -> u64 {
        self.next
    }

    /// Skips up to 63 of the loaded bits.
    #[inline(always)]
    pub(super) const fn skip(&mut self, count: u32) {
        self.next = self.next.wrapping_shl(count);
        self.left = self.left.wrapping_sub(count);
    }

    /// Reads up to 32 of the loaded bits.
    #[inline(always)]
    pub(super) const fn read(&mut self, count: u32) -> u32 {
        // Two shifts, because a shift by 64 is none at all.
        let value = (self.next >> 1).wrapping_shr(63_u32.wrapping_sub(count));
        self.skip(count);
        (value & 0xffff_ffff) as u32
    }

    /// Returns `true` if exactly all bits have been read.
    pub(super) const fn is_at_end(&self) -> bool {
        self.left == MARGIN_BITS
    }

    /// Returns `true` if more bits have been read than there are.
    pub(super) const fn is_exceeded(&self) -> bool {
        self.left < MARGIN_BITS
    }
}
