//! The one pass over a file: tells what it is, reads it to its end, and has everything judged: [`check`].

use std::io::{Cursor, Read};

use super::dump::{self, ReadDump};
use super::error::{Error, ErrorKind, Result};
use super::files::{Document, FileComparison, Numbers, Sorted};
use super::finding::Tally;
use super::options::CheckOptions;
use super::profile::Profile;
use super::registry::Code;
use super::report::{Report, Summary};
use super::rules;
use super::tap::Tap;
use crate::detect::{self, Detection, Kind};
use crate::observe::{Event, Observer};
use crate::pgdump::{self, Identity};
use crate::platform::Contents;
use crate::snapshot::{self, EntryKind, ReadOptions, ReadReport, SnapshotReader, Tolerance};

/// Name of the member that holds the dump, for the places of findings.
const DATABASE: &str = "db/db.backup";

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
/// use appsnap::observe::Silent;
///
/// let report = check(archive.as_slice(), &Profile::mendix_cloud(), &CheckOptions::new(), &mut Silent)?;
/// assert_eq!(report.verdict(), Verdict::Reject);
/// assert_eq!(report.findings()[0].code(), Code::DumpFormat);
/// println!("{report}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the source fails, this build cannot read the dump's compression, or the observer says stop. Whatever is
/// wrong with the file is a finding.
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
    source.by_ref().take(detect::HEAD_BYTES as u64).read_to_end(&mut head)?;
    let detection = detect::identify(&head);
    let begins_like_a_dump = head.starts_with(pgdump::MAGIC);
    let mut pass = Pass {
        profile,
        options,
        tally: Tally::new(profile, options.limits.max_findings_per_code()),
        summary: Summary::new(detection.name()),
        files: None,
    };
    let source = Cursor::new(head).chain(source);
    if begins_like_a_dump {
        pass.bare_dump(source)?;
    } else if detection.may_be_snapshot() || detection.kind() == Kind::FilesTar {
        pass.archive(source, observer)?;
    } else {
        pass.something_else(&detection);
    }
    Ok(Report::new(profile.name(), pass.tally, pass.summary, pass.files))
}

/// A check under way.
struct Pass<'p> {
    profile: &'p Profile,
    options: &'p CheckOptions,
    tally: Tally<'p>,
    summary: Summary,
    files: Option<FileComparison>,
}

impl Pass<'_> {
    fn something_else(&mut self, detection: &Detection) {
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
        self.tally.add(code, || None, || hint.to_owned());
    }

    fn bare_dump<R: Read>(&mut self, source: R) -> Result<()> {
        let mut counting = Counting { source, bytes: 0 };
        let read = self.read_dump(&mut counting, None);
        self.summary.database_bytes = Some(counting.bytes);
        if let Some(dump) = self.judge_dump(read, None)? {
            self.summary.is_verified = true;
            self.summary.contents = Some(Contents::DatabaseOnly);
            self.judge_contents(Contents::DatabaseOnly, Some(dump), Sorted::default(), None);
        }
        Ok(())
    }

    fn archive<R: Read>(&mut self, source: R, observer: &mut dyn Observer) -> Result<()> {
        let limits = &self.options.limits;
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
                    notify(observer, &Event::document(id, report.documents_count(), report.document_bytes()))?;
                }
                EntryKind::Database => {
                    notify(observer, &Event::phase("reading the dump"))?;
                    let mut tap = Tap::new(entry);
                    let read = self.read_dump(&mut tap, Some(DATABASE));
                    if let Some(failure) = tap.into_failure() {
                        break Some(failure);
                    }
                    dump = self.judge_dump(read, Some(DATABASE))?;
                    notify(observer, &Event::bytes(reader.offset_bytes()))?;
                }
                _ => {}
            }
        };
        self.sum_up(reader.report());
        self.judge_anomalies(reader.report());
        match failure {
            Some(failure) => self.judge_failure(failure),
            None => {
                let contents = contents_of(reader.report());
                self.summary.contents = Some(contents);
                self.judge_contents(contents, dump, documents, Some(DATABASE));
                Ok(())
            }
        }
    }

    fn read_dump<R: Read>(&mut self, source: R, place: Option<&str>) -> Result<ReadDump, pgdump::Error> {
        let (profile, tally, summary) = (self.profile, &mut self.tally, &mut self.summary);
        dump::read(source, &self.options.limits, Numbers::Forget, |header| {
            summary.dump_version = Some(header.version().to_string());
            rules::dump::judge_header(header, place, profile, tally);
        })
    }

    /// Judges a dump; hands it on if it is sound.
    fn judge_dump(&mut self, read: Result<ReadDump, pgdump::Error>, place: Option<&str>) -> Result<Option<ReadDump>> {
        match read {
            Ok(dump) => {
                self.summary.decompressed_bytes = Some(dump.inspection.plain_bytes());
                rules::dump::judge(&dump.inspection, place, self.profile, &mut self.tally);
                Ok(Some(dump))
            }
            Err(error) => {
                let (code, error) = rules::dump::of_error(error)?;
                self.tally.add(code, || place.map(str::to_owned), || rules::message(&error));
                Ok(None)
            }
        }
    }

    fn judge_failure(&mut self, failure: snapshot::Error) -> Result<()> {
        let (code, failure) = rules::archive::of_error(failure)?;
        self.tally.add(code, || failure.member().map(str::to_owned), || rules::message(&failure));
        Ok(())
    }

    fn judge_anomalies(&mut self, report: &ReadReport) {
        for anomaly in report.anomalies() {
            let code = rules::archive::of_anomaly(anomaly.kind(), report);
            self.tally.add(code, || anomaly.member().map(str::to_owned), || anomaly.kind().to_string());
        }
        // Those that the reader counted and did not keep have the code of those with the same name that it kept.
        for (name, count) in report.anomaly_counts() {
            let mut kept = report.anomalies().iter().filter(|anomaly| anomaly.kind().name() == name);
            if let Some(first) = kept.next() {
                let code = rules::archive::of_anomaly(first.kind(), report);
                self.tally.count_more(code, count.saturating_sub(1 + kept.count() as u64));
            }
        }
    }

    fn sum_up(&mut self, report: &ReadReport) {
        self.summary.is_verified = report.is_verified();
        self.summary.documents_count = report.documents_count();
        self.summary.document_bytes = report.document_bytes();
        self.summary.database_bytes = report.database_bytes();
    }

    /// Judges what the whole holds, once it was read to its end.
    fn judge_contents(
        &mut self,
        contents: Contents,
        dump: Option<ReadDump>,
        documents: Sorted<Document>,
        place: Option<&str>,
    ) {
        self.judge_space(dump.as_ref());
        let (count, many) = (documents.len(), self.profile.many_documents_count());
        if count > many {
            self.tally.add(Code::ManyDocuments, || None, || format!("{count} documents, more than {many}"));
        }
        let table = dump.map(|dump| dump.table);
        match (contents, table) {
            (Contents::DatabaseOnly, table) => {
                let known = table.and_then(Result::ok).map(|table| table.required_count()).filter(|count| *count > 0);
                self.tally.add(
                    Code::DatabaseOnly,
                    || None,
                    || match known {
                        Some(count) => format!("there are no documents; {count} rows of the database must have one"),
                        None => "there are no documents".to_owned(),
                    },
                );
            }
            (Contents::Full, Some(Ok(table))) => {
                let comparison = FileComparison::new(table, documents);
                rules::files::judge(&comparison, &mut self.tally);
                self.summary.files = Some(*comparison.counts());
                self.files = Some(comparison);
            }
            (Contents::Full, Some(Err(why))) => rules::files::judge_absence(why, place, &mut self.tally),
            // Without a sound dump there is nothing to compare with, and that has been said.
            (Contents::Full | Contents::FilesOnly, _) => {}
        }
    }

    fn judge_space(&mut self, dump: Option<&ReadDump>) {
        let (Some(dump), Some(rule), Some(target_bytes)) =
            (dump, self.profile.space_rule(), self.options.target_database_bytes)
        else {
            return;
        };
        let plain_bytes = dump.inspection.plain_bytes();
        let needed_bytes = rule.needed_bytes(plain_bytes);
        if needed_bytes > target_bytes {
            self.tally.add(Code::TargetTooSmall, || None, || {
                format!(
                    "{plain_bytes} bytes of data need a database of {needed_bytes} bytes, the target has {target_bytes}"
                )
            });
        }
    }
}

fn contents_of(report: &ReadReport) -> Contents {
    match (report.database_bytes(), report.documents_count()) {
        (Some(_), 0) => Contents::DatabaseOnly,
        (Some(_), _) => Contents::Full,
        (None, _) => Contents::FilesOnly,
    }
}

fn notify(observer: &mut dyn Observer, event: &Event<'_>) -> Result<()> {
    if observer.observe(event).is_break() { Err(Error::new(ErrorKind::Cancelled)) } else { Ok(()) }
}

/// Counts what is read.
struct Counting<R> {
    source: R,
    bytes: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.bytes = self.bytes.saturating_add(count as u64);
        Ok(count)
    }
}
