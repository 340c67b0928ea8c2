//! The record of a restore in progress, with the documents that it adds: beside a folder, or in a bucket.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use appsnap::restore::{Journal, Step};

use crate::bucket_files::{BucketFiles, KeyNames};
use crate::support::{InFile, Outcome, folder_of, is_url};

/// A record that the next run finds.
pub enum Ledger {
    Folder(Journal),
    Bucket(BucketFiles),
}

impl Ledger {
    /// Begins a restore of the documents at `files`.
    pub fn begin(files: &Path, keys: &KeyNames, facts: Vec<(String, String)>) -> Outcome<Self> {
        if is_url(files) {
            return BucketFiles::begin(files, keys, facts).map(Self::Bucket);
        }
        Journal::begin(files, facts).map(Self::Folder).in_file(files)
    }

    /// Opens the record of an interrupted restore; `None` if there is none.
    pub fn open(files: &Path) -> Outcome<Option<Self>> {
        if is_url(files) {
            return Ok(BucketFiles::open(files)?.map(Self::Bucket));
        }
        Ok(Journal::open(files).in_file(files)?.map(Self::Folder))
    }

    pub const fn step(&self) -> Step {
        match self {
            Self::Folder(journal) => journal.step(),
            Self::Bucket(bucket) => bucket.step(),
        }
    }

    pub const fn facts(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Folder(journal) => journal.facts(),
            Self::Bucket(bucket) => bucket.facts(),
        }
    }

    /// Returns the folder, with links resolved, or the URL.
    pub fn destination(&self) -> PathBuf {
        match self {
            Self::Folder(journal) => journal.destination().to_owned(),
            Self::Bucket(bucket) => bucket.url().to_owned(),
        }
    }

    pub fn add_fact(&mut self, name: &str, value: String) -> Outcome {
        let place = self.destination();
        match self {
            Self::Folder(journal) => journal.add_fact(name, value).in_file(&place),
            Self::Bucket(bucket) => bucket.add_fact(name, value),
        }
    }

    /// Records the next step. What was written is on disk before that.
    pub fn advance(&mut self, step: Step) -> Outcome {
        let place = self.destination();
        match self {
            Self::Folder(journal) => {
                if step == Step::Verified {
                    sync_disk(journal.work_folder())?;
                }
                journal.advance(step).in_file(&place)
            }
            Self::Bucket(bucket) => bucket.advance(step),
        }
    }

    /// Puts the new documents into use. Those in a bucket are there already.
    pub fn swap(&mut self) -> Outcome {
        let place = self.destination();
        match self {
            Self::Folder(journal) => journal.swap().in_file(&place),
            Self::Bucket(bucket) if bucket.step() == Step::Swapped => Ok(()),
            Self::Bucket(bucket) => bucket.advance(Step::Swapped),
        }
    }

    /// Ends a restore whose documents are in use.
    pub fn finish(self, kept: Option<&Path>) -> Outcome {
        let place = self.destination();
        match self {
            Self::Folder(journal) => journal.finish(kept).in_file(&place),
            Self::Bucket(bucket) => bucket.finish(),
        }
    }

    /// Ends a restore in favour of what was there before.
    pub fn abandon(self) -> Outcome {
        let place = self.destination();
        match self {
            Self::Folder(journal) => journal.abandon().in_file(&place),
            Self::Bucket(bucket) => bucket.abandon(),
        }
    }

    /// Returns a folder for temporary files on the disk of the documents.
    pub fn temporary(&self) -> Option<&Path> {
        match self {
            Self::Folder(journal) => Some(journal.work_folder()),
            Self::Bucket(_) => None,
        }
    }
}

/// Returns `true` if documents at `files` can be reached from this machine.
pub fn is_reachable(files: &Path) -> bool {
    is_url(files) || folder_of(files).is_dir()
}

/// Writes everything that is cached for the disk of this folder, in one call.
fn sync_disk(folder: &Path) -> Outcome {
    let opened = std::fs::File::open(folder).in_file(folder)?;
    #[cfg(target_os = "linux")]
    return rustix::fs::syncfs(&opened).map_err(std::io::Error::from).in_file(folder);
    #[cfg(not(target_os = "linux"))]
    {
        drop(opened);
        // Without it, only a power failure in this moment can hurt.
        #[cfg(unix)]
        rustix::fs::sync();
        Ok(())
    }
}
