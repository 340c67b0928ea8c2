//! Writes bits, least significant first, into memory of a known size.

/// Bits that do not fill a byte yet: fewer than eight between two writers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pending {
    pub(super) bits: u64,
    pub(super) count: u32,
}

/// Bytes that a writer may touch beyond the last that it fills: it always stores eight.
const SLACK_BYTES: usize = 8;

/// Most bits that a writer appends at once: they fit into 64 with those that do not fill a byte.
pub(super) const MAX_PUT_BITS: u32 = 56;

/// A writer into a slice. Bits that find no room are lost: whoever opens it knows how many there are.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    bytes: &'a mut [u8],
    at: usize,
    pending: Pending,
}

#[expect(clippy::arithmetic_side_effects, reason = "fewer than 8 pending bits and at most 56 new ones fit into 64")]
impl BitWriter<'_> {
    /// Appends the low `count` bits of `value`, at most [`MAX_PUT_BITS`]; its other bits are zero.
    #[inline(always)]
    pub(super) fn put(&mut self, value: u64, count: u32) {
        let Pending { bits, count: before } = self.pending;
        let (bits, count) = (bits | value << before, before + count);
        if let Some(slot) = self.bytes.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut) {
            *slot = bits.to_le_bytes();
        }
        self.at += (count / 8) as usize;
        self.pending = Pending { bits: bits >> (count & !7), count: count % 8 };
    }

    /// Returns the number of whole bytes, and the bits after them.
    pub(super) const fn end(self) -> (usize, Pending) {
        (self.at, self.pending)
    }

    /// Appends zeros up to the next byte.
    pub(super) fn align(&mut self) {
        let unused = self.pending.count.wrapping_neg() % 8;
        self.put(0, unused);
    }
}

/// Appends what `write` puts, at most `max_bits`, to `out` after the `pending` bits. Returns the bits that are left; `None` if
/// `write` does.
///
/// The writer is moved and not borrowed, so that its position stays in registers while bytes are stored.
#[expect(clippy::arithmetic_side_effects, reason = "a block has fewer bits than memory has")]
pub(super) fn append(
    out: &mut Vec<u8>,
    pending: Pending,
    max_bits: usize,
    write: impl FnOnce(BitWriter<'_>) -> Option<(usize, Pending)>,
) -> Option<Pending> {
    let start = out.len();
    out.resize(start + max_bits / 8 + 2 + SLACK_BYTES, 0);
    let (at, pending) = write(BitWriter { bytes: out.split_at_mut(start).1, at: 0, pending })?;
    out.truncate(start + at);
    Some(pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_several_writers_follow_each_other() {
        let mut out = vec![0xaa];
        let first = append(&mut out, Pending::default(), 10, |mut writer| {
            writer.put(0b101, 3);
            writer.put(0b111_1111, 7);
            Some(writer.end())
        });
        let pending = first.unwrap();
        assert_eq!((pending.bits, pending.count), (0b11, 2));
        let second = append(&mut out, pending, 62, |mut writer| {
            writer.put(0x00ff_ffff_ffff_fffe, 56);
            writer.align();
            Some(writer.end())
        });
        assert_eq!(second.unwrap().count, 0);
        assert_eq!(out, [0xaa, 0xfd, 0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03]);
    }
}
