//! Creates the index of an archive that was written without one: [`make_index`].

use super::builder::{Builder, Index};
use super::tables::member_bytes;
use crate::gzip;
use crate::io::ReadAt;
use crate::layout::MemberName;
use crate::observe::{Event, Observer, Phase, proceed};
use crate::snapshot::assembly::SectionCutter;
use crate::snapshot::entry::EntryKind;
use crate::snapshot::error::{Error, ErrorKind, Result};
use crate::snapshot::options::{ReadOptions, SectionSplit};
use crate::snapshot::reader::SnapshotReader;
use crate::snapshot::report::WriteReport;

/// Creates the index of a chunked archive that has none. Append the index to the archive, or store it beside it.
///
/// The archive is read twice: once for its contents, and once to locate its chunks. `sections` must be that of the
/// archive's writer.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?;
/// # writer.database(Content::sized(4, &b"dump"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive};
/// use appsnap::snapshot::index::make_index;
/// use appsnap::snapshot::options::SectionSplit;
///
/// let mut archive = archive;
/// let index = make_index(&archive, SectionSplit::Contents, &ReadOptions::new(), &mut NoObserver)?;
/// index.write_to(&mut archive)?;
/// let indexed_len_bytes = archive.len() as u64;
/// let archive = SnapshotArchive::open(archive, &ReadOptions::new())?;
/// // Truncating the file removes the index.
/// assert_eq!(archive.data_bytes(), indexed_len_bytes - index.len_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns the errors of [`SnapshotReader::next_entry`](crate::snapshot::SnapshotReader::next_entry). Returns [`ErrorKind::Misuse`]
/// if the archive is not chunked, is not in the order of this crate's writer, or already has an index.
pub fn make_index<R: ReadAt + Sync>(
    source: &R,
    sections: SectionSplit,
    options: &ReadOptions,
    observer: &mut dyn Observer,
) -> Result<Index> {
    proceed(observer, &Event::Phase(Phase::IndexingArchive))?;
    let not_chunked = || Error::new(ErrorKind::Misuse("the archive is not in the chunked form: repack it"));
    let mut reader = SnapshotReader::new(crate::io::Cursor::new(source), options);
    let mut builder = Builder::default();
    let mut cut = SectionCutter::new(sections);
    let mut ends = gzip::ChunkLengths::default();
    let mut report = WriteReport::default();
    let mut place = 0;
    while let Some(entry) = reader.next_entry()? {
        let len_bytes = entry.len_bytes();
        let (name, rank) = match *entry.kind() {
            EntryKind::Metadata(_) => (MemberName::Metadata, 0),
            EntryKind::Database => (MemberName::Database, 1),
            EntryKind::Document(id) => (MemberName::Document(id), 2),
            _ => return Err(not_chunked()),
        };
        let begins = match name {
            MemberName::Document(id) => cut.begins_at(id),
            _ => true,
        };
        if rank < place || (rank == place && rank == 1) {
            return Err(not_chunked());
        }
        place = rank;
        if begins {
            ends.end_section();
        }
        ends.push(member_bytes(len_bytes));
        builder.member(name, len_bytes, entry.skip(None, observer)?);
        proceed(observer, &Event::bytes(reader.offset_bytes(), None))?;
        report.count_tar(member_bytes(len_bytes));
    }
    if reader.report().is_indexed() {
        return Err(Error::misuse("the archive already has an index"));
    }
    let tar_bytes = reader.offset_bytes();
    ends.end_section();
    ends.push(tar_bytes.checked_sub(report.tar_bytes).ok_or_else(not_chunked)?);
    report.tar_bytes = tar_bytes;
    proceed(observer, &Event::Phase(Phase::LocatingChunks))?;
    let facts = gzip::locate_chunks(source, &ends.finish(), |done_bytes| -> Result<()> {
        Ok(proceed(observer, &Event::bytes(done_bytes, Some(tar_bytes)))?)
    })?;
    let facts = facts.ok_or_else(not_chunked)?;
    builder.finish(&facts, report.tar_bytes)
}
