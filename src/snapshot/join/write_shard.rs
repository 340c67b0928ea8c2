//! Writes one part of a plan: [`ShardWriter`].

use std::io::{Read, Write};
use std::ops::Range;

use super::plan_name::{Part, Plan};
use super::share::PlannedShare;
use crate::metadata::Metadata;
use crate::observe::Observer;
use crate::snapshot::content::{Content, DocumentSource};
use crate::snapshot::error::Result;
use crate::snapshot::index::IndexPlacement;
use crate::snapshot::options::WriteOptions;
use crate::snapshot::report::WriteReport;
use crate::snapshot::writer::SnapshotWriter;

/// A part of the archive of a source, named and ready to be written.
pub(crate) struct ShardWriter<'a, S> {
    share: PlannedShare,
    part: Part,
    source: &'a S,
    documents: Range<usize>,
    metadata: &'a Metadata,
    options: WriteOptions,
}

impl<'a, S: DocumentSource> ShardWriter<'a, S> {
    /// Names the part: `share`, whose documents in `source` begin with number `skipped_count`. `metadata` is that of the whole
    /// archive. `database` differs from dump to dump.
    pub(crate) fn new(
        (share, skipped_count): (PlannedShare, usize),
        source: &'a S,
        (metadata, database): (&'a Metadata, Option<&str>),
        options: &WriteOptions,
    ) -> Result<Self> {
        let documents = skipped_count..skipped_count.saturating_add(share.count);
        let part = Part::new(&share, Plan::new((metadata, database), &share, options)?)?;
        let options = options.clone().with_index(IndexPlacement::Embedded);
        Ok(Self { share, part, source, documents, metadata, options })
    }

    /// Returns the name of a file for the part: the same for the same contents.
    pub(crate) fn file_name(&self) -> String {
        let plan = self.part.name.get(..16).unwrap_or(&self.part.name);
        format!("{plan}-{:05}-of-{:05}.tar.gz", self.share.shard().number(), self.share.shard().count())
    }

    /// Writes the part, with the database if it is the first one.
    pub(crate) fn write<W: Write, R: Read>(
        self,
        sink: W,
        database: Option<Content<R>>,
        observer: &mut dyn Observer,
    ) -> Result<(W, WriteReport)> {
        let database = database.filter(|_| self.share.shard().number() == 1);
        let lengths = self.documents.clone().map(|index| self.source.row(index).1);
        let metadata = self.metadata.clone();
        let metadata = metadata.with_dump_size_bytes(database.as_ref().map_or(0, Content::len_bytes));
        let metadata = metadata.with_files_size_bytes(lengths.fold(0, u64::saturating_add));
        let metadata = self.part.add_to(metadata)?;
        let mut writer = SnapshotWriter::start(sink, &metadata, &self.options)?;
        if let Some(database) = database {
            writer.database(database, observer)?;
        }
        writer.share_of_documents(self.source, self.documents, self.share.before(), observer)?;
        Ok(writer.finish()?)
    }
}
