//! Opens an archive the fast way where it has an index.

use std::fs::File;
use std::path::Path;

use appsnap::detect::{self, Detection};
use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotArchive};

use super::{Failure, InFile, Outcome, shown};

/// Whether `path` can be read but once, as what a shell's `<(...)` names.
pub fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Refuses what has to be read twice and cannot be.
pub fn refuse_pipe(path: &Path) -> Outcome {
    if is_pipe(path) {
        return Err(Failure::environment(shown(path), "this can be read only once: put it into a file first"));
    }
    Ok(())
}

/// Refuses what is no dump in custom format, with what would make one.
pub fn refuse_other_than_dump(path: &Path, detection: &Detection) -> Outcome {
    if detection.is_custom_dump() {
        return Ok(());
    }
    let hint = detection.hint().unwrap_or("unpack it, and take db.backup");
    Err(Failure::input(shown(path), format!("not a dump in custom format but {detection}: {hint}")))
}

/// Opens `path` for random access; `None` when the archive has no index.
pub fn open_indexed(path: &Path, options: ReadOptions) -> Outcome<Option<SnapshotArchive<File>>> {
    // An index is at the end, which a pipe reaches last.
    if is_pipe(path) {
        return Ok(None);
    }
    // Name other formats: reading them as a snapshot would only find damage.
    let detection = detect::identify_path(path).in_file(path)?;
    let hint = match detection.hint() {
        None if detection.is_custom_dump() => Some("a bare dump; pack it, with its files if there are any"),
        hint => hint.filter(|_| !detection.may_be_snapshot() && detection.name() != "unknown"),
    };
    if let Some(hint) = hint {
        return Err(Failure::input(shown(path), format!("not a snapshot but {detection}: {hint}")));
    }
    match SnapshotArchive::open_path(path, &options) {
        Err(error) if matches!(error.kind(), ErrorKind::NoIndex) => Ok(None),
        opened => opened.map(Some).in_file(path),
    }
}
