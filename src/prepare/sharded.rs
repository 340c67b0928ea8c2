//! One part of an archive that several workers pack, written by [`Prepared`].

use std::io::{Read, Write};

use super::error::{self, Result};
use super::filtered::FilteredSource;
use super::prepared::Prepared;
use crate::observe::Observer;
use crate::snapshot::join::{PlannedShare, Shard, ShardWriter};
use crate::snapshot::report::WriteReport;
use crate::snapshot::{Content, DocumentSource, WriteOptions};
use crate::source::DocumentPlan;

impl<R: Read, S: DocumentSource> Prepared<R, S> {
    /// Writes one of several parts of the archive, for [`Shards`](crate::snapshot::join::Shards) to join, and returns the
    /// sink, neither flushed nor synced.
    ///
    /// Every worker prepares the same inputs with the same options, and writes another part. A part that is written again
    /// has the same bytes. It always has an index. The first part contains the database.
    ///
    /// # Errors
    /// Returns an error if the documents were [settled](Prepared::settle), because then no other worker has the same
    /// ones, or if they were prepared for [another part](super::Pack::with_shard), and the errors of [`write`](Self::write).
    pub fn write_shard<W: Write>(
        mut self,
        shard: Shard,
        sink: W,
        options: &WriteOptions,
        observer: &mut dyn Observer,
    ) -> Result<(W, WriteReport)> {
        let database = self.database.take().map(|(source, len_bytes)| Content::sized(len_bytes, source));
        Ok(self.shard(shard, options)?.write(sink, database, observer)?)
    }

    /// Returns a name for the file of a part: the same for the same bytes, and other ones for parts of other plans.
    ///
    /// # Errors
    /// Returns an error if the documents were [settled](Prepared::settle), or prepared for [another
    /// part](super::Pack::with_shard).
    pub fn shard_file_name(&self, shard: Shard, options: &WriteOptions) -> Result<String> {
        Ok(self.shard(shard, options)?.file_name())
    }

    fn shard(&self, shard: Shard, options: &WriteOptions) -> Result<ShardWriter<'_, Option<FilteredSource<S>>>> {
        if self.staged.is_some() {
            return Err(error::settled_shard());
        }
        // Facts that dumps of the same database share only if they are copies: one has the time at which it was made.
        let database = self.judge.dump.as_ref().map(|(inspection, version, len_bytes, _)| {
            format!("{version} {len_bytes} {:?} {:?}", inspection.header, inspection.blocks)
        });
        let share = match &self.share {
            Some(share) if share.shard() == shard => (share.clone(), 0),
            Some(share) => return Err(error::other_shard(share.shard())),
            None => self.planned(shard)?,
        };
        Ok(ShardWriter::new(share, &self.documents, (&self.metadata, database.as_deref()), options)?)
    }

    /// Returns a part of the documents, and the number of documents before it.
    fn planned(&self, shard: Shard) -> Result<(PlannedShare, usize)> {
        let database_bytes = self.database.as_ref().map_or(0, |(_, len_bytes)| *len_bytes);
        let rows = || self.documents.iter().flat_map(FilteredSource::rows);
        PlannedShare::of(shard, database_bytes, rows).ok_or_else(error::unsorted_rows)
    }
}

impl<R: Read> Prepared<R, DocumentPlan> {
    /// Keeps only the documents of a part: only this part can be written then, and nothing after it is read ahead.
    pub(super) fn narrow(mut self, shard: Shard) -> Result<Self> {
        if self.share.is_none() {
            let (share, skipped_count) = self.planned(shard)?;
            if let Some(documents) = &mut self.documents {
                let until = skipped_count.saturating_add(share.count);
                let ids = skipped_count..until;
                let kept: Vec<_> = ids.map(|index| documents.row(index).0).collect();
                documents.reduce(|plan| plan.retain(|id| kept.binary_search(&id).is_ok()));
            }
            self.share = Some(share);
        }
        Ok(self)
    }
}
