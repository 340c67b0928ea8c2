//! Copies of earlier output.

/// The number of bytes after its end that [`copy_in_steps`] may write.
pub(super) const SLACK_BYTES: usize = FIRST_BYTES;
const FIRST_BYTES: usize = 32;

/// Copies `len` bytes to `to`, from `distance` bytes before it, and up to [`SLACK_BYTES`] more. What it copies may be part
/// of what it writes. `None` if `out` is too short.
#[inline(always)]
pub(super) fn copy_in_steps(out: &mut [u8], to: usize, len: usize, distance: usize) -> Option<()> {
    let end = to.wrapping_add(len);
    let from = to.wrapping_sub(distance);
    if distance < 8 {
        return repeat(out, to, end, distance);
    }
    // Most matches are short, and their first bytes need fewer checks.
    let window = out.get_mut(from..to.wrapping_add(FIRST_BYTES))?;
    for done in [0, 8, 16, 24] {
        let bytes = *window.get(done..)?.first_chunk::<8>()?;
        *window.get_mut(distance.wrapping_add(done)..)?.first_chunk_mut::<8>()? = bytes;
    }
    if len <= FIRST_BYTES {
        return Some(());
    }
    if distance >= FIRST_BYTES { copy_more::<32>(out, from, to, end) } else { copy_more::<8>(out, from, to, end) }
}

/// Copies in steps of `N` bytes, after the first bytes.
#[inline(never)]
fn copy_more<const N: usize>(out: &mut [u8], mut from: usize, mut to: usize, end: usize) -> Option<()> {
    (from, to) = (from.wrapping_add(FIRST_BYTES), to.wrapping_add(FIRST_BYTES));
    while to < end {
        let bytes = *out.get(from..)?.first_chunk::<N>()?;
        *out.get_mut(to..)?.first_chunk_mut::<N>()? = bytes;
        (from, to) = (from.wrapping_add(N), to.wrapping_add(N));
    }
    Some(())
}

/// Repeats the `distance` bytes before `to`, fewer than 8.
#[inline(never)]
fn repeat(out: &mut [u8], mut to: usize, end: usize, distance: usize) -> Option<()> {
    let from = to.wrapping_sub(distance);
    // The bytes before the copy, repeated.
    let bits = (distance as u64 & 7).wrapping_mul(8) as u32;
    let mut pattern = u64::from_le_bytes(*out.get(from..)?.first_chunk::<8>()?) & super::source::mask(bits);
    pattern |= pattern.unbounded_shl(bits);
    pattern |= pattern.unbounded_shl(bits.wrapping_mul(2));
    pattern |= pattern.unbounded_shl(bits.wrapping_mul(4));
    let stride = match distance {
        3 | 6 => 6,
        5 => 5,
        7 => 7,
        _ => 8,
    };
    while to < end {
        *out.get_mut(to..)?.first_chunk_mut::<8>()? = pattern.to_le_bytes();
        to = to.wrapping_add(stride);
    }
    Some(())
}

/// Copies exactly `len` bytes to `to`, from `distance` bytes before it.
pub(super) fn copy_exactly(out: &mut [u8], mut to: usize, len: usize, distance: usize) -> Option<()> {
    let end = to.checked_add(len).filter(|end| *end <= out.len())?;
    let from = to.checked_sub(distance)?;
    while to < end {
        // Each copy doubles what can be copied next.
        let count = to.wrapping_sub(from).min(end.wrapping_sub(to));
        out.copy_within(from..from.wrapping_add(count), to);
        to = to.wrapping_add(count);
    }
    Some(())
}
