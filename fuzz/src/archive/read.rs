//! Reading a snapshot: the sizes of the reads change neither the contents nor the messages.

use std::io::{self, Read};

use appsnap::Limits;
use appsnap::snapshot::options::Tolerance;
use appsnap::snapshot::{EntryKind, Error, ReadOptions, SnapshotReader};

use crate::compression::gzip;
use crate::control;
use crate::tape::seal;
use appsnap_tests::readers::{Portions, Stutter};

/// Salvage instead of being strict.
pub const SALVAGE: u8 = 1;
/// Write right checksums where headers may be.
pub const SEAL: u8 = 2;
/// Compress, so that the fuzzer need not know how to.
pub const COMPRESS: u8 = 4;

/// The result of reading an archive.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Kind and content of every entry that was read to its end.
    pub entries: Vec<(String, Vec<u8>)>,
    /// The error that ended the reading.
    pub error: Option<String>,
    /// The faults that were tolerated.
    pub diagnostics: Vec<String>,
    pub is_indexed: bool,
}

/// Enough for any seed, and too little for a bomb to cost time.
pub fn limits() -> Limits {
    Limits::untrusted().with_max_total_bytes(16 << 20).with_max_entries(5000)
}

pub fn options() -> ReadOptions {
    ReadOptions::new().with_limits(limits())
}

/// Reads `source` to its end or to the first error, and checks what every reader promises.
pub fn outcome(source: impl Read, options: ReadOptions) -> Outcome {
    let mut reader = SnapshotReader::new(source, &options);
    let mut entries = Vec::new();
    let error = loop {
        let error = match reader.next_entry() {
            Ok(None) => break None,
            Err(error) => error,
            Ok(Some(mut entry)) => {
                let mut bytes = Vec::new();
                match entry.read_to_end(&mut bytes) {
                    Ok(_) => {
                        assert_eq!(bytes.len() as u64, entry.len_bytes());
                        let kind = match entry.kind() {
                            EntryKind::Document(id) => id.to_string(),
                            kind => format!("{kind:?}"),
                        };
                        entries.push((kind, bytes));
                        continue;
                    }
                    Err(error) => error.downcast::<Error>().expect("the reader's own error"),
                }
            }
        };
        assert!(reader.next_entry().is_err(), "the reader continued after {error}");
        break Some(error);
    };
    let report = reader.report();
    assert_eq!(report.is_verified(), error.is_none());
    let diagnostics = report.diagnostics().iter().map(ToString::to_string).collect::<Vec<_>>();
    let error = error.map(|error| describe(&error));
    for text in diagnostics.iter().chain(&error) {
        assert!(text.chars().all(|c| (' '..='~').contains(&c)), "a message is not plain text: {text:?}");
    }
    Outcome { entries, error, diagnostics, is_indexed: report.is_indexed() }
}

/// An error with its causes.
pub fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

pub fn read_snapshot(data: &[u8]) {
    let (control, rest) = control::split(data);
    let mut archive = rest.to_vec();
    if control.has(SEAL) {
        seal(&mut archive);
    }
    if control.has(COMPRESS) {
        archive = gzip(&archive);
    }
    let tolerance = if control.has(SALVAGE) { Tolerance::Salvage } else { Tolerance::Strict };
    let options = options().with_tolerance(tolerance);
    let whole = outcome(archive.as_slice(), options.clone());
    assert_eq!(whole, outcome(Stutter::new(archive.as_slice(), crate::seed(rest)), options.clone()));
    // A byte at a time is slow where there are many.
    if archive.len() <= 16 << 10 {
        assert_eq!(whole, outcome(Portions::single(archive.as_slice()), options.clone()));
    }
    // Skipping entries comes to the same verdict as reading them.
    let mut reader = SnapshotReader::new(archive.as_slice(), &options);
    let skipped = loop {
        match reader.next_entry() {
            Ok(None) => break None,
            Ok(Some(_)) => {}
            Err(error) => break Some(describe(&error)),
        }
    };
    assert_eq!(whole.error, skipped);
    // A sink that looks at one byte of each entry leaves the rest to the reader.
    let mut reader = SnapshotReader::new(archive.as_slice(), &options_like(tolerance));
    while let Ok(Some(mut entry)) = reader.next_entry() {
        if io::copy(&mut entry.by_ref().take(1), &mut io::sink()).is_err() {
            break;
        }
    }
    assert_eq!(reader.report().is_verified(), whole.error.is_none());
}

fn options_like(tolerance: Tolerance) -> ReadOptions {
    options().with_tolerance(tolerance)
}
