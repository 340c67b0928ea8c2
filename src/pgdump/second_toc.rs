//! The second table of contents, which pg_dump 17 and later leave behind the data when their output is redirected.
//!
//! When the data are written, pg_dump goes back and writes the table of contents again, now with the positions of the
//! data. But since 17 it opens a redirected output for appending (`pg_dump -Fc mydb > mydb.dump`, as opposed to `-f`):
//! it goes back all right, and what it writes is appended. The first table of contents keeps its open positions, and
//! pg_restore never looks at what follows the data.

use std::io::Read;

use super::error::Error;
use super::source::Source;
use super::toc::{DataState, Toc};

/// Whether `source` has the table of contents once more from here to its end, now with the positions of the data:
/// `starts`, for each entry. What is read by then is read, whatever the answer.
pub(super) fn follows<R: Read>(source: &mut Source<R>, toc: &Toc, starts: &[u64]) -> Result<bool, Error> {
    let states_none = toc.entries().all(|entry| !matches!(entry.data, DataState::Set(_)));
    let mut expected = Vec::new();
    let count = i32::try_from(toc.len()).ok().filter(|_| states_none);
    if count.is_none_or(|count| toc.dialect().put_int(count, &mut expected).is_err()) {
        return Ok(false);
    }
    for (mut entry, start) in toc.entries().zip(starts) {
        if entry.has_data() {
            entry.data = DataState::Set(*start);
        }
        if entry.encode(toc.dialect(), &mut expected).is_err() || !starts_with(source, &expected)? {
            return Ok(false);
        }
        expected.clear();
    }
    Ok(source.fill()?.is_empty())
}

/// Reads as many bytes, or those up to the first that differs or is missing.
fn starts_with<R: Read>(source: &mut Source<R>, mut expected: &[u8]) -> Result<bool, Error> {
    while !expected.is_empty() {
        let at_hand = source.fill()?;
        let len = at_hand.len().min(expected.len());
        let (now, later) = expected.split_at_checked(len).unwrap_or_default();
        if len == 0 || !at_hand.starts_with(now) {
            return Ok(false);
        }
        expected = later;
        source.consume(len);
    }
    Ok(true)
}
