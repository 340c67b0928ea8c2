//! Every limit is hit, and every stream-reading stays within its bound; what grows with the input grows linearly.

mod archives;
mod check;
mod dumps;
mod linear;
#[cfg(feature = "squidex")]
mod squidex;
mod writing;

use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Memory that reading any archive may take, without the set of ids.
const READING_BYTES: usize = 16 * MIB;
/// Memory that the set of ids may take for each document: for ascending ids, and for ids in any order.
const ID_BYTES: usize = 16;
const UNORDERED_ID_BYTES: usize = 40;

/// The counter counts for all threads, so one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work`; says how many bytes more than before it held at most.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let outcome = work();
    (outcome, ALLOCATOR.peak_usage().saturating_sub(before))
}

/// Checks a peak, and prints it.
fn expect_within(what: &str, peak_bytes: usize, allowed_bytes: usize) {
    println!("{what}: {} of {} KiB", peak_bytes / KIB, allowed_bytes / KIB);
    assert!(peak_bytes <= allowed_bytes, "{what} took {peak_bytes} bytes, {allowed_bytes} are allowed");
}

/// A source whose bytes are made while it is read.
struct Made<I> {
    parts: I,
    part: Vec<u8>,
    used: usize,
}

fn made<I: Iterator<Item = Vec<u8>>>(parts: impl IntoIterator<IntoIter = I>) -> Made<I> {
    Made { parts: parts.into_iter(), part: Vec::new(), used: 0 }
}

impl<I: Iterator<Item = Vec<u8>>> Read for Made<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.used == self.part.len() {
            let Some(part) = self.parts.next() else { return Ok(0) };
            (self.part, self.used) = (part, 0);
        }
        let rest = &self.part[self.used..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.used += count;
        Ok(count)
    }
}
