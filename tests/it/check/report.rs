//! The report, for programs and for people.

use std::ops::ControlFlow;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Code, Profile, Verdict, check, check_at};
use appsnap::diagnostic::{self, Severity};
use appsnap::io::Parallelism;
use appsnap::layout;
use appsnap::observe::{Event, NoObserver, Observer};
use serde_json::{Value, json};

use super::app;
use super::{checked, checked_with};
use crate::support::hostile::plan::{Part, Plan};
use crate::support::readers::FailAt;

#[test]
fn json_has_the_members_that_others_rely_on() {
    let (dump, _) = app::healthy();
    let report = checked(app::archive(dump, &[(1, 10), (3, 1)]).as_slice(), "mendix-cloud");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["verdict"], &json["profile"]), (&json!("reject"), &json!("mendix-cloud")));
    let first = &json["findings"][0];
    assert_eq!(first["code"], "F001");
    assert_eq!(first["name"], "document-missing");
    assert_eq!(first["severity"], "error");
    assert_eq!(first["location"], "tree/02/02/02020202-0202-0202-0202-020202020202");
    assert!(first["message"].as_str().unwrap().contains("20 bytes"));
    assert_eq!(first["help"], diagnostic::Code::from(Code::DocumentMissing).help());
    assert_eq!((&first["allowed"], &json["allowed"]), (&json!(false), &json!([])));
    assert_eq!(json["findings"][1]["code"], "F002");
    assert_eq!(json["counts"], json!({"F001": 1, "F002": 1}));
    let contents = &json["contents"];
    assert_eq!((&contents["kind"], &contents["contents"]), (&json!("snapshot"), &json!("full")));
    assert_eq!((&contents["documents"], &contents["document_bytes"]), (&json!(2), &json!(11)));
    assert_eq!((&contents["verified"], &contents["dump_version"]), (&json!(true), &json!("1.14")));
    assert_eq!((&contents["files"]["missing"], &contents["files"]["orphans"]), (&json!(1), &json!(1)));
}

#[test]
fn what_cannot_be_read_is_a_finding_and_not_an_error() {
    let json = serde_json::to_value(checked(&b"nothing of the kind"[..], "format")).unwrap();
    assert_eq!(json["verdict"], "reject");
    assert_eq!(json["findings"][0]["location"], Value::Null);
    assert_eq!(json["contents"]["contents"], Value::Null);
}

#[test]
fn findings_come_worst_first_and_those_of_a_code_together() {
    let (dump, _) = app::healthy();
    let archive = app::archive(dump, &[(3, 1), (4, 1), (2, 0)]);
    let report = checked(archive.as_slice(), "mendix-cloud");
    let order = report.findings().iter().map(|finding| (finding.severity(), finding.code())).collect::<Vec<_>>();
    assert!(order.is_sorted_by(|one, other| (other.0, one.1) <= (one.0, other.1) || one.0 > other.0), "{order:?}");
    assert_eq!(order[0], (Severity::Error, Code::DocumentMissing.into()));
    assert_eq!(order.len(), 4);
}

#[test]
fn findings_are_bounded_and_counted_in_full() {
    let mut plan = Plan::sample();
    for number in 0..7 {
        plan = plan.push(Part::file(format!("notes/{number}"), "x")).push(Part::file(format!("._{number}"), ""));
    }
    for max_kept in [0, 1, 3, 100] {
        let options = CheckOptions::new().with_limits(Limits::untrusted().with_max_findings_per_code(max_kept));
        let report = checked_with(plan.gz().as_slice(), "format", &options);
        for code in [layout::Code::NameUnknown, layout::Code::AppledoubleSkipped] {
            assert_eq!(report.findings().count_of(code), 7, "{code} with {max_kept}");
            let kept = report.findings().iter().filter(|finding| finding.code() == code).count() as u64;
            assert_eq!(kept, max_kept.min(7), "{code}");
        }
        assert_eq!(report.verdict().name(), "reject");
    }
}

#[test]
fn findings_that_the_profile_leaves_out_do_not_occur() {
    let (dump, lens) = app::healthy();
    let profile = Profile::mendix_cloud().with_severity(Code::DocumentOrphan, None);
    let archive = app::archive(dump, &[lens, &[(9, 1)]].concat());
    let report = check(archive.as_slice(), &profile, &CheckOptions::new(), &mut NoObserver).unwrap();
    assert_eq!(report.findings().count(), 0);
    // The lists are those of the database and the archive, whatever the profile.
    assert_eq!(report.contents().files.unwrap().orphans, 1);
}

#[test]
fn an_allowed_finding_is_reported_and_does_not_decide_the_verdict() {
    let (dump, _) = app::healthy();
    let archive = app::archive(dump, &[(1, 10)]);
    let of = |profile: &Profile| check(archive.as_slice(), profile, &CheckOptions::new(), &mut NoObserver).unwrap();
    assert_eq!(of(&Profile::mendix_cloud()).verdict(), Verdict::Reject);
    let report = of(&Profile::mendix_cloud().with_allowed(Code::DocumentMissing));
    assert_eq!((report.verdict(), report.findings().count_of(Code::DocumentMissing)), (Verdict::Accept, 1));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["findings"][0]["allowed"], &json["allowed"]), (&json!(true), &json!(["F001"])));
    assert!(report.to_string().contains("error, allowed F001 document-missing"), "{report}");
}

#[test]
fn people_read_verdict_findings_and_help() {
    let (dump, _) = app::healthy();
    let report = checked(app::archive(dump, &[(1, 10)]).as_slice(), "mendix-on-azure").to_string();
    for text in ["reject (profile mendix-on-azure)", "F001 document-missing", "help: ", "1 documents of 10 bytes"] {
        assert!(report.contains(text), "{report}");
    }
}

#[test]
fn a_failing_source_is_an_error() {
    let (dump, lens) = app::healthy();
    let archive = app::archive(dump.clone(), lens);
    for bytes in [archive, dump] {
        for calls_left in [0, 1] {
            let source = FailAt { inner: bytes.as_slice(), calls_left };
            let error = check(source, &Profile::format(), &CheckOptions::new(), &mut NoObserver).unwrap_err();
            assert!(error.is_io(), "{error}");
        }
    }
}

/// Stops at the first document.
struct Stop;

impl Observer for Stop {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        if matches!(event, Event::Document { .. }) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn an_observer_can_stop_a_check() {
    let (dump, lens) = app::healthy();
    let archive = app::archive(dump, lens);
    let error = check(archive.as_slice(), &Profile::format(), &CheckOptions::new(), &mut Stop).unwrap_err();
    assert!(error.is_cancelled());
}

#[test]
fn the_report_is_the_same_for_any_number_of_threads() {
    let (dump, lens) = app::healthy();
    let mut damaged = dump.clone();
    damaged[dump.len() - 30] ^= 1;
    let archive = app::archive(dump.clone(), lens);
    let mut inputs = vec![app::archive(damaged.clone(), lens), damaged, dump];
    // Archives that end inside the dump, and after it.
    inputs.extend((1..=20).map(|part| archive[..archive.len() * part / 20].to_vec()));
    for input in inputs {
        let report = |threads: u8| {
            let options = CheckOptions::new().with_parallelism(Parallelism::threads(threads));
            let of_stream = check(&input[..], &Profile::format(), &options, &mut NoObserver).unwrap();
            let of_source = check_at(&input, &Profile::format(), &options, &mut NoObserver).unwrap();
            assert_eq!(format!("{of_source:?}"), format!("{of_stream:?}"));
            format!("{of_stream:?}")
        };
        let expected = report(0);
        for threads in [1, 2, 8] {
            assert_eq!(report(threads), expected);
        }
    }
}
