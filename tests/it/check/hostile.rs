//! The hostile corpus: every case gets its verdict from a check by the profile `format`.

use appsnap::check::Verdict as Checked;
use appsnap::diagnostic::{Code, Severity};
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use appsnap::{Limits, layout, metadata, pgdump, snapshot, tarball};

use super::{checked, checked_with, codes, limited};
use crate::support::archives::Contents;
use crate::support::dumps::sample;
use crate::support::hostile::plan::{DATABASE, DOCUMENT, METADATA, Part, Plan};
use crate::support::hostile::{Verdict, cases};
use crate::support::readers::Stutter;

/// Readers of archives refuse it; a check takes dumps as well.
const BARE_DUMP: &str = "g-bare-dump";

#[test]
fn every_case_gets_its_verdict_with_the_dump_looked_into() {
    let mut wrong = Vec::new();
    for case in cases().iter().filter(|case| case.name != BARE_DUMP) {
        let report = checked_with(case.bytes.as_slice(), "format", &limited(&case.limits));
        let wanted = match case.verdict {
            Verdict::Accept => Checked::Accept,
            Verdict::Warn => Checked::Warn,
            Verdict::Reject => Checked::Reject,
        };
        if report.verdict() != wanted
            || report.contents().is_verified != (wanted != Checked::Reject || is_layout(&report))
        {
            wrong.push(format!("{}: want {wanted}, got {report}", case.name));
        }
        if let Some(documents) = case.documents {
            assert_eq!(report.contents().documents_count, documents as u64, "{}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Returns `true` if no fault ends the reading.
fn is_layout(report: &appsnap::check::Report) -> bool {
    let errors = report.findings().iter().filter(|finding| finding.severity() == Severity::Error);
    errors.into_iter().all(|finding| finding.code().id().starts_with(['L', 'M', 'D']))
}

#[test]
fn the_slicing_of_reads_changes_nothing() {
    for case in cases() {
        let options = limited(&case.limits);
        let whole = checked_with(case.bytes.as_slice(), "format", &options);
        let stuttering = checked_with(Stutter::new(case.bytes.as_slice(), 3), "format", &options);
        let json = |report| serde_json::to_string(report).unwrap();
        assert_eq!(json(&whole), json(&stuttering), "{}", case.name);
    }
}

#[test]
fn reports_are_printable_whatever_the_archive_holds() {
    for case in cases() {
        let report = checked_with(case.bytes.as_slice(), "mendix-cloud", &limited(&case.limits)).to_string();
        assert!(
            report.chars().all(|letter| letter == '\n' || (' '..='~').contains(&letter)),
            "{}: {report:?}",
            case.name
        );
    }
}

#[test]
fn a_bare_dump_is_checked_as_a_dump() {
    let case = cases().iter().find(|case| case.name == BARE_DUMP).unwrap();
    let report = checked(case.bytes.as_slice(), "format");
    assert_eq!((report.verdict(), report.contents().kind), (Checked::Accept, "custom-dump"));
}

#[test]
fn all_faults_of_names_and_metadata_are_collected() {
    let mut plan = Plan::with_metadata("{\"dumpSize\":\"many\"}");
    let twice = plan.parts[DOCUMENT].clone();
    plan = plan.push(Part::file("../outside", "x")).push(Part::file("tree/readme.txt", "x"));
    plan = plan.push(twice).push(Part::file("tree/aa/bb/479d858b-adc4-5005-a45e-ff878356f25b", ""));
    plan = plan.push(Part::file("tree/a\\b", "")).push(Part::directory(".metadata"));
    let report = checked(plan.gz().as_slice(), "format");
    let errors: [Code; 7] = [
        layout::Code::NameLeadsOut.into(),
        layout::Code::NameEncoding.into(),
        layout::Code::NameUnknown.into(),
        layout::Code::ShardMismatch.into(),
        layout::Code::NameRepeated.into(),
        metadata::Code::MetadataUnusable.into(),
        layout::Code::NameWrongKind.into(),
    ];
    for code in errors {
        assert_eq!(report.findings().count_of(code), 1, "{code}: {report}");
    }
    assert!(report.contents().is_verified);
    assert_eq!(report.verdict(), Checked::Reject);
}

#[test]
fn unsound_framing_ends_the_pass_and_what_was_seen_before_is_kept() {
    let plan = Plan::with_metadata("[]");
    let at = plan.parts.len() - 1;
    let plan = plan.header(at, |header| header.of_type(b'2'));
    let report = checked(plan.gz().as_slice(), "format");
    assert!(!report.contents().is_verified);
    assert_eq!(
        report.findings().count_of(tarball::Code::TypeLink)
            + report.findings().count_of(metadata::Code::MetadataUnusable),
        2,
        "{report}"
    );
    assert_eq!(report.contents().contents, None);
}

#[test]
fn the_dump_is_found_wherever_it_stands() {
    let mut plan = Plan::sample();
    let dump = plan.parts.remove(DATABASE);
    let metadata = plan.parts.remove(METADATA);
    let plan = plan.push(dump).push(metadata);
    let report = checked(plan.gz().as_slice(), "format");
    assert_eq!(report.verdict(), Checked::Accept, "{report}");
    assert_eq!(report.contents().dump_version.as_deref(), Some("1.14"));
    assert!(!codes(&report).contains(&snapshot::Code::FilesOnly.into()));
}

/// A small upload must not make a service inflate gigabytes, in the archive or in the dump that is compressed inside it.
#[test]
fn one_limit_bounds_the_archive_and_the_dump_in_it() {
    let mut dump = sample(FormatVersion::V1_14, Compression::GZIP);
    dump.table("bomb", "text", &[&[b'x'; 1023][..], b"\n"].concat().repeat(16 << 10));
    let archive = Contents { database: Some(dump.build()), documents: Vec::new() }.archive();
    assert!(archive.len() < 64 << 10, "{} bytes", archive.len());
    for limits in [Limits::for_upload(8 << 20), Limits::untrusted().with_max_total_bytes(8 << 20)] {
        let report = checked_with(archive.as_slice(), "format", &limited(&limits));
        assert_eq!(report.verdict(), Checked::Reject);
        assert!(codes(&report).contains(&pgdump::Code::DumpLimitExceeded.into()), "{report}");
    }
    let enough = Limits::for_upload(32 << 20);
    assert_eq!(checked_with(archive.as_slice(), "format", &limited(&enough)).verdict(), Checked::Accept);
}
