//! A dump and documents become an archive that holds what was said before it was written.

use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::ops::ControlFlow;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Code, Profile, Report, Verdict, check};
use appsnap::diagnostic;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::pgdump::toc::Toc;
use appsnap::pgdump::transcode::{EditedRow, MaskRules, RowEditor};
use appsnap::pgdump::{self, FormatVersion};
use appsnap::prepare::{Change, Database, PrepareOptions, Prepared};
use appsnap::snapshot::{self, ReadOptions, WriteOptions};

use crate::check::app::{self, Row, id};
use crate::support::archives::{Contents, read};

const PG16: &[u8] = include_bytes!("../../data/check/pg16-default.dump");
#[cfg(feature = "lz4")]
const PG17_LZ4: &[u8] = include_bytes!("../../data/pgdump/pg17-lz4.dump");

fn open(dump: impl Into<Vec<u8>>, options: &PrepareOptions) -> Database<Cursor<Vec<u8>>> {
    Database::open(Cursor::new(dump.into()), options, &mut NoObserver).unwrap()
}

fn documents(lens: &[(u8, usize)]) -> Contents {
    Contents { database: None, documents: app::documents(lens) }
}

fn name(change: &Change) -> &'static str {
    diagnostic::Code::from(change.code()).name()
}

/// Prepares and writes; gives the archive, and what was said before.
fn written(dump: &[u8], lens: &[(u8, usize)], options: &PrepareOptions) -> (Vec<u8>, Report, Vec<Change>) {
    let source = documents(lens);
    let prepared = Prepared::new(Some(open(dump, options)), Some(&source), options).unwrap();
    let (report, changes) = (prepared.report().clone(), prepared.changes().to_vec());
    let (archive, _) = prepared.write(Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap();
    (archive, report, changes)
}

fn checked(archive: &[u8], profile: &Profile) -> Report {
    check(archive, profile, &CheckOptions::new(), &mut NoObserver).unwrap()
}

fn counts(report: &Report) -> Vec<(diagnostic::Code, u64)> {
    report.findings().counts().collect()
}

#[test]
fn a_healthy_app_becomes_an_archive_without_findings() {
    let (dump, lens) = app::healthy();
    let options = PrepareOptions::new().with_model_version("1.0.0.40").with_database_size_bytes(9_730_584);
    let (archive, report, changes) = written(&dump, lens, &options);
    assert_eq!(changes, []);
    assert_eq!((report.verdict(), counts(&report).len()), (Verdict::Accept, 0), "{report}");
    for profile in Profile::BUILT_IN {
        assert_eq!(checked(&archive, &Profile::by_name(profile).unwrap()).verdict(), Verdict::Accept);
    }
    let (contents, _) = read(archive.as_slice(), ReadOptions::new()).unwrap();
    assert_eq!(contents, Contents { database: Some(dump), documents: app::documents(lens) });
}

#[test]
fn what_is_said_before_is_what_a_check_says_afterwards() {
    let rows = [
        Row::of(1, id(1), 10),
        Row::of(2, id(2), 20),
        Row::of(3, id(3), 3),
        Row::numbered(4, Some(4711)),
        Row::of(5, id(5), 5).deleted_after_download(),
        Row::of(6, id(6), 6),
    ];
    let lens = [(1, 10), (3, 4), (6, 0), (9, 9)];
    let profile = Profile::mendix_cloud();
    let options = PrepareOptions::new().with_profile(profile.clone());
    for version in [FormatVersion::V1_14, FormatVersion::V1_16] {
        let (archive, report, _) = written(&app::builder(version, &rows).build(), &lens, &options);
        assert_eq!(counts(&report), counts(&checked(&archive, &profile)), "{version}");
        assert_eq!(report.contents().files, checked(&archive, &profile).contents().files);
        assert_eq!(report.verdict(), Verdict::Reject);
    }
}

#[test]
fn metadata_are_counted_and_what_nobody_stated_is_listed() {
    let (dump, lens) = app::healthy();
    let source = documents(lens);
    let options = PrepareOptions::new();
    let database = open(dump.clone(), &options);
    let plain_bytes = database.inspection().uncompressed_bytes();
    let prepared = Prepared::new(Some(database), Some(&source), &options).unwrap();
    let metadata = prepared.metadata();
    assert_eq!((metadata.duration(), metadata.model_version()), (Some(0), Some("0.0.0.0")));
    assert_eq!((metadata.dump_size_bytes(), metadata.files_size_bytes()), (Some(dump.len() as u64), Some(30)));
    assert_eq!(metadata.database_size_bytes(), Some(plain_bytes));
    let names = prepared.changes().iter().map(name).collect::<Vec<_>>();
    assert_eq!(names, ["model-version-assumed", "database-size-estimated"]);
}

#[test]
fn a_dump_that_is_too_new_is_converted_on_the_way() {
    let options = PrepareOptions::new();
    let database = open(PG16, &options);
    assert!(matches!(
        database.changes(),
        [Change::DumpConverted { from: FormatVersion::V1_15, to: FormatVersion::V1_14, recompressed: false, .. }, ..]
    ));
    let len_bytes = database.len_bytes();
    let (archive, _, _) = written(PG16, &[(1, 1)], &options);
    let report = checked(&archive, &Profile::format());
    assert_eq!(report.contents().dump_version.as_deref(), Some("1.14"), "{report}");
    assert_eq!(report.contents().database_bytes, Some(len_bytes));
    assert_ne!(report.verdict(), Verdict::Reject);
}

#[test]
fn a_ceiling_of_none_keeps_every_dump_as_it_is() {
    let options = PrepareOptions::new().with_max_dump_version(None);
    let (archive, report, _) = written(PG16, &[(1, 1)], &options);
    let (contents, _) = read(archive.as_slice(), ReadOptions::new()).unwrap();
    assert_eq!(contents.database.as_deref(), Some(PG16));
    assert_eq!(
        report.findings().count_of(pgdump::Code::DumpFormatTooNew),
        1,
        "the warning is in the report before a byte is written"
    );
}

#[cfg(feature = "lz4")]
#[test]
fn data_that_must_be_compressed_anew_are_put_down_first() {
    let options = PrepareOptions::new();
    let error = Database::open(Cursor::new(PG17_LZ4), &options, &mut NoObserver).unwrap_err();
    assert!(error.is_misuse() && error.to_string().contains("spool directory"), "{error}");
    assert!(!error.is_bad_input());
    let folder = tempfile::tempdir().unwrap();
    let (archive, _, changes) = written(PG17_LZ4, &[(1, 1)], &options.with_spool_dir(folder.path()));
    assert!(matches!(changes[0], Change::DumpConverted { recompressed: true, .. }), "{changes:?}");
    let report = checked(&archive, &Profile::format());
    assert_eq!(report.contents().dump_version.as_deref(), Some("1.14"), "{report}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn orphans_are_kept_with_a_warning_or_dropped() {
    let (dump, lens) = app::healthy();
    let lens = [lens, &[(3, 30), (4, 40)]].concat();
    let profile = Profile::mendix_cloud();
    let keep = PrepareOptions::new().with_profile(profile.clone()).with_model_version("1.0.0.40");
    let (archive, report, changes) = written(&dump, &lens, &keep);
    assert_eq!(report.findings().count_of(Code::DocumentOrphan), 2);
    assert!(!changes.iter().any(|change| matches!(change, Change::OrphansDropped { .. })));
    assert_eq!(checked(&archive, &profile).contents().documents_count, 4);

    let (archive, report, changes) = written(&dump, &lens, &keep.without_orphans());
    assert_eq!((report.findings().count_of(Code::DocumentOrphan), report.verdict()), (0, Verdict::Accept), "{report}");
    assert!(
        changes
            .iter()
            .any(|change| matches!(change, Change::OrphansDropped { documents_count: 2, document_bytes: 70, .. }))
    );
    let (contents, _) = read(archive.as_slice(), ReadOptions::new()).unwrap();
    assert_eq!(contents.documents, app::documents(&[(1, 10), (2, 20)]));
}

#[test]
fn orphans_are_not_dropped_if_nothing_would_be_left() {
    let (dump, _) = app::healthy();
    let options = PrepareOptions::new().without_orphans();
    let source = documents(&[(3, 30), (4, 40)]);
    let error = Prepared::new(Some(open(dump, &options)), Some(&source), &options).unwrap_err();
    assert!(error.is_bad_input() && error.to_string().contains("any of the 2 documents"), "{error}");
}

#[test]
fn orphans_are_not_dropped_by_guessing() {
    let options = PrepareOptions::new().without_orphans();
    let source = documents(&[(1, 1)]);
    let inserts = include_bytes!("../../data/pgdump/pg13-inserts.dump");
    for database in [None, Some(open(&inserts[..], &options))] {
        let error = Prepared::new(database, Some(&source), &options).unwrap_err();
        assert!(error.is_bad_input() && error.to_string().contains("orphans cannot be identified"), "{error}");
    }
}

#[test]
fn files_or_a_database_alone_are_prepared_too() {
    let (dump, lens) = app::healthy();
    let options = PrepareOptions::new();
    let source = documents(lens);
    let files = Prepared::new(None::<Database<Cursor<Vec<u8>>>>, Some(&source), &options).unwrap();
    assert_eq!(
        (files.report().verdict(), files.report().findings().count_of(snapshot::Code::FilesOnly)),
        (Verdict::Warn, 1)
    );
    let (archive, report) = files.write(Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap();
    assert_eq!((report.documents_count(), report.database_bytes()), (2, None));
    assert_eq!(checked(&archive, &Profile::format()).verdict(), Verdict::Warn);

    let database = Prepared::new(Some(open(dump, &options)), None::<&Contents>, &options).unwrap();
    assert_eq!(database.report().findings().count_of(Code::DatabaseOnly), 1);
    let (archive, _) = database.write(Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap();
    assert_eq!(checked(&archive, &Profile::format()).verdict(), Verdict::Accept);
}

#[test]
fn what_is_no_sound_dump_is_refused() {
    let (dump, _) = app::healthy();
    let options = PrepareOptions::new();
    for bad in [&dump[..dump.len() - 1], b"--\n-- PostgreSQL database dump\n--\n", b""] {
        let error = Database::open(Cursor::new(bad), &options, &mut NoObserver).unwrap_err();
        assert!(error.downcast_ref::<pgdump::Error>().is_some() && error.is_bad_input(), "{error}");
    }
}

#[test]
fn a_dump_is_read_from_where_its_source_stands() {
    let (dump, _) = app::healthy();
    let mut source = Cursor::new([b"something before", dump.as_slice()].concat());
    source.set_position(16);
    let options = PrepareOptions::new();
    let database = Database::open(source, &options, &mut NoObserver).unwrap();
    let prepared = Prepared::new(Some(database), None::<&Contents>, &options).unwrap();
    let (archive, _) = prepared.write(Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap();
    assert_eq!(read(archive.as_slice(), ReadOptions::new()).unwrap().0.database, Some(dump));
}

#[test]
fn a_dump_from_a_pipe_is_put_down_first() {
    let (dump, lens) = app::healthy();
    let folder = tempfile::tempdir().unwrap();
    let options = PrepareOptions::new();
    let error = Database::spooled(dump.as_slice(), &options, &mut NoObserver).unwrap_err();
    assert!(error.is_misuse() && error.to_string().contains("spool directory"));
    let options = options.with_spool_dir(folder.path());
    let database = Database::spooled(dump.as_slice(), &options, &mut NoObserver).unwrap();
    assert_eq!(database.len_bytes(), dump.len() as u64);
    let source = documents(lens);
    let prepared = Prepared::new(Some(database), Some(&source), &options).unwrap();
    let (archive, _) = prepared.write(Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap();
    assert_eq!(read(archive.as_slice(), ReadOptions::new()).unwrap().0.database, Some(dump.clone()));

    let narrow = options.with_limits(Limits::trusted().with_max_entry_bytes(dump.len() as u64 - 1));
    let error = Database::spooled(dump.as_slice(), &narrow, &mut NoObserver).unwrap_err();
    assert!(error.to_string().contains("max_entry_bytes"), "{error}");
}

/// Stops at once.
struct Stop;

impl Observer for Stop {
    fn observe(&mut self, _: &Event) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

#[test]
fn an_observer_can_stop_the_reading_of_a_dump() {
    let (dump, _) = app::healthy();
    let error = Database::open(Cursor::new(dump), &PrepareOptions::new(), &mut Stop).unwrap_err();
    assert!(error.is_cancelled() && !error.is_bad_input());
}

/// Leaves out the rows of some documents.
#[derive(Debug)]
pub(crate) struct WithoutDocument(pub(crate) u8);

impl RowEditor for WithoutDocument {
    fn plan(
        &self,
        toc: &Toc,
    ) -> Result<BTreeMap<u32, Box<dyn FnMut(&mut EditedRow<'_>) -> io::Result<()> + Send>>, pgdump::Error> {
        let wanted = id(self.0).to_string();
        let rows = toc.entries().find(|entry| entry.tag == b"system$filedocument" && entry.is_copy()).unwrap();
        let edit = move |row: &mut EditedRow<'_>| {
            if row.row().fields().any(|field| field.raw() == wanted.as_bytes()) {
                row.leave_out();
            }
            Ok(())
        };
        Ok(BTreeMap::from([(rows.id, Box::new(edit) as Box<_>)]))
    }
}

#[test]
fn documents_of_rows_that_are_left_out_are_left_out() {
    let (dump, lens) = app::healthy();
    // An orphan stays, because it is none of those.
    let lens = [lens, &[(3, 30)]].concat();
    let folder = tempfile::tempdir().unwrap();
    let options = PrepareOptions::new().with_profile(Profile::mendix_cloud()).with_spool_dir(folder.path());
    let (archive, report, changes) = written(&dump, &lens, &options.clone().with_row_editor(WithoutDocument(1)));
    let left_out = changes.iter().find(|change| name(change) == "rowless-documents-dropped").unwrap();
    assert!(matches!(left_out, Change::RowlessDocumentsDropped { documents_count: 1, document_bytes: 10, .. }));
    let (contents, _) = read(archive.as_slice(), ReadOptions::new()).unwrap();
    assert_eq!(contents.documents, app::documents(&[(2, 20), (3, 30)]));
    let after = checked(&archive, &Profile::mendix_cloud());
    assert_eq!(counts(&report), counts(&after), "{report}\n{after}");
    assert_eq!(report.findings().count_of(Code::DocumentMissing), 0);

    // A rule that drops all rows leaves no document but the orphan.
    let rules = MaskRules::parse(br#"{"rows": {"*.system$filedocument": "drop"}}"#).unwrap();
    let (archive, ..) = written(&dump, &lens, &options.with_row_editor(rules));
    let (contents, _) = read(archive.as_slice(), ReadOptions::new()).unwrap();
    assert_eq!(contents.documents, app::documents(&[(3, 30)]));
}
