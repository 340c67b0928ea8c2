//! A folder beside the destination that becomes it in one rename, or disappears.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempDir;

use super::options::{Durability, IfExists};
use crate::snapshot::error::{Error, ErrorKind, Result};

/// The start of the name of everything that is not finished yet: it is beside what it is to become.
pub const STAGING_PREFIX: &str = crate::io::STAGING_PREFIX;

/// Name inside the staging folder, whose own permissions are its owner's alone, of what becomes the destination.
const CONTENT: &str = "content";
/// Name inside the staging folder of a destination that is being replaced.
const REPLACED: &str = "replaced";

/// A staging folder; dropping it removes it.
#[derive(Debug)]
pub(in crate::snapshot) struct Staging {
    folder: TempDir,
    content: PathBuf,
    destination: PathBuf,
    if_exists: IfExists,
}

impl Staging {
    /// Creates a staging folder beside `destination`.
    pub(in crate::snapshot) fn create(destination: &Path, if_exists: IfExists) -> Result<Self> {
        if if_exists == IfExists::Refuse && fs::symlink_metadata(destination).is_ok() {
            return Err(named(Error::new(ErrorKind::Exists), destination));
        }
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |error| named(Error::io(action, error), &path)
        };
        let parent = parent(destination);
        let folder = tempfile::Builder::new()
            .prefix(STAGING_PREFIX)
            .tempdir_in(parent)
            .map_err(failed("creating a staging folder", parent))?;
        let content = folder.path().join(CONTENT);
        fs::create_dir(&content).map_err(failed("creating a staging folder", &content))?;
        Ok(Self { folder, content, destination: destination.to_owned(), if_exists })
    }

    /// Where the files go.
    pub(in crate::snapshot) fn content(&self) -> &Path {
        &self.content
    }

    /// Makes the content the destination.
    pub(in crate::snapshot) fn commit(self, durability: Durability) -> Result<()> {
        let failed = |action| {
            let destination = self.destination.clone();
            move |error| named(Error::io(action, error), &destination)
        };
        if durability == Durability::Full {
            sync_folders(&self.content).map_err(failed("syncing folders"))?;
        }
        let replaced = self.folder.path().join(REPLACED);
        let is_there = fs::symlink_metadata(&self.destination).is_ok();
        if is_there && self.if_exists == IfExists::Refuse {
            return Err(named(Error::new(ErrorKind::Exists), &self.destination));
        }
        if is_there {
            fs::rename(&self.destination, &replaced).map_err(failed("moving the old destination aside"))?;
        }
        if let Err(error) = fs::rename(&self.content, &self.destination) {
            if is_there {
                // Best effort: the old one is worth more in its place than in the staging folder, which goes away.
                let restored = fs::rename(&replaced, &self.destination);
                if restored.is_err() {
                    let kept = self.folder.keep();
                    let error = named(Error::io("renaming the staging folder", error), &self.destination);
                    return Err(error.within_name(kept.as_os_str().as_encoded_bytes()));
                }
            }
            return Err(failed("renaming the staging folder")(error));
        }
        if durability == Durability::Full {
            sync_folder(parent(&self.destination)).map_err(failed("syncing folders"))?;
        }
        // The destination is complete; what is left to remove here is rubbish, and no reason to fail.
        drop(self.folder.close());
        Ok(())
    }
}

/// The folder in which `path` lies.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn named(error: Error, path: &Path) -> Error {
    error.within_name(path.as_os_str().as_encoded_bytes())
}

/// Syncs a folder's list of names. Windows has no such thing and refuses to open folders.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(windows) { Ok(()) } else { File::open(path)?.sync_all() }
}

fn sync_folders(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(path)
}

/// Removes what a killed process left beside a destination: files and folders in `folder` whose names begin with
/// [`STAGING_PREFIX`], and that were last changed before `before`. Returns how many there were.
///
/// An extraction under way changes its staging folder only at its start, so choose a time before which none can have
/// begun. Programs that write archives do well to give their unfinished files the same prefix, as the example `pack` does.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// use std::time::{Duration, SystemTime};
///
/// let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
/// let removed = appsnap::snapshot::extract::remove_stale_staging(folder.path(), yesterday)?;
/// assert_eq!(removed, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the folder cannot be listed, or something that was left in it cannot be removed.
pub fn remove_stale_staging(folder: &Path, before: SystemTime) -> Result<usize> {
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |error| named(Error::io(action, error), &path)
    };
    let mut removed = 0;
    for entry in fs::read_dir(folder).map_err(failed("listing a folder", folder))? {
        let entry = entry.map_err(failed("listing a folder", folder))?;
        let is_staging = entry.file_name().as_encoded_bytes().starts_with(STAGING_PREFIX.as_bytes());
        let facts = entry.metadata().map_err(failed("looking at a folder", &entry.path()))?;
        if is_staging && facts.modified().is_ok_and(|modified| modified < before) {
            let path = entry.path();
            let result = if facts.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            result.map_err(failed("removing what was left behind", &path))?;
            removed += 1;
        }
    }
    Ok(removed)
}
