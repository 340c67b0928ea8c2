//! The documents of a compressed archive, one after the other in one file without a name: [`DocumentSpool`].

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::options::ArchiveOptions;
use crate::io::{Spool, SpoolError};
use crate::limits::Budget;
use crate::source::error::{Error, ErrorKind, Result};

/// A spool that is created when it is first needed.
pub(in crate::source) struct DocumentSpool {
    folder: Option<PathBuf>,
    archive: PathBuf,
    budget: Budget,
    spool: Option<Spool>,
}

impl DocumentSpool {
    /// Creates a spool for documents of `archive`.
    pub(in crate::source) fn new(options: &ArchiveOptions, archive: PathBuf) -> Self {
        let budget = Budget::new("max_total_bytes", options.limits.max_total_bytes());
        Self { folder: options.spool_dir.clone(), archive, budget, spool: None }
    }

    /// Returns the position of the next byte.
    pub(in crate::source) fn len_bytes(&self) -> u64 {
        self.spool.as_ref().map_or(0, Spool::len_bytes)
    }

    pub(in crate::source) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let failed = |error| failed(self.folder.as_ref().unwrap_or(&self.archive), error);
        let spool = match &mut self.spool {
            Some(spool) => spool,
            none => {
                let Some(folder) = &self.folder else {
                    let what = "its documents cannot be read at random and must be spooled: set a directory with `with_spool_dir`";
                    return Err(Error::in_path(&self.archive, ErrorKind::Misuse(what)));
                };
                none.insert(Spool::create(folder, self.budget.clone()).map_err(failed)?)
            }
        };
        spool.append(bytes).map_err(failed)
    }

    /// Returns the file, complete; `None` if nothing was spooled.
    pub(in crate::source) fn finish(self) -> Result<Option<Arc<File>>> {
        let Self { folder, archive, spool, .. } = self;
        let file = spool.map(Spool::finish).transpose();
        Ok(file.map_err(|error| failed(folder.as_ref().unwrap_or(&archive), error))?.map(Arc::new))
    }
}

fn failed(folder: &PathBuf, error: SpoolError) -> Error {
    Error::io(folder, "spooling documents", error.into())
}
