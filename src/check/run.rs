//! Runs the rules over an archive that was read, or over one that will be written: [`CheckRun`], [`predict_report`].

use super::Result;
use super::code::Code;
use super::dump::ReadDump;
use super::files::{Document, FileComparison, FileTable, FileTableUnavailable, Sorted};
use super::options::CheckOptions;
use super::profile::Profile;
use super::ranking::Ranking;
use super::report::{Report, Summary};
use super::rules;
use crate::error::{Category, Error};
use crate::layout::{Contents, escaped};
use crate::metadata::{self, Metadata};
use crate::pgdump::compat::{Incompatibility, incompatibilities};
use crate::pgdump::{self, FormatVersion, Inspection};
use crate::snapshot::report::ReadReport;
use crate::snapshot::{self};

/// Name of the member that contains the dump, for the locations of findings.
pub(super) const DATABASE: &str = "db/db.backup";

/// A check in progress.
pub(super) struct CheckRun<'p> {
    pub(super) profile: &'p Profile,
    pub(super) options: &'p CheckOptions,
    pub(super) ranking: Ranking<'p>,
    pub(super) summary: Summary,
    pub(super) files: Option<FileComparison>,
}

impl<'p> CheckRun<'p> {
    pub(super) const fn new(profile: &'p Profile, options: &'p CheckOptions, kind: &'static str) -> Self {
        let ranking = Ranking::new(profile, options.limits.max_findings_per_code());
        Self { profile, options, ranking, summary: Summary::new(kind), files: None }
    }

    pub(super) fn report(self) -> Report {
        Report::new(self.profile, self.ranking, self.summary, self.files)
    }

    /// Adds what the reader of an archive has seen.
    pub(super) fn add_report(&mut self, report: &ReadReport, metadata: Option<&Metadata>) {
        self.summary.is_verified = report.is_verified();
        self.summary.documents_count = report.documents_count();
        self.summary.document_bytes = report.document_bytes();
        self.summary.database_bytes = report.database_bytes();
        self.ranking.add_all(report.diagnostics());
        if let Some(metadata) = metadata {
            self.model_version(metadata);
        }
    }

    /// Adds the error that stopped the reader.
    pub(super) fn failure(&mut self, error: snapshot::Error) -> Result<(), Error> {
        let Some(code) = error.code() else { return Err(not_a_finding(error)) };
        self.ranking.add(code, |found| {
            found
                .with_location(error.context().map(str::to_owned))
                .with_position(error.position())
                .with_message(rules::message(&error))
        });
        Ok(())
    }

    /// Adds the version of a dump and the findings about it, as soon as it is known: a dump that is damaged later has one.
    pub(super) fn dump_version(&mut self, version: FormatVersion, location: Option<&str>) {
        self.summary.dump_version = Some(version.to_string());
        rules::dump::add_version(version, location, self.profile, &mut self.ranking);
    }

    /// Adds the findings about a dump, and returns it if it is sound.
    pub(super) fn dump(
        &mut self,
        read: Result<ReadDump, pgdump::Error>,
        location: Option<&str>,
    ) -> Result<Option<ReadDump>, Error> {
        match read {
            Ok(dump) => {
                self.summary.decompressed_bytes = Some(dump.inspection.uncompressed_bytes());
                let (inspection, major) = (&dump.inspection, self.profile.oldest_server_major());
                let mut refused = incompatibilities(&inspection.header, &inspection.toc, major);
                refused.extend(inspection.values_refused_by(major));
                rules::dump::add(inspection, &refused, location, self.profile, &mut self.ranking);
                self.space(&dump.inspection);
                Ok(Some(dump))
            }
            Err(error) => {
                let Some(code) = error.code() else { return Err(not_a_finding(error)) };
                self.ranking.add(code, |found| {
                    found
                        .with_location(location.map(str::to_owned))
                        .with_position(error.position())
                        .with_message(rules::message(&error))
                });
                Ok(None)
            }
        }
    }

    /// Adds the findings about the whole, after everything was read.
    pub(super) fn contents(&mut self, contents: Contents, files: Option<Files>, location: Option<&str>) {
        self.summary.contents = Some(contents);
        let (count, many) = (self.summary.documents_count, self.profile.many_documents_count());
        if count > many {
            self.ranking
                .add(Code::ManyDocuments, |found| found.with_message(format!("{count} documents, more than {many}")));
        }
        match (contents, files) {
            (Contents::DatabaseOnly, files) => {
                // The rows alone say which documents are missing.
                self.files = files.and_then(Result::ok);
                let counts = self.files.as_ref().map(FileComparison::counts);
                let wanted =
                    counts.map(|counts| counts.missing.saturating_add(counts.numbered).saturating_add(counts.unnamed));
                self.ranking.add(Code::DatabaseOnly, |found| found.with_message("there are no documents"));
                // A bare dump never has documents.
                if let Some(count) = wanted.filter(|count| *count > 0 && location.is_some()) {
                    self.ranking.add(Code::DocumentsAbsent, |found| {
                        found.with_message(format!(
                            "{count} rows of the database must have a document, and there is none"
                        ))
                    });
                }
            }
            (Contents::Full, Some(Ok(comparison))) => {
                rules::files::add(&comparison, &mut self.ranking);
                self.summary.files = Some(*comparison.counts());
                self.files = Some(comparison);
            }
            (Contents::Full, Some(Err(why))) => rules::files::add_unavailable(why, location, &mut self.ranking),
            // Without a sound dump there is nothing to compare with, and the dump has its own finding.
            (Contents::Full | Contents::FilesOnly, _) => {}
        }
    }

    /// Adds the finding about a model version that is a placeholder.
    fn model_version(&mut self, metadata: &Metadata) {
        if let Some(version) = metadata.model_version().filter(|_| metadata.has_placeholder_model_version()) {
            self.ranking.add(metadata::Code::ModelVersionPlaceholder, |found| {
                found.with_location(".metadata".to_owned()).with_message(format!(
                    "the model version is {:?}, a placeholder: the platform compares it with the deployed model",
                    escaped(version.as_bytes()).to_string()
                ))
            });
        }
    }

    fn space(&mut self, inspection: &Inspection) {
        let (Some(rule), Some(target_bytes)) = (self.profile.space_rule(), self.options.target_database_bytes) else {
            return;
        };
        let plain_bytes = inspection.uncompressed_bytes();
        let needed_bytes = rule.needed_bytes(plain_bytes);
        if needed_bytes > target_bytes {
            self.ranking.add(Code::TargetTooSmall, |found| {
                found.with_message(format!(
                    "{plain_bytes} bytes of data need a database of {needed_bytes} bytes, the target has {target_bytes} bytes"
                ))
            });
        }
    }
}

/// The comparison of the database's files with the documents, or why it is not possible.
pub(crate) type Files = Result<FileComparison, FileTableUnavailable>;

pub(super) fn compare(table: Result<FileTable, FileTableUnavailable>, documents: Sorted<Document>) -> Files {
    table.map(|table| FileComparison::new(table, documents))
}

/// The contents of an archive that is going to be written.
pub(crate) struct PlannedArchive<'a> {
    /// The dump as it was read, the version and length that it will have, and the SQL that older servers refuse.
    pub(crate) dump: Option<(&'a Inspection, FormatVersion, u64, &'a [Incompatibility])>,
    pub(crate) files: Option<Files>,
    pub(crate) documents_count: u64,
    pub(crate) document_bytes: u64,
    pub(crate) metadata: &'a Metadata,
}

/// Returns the report of an archive before it is written.
pub(crate) fn predict_report(planned: PlannedArchive<'_>, profile: &Profile, options: &CheckOptions) -> Report {
    let mut run = CheckRun::new(profile, options, "snapshot");
    run.summary.documents_count = planned.documents_count;
    run.summary.document_bytes = planned.document_bytes;
    if let Some((inspection, version, dump_bytes, refused)) = planned.dump {
        run.summary.database_bytes = Some(dump_bytes);
        run.summary.dump_version = Some(version.to_string());
        run.summary.decompressed_bytes = Some(inspection.uncompressed_bytes());
        rules::dump::add_version(version, Some(DATABASE), profile, &mut run.ranking);
        rules::dump::add(inspection, refused, Some(DATABASE), profile, &mut run.ranking);
        run.space(inspection);
    } else {
        run.ranking.add(snapshot::Code::FilesOnly, |found| found.with_message("there is no dump"));
    }
    run.model_version(planned.metadata);
    let contents = contents_of(planned.dump.is_some(), planned.documents_count);
    run.contents(contents, planned.files, Some(DATABASE));
    run.report()
}

pub(super) const fn contents_of(has_database: bool, documents_count: u64) -> Contents {
    match (has_database, documents_count) {
        (true, 0) => Contents::DatabaseOnly,
        (true, _) => Contents::Full,
        (false, _) => Contents::FilesOnly,
    }
}

/// The error of a check for which the file is not to blame.
#[cold]
fn not_a_finding(error: impl Into<Error>) -> Error {
    let error = error.into();
    match error.category() {
        // The check uses the layers below, not its caller.
        Category::Misuse => Error::of(Category::Internal, "a bug in this crate stopped the check").because(error),
        _ => error,
    }
}
