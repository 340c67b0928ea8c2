//! Checks: whatever a file holds ends in a verdict, never in an error.

use appsnap::DocumentId;
use appsnap::Limits;
use appsnap::check::{self, CheckOptions, Profile, Report, Verdict};
use appsnap::diagnostic::Severity;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
use appsnap_tests::readers::Stutter;

use crate::compression::gzip;
use crate::control;
use crate::tape::seal;

/// The rest is a dump inside a sound archive; otherwise, it is the file.
pub const WRAP: u8 = 1;
/// Write correct checksums where headers of a tar stream may be.
pub const SEAL: u8 = 2;
/// Compress it.
pub const COMPRESS: u8 = 4;
/// Set limits that hardly anything keeps.
pub const SMALL_LIMITS: u8 = 8;

/// The document of the archive around a dump.
const DOCUMENT: u128 = 0x8a3f_4c2e_0c3b_4b40_9b77_0f4f_1f5d_0001;

/// Enough for any seed, and too little for a bomb to cost time.
fn limits(control: control::Control) -> Limits {
    if control.has(SMALL_LIMITS) {
        return Limits::untrusted()
            .with_max_total_bytes(16 << 10)
            .with_max_entries(2)
            .with_max_toc_entries(20)
            .with_max_string_bytes(100)
            .with_max_row_bytes(60)
            .with_max_decompressed_bytes(1 << 10)
            .with_max_window_bytes(1 << 10)
            .with_max_findings_per_code(1);
    }
    crate::pgdump::limits().with_max_total_bytes(16 << 20).with_max_entries(10_000)
}

fn wrapped(dump: &[u8]) -> Vec<u8> {
    let metadata = Metadata::new().with_dump_size_bytes(dump.len() as u64);
    let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &WriteOptions::new()).expect("memory does not fail");
    writer.database(Content::sized(dump.len() as u64, dump), &mut NoObserver).expect("a dump of that length");
    let id = DocumentId::from_bytes(DOCUMENT.to_be_bytes());
    writer.document(id, Content::sized(4, &b"text"[..]), &mut NoObserver).expect("a document of that length");
    writer.finish().expect("memory does not fail").0
}

fn printable(text: &str) {
    assert!(text.chars().all(|c| (' '..='~').contains(&c) || c == '\n'), "{text:?}");
}

fn judged(file: &[u8], profile: &Profile, options: &CheckOptions) -> Report {
    let report = check::check(file, profile, options, &mut NoObserver);
    let report = report.unwrap_or_else(|error| panic!("no verdict by {}: {error:?}", profile.name()));
    let worst = report.findings().iter().map(|finding| finding.severity()).max();
    let expected = match worst {
        Some(Severity::Error) => Verdict::Reject,
        Some(Severity::Warning) => Verdict::Warn,
        _ => Verdict::Accept,
    };
    assert_eq!(report.verdict(), expected, "{report}");
    report
}

/// Asserts that a check of `file` ends in a verdict by every profile.
pub fn ends_in_a_verdict(file: &[u8], limits: Limits) {
    let options = CheckOptions::new().with_limits(limits).with_target_database_bytes(1 << 10);
    for name in Profile::BUILT_IN {
        let profile = Profile::by_name(name).expect("a built-in profile");
        let report = judged(file, &profile, &options);
        printable(&report.to_string());
        let json = serde_json::to_string(&report).expect("a report");
        let portions = check::check(Stutter::new(file, crate::seed(file)), &profile, &options, &mut NoObserver);
        assert_eq!(json, serde_json::to_string(&portions.expect("a verdict as well")).expect("a report"));
    }
}

pub fn check(data: &[u8]) {
    let (control, rest) = control::split(data);
    let mut file = rest.to_vec();
    if control.has(SEAL) {
        seal(&mut file);
    }
    if control.has(COMPRESS) {
        file = gzip(&file);
    }
    if control.has(WRAP) {
        file = wrapped(&file);
    }
    ends_in_a_verdict(&file, limits(control));
}
