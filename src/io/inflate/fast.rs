//! The loop that decodes almost everything: while there is much input and room, neither is checked for each byte.

use super::codes::Tables;
use super::copy::{SLACK_BYTES, copy_in_steps};
use super::error::InflateError;
use super::source::{Source, mask};
use super::table::{DISTANCE_BITS, END_OF_BLOCK, LITERAL, LITERAL_BITS, SPECIAL, SUBTABLE};

const MAX_MATCH_BYTES: usize = 258;

/// Literals that are decoded before the bits are refilled.
const LITERALS: usize = 3;

/// Room for one round of the loop: literals, and a match that is copied in steps.
pub(super) const ROOM_BYTES: usize = LITERALS + MAX_MATCH_BYTES + SLACK_BYTES;

/// Input for one round of the loop, which is refilled twice.
const INPUT_BYTES: usize = 16;

/// The most bits of a distance.
const DISTANCE_NEEDS: u32 = 28;

/// Takes whole bytes of `rest` until at least 56 bits are held.
macro_rules! refill {
    ($rest:ident, $hold:ident, $count:ident) => {
        let taken = (!$count >> 3 & 7) as usize;
        if let (Some(word), Some(next)) = ($rest.first_chunk::<8>(), $rest.get(taken..)) {
            $hold |= u64::from_le_bytes(*word).wrapping_shl($count);
            $rest = next;
            $count |= 56;
        }
    };
}

/// Decodes while there are enough input and room. Returns `true` at the end of the block.
///
/// Output begins at `to`. A match can be copied from `origin` at the earliest.
pub(super) fn decode(
    source: &mut Source<'_>,
    tables: &Tables,
    out: &mut [u8],
    (to, origin): (&mut usize, usize),
) -> Result<bool, InflateError> {
    source.refill();
    let mut rest = source.rest();
    let (mut hold, mut count) = source.held();
    // Without what matches must not reach, every copy from before the start is one from too far.
    let Some(out) = out.get_mut(origin..) else { return Ok(false) };
    let mut at = to.wrapping_sub(origin);
    // Each entry is looked up before the bits are refilled or a match is copied, which then happens while it is loaded.
    let mut entry = tables.literals.direct::<LITERAL_BITS>(hold);
    // Of `count` the lowest six bits are the number of bits that are held, as entries are subtracted from it.
    let result = loop {
        let Some(room) = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<ROOM_BYTES>) else { break Ok(false) };
        if rest.len() < INPUT_BYTES {
            break Ok(false);
        }
        let [first, second, third, ..] = room;
        if entry & LITERAL != 0 {
            (hold, count) = (hold.wrapping_shr(entry), count.wrapping_sub(entry));
            *first = literal(entry);
            at = at.wrapping_add(1);
            entry = tables.literals.direct::<LITERAL_BITS>(hold);
            if entry & LITERAL != 0 {
                (hold, count) = (hold.wrapping_shr(entry), count.wrapping_sub(entry));
                *second = literal(entry);
                at = at.wrapping_add(1);
                entry = tables.literals.direct::<LITERAL_BITS>(hold);
                if entry & LITERAL != 0 {
                    (hold, count) = (hold.wrapping_shr(entry), count.wrapping_sub(entry));
                    *third = literal(entry);
                    at = at.wrapping_add(1);
                    entry = tables.literals.direct::<LITERAL_BITS>(hold);
                    refill!(rest, hold, count);
                    continue;
                }
            }
        }
        if entry & SPECIAL != 0 {
            if entry & SUBTABLE != 0 {
                entry = tables.literals.indirect::<LITERAL_BITS>(entry, hold);
                if entry & LITERAL != 0 {
                    (hold, count) = (hold.wrapping_shr(entry), count.wrapping_sub(entry));
                    let Some(byte) = out.get_mut(at) else { break Ok(false) };
                    *byte = literal(entry);
                    at = at.wrapping_add(1);
                    entry = tables.literals.direct::<LITERAL_BITS>(hold);
                    refill!(rest, hold, count);
                    continue;
                }
            }
            if entry & SPECIAL != 0 {
                (hold, count) = (hold.wrapping_shr(entry), count.wrapping_sub(entry));
                break if entry & END_OF_BLOCK != 0 { Ok(true) } else { Err(InflateError::Literal) };
            }
        }
        let len = value(entry, hold);
        (hold, count) = (hold.wrapping_shr(entry), count.wrapping_sub(entry));

        if count & 63 < DISTANCE_NEEDS {
            refill!(rest, hold, count);
        }
        entry = tables.distances.direct::<DISTANCE_BITS>(hold);
        if entry & SPECIAL != 0 {
            if entry & SUBTABLE != 0 {
                entry = tables.distances.indirect::<DISTANCE_BITS>(entry, hold);
            }
            if entry & SPECIAL != 0 {
                break Err(InflateError::Distance);
            }
        }
        let distance = value(entry, hold);
        (hold, count) = (hold.wrapping_shr(entry), count.wrapping_sub(entry));
        refill!(rest, hold, count);
        entry = tables.literals.direct::<LITERAL_BITS>(hold);
        if copy_in_steps(out, at, len, distance).is_none() {
            break Err(InflateError::TooFar);
        }
        at = at.wrapping_add(len);
    };
    count &= 63;
    source.set(rest, (hold & mask(count), count));
    *to = at.wrapping_add(origin);
    result
}

/// The literal of an entry.
#[inline(always)]
const fn literal(entry: u32) -> u8 {
    (entry >> 16 & 0xff) as u8
}

/// The length or distance of an entry that is not special, whose word is at the start of `bits`.
#[inline(always)]
pub(super) const fn value(entry: u32, bits: u64) -> usize {
    let more = (bits & mask(entry)).wrapping_shr(entry >> 8);
    (entry >> 16).wrapping_add((more & 0xffff) as u32) as usize
}
