//! The repetition of failed requests, after the retries that the store's client makes.

use std::thread;
use std::time::Duration;

use super::error::{Error, ErrorKind};
use crate::error::Category;

/// The number of requests for one thing.
pub(crate) const MAX_ATTEMPTS: u32 = 4;
/// The pause after the first failed request; each further one doubles it.
const PAUSE: Duration = Duration::from_millis(100);

/// Returns `true` for failures of the network or the store; a changed or missing object stays so.
pub(crate) fn is_worth_repeating(error: &Error) -> bool {
    let is_final = matches!(error.kind(), ErrorKind::Denied { .. } | ErrorKind::TaskLost);
    error.category() == Category::Io && !is_final
}

/// Waits after this many failures of one request.
pub(crate) fn pause(failures_count: u32) {
    thread::sleep(PAUSE.saturating_mul(1 << failures_count.min(MAX_ATTEMPTS).saturating_sub(1)));
}

/// Calls `request` until it succeeds, or fails in a way that lasts, or too often.
pub(super) fn repeated<T>(mut request: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let mut failures_count = 0_u32;
    loop {
        match request() {
            Err(error) if is_worth_repeating(&error) => {
                failures_count = failures_count.saturating_add(1);
                if failures_count == MAX_ATTEMPTS {
                    return Err(error);
                }
                pause(failures_count);
            }
            result => return result,
        }
    }
}
