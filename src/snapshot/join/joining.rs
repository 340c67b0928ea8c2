//! An archive that is planned part by part: [`Joining`].

use super::copied::Copied;
use super::part_verifier::PartVerifier;
use super::seam::Segment;
use crate::document::DocumentId;
use crate::gzip::{self, ChunkLocation, Inflater};
use crate::io::{ReadAt, prefix};
use crate::layout::MemberName;
use crate::snapshot::archive::SnapshotArchive;
use crate::snapshot::assembly::{Assembly, SectionCutter};
use crate::snapshot::error::{Error, Result};

/// The archive as far as it is planned.
///
/// A part may end in the middle of a chunk of the archive. The chunks at such a seam are decompressed, put together, and
/// compressed again; all others are copied.
pub(super) struct Joining<'a, R, S> {
    parts: &'a [SnapshotArchive<R, S>],
    /// Its sink receives the bytes that are not copied.
    pub(super) stream: Assembly<Vec<u8>>,
    sections: SectionCutter,
    last: Option<DocumentId>,
    pub(super) copied: Vec<Copied>,
    /// The last chunk of the parts so far, if another part may continue it.
    held: Option<Held>,
    inflater: Option<Box<Inflater>>,
}

/// A chunk that is copied unless the next part continues it.
struct Held {
    part: usize,
    number: usize,
    segments: Vec<Segment>,
}

impl<'a, R: ReadAt, S: ReadAt> Joining<'a, R, S> {
    /// Creates a plan without parts. `stream` has ended the section of `.metadata`.
    pub(super) const fn new(
        parts: &'a [SnapshotArchive<R, S>],
        stream: Assembly<Vec<u8>>,
        sections: SectionCutter,
    ) -> Self {
        Self { parts, stream, sections, last: None, copied: Vec::new(), held: None, inflater: None }
    }

    /// Adds part `number`. `each` receives its documents.
    pub(super) fn add(&mut self, number: usize, each: &mut dyn FnMut(DocumentId, u64)) -> Result<()> {
        let part = self.parts.get(number).ok_or_else(|| Error::internal("a plan adds a part that does not exist"))?;
        let mut verifier = PartVerifier::new(part);
        let mut is_first = true;
        if let Some((len_bytes, crc32)) = part.database_slot() {
            if self.stream.report.database_bytes.is_some() || self.last.is_some() {
                return Err(Error::misuse("the database comes once, and before the documents"));
            }
            verifier.begin(self.begin(true)?);
            self.member(&mut verifier, MemberName::Database, len_bytes, crc32)?;
            self.stream.report.database_bytes = Some(len_bytes);
            verifier.end_section();
            is_first = false;
        }
        for document in part.documents() {
            let document = document?;
            let id = document.id();
            if self.last.replace(id) >= Some(id) {
                return Err(Error::misuse("the ids of documents must ascend, in a part and from part to part"));
            }
            let begins_section = self.sections.begins_at(id);
            if is_first {
                verifier.begin(self.begin(begins_section)?);
            } else if begins_section {
                verifier.end_section();
            }
            is_first = false;
            self.member(&mut verifier, MemberName::Document(id), document.len_bytes(), document.crc32())?;
            self.stream.report.count_document(document.len_bytes());
            each(id, document.len_bytes());
        }
        let Some(verified) = verifier.verify(part)? else { return Ok(()) };
        let (mut numbers, last) = (verified.chunks, verified.is_open.then_some(verified.last));
        if verified.before_bytes > 0
            && let Some(first) = numbers.next()
        {
            self.unpack(number, first, &verified.first)?;
            if numbers.is_empty() && last.is_some() {
                return Ok(());
            }
            self.stream.gzip.end_section()?;
        }
        if let Some(segments) = last
            && let Some(number_of_last) = numbers.next_back()
        {
            let segments = if segments.is_empty() { verified.first } else { segments };
            self.held = Some(Held { part: number, number: number_of_last, segments });
        }
        numbers.try_for_each(|chunk| self.copy(number, chunk))
    }

    /// Completes the last section.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.begin(true).map(|_| ())
    }

    /// Makes room for what comes next, and returns the number of bytes that the chunk it begins in already has.
    fn begin(&mut self, begins_section: bool) -> Result<usize> {
        match self.held.take() {
            Some(held) if begins_section => self.copy(held.part, held.number)?,
            Some(held) => self.unpack(held.part, held.number, &held.segments)?,
            None if begins_section => self.stream.gzip.end_section()?,
            None => {}
        }
        Ok(self.stream.gzip.pending_bytes())
    }

    fn member(&mut self, verifier: &mut PartVerifier, name: MemberName, len_bytes: u64, crc32: u32) -> Result<()> {
        verifier.member(name, len_bytes, crc32)?;
        self.stream.note(name, len_bytes, crc32);
        Ok(())
    }

    fn chunk(&self, part: usize, number: usize) -> Result<(&'a R, &'a ChunkLocation)> {
        let part = self.parts.get(part);
        let found = part.and_then(|part| Some((part.source(), part.chunks().get(number)?)));
        found.ok_or_else(|| Error::internal("a plan uses a chunk that no part has"))
    }

    /// Plans to copy a chunk.
    fn copy(&mut self, part: usize, number: usize) -> Result<()> {
        let (_, chunk) = self.chunk(part, number)?;
        let created_bytes = self.stream.gzip.sink_mut().len() as u64;
        let next = Copied {
            part,
            chunks: number..number.saturating_add(1),
            from_bytes: chunk.compressed_offset_bytes,
            len_bytes: u64::from(chunk.row.compressed_len_bytes),
            output_bytes: self.stream.gzip.compressed_len_bytes(),
            created_bytes,
        };
        match self.copied.last_mut() {
            Some(last) if last.is_continued_by(&next) => {
                last.len_bytes = last.len_bytes.saturating_add(next.len_bytes);
                last.chunks.end = next.chunks.end;
            }
            _ => self.copied.push(next),
        }
        Ok(self.stream.gzip.pass_chunk(chunk.row)?)
    }

    /// Appends the verified content of a chunk.
    fn unpack(&mut self, part: usize, number: usize, segments: &[Segment]) -> Result<()> {
        let (source, chunk) = self.chunk(part, number)?;
        let mut compressed = Vec::new();
        let (offset_bytes, len_bytes) = (chunk.compressed_offset_bytes, u64::from(chunk.row.compressed_len_bytes));
        gzip::read_range(source, offset_bytes, len_bytes, &mut compressed)?;
        let inflater = self.inflater.get_or_insert_with(|| Box::new(Inflater::new()));
        let mut rest = inflater.chunk(&compressed, &chunk.row).map_err(|error| error.at(offset_bytes))?;
        for (kind, len) in segments {
            let bytes = prefix(rest, *len as u64);
            self.stream.gzip.push(*kind, bytes)?;
            rest = rest.split_at(bytes.len()).1;
        }
        if rest.is_empty() { Ok(()) } else { Err(Error::internal("the segments of a chunk are shorter than it")) }
    }
}
