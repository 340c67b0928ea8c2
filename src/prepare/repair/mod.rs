//! Repair of archives that have sound framing but are not acceptable: [`Repair`].

mod entry;
mod metadata;
mod place;
mod survey;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use self::entry::{Item, read_item};
use self::place::Places;
use super::change::Change;
use super::database::{self, ConversionFacts};
use super::error::{self, Result};
use crate::check::Report;
use crate::document::DocumentId;
use crate::limits::Limits;
use crate::metadata::Metadata;
use crate::observe::Observer;
use crate::pgdump::toc::Toc;
use crate::pgdump::transcode::{Changes, Transcoder};
use crate::snapshot::options::Tolerance;
use crate::snapshot::report::WriteReport;
use crate::snapshot::{Content, Entry, ReadOptions, SnapshotReader, SnapshotWriter, WriteOptions, part_of};

/// An archive that has sound framing but is not acceptable, examined and ready to be repaired.
///
/// A repair handles `.metadata` that is missing, unusable or stale, of which every usable value is kept; a common top
/// folder; documents in other folders than `tree`, and a flat `tree`; letter case, backslashes and needless dots in names;
/// any order of members; files that file managers create; identical duplicates; unusual headers; and a dump that is too
/// new. Nothing is guessed: a file that does not belong in a snapshot, two different files for one name, or a damaged dump
/// stops it.
/// Nothing is written before [`write`](Self::write) is called.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use std::io::Cursor;
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::observe::NoObserver;
/// use appsnap::prepare::{PrepareOptions, Repair};
///
/// let options = PrepareOptions::new().with_model_version("1.0.0.40");
/// let repair = Repair::survey(Cursor::new(archive), &options, &mut NoObserver)?;
/// for change in repair.changes() {
///     println!("{change}");
/// }
/// let (repaired, report) = repair.write(Vec::new(), &WriteOptions::new(), &mut NoObserver)?;
/// assert_eq!(report.documents_count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Names are parsed into types, never joined to paths; [`PrepareOptions::with_limits`](super::PrepareOptions::with_limits) bounds what is read, which for a
/// archive from an untrusted source should be [`Limits::untrusted`].
#[derive(Debug)]
pub struct Repair<R> {
    source: R,
    start: u64,
    limits: Limits,
    drops_unknown: bool,
    metadata: Metadata,
    database: Option<Dump>,
    /// `true` if the dump follows a document.
    is_database_late: bool,
    /// The documents whose rows are left out of the dump, ascending.
    left_out: Vec<DocumentId>,
    /// Documents that the archive contains again, with the same contents.
    repeated: BTreeSet<DocumentId>,
    report: Report,
    changes: Vec<Change>,
    conversion: Option<ConversionFacts>,
}

/// The treatment of the dump.
#[derive(Debug)]
enum Dump {
    /// The dump is copied.
    Verbatim,
    /// The dump is converted to this length while it is written.
    Converted(Transcoder, u64),
    /// The dump has been converted into a temporary file of this length.
    Spooled(File, u64),
}

impl<R: Read + Seek> Repair<R> {
    /// Writes the repaired archive and returns the sink, neither flushed nor synced. The source is read again, or twice
    /// if the dump follows documents. The options may ask for [one part](WriteOptions::with_contents) of the archive.
    ///
    /// # Errors
    /// Returns an error in the cases of [`survey`](Self::survey), if the sink fails, or if the source has changed.
    pub fn write<W: Write>(
        mut self,
        sink: W,
        options: &WriteOptions,
        observer: &mut dyn Observer,
    ) -> Result<(W, WriteReport)> {
        let contents = options.contents();
        let mut writer = SnapshotWriter::start(sink, &part_of(&self.metadata, contents), options)?;
        let mut database = self.database.take().filter(|_| contents.has_database());
        if let Some(dump) = database.take_if(|_| self.is_database_late) {
            self.write_database(dump, &mut writer, observer)?;
        }
        let (limits, mut places) = (self.limits.clone(), Places::new(self.drops_unknown));
        let mut written = BTreeSet::new();
        let mut reader = open(&mut self.source, self.start, &limits)?;
        while let Some(mut entry) = reader.next_entry()? {
            match read_item(&mut entry, &mut places, &limits)? {
                Item::Database => {
                    if let Some(dump) = database.take() {
                        put_database(dump, entry, &limits, &mut writer, observer)?;
                    }
                }
                Item::Document(_) if !contents.has_documents() => {}
                Item::Document(id) if self.left_out.binary_search(&id).is_ok() => {}
                Item::Document(id) if self.repeated.contains(&id) && !written.insert(id) => {}
                Item::Document(id) => {
                    writer.document(id, Content::sized(entry.len_bytes(), entry), observer)?;
                }
                Item::Metadata(_) | Item::Junk => {}
            }
        }
        if database.is_some() {
            return Err(error::changed());
        }
        Ok(writer.finish()?)
    }

    /// Writes the dump before the documents that precede it in the source.
    fn write_database<W: Write>(
        &mut self,
        dump: Dump,
        writer: &mut SnapshotWriter<W>,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let (limits, mut places) = (self.limits.clone(), Places::new(self.drops_unknown));
        let mut reader = open(&mut self.source, self.start, &limits)?;
        while let Some(mut entry) = reader.next_entry()? {
            if matches!(read_item(&mut entry, &mut places, &limits)?, Item::Database) {
                return put_database(dump, entry, &limits, writer, observer);
            }
        }
        Err(error::changed())
    }
}

impl<R> Repair<R> {
    /// Returns the changes that the repair makes.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns the changes that the conversion of the dump makes, and the table of contents of the dump, in which they name
    /// entries; `None` without a conversion.
    #[must_use]
    pub fn conversion(&self) -> Option<(&Changes, &Toc)> {
        self.conversion.as_ref().map(ConversionFacts::parts)
    }

    /// Returns the report that a check of the repaired archive will give.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Returns the metadata of the repaired archive.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

fn put_database<R: Read, W: Write>(
    dump: Dump,
    entry: Entry<'_, R>,
    limits: &Limits,
    writer: &mut SnapshotWriter<W>,
    observer: &mut dyn Observer,
) -> Result<()> {
    match dump {
        Dump::Verbatim => database::write(writer, entry.len_bytes(), entry, observer),
        Dump::Converted(transcoder, len_bytes) => {
            database::write(writer, len_bytes, transcoder.plan(entry, limits)?, observer)
        }
        Dump::Spooled(file, len_bytes) => database::write(writer, len_bytes, file, observer),
    }
}

/// Starts reading the archive, and tolerates faults of names and metadata.
fn open<'s, R: Read + Seek>(source: &'s mut R, start: u64, limits: &Limits) -> Result<SnapshotReader<&'s mut R>> {
    source.seek(SeekFrom::Start(start)).map_err(|error| crate::Error::io("rewinding the archive", error))?;
    let options = ReadOptions::new().with_limits(limits.clone()).with_tolerance(Tolerance::Salvage);
    let options = options.expanding_sparse();
    Ok(SnapshotReader::new(source, &options))
}
