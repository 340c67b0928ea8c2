//! The pass over a file: detects its kind, reads it to the end, and runs the rules: [`check()`].

use std::io::{Cursor, Read};
use std::thread;

use super::Result;
use super::beside::DumpBeside;
use super::code::Code;
use super::dump::{self, ReadDump};
use super::error_tap::SnapshotErrorTap;
use super::files::{Numbers, Sorted};
use super::options::CheckOptions;
use super::profile::Profile;
use super::report::Report;
use super::run::{CheckRun, DATABASE, compare, contents_of};
use crate::detect::{self, Detection, Kind};
use crate::diagnostic;
use crate::error::Error;
use crate::io::{self, ReadAt};
use crate::layout::Contents;
use crate::observe::{Event, Observer, Phase, proceed, watch};
use crate::pgdump::{self, Identity, Inspection};
use crate::snapshot::options::Tolerance;
use crate::snapshot::{self, EntryKind, ReadOptions, SnapshotReader};

/// Checks an archive or a bare dump, detected from its content: whether the platform that `profile` describes accepts
/// it, and whether everything can be restored.
///
/// It is one pass that needs only [`Read`]. All faults of names, duplicates and metadata are collected; only invalid
/// framing ends the pass early. The dump is verified to its last byte, at any position among the members, and the files
/// that the database refers to are compared with the documents. Memory is bounded, apart from 32 bytes per row that
/// refers to a file, and 24 bytes per document in addition to what the [reader](SnapshotReader) needs.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?;
/// # writer.database(Content::sized(4, &b"dump"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::check::{CheckOptions, Profile, Verdict, check};
/// use appsnap::observe::NoObserver;
/// use appsnap::pgdump;
///
/// let report = check(archive.as_slice(), &Profile::mendix_cloud(), &CheckOptions::new(), &mut NoObserver)?;
/// assert_eq!(report.verdict(), Verdict::Reject);
/// assert!(report.findings().first().is_some_and(|finding| finding.is(pgdump::Code::DumpNotCustomFormat)));
/// println!("{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns an error if the source fails, this build cannot read the dump's compression, or the observer cancels, which
/// it can after each document and each MiB of a dump. Anything wrong with the file is a finding instead.
///
/// # Security
/// Safe for untrusted uploads: [`Limits`](crate::Limits) bound everything, and all texts of the report are safe to print.
pub fn check<R: Read>(
    source: R,
    profile: &Profile,
    options: &CheckOptions,
    observer: &mut dyn Observer,
) -> Result<Report, Error> {
    survey(source, profile, options, observer).map(|(report, _)| report)
}

/// Checks the file in `source` as [`check()`] does, with the threads that the options allow.
///
/// A bare dump is decoded several tables at a time, which needs positioned reads. An archive is read from its start.
///
/// ```
/// use std::fs::File;
/// use appsnap::check::{CheckOptions, Profile, Verdict, check_at};
/// use appsnap::io::Parallelism;
/// use appsnap::observe::NoObserver;
///
/// let dump = File::open("examples/data/quickstart.dump")?;
/// let options = CheckOptions::new().with_parallelism(Parallelism::threads(2));
/// let report = check_at(&dump, &Profile::format(), &options, &mut NoObserver)?;
/// assert_eq!(report.verdict(), Verdict::Accept);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns an error in the cases of [`check()`].
pub fn check_at<S: ReadAt + Sync>(
    source: &S,
    profile: &Profile,
    options: &CheckOptions,
    observer: &mut dyn Observer,
) -> Result<Report, Error> {
    let reader = io::Cursor::new(source);
    survey_with(reader, Some(source), (profile, options), observer).map(|(report, _)| report)
}

/// Checks as [`check()`] does, and also returns the description of the dump if it is sound.
pub(crate) fn survey<R: Read>(
    source: R,
    profile: &Profile,
    options: &CheckOptions,
    observer: &mut dyn Observer,
) -> Result<(Report, Option<Inspection>), Error> {
    survey_with(source, None, (profile, options), observer)
}

/// Surveys a file that may also be read at any position.
fn survey_with<R: Read>(
    mut source: R,
    at: Option<&(dyn ReadAt + Sync)>,
    (profile, options): (&Profile, &CheckOptions),
    observer: &mut dyn Observer,
) -> Result<(Report, Option<Inspection>), Error> {
    let mut head = Vec::new();
    let opened = source.by_ref().take(detect::HEAD_BYTES).read_to_end(&mut head);
    if let Err(error) = opened {
        return Ok((unreadable(profile, options, error.into())?, None));
    }
    let detection = detect::identify(&head);
    // What was recoded as text is named, and not read.
    let is_recoded = matches!(
        detection.kind(),
        Kind::Other(
            Identity::LineEndDamage | Identity::TextDamage | Identity::Latin1Damage | Identity::Windows1252Damage
        )
    );
    let begins_like_a_dump = head.starts_with(pgdump::MAGIC) && !is_recoded;
    let mut run = CheckRun::new(profile, options, detection.name());
    let source = Cursor::new(head).chain(source);
    let mut inspection = None;
    if begins_like_a_dump {
        inspection = bare_dump(&mut run, source, at, observer)?;
    } else if detection.may_be_snapshot() || matches!(detection.kind(), Kind::FilesTar | Kind::SnapshotInFolder) {
        inspection = archive(&mut run, source, detection.is_gzip(), observer)?;
    } else {
        something_else(&mut run, &detection);
    }
    Ok((run.report(), inspection))
}

/// Returns the report about a dump that is damaged before its first byte, because its files do not belong together.
fn unreadable(profile: &Profile, options: &CheckOptions, error: Error) -> Result<Report, Error> {
    let Some(of_dump) = error.downcast_ref::<pgdump::Error>().filter(|of_dump| of_dump.code().is_some()) else {
        return Err(error);
    };
    let mut run = CheckRun::new(profile, options, "unknown");
    run.dump(Err(of_dump.clone()), None)?;
    Ok(run.report())
}

fn something_else(run: &mut CheckRun<'_>, detection: &Detection) {
    let code = match detection.kind() {
        Kind::Other(
            Identity::Custom { .. }
            | Identity::TocFile
            | Identity::Tar
            | Identity::PlainSql
            | Identity::ClusterSql
            | Identity::BareSql
            | Identity::LeadingText { .. }
            | Identity::LineEndDamage
            | Identity::Latin1Damage
            | Identity::Windows1252Damage
            | Identity::Utf16Damage
            | Identity::TextDamage,
        )
        | Kind::Utf16Sql => pgdump::Code::DumpNotCustomFormat.into(),
        _ => diagnostic::Code::from(snapshot::Code::NotASnapshot),
    };
    let hint = detection.hint().unwrap_or("the kind of file is unknown".into());
    run.ranking.add(code, |found| found.with_message(hint));
}

fn bare_dump<R: Read>(
    run: &mut CheckRun<'_>,
    source: R,
    at: Option<&(dyn ReadAt + Sync)>,
    observer: &mut dyn Observer,
) -> Result<Option<Inspection>, Error> {
    proceed(observer, &Event::Phase(Phase::ReadingDump))?;
    let sound = match (at, run.options.parallelism.started()) {
        (Some(at), Some(threads_count)) => {
            let limits = &run.options.limits;
            let mut version = None;
            let sound =
                dump::read_sound((&at, threads_count), limits, |header| version = Some(header.version()), observer)?;
            if let Some(version) = version {
                run.dump_version(version, None);
            }
            sound
        }
        _ => None,
    };
    let (read, read_bytes) = match sound {
        Some(dump) => {
            let read_bytes = dump.inspection.dump_bytes;
            (Ok(dump), read_bytes)
        }
        None => watch(source, None, observer, |mut source| read_dump(run, &mut source, None))?,
    };
    run.summary.database_bytes = Some(read_bytes);
    let Some(dump) = run.dump(read, None)? else { return Ok(None) };
    run.summary.is_verified = true;
    run.contents(Contents::DatabaseOnly, Some(compare(dump.table, Sorted::default())), None);
    Ok(Some(dump.inspection))
}

fn archive<R: Read>(
    run: &mut CheckRun<'_>,
    source: R,
    is_gzip: bool,
    observer: &mut dyn Observer,
) -> Result<Option<Inspection>, Error> {
    match run.options.parallelism.started() {
        None => archive_with(run, source, is_gzip, (observer, None)),
        Some(_) => {
            let limits = run.options.limits.clone();
            thread::scope(|scope| {
                let beside = DumpBeside::new(scope, &limits);
                archive_with(run, source, is_gzip, (observer, Some(beside)))
            })
        }
    }
}

/// Checks an archive. The dump is read on the thread `beside`, or on this one.
fn archive_with<R: Read>(
    run: &mut CheckRun<'_>,
    source: R,
    is_gzip: bool,
    (observer, mut beside): (&mut dyn Observer, Option<DumpBeside<'_, '_>>),
) -> Result<Option<Inspection>, Error> {
    let options = ReadOptions::new().with_limits(run.options.limits.clone()).with_tolerance(Tolerance::Salvage);
    let mut reader = SnapshotReader::new(source, &options);
    let (mut documents, mut dump, mut metadata) = (Sorted::default(), None, None);
    let failure = loop {
        let entry = match reader.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => break None,
            Err(failure) => break Some(failure),
        };
        match *entry.kind() {
            EntryKind::Document(id) => {
                let len_bytes = entry.len_bytes();
                if documents.len() == 0 {
                    proceed(observer, &Event::Phase(Phase::ReadingDocuments))?;
                }
                documents.push((id, len_bytes));
                let report = reader.report();
                proceed(observer, &Event::document(id, report.documents_count(), report.document_bytes()))?;
            }
            EntryKind::Metadata(ref found) => metadata = Some(found.clone()),
            EntryKind::Database => {
                proceed(observer, &Event::Phase(Phase::ReadingDump))?;
                let len_bytes = entry.len_bytes();
                let mut tap = SnapshotErrorTap::new(entry);
                let (read, _) = watch(&mut tap, Some(len_bytes), observer, |mut source| match &mut beside {
                    Some(beside) => beside.read(source).map(|()| None),
                    None => Ok(Some(read_dump(run, &mut source, Some(DATABASE)))),
                })?;
                let read = read?;
                if let Some(failure) = tap.into_error() {
                    break Some(failure);
                }
                if let Some(read) = read {
                    dump = run.dump(read, Some(DATABASE))?;
                }
            }
            _ => {}
        }
    };
    if let Some((version, read)) = beside.and_then(DumpBeside::finish).transpose()? {
        if let Some(version) = version {
            run.dump_version(version, Some(DATABASE));
        }
        if let Some(read) = read {
            dump = run.dump(read, Some(DATABASE))?;
        }
    }
    if !is_gzip {
        run.ranking.add(Code::NotCompressed, |found| found.with_message("the archive is an uncompressed tar file"));
    }
    run.add_report(reader.report(), metadata.as_ref());
    match failure {
        Some(failure) => run.failure(failure).map(|()| None),
        None => {
            let report = reader.report();
            let contents = contents_of(report.database_bytes().is_some(), report.documents_count());
            // The beginning of the file may not have been enough to detect it.
            run.summary.kind = "snapshot";
            let (inspection, table) = dump.map(|dump| (dump.inspection, dump.table)).unzip();
            run.contents(contents, table.map(|table| compare(table, documents)), Some(DATABASE));
            Ok(inspection)
        }
    }
}

fn read_dump(run: &mut CheckRun<'_>, source: &mut dyn Read, location: Option<&str>) -> Result<ReadDump, pgdump::Error> {
    let limits = run.options.limits.clone();
    dump::read(source, &limits, Numbers::Forget, |header| run.dump_version(header.version(), location))
}
