//! Judges what was read, or what will be written: [`Judge`], [`foresee`].

use super::dump::ReadDump;
use super::error::Result;
use super::files::{Document, FileComparison, NoTable, Sorted};
use super::finding::Tally;
use super::options::CheckOptions;
use super::profile::Profile;
use super::registry::Code;
use super::report::{Report, Summary};
use super::rules;
use crate::layout::Contents;
use crate::pgdump::{self, FormatVersion, Incompatibility, Inspection, incompatibilities};
use crate::snapshot::report::ReadReport;
use crate::snapshot::{self};

/// Name of the member that holds the dump, for the places of findings.
pub(super) const DATABASE: &str = "db/db.backup";

/// A check under way.
pub(super) struct Judge<'p> {
    pub(super) profile: &'p Profile,
    pub(super) options: &'p CheckOptions,
    pub(super) tally: Tally<'p>,
    pub(super) summary: Summary,
    pub(super) files: Option<FileComparison>,
}

impl<'p> Judge<'p> {
    pub(super) const fn new(profile: &'p Profile, options: &'p CheckOptions, kind: &'static str) -> Self {
        let tally = Tally::new(profile, options.limits.max_findings_per_code());
        Self { profile, options, tally, summary: Summary::new(kind), files: None }
    }

    pub(super) fn report(self) -> Report {
        Report::new(self.profile.name(), self.tally, self.summary, self.files)
    }

    /// Takes note of what a reader saw.
    pub(super) fn sum_up(&mut self, report: &ReadReport) {
        self.summary.is_verified = report.is_verified();
        self.summary.documents_count = report.documents_count();
        self.summary.document_bytes = report.document_bytes();
        self.summary.database_bytes = report.database_bytes();
    }

    /// Judges what stopped the reader.
    pub(super) fn failure(&mut self, failure: snapshot::Error) -> Result<()> {
        let (code, failure) = rules::archive::of_error(failure)?;
        self.tally.add(code, || failure.member().map(str::to_owned), || rules::message(&failure));
        Ok(())
    }

    /// Judges what the reader tolerated.
    pub(super) fn anomalies(&mut self, report: &ReadReport) {
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

    /// Judges a dump; hands it on if it is sound.
    pub(super) fn dump(
        &mut self,
        read: Result<ReadDump, pgdump::Error>,
        place: Option<&str>,
    ) -> Result<Option<ReadDump>> {
        match read {
            Ok(dump) => {
                self.summary.decompressed_bytes = Some(dump.inspection.plain_bytes());
                let (inspection, major) = (&dump.inspection, self.profile.oldest_server_major());
                let refused = incompatibilities(&inspection.header, &inspection.toc, major);
                rules::dump::judge(inspection, &refused, place, &mut self.tally);
                self.space(&dump.inspection);
                Ok(Some(dump))
            }
            Err(error) => {
                let (code, error) = rules::dump::of_error(error)?;
                self.tally.add(code, || place.map(str::to_owned), || rules::message(&error));
                Ok(None)
            }
        }
    }

    /// Judges what the whole holds, once it was read to its end.
    pub(super) fn contents(&mut self, contents: Contents, files: Option<Files>, place: Option<&str>) {
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

    fn space(&mut self, inspection: &Inspection) {
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
pub(crate) type Files = Result<FileComparison, NoTable>;

pub(super) fn compare(dump: ReadDump, documents: Sorted<Document>) -> Files {
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
    let mut judge = Judge::new(profile, options, "snapshot");
    judge.summary.documents_count = prospect.documents_count;
    judge.summary.document_bytes = prospect.document_bytes;
    if let Some((inspection, version, dump_bytes, refused)) = prospect.dump {
        judge.summary.database_bytes = Some(dump_bytes);
        judge.summary.dump_version = Some(version.to_string());
        judge.summary.decompressed_bytes = Some(inspection.plain_bytes());
        rules::dump::judge_version(version, Some(DATABASE), profile, &mut judge.tally);
        rules::dump::judge(inspection, refused, Some(DATABASE), &mut judge.tally);
        judge.space(inspection);
    } else {
        judge.tally.add(Code::FilesOnly, || None, || "there is no dump".to_owned());
    }
    let contents = contents_of(prospect.dump.is_some(), prospect.documents_count);
    judge.contents(contents, prospect.files, Some(DATABASE));
    judge.report()
}

pub(super) const fn contents_of(has_database: bool, documents_count: u64) -> Contents {
    match (has_database, documents_count) {
        (true, 0) => Contents::DatabaseOnly,
        (true, _) => Contents::Full,
        (false, _) => Contents::FilesOnly,
    }
}
