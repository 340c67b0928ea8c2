//! The one pass over a file: tells what it is, reads it to its end, and has everything judged: [`check`].

use std::io::{Cursor, Read};

use super::dump::{self, ReadDump};
use super::error::{Error, ErrorKind, Result};
use super::files::{Document, FileComparison, NoTable, Numbers, Sorted};
use super::finding::Tally;
use super::options::CheckOptions;
use super::profile::Profile;
use super::registry::Code;
use super::report::{Report, Summary};
use super::rules;
use super::tap::Tap;
use crate::detect::{self, Detection, Kind};
use crate::observe::{Event, Observer};
use crate::pgdump::{self, FormatVersion, Identity, Incompatibility, Inspection, incompatibilities};
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
    let mut pass = Pass::new(profile, options, detection.name());
    let source = Cursor::new(head).chain(source);
    if begins_like_a_dump {
        pass.bare_dump(source)?;
    } else if detection.may_be_snapshot() || detection.kind() == Kind::FilesTar {
        pass.archive(source, observer)?;
    } else {
        pass.something_else(&detection);
    }
    Ok(pass.report())
}

/// A check under way.
struct Pass<'p> {
    profile: &'p Profile,
    options: &'p CheckOptions,
    tally: Tally<'p>,
    summary: Summary,
    files: Option<FileComparison>,
}

impl<'p> Pass<'p> {
    const fn new(profile: &'p Profile, options: &'p CheckOptions, kind: &'static str) -> Self {
        let tally = Tally::new(profile, options.limits.max_findings_per_code());
        Self { profile, options, tally, summary: Summary::new(kind), files: None }
    }

    fn report(self) -> Report {
        Report::new(self.profile.name(), self.tally, self.summary, self.files)
    }

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
            self.judge_contents(Contents::DatabaseOnly, Some(compare(dump, Sorted::default())), None);
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
                let report = reader.report();
                let contents = contents_of(report.database_bytes().is_some(), report.documents_count());
                self.judge_contents(contents, dump.map(|dump| compare(dump, documents)), Some(DATABASE));
                Ok(())
            }
        }
    }

    fn read_dump<R: Read>(&mut self, source: R, place: Option<&str>) -> Result<ReadDump, pgdump::Error> {
        let (profile, tally, summary) = (self.profile, &mut self.tally, &mut self.summary);
        dump::read(source, &self.options.limits, Numbers::Forget, |header| {
            summary.dump_version = Some(header.version().to_string());
            rules::dump::judge_version(header.version(), place, profile, tally);
        })
    }

    /// Judges a dump; hands it on if it is sound.
    fn judge_dump(&mut self, read: Result<ReadDump, pgdump::Error>, place: Option<&str>) -> Result<Option<ReadDump>> {
        match read {
            Ok(dump) => {
                self.summary.decompressed_bytes = Some(dump.inspection.plain_bytes());
                let (inspection, major) = (&dump.inspection, self.profile.oldest_server_major());
                let refused = incompatibilities(&inspection.header, &inspection.toc, major);
                rules::dump::judge(inspection, &refused, place, &mut self.tally);
                self.judge_space(&dump.inspection);
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
    fn judge_contents(&mut self, contents: Contents, files: Option<Files>, place: Option<&str>) {
        self.summary.contents = Some(contents);
        let (count, many) = (self.summary.documents_count, self.profile.many_documents_count());
        if count > many {
            self.tally.add(Code::ManyDocuments, || None, || format!("{count} documents, more than {many}"));
        }
        match (contents, files) {
            (Contents::DatabaseOnly, files) => {
                let counts = files.and_then(Result::ok).map(|files| *files.counts());
                let wanted = counts.map(|counts| counts.missing + counts.numbered + counts.unnamed);
                self.tally.add(
                    Code::DatabaseOnly,
                    || None,
                    || match wanted.filter(|count| *count > 0) {
                        Some(count) => format!("there are no documents; {count} rows of the database must have one"),
                        None => "there are no documents".to_owned(),
                    },
                );
            }
            (Contents::Full, Some(Ok(comparison))) => {
                rules::files::judge(&comparison, &mut self.tally);
                self.summary.files = Some(*comparison.counts());
                self.files = Some(comparison);
            }
            (Contents::Full, Some(Err(why))) => rules::files::judge_absence(why, place, &mut self.tally),
            // Without a sound dump there is nothing to compare with, and that has been said.
            (Contents::Full | Contents::FilesOnly, _) => {}
        }
    }

    fn judge_space(&mut self, inspection: &Inspection) {
        let (Some(rule), Some(target_bytes)) = (self.profile.space_rule(), self.options.target_database_bytes) else {
            return;
        };
        let plain_bytes = inspection.plain_bytes();
        let needed_bytes = rule.needed_bytes(plain_bytes);
        if needed_bytes > target_bytes {
            self.tally.add(
                Code::TargetTooSmall,
                || None,
                || {
                    format!(
                        "{plain_bytes} bytes of data need a database of {needed_bytes} bytes, the target has {target_bytes}"
                    )
                },
            );
        }
    }
}

/// The files that the database knows against the documents, or why they cannot be compared.
type Files = Result<FileComparison, NoTable>;

fn compare(dump: ReadDump, documents: Sorted<Document>) -> Files {
    dump.table.map(|table| FileComparison::new(table, documents))
}

/// What will be in an archive that nobody has written yet.
pub(crate) struct Prospect<'a> {
    /// The dump as it was read, the version and length that it will have, and what of it older servers will refuse.
    pub(crate) dump: Option<(&'a Inspection, FormatVersion, u64, &'a [Incompatibility])>,
    pub(crate) files: Option<Files>,
    pub(crate) documents_count: u64,
    pub(crate) document_bytes: u64,
}

/// Judges an archive before it is written.
pub(crate) fn foresee(prospect: Prospect<'_>, profile: &Profile, options: &CheckOptions) -> Report {
    let mut pass = Pass::new(profile, options, "snapshot");
    pass.summary.documents_count = prospect.documents_count;
    pass.summary.document_bytes = prospect.document_bytes;
    if let Some((inspection, version, dump_bytes, refused)) = prospect.dump {
        pass.summary.database_bytes = Some(dump_bytes);
        pass.summary.dump_version = Some(version.to_string());
        pass.summary.decompressed_bytes = Some(inspection.plain_bytes());
        rules::dump::judge_version(version, Some(DATABASE), profile, &mut pass.tally);
        rules::dump::judge(inspection, refused, Some(DATABASE), &mut pass.tally);
        pass.judge_space(inspection);
    } else {
        pass.tally.add(Code::FilesOnly, || None, || "there is no dump".to_owned());
    }
    let contents = contents_of(prospect.dump.is_some(), prospect.documents_count);
    pass.judge_contents(contents, prospect.files, Some(DATABASE));
    pass.report()
}

const fn contents_of(has_database: bool, documents_count: u64) -> Contents {
    match (has_database, documents_count) {
        (true, 0) => Contents::DatabaseOnly,
        (true, _) => Contents::Full,
        (false, _) => Contents::FilesOnly,
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
