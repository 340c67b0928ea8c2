//! The contents of one input, as far as they are known before the comparison: [`Side`].

use std::hash::RandomState;
use std::io::{Cursor, Read};

use super::database::DumpContents;
use super::input::{Ascending, Indexed, Input, Source};
use super::sums::Sums;
use crate::check::error_tap::SnapshotErrorTap;
use crate::check::files::Sorted;
use crate::detect;
use crate::document::DocumentId;
use crate::error::{Category, Error};
use crate::limits::Limits;
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed, watch};
use crate::pgdump;
use crate::snapshot::archive::ListedDocument;
use crate::snapshot::{self, EntryKind, ReadOptions, SnapshotReader};

/// One input.
pub(super) struct Side<'a> {
    name: String,
    /// `None` for a bare dump.
    pub(super) snapshot: Option<Snapshot<'a>>,
    dump: Option<Dump<'a>>,
}

/// The contents of a snapshot besides its dump.
pub(super) struct Snapshot<'a> {
    name: String,
    documents: Documents<'a>,
    pub(super) metadata: Option<Metadata>,
}

enum Documents<'a> {
    Indexed(&'a dyn Indexed),
    Read(Sorted<(DocumentId, u64, u32)>),
}

enum Dump<'a> {
    Unread(Sums, &'a dyn Indexed),
    Read(Sums, DumpContents),
}

impl<'a> Side<'a> {
    /// Reads a stream to its end, and of an archive only what the comparison always needs.
    pub(super) fn open(
        input: Input<'a>,
        key: &RandomState,
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<Self, Error> {
        let Input { name, source } = input;
        let named = |error: Error| error.within(&name);
        let (snapshot, dump) = match source {
            Source::Indexed(archive) => {
                let metadata = match archive.metadata() {
                    Err(error) if matches!(error.kind(), snapshot::ErrorKind::NotFound(_)) => None,
                    metadata => Some(metadata.map_err(|error| named(error.into()))?),
                };
                let dump = archive.dump();
                let dump = dump.map(|(len_bytes, crc32, _)| Dump::Unread(Sums { len_bytes, crc32 }, archive));
                (Some((Documents::Indexed(archive), metadata)), dump)
            }
            Source::Stream(source) => read(source, key, limits, observer).map_err(named)?,
        };
        let snapshot = snapshot.map(|(documents, metadata)| Snapshot { name: name.clone(), documents, metadata });
        Ok(Self { name, snapshot, dump })
    }

    /// Length and CRC32 of the dump; `None` if there is none.
    pub(super) fn dump_sums(&self) -> Option<Sums> {
        self.dump.as_ref().map(|dump| match dump {
            Dump::Unread(sums, _) | Dump::Read(sums, _) => *sums,
        })
    }

    /// The contents of the dump, which is read unless it was; empty if there is none.
    pub(super) fn take_dump(
        &mut self,
        key: &RandomState,
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<DumpContents, Error> {
        let archive = match self.dump.take() {
            None => return Ok(DumpContents::default()),
            Some(Dump::Read(_, contents)) => return Ok(contents),
            Some(Dump::Unread(_, archive)) => archive,
        };
        let Some((_, _, source)) = archive.dump() else { return Ok(DumpContents::default()) };
        let read = read_dump(source, key, limits, observer);
        read.map(|(contents, _)| contents).map_err(|error| error.within(&self.name))
    }
}

impl Snapshot<'_> {
    /// The documents, in ascending order of their ids.
    pub(super) fn documents(&self) -> Result<Ascending<'_>, Error> {
        let documents = match &self.documents {
            Documents::Indexed(archive) => archive.documents(),
            Documents::Read(rows) => {
                let listed = |(id, len_bytes, crc32)| Ok(ListedDocument::new(id, len_bytes, crc32));
                Ok(Box::new(rows.iter().map(listed)) as Ascending<'_>)
            }
        };
        documents.map_err(|error| self.named(error))
    }

    /// Adds the name of the input to an error.
    pub(super) fn named(&self, error: snapshot::Error) -> Error {
        Error::from(error).within(&self.name)
    }
}

type Parts<'a> = (Option<(Documents<'a>, Option<Metadata>)>, Option<Dump<'a>>);

/// Reads a stream to its end: a snapshot, or a dump.
fn read<'a>(
    mut source: impl Read,
    key: &RandomState,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<Parts<'a>, Error> {
    let mut head = Vec::new();
    source.by_ref().take(detect::HEAD_BYTES).read_to_end(&mut head)?;
    let detection = detect::identify(&head);
    let begins_like_a_dump = head.starts_with(pgdump::MAGIC);
    let source = Cursor::new(head).chain(source);
    if begins_like_a_dump {
        let (contents, sums) = read_dump(source, key, limits, observer)?;
        return Ok((None, Some(Dump::Read(sums, contents))));
    }
    if !detection.may_be_snapshot() {
        let hint = detection.hint().unwrap_or("name a snapshot or a dump in custom format".into());
        let message = format!("the file is {detection}, neither a snapshot nor a dump: {hint}");
        return Err(Error::of(Category::BadInput, message));
    }
    read_snapshot(source, key, limits, observer)
}

fn read_snapshot<'a>(
    source: impl Read,
    key: &RandomState,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<Parts<'a>, Error> {
    let mut reader = SnapshotReader::new(source, &ReadOptions::new().with_limits(limits.clone()));
    let (mut documents, mut metadata, mut dump) = (Sorted::default(), None, None);
    while let Some(entry) = reader.next_entry()? {
        match *entry.kind() {
            EntryKind::Document(id) => {
                if documents.len() == 0 {
                    proceed(observer, &Event::Phase(Phase::ReadingDocuments))?;
                }
                let len_bytes = entry.len_bytes();
                documents.push((id, len_bytes, entry.crc32()?));
                let report = reader.report();
                proceed(observer, &Event::document(id, report.documents_count(), report.document_bytes()))?;
            }
            EntryKind::Metadata(ref found) => metadata = Some(found.clone()),
            EntryKind::Database => {
                let mut tap = SnapshotErrorTap::new(entry);
                let read = read_dump(&mut tap, key, limits, observer);
                if let Some(error) = tap.into_error() {
                    return Err(error.into());
                }
                let (contents, sums) = read.map_err(|error| error.within(snapshot_database()))?;
                dump = Some(Dump::Read(sums, contents));
            }
            _ => {}
        }
    }
    Ok((Some((Documents::Read(documents.finish()), metadata)), dump))
}

fn snapshot_database() -> String {
    crate::layout::MemberName::Database.to_string()
}

/// Reads a dump to its verified end.
fn read_dump(
    source: impl Read,
    key: &RandomState,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<(DumpContents, Sums), Error> {
    proceed(observer, &Event::Phase(Phase::ReadingDump))?;
    let mut summed = Summed { source, crc: crc32fast::Hasher::new() };
    let (contents, len_bytes) = watch(&mut summed, None, observer, |source| DumpContents::read(source, key, limits))?;
    Ok((contents?, Sums { len_bytes, crc32: summed.crc.finalize() }))
}

/// Computes the CRC32 of what is read.
struct Summed<R> {
    source: R,
    crc: crc32fast::Hasher,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.crc.update(crate::io::prefix(buffer, count as u64));
        Ok(count)
    }
}
