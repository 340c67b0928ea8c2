//! Progress on a terminal, and the end of work after a signal.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use appsnap::observe::{Event, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::signals;

/// Shows what an [`Observer`] receives, on standard error if that is a terminal, and cancels the work after a signal.
pub struct Progress {
    bar: ProgressBar,
    /// The bar shows how much of the input was read; the events add what is done.
    is_following: bool,
}

impl Progress {
    pub fn new(is_quiet: bool) -> Self {
        let target = if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style(None));
        Self { bar, is_following: false }
    }

    /// Shows what is done now and, where it is known, how many bytes it is about.
    pub fn begin(&mut self, phase: &str, len_bytes: Option<u64>) {
        self.is_following = false;
        self.restart(len_bytes);
        self.bar.set_prefix(phase.to_owned());
    }

    /// Shows how many bytes are done.
    pub fn advance(&self, done_bytes: u64) {
        self.bar.set_position(done_bytes);
    }

    /// Takes the bar off the terminal until the next event, so that lines can be printed.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Follows `source`: shows how much of it was read, and stops reading after a signal.
    pub fn follow<R>(&mut self, source: R, len_bytes: Option<u64>) -> Followed<R> {
        self.restart(len_bytes);
        self.is_following = true;
        Followed { source, bar: self.bar.clone() }
    }

    fn restart(&self, len_bytes: Option<u64>) {
        self.bar.reset();
        self.bar.set_message("");
        self.set_len(len_bytes);
    }

    fn set_len(&self, len_bytes: Option<u64>) {
        if self.bar.length() != len_bytes || len_bytes.is_none() {
            match len_bytes {
                Some(len_bytes) => self.bar.set_length(len_bytes),
                None => self.bar.unset_length(),
            }
            self.bar.set_style(style(len_bytes));
        }
    }
}

impl Observer for Progress {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        if signals::is_interrupted() {
            return ControlFlow::Break(());
        }
        let is_following = self.is_following;
        match *event {
            Event::Phase(phase) => {
                if !is_following {
                    self.restart(None);
                }
                self.bar.set_prefix(phase.to_string());
            }
            Event::Planned { document_bytes, .. } if !is_following => self.set_len(Some(document_bytes)),
            Event::Document { documents_count, document_bytes, .. } => {
                self.bar.set_message(format!("{documents_count} documents"));
                if !is_following {
                    self.bar.set_position(document_bytes);
                }
            }
            Event::Bytes { done_bytes, total_bytes, .. } if !is_following => {
                if total_bytes.is_some() {
                    self.set_len(total_bytes);
                }
                self.bar.set_position(done_bytes);
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

/// An input whose progress is shown.
pub struct Followed<R> {
    source: R,
    bar: ProgressBar,
}

impl<R: Read> Read for Followed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Also where the work reports nothing for a long time, such as in an archive of junk.
        if signals::is_interrupted() {
            return Err(io::Error::other("interrupted"));
        }
        let count = self.source.read(buffer)?;
        self.bar.inc(count as u64);
        Ok(count)
    }
}

impl<R: Seek> Seek for Followed<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.source.seek(to)
    }
}

/// Returns the style for work of known or unknown length.
fn style(len_bytes: Option<u64>) -> ProgressStyle {
    let template = match len_bytes {
        Some(_) => {
            "{prefix} {wide_bar} {percent}% {msg} {binary_bytes} of {binary_total_bytes} {binary_bytes_per_sec} {eta} left"
        }
        None => "{spinner} {prefix} {msg} {binary_bytes} {binary_bytes_per_sec}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
