//! The examination of an archive before its repair: its contents and the required changes.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use super::entry::{FoundMetadata, Item, read_item};
use super::metadata::{self, Found, Sizes};
use super::place::Places;
use super::{Dump, Repair, open};
use crate::check::dump::{self, ReadDump};
use crate::check::error_tap::SnapshotErrorTap;
use crate::check::files::{Numbers, Sorted};
use crate::check::{CheckOptions, FileComparison, PlannedArchive, predict_report};
use crate::document::DocumentId;
use crate::layout::{self, NameText};
use crate::limits::Limits;
use crate::metadata as snapshot_metadata;
use crate::observe::{Event, Observer, Phase, proceed, watch};
use crate::pgdump::transcode::{Changes, Transcoder};
use crate::prepare::change::Change;
use crate::prepare::database::{self, DumpFacts};
use crate::prepare::error::{self, Result};
use crate::prepare::options::PrepareOptions;
use crate::snapshot::Entry;
use crate::snapshot::report::ReadReport;
use crate::tarball;

/// The documents and their lengths, each once.
type Documents = Sorted<(DocumentId, u64)>;

/// The findings so far.
struct Survey {
    places: Places,
    metadata: Found,
    dump: Option<ReadDump>,
    /// Length and CRC32 of the dump.
    dump_sum: (u64, u32),
    /// With the length and the CRC32 of each.
    documents: Sorted<(DocumentId, u64, u32)>,
    document_bytes: u64,
    /// Platforms write metadata, database, documents, in this order.
    is_metadata_late: bool,
    is_database_late: bool,
    /// Files that the archive contains again, with the same contents: their number, and the first one.
    duplicates_count: u64,
    first_duplicate: Option<String>,
}

impl<R: Read + Seek> Repair<R> {
    /// Examines the archive in `source` from its current position: once, and again up to the dump if it must be converted.
    ///
    /// # Errors
    /// Returns an error if the framing is unsound, if a file does not belong in a snapshot, if the dump is damaged or
    /// cannot be converted, if data of a dump is to be edited and there is none, if the source fails, or if the observer cancels.
    pub fn survey(source: R, options: &PrepareOptions, observer: &mut dyn Observer) -> Result<Self> {
        survey(source, options, observer)
    }
}

fn survey<R: Read + Seek>(mut source: R, options: &PrepareOptions, observer: &mut dyn Observer) -> Result<Repair<R>> {
    proceed(observer, &Event::Phase(Phase::SurveyingArchive))?;
    let start = source.stream_position().map_err(|error| crate::Error::io("reading the archive", error))?;
    let limits = &options.limits;
    let mut survey = Survey {
        places: Places::new(options.drops_unknown),
        metadata: Found::Nothing,
        dump: None,
        dump_sum: (0, 0),
        documents: Sorted::default(),
        document_bytes: 0,
        is_metadata_late: false,
        is_database_late: false,
        duplicates_count: 0,
        first_duplicate: None,
    };
    let mut reader = open(&mut source, start, limits)?;
    while let Some(mut entry) = reader.next_entry()? {
        match read_item(&mut entry, &mut survey.places, limits)? {
            Item::Metadata(parsed) => survey.metadata(parsed)?,
            Item::Database => survey.database(entry, limits, observer)?,
            Item::Document(id) => survey.document(id, entry, observer)?,
            Item::Junk => {}
        }
    }
    let (normal, misplaced_count) = normalised(reader.report());
    let changes = survey.places.changes(misplaced_count).chain(normal).collect();
    survey.finish(source, start, changes, options, observer)
}

impl Survey {
    fn duplicate(&mut self, name: &[u8]) {
        self.duplicates_count = self.duplicates_count.saturating_add(1);
        self.first_duplicate.get_or_insert_with(|| layout::escaped(name).to_string());
    }

    fn metadata(&mut self, parsed: std::result::Result<Box<FoundMetadata>, String>) -> Result<()> {
        match (&self.metadata, &parsed) {
            (Found::Nothing, _) => {}
            (Found::Usable(first), Ok(again)) if first == again => {
                self.duplicate(b".metadata");
                return Ok(());
            }
            _ => return Err(error::repeated(b".metadata")),
        }
        self.is_metadata_late = self.dump.is_some() || self.documents.len() > 0;
        self.metadata = parsed.map_or_else(Found::Unusable, Found::Usable);
        Ok(())
    }

    fn database<R: Read>(
        &mut self,
        mut entry: Entry<'_, R>,
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        const NAME: &[u8] = b"db/db.backup";
        if self.dump.is_some() {
            let len_bytes = entry.len_bytes();
            if (len_bytes, entry.crc32()?) != self.dump_sum {
                return Err(error::repeated(NAME));
            }
            self.duplicate(NAME);
            return Ok(());
        }
        self.is_database_late = self.documents.len() > 0;
        proceed(observer, &Event::Phase(Phase::ReadingDump))?;
        let len_bytes = entry.len_bytes();
        let mut tap = SnapshotErrorTap::new(&mut entry);
        let (read, _) =
            watch(&mut tap, Some(len_bytes), observer, |source| dump::read(source, limits, Numbers::Forget, |_| {}))?;
        if let Some(failure) = tap.into_error() {
            return Err(failure.into());
        }
        self.dump = Some(read?);
        self.dump_sum = (len_bytes, entry.crc32()?);
        Ok(())
    }

    fn document<R: Read>(&mut self, id: DocumentId, entry: Entry<'_, R>, observer: &mut dyn Observer) -> Result<()> {
        let len_bytes = entry.len_bytes();
        if self.documents.len() == 0 {
            proceed(observer, &Event::Phase(Phase::ReadingDocuments))?;
        }
        self.documents.push((id, len_bytes, entry.crc32()?));
        self.document_bytes = self.document_bytes.saturating_add(len_bytes);
        Ok(proceed(observer, &Event::document(id, self.documents.len(), self.document_bytes))?)
    }

    /// Returns the documents, each once, and the ids of those that the archive contains again with the same contents.
    fn distinct_documents(&mut self) -> Result<(Documents, BTreeSet<DocumentId>)> {
        let all = std::mem::take(&mut self.documents).finish();
        let (mut documents, mut repeated) = (Sorted::default(), BTreeSet::new());
        let mut before = None;
        for (id, len_bytes, crc32) in all.iter() {
            match before.replace((id, len_bytes, crc32)) {
                Some(first) if first == (id, len_bytes, crc32) => {
                    self.duplicate(NameText::of_document(id).as_bytes());
                    self.document_bytes = self.document_bytes.saturating_sub(len_bytes);
                    repeated.insert(id);
                }
                Some((first, ..)) if first == id => {
                    return Err(error::repeated(NameText::of_document(id).as_bytes()));
                }
                _ => documents.push((id, len_bytes)),
            }
        }
        Ok((documents.finish(), repeated))
    }

    fn finish<R: Read + Seek>(
        mut self,
        mut source: R,
        start: u64,
        mut changes: Vec<Change>,
        options: &PrepareOptions,
        observer: &mut dyn Observer,
    ) -> Result<Repair<R>> {
        if self.dump.is_none() && self.documents.len() == 0 {
            return Err(error::nothing_to_repair());
        }
        if self.dump.is_none() && options.edits_data() {
            return Err(error::nothing_to_edit());
        }
        let (mut documents, repeated) = self.distinct_documents()?;
        let mut document_bytes = self.document_bytes;
        if let Some(first) = self.first_duplicate.take() {
            changes.push(Change::DuplicatesLeftOut { files_count: self.duplicates_count, first });
        }
        if self.is_metadata_late || self.is_database_late {
            changes.push(Change::Reordered);
        }
        let mut sizes = Sizes::default();
        let (mut facts, mut database, mut planned_conversion) = (None, None, None);
        if let Some(read) = self.dump {
            let (input_bytes, data_end_bytes) = (read.inspection.dump_bytes, read.inspection.data_end_bytes);
            let conversion = match database::transcoder(read.inspection.header.version(), options) {
                None => None,
                Some(transcoder) => Some(plan(&mut source, start, transcoder, data_end_bytes, options, observer)?),
            };
            let mut found = DumpFacts::new(read, conversion.as_ref().map(|(_, changes)| changes), options);
            let mut dump = conversion.map_or(Dump::Verbatim, |(dump, _)| dump);
            if let Dump::Spooled(file, _) = &mut dump {
                found.read_edited(file, options, observer)?;
            }
            if let Some(change) = drop_rowless(&mut documents, &mut document_bytes, &found.left_out) {
                changes.push(change);
            }
            changes.extend(found.changes.iter().cloned());
            planned_conversion = found.conversion.take();
            sizes.plain_bytes = Some(found.inspection.uncompressed_bytes());
            sizes.dump_bytes = dump.len_bytes().unwrap_or(input_bytes);
            (facts, database) = (Some(found), Some(dump));
        }
        sizes.document_bytes = document_bytes;
        let documents_count = documents.len();
        let metadata = metadata::fill(self.metadata, sizes, options, &mut changes);
        let left_out = facts.as_mut().map(|facts| std::mem::take(&mut facts.left_out)).unwrap_or_default();
        let (found, files) = match facts {
            None => (None, None),
            Some(DumpFacts { inspection, table, version, refused, .. }) => {
                let files = table.map(|table| FileComparison::new(table, documents));
                (Some((inspection, version, refused)), Some(files))
            }
        };
        let dump = found
            .as_ref()
            .map(|(inspection, version, refused)| (inspection, *version, sizes.dump_bytes, refused.as_slice()));
        let planned = PlannedArchive { dump, files, documents_count, document_bytes, metadata: &metadata };
        let check_options = CheckOptions::new().with_limits(options.limits.clone());
        let report = predict_report(planned, &options.profile, &check_options);
        let (limits, is_database_late) = (options.limits.clone(), self.is_database_late);
        let drops_unknown = options.drops_unknown;
        Ok(Repair {
            source,
            start,
            limits,
            drops_unknown,
            metadata,
            database,
            is_database_late,
            left_out,
            repeated,
            report,
            changes,
            conversion: planned_conversion,
        })
    }
}

impl Dump {
    /// Returns the length of the dump if the repair changes it.
    const fn len_bytes(&self) -> Option<u64> {
        match self {
            Self::Verbatim => None,
            Self::Converted(_, len_bytes) | Self::Spooled(_, len_bytes) => Some(*len_bytes),
        }
    }
}

/// Reads the archive again up to the dump and plans its conversion.
fn plan<R: Read + Seek>(
    source: &mut R,
    start: u64,
    transcoder: Transcoder,
    data_end_bytes: u64,
    options: &PrepareOptions,
    observer: &mut dyn Observer,
) -> Result<(Dump, Changes)> {
    let mut places = Places::new(options.drops_unknown);
    let mut reader = open(source, start, &options.limits)?;
    while let Some(mut entry) = reader.next_entry()? {
        if matches!(read_item(&mut entry, &mut places, &options.limits)?, Item::Database) {
            let plan = transcoder.plan(entry, &options.limits)?;
            let mut changes = plan.changes().clone();
            let dump = match plan.output_bytes(data_end_bytes) {
                Some(len_bytes) => Dump::Converted(transcoder, len_bytes),
                None => {
                    let (file, len_bytes, offsets) = database::spool(plan, options, observer)?;
                    changes.offsets = offsets;
                    Dump::Spooled(file, len_bytes)
                }
            };
            return Ok((dump, changes));
        }
    }
    Err(error::changed())
}

/// Leaves out the documents whose rows are left out of the dump, which ascend.
fn drop_rowless(
    documents: &mut Sorted<(DocumentId, u64)>,
    document_bytes: &mut u64,
    left_out: &[DocumentId],
) -> Option<Change> {
    let mut kept = Sorted::default();
    let (mut dropped_count, mut dropped_bytes) = (0_u64, 0_u64);
    for (id, len_bytes) in documents.iter() {
        if left_out.binary_search(&id).is_ok() {
            dropped_count = dropped_count.saturating_add(1);
            dropped_bytes = dropped_bytes.saturating_add(len_bytes);
        } else {
            kept.push((id, len_bytes));
        }
    }
    if dropped_count == 0 {
        return None;
    }
    *documents = kept.finish();
    *document_bytes = document_bytes.saturating_sub(dropped_bytes);
    Some(Change::RowlessDocumentsDropped { documents_count: dropped_count, document_bytes: dropped_bytes })
}

/// Returns the tolerated findings that the writer corrects, and the number of names that do not belong in a snapshot.
fn normalised(report: &ReadReport) -> (Vec<Change>, u64) {
    let (mut normal, mut misplaced_count) = (Vec::new(), 0_u64);
    for (code, count) in report.diagnostics().counts() {
        match layout::Code::try_from(code) {
            Ok(name) if name.is_fault() => misplaced_count = misplaced_count.saturating_add(count),
            // A repeated member stops the repair, or is listed as a duplicate.
            Ok(layout::Code::NameRepeated) => {}
            Ok(_) => normal.push(Change::Normalised { code, count }),
            Err(code) if tarball::Code::try_from(code).is_ok() => normal.push(Change::Normalised { code, count }),
            Err(code)
                if code == snapshot_metadata::Code::MetadataBom
                    || code == snapshot_metadata::Code::MetadataTypeCoerced =>
            {
                normal.push(Change::Normalised { code, count });
            }
            // Everything else about the metadata is corrected by name.
            Err(_) => {}
        }
    }
    (normal, misplaced_count)
}
