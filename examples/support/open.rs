//! Opens an archive the fast way where it has an index, and names what is something else.

use std::path::{Path, PathBuf};

use appsnap::detect::{Detection, Kind};
use appsnap::pgdump::Identity;
use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotArchive};

use super::{Failure, InFile, Outcome, Stored, identify, is_dash, shown, shown_input};

/// Returns `true` if `path` can be read only once, as standard input and what a shell's `<(...)` names.
pub fn is_pipe(path: &Path) -> bool {
    is_dash(path) || std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Refuses what has to be read twice and cannot be.
pub fn refuse_pipe(path: &Path) -> Outcome {
    if is_pipe(path) {
        let message = "this is read twice, which a pipe does not allow: write it to a file first";
        return Err(Failure::environment(shown_input(path), message));
    }
    Ok(())
}

/// Refuses what is no dump in custom format, with what would make one.
pub fn refuse_other_than_dump(path: &Path, detection: &Detection) -> Outcome {
    if detection.is_custom_dump() {
        return Ok(());
    }
    let hint = detection.hint().unwrap_or("unpack it, and take db.backup".into());
    Err(Failure::input(shown_input(path), format!("not a dump in custom format but {detection}: {hint}")))
}

/// Refuses what is no dump in any form, with what would make one.
pub fn refuse_other_than_any_dump(path: &Path) -> Outcome {
    let detection = identify(path)?;
    if may_be_dump(&detection) {
        return Ok(());
    }
    refuse_other_than_dump(path, &detection)
}

/// Returns `true` for what may be a dump, in any form: in directory or tar format, compressed, or in a tar file.
pub fn may_be_dump(detection: &Detection) -> bool {
    match detection.kind() {
        Kind::Tar => true,
        Kind::Other(identity) => matches!(
            identity,
            Identity::Custom { .. }
                | Identity::TocFile
                | Identity::Tar
                | Identity::Gzip
                | Identity::Lz4
                | Identity::Zstd
        ),
        _ => false,
    }
}

/// Refuses what is no snapshot and has a name of its own: reading it as a snapshot would only find damage.
pub fn refuse_other_than_snapshot(path: &Path, detection: &Detection) -> Outcome {
    let hint = match detection.hint() {
        None if detection.is_custom_dump() => Some("a bare dump; pack it, with its files if there are any".into()),
        hint => hint.filter(|_| !detection.may_be_snapshot() && detection.name() != "unknown"),
    };
    match hint {
        Some(hint) => Err(Failure::input(shown_input(path), format!("not a snapshot but {detection}: {hint}"))),
        None => Ok(()),
    }
}

/// Opens `path` for random access; `None` if the archive has no index, or is a pipe.
pub fn open_indexed(path: &Path, options: ReadOptions) -> Outcome<Option<SnapshotArchive<Stored>>> {
    // An index is at the end, which a pipe reaches last.
    if is_pipe(path) {
        return Ok(None);
    }
    let opened = SnapshotArchive::open(Stored::open(path)?, &options);
    if opened.is_err() {
        // What ends in an index is a snapshot; only of other files, the kind is of interest.
        refuse_other_than_snapshot(path, &identify(path)?)?;
    }
    match opened {
        Err(error) if matches!(error.kind(), ErrorKind::NoIndex) => Ok(None),
        opened => opened.map(Some).in_file(path),
    }
}

/// Opens `path` for random access, also by an index beside it: `index`, or the file that [`index_beside`] names if it
/// exists. Returns `None` if there is no index.
pub fn open_by_index(
    path: &Path,
    index: Option<&Path>,
    options: ReadOptions,
) -> Outcome<Option<SnapshotArchive<Stored>>> {
    if is_pipe(path) {
        return match index {
            Some(_) => {
                Err(Failure::environment("--index", "standard input cannot be read at any position: name a file"))
            }
            None => Ok(None),
        };
    }
    let beside = index_beside(path);
    let Some(index) = index.or_else(|| Some(&*beside).filter(|beside| beside.is_file())) else {
        return open_indexed(path, options);
    };
    let (archive, sidecar) = (Stored::open(path)?, Stored::open(index)?);
    SnapshotArchive::open_with_sidecar(archive, sidecar, &options).map(Some).in_file(index)
}

/// Returns the name of the index beside an archive: that of the archive with `.idx` appended.
pub fn index_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".idx");
    name.into()
}
