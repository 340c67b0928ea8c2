//! One file without a name, to which documents are put down one behind another: [`Spool`].

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::options::ArchiveOptions;
use crate::source::error::{Error, ErrorKind, Result};

const BUFFER_BYTES: usize = 256 << 10;

/// Grows while an archive is read; made when it is first needed.
pub(in crate::source) struct Spool {
    folder: Option<PathBuf>,
    archive: PathBuf,
    file: Option<BufWriter<File>>,
    len_bytes: u64,
}

impl Spool {
    /// A spool for documents of `archive`.
    pub(in crate::source) fn new(options: &ArchiveOptions, archive: PathBuf) -> Self {
        Self { folder: options.spool_dir.clone(), archive, file: None, len_bytes: 0 }
    }

    /// Where the next byte will lie.
    pub(in crate::source) const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    pub(in crate::source) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(folder) = &self.folder else {
            let what =
                "its documents are compressed and have to be put down somewhere: name a folder with `with_spool_dir`";
            return Err(Error::in_path(&self.archive, ErrorKind::Misuse(what)));
        };
        let failed = |cause| Error::io(folder, "spooling documents", cause);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder).map_err(failed)?)),
        };
        file.write_all(bytes).map_err(failed)?;
        self.len_bytes = self.len_bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }

    /// The file, complete; `None` when nothing was put down.
    pub(in crate::source) fn finish(self) -> Result<Option<Arc<File>>> {
        let folder = self.folder.unwrap_or_default();
        let file = self.file.map(|file| file.into_inner().map_err(|error| error.into_error())).transpose();
        Ok(file.map_err(|cause| Error::io(folder, "spooling documents", cause))?.map(Arc::new))
    }
}
