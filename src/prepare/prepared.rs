//! A dump and documents, ready to be written, with all that there is to say about them: [`Prepared`].

use std::io::{Read, Write};

use super::change::Change;
use super::database::{self, Database, Source};
use super::error::{self, Result};
use super::kept::Kept;
use super::options::{Orphans, PrepareOptions};
use crate::check::files::Sorted;
use crate::check::{CheckOptions, Code, FileComparison, FileTableUnavailable, PlannedArchive, Report, predict_report};
use crate::metadata::Metadata;
use crate::observe::Observer;
use crate::snapshot::report::WriteReport;
use crate::snapshot::{DocumentSource, SnapshotWriter, WriteOptions};

/// What `modelVersion` says when nobody stated it.
pub(super) const UNKNOWN_MODEL_VERSION: &str = "0.0.0.0";

/// A dump and documents, ready to be written into an archive.
///
/// Nothing has been written yet: the [report](Self::report) is what [`check`](crate::check::check) would say about the
/// archive, and the [changes](Self::changes) are what it will hold otherwise than what was given.
///
/// ```
/// use std::fs::File;
/// use appsnap::observe::NoObserver;
/// use appsnap::prepare::{Database, PrepareOptions, Prepared};
/// use appsnap::snapshot::WriteOptions;
/// use appsnap::source::directory::{self, DirectoryOptions};
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002"), "hello")?;
/// let options = PrepareOptions::new().with_model_version("1.0.0.40");
/// let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// let database = Database::open(File::open("examples/data/quickstart.dump")?, &options, &mut NoObserver)?;
/// let prepared = Prepared::new(Some(database), Some(&plan), &options)?;
///
/// // Before the first byte: a row without its document, and a size that nobody stated.
/// println!("{}", prepared.report());
/// for change in prepared.changes() {
///     println!("{change}");
/// }
/// assert_eq!(prepared.metadata().files_size_bytes(), Some(5));
/// let (archive, report) = prepared.write(Vec::new(), &WriteOptions::new(), &mut NoObserver)?;
/// assert_eq!((report.documents_count(), report.archive_bytes()), (1, archive.len() as u64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Prepared<'s, R, S> {
    database: Option<(Source<R>, u64)>,
    documents: Option<Kept<'s, S>>,
    metadata: Metadata,
    report: Report,
    changes: Vec<Change>,
}

impl<'s, R: Read, S: DocumentSource> Prepared<'s, R, S> {
    /// Joins a dump and documents, either of which may be missing.
    ///
    /// # Errors
    /// When orphans are to be dropped and nothing tells which documents are orphans.
    pub fn new(database: Option<Database<R>>, documents: Option<&'s S>, options: &PrepareOptions) -> Result<Self> {
        let mut kept = documents.map(Kept::all);
        let mut changes = Vec::new();
        let (source, facts) = match database.map(Database::into_parts) {
            Some((source, len_bytes, facts)) => (Some((source, len_bytes)), Some(facts)),
            None => (None, None),
        };
        let (mut inspection, mut files) = (None, None);
        if let Some(facts) = facts {
            let mut rows = Sorted::default();
            kept.iter().flat_map(Kept::rows).for_each(|row| rows.push(row));
            files = Some(facts.table.map(|table| FileComparison::new(table, rows)));
            changes.extend(facts.changes);
            inspection = Some((facts.inspection, facts.version, facts.refused));
        }
        if let (Orphans::Drop, Some(documents)) = (options.orphans, documents) {
            let comparison = known(files.as_mut())?;
            kept = Some(without_orphans(documents, comparison, &mut changes));
        }
        let metadata = metadata(
            source.as_ref().map(|(_, len_bytes)| *len_bytes),
            inspection.as_ref().map(|(inspection, ..)| inspection.uncompressed_bytes()),
            kept.as_ref(),
            options,
            &mut changes,
        );
        let planned = PlannedArchive {
            dump: inspection.as_ref().zip(source.as_ref()).map(|((inspection, version, refused), (_, len_bytes))| {
                (inspection, *version, *len_bytes, refused.as_slice())
            }),
            files,
            documents_count: kept.as_ref().map_or(0, |kept| kept.documents_count() as u64),
            document_bytes: metadata.files_size_bytes().unwrap_or_default(),
        };
        let check_options = CheckOptions::new().with_limits(options.limits.clone());
        let report = predict_report(planned, &options.profile, &check_options);
        Ok(Self { database: source, documents: kept, metadata, report, changes })
    }

    /// What a check will say about the archive, files that the database knows included: the warnings before a byte is
    /// written.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// What the archive will hold otherwise than what was given, and what nobody stated.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The metadata that the archive will have.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The documents that the archive will hold; `None` when there are none.
    #[must_use]
    pub const fn documents(&self) -> Option<&Kept<'s, S>> {
        self.documents.as_ref()
    }

    /// Writes the archive. The sink is handed back unflushed and unsynced, which are its owner's business.
    ///
    /// # Errors
    /// As [`SnapshotWriter`]'s methods; the sink then holds a part of an archive.
    pub fn write<W: Write>(
        self,
        sink: W,
        options: &WriteOptions,
        observer: &mut dyn Observer,
    ) -> Result<(W, WriteReport)> {
        let mut writer = SnapshotWriter::start(sink, &self.metadata, &options)?;
        if let Some((source, len_bytes)) = self.database {
            database::write(&mut writer, len_bytes, source, observer)?;
        }
        if let Some(documents) = &self.documents {
            writer.documents(documents, observer)?;
        }
        Ok(writer.finish()?)
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

fn without_orphans<'s, S: DocumentSource>(
    documents: &'s S,
    comparison: &mut FileComparison,
    changes: &mut Vec<Change>,
) -> Kept<'s, S> {
    let (mut count, mut bytes) = (0, 0_u64);
    let kept = {
        // Both ascend by id.
        let mut orphans = comparison.cases().filter(|case| case.code == Some(Code::DocumentOrphan)).peekable();
        Kept::filter(documents, |id| match orphans.next_if(|orphan| orphan.id == id) {
            Some(orphan) => {
                count += 1;
                bytes = bytes.saturating_add(orphan.document_bytes.unwrap_or_default());
                false
            }
            None => true,
        })
    };
    if count > 0 {
        comparison.drop_orphans();
        changes.push(Change::OrphansDropped { documents_count: count, document_bytes: bytes });
    }
    kept
}

/// The metadata of an archive that is made, not repaired.
fn metadata<S: DocumentSource>(
    dump_bytes: Option<u64>,
    plain_bytes: Option<u64>,
    documents: Option<&Kept<'_, S>>,
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
