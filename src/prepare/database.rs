//! A dump for an archive, verified and with its conversion planned: [`Database`].

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use super::change::{self, Change};
use super::error::{self, Result};
use super::options::PrepareOptions;
use crate::check::dump::{self, ReadDump};
use crate::check::files::Numbers;
use crate::check::{FileTable, FileTableUnavailable};
use crate::document::DocumentId;
use crate::io::{Spool, SpoolError};
use crate::limits::Budget;
use crate::observe::{Event, Observer, Phase, proceed, watch};
use crate::pgdump::compat::{Incompatibility, incompatibilities};
use crate::pgdump::toc::{Offsets, Toc};
use crate::pgdump::transcode::{Changes, Conversion, Transcoder};
use crate::pgdump::{FormatVersion, Inspection};
use crate::snapshot::{Content, SnapshotWriter};
use crate::source::DocumentPlan;
use crate::source::dump::DumpReader;

/// A dump for an archive.
///
/// The dump has been read once, to its last byte, and is sound. If the target requires it, its conversion is planned and
/// happens while it is written. Only data that must be recompressed is spooled first.
///
/// ```
/// use std::fs::File;
/// use appsnap::observe::NoObserver;
/// use appsnap::pgdump::FormatVersion;
/// use appsnap::prepare::{Change, Database, PrepareOptions};
///
/// let dump = File::open("tests/data/check/pg18-default.dump")?;
/// let database = Database::open(dump, &PrepareOptions::new(), &mut NoObserver)?;
/// assert_eq!(database.inspection().header.version(), FormatVersion::V1_16);
/// match &database.changes()[0] {
///     Change::DumpConverted { to, .. } => assert_eq!(*to, FormatVersion::V1_14),
///     other => unreachable!("{other}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Database<R> {
    source: Source<R>,
    len_bytes: u64,
    facts: DumpFacts,
}

/// The facts about a dump and its conversion.
#[derive(Debug)]
pub(super) struct DumpFacts {
    pub(super) inspection: Inspection,
    pub(super) table: std::result::Result<FileTable, FileTableUnavailable>,
    /// The archive version in the archive.
    pub(super) version: FormatVersion,
    /// SQL that the profile's servers refuse.
    pub(super) refused: Vec<Incompatibility>,
    pub(super) changes: Vec<Change>,
    /// The documents whose rows are left out of the dump, ascending.
    pub(super) left_out: Vec<DocumentId>,
    pub(super) conversion: Option<ConversionFacts>,
}

/// The changes of a conversion, and the table of contents in which they name entries.
#[derive(Debug)]
pub(super) struct ConversionFacts {
    changes: Changes,
    toc: Toc,
}

impl ConversionFacts {
    pub(super) const fn parts(&self) -> (&Changes, &Toc) {
        (&self.changes, &self.toc)
    }
}

/// The source of the bytes that are written.
#[derive(Debug)]
pub(super) enum Source<R> {
    Verbatim(R),
    Converted(Box<Conversion<R>>),
    Spooled(File),
}

impl<R: Read + Seek> Database<R> {
    /// Reads the dump in `source` from its current position to its end.
    ///
    /// # Errors
    /// Returns an error if the source is not a sound dump in custom format, if it must be converted and cannot be, if that
    /// requires a spool directory and there is none, if the source fails, or if the observer, which is called after each
    /// MiB, cancels.
    pub fn open(mut source: R, options: &PrepareOptions, observer: &mut dyn Observer) -> Result<Self> {
        proceed(observer, &Event::Phase(Phase::ReadingDump))?;
        let failed = |error| crate::Error::io("reading the dump", error);
        let start = source.stream_position().map_err(failed)?;
        let end = source.seek(SeekFrom::End(0)).map_err(failed)?;
        source.seek(SeekFrom::Start(start)).map_err(failed)?;
        let total_bytes = Some(end.saturating_sub(start));
        let (read, _) = watch(&mut source, total_bytes, observer, |source| {
            dump::read(source, &options.limits, Numbers::Keep, |_| {})
        })?;
        let read = read?;
        source.seek(SeekFrom::Start(start)).map_err(failed)?;
        let (input_bytes, data_end_bytes) = (read.inspection.dump_bytes, read.inspection.data_end_bytes);
        let Some(transcoder) = transcoder(read.inspection.header.version(), options) else {
            let facts = DumpFacts::new(read, None, options);
            return Ok(Self { source: Source::Verbatim(source), len_bytes: input_bytes, facts });
        };
        let plan = transcoder.plan(source, &options.limits)?;
        let mut facts = DumpFacts::new(read, Some(plan.changes()), options);
        let (source, len_bytes) = match plan.output_bytes(data_end_bytes) {
            Some(len_bytes) => (Source::Converted(Box::new(plan)), len_bytes),
            None => {
                let (mut file, len_bytes, offsets) = spool(plan, options, observer)?;
                facts.set_offsets(offsets);
                facts.read_edited(&mut file, options, observer)?;
                (Source::Spooled(file), len_bytes)
            }
        };
        Ok(Self { source, len_bytes, facts })
    }
}

impl Database<DumpReader> {
    /// Reads the dump at `path`, in any form: see [`source::dump`](crate::source::dump).
    ///
    /// # Errors
    /// Returns an error in the cases of [`open`](Self::open), or if the dump needs temporary space and the options have no
    /// spool directory.
    pub fn open_path(path: impl AsRef<Path>, options: &PrepareOptions, observer: &mut dyn Observer) -> Result<Self> {
        let dump_options = options.dump();
        Self::open(DumpReader::open(path, &dump_options)?.into_seekable(&dump_options)?, options, observer)
    }

    /// Spools the dump from `reader`, such as a pipe, and reads the temporary file. The dump may be in any form but a
    /// folder.
    ///
    /// # Errors
    /// Returns an error in the cases of [`open`](Self::open), if the options have no spool directory, or if the reader
    /// returns more than [`Limits::max_entry_bytes`](crate::Limits::max_entry_bytes).
    pub fn spooled(reader: impl Read, options: &PrepareOptions, observer: &mut dyn Observer) -> Result<Self> {
        let folder = options.spool_dir.as_deref().ok_or_else(error::spool_needed)?;
        proceed(observer, &Event::Phase(Phase::SpoolingDump))?;
        let (spooled, _) = watch(reader, None, observer, |source| Spool::all_of(source, folder, budget(options)))?;
        let (file, _) = spooled.map_err(|error| spool_failed("spooling the dump", error))?;
        let dump_options = options.dump();
        Self::open(DumpReader::from_file(file, &dump_options)?.into_seekable(&dump_options)?, options, observer)
    }
}

impl<R> Database<R> {
    /// Returns the length of the dump in the archive, in bytes.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Returns the inspection of the given dump, before any conversion; of a dump whose data is edited, after it.
    #[must_use]
    pub const fn inspection(&self) -> &Inspection {
        &self.facts.inspection
    }

    /// Returns the changes by the conversion; empty without a conversion.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.facts.changes
    }

    /// Turns numbered files of the plan into documents if a row has their number and a uuid. Returns the number of files.
    ///
    /// Files remain skipped if no row has their number, if two rows have it with different uuids, or if its row has no
    /// uuid. The [report](super::Prepared::report) lists rows without a uuid, because a person must assign one.
    pub fn assign_numbers(&self, plan: &mut DocumentPlan) -> u64 {
        let Ok(table) = &self.facts.table else { return 0 };
        // The rows and the plan's questions both ascend by number.
        let mut known = table.numbers().peekable();
        plan.assign(|number| {
            while known.next_if(|(other, _)| *other < number).is_some() {}
            let (_, id) = known.next_if(|(other, _)| *other == number)?;
            let mut is_ambiguous = false;
            while let Some((_, other)) = known.next_if(|(other, _)| *other == number) {
                is_ambiguous |= other != id;
            }
            (!is_ambiguous).then_some(id)
        })
    }

    pub(super) fn into_parts(self) -> (Source<R>, u64, DumpFacts) {
        (self.source, self.len_bytes, self.facts)
    }
}

impl DumpFacts {
    /// `changes` are those of the conversion, if any.
    pub(super) fn new(read: ReadDump, changes: Option<&Changes>, options: &PrepareOptions) -> Self {
        let ReadDump { inspection, table } = read;
        let (header, toc) = (&inspection.header, &inspection.toc);
        let conversion = changes.map(|changes| {
            let mut changes = changes.clone();
            // The plan of a conversion knows no rows yet.
            if let Some(major) = changes.server_major {
                changes.warnings.extend(inspection.values_refused_by(major));
            }
            ConversionFacts { changes, toc: toc.clone() }
        });
        let oldest_major = options.profile.oldest_server_major();
        let (version, refused, changes) = match changes {
            Some(changes) => {
                let is_refused = |warning: &&Incompatibility| warning.feature.since_major() > oldest_major;
                let refused = changes.warnings.iter().filter(is_refused).copied().collect();
                (changes.to, refused, change::of_conversion(changes, toc))
            }
            None => (header.version(), incompatibilities(header, toc, oldest_major), Vec::new()),
        };
        let mut refused = refused;
        for value in inspection.values_refused_by(options.profile.oldest_server_major()) {
            // The report of a conversion has them already.
            if !refused.contains(&value) {
                refused.push(value);
            }
        }
        Self { inspection, table, version, refused, changes, left_out: Vec::new(), conversion }
    }

    /// Records which positions the converted dump states, which is known when it has been written.
    pub(super) const fn set_offsets(&mut self, offsets: Offsets) {
        if let Some(conversion) = &mut self.conversion {
            conversion.changes.offsets = offsets;
        }
    }

    /// Replaces the facts about the contents by those of the edited dump in `file`, and lists the documents whose rows it
    /// does not have.
    pub(super) fn read_edited(
        &mut self,
        file: &mut File,
        options: &PrepareOptions,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        if !options.edits_data() {
            return Ok(());
        }
        proceed(observer, &Event::Phase(Phase::ReadingDump))?;
        let (read, _) =
            watch(&mut *file, None, observer, |source| dump::read(source, &options.limits, Numbers::Keep, |_| {}))?;
        let ReadDump { inspection, table } = read?;
        file.rewind().map_err(|error| crate::Error::io("reading the converted dump", error))?;
        if let Ok(before) = &self.table {
            let mut after = table.iter().flat_map(FileTable::documents).peekable();
            // Both ascend.
            for id in before.documents() {
                while after.next_if(|other| *other < id).is_some() {}
                if after.peek() != Some(&id) {
                    self.left_out.push(id);
                }
            }
            self.left_out.dedup();
        }
        (self.inspection, self.table) = (inspection, table);
        Ok(())
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Verbatim(source) => source.read(buffer),
            Self::Converted(source) => source.read(buffer),
            Self::Spooled(file) => file.read(buffer),
        }
    }
}

/// Returns the conversion that a dump of this version requires, or the options.
pub(super) fn transcoder(version: FormatVersion, options: &PrepareOptions) -> Option<Transcoder> {
    // For the oldest server that reads the version, which may be older than that of the profile.
    let mut transcoder = match options.max_dump_version.filter(|highest| version > *highest) {
        Some(highest) => Transcoder::to(highest),
        None if options.edits_data() => Transcoder::same_version(),
        None => return None,
    };
    transcoder = transcoder.with_parallelism(options.parallelism);
    for pattern in &options.excluded_data {
        transcoder = transcoder.without_data_of(pattern);
    }
    if let Some(editor) = &options.row_editor {
        transcoder = transcoder.with_row_editor(Arc::clone(editor));
    }
    Some(transcoder)
}

/// Converts a dump into a temporary file, because its converted length is unknown. Returns its length and the presence of
/// stored positions as well.
pub(super) fn spool<R: Read>(
    conversion: Conversion<R>,
    options: &PrepareOptions,
    observer: &mut dyn Observer,
) -> Result<(File, u64, Offsets)> {
    let folder = options.spool_dir.as_deref().ok_or_else(error::spool_needed)?;
    let failed = |error| spool_failed("spooling the converted dump", error);
    let mut spool = Spool::create(folder, budget(options)).map_err(failed)?;
    let (_, mut report) = conversion.run(&mut spool, observer)?;
    let mut file = spool.finish().map_err(failed)?;
    let failed = |error| crate::Error::io("spooling the converted dump", error);
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    report.write_offsets(&mut file)?;
    file.rewind().map_err(failed)?;
    Ok((file, report.output_bytes, report.changes.offsets))
}

fn budget(options: &PrepareOptions) -> Budget {
    Budget::new("max_entry_bytes", options.limits.max_entry_bytes())
}

fn spool_failed(action: &'static str, error: SpoolError) -> crate::Error {
    match error {
        SpoolError::Read(source) | SpoolError::Write(source) => crate::Error::io(action, source),
        SpoolError::Limit(exceeded) => exceeded.into(),
    }
}

/// Writes a dump of `len_bytes` bytes into a snapshot.
pub(super) fn write<W: Write>(
    writer: &mut SnapshotWriter<W>,
    len_bytes: u64,
    source: impl Read,
    observer: &mut dyn Observer,
) -> Result<()> {
    Ok(writer.database(Content::sized(len_bytes, source), observer)?)
}
