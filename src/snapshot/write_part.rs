//! Copies the database or the documents of an indexed archive without recompression.

use std::io::Write;

use super::archive::SnapshotArchive;
use super::assembly::Assembly;
use super::error::Result;
use super::index::IndexPlacement;
use super::index::{Builder, member_bytes, wrong};
use super::options::WriteOptions;
use super::repack::part_of;
use super::report::WriteReport;
use crate::gzip::{self, Level};
use crate::io::{Parallelism, ReadAt};
use crate::layout::MemberName;
use crate::observe::Observer;

impl<R: ReadAt + Sync, S: ReadAt> SnapshotArchive<R, S> {
    /// Writes an archive of the database alone or of the documents alone by copying their compressed sections.
    ///
    /// The options determine the [contents](WriteOptions::with_contents), the index and the number of threads. The level
    /// and the sections are those of this archive.
    ///
    /// The whole archive is verified first. Only `.metadata` and the end are recompressed. The result is byte for byte the
    /// archive that [`SnapshotWriter`](super::SnapshotWriter) writes with the same level and sections.
    ///
    /// ```
    /// # use appsnap::metadata::Metadata;
    /// # use appsnap::snapshot::{Content, SnapshotWriter};
    /// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
    /// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options)?;
    /// # writer.database(Content::sized(4, &b"dump"[..]), &mut NoObserver)?;
    /// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
    /// # let (archive, _) = writer.finish()?;
    /// use appsnap::layout::Contents;
    /// use appsnap::observe::NoObserver;
    /// use appsnap::snapshot::{ReadOptions, SnapshotArchive, WriteOptions};
    /// use appsnap::snapshot::index::IndexPlacement;
    ///
    /// let archive = SnapshotArchive::open(archive.as_slice(), &ReadOptions::new())?;
    /// let options = WriteOptions::new().with_contents(Contents::DatabaseOnly);
    /// let (_, report) = archive.write_part(Vec::new(), &options, &mut NoObserver)?;
    /// assert_eq!((report.database_bytes(), report.documents_count()), (Some(4), 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`verify`](Self::verify). Also returns an error if a section does not begin with a chunk, as in archives
    /// of other writers, or if writing fails.
    pub fn write_part<W: Write>(
        &self,
        sink: W,
        options: &WriteOptions,
        observer: &mut dyn Observer,
    ) -> Result<(W, WriteReport)> {
        let (contents, index) = (options.contents, options.index);
        self.verify(options.parallelism, observer)?;
        let metadata = part_of(&self.metadata()?, contents);
        let builder = (index != IndexPlacement::Omitted).then(Builder::default);
        let mut stream = Assembly::start(sink, Level::default(), Parallelism::INLINE, builder)?;
        stream.metadata(&metadata)?;
        stream.gzip.end_section()?;
        let start = self.database_offset_bytes();
        let middle = start.saturating_add(self.database_bytes().map_or(0, member_bytes));
        let end = self.documents_end_bytes()?;
        if contents.has_database()
            && let Some((len_bytes, crc32)) = self.database_slot()
        {
            self.copy_chunks(&mut stream.gzip, start, middle)?;
            stream.note(MemberName::Database, len_bytes, crc32);
            stream.report.database_bytes = Some(len_bytes);
        }
        if contents.has_documents() {
            self.copy_chunks(&mut stream.gzip, middle, end)?;
            for document in self.documents() {
                let document = document?;
                stream.note(MemberName::Document(document.id()), document.len_bytes(), document.crc32());
                stream.report.count_document(document.len_bytes());
            }
        }
        let report = stream.finish(index)?;
        Ok((stream.gzip.into_sink(), report))
    }

    /// Copies the chunks that contain exactly bytes `from..until` of the tar stream.
    fn copy_chunks<W: Write>(&self, writer: &mut gzip::Writer<W>, from: u64, until: u64) -> Result<()> {
        let mut compressed = Vec::new();
        let mut at = from;
        let torn = || wrong("a section of the archive does not begin with a chunk: repack the archive instead");
        while at < until {
            let place = self.chunk_at(at).ok_or_else(torn)?;
            at = place.uncompressed_offset_bytes.saturating_add(u64::from(place.row.uncompressed_len_bytes));
            if (place.uncompressed_offset_bytes < from) || at > until {
                return Err(torn());
            }
            let len_bytes = u64::from(place.row.compressed_len_bytes);
            gzip::read_range(self.source(), place.compressed_offset_bytes, len_bytes, &mut compressed)?;
            writer.copy_chunk(&compressed, place.row)?;
        }
        Ok(())
    }
}
