//! Opens an archive the fast way where it has an index.

use std::fs::File;
use std::path::Path;

use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotArchive};

use super::{InFile, Outcome};

/// Opens `path` for random access; `None` when the archive has no index.
pub fn open_indexed(path: &Path, options: ReadOptions) -> Outcome<Option<SnapshotArchive<File>>> {
    let file = File::open(path).in_file(path)?;
    let len_bytes = file.metadata().in_file(path)?.len();
    match SnapshotArchive::open(file, len_bytes, options) {
        Err(error) if matches!(error.kind(), ErrorKind::Absent(_)) => Ok(None),
        opened => opened.map(Some).in_file(path),
    }
}
