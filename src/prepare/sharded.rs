//! One part of an archive that several workers pack, written by [`Prepared`].

use std::io::{Read, Write};

use super::error::{self, Result};
use super::filtered::FilteredSource;
use super::prepared::Prepared;
use crate::observe::Observer;
use crate::snapshot::join::{Shard, ShardWriter};
use crate::snapshot::report::WriteReport;
use crate::snapshot::{Content, DocumentSource, WriteOptions};

impl<R: Read, S: DocumentSource> Prepared<R, S> {
    /// Writes one of several parts of the archive, for [`Shards`](crate::snapshot::join::Shards) to join, and returns the
    /// sink, neither flushed nor synced.
    ///
    /// Every worker prepares the same inputs with the same options, and writes another part. A part that is written again
    /// has the same bytes. It always has an index. The first part contains the database.
    ///
    /// # Errors
    /// Returns an error if the documents were [settled](Prepared::settle), because then no other worker has the same
    /// ones, and the errors of [`write`](Self::write).
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
    /// Returns an error if the documents were [settled](Prepared::settle).
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
        Ok(ShardWriter::new(shard, &self.documents, (&self.metadata, database.as_deref()), options)?)
    }
}
