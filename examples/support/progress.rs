//! A progress bar, on a terminal only.

use std::ops::ControlFlow;

use appsnap::observe::{Event, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows what an [`Observer`] is told, on the standard error if that is a terminal.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style("{spinner} {prefix} {msg} {binary_bytes}"));
        Self { bar }
    }

    /// Says what is done now and, where it is known, how many bytes it is about.
    pub fn begin(&mut self, phase: &str, len_bytes: Option<u64>) {
        self.bar.reset();
        self.bar.set_prefix(phase.to_owned());
        self.bar.set_message("");
        if let Some(len_bytes) = len_bytes {
            self.bar.set_length(len_bytes);
            let template = "{prefix} {wide_bar} {msg} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}";
            self.bar.set_style(style(template));
        }
    }
}

impl Observer for Progress {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        match *event {
            Event::Phase(phase) => self.begin(&phase.to_string(), None),
            Event::Document { documents_count, document_bytes, .. } => {
                self.bar.set_message(format!("{documents_count} documents"));
                self.bar.set_position(document_bytes);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
