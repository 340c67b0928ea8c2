//! Writes many documents in parallel: each thread reads, frames and compresses whole chunks on its own.

use std::io;

use super::assembly::{Assembly, SectionCutter};
use super::content::DocumentSource;
use super::error::{Error, ErrorKind, Result};
use super::ids::IdSet;
use super::index::member_bytes;
use crate::document::DocumentId;
use crate::gzip::{CHUNK_BYTES, Chunk, ChunkSource, SegmentKind};
use crate::io::{ReadAt, at_most, prefix, read_full_at};
use crate::layout::MemberName;
use crate::observe::{Event, Observer, Phase, proceed};
use crate::tarball::{self, BLOCK_BYTES};

const HEADER_BYTES: u64 = BLOCK_BYTES as u64;
const ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// Appends the documents of `source` to the stream.
///
/// If they do not begin a section, the first chunk has room for `before_bytes` fewer bytes: those of documents that another
/// writer appends.
pub(super) fn write<W: io::Write, S: DocumentSource>(
    stream: &mut Assembly<W>,
    source: &S,
    ids: &mut IdSet,
    (sections, before_bytes): (&mut SectionCutter, usize),
    observer: &mut dyn Observer,
) -> Result<()> {
    let Some(last) = source.documents_count().checked_sub(1) else { return Ok(()) };
    check_rows(source, ids)?;
    let begins_section = sections.begins_at(source.row(0).0);
    if begins_section {
        stream.gzip.end_section()?;
    }
    let pending = stream.gzip.take_pending();
    let before_bytes = if begins_section { 0 } else { before_bytes };
    let filled = pending.len_bytes().saturating_add(before_bytes);
    let (mut cuts, is_last_full) = cut(source, filled, sections);
    let full_count = cuts.len().saturating_sub(usize::from(!is_last_full));
    cuts.push(Cut { document: last.saturating_add(1), offset_bytes: 0 });
    let batch = Batch { source, cuts, pending };

    let mut tally = Tally { source, document: 0, crc: crc32fast::Hasher::new() };
    let total_bytes = tally.planned(observer)?;
    let Assembly { gzip, report, index } = stream;
    let before_bytes = report.tar_bytes;
    let mut note = |pieces: Vec<Piece>| -> Result<()> {
        for piece in pieces {
            tally.crc.combine(&crc32fast::Hasher::new_with_initial_len(piece.crc32, piece.payload_bytes));
            if piece.is_last {
                let (id, len_bytes) = source.row(tally.document);
                let crc32 = std::mem::take(&mut tally.crc).finalize();
                if let Some(index) = index.as_mut() {
                    index.member(MemberName::Document(id), len_bytes, crc32);
                }
                report.count_document(len_bytes);
                report.count_tar(member_bytes(len_bytes));
                tally.document = tally.document.saturating_add(1);
                proceed(observer, &Event::document(id, report.documents_count, report.document_bytes))?;
            }
        }
        let done_bytes = report.tar_bytes.saturating_sub(before_bytes);
        Ok(proceed(observer, &Event::bytes(done_bytes, Some(total_bytes)))?)
    };
    gzip.fill_in_parallel(&batch, full_count, &mut note)?;
    if !is_last_full {
        let mut chunk = Chunk::default();
        note(batch.fill(full_count, &mut None, &mut chunk)?)?;
        gzip.put_pending(chunk);
    }
    Ok(())
}

/// Counts the bytes of the chunk under way after the documents `before`, which begin a section: ids and lengths of their members.
pub(super) fn filled_after(before: &[(DocumentId, u64)], sections: &mut SectionCutter) -> usize {
    let filled_bytes = before.iter().fold(0, |filled_bytes, (id, added_bytes)| {
        filled(if sections.begins_at(*id) { 0 } else { filled_bytes }, *added_bytes)
    });
    at_most(CHUNK_BYTES, filled_bytes)
}

/// Returns the length of the chunk under way after one of `bytes` was `filled_bytes` long and `added_bytes` were added.
pub(super) const fn filled(filled_bytes: u64, added_bytes: u64) -> u64 {
    const FULL_BYTES: u64 = CHUNK_BYTES as u64;
    (filled_bytes % FULL_BYTES).saturating_add(added_bytes % FULL_BYTES) % FULL_BYTES
}

/// Refuses rows that do not ascend or were written before.
pub(super) fn check_rows<S: DocumentSource>(source: &S, ids: &mut IdSet) -> Result<()> {
    let mut before = None;
    for index in 0..source.documents_count() {
        let (id, _) = source.row(index);
        if before >= Some(id) {
            let error = Error::misuse("the rows of a document source must ascend, each id once");
            return Err(error.in_document(id, &source.origin(index)));
        }
        if !ids.insert(id) {
            return Err(Error::new(ErrorKind::Duplicate).in_document(id, &source.origin(index)));
        }
        before = Some(id);
    }
    Ok(())
}

/// The start of a chunk: a document, and the number of bytes of its member in earlier chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    document: usize,
    offset_bytes: u64,
}

/// The starts of all chunks, and `true` if the last chunk is full. The first chunk already contains `filled` bytes.
fn cut<S: DocumentSource>(source: &S, mut filled: usize, sections: &mut SectionCutter) -> (Vec<Cut>, bool) {
    let mut cuts = vec![Cut { document: 0, offset_bytes: 0 }];
    for document in 0..source.documents_count() {
        let (id, len_bytes) = source.row(document);
        // The caller has ended the section before the first document.
        if document > 0 && sections.begins_at(id) && filled > 0 {
            cuts.push(Cut { document, offset_bytes: 0 });
            filled = 0;
        }
        let (mut offset_bytes, end) = (0, member_bytes(len_bytes));
        while offset_bytes < end {
            if filled == CHUNK_BYTES {
                cuts.push(Cut { document, offset_bytes });
                filled = 0;
            }
            let count = at_most(CHUNK_BYTES.saturating_sub(filled), end.saturating_sub(offset_bytes));
            offset_bytes = offset_bytes.saturating_add(count as u64);
            filled = filled.saturating_add(count);
        }
    }
    (cuts, filled == CHUNK_BYTES)
}

/// The part of a document in one chunk.
#[derive(Clone, Copy, Debug)]
struct Piece {
    crc32: u32,
    payload_bytes: u64,
    is_last: bool,
}

/// The progress of the caller's thread.
struct Tally<'a, S> {
    source: &'a S,
    document: usize,
    crc: crc32fast::Hasher,
}

impl<S: DocumentSource> Tally<'_, S> {
    /// Announces the documents, and returns the length of their members.
    fn planned(&self, observer: &mut dyn Observer) -> Result<u64> {
        proceed(observer, &Event::Phase(Phase::WritingDocuments))?;
        let (mut document_bytes, mut total_bytes) = (0_u64, 0_u64);
        let count = self.source.documents_count();
        for (_, len_bytes) in (0..count).map(|index| self.source.row(index)) {
            document_bytes = document_bytes.saturating_add(len_bytes);
            total_bytes = total_bytes.saturating_add(member_bytes(len_bytes));
        }
        proceed(observer, &Event::planned(count as u64, document_bytes))?;
        Ok(total_bytes)
    }
}

/// The chunks of all documents. Any thread can fill any of them.
struct Batch<'a, S> {
    source: &'a S,
    /// The start of every chunk, and the end of the last one.
    cuts: Vec<Cut>,
    /// The content that the first chunk already has.
    pending: Chunk,
}

impl<S: DocumentSource> ChunkSource for Batch<'_, S> {
    type Facts = Vec<Piece>;
    type Error = Error;
    /// The last document of the previous chunk, still open: the next chunk of the same thread may begin with the rest
    /// of it.
    type Scratch = Option<(usize, S::File)>;

    fn fill(&self, number: usize, open: &mut Self::Scratch, chunk: &mut Chunk) -> Result<Vec<Piece>> {
        if number == 0 {
            chunk.clone_from(&self.pending);
        }
        let Some([start, end, ..]) = self.cuts.get(number..) else {
            return Err(Error::internal("a chunk was requested that no document is in"));
        };
        let mut pieces = Vec::with_capacity(end.document.saturating_sub(start.document).saturating_add(1));
        for document in start.document..=end.document {
            let from = if document == start.document { start.offset_bytes } else { 0 };
            let until = (document == end.document).then_some(end.offset_bytes);
            if until == Some(0) {
                break;
            }
            let (id, len_bytes) = self.source.row(document);
            let until = until.unwrap_or_else(|| member_bytes(len_bytes));
            let piece = Member { source: self.source, document, id, len_bytes }
                .fill(from, until, open, chunk)
                .map_err(|error| error.in_document(id, &self.source.origin(document)))?;
            pieces.push(piece);
        }
        Ok(pieces)
    }
}

/// One document as a member of the tar stream.
struct Member<'a, S> {
    source: &'a S,
    document: usize,
    id: DocumentId,
    len_bytes: u64,
}

impl<S: DocumentSource> Member<'_, S> {
    /// Appends bytes `from..until` of the member to `chunk`.
    fn fill(&self, from: u64, until: u64, open: &mut Option<(usize, S::File)>, chunk: &mut Chunk) -> Result<Piece> {
        let payload_end = HEADER_BYTES.saturating_add(self.len_bytes);
        if from < HEADER_BYTES {
            let name = MemberName::Document(self.id).render();
            let header = tarball::file_header(name.as_bytes(), self.len_bytes)?;
            chunk.push(SegmentKind::Headers, part(&header, from, until));
        }
        let mut piece = Piece { crc32: 0, payload_bytes: 0, is_last: until == member_bytes(self.len_bytes) };
        let (payload_from, payload_until) = (from.max(HEADER_BYTES), until.min(payload_end));
        if payload_from < payload_until || (self.len_bytes == 0 && from < HEADER_BYTES && until >= HEADER_BYTES) {
            piece.payload_bytes = payload_until.saturating_sub(payload_from);
            let from = payload_from.saturating_sub(HEADER_BYTES);
            piece.crc32 = self.payload(from, piece.payload_bytes, open, chunk)?;
        }
        if until > payload_end {
            chunk.push(
                SegmentKind::Headers,
                part(&ZEROS, from.saturating_sub(payload_end), until.saturating_sub(payload_end)),
            );
        }
        Ok(piece)
    }

    /// Appends `count` bytes of the payload, starting at `from`, and returns their CRC32.
    fn payload(&self, from: u64, count: u64, open: &mut Option<(usize, S::File)>, chunk: &mut Chunk) -> Result<u32> {
        let file = match open.take() {
            Some((document, file)) if document == self.document => file,
            _ => self.source.open(self.document).map_err(|error| Error::io("opening a document", error))?,
        };
        let declared_bytes = self.len_bytes;
        let mut crc32 = 0;
        chunk.push_with(SegmentKind::Payload, at_most(CHUNK_BYTES, count), |buffer| {
            let filled = read_at(&file, buffer, from)?;
            if filled < buffer.len() {
                let actual_bytes = from.saturating_add(filled as u64);
                return Err(Error::new(ErrorKind::TooShort { declared_bytes, actual_bytes }));
            }
            crc32 = crc32fast::hash(buffer);
            Ok(())
        })?;
        if from.saturating_add(count) < declared_bytes {
            *open = Some((self.document, file));
        } else if read_at(&file, &mut [0], declared_bytes)? > 0 {
            return Err(Error::new(ErrorKind::TooLong { declared_bytes }));
        }
        Ok(crc32)
    }
}

/// Bytes `from..until` of `bytes`, as far as they exist.
fn part(bytes: &[u8], from: u64, until: u64) -> &[u8] {
    let bytes = prefix(bytes, until);
    bytes.split_at(at_most(bytes.len(), from)).1
}

fn read_at(file: &impl ReadAt, buffer: &mut [u8], from: u64) -> Result<usize> {
    read_full_at(file, buffer, from).map_err(|error| Error::io("reading a document", error))
}
