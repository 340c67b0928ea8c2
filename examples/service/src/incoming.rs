//! Files of the store that have no name yet: locked while in use, and gone when dropped.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The beginning of their names.
const PREFIX: &str = ".incoming-";

/// Creates a file in `folder`, which is removed when it is dropped.
///
/// Its lock tells other processes that it is in use.
pub fn create(folder: &Path) -> io::Result<NamedTempFile> {
    let file = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder)?;
    // Not every file system has locks; there a file looks stale to another service that starts now.
    match file.as_file().try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Err(io::Error::other("a new file is in use by another process")),
        Err(fs::TryLockError::Error(_)) => {}
    }
    Ok(file)
}

/// Removes the files that a killed service left in `folder`, and returns their paths.
pub fn remove_stale(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) || !entry.file_type()?.is_file() {
            continue;
        }
        let path = entry.path();
        if !is_in_use(&path) {
            fs::remove_file(&path)?;
            removed.push(path);
        }
    }
    Ok(removed)
}

/// Returns `true` if another process holds the lock of the file.
fn is_in_use(path: &Path) -> bool {
    // A file that cannot be opened has no service that writes to it.
    let Ok(file) = File::options().read(true).write(true).open(path) else { return false };
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::{create, remove_stale};

    #[test]
    fn stale_files_are_removed_and_those_in_use_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let used = create(folder.path()).unwrap();
        let stale = folder.path().join(".incoming-of-a-killed-service");
        std::fs::write(&stale, b"part").unwrap();
        std::fs::write(folder.path().join("other"), b"").unwrap();
        assert_eq!(remove_stale(folder.path()).unwrap(), [stale]);
        assert!(used.path().exists() && folder.path().join("other").exists());
        drop(used);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
