//! An allocator that counts, for benches that say how much memory something takes.

use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Runs `work` and says how long it took, and how far memory rose above what was held before, in MiB.
pub fn measured<T>(work: impl FnOnce() -> T) -> (T, Duration, f64) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let begun = Instant::now();
    let done = work();
    let time = begun.elapsed();
    (done, time, (MEMORY.peak_usage().saturating_sub(before)) as f64 / (1 << 20) as f64)
}
