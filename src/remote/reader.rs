//! Reading an object from beginning to end, with ranges that are requested before they are needed: [`ObjectReader`].

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use tokio::task::{AbortHandle, JoinHandle};

use super::error::{Error, ErrorKind, Result};
use super::opened::Opened;
use super::retry::repeated;
use crate::io::{ReadAt as _, at_most};

/// The length of a range.
const RANGE_BYTES: u64 = 4 << 20;
/// The number of ranges that are requested at the same time.
const AHEAD_COUNT: usize = 4;

/// A reader of an object. Needs 20 MiB of memory.
pub(super) struct ObjectReader {
    object: Opened,
    at_bytes: u64,
    /// The content from `current_at_bytes` on.
    current: Vec<u8>,
    current_at_bytes: u64,
    /// Requested ranges, in order, the first one after `current`.
    ahead: VecDeque<Requested>,
}

/// A range that was requested.
struct Requested {
    range: Range<u64>,
    task: JoinHandle<Result<Vec<u8>>>,
    abort: AbortOnDrop,
}

/// A request that is not needed any more ends.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl ObjectReader {
    pub(super) const fn new(object: Opened) -> Self {
        Self { object, at_bytes: 0, current: Vec::new(), current_at_bytes: 0, ahead: VecDeque::new() }
    }

    /// Requests ranges from `from_bytes` on, as many as may run.
    fn request(&mut self, from_bytes: u64) {
        let mut start = self.ahead.back().map_or(from_bytes, |requested| requested.range.end);
        while self.ahead.len() < AHEAD_COUNT && start < self.object.len_bytes {
            let range = start..start.saturating_add(RANGE_BYTES).min(self.object.len_bytes);
            start = range.end;
            let (object, wanted) = (self.object.clone(), range.clone());
            let task = self.object.runtime.spawn(async move { object.get_range(wanted).await });
            let abort = AbortOnDrop(task.abort_handle());
            self.ahead.push_back(Requested { range, task, abort });
        }
    }

    /// Makes `current` the range that contains the byte at the current position.
    fn advance(&mut self) -> Result<()> {
        let is_next = self.ahead.front().is_some_and(|requested| requested.range.contains(&self.at_bytes));
        if !is_next {
            self.ahead.clear();
        }
        self.request(self.at_bytes);
        let Some(Requested { range, task, abort: _abort }) = self.ahead.pop_front() else { return Ok(()) };
        let runtime = self.object.runtime.clone();
        let lost = |_| Error::of(ErrorKind::TaskLost, &self.object.location);
        // A range that failed is requested again, by itself.
        let mut first = Some(runtime.block_on(task).map_err(lost)?);
        let bytes = repeated(|| match first.take() {
            Some(result) => result,
            None => runtime.block_on(self.object.get_range(range.clone())),
        })?;
        (self.current, self.current_at_bytes) = (bytes, range.start);
        self.request(range.end);
        Ok(())
    }
}

impl fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectReader")
            .field("location", &self.object.location)
            .field("at_bytes", &self.at_bytes)
            .finish_non_exhaustive()
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.at_bytes >= self.object.len_bytes {
            return Ok(0);
        }
        let is_in = |reader: &Self| {
            let inside = reader.at_bytes.checked_sub(reader.current_at_bytes)?;
            (inside < reader.current.len() as u64).then_some(inside)
        };
        let inside = match is_in(self) {
            Some(inside) => inside,
            None => {
                self.advance()?;
                is_in(self).ok_or_else(|| io::Error::other("internal error: another range was requested"))?
            }
        };
        let wanted = at_most(buffer.len(), self.current.len() as u64);
        let count = self.current.read_at(buffer.split_at_mut(wanted).0, inside)?;
        self.at_bytes = self.at_bytes.saturating_add(count as u64);
        Ok(count)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let at = match position {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at_bytes.checked_add_signed(by),
            SeekFrom::End(by) => self.object.len_bytes.checked_add_signed(by),
        };
        self.at_bytes = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at_bytes)
    }
}
