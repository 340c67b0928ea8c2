//! The hostile corpus against the reader: every case gets its verdict, however the bytes arrive.

mod reason;
#[cfg(unix)]
mod witnesses;

use std::collections::BTreeSet;
use std::io::Read;

use appsnap::observe::NoObserver;
use appsnap::pgdump::{self, FormatVersion};
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
use appsnap::{DocumentId, Limits};

use crate::support::hostile::{Case, Verdict, cases};
use crate::support::readers::{Portions, Stutter};

/// The result of reading an archive.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    verdict: Verdict,
    /// Classes with commas; `-` for none.
    reasons: String,
    /// The messages, for a failed assertion.
    message: String,
    documents: Vec<(DocumentId, Vec<u8>)>,
    metadata: Vec<u8>,
    database: Vec<u8>,
}

/// Reads an archive to its end or to the first error; `Err` holds the class and the message.
fn read(source: impl Read, limits: &Limits) -> Outcome {
    let mut outcome = Outcome {
        verdict: Verdict::Accept,
        reasons: "-".to_owned(),
        message: String::new(),
        documents: Vec::new(),
        metadata: Vec::new(),
        database: Vec::new(),
    };
    let mut reader = SnapshotReader::new(source, &ReadOptions::new().with_limits(limits.clone()));
    loop {
        let error = match reader.next_entry() {
            Ok(None) => break,
            Err(error) => error,
            Ok(Some(mut entry)) => {
                let mut content = Vec::new();
                match entry.read_to_end(&mut content) {
                    Ok(_) => {
                        match entry.kind() {
                            EntryKind::Document(id) => outcome.documents.push((*id, content)),
                            EntryKind::Database => outcome.database = content,
                            EntryKind::Metadata(_) => outcome.metadata = content,
                            other => panic!("a strict reader returns {other:?}"),
                        }
                        continue;
                    }
                    Err(error) => error.downcast::<appsnap::snapshot::Error>().expect("the reader's own error"),
                }
            }
        };
        outcome.verdict = Verdict::Reject;
        outcome.reasons = reason::of_error(&error).to_owned();
        outcome.message = error.to_string();
        assert!(!reader.report().is_verified(), "rejected and verified: {error}");
        assert!(reader.next_entry().is_err(), "a reader continued after {error}");
        return outcome;
    }
    assert!(reader.report().is_verified());
    let classes = reader.report().diagnostics().iter().filter_map(|found| reason::of_code(found.code()));
    let classes = classes.collect::<BTreeSet<_>>();
    if !classes.is_empty() {
        outcome.verdict = Verdict::Warn;
        outcome.reasons = classes.into_iter().collect::<Vec<_>>().join(",");
    }
    outcome
}

/// The reader's outcome and then the dump's, in the order of the top layer.
fn judge(source: impl Read, case: &Case) -> Outcome {
    let mut outcome = read(source, &case.limits);
    // Only the group of the dump has something to say about dumps; others hold any bytes in their place.
    let is_dump = outcome.verdict != Verdict::Reject && case.name.starts_with("d-");
    if is_dump && let Err((class, message)) = judge_dump(&outcome.database) {
        outcome.verdict = Verdict::Reject;
        outcome.reasons = class.to_owned();
        outcome.message = message;
    }
    outcome
}

fn judge_dump(dump: &[u8]) -> Result<(), (&'static str, String)> {
    // What every version of the platform since 2021 accepts.
    let ceiling = FormatVersion::V1_14;
    match pgdump::inspect(dump, &Limits::untrusted(), &mut NoObserver) {
        Err(error) => Err((reason::of_dump(&error), error.to_string())),
        Ok(inspection) if inspection.header.version() > ceiling => Err(("db-version", "too new".to_owned())),
        Ok(_) => Ok(()),
    }
}

#[test]
fn every_case_gets_its_verdict_and_its_reason() {
    let mut wrong = Vec::new();
    for case in cases() {
        let outcome = judge(case.bytes.as_slice(), case);
        let documents = (outcome.verdict != Verdict::Reject).then_some(outcome.documents.len());
        // miniz_oxide takes a distance that reaches before the start of the data; the checksum tells then.
        let is_late = cfg!(not(feature = "zlib-rs")) && case.reason == "gzip-deflate" && outcome.reasons == "gzip-crc";
        let reasons = if is_late { case.reason } else { outcome.reasons.as_str() };
        let got = (outcome.verdict, reasons, documents);
        if got != (case.verdict, case.reason, case.documents) {
            let want = (case.verdict, case.reason, case.documents);
            wrong.push(format!("{}: want {want:?}, got {got:?} {}", case.name, outcome.message));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_corpus_is_large_and_its_names_are_unique() {
    let cases = cases();
    let names = cases.iter().map(|case| case.name.as_str()).collect::<BTreeSet<_>>();
    assert_eq!(names.len(), cases.len());
    assert!(cases.len() > 900, "{} cases", cases.len());
}

#[test]
fn the_slicing_of_reads_changes_nothing() {
    for case in cases() {
        let whole = judge(case.bytes.as_slice(), case);
        let stuttering = judge(Stutter::new(case.bytes.as_slice(), 1), case);
        assert_eq!(whole, stuttering, "{}", case.name);
        // A byte at a time is slow where an archive is large; those differ in nothing but their length.
        if case.bytes.len() < 200_000 {
            let single = judge(Portions::single(case.bytes.as_slice()), case);
            assert_eq!(whole, single, "{}", case.name);
        }
    }
}

#[test]
fn messages_are_one_line_of_printable_text() {
    for case in cases() {
        let message = judge(case.bytes.as_slice(), case).message;
        assert!(message.chars().all(|c| (' '..='~').contains(&c)), "{}: {message:?}", case.name);
        assert!(message.len() < 1500, "{}: {message}", case.name);
    }
}
