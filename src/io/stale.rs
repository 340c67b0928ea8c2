//! Temporary files that killed processes left behind.

use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The start of the name of everything that is not finished yet: it is beside what it is to become.
pub(crate) const STAGING_PREFIX: &str = ".appsnap-staging-";

/// The end of the name of temporary files.
pub(super) const TEMPORARY_SUFFIX: &str = ".part";

/// A file is stale after this time, whatever process has the number in its name.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The start of the name of this process's temporary files.
pub(super) fn temporary_prefix() -> String {
    format!("{STAGING_PREFIX}{}-", std::process::id())
}

/// Removes stale files from `folder`; returns their paths.
pub(super) fn remove(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(process_of) else { continue };
        let path = entry.path();
        // What is gone by now was another process's to remove.
        let is_stale = entry.metadata().is_ok_and(|facts| facts.is_file() && is_stale(&path, &facts, process));
        if is_stale && fs::remove_file(&path).is_ok() {
            removed.push(path);
        }
    }
    Ok(removed)
}

/// The number of the process that created a temporary file of this name.
fn process_of(name: &str) -> Option<u32> {
    let (process, _) = name.strip_prefix(STAGING_PREFIX)?.strip_suffix(TEMPORARY_SUFFIX)?.split_once('-')?;
    super::decimal(process.as_bytes())
}

fn is_stale(path: &Path, facts: &Metadata, process: u32) -> bool {
    let is_old = facts.modified().is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > DAY));
    let is_locked = || {
        let opened = File::options().write(true).open(path);
        opened.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    };
    (is_old || is_gone(process)) && !is_locked()
}

/// Returns `true` if it is known that there is no such process.
fn is_gone(process: u32) -> bool {
    cfg!(target_os = "linux")
        && Path::new("/proc/self").exists()
        && !Path::new("/proc").join(process.to_string()).exists()
}
