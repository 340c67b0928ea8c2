//! Real dumps of several PostgreSQL versions inside archives, by every profile; and what is no snapshot at all.

use appsnap::check::{CheckOptions, Code, Profile, Verdict};
use appsnap::diagnostic::Severity;
use appsnap::pgdump::{self, FormatVersion};
use appsnap::platform::Platform;
use appsnap::{diagnostic, layout, snapshot};

use super::app::{self, Row};
use super::{checked, checked_with, codes};
use crate::support::archives::Contents;
use crate::support::hostile::gzip;

const ACCEPT: Verdict = Verdict::Accept;
const WARN: Verdict = Verdict::Warn;
const REJECT: Verdict = Verdict::Reject;

/// The rows of the sample database, which every dump in `tests/data/check` is of.
const SAMPLE_DOCUMENTS: [(&str, usize); 2] =
    [("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0001", 20), ("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002", 5)];

fn full(dump: &[u8]) -> Vec<u8> {
    let documents = SAMPLE_DOCUMENTS.map(|(id, len)| (id.parse().unwrap(), vec![b'x'; len])).to_vec();
    Contents { database: Some(dump.to_vec()), documents }.archive()
}

/// The verdicts of the current profiles, and of the oldest reading of Mendix Cloud.
fn verdicts(bytes: &[u8]) -> [Verdict; 4] {
    ["format", "mendix-cloud-2021", "mendix-cloud", "mendix-on-azure"].map(|profile| checked(bytes, profile).verdict())
}

#[test]
fn a_real_dump_is_judged_by_its_version_and_what_the_platform_takes() {
    for (name, dump, wanted) in [
        ("13", &include_bytes!("../../data/check/pg13-default.dump")[..], [ACCEPT, ACCEPT, ACCEPT, ACCEPT]),
        ("15", include_bytes!("../../data/check/pg15-default.dump"), [ACCEPT, ACCEPT, ACCEPT, ACCEPT]),
        ("16", include_bytes!("../../data/check/pg16-default.dump"), [REJECT, REJECT, ACCEPT, ACCEPT]),
        #[cfg(feature = "lz4")]
        ("17", include_bytes!("../../data/pgdump/pg17-lz4.dump"), [REJECT, REJECT, ACCEPT, ACCEPT]),
        ("18", include_bytes!("../../data/check/pg18-default.dump"), [REJECT, REJECT, ACCEPT, ACCEPT]),
    ] {
        assert_eq!(verdicts(&full(dump)), wanted, "PostgreSQL {name}");
        let report = checked(full(dump).as_slice(), "format");
        assert_eq!(report.findings().count_of(pgdump::Code::DumpFormatTooNew), u64::from(wanted[0] == REJECT));
        let files = report.contents().files.unwrap();
        assert_eq!((files.rows, files.present, files.missing, files.orphans), (2, 2, 0, 0), "PostgreSQL {name}");
        // The bare dump is a database without files.
        let bare = [wanted[0], wanted[1], wanted[2], REJECT];
        assert_eq!(verdicts(dump), bare, "PostgreSQL {name}, bare");
    }
}

#[test]
fn older_readings_of_a_platform_are_profiles_of_their_own() {
    let dump = include_bytes!("../../data/check/pg18-default.dump");
    for (profile, verdict) in [
        ("mendix-cloud-2021", REJECT),
        ("mendix-cloud-2026-05", REJECT),
        ("mendix-cloud", ACCEPT),
        ("mendix-on-azure-2026-05", REJECT),
        ("mendix-on-azure", ACCEPT),
    ] {
        assert_eq!(checked(full(dump).as_slice(), profile).verdict(), verdict, "{profile}");
    }
}

#[test]
fn a_version_above_the_documented_one_is_mentioned_and_the_ceiling_of_an_environment_can_be_set() {
    let archive = full(include_bytes!("../../data/check/pg18-default.dump"));
    let report = checked(archive.as_slice(), "mendix-cloud");
    let found = report.findings().iter().find(|found| found.is(pgdump::Code::DumpFormatNewerThanDocumented)).unwrap();
    assert_eq!(found.severity(), Severity::Info);
    assert!(found.message().contains("1.16") && found.message().contains("1.15"), "{found}");
    assert_eq!(checked(archive.as_slice(), "mendix-on-azure").findings().count_of(found.code()), 0);
    let environment = Profile::mendix_cloud().with_max_dump_version(FormatVersion::V1_15);
    let mut silent = appsnap::observe::NoObserver;
    let report = appsnap::check::check(archive.as_slice(), &environment, &CheckOptions::new(), &mut silent).unwrap();
    assert_eq!(report.verdict(), REJECT);
    assert_eq!(report.findings().count_of(pgdump::Code::DumpFormatNewerThanDocumented), 0);
}

#[test]
fn dumps_made_with_wrong_options_are_told() {
    let inserts = include_bytes!("../../data/pgdump/pg13-inserts.dump");
    let report = checked(full(inserts).as_slice(), "mendix-cloud");
    assert_eq!((report.verdict(), report.findings().count_of(pgdump::Code::DumpWithInserts)), (ACCEPT, 1));
    let with_rights = include_bytes!("../../data/pgdump/pg17-lo-acl.dump");
    let report = checked(full(with_rights).as_slice(), "mendix-cloud-2026-05");
    assert_eq!(
        (
            report.findings().count_of(pgdump::Code::DumpWithAccessRights),
            report.findings().count_of(pgdump::Code::DumpFormatTooNew)
        ),
        (1, 1),
        "{report}"
    );
}

#[cfg(not(feature = "lz4"))]
#[test]
fn a_dump_that_this_build_cannot_read_is_an_error_and_no_verdict() {
    let archive = full(include_bytes!("../../data/pgdump/pg17-lz4.dump"));
    let mut silent = appsnap::observe::NoObserver;
    let error = appsnap::check::check(archive.as_slice(), &Profile::format(), &CheckOptions::new(), &mut silent);
    assert!(error.unwrap_err().to_string().contains("enable the crate feature lz4"));
}

#[test]
fn contents_are_judged_by_what_the_platform_takes() {
    let (dump, lens) = app::healthy();
    assert_eq!(verdicts(&app::archive(dump.clone(), lens)), [ACCEPT; 4]);
    // Its rows need documents.
    assert_eq!(verdicts(&app::archive(dump, &[])), [ACCEPT, WARN, WARN, REJECT]);
    let files = Contents { database: None, documents: app::documents(lens) }.archive();
    assert_eq!(verdicts(&files), [WARN, WARN, REJECT, REJECT]);
}

#[test]
fn missing_documents_and_orphans_weigh_as_the_profile_says() {
    let (dump, _) = app::healthy();
    assert_eq!(verdicts(&app::archive(dump.clone(), &[(1, 10)])), [ACCEPT, REJECT, REJECT, REJECT]);
    assert_eq!(verdicts(&app::archive(dump.clone(), &[(1, 10), (2, 20), (3, 1)])), [ACCEPT, WARN, WARN, WARN]);
    assert_eq!(verdicts(&app::archive(dump.clone(), &[(1, 10), (2, 21)])), [ACCEPT, WARN, WARN, WARN]);
    assert_eq!(verdicts(&app::archive(dump, &[(1, 10), (2, 0)])), [ACCEPT, WARN, WARN, WARN]);
}

#[test]
fn a_target_must_hold_what_the_profile_says() {
    let (dump, lens) = app::healthy();
    let archive = app::archive(dump, lens);
    let plain_bytes = checked(archive.as_slice(), "format").contents().decompressed_bytes.unwrap();
    let verdict = |profile, target_bytes| {
        checked_with(archive.as_slice(), profile, &CheckOptions::new().with_target_database_bytes(target_bytes))
            .verdict()
    };
    let two_and_a_quarter_gib = 9 << 28;
    for (profile, needed_bytes) in [
        ("mendix-cloud-2021", plain_bytes + two_and_a_quarter_gib),
        ("mendix-cloud", (plain_bytes * 10).div_ceil(7)),
        ("mendix-on-azure", (plain_bytes * 10).div_ceil(7)),
    ] {
        assert_eq!(verdict(profile, needed_bytes), ACCEPT, "{profile}");
        assert_eq!(verdict(profile, needed_bytes - 1), REJECT, "{profile}");
    }
    assert_eq!(verdict("format", 1), ACCEPT);
}

#[test]
fn a_service_can_build_its_own_profile() {
    let rows = [Row::of(1, app::id(1), 10)];
    let archive = app::archive(app::builder(FormatVersion::V1_16, &rows).build(), &[(1, 10), (2, 20)]);
    let own = Profile::mendix_cloud()
        .with_name("our-cluster")
        .with_severity(Code::DocumentOrphan, Severity::Error)
        .with_space_rule(Platform::mendix_cloud_2021().space_rule().map(|rule| rule.value()))
        .with_many_documents_count(1);
    let mut silent = appsnap::observe::NoObserver;
    let report = appsnap::check::check(archive.as_slice(), &own, &CheckOptions::new(), &mut silent).unwrap();
    assert_eq!((report.profile(), report.verdict()), ("our-cluster", REJECT));
    let documented = diagnostic::Code::from(pgdump::Code::DumpFormatNewerThanDocumented);
    assert_eq!(codes(&report), [documented, Code::DocumentOrphan.into(), Code::ManyDocuments.into()]);
}

#[test]
fn what_is_no_snapshot_is_refused_with_the_remedy() {
    let (dump, _) = app::healthy();
    let not_custom = diagnostic::Code::from(pgdump::Code::DumpNotCustomFormat);
    let not_a_snapshot = snapshot::Code::NotASnapshot.into();
    for (bytes, code, remedy) in [
        (gzip::member(&dump), not_custom, "gunzip"),
        (b"--\n-- PostgreSQL database dump\n--\n\n".to_vec(), not_custom, "pg_dump"),
        (b"--\n-- PostgreSQL database cluster dump\n--\n\n".to_vec(), not_custom, "pg_dump"),
        (b"\xff\xfeP\0G\0D\0M\0P\0".to_vec(), not_custom, "pg_dump -Fc -f"),
        (b"PK\x03\x04 and so on".to_vec(), not_a_snapshot, "unzip"),
        (b"TAPE\0\0\x03\0".to_vec(), not_a_snapshot, "PostgreSQL"),
        (Vec::new(), not_a_snapshot, "empty"),
        (b"hello".to_vec(), not_a_snapshot, "pg_dump"),
    ] {
        let report = checked(bytes.as_slice(), "format");
        assert_eq!(report.verdict(), REJECT);
        assert_eq!(codes(&report), [code], "{report}");
        let message = report.findings().first().unwrap().message();
        assert!(message.contains(remedy), "{message}");
        assert!(!report.contents().is_verified);
    }
}

#[test]
fn files_packed_without_a_snapshot_around_them_are_read_and_rejected() {
    let mut bytes = Vec::new();
    for id in ["8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0001", "8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002"] {
        bytes.extend(crate::support::hostile::plan::Part::file(format!("8a/3f/{id}"), "content").render());
    }
    bytes.resize(bytes.len() + 1024, 0);
    let report = checked(bytes.as_slice(), "format");
    assert_eq!(report.verdict(), REJECT);
    assert_eq!(report.findings().count_of(layout::Code::NameUnknown), 2, "{report}");
}
