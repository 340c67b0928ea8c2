//! The second table of contents, which pg_dump 17 and later append to the data if their output is redirected.
//!
//! When the data has been written, pg_dump seeks back and writes the table of contents again, now with the positions of
//! the data. But since 17 it opens a redirected output for appending (`pg_dump -Fc mydb > mydb.dump`, as opposed to `-f`),
//! so the second one is appended although the seek succeeds. The first table of contents keeps its unset positions, and
//! pg_restore never reads what follows the data.

use std::io::Read;

use super::data_state::DataState;
use super::error::Error;
use super::source::Source;
use super::toc::Toc;

/// Returns `true` if the rest of `source` is the table of contents, with the positions in `starts`. The compared bytes are
/// consumed in either case.
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
        if entry.write(toc.dialect(), &mut expected).is_err() || !starts_with(source, &expected)? {
            return Ok(false);
        }
        expected.clear();
    }
    Ok(source.fill()?.is_empty())
}

/// Compares the next bytes, and consumes them up to the first that differs or is missing.
fn starts_with<R: Read>(source: &mut Source<R>, mut expected: &[u8]) -> Result<bool, Error> {
    while !expected.is_empty() {
        let buffered = source.fill()?;
        let (now, later) = expected.split_at(buffered.len().min(expected.len()));
        if now.is_empty() || !buffered.starts_with(now) {
            return Ok(false);
        }
        expected = later;
        source.consume(now.len());
    }
    Ok(true)
}
