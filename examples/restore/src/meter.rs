//! Progress of work that two threads do: bytes of the dump, tables, documents.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use appsnap::observe::{Event, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::support::signals;

/// A progress bar that threads share, on standard error if that is a terminal.
#[derive(Clone)]
pub struct Meter {
    bar: ProgressBar,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    tables: AtomicU64,
    documents: AtomicU64,
    /// Bytes of the dump and of the documents that are done.
    dump_bytes: AtomicU64,
    document_bytes: AtomicU64,
    /// The other thread has failed.
    is_stopped: AtomicBool,
}

/// Observes the reading of the dump.
pub struct OfDump(pub Meter);
/// Observes the extraction of documents.
pub struct OfDocuments(pub Meter);

impl Meter {
    pub fn new(is_quiet: bool, total_bytes: u64) -> Self {
        let target = if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(total_bytes), target);
        let template = "restoring {wide_bar} {percent}% {msg} {binary_bytes} of {binary_total_bytes} {binary_bytes_per_sec} {eta} left";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, counts: Arc::default() }
    }

    /// Counts a table.
    pub fn table(&self) {
        self.counts.tables.fetch_add(1, Ordering::Relaxed);
        self.show();
    }

    /// Shows how many documents are done.
    pub fn documents(&self, documents_count: u64, document_bytes: u64) -> ControlFlow<()> {
        self.counts.documents.store(documents_count, Ordering::Relaxed);
        self.counts.document_bytes.store(document_bytes, Ordering::Relaxed);
        self.show();
        self.go_on()
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        let counts = &self.counts;
        let (tables, documents) = (counts.tables.load(Ordering::Relaxed), counts.documents.load(Ordering::Relaxed));
        self.bar.set_message(format!("{tables} tables, {documents} documents"));
        let done_bytes = counts.dump_bytes.load(Ordering::Relaxed) + counts.document_bytes.load(Ordering::Relaxed);
        self.bar.set_position(done_bytes);
    }

    /// Ends the work of all threads.
    pub fn stop(&self) {
        self.counts.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Returns `true` if the work is to end, because it failed elsewhere or a signal was received.
    pub fn is_stopped(&self) -> bool {
        self.counts.is_stopped.load(Ordering::Relaxed) || signals::is_interrupted()
    }

    fn go_on(&self) -> ControlFlow<()> {
        if self.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Observer for OfDump {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        if let Event::Bytes { done_bytes, .. } = *event {
            self.0.counts.dump_bytes.store(done_bytes, Ordering::Relaxed);
            self.0.show();
        }
        self.0.go_on()
    }
}

impl Observer for OfDocuments {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        if let Event::Document { documents_count, document_bytes, .. } = *event {
            return self.0.documents(documents_count, document_bytes);
        }
        self.0.go_on()
    }
}
