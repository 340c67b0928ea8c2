//! The bits of a deflate stream, the lowest of each byte first: [`Source`].

/// Input bytes, and the bits that were taken from them but not used.
pub(super) struct Source<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    /// The next bits, from the lowest. Those above the first `count` are of no value.
    hold: u64,
    count: u32,
}

impl<'a> Source<'a> {
    /// Begins with bits of earlier input, fewer than 56.
    pub(super) const fn new(input: &'a [u8], (hold, count): (u64, u32)) -> Self {
        Self { all: input, rest: input, hold, count }
    }

    /// Takes input until there are at least 56 bits, or no more input.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let taken = (!self.count >> 3) & 7;
        if let (Some(word), Some(rest)) = (self.rest.first_chunk::<8>(), self.rest.get(taken as usize..)) {
            self.hold |= u64::from_le_bytes(*word).wrapping_shl(self.count);
            self.rest = rest;
            self.count |= 56;
        } else {
            self.hold &= mask(self.count);
            while let (true, [byte, rest @ ..]) = (self.count < 56, self.rest) {
                self.hold |= u64::from(*byte).wrapping_shl(self.count);
                self.rest = rest;
                self.count = self.count.wrapping_add(8);
            }
        }
    }

    /// Returns `true` if there are `count` bits, up to 56, after taking input if necessary.
    #[inline(always)]
    pub(super) fn has(&mut self, count: u32) -> bool {
        if self.count < count {
            self.refill();
        }
        self.count >= count
    }

    /// The next bits, with zeros or bits of later input after the first [`count`](Self::count).
    pub(super) const fn peek(&self) -> u64 {
        self.hold
    }

    /// The number of bits that are held.
    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// Skips bits that are held.
    #[inline(always)]
    pub(super) const fn skip(&mut self, count: u32) {
        self.hold = self.hold.wrapping_shr(count);
        self.count = self.count.wrapping_sub(count);
    }

    /// Returns and skips up to 16 bits that are held.
    #[inline(always)]
    pub(super) const fn take(&mut self, count: u32) -> u32 {
        let value = (self.hold & mask(count) & 0xffff) as u32;
        self.skip(count);
        value
    }

    /// Skips to the next byte.
    pub(super) const fn align(&mut self) {
        self.skip(self.count & 7);
    }

    /// The input that was not taken.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Continues with other bits, after `rest` became the input that was not taken.
    pub(super) const fn set(&mut self, rest: &'a [u8], (hold, count): (u64, u32)) {
        (self.rest, self.hold, self.count) = (rest, hold, count);
    }

    /// Returns whole bytes that are held to the input, as far as they came from it.
    pub(super) fn give_back(&mut self) {
        let mut used = self.used();
        while self.count >= 8 && used > 0 {
            (self.count, used) = (self.count.wrapping_sub(8), used.wrapping_sub(1));
        }
        self.rest = self.all.split_at(used).1;
    }

    /// The number of input bytes that were taken.
    pub(super) const fn used(&self) -> usize {
        self.all.len().wrapping_sub(self.rest.len())
    }

    /// The bits that are held, and their number.
    pub(super) const fn held(&self) -> (u64, u32) {
        (self.hold & mask(self.count), self.count)
    }
}

/// The lowest `count` bits, up to 63.
#[inline(always)]
pub(super) const fn mask(count: u32) -> u64 {
    1_u64.wrapping_shl(count).wrapping_sub(1)
}
