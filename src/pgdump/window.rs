//! A part of a buffer whose bounds are kept beside it.

/// Returns the bytes from `start` to `end`. Bounds after the end of `bytes` are moved to it; callers keep them within.
#[inline]
pub(super) fn window(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    let (window, _) = bytes.split_at(end.min(bytes.len()));
    window.split_at(start.min(window.len())).1
}
