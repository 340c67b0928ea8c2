//! The record of a restore in progress, and the folders that it swaps: [`Journal`].

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Result;
use super::folders::{self, failed};
use super::step::Step;
use crate::error::{Category, Error};
use crate::io::directory_of;
use crate::json::JsonError;

/// The start of the name of the work folder, which the name of the destination follows.
const PREFIX: &str = ".appsnap-restore-";
const RECORD: &str = "journal.json";
const LOCK: &str = "lock";
/// The folder of the extracted snapshot, and the folder of documents in it.
const STAGING: &str = "new";
const DOCUMENTS: &str = "files";
/// The old folder.
const ASIDE: &str = "old";
/// A journal is a few hundred bytes long.
const MAX_RECORD_BYTES: u64 = 1 << 20;
/// The number of symbolic links that are followed to a folder that does not exist; Linux allows 40, too.
const MAX_LINKS: usize = 40;

/// The record of a restore in progress, in a work folder beside the folder of documents.
///
/// The work folder, `.appsnap-restore-<name>`, also holds the new documents until they are swapped, and the old ones after
/// that. A process that holds a journal has a lock on it; one that is killed loses the lock, and the next run
/// [opens](Self::open) the journal and [recovers](Self::recover).
///
/// ```
/// use std::fs;
/// use appsnap::restore::{Journal, Step};
///
/// # let folder = tempfile::tempdir()?;
/// # let files = folder.path().join("files");
/// fs::create_dir(&files)?;
/// fs::write(files.join("old"), "")?;
/// let mut journal = Journal::begin(&files, [("new database".to_owned(), "mx_new".to_owned())])?;
/// fs::create_dir_all(journal.documents())?;
/// fs::write(journal.documents().join("new"), "")?;
/// journal.advance(Step::Verified)?;
/// journal.advance(Step::Swapping)?;
/// // The process is killed here, before the folders are swapped.
/// drop(journal);
///
/// let journal = Journal::open(&files)?.expect("a journal");
/// assert_eq!(journal.step(), Step::Swapping);
/// assert_eq!(journal.facts()["new database"], "mx_new");
/// // The server says that the databases were not renamed.
/// journal.recover(false, None)?;
/// assert!(files.join("old").exists() && !files.join("new").exists());
/// assert_eq!(fs::read_dir(folder.path())?.count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Journal {
    destination: PathBuf,
    work: PathBuf,
    record: Record,
    /// Held for its lock.
    _lock: File,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    version: u32,
    step: Step,
    /// `true` if there was a folder before.
    replaces: bool,
    facts: BTreeMap<String, String>,
}

impl Journal {
    /// Begins a restore into the folder of documents `destination`, which need not exist. A symbolic link is followed: the
    /// folder that it points to is the one that is replaced.
    ///
    /// `facts` are for the caller: what it must know after a crash, such as the names of databases.
    ///
    /// # Errors
    /// Returns an error of the category [`Misuse`](Category::Misuse) if a restore is in progress or was interrupted, if the
    /// destination is a file or a mount point, or if its parent folder does not exist. Returns an I/O error if the work
    /// folder cannot be created.
    pub fn begin(destination: impl AsRef<Path>, facts: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let (destination, work) = paths(destination.as_ref())?;
        let replaces = folders::exists(&destination)?;
        if replaces {
            folders::refuse_mount_point(&destination)?;
        }
        fs::create_dir(&work).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                let message = "another restore is in progress or was interrupted: recover it first";
                Error::of(Category::Misuse, message).within(format!("{work:?}"))
            }
            _ => failed("creating the work folder", &work, error),
        })?;
        let lock = lock(&work)?;
        let facts = facts.into_iter().collect();
        let journal = Self {
            destination,
            work,
            record: Record { version: 1, step: Step::Staging, replaces, facts },
            _lock: lock,
        };
        journal.write()?;
        folders::sync(directory_of(&journal.work))?;
        Ok(journal)
    }

    /// Opens the journal of an interrupted restore into `destination`; `None` if there is none.
    ///
    /// # Errors
    /// Returns an error of the category [`Misuse`](Category::Misuse) if the restore is still in progress, and of the
    /// category [`BadInput`](Category::BadInput) if the journal is not readable although the old folder depends on it.
    pub fn open(destination: impl AsRef<Path>) -> Result<Option<Self>> {
        let (destination, work) = paths(destination.as_ref())?;
        if !folders::exists(&work)? {
            return Ok(None);
        }
        let lock = lock(&work)?;
        let record = match read(&work.join(RECORD))? {
            Some(record) => record,
            // The restore was interrupted before the first journal was complete, or after the last one was removed.
            None if !folders::exists(&work.join(ASIDE))? => {
                Record { version: 1, step: Step::Staging, replaces: true, facts: BTreeMap::new() }
            }
            None => {
                let message =
                    "the journal of an interrupted restore is missing: move the folder `old` in it to where it belongs";
                return Err(Error::of(Category::BadInput, message).within(format!("{work:?}")));
            }
        };
        Ok(Some(Self { destination, work, record, _lock: lock }))
    }

    /// Returns the progress.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.record.step
    }

    /// Returns the facts of the caller.
    #[must_use]
    pub const fn facts(&self) -> &BTreeMap<String, String> {
        &self.record.facts
    }

    /// Adds a fact, and writes the journal.
    ///
    /// # Errors
    /// Returns an error if the journal cannot be written.
    pub fn add_fact(&mut self, name: impl Into<String>, value: impl Into<String>) -> Result<()> {
        self.record.facts.insert(name.into(), value.into());
        self.write()
    }

    /// Returns the folder of documents that is replaced, with symbolic links resolved.
    #[must_use]
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// Returns the work folder. A caller may keep temporary files in it; they are removed with it.
    #[must_use]
    pub fn work_folder(&self) -> &Path {
        &self.work
    }

    /// Returns the destination of the [extraction](crate::snapshot::extract()), a folder on the disk of the old one that does
    /// not exist initially.
    #[must_use]
    pub fn staging(&self) -> PathBuf {
        self.work.join(STAGING)
    }

    /// Returns the folder of the extracted documents, which becomes the new folder.
    #[must_use]
    pub fn documents(&self) -> PathBuf {
        self.staging().join(DOCUMENTS)
    }

    /// Records the next step. Before [`Step::Verified`], sync the staging folder to disk: it is relied on after a power
    /// failure.
    ///
    /// The new folder takes over the owner and the permissions of the old one at [`Step::Verified`], where the process may
    /// set them.
    ///
    /// # Errors
    /// Returns an error of the category [`Misuse`](Category::Misuse) if `step` is not the next one, and an I/O error if the
    /// journal cannot be written.
    pub fn advance(&mut self, step: Step) -> Result<()> {
        let next = match self.record.step {
            Step::Staging => Some(Step::Verified),
            Step::Verified => Some(Step::Swapping),
            Step::Swapping => Some(Step::Swapped),
            Step::Swapped => None,
        };
        if next != Some(step) {
            return Err(Error::of(Category::Misuse, format!("{step} does not follow {}", self.record.step)));
        }
        if step == Step::Verified && self.record.replaces {
            folders::pass_on_owner(&self.destination, &self.documents())?;
        }
        self.record.step = step;
        self.write()
    }

    /// Renames the folders: the old one into the work folder, and the new one to its place. Repeating it after an
    /// interruption completes it.
    ///
    /// # Errors
    /// Returns an error of the category [`Misuse`](Category::Misuse) before [`Step::Swapping`], and an I/O error if a folder
    /// cannot be renamed.
    pub fn swap(&mut self) -> Result<()> {
        match self.record.step {
            Step::Staging | Step::Verified => {
                Err(Error::of(Category::Misuse, "folders are swapped in the step `swapping`"))
            }
            Step::Swapping => {
                folders::swap(&self.destination, &self.documents(), &self.work.join(ASIDE))?;
                self.advance(Step::Swapped)
            }
            Step::Swapped => Ok(()),
        }
    }

    /// Ends a restore whose folders are [swapped](Self::swap): moves the old folder to `keep_old`, on the same disk, or
    /// removes it, and removes the work folder.
    ///
    /// # Errors
    /// Returns an error of the category [`Misuse`](Category::Misuse) before [`Step::Swapped`] or if `keep_old` exists, and an
    /// I/O error if a folder cannot be moved or removed. The new folder is in use in any case, and the next call of
    /// [`recover`](Self::recover) completes the work.
    pub fn finish(self, keep_old: Option<&Path>) -> Result<()> {
        if self.record.step != Step::Swapped {
            return Err(Error::of(Category::Misuse, "the folders are not swapped"));
        }
        let aside = self.work.join(ASIDE);
        if let Some(kept) = keep_old
            && folders::exists(&aside)?
        {
            if folders::exists(kept)? {
                let message = "there is something already: choose another name for the old folder";
                return Err(Error::of(Category::Misuse, message).within(format!("{kept:?}")));
            }
            folders::rename(&aside, kept)?;
        }
        self.remove()
    }

    /// Ends a restore in favour of what was there before: renames the folders back if they are swapped, and removes the work
    /// folder with the new documents.
    ///
    /// # Errors
    /// Returns an error of the category [`Misuse`](Category::Misuse) at [`Step::Swapped`], when the old folder may be gone,
    /// and an I/O error if a folder cannot be renamed or removed.
    pub fn abandon(self) -> Result<()> {
        match self.record.step {
            Step::Staging | Step::Verified => {}
            Step::Swapping => folders::swap_back(&self.destination, &self.documents(), &self.work.join(ASIDE))?,
            Step::Swapped => {
                return Err(Error::of(Category::Misuse, "the restore is complete: it cannot be undone"));
            }
        }
        self.remove()
    }

    /// Ends an interrupted restore: in favour of the new folder if the new database is in use, and of the old one otherwise.
    ///
    /// # Errors
    /// Returns an error as [`finish`](Self::finish) and [`abandon`](Self::abandon) do. Calling it again continues.
    pub fn recover(mut self, is_database_new: bool, keep_old: Option<&Path>) -> Result<()> {
        if is_database_new && self.record.step >= Step::Swapping {
            self.swap()?;
        }
        if self.record.step == Step::Swapped { self.finish(keep_old) } else { self.abandon() }
    }

    /// Removes the work folder; the journal last, because it explains the rest.
    fn remove(self) -> Result<()> {
        for entry in fs::read_dir(&self.work).map_err(|error| failed("listing the work folder", &self.work, error))? {
            let entry = entry.map_err(|error| failed("listing the work folder", &self.work, error))?;
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders::remove(&path)?;
            } else if entry.file_name() != RECORD && entry.file_name() != LOCK {
                fs::remove_file(&path).map_err(|error| failed("removing a file", &path, error))?;
            }
        }
        folders::remove(&self.work)?;
        folders::sync(directory_of(&self.work))
    }

    /// Replaces the journal by a complete one.
    fn write(&self) -> Result<()> {
        let path = self.work.join(RECORD);
        let written = serde_json::to_vec_pretty(&self.record).map_err(io::Error::from).and_then(|json| {
            let mut file = tempfile::NamedTempFile::new_in(&self.work)?;
            file.write_all(&json)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(io::Error::from).map(drop)
        });
        written.map_err(|error| failed("writing the journal", &path, error))?;
        folders::sync(&self.work)
    }
}

/// Returns the destination with symbolic links resolved, and its work folder.
fn paths(destination: &Path) -> Result<(PathBuf, PathBuf)> {
    let not_a_folder = |message: &'static str| Error::of(Category::Misuse, message).within(format!("{destination:?}"));
    let real = match fs::canonicalize(destination) {
        Ok(real) if !real.is_dir() => return Err(not_a_folder("not a folder: name the folder of documents")),
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // During a swap a link to the folder leads nowhere.
            let mut path = destination.to_owned();
            for _ in 0..MAX_LINKS {
                let Ok(target) = fs::read_link(&path) else { break };
                path = directory_of(&path).join(target);
            }
            let parent = fs::canonicalize(directory_of(&path));
            let parent = parent.map_err(|_| not_a_folder("its parent folder does not exist: create it first"))?;
            parent.join(path.file_name().ok_or_else(|| not_a_folder("not the name of a folder"))?)
        }
        Err(error) => return Err(failed("looking at the destination", destination, error)),
    };
    let mut name = std::ffi::OsString::from(PREFIX);
    name.push(real.file_name().ok_or_else(|| not_a_folder("the root folder cannot be replaced: name another one"))?);
    let work = directory_of(&real).join(name);
    Ok((real, work))
}

fn lock(work: &Path) -> Result<File> {
    let path = work.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| failed("locking the work folder", &path, error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let message = "another restore into this folder is in progress: wait for its end";
            Err(Error::of(Category::Misuse, message).within(format!("{work:?}")))
        }
        // A file system without locks: names have to do.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

fn read(path: &Path) -> Result<Option<Record>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("reading the journal", path, error)),
        Ok(facts) if facts.len() > MAX_RECORD_BYTES => {
            return Err(Error::of(Category::BadInput, "not the journal of a restore").within(format!("{path:?}")));
        }
        Ok(_) => {}
    }
    let json = fs::read(path).map_err(|error| failed("reading the journal", path, error))?;
    let record: Record = serde_json::from_slice(&json).map_err(|error| {
        let message = format!("not the journal of a restore: {}", JsonError::from(error));
        Error::of(Category::BadInput, message).within(format!("{path:?}"))
    })?;
    if record.version != 1 {
        let message = "a newer release wrote this journal: recover with it";
        return Err(Error::of(Category::Unsupported, message).within(format!("{path:?}")));
    }
    Ok(Some(record))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder `files` with a file `old` in it, and a journal whose new folder has a file `new`.
    fn prepared(folder: &Path) -> Journal {
        let files = folder.join("files");
        fs::create_dir(&files).unwrap();
        fs::write(files.join("old"), "").unwrap();
        let journal = Journal::begin(&files, []).unwrap();
        fs::create_dir_all(journal.documents()).unwrap();
        fs::write(journal.documents().join("new"), "").unwrap();
        journal
    }

    fn state(folder: &Path) -> (bool, bool) {
        let files = folder.join("files");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "something is left");
        (files.join("old").exists(), files.join("new").exists())
    }

    #[test]
    fn every_interruption_of_a_swap_ends_in_old_or_new() {
        for is_database_new in [false, true] {
            for renames_count in 0..=2 {
                let folder = tempfile::tempdir().unwrap();
                let mut journal = prepared(folder.path());
                journal.advance(Step::Verified).unwrap();
                journal.advance(Step::Swapping).unwrap();
                if renames_count > 0 {
                    fs::rename(journal.destination(), journal.work.join(ASIDE)).unwrap();
                }
                if renames_count > 1 {
                    fs::rename(journal.documents(), journal.destination()).unwrap();
                }
                drop(journal);
                let journal = Journal::open(folder.path().join("files")).unwrap().unwrap();
                journal.recover(is_database_new, None).unwrap();
                assert_eq!(state(folder.path()), (!is_database_new, is_database_new), "after {renames_count} renames");
            }
        }
    }

    #[test]
    fn folder_without_predecessor_appears_or_not() {
        for is_database_new in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let files = folder.path().join("files");
            let mut journal = Journal::begin(&files, []).unwrap();
            fs::create_dir_all(journal.documents()).unwrap();
            journal.advance(Step::Verified).unwrap();
            journal.advance(Step::Swapping).unwrap();
            if is_database_new {
                journal.swap().unwrap();
            }
            drop(journal);
            Journal::open(&files).unwrap().unwrap().recover(is_database_new, None).unwrap();
            assert_eq!(files.exists(), is_database_new);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), usize::from(is_database_new));
        }
    }

    #[test]
    fn interruption_before_the_swap_changes_nothing_whatever_the_database_is() {
        for steps in [&[][..], &[Step::Verified]] {
            let folder = tempfile::tempdir().unwrap();
            let mut journal = prepared(folder.path());
            for step in steps {
                journal.advance(*step).unwrap();
            }
            drop(journal);
            Journal::open(folder.path().join("files")).unwrap().unwrap().recover(true, None).unwrap();
            assert_eq!(state(folder.path()), (true, false));
        }
    }

    #[test]
    fn journal_in_use_is_neither_opened_nor_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        let journal = prepared(folder.path());
        let error = Journal::open(folder.path().join("files")).unwrap_err();
        assert!(error.is_misuse() && error.to_string().contains("in progress"), "{error}");
        assert!(Journal::begin(folder.path().join("files"), []).unwrap_err().is_misuse());
        journal.abandon().unwrap();
        assert_eq!(state(folder.path()), (true, false));
    }

    #[test]
    fn half_written_work_folder_is_removed_unless_it_holds_the_old_folder() {
        let folder = tempfile::tempdir().unwrap();
        let work = prepared(folder.path()).work.clone();
        fs::remove_file(work.join(RECORD)).unwrap();
        fs::rename(folder.path().join("files"), work.join(ASIDE)).unwrap();
        assert!(Journal::open(folder.path().join("files")).unwrap_err().is_bad_input());
        fs::rename(work.join(ASIDE), folder.path().join("files")).unwrap();
        Journal::open(folder.path().join("files")).unwrap().unwrap().abandon().unwrap();
        assert_eq!(state(folder.path()), (true, false));
    }

    #[test]
    fn old_folder_is_kept_under_the_name_that_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = prepared(folder.path());
        journal.advance(Step::Verified).unwrap();
        journal.advance(Step::Swapping).unwrap();
        assert!(journal.advance(Step::Staging).unwrap_err().is_misuse());
        journal.swap().unwrap();
        journal.finish(Some(&folder.path().join("files.old"))).unwrap();
        assert!(folder.path().join("files.old/old").exists() && folder.path().join("files/new").exists());
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_link_is_followed_also_while_it_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("disk");
        fs::create_dir(&real).unwrap();
        let mut journal = prepared(&real);
        let link = folder.path().join("files");
        std::os::unix::fs::symlink("disk/files", &link).unwrap();
        journal.advance(Step::Verified).unwrap();
        journal.advance(Step::Swapping).unwrap();
        fs::rename(real.join("files"), journal.work.join(ASIDE)).unwrap();
        drop(journal);
        assert!(!link.exists());
        Journal::open(&link).unwrap().unwrap().recover(true, None).unwrap();
        assert!(link.join("new").exists());
        assert_eq!(state(&real), (false, true));
    }
}
