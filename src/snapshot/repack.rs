//! Rewrites any readable snapshot in the chunked form, whole or in part: [`repack`].

use std::io::{self, Read, Write};

use super::content::Content;
use super::entry::EntryKind;
use super::error::{Error, Result};
use super::options::WriteOptions;
use super::reader::SnapshotReader;
use super::report::WriteReport;
use super::writer::SnapshotWriter;
use crate::layout::Contents;
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed};

/// Copies the snapshot that `open` returns to `sink` in the form of [`SnapshotWriter`]: chunked, and with an index if the
/// options request one.
///
/// The source is opened at least twice, and a third time if the database follows documents. Documents keep their order.
/// With only a part of the [contents](WriteOptions::with_contents), the metadata's size of the omitted part becomes 0. Other sizes are copied, even
/// if they are wrong.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter};
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?;
/// # writer.database(Content::sized(4, &b"dump"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::{ReadOptions, SnapshotReader, WriteOptions, repack};
/// use appsnap::snapshot::index::IndexPlacement;
///
/// let write = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// let open = || Ok(SnapshotReader::new(archive.as_slice(), &ReadOptions::new()));
/// let (indexed, _) = repack(open, Vec::new(), &write, &mut NoObserver)?;
/// assert!(indexed.len() > archive.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns the errors of [`SnapshotReader::next_entry`] and [`SnapshotWriter`]. Also returns an error if `open` fails. The archive in
/// the sink is then truncated.
pub fn repack<R: Read, W: Write>(
    mut open: impl FnMut() -> io::Result<SnapshotReader<R>>,
    sink: W,
    options: &WriteOptions,
    observer: &mut dyn Observer,
) -> Result<(W, WriteReport)> {
    let contents = options.contents;
    let mut open = || open().map_err(|error| Error::io("opening the archive", error));
    proceed(observer, &Event::Phase(Phase::SurveyingArchive))?;
    let order = Order::find(&mut open()?, observer)?;
    let metadata = part_of(&order.metadata.unwrap_or_default(), contents);
    let mut writer = SnapshotWriter::start(sink, &metadata, &options.clone().without_size_check())?;
    let wants_database = contents.has_database();
    if wants_database && order.is_database_late {
        let mut reader = open()?;
        while let Some(mut entry) = reader.next_entry()? {
            if matches!(entry.kind(), EntryKind::Database) {
                let len_bytes = entry.len_bytes();
                writer.database(Content::sized(len_bytes, &mut entry), observer)?;
            }
        }
    }
    let mut reader = open()?;
    while let Some(mut entry) = reader.next_entry()? {
        let len_bytes = entry.len_bytes();
        match *entry.kind() {
            EntryKind::Database if wants_database && !order.is_database_late => {
                writer.database(Content::sized(len_bytes, &mut entry), observer)?;
            }
            EntryKind::Document(id) if contents.has_documents() => {
                writer.document(id, Content::sized(len_bytes, &mut entry), observer)?;
            }
            EntryKind::UnusableMetadata(_) | EntryKind::Misplaced { .. } | EntryKind::Repeated(_) => {
                return Err(Error::misuse("a faulty archive cannot be repacked: repair it first"));
            }
            _ => {}
        }
    }
    Ok(writer.finish()?)
}

/// The facts that are needed before the first byte is written.
#[derive(Default)]
struct Order {
    metadata: Option<Metadata>,
    /// The database follows a document.
    is_database_late: bool,
}

impl Order {
    /// Reads as far as necessary: two entries of a well-ordered archive, everything if there is no database or the
    /// metadata is last.
    fn find<R: Read>(reader: &mut SnapshotReader<R>, observer: &mut dyn Observer) -> Result<Self> {
        let mut order = Self::default();
        let mut has_documents = false;
        let mut has_database = false;
        while let Some(entry) = reader.next_entry()? {
            match entry.kind() {
                EntryKind::Metadata(metadata) => order.metadata = Some(metadata.clone()),
                EntryKind::Database => {
                    order.is_database_late = has_documents;
                    has_database = true;
                }
                EntryKind::Document(_) => has_documents = true,
                _ => {}
            }
            if has_database && order.metadata.is_some() {
                break;
            }
            entry.skip(None, observer)?;
        }
        Ok(order)
    }
}

/// The metadata of a part, in which omitted contents have size 0.
pub(crate) fn part_of(metadata: &Metadata, contents: Contents) -> Metadata {
    match contents {
        Contents::Full => metadata.clone(),
        Contents::DatabaseOnly => metadata.clone().with_files_size_bytes(0),
        Contents::FilesOnly => metadata.clone().with_dump_size_bytes(0),
    }
}
