//! A folder beside the destination that either becomes the destination by one rename, or is removed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::names::named;
use super::options::{Durability, IfExists};
use super::replaceable::real_destination;
use crate::io::{directory_of, staging_prefix};
use crate::snapshot::error::{Error, ErrorKind, Result};

/// Name of the new destination inside the staging folder, whose own permissions are too narrow for it.
const CONTENT: &str = "content";
/// Name of the replaced destination inside the staging folder.
const REPLACED: &str = "replaced";

/// A staging folder. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: TempDir,
    content: PathBuf,
    destination: PathBuf,
    if_exists: IfExists,
}

impl Staging {
    /// Creates a staging folder beside `destination`.
    pub(crate) fn create(destination: &Path, if_exists: IfExists) -> Result<Self> {
        if if_exists == IfExists::Refuse && fs::symlink_metadata(destination).is_ok() {
            return Err(named(Error::new(ErrorKind::Exists), destination));
        }
        let real = if if_exists == IfExists::Replace { Some(real_destination(destination)?) } else { None };
        let destination = real.as_deref().unwrap_or(destination);
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |error| named(Error::io(action, error), &path)
        };
        let parent = directory_of(destination);
        let folder = tempfile::Builder::new()
            .prefix(&staging_prefix())
            .tempdir_in(parent)
            .map_err(failed("creating a staging folder", parent))?;
        let content = folder.path().join(CONTENT);
        fs::create_dir(&content).map_err(failed("creating a staging folder", &content))?;
        Ok(Self { folder, content, destination: destination.to_owned(), if_exists })
    }

    /// The folder for the files.
    pub(crate) fn content(&self) -> &Path {
        &self.content
    }

    /// Renames the content to the destination.
    pub(crate) fn commit(self, durability: Durability) -> Result<()> {
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
            // Something may have been added to it in the meantime.
            real_destination(&self.destination)?;
            fs::rename(&self.destination, &replaced).map_err(failed("moving the old destination aside"))?;
        }
        if let Err(error) = fs::rename(&self.content, &self.destination) {
            if is_there {
                // Restore the old one if possible, because the staging folder is removed. If not, keep the staging
                // folder.
                let restored = fs::rename(&replaced, &self.destination);
                if restored.is_err() {
                    let kept = self.folder.keep();
                    let error = named(Error::io("renaming the staging folder", error), &self.destination);
                    return Err(error.within_path(&kept));
                }
            }
            return Err(failed("renaming the staging folder")(error));
        }
        if durability == Durability::Full {
            sync_folder(directory_of(&self.destination)).map_err(failed("syncing folders"))?;
        }
        // The destination is complete. A staging folder that cannot be removed is no reason to fail.
        drop(self.folder.close());
        Ok(())
    }
}

/// Syncs the entries of a folder. Windows has no such operation and refuses to open folders.
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
