//! Reports each phase as a line on standard error. The page sees by itself how much of the file was read.

use std::ops::ControlFlow;

use appsnap::observe::{Event, Observer};

use super::tell;

/// Reports the phases of the work.
pub struct Progress;

/// The source itself.
pub type Followed<R> = R;

impl Progress {
    /// Reports the beginning of a phase.
    pub fn begin(&mut self, phase: &str, _: Option<u64>) {
        tell(phase);
    }

    /// Returns `source`.
    pub fn follow<R>(&mut self, source: R, _: Option<u64>) -> Followed<R> {
        source
    }
}

impl Observer for Progress {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        if let Event::Phase(phase) = event {
            tell(phase);
        }
        ControlFlow::Continue(())
    }
}
