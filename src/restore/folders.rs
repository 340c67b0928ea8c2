//! Renames folders so that an interrupted swap can be completed or undone.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::Result;
use crate::error::{Category, Error};

/// Returns `true` if there is anything at `path`, even a broken link.
pub(super) fn exists(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("looking at a folder", path, error)),
    }
}

/// Moves `current` to `aside` and `new` to `current`. Repeating it after an interruption completes it.
pub(super) fn swap(current: &Path, new: &Path, aside: &Path) -> Result<()> {
    if !exists(new)? {
        return Ok(());
    }
    if exists(current)? {
        if exists(aside)? {
            return Err(in_the_way(current));
        }
        rename(current, aside)?;
    }
    rename(new, current)
}

/// Undoes [`swap`], also a half one.
pub(super) fn swap_back(current: &Path, new: &Path, aside: &Path) -> Result<()> {
    if !exists(new)? {
        rename(current, new)?;
    }
    if exists(aside)? {
        if exists(current)? {
            return Err(in_the_way(current));
        }
        rename(aside, current)?;
    }
    Ok(())
}

/// Removes a folder with everything in it, unless it is gone already.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("removing a folder", path, error)),
        _ => Ok(()),
    }
}

/// Renames, and syncs both folders that contain the entry.
pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| failed("renaming a folder", from, error))?;
    for path in [to, from] {
        sync(crate::io::directory_of(path))?;
    }
    Ok(())
}

/// Syncs the entries of a folder. Windows has no such operation and refuses to open folders.
pub(super) fn sync(path: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed("syncing a folder", path, error))
}

pub(super) fn failed(action: &'static str, path: &Path, error: io::Error) -> Error {
    Error::io(action, error).within(format!("{path:?}"))
}

fn in_the_way(current: &Path) -> Error {
    let message =
        "something was created here while the folders were being renamed: move it away, and run the restore again";
    Error::of(Category::Changed, message).within(format!("{current:?}"))
}

/// Gives `new` and everything in it the owner and the group of `current`, and `new` its permissions, where the process may
/// set them.
#[cfg(unix)]
pub(super) fn pass_on_owner(current: &Path, new: &Path) -> Result<()> {
    use std::os::unix::fs::{MetadataExt, lchown};

    let facts = fs::metadata(current).map_err(|error| failed("looking at a folder", current, error))?;
    let own = fs::metadata(new).map_err(|error| failed("looking at a folder", new, error))?;
    let set = |path: &Path| lchown(path, Some(facts.uid()), Some(facts.gid()));
    // Only root may set the owner; for others the new files stay their own.
    if (facts.uid(), facts.gid()) != (own.uid(), own.gid()) && set(new).is_ok() {
        let mut folders = vec![new.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| failed("listing a folder", &folder, error))? {
                let entry = entry.map_err(|error| failed("listing a folder", &folder, error))?;
                let path = entry.path();
                set(&path).map_err(|error| failed("setting the owner of a file", &path, error))?;
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                }
            }
        }
    }
    fs::set_permissions(new, facts.permissions())
        .map_err(|error| failed("setting the permissions of a folder", new, error))
}

#[cfg(not(unix))]
pub(super) fn pass_on_owner(_: &Path, _: &Path) -> Result<()> {
    Ok(())
}

/// Refuses a mount point, which cannot be renamed.
#[cfg(unix)]
pub(super) fn refuse_mount_point(folder: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;

    let parent = crate::io::directory_of(folder);
    let device = |path: &Path| fs::metadata(path).map(|facts| facts.dev());
    match (device(folder), device(parent)) {
        (Ok(own), Ok(of_parent)) if own != of_parent => {
            let message =
                "this is a mount point, which cannot be renamed: name a folder on the disk that is mounted here";
            Err(Error::of(Category::Misuse, message).within(format!("{folder:?}")))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub(super) fn refuse_mount_point(_: &Path) -> Result<()> {
    Ok(())
}
