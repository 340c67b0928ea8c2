//! Messages for people: harmless text for any input, with reviewed wording.

mod hostile_text;
// Without a decoder its messages are missing, and each inflater has words of its own.
#[cfg(all(feature = "zlib-rs", feature = "lz4", feature = "zstd"))]
mod wording;

use std::error::Error;
use std::io::Read;

use appsnap::Limits;
use appsnap::diagnostic::Diagnostic;
use appsnap::snapshot::options::Tolerance;
use appsnap::snapshot::{self, ReadOptions, SnapshotReader};

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Everything that a reader has to say about an archive: the diagnostics, and the error with its causes.
fn said(archive: &[u8], limits: &Limits, tolerance: Tolerance) -> (Vec<String>, Option<String>) {
    let options = ReadOptions::new().with_limits(limits.clone()).with_tolerance(tolerance);
    let mut reader = SnapshotReader::new(archive, &options);
    let error = loop {
        match reader.next_entry() {
            Ok(None) => break None,
            Err(error) => break Some(chain(&error)),
            Ok(Some(mut entry)) => {
                if let Err(error) = entry.read_to_end(&mut Vec::new()) {
                    break Some(chain(&error.downcast::<snapshot::Error>().unwrap()));
                }
            }
        }
    };
    let shown = |found: &Diagnostic| match found.location() {
        Some(location) => format!("{location}: {}", found.message()),
        None => found.message().to_owned(),
    };
    (reader.report().diagnostics().iter().map(shown).collect(), error)
}
