//! A dump and documents that have been judged and are ready to be written: [`Prepared`].

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::change::Change;
use super::database::{self, ConversionFacts, Database, Source};
use super::error::{self, Result};
use super::filtered::FilteredSource;
use super::options::{Orphans, PrepareOptions};
use super::staged::{Staged, digit_of};
use crate::check::files::Sorted;
use crate::check::{
    CheckOptions, Code, FileComparison, FileTableUnavailable, Files, PlannedArchive, Profile, Report, predict_report,
};
use crate::document::DocumentId;
use crate::io::OutputFile;
use crate::limits::Limits;
use crate::metadata::Metadata;
use crate::observe::Observer;
use crate::pgdump::compat::Incompatibility;
use crate::pgdump::toc::Toc;
use crate::pgdump::transcode::Changes;
use crate::pgdump::{FormatVersion, Inspection};
use crate::snapshot::join::PlannedShare;
use crate::snapshot::report::WriteReport;
use crate::snapshot::{DocumentSource, SnapshotWriter, WriteOptions};
use crate::source::DocumentPlan;

/// The `modelVersion` of an archive for which none is known.
pub(super) const UNKNOWN_MODEL_VERSION: &str = "0.0.0.0";

/// A dump and documents that have been judged and are ready to be written into an archive.
///
/// Nothing has been written yet. The [report](Self::report) is the one that [`check`](crate::check::check()) will give for
/// the archive, and the [changes](Self::changes) list how it will differ from the inputs. [`Pack`](super::Pack) makes one
/// from paths; use [`new`](Self::new) for other sources.
///
/// ```
/// use std::fs::File;
/// use appsnap::observe::NoObserver;
/// use appsnap::prepare::{Database, PrepareOptions, Prepared};
/// use appsnap::snapshot::WriteOptions;
///
/// let options = PrepareOptions::new().with_model_version("1.0.0.40");
/// let dump = File::open("examples/data/quickstart.dump")?;
/// let database = Database::open(dump, &options, &mut NoObserver)?;
/// let prepared = Prepared::new(Some(database), Some(()), &options)?;
/// for change in prepared.changes() {
///     println!("{change}");
/// }
/// let (archive, report) = prepared.write(Vec::new(), &WriteOptions::new(), &mut NoObserver)?;
/// assert_eq!(report.archive_bytes(), archive.len() as u64);
/// # Ok::<(), appsnap::Error>(())
/// ```
#[derive(Debug)]
pub struct Prepared<R, S> {
    pub(super) database: Option<(Source<R>, u64)>,
    pub(super) documents: Option<FilteredSource<S>>,
    pub(super) metadata: Metadata,
    report: Report,
    changes: Vec<Change>,
    conversion: Option<ConversionFacts>,
    pub(super) judge: Judge,
    /// The documents, if they have been compressed already.
    pub(super) staged: Option<Staged>,
    /// The part that can be written, if the documents are only those of one.
    pub(super) share: Option<PlannedShare>,
}

/// Everything that a verdict depends on, except for the documents.
#[derive(Debug)]
pub(super) struct Judge {
    profile: Profile,
    limits: Limits,
    spool_dir: Option<PathBuf>,
    /// The inspection of the dump, and its version, length and refused SQL in the archive.
    pub(super) dump: Option<(Inspection, FormatVersion, u64, Vec<Incompatibility>)>,
    /// The reason why rows and documents cannot be compared.
    unavailable: Option<FileTableUnavailable>,
}

impl Judge {
    fn report(&self, files: Option<Files>, metadata: &Metadata, documents_count: u64) -> Report {
        let planned = PlannedArchive {
            dump: self.dump.as_ref().map(|(inspection, version, len_bytes, refused)| {
                (inspection, *version, *len_bytes, refused.as_slice())
            }),
            files,
            documents_count,
            document_bytes: metadata.files_size_bytes().unwrap_or_default(),
            metadata,
        };
        predict_report(planned, &self.profile, &CheckOptions::new().with_limits(self.limits.clone()))
    }
}

impl<R: Read, S: DocumentSource> Prepared<R, S> {
    /// Combines a dump and documents, either of which may be missing, and judges the result.
    ///
    /// # Errors
    /// Returns an error if orphans are to be dropped, and the dump does not tell which documents are orphans or all of them
    /// are, or if data is to be edited and there is no dump.
    pub fn new(database: Option<Database<R>>, documents: Option<S>, options: &PrepareOptions) -> Result<Self> {
        Self::of_share(database, documents, None, options)
    }

    /// Combines a dump and documents, or those of one part, and judges the result. Only documents without a dump may be those
    /// of one part.
    pub(super) fn of_share(
        database: Option<Database<R>>,
        documents: Option<S>,
        share: Option<PlannedShare>,
        options: &PrepareOptions,
    ) -> Result<Self> {
        if database.is_none() && options.edits_data() {
            return Err(error::nothing_to_edit());
        }
        let mut kept = documents.map(FilteredSource::all);
        let mut changes = Vec::new();
        let (source, facts) = match database.map(Database::into_parts) {
            Some((source, len_bytes, facts)) => (Some((source, len_bytes)), Some(facts)),
            None => (None, None),
        };
        let (mut inspection, mut files, mut conversion) = (None, None, None);
        if let Some(facts) = facts {
            if let Some(kept) = &mut kept {
                changes.extend(drop_rowless(kept, &facts.left_out));
            }
            let mut rows = Sorted::default();
            kept.iter().flat_map(FilteredSource::rows).for_each(|row| rows.push(row));
            files = Some(facts.table.map(|table| FileComparison::new(table, rows)));
            changes.extend(facts.changes);
            conversion = facts.conversion;
            inspection = Some((facts.inspection, facts.version, facts.refused));
        }
        if let (Orphans::Drop, Some(kept)) = (options.orphans, &mut kept) {
            drop_orphans(kept, known(files.as_mut())?, &mut changes)?;
        }
        let mut metadata = metadata(
            source.as_ref().map(|(_, len_bytes)| *len_bytes),
            inspection.as_ref().map(|(inspection, ..)| inspection.uncompressed_bytes()),
            kept.as_ref(),
            options,
            &mut changes,
        );
        let mut documents_count = kept.as_ref().map_or(0, |kept| kept.documents_count() as u64);
        if let Some(share) = &share {
            documents_count = share.documents_count;
            metadata = metadata.with_files_size_bytes(share.document_bytes);
        }
        let dump = inspection.zip(source.as_ref());
        let judge = Judge {
            profile: options.profile.clone(),
            limits: options.limits.clone(),
            spool_dir: options.spool_dir.clone(),
            dump: dump
                .map(|((inspection, version, refused), (_, len_bytes))| (inspection, version, *len_bytes, refused)),
            unavailable: files.as_ref().and_then(|files| files.as_ref().err().copied()),
        };
        let report = judge.report(files, &metadata, documents_count);
        Ok(Self {
            database: source,
            documents: kept,
            metadata,
            report,
            changes,
            conversion,
            judge,
            staged: None,
            share,
        })
    }

    /// Returns the report that a [check](crate::check::check()) of the archive will give, including the comparison of
    /// rows with documents.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Returns the differences between the inputs and the archive, and the values that were assumed or estimated.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns the changes that the conversion of the dump makes, and the table of contents of the given dump, in which
    /// they name entries; `None` without a conversion.
    #[must_use]
    pub fn conversion(&self) -> Option<(&Changes, &Toc)> {
        self.conversion.as_ref().map(ConversionFacts::parts)
    }

    /// Returns the source of the documents as it was given, including dropped orphans; `None` if no documents were given.
    #[must_use]
    pub fn source(&self) -> Option<&S> {
        self.documents.as_ref().map(FilteredSource::source)
    }

    /// Returns the metadata of the archive.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Returns the documents of the archive, without dropped orphans; `None` if no documents were given.
    #[must_use]
    pub const fn documents(&self) -> Option<&(impl DocumentSource + use<R, S>)> {
        self.documents.as_ref()
    }

    /// Writes the archive and returns the sink, neither flushed nor synced.
    ///
    /// # Errors
    /// Returns an error if an input or the sink fails, if an input has changed, or if the observer cancels. The sink then
    /// contains a part of an archive. Also returns an error if only [one part](super::Pack::with_shard) was prepared.
    pub fn write<W: Write>(
        self,
        sink: W,
        options: &WriteOptions,
        observer: &mut dyn Observer,
    ) -> Result<(W, WriteReport)> {
        if let Some(share) = &self.share {
            return Err(error::other_shard(share.shard()));
        }
        if let Some(staged) = self.staged {
            let folder = self.judge.spool_dir.ok_or_else(error::spool_needed)?;
            return staged.write(self.database, &self.metadata, (sink, &folder), options, observer);
        }
        let mut writer = SnapshotWriter::start(sink, &self.metadata, options)?;
        if let Some((source, len_bytes)) = self.database {
            database::write(&mut writer, len_bytes, source, observer)?;
        }
        if let Some(documents) = &self.documents {
            writer.documents(documents, observer)?;
        }
        Ok(writer.finish()?)
    }

    /// Writes the archive to a file, which appears complete or not at all; see [`OutputFile`].
    ///
    /// # Errors
    /// Returns an error in the cases of [`write`](Self::write), and if the file cannot be created or completed. Nothing
    /// remains then, and an existing file is unchanged.
    pub fn write_file(
        self,
        path: impl AsRef<Path>,
        options: &WriteOptions,
        observer: &mut dyn Observer,
    ) -> Result<WriteReport> {
        let (output, report) = self.write(OutputFile::create(path, &[])?, options, observer)?;
        output.finish()?;
        Ok(report)
    }
}

impl<R: Read> Prepared<R, DocumentPlan> {
    /// Compresses the documents into temporary files in the [spool directory](PrepareOptions::with_spool_dir), and judges
    /// again: for the files of an app that is running.
    ///
    /// A document that was deleted after it had been listed is left out, and one that was modified is packed as it is
    /// found now; both are [listed as changes](Self::changes). [`write`](Self::write) then reads no document any more. A
    /// directory is looked at again, and a bucket is listed again; documents of archives that change are errors. There must be room for the
    /// archive in the spool directory.
    ///
    /// # Errors
    /// Returns an error if there is no spool directory, if a document cannot be read for another reason, or if the observer
    /// cancels.
    pub fn settle(&mut self, options: &WriteOptions, observer: &mut dyn Observer) -> Result<()> {
        let Some(documents) = &mut self.documents else { return Ok(()) };
        let folder = self.judge.spool_dir.clone().ok_or_else(error::spool_needed)?;
        let (mut vanished, mut modified) = (BTreeSet::new(), BTreeSet::new());
        let staged = Staged::documents(documents, &folder, options, observer, |documents, digit| {
            let kept: BTreeSet<_> = documents.rows().map(|(id, _)| id).filter(|id| digit_of(*id) == digit).collect();
            let (gone, other) = documents.source_mut().recheck(|id| kept.contains(&id));
            let has_news = !gone.is_empty() || !other.is_empty();
            modified.extend(other);
            vanished.extend(gone);
            documents.retain(|id| !vanished.contains(&id));
            has_news
        })?;
        modified.retain(|id| !vanished.contains(id));
        let document_bytes = documents.rows().fold(0_u64, |sum, (_, len_bytes)| sum.saturating_add(len_bytes));
        let documents_count = documents.documents_count() as u64;
        let counted = |ids: &BTreeSet<DocumentId>| ids.first().map(|first| (ids.len() as u64, *first));
        if let Some((documents_count, first)) = counted(&vanished) {
            self.changes.push(Change::DocumentsVanished { documents_count, first });
        }
        if let Some((documents_count, first)) = counted(&modified) {
            self.changes.push(Change::DocumentsModified { documents_count, first });
        }
        if !(vanished.is_empty() && modified.is_empty()) {
            let mut rows = Sorted::default();
            documents.rows().for_each(|row| rows.push(row));
            let files = self.report.take_files().map(|files| Ok(files.with_documents(rows)));
            let files = files.or(self.judge.unavailable.map(Err));
            self.metadata = self.metadata.clone().with_files_size_bytes(document_bytes);
            self.report = self.judge.report(files, &self.metadata, documents_count);
        }
        self.staged = Some(staged);
        Ok(())
    }
}

fn known(files: Option<&mut std::result::Result<FileComparison, FileTableUnavailable>>) -> Result<&mut FileComparison> {
    let why = match files {
        Some(Ok(comparison)) => return Ok(comparison),
        Some(Err(FileTableUnavailable::Absent)) => "the dump holds no rows of system$filedocument",
        Some(Err(FileTableUnavailable::Inserts)) => "the rows of system$filedocument are INSERT statements",
        Some(Err(FileTableUnavailable::NoUuid)) => "system$filedocument has no column __uuid__",
        Some(Err(FileTableUnavailable::TooMany(_))) => {
            "there are more rows of system$filedocument than the limit allows"
        }
        None => "there is no dump",
    };
    Err(error::orphans_unknown(why))
}

/// Leaves out the documents whose rows are left out of the dump, which ascend.
fn drop_rowless<S: DocumentSource>(documents: &mut FilteredSource<S>, left_out: &[DocumentId]) -> Option<Change> {
    let is_left_out = |id: DocumentId| left_out.binary_search(&id).is_ok();
    let dropped = documents.rows().filter(|(id, _)| is_left_out(*id));
    let (documents_count, document_bytes) = dropped.fold((0_u64, 0_u64), |(count, bytes), (_, len_bytes)| {
        (count.saturating_add(1), bytes.saturating_add(len_bytes))
    });
    if documents_count == 0 {
        return None;
    }
    documents.retain(|id| !is_left_out(id));
    Some(Change::RowlessDocumentsDropped { documents_count, document_bytes })
}

fn drop_orphans<S: DocumentSource>(
    documents: &mut FilteredSource<S>,
    comparison: &mut FileComparison,
    changes: &mut Vec<Change>,
) -> Result<()> {
    let documents_count = documents.documents_count() as u64;
    if documents_count > 0 && comparison.counts().orphans == documents_count {
        return Err(error::only_orphans(documents_count));
    }
    let (mut count, mut bytes) = (0_u64, 0_u64);
    {
        // Both ascend by id.
        let mut orphans = comparison.cases().filter(|case| case.code == Some(Code::DocumentOrphan)).peekable();
        documents.retain(|id| match orphans.next_if(|orphan| orphan.id == id) {
            Some(orphan) => {
                count = count.saturating_add(1);
                // Every orphan is a document, so it has a length.
                bytes = bytes.saturating_add(orphan.document_bytes.unwrap_or_default());
                false
            }
            None => true,
        });
    }
    if count > 0 {
        comparison.drop_orphans();
        changes.push(Change::OrphansDropped { documents_count: count, document_bytes: bytes });
    }
    Ok(())
}

/// Returns the metadata of a new archive.
fn metadata<S: DocumentSource>(
    dump_bytes: Option<u64>,
    plain_bytes: Option<u64>,
    documents: Option<&FilteredSource<S>>,
    options: &PrepareOptions,
    changes: &mut Vec<Change>,
) -> Metadata {
    let model_version = options.model_version.clone().unwrap_or_else(|| {
        changes.push(Change::ModelVersionAssumed);
        UNKNOWN_MODEL_VERSION.to_owned()
    });
    let database_bytes = options.database_size_bytes.or_else(|| {
        let size_bytes = plain_bytes?;
        changes.push(Change::DatabaseSizeEstimated { size_bytes });
        Some(size_bytes)
    });
    let document_bytes = documents.iter().flat_map(|documents| documents.rows()).map(|(_, len_bytes)| len_bytes);
    Metadata::new()
        .with_duration(0)
        .with_dump_size_bytes(dump_bytes.unwrap_or(0))
        .with_model_version(model_version)
        .with_database_size_bytes(database_bytes.unwrap_or(0))
        .with_files_size_bytes(document_bytes.fold(0, u64::saturating_add))
}
