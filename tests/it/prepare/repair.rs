//! Archives that are soundly framed and not acceptable become acceptable ones; what would be guessed stops it.

use std::io::Cursor;

use appsnap::Error;
use appsnap::check::{CheckOptions, Profile, Report, Verdict, check};
use appsnap::diagnostic;
use appsnap::observe::NoObserver;
use appsnap::pgdump::{self, FormatVersion};
use appsnap::prepare::{Change, PrepareOptions, Repair};
use appsnap::snapshot::{self, ReadOptions, WriteOptions};

use crate::check::app;
use crate::support::archives::{Contents, read};
use crate::support::hostile::plan::{DATABASE, DOCUMENT, IDS, METADATA, Part, Plan, documents, metadata, sample_path};
use crate::support::hostile::{Verdict as Corpus, cases, dump};

fn options() -> PrepareOptions {
    PrepareOptions::new().with_model_version("1.0.0.40").with_database_size_bytes(9_730_584)
}

fn repaired_with(archive: Vec<u8>, options: &PrepareOptions) -> Result<(Vec<u8>, Vec<Change>, Report), appsnap::Error> {
    let repair = Repair::survey(Cursor::new(archive), options, &mut NoObserver)?;
    let (changes, report) = (repair.changes().to_vec(), repair.report().clone());
    let (archive, _) = repair.write(Vec::new(), &WriteOptions::new(), &mut NoObserver)?;
    Ok((archive, changes, report))
}

fn name(change: &Change) -> &'static str {
    diagnostic::Code::from(change.code()).name()
}

/// Repairs, checks the result, and gives the names of the changes.
fn repaired(plan: &Plan) -> (Contents, Vec<&'static str>) {
    let before = checked(&plan.gz());
    let (archive, changes, foreseen) = repaired_with(plan.gz(), &options()).unwrap();
    let after = checked(&archive);
    assert_eq!(after.verdict(), Verdict::Accept, "before: {before}\nafter: {after}");
    assert_eq!(foreseen.verdict(), Verdict::Accept);
    (read(archive.as_slice(), ReadOptions::new()).unwrap().0, changes.iter().map(name).collect())
}

fn checked(archive: &[u8]) -> Report {
    check(archive, &Profile::format(), &CheckOptions::new(), &mut NoObserver).unwrap()
}

/// The contents of the corpus' sample.
fn sample() -> Contents {
    let mut documents = documents();
    documents.sort();
    Contents { database: Some(dump::small()), documents }
}

fn sorted(mut contents: Contents) -> Contents {
    contents.documents.sort();
    contents
}

/// The sample with every name changed.
fn renamed(rename: impl Fn(&str) -> String) -> Plan {
    let mut plan = Plan::sample();
    let names = [".metadata".to_owned(), "db/db.backup".to_owned()].into_iter();
    let names = names.chain((0..IDS.len()).map(crate::support::hostile::plan::sample_path));
    for (part, name) in plan.parts.iter_mut().zip(names) {
        *part = Part::file(rename(&name), part.payload.clone());
    }
    plan
}

#[test]
fn a_sound_archive_is_left_as_it_is() {
    let (contents, changes) = repaired(&Plan::sample());
    assert_eq!((sorted(contents), changes), (sample(), vec![]));
}

#[test]
fn missing_metadata_are_made() {
    let (contents, changes) = repaired(&Plan::sample().without(METADATA));
    assert_eq!((sorted(contents), changes), (sample(), vec!["metadata-added"]));
    let (_, changes, _) = repaired_with(Plan::sample().without(METADATA).gz(), &PrepareOptions::new()).unwrap();
    let changes = changes.iter().map(name).collect::<Vec<_>>();
    assert_eq!(changes, ["metadata-added", "model-version-assumed", "database-size-estimated"]);
}

#[test]
fn unusable_metadata_are_replaced_and_stale_ones_corrected() {
    let (_, changes) = repaired(&Plan::with_metadata("[1.5]"));
    assert_eq!(changes, ["metadata-replaced"]);
    let stale = metadata(1, 2).replace('}', ",\"more\":[1]}");
    let archive = Plan::with_metadata(stale).gz();
    let (archive, changes, _) = repaired_with(archive, &PrepareOptions::new()).unwrap();
    let texts = changes.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts[0].contains("dumpSize in .metadata was corrected from 1 to") && texts[1].contains("filesSize"),
        "{texts:?}"
    );
    let mut reader = appsnap::snapshot::SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    while reader.next_entry().unwrap().is_some() {}
    let metadata = reader.metadata().unwrap();
    // What it knew before stays.
    assert_eq!((metadata.model_version(), metadata.database_size_bytes()), (Some("1.0.0.40"), Some(9_730_584)));
    assert_eq!(metadata.other().collect::<Vec<_>>(), [("more", "[1]")]);
}

#[test]
fn one_unusable_value_costs_no_other() {
    let bad = metadata(1, 2).replace("\"filesSize\":\"2\"", "\"filesSize\":\"-2\"").replace('}', ",\"more\":[1]}");
    let (archive, changes, _) = repaired_with(Plan::with_metadata(bad).gz(), &PrepareOptions::new()).unwrap();
    let texts = changes.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(texts.iter().any(|text| text.contains("filesSize") && text.contains("-2")), "{texts:?}");
    let mut reader = appsnap::snapshot::SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    while reader.next_entry().unwrap().is_some() {}
    let metadata = reader.metadata().unwrap();
    assert_eq!((metadata.model_version(), metadata.database_size_bytes()), (Some("1.0.0.40"), Some(9_730_584)));
    assert_eq!(metadata.other().collect::<Vec<_>>(), [("more", "[1]")]);

    // A version that is a number has one meaning.
    let (archive, ..) =
        repaired_with(Plan::with_metadata("{\"modelVersion\":7.10}").gz(), &PrepareOptions::new()).unwrap();
    let mut reader = appsnap::snapshot::SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    while reader.next_entry().unwrap().is_some() {}
    assert_eq!(reader.metadata().unwrap().model_version(), Some("7.10"));
}

#[test]
fn layouts_with_one_answer_are_repaired() {
    let moved = |to: &'static str| move |name: &str| name.replace("tree/", to);
    for (plan, change) in [
        (renamed(moved("files/")), "names-respelled"),
        (renamed(moved("data/files/")), "names-respelled"),
        (renamed(moved("tree/tree/")), "names-respelled"),
        (renamed(moved("")), "names-respelled"),
        (renamed(|name| name.replace("db/", "")), "names-respelled"),
        (renamed(|name| name.replace('/', "\\")), "names-respelled"),
        (renamed(|name| format!("files/{name}")), "folder-taken-off"),
        (Plan::sample().push(Part::file("tree/f1/@eaDir/x@SynoEAStream", "x")), "junk-left-out"),
        (Plan::sample().push(Part::file(format!("tree/PaxHeaders.42/{}", IDS[0]), "x")), "junk-left-out"),
    ] {
        let (contents, changes) = repaired(&plan);
        assert_eq!((sorted(contents), changes), (sample(), vec![change]));
    }
}

#[test]
fn unknown_files_are_left_out_if_the_options_say_so() {
    let plan = Plan::sample().push(Part::file("notes.txt", "x")).push(Part::file("../outside", "x"));
    let (archive, changes, _) = repaired_with(plan.gz(), &options().without_unknown_files()).unwrap();
    assert_eq!(sorted(read(archive.as_slice(), ReadOptions::new()).unwrap().0), sample());
    assert!(matches!(changes.as_slice(), [Change::UnknownLeftOut { files_count: 2, .. }]), "{changes:?}");
}

#[test]
fn everything_in_a_folder_is_taken_out_of_it() {
    for folder in ["backup", "./srv/backup 1", "tree"] {
        let (contents, changes) = repaired(&renamed(|name| format!("{folder}/{name}")));
        assert_eq!((sorted(contents), changes), (sample(), vec!["folder-taken-off"]), "{folder}");
    }
}

#[test]
fn flat_and_oddly_spelled_trees_are_put_in_order() {
    let flat = |name: &str| match name.rsplit_once('/') {
        Some((folders, file)) if folders.starts_with("tree") => format!("tree/{file}"),
        _ => name.to_owned(),
    };
    let (contents, changes) = repaired(&renamed(flat));
    assert_eq!((sorted(contents), changes), (sample(), vec!["normalised"]));
    let (contents, changes) = repaired(&renamed(|name| format!("x/{}", flat(name))));
    assert_eq!((sorted(contents), changes), (sample(), vec!["folder-taken-off", "names-respelled"]));
    let (contents, changes) = repaired(&renamed(|name| name.replace("tree/", "tree/./")));
    assert_eq!((sorted(contents), changes), (sample(), vec!["names-respelled"]));
}

#[test]
fn any_order_becomes_that_of_the_format() {
    let mut last = Plan::sample();
    let database = last.parts.remove(DATABASE);
    let metadata = last.parts.remove(METADATA);
    last.parts.swap(0, 2);
    for plan in
        [last.clone().push(database.clone()).push(metadata.clone()), last.insert(0, database).insert(1, metadata)]
    {
        let (contents, changes) = repaired(&plan);
        assert_eq!((sorted(contents), changes), (sample(), vec!["reordered"]));
    }
}

#[test]
fn what_file_managers_leave_behind_is_left_out() {
    let plan = Plan::sample()
        .push(Part::file("Thumbs.db", "x"))
        .push(Part::file("tree/f1/desktop.ini", "x"))
        .push(Part::file("__MACOSX/tree/._x", "x"))
        .push(Part::directory("__MACOSX/"))
        .push(Part::directory("tree/empty/"))
        .push(Part::file("tree/.DS_Store", "x"))
        .push(Part::file("._.metadata", "x"));
    let (contents, changes) = repaired(&plan);
    assert_eq!(sorted(contents), sample());
    assert_eq!(changes, ["junk-left-out", "folders-left-out", "normalised", "normalised"]);
}

#[test]
fn a_dump_that_is_too_new_is_converted() {
    let dump = app::builder(FormatVersion::V1_16, &[]).build();
    let plan = Plan::with_dump(&dump);
    assert_eq!(checked(&plan.gz()).findings().count_of(pgdump::Code::DumpFormatTooNew), 1);
    let mut late = plan.clone();
    let part = late.parts.remove(DATABASE);
    for plan in [plan, late.push(part)] {
        let (archive, changes, _) = repaired_with(plan.gz(), &options()).unwrap();
        let report = checked(&archive);
        assert_ne!(report.verdict(), Verdict::Reject, "{report}");
        assert_eq!(report.contents().dump_version.as_deref(), Some("1.14"));
        let names = changes.iter().map(name).collect::<Vec<_>>();
        assert!(names.contains(&"dump-converted") && names.contains(&"metadata-corrected"), "{names:?}");
    }
}

#[cfg(feature = "lz4")]
#[test]
fn a_dump_that_must_be_compressed_anew_is_put_down_first() {
    let plan = Plan::with_dump(include_bytes!("../../data/pgdump/pg17-lz4.dump"));
    let error = repaired_with(plan.gz(), &options()).unwrap_err();
    assert!(error.is_misuse() && error.to_string().contains("spool directory"));
    let folder = tempfile::tempdir().unwrap();
    let (archive, _, _) = repaired_with(plan.gz(), &options().with_spool_dir(folder.path())).unwrap();
    assert_eq!(checked(&archive).contents().dump_version.as_deref(), Some("1.14"));
}

#[test]
fn everything_at_once() {
    let mut plan = renamed(|name| format!("my backup/{}", name.replace("tree/", "tree/./")));
    plan.parts.remove(METADATA);
    let database = plan.parts.remove(0);
    let plan = plan.push(Part::file("my backup/Thumbs.db", "")).push(database);
    let (contents, changes) = repaired(&plan);
    assert_eq!(sorted(contents), sample());
    assert_eq!(changes, ["folder-taken-off", "names-respelled", "junk-left-out", "reordered", "metadata-added"]);
}

#[test]
fn what_would_be_guessed_stops_it() {
    let stray = |name: &str| Plan::sample().push(Part::file(name, "x"));
    let id = IDS[0];
    for plan in [
        stray("tree/readme.txt"),
        stray("notes.txt"),
        stray("db/other.backup"),
        stray("../outside"),
        stray("/etc/passwd"),
        stray("tree\\a\\b"),
        stray("tree/\u{1b}[2J"),
        stray(&format!("tree/aa/bb/{}", id.replace('f', "a"))),
        stray(&format!("other/tree/{id}")),
        renamed(|name| format!("{}/{name}", name.len())),
    ] {
        let error = repaired_with(plan.gz(), &options()).unwrap_err();
        assert!(error.is_bad_input() && error.to_string().contains("remove the file"), "{error}");
        assert!(error.is_bad_input());
        assert!(error.to_string().chars().all(|letter| (' '..='~').contains(&letter)), "{error}");
    }
}

#[test]
fn identical_duplicates_are_left_out() {
    let plain = Plan::sample();
    let down = renamed(|name| format!("x/{name}"));
    for (plan, more) in [(plain, None), (down, Some("folder-taken-off"))] {
        for part in [METADATA, DATABASE, DOCUMENT] {
            let again = plan.parts[part].clone();
            let (contents, changes) = repaired(&plan.clone().push(again.clone()).push(again));
            assert_eq!(sorted(contents), sample(), "{part}");
            assert!(changes.contains(&"duplicates-left-out"), "{changes:?}");
            assert!(more.is_none_or(|more| changes.contains(&more)), "{changes:?}");
        }
    }
}

#[test]
fn two_files_for_one_place_stop_it() {
    let mut sample = Plan::sample();
    let other_metadata = Part::file(".metadata", metadata(7, 7));
    sample.parts[METADATA] = other_metadata;
    for part in [DATABASE, DOCUMENT] {
        let old = sample.parts[part].clone();
        let mut payload = old.payload.clone();
        if let Some(last) = payload.last_mut() {
            *last ^= 1;
        }
        sample.parts[part].payload = payload;
    }
    for part in [METADATA, DATABASE, DOCUMENT] {
        let plan = Plan::sample().push(sample.parts[part].clone());
        let error = repaired_with(plan.gz(), &options()).unwrap_err();
        assert!(error.is_bad_input() && error.to_string().contains("two files have this name"), "{error}");
    }
    let down = renamed(|name| format!("x/{name}"));
    for part in [METADATA, DATABASE, DOCUMENT] {
        let names = [".metadata".to_owned(), "db/db.backup".to_owned(), sample_path(0)];
        let other = Part::file(format!("x/{}", names[part]), sample.parts[part].payload.clone());
        let error = repaired_with(down.clone().push(other).gz(), &options()).unwrap_err();
        assert!(error.is_bad_input() && error.to_string().contains("two files have this name"), "{error}");
    }
}

#[test]
fn damage_is_not_repaired() {
    let bytes = Plan::sample().gz();
    for (archive, is_archive) in [
        (bytes[..bytes.len() - 1].to_vec(), true),
        (Plan::sample().ending(Vec::new()).gz(), true),
        (Plan::with_dump(&dump::small()[..100]).gz(), false),
    ] {
        let error = repaired_with(archive, &options()).unwrap_err();
        assert_eq!(error.downcast_ref::<snapshot::Error>().is_some(), is_archive, "{error}");
        assert_eq!(error.downcast_ref::<pgdump::Error>().is_some(), !is_archive, "{error}");
        assert!(error.is_bad_input());
    }
    let nothing = Plan { parts: vec![Part::file(".metadata", "{}")], end: vec![0; 1024] };
    assert!(is_nothing(&repaired_with(nothing.gz(), &options()).unwrap_err()));
}

#[test]
fn a_repaired_case_of_the_corpus_is_accepted_or_the_repair_refused() {
    let mut count = 0;
    for case in cases() {
        let options = options().with_limits(case.limits.clone());
        let (archive, changes) = match repaired_with(case.bytes.clone(), &options) {
            Ok((archive, changes, _)) => (archive, changes),
            // An archive of nothing may be read, and nothing can be made of it.
            Err(error) => {
                let is_refused = case.verdict == Corpus::Reject || is_nothing(&error);
                assert!(is_refused, "{} is accepted and cannot be repaired: {error}", case.name);
                continue;
            }
        };
        let report = checked(&archive);
        // An archive without a database stays one.
        let worst = if report.contents().database_bytes.is_none() { Verdict::Warn } else { Verdict::Accept };
        assert!(report.verdict() <= worst, "{}: {report}", case.name);
        // What was rejected is not made good in silence.
        assert!(case.verdict != Corpus::Reject || !changes.is_empty(), "{}", case.name);
        count += u32::from(case.verdict == Corpus::Reject);
    }
    assert!(count > 100, "{count} repaired");
}

fn is_nothing(error: &Error) -> bool {
    error.is_bad_input() && error.to_string().contains("neither a dump nor a document")
}

#[test]
fn documents_of_rows_that_are_left_out_are_left_out() {
    let (dump, lens) = app::healthy();
    let archive = app::archive(dump, lens);
    let folder = tempfile::tempdir().unwrap();
    let options = options().with_spool_dir(folder.path()).with_row_editor(super::prepared::WithoutDocument(1));
    let (repaired, changes, foreseen) = repaired_with(archive, &options).unwrap();
    assert!(changes.iter().map(name).any(|name| name == "rowless-documents-dropped"), "{changes:?}");
    let (contents, _) = read(repaired.as_slice(), ReadOptions::new()).unwrap();
    assert_eq!(contents.documents, app::documents(&[(2, 20)]));
    assert_eq!(foreseen.verdict(), checked(&repaired).verdict());
    assert_eq!(foreseen.contents().document_bytes, 20);
}

#[test]
fn sparse_members_of_real_tars_are_expanded() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    put(".metadata", &Contents::default().metadata().render());
    put("db/db.backup", &dump::small());
    let mut sparse = vec![0; 3 << 20];
    sparse[1_500_000..1_500_004].copy_from_slice(b"data");
    for (number, bytes) in [(1, sparse.clone()), (2, vec![0; 1 << 20]), (3, b"plain".to_vec())] {
        let path = folder.path().join("tree").join(crate::support::archives::id(number).path());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = std::fs::File::create(path).unwrap();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(0)).unwrap();
        // Written where there is data, so that the file has holes.
        file.set_len(bytes.len() as u64).unwrap();
        if let Some(at) = bytes.iter().position(|byte| *byte != 0) {
            let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
            std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(at as u64)).unwrap();
            std::io::Write::write_all(&mut file, &bytes[at..end]).unwrap();
        }
    }
    let tars: [(&str, &[&str]); 3] = [
        ("tar", &["--sparse", "--format=gnu"]),
        ("tar", &["--sparse", "--format=posix"]),
        ("bsdtar", &["--format=pax"]),
    ];
    let is_listed = |changes: &[Change]| {
        changes.iter().any(|change| matches!(change, Change::Normalised { code, .. } if code.name() == "type-sparse"))
    };
    for (program, arguments) in tars {
        let Some(program) = crate::support::tools::tool(program) else { continue };
        let mut command = std::process::Command::new(program);
        command.args(arguments).args(["-cf", "-", ".metadata", "db", "tree"]).current_dir(&folder);
        let tar = crate::support::tools::finish(&mut command);
        assert_eq!(checked(&tar).verdict(), Verdict::Reject, "{arguments:?}");
        let (archive, changes, _) = repaired_with(tar, &options()).unwrap();
        assert!(is_listed(&changes), "{changes:?}");
        let (contents, _) = read(archive.as_slice(), ReadOptions::new()).unwrap();
        let lens: Vec<_> = contents.documents.iter().map(|(_, bytes)| bytes.len()).collect();
        assert_eq!(lens.iter().sum::<usize>(), (4 << 20) + 5, "{lens:?}");
        assert!(contents.documents.iter().any(|(_, bytes)| *bytes == sparse));
    }
}
