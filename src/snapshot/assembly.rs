//! The tar stream of an archive that is being written: its members, sections and sizes.

use std::io::{Read, Write};

use super::content::Content;
use super::error::{Error, ErrorKind, Result};
use super::index::{Builder, IndexPlacement, member_bytes};
use super::options::SectionSplit;
use super::report::WriteReport;
use crate::document::DocumentId;
use crate::gzip::{self, Level};
use crate::io::{Parallelism, at_most, prefix, read_full};
use crate::layout::MemberName;
use crate::metadata::Metadata;
use crate::tarball;

/// The tar stream so far, with its report and index.
#[derive(Debug)]
pub(super) struct Assembly<W> {
    pub(super) gzip: gzip::Writer<W>,
    pub(super) report: WriteReport,
    pub(super) index: Option<Builder>,
}

/// Decides before which documents a section begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct SectionCutter {
    sections: SectionSplit,
    largest: Option<u8>,
}

impl SectionCutter {
    pub(super) const fn new(sections: SectionSplit) -> Self {
        Self { sections, largest: None }
    }

    /// Returns `true` if a section begins at this document. Has to be called for every document in archive order.
    pub(super) fn begins_at(&mut self, id: DocumentId) -> bool {
        let [first, ..] = *id.as_bytes();
        let group = match self.sections {
            SectionSplit::Contents => 0,
            SectionSplit::Digit => first >> 4,
            SectionSplit::Byte => first,
        };
        let begins = self.largest.is_none_or(|largest| group > largest);
        if begins {
            self.largest = Some(group);
        }
        begins
    }
}

/// Compares the sizes in `metadata` with those of the contents.
pub(super) fn check_sizes(metadata: &Metadata, database_bytes: Option<u64>, document_bytes: u64) -> Result<()> {
    let sizes = [
        ("dumpSize", metadata.dump_size_bytes(), database_bytes.unwrap_or(0)),
        ("filesSize", metadata.files_size_bytes(), document_bytes),
    ];
    for (name, declared, actual_bytes) in sizes {
        if let Some(declared_bytes) = declared.filter(|declared| *declared != actual_bytes) {
            return Err(Error::new(ErrorKind::MetadataSize { name, declared_bytes, actual_bytes }));
        }
    }
    Ok(())
}

/// Appends zeros as framing.
fn push_zeros<W: Write>(gzip: &mut gzip::Writer<W>, count: u64) -> Result<()> {
    let mut left = count;
    while left > 0 {
        let zeros = prefix(&[0; tarball::BLOCK_BYTES], left);
        gzip.push(gzip::SegmentKind::Headers, zeros)?;
        left = left.saturating_sub(zeros.len() as u64);
    }
    Ok(())
}

impl<W: Write> Assembly<W> {
    pub(super) fn start(sink: W, level: Level, parallelism: Parallelism, index: Option<Builder>) -> Result<Self> {
        Ok(Self { gzip: gzip::Writer::start(sink, level, parallelism)?, report: WriteReport::default(), index })
    }

    /// Writes `.metadata`, the first member.
    pub(super) fn metadata(&mut self, metadata: &Metadata) -> Result<()> {
        let bytes = metadata.render();
        self.member(MemberName::Metadata, Content::sized(bytes.len() as u64, bytes.as_slice()), &mut |_| Ok(()))
    }

    /// Begins a member: writes its header.
    pub(super) fn open_member(&mut self, name: MemberName, len_bytes: u64) -> Result<()> {
        let text = name.render();
        self.gzip.push(gzip::SegmentKind::Headers, &tarball::file_header(text.as_bytes(), len_bytes)?)?;
        Ok(())
    }

    /// Ends a member whose payload is written: pads its last block and counts it.
    pub(super) fn close_member(&mut self, name: MemberName, len_bytes: u64, crc32: u32) -> Result<()> {
        push_zeros(&mut self.gzip, tarball::padding_bytes(len_bytes))?;
        self.note(name, len_bytes, crc32);
        Ok(())
    }

    /// Counts a member of the stream.
    pub(super) fn note(&mut self, name: MemberName, len_bytes: u64, crc32: u32) {
        if let Some(index) = &mut self.index {
            index.member(name, len_bytes, crc32);
        }
        self.report.count_tar(member_bytes(len_bytes));
    }

    /// Writes the end marker, the gzip trailer and, if it is to be embedded, the index.
    pub(super) fn finish(&mut self, placement: IndexPlacement) -> Result<WriteReport> {
        let Self { gzip, report, index } = self;
        gzip.end_section()?;
        let end = tarball::end_marker_bytes(report.tar_bytes);
        push_zeros(gzip, end)?;
        report.count_tar(end);
        let member = gzip.finish()?;
        report.archive_bytes = member.compressed_len_bytes;
        if let Some(builder) = index.take() {
            let index = builder.finish(&member, report.tar_bytes)?;
            if placement == IndexPlacement::Embedded {
                index.write_to(gzip.sink_mut()).map_err(|error| Error::io("writing", error))?;
                report.count_index(&index);
            }
            report.index = Some(index);
        }
        Ok(std::mem::take(report))
    }

    /// Writes one member: header, payload of exactly the declared length, padding. `progress` receives the length so far of
    /// a payload that takes several steps.
    pub(super) fn member<R: Read>(
        &mut self,
        name: MemberName,
        content: Content<R>,
        progress: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        let Content { mut reader, len_bytes } = content;
        self.open_member(name, len_bytes)?;
        let mut payload = PayloadCopy::new(len_bytes);
        while payload.push_some(&mut self.gzip, &mut reader).map_err(|error| in_member(error, name))? {
            if payload.done_bytes < len_bytes {
                progress(payload.done_bytes)?;
            }
        }
        self.close_member(name, len_bytes, payload.crc32())
    }
}

/// Adds the member to the context of an error.
pub(super) fn in_member(error: Error, name: MemberName) -> Error {
    error.within_name(name.render().as_bytes())
}

/// A payload that is being copied: its progress and CRC32.
#[derive(Debug)]
pub(super) struct PayloadCopy {
    declared_bytes: u64,
    done_bytes: u64,
    crc: crc32fast::Hasher,
}

impl PayloadCopy {
    pub(super) fn new(declared_bytes: u64) -> Self {
        Self { declared_bytes, done_bytes: 0, crc: crc32fast::Hasher::new() }
    }

    /// Copies as much as fits into the current chunk. Returns `false` once everything is copied and `reader` is at its
    /// end.
    pub(super) fn push_some<W: Write>(&mut self, gzip: &mut gzip::Writer<W>, reader: &mut impl Read) -> Result<bool> {
        let Self { declared_bytes, done_bytes, crc } = self;
        let declared_bytes = *declared_bytes;
        let left = declared_bytes.saturating_sub(*done_bytes);
        if left == 0 {
            let is_over = read_payload(reader, &mut [0])? == 0;
            return if is_over { Ok(false) } else { Err(Error::new(ErrorKind::TooLong { declared_bytes })) };
        }
        let count = at_most(gzip.room_bytes(), left);
        gzip.push_with(gzip::SegmentKind::Payload, count, |buffer| {
            let filled = read_payload(reader, buffer)?;
            if filled < buffer.len() {
                let actual_bytes = done_bytes.saturating_add(filled as u64);
                return Err(Error::new(ErrorKind::TooShort { declared_bytes, actual_bytes }));
            }
            crc.update(buffer);
            Ok(())
        })?;
        *done_bytes = done_bytes.saturating_add(count as u64);
        Ok(true)
    }

    pub(super) fn crc32(self) -> u32 {
        self.crc.finalize()
    }
}

fn read_payload(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    read_full(reader, buffer).map_err(|error| Error::io("reading a payload", error))
}
