//! The one pass over a file: tells what it is, reads it to its end, and has everything judged: [`check`].

use std::io::{Cursor, Read};

use super::dump::{self, ReadDump};
use super::error::Result;
use super::files::{Numbers, Sorted};
use super::judge::{DATABASE, Judge, compare, contents_of};
use super::options::CheckOptions;
use super::profile::Profile;
use super::registry::Code;
use super::report::Report;
use super::rules;
use super::tap::Tap;
use crate::detect::{self, Detection, Kind};
use crate::layout::Contents;
use crate::observe::{Event, Observer, proceed, watch};
use crate::pgdump::{self, Identity};
use crate::snapshot::options::Tolerance;
use crate::snapshot::{EntryKind, ReadOptions, SnapshotReader};

/// Checks an archive or a bare dump, told by its bytes: would the platform that `profile` describes take it, and
/// would everything come back?
///
/// It is one pass that needs nothing but [`Read`]. All faults of names, duplicates and metadata are collected;
/// only unsound framing ends the pass early. The dump is verified to its last byte, wherever it stands among the
/// members, and the files that the database knows are compared with the documents. Memory is bounded, apart from 32
/// bytes a row that knows a file, and 24 a document besides what the [reader](SnapshotReader) needs.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), WriteOptions::new())?;
/// # writer.database(Content::sized(4, &b"dump"[..]))?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::check::{CheckOptions, Code, Profile, Verdict, check};
/// use appsnap::observe::NoObserver;
///
/// let report = check(archive.as_slice(), &Profile::mendix_cloud(), &CheckOptions::new(), &mut NoObserver)?;
/// assert_eq!(report.verdict(), Verdict::Reject);
/// assert_eq!(report.findings()[0].code(), Code::DumpFormat);
/// println!("{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the source fails, this build cannot read the dump's compression, or the observer says stop, which it is asked
/// after each document and each MiB of a dump. Whatever is wrong with the file is a finding.
///
/// # Security
/// Made for uploads from strangers: [`Limits`](crate::Limits) bound everything, and what the report says of a file is safe
/// to print.
pub fn check<R: Read>(
    mut source: R,
    profile: &Profile,
    options: &CheckOptions,
    observer: &mut dyn Observer,
) -> Result<Report> {
    let mut head = Vec::new();
    source.by_ref().take(detect::HEAD_BYTES).read_to_end(&mut head)?;
    let detection = detect::identify(&head);
    let begins_like_a_dump = head.starts_with(pgdump::MAGIC);
    let mut judge = Judge::new(profile, options, detection.name());
    let source = Cursor::new(head).chain(source);
    if begins_like_a_dump {
        bare_dump(&mut judge, source, observer)?;
    } else if detection.may_be_snapshot() || detection.kind() == Kind::FilesTar {
        archive(&mut judge, source, observer)?;
    } else {
        something_else(&mut judge, &detection);
    }
    Ok(judge.report())
}

fn something_else(judge: &mut Judge<'_>, detection: &Detection) {
    let code = match detection.kind() {
        Kind::Other(
            Identity::Custom { .. }
            | Identity::TocFile
            | Identity::Tar
            | Identity::PlainSql
            | Identity::ClusterSql
            | Identity::Utf16Damage
            | Identity::TextDamage,
        ) => Code::DumpFormat,
        _ => Code::NotASnapshot,
    };
    let hint = detection.hint().unwrap_or("nothing that is known here");
    judge.tally.add(code, || None, || hint.to_owned());
}

fn bare_dump<R: Read>(judge: &mut Judge<'_>, source: R, observer: &mut dyn Observer) -> Result<()> {
    proceed(observer, &Event::phase("reading the dump"))?;
    let (read, read_bytes) = watch(source, observer, |source| read_dump(judge, source, None))?;
    judge.summary.database_bytes = Some(read_bytes);
    if let Some(dump) = judge.dump(read, None)? {
        judge.summary.is_verified = true;
        judge.contents(Contents::DatabaseOnly, Some(compare(dump, Sorted::default())), None);
    }
    Ok(())
}

fn archive<R: Read>(judge: &mut Judge<'_>, source: R, observer: &mut dyn Observer) -> Result<()> {
    let limits = &judge.options.limits;
    // Of every kind of anomaly at least one is kept, so that the others can be counted by its code.
    let kept = limits.clone().with_max_findings_per_code(limits.max_findings_per_code().max(1));
    let options = ReadOptions::new().with_limits(kept).with_tolerance(Tolerance::Salvage);
    let mut reader = SnapshotReader::new(source, options);
    let (mut documents, mut dump) = (Sorted::default(), None);
    let failure = loop {
        let entry = match reader.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => break None,
            Err(failure) => break Some(failure),
        };
        match *entry.kind() {
            EntryKind::Document(id) => {
                let len_bytes = entry.len_bytes();
                documents.push((id, len_bytes));
                let report = reader.report();
                proceed(observer, &Event::document(id, report.documents_count(), report.document_bytes()))?;
            }
            EntryKind::Database => {
                proceed(observer, &Event::phase("reading the dump"))?;
                let mut tap = Tap::new(entry);
                let (read, _) = watch(&mut tap, observer, |source| read_dump(judge, source, Some(DATABASE)))?;
                if let Some(failure) = tap.into_failure() {
                    break Some(failure);
                }
                dump = judge.dump(read, Some(DATABASE))?;
            }
            _ => {}
        }
    };
    judge.sum_up(reader.report());
    judge.anomalies(reader.report());
    match failure {
        Some(failure) => judge.failure(failure),
        None => {
            let report = reader.report();
            let contents = contents_of(report.database_bytes().is_some(), report.documents_count());
            // Its beginning alone may not have told.
            judge.summary.kind = "snapshot";
            judge.contents(contents, dump.map(|dump| compare(dump, documents)), Some(DATABASE));
            Ok(())
        }
    }
}

fn read_dump<R: Read>(judge: &mut Judge<'_>, source: R, place: Option<&str>) -> Result<ReadDump, pgdump::Error> {
    let (profile, tally, summary) = (judge.profile, &mut judge.tally, &mut judge.summary);
    dump::read(source, &judge.options.limits, Numbers::Forget, |header| {
        summary.dump_version = Some(header.version().to_string());
        rules::dump::judge_version(header.version(), place, profile, tally);
    })
}
