//! Examines one folder at a time: collects documents, reports other files, and passes on the folders in it.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::PathBuf;

use super::folder::FilesFolder;
use super::options::Unreadable;
use super::spelling::{Mismatch, Shards, Spelling};
use crate::document::DocumentId;
use crate::io::decimal;
use crate::source::code::Code;
use crate::source::error::{Error, Result};
use crate::source::junk::is_junk;
use crate::source::row::{NumberedFile, Row};
use crate::source::skipped::SkippedFile;

/// The number of entries that are passed on together, which makes the cost negligible.
const BATCH_COUNT: usize = 1024;
/// The number of documents that are measured as one job: enough to hide the cost of a job, few enough to distribute.
const CANDIDATES_COUNT: usize = 256;

/// The data that all walkers share.
pub(super) struct Walk<'a> {
    pub(super) folder: &'a FilesFolder,
    pub(super) unreadable: Unreadable,
}

/// Files that were found and not passed on yet.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    pub(super) skipped: Vec<SkippedFile>,
    pub(super) numbered: Vec<NumberedFile>,
}

/// A unit of work.
pub(super) enum Job {
    /// List a folder.
    List(Shards),
    /// Determine the lengths of documents that were listed.
    Measure(Vec<Candidate>),
}

/// A document whose length is not known yet.
pub(super) struct Candidate {
    entry: DirEntry,
    shards: Shards,
    id: DocumentId,
    spelling: Spelling,
}

/// The receiver of a walker's results, and of what it leaves to others.
pub(super) trait WalkSink {
    /// Passes on the files in `batch` and empties it.
    fn deliver(&mut self, batch: &mut Batch) -> Result<()>;

    /// Leaves a folder to be listed later.
    fn enter(&mut self, shards: Shards);

    /// Leaves documents to be measured by another walker; returns them if all are busy.
    fn share(&mut self, candidates: Vec<Candidate>) -> Option<Vec<Candidate>>;
}

impl Walk<'_> {
    /// Does all work on this thread.
    pub(super) fn run_inline(&self, deliver: &mut dyn FnMut(&mut Batch) -> Result<()>) -> Result<()> {
        let mut sink = InlineSink { folders: vec![Shards::Root], deliver };
        let mut batch = Batch::default();
        while let Some(shards) = sink.folders.pop() {
            self.run(Job::List(shards), &mut batch, &mut sink)?;
        }
        sink.deliver(&mut batch)
    }

    /// Does one job. The files it finds stay in `batch` until there are enough of them.
    pub(super) fn run(&self, job: Job, batch: &mut Batch, sink: &mut dyn WalkSink) -> Result<()> {
        match job {
            Job::List(shards) => self.list(shards, batch, sink),
            Job::Measure(candidates) => self.measure_all(&candidates, batch, sink),
        }
    }

    fn list(&self, shards: Shards, batch: &mut Batch, sink: &mut dyn WalkSink) -> Result<()> {
        let mut path = self.folder.root.clone();
        shards.push_to(&mut path);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(cause) => return self.unreadable("listing the folder", shards, None, cause, batch),
        };
        let mut candidates = Vec::new();
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                // The rest of the folder is unknown, so the folder is reported, not an entry.
                Err(cause) => {
                    self.unreadable("listing the folder", shards, None, cause, batch)?;
                    break;
                }
            };
            candidates.extend(self.classify(shards, entry, batch, sink)?);
            if batch.skipped.len() >= BATCH_COUNT {
                sink.deliver(batch)?;
            }
            if candidates.len() == CANDIDATES_COUNT
                && let Some(candidates) = sink.share(std::mem::take(&mut candidates))
            {
                self.measure_all(&candidates, batch, sink)?;
            }
        }
        self.measure_all(&candidates, batch, sink)
    }

    /// Classifies an entry by its name and type alone.
    fn classify(
        &self,
        shards: Shards,
        entry: DirEntry,
        batch: &mut Batch,
        sink: &mut dyn WalkSink,
    ) -> Result<Option<Candidate>> {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        let code = match entry.file_type() {
            Ok(file_type) if file_type.is_symlink() => Code::Symlink,
            Ok(file_type) if file_type.is_dir() => match shards.child(bytes) {
                Some(child) => {
                    sink.enter(child);
                    return Ok(None);
                }
                None => Code::Folder,
            },
            Ok(file_type) if !file_type.is_file() => Code::Special,
            Ok(_) => match self.folder.key(bytes).map(|key| (key, Spelling::parse(shards, key))) {
                Some((_, Ok((id, spelling)))) => return Ok(Some(Candidate { entry, shards, id, spelling })),
                Some((_, Err(Mismatch::WrongShard))) => Code::WrongShard,
                Some((key, Err(Mismatch::NotAnId))) if decimal::<u64>(key).is_some() => {
                    if !self.note_number(shards, key, &entry, batch)? {
                        return Ok(None);
                    }
                    Code::Numbered
                }
                _ if is_junk(bytes) => Code::Junk,
                _ => Code::NotAnId,
            },
            Err(cause) => {
                self.unreadable("inspecting the file", shards, Some(&name), cause, batch)?;
                return Ok(None);
            }
        };
        batch.skipped.push(skipped(code, shards, Some(&name)));
        Ok(None)
    }

    /// Adds a numbered file, which may get a UUID later. Returns `true` if the file still exists.
    fn note_number(&self, shards: Shards, key: &[u8], entry: &DirEntry, batch: &mut Batch) -> Result<bool> {
        let Some(spelling) = Spelling::parse_number(shards, key) else { return Ok(true) };
        match entry.metadata() {
            Ok(metadata) => {
                batch.numbered.extend(NumberedFile::new(spelling, spelling.bits(), metadata.len()));
                Ok(true)
            }
            Err(cause) => {
                self.unreadable("inspecting the file", shards, Some(&entry.file_name()), cause, batch).map(|()| false)
            }
        }
    }

    fn measure_all(&self, candidates: &[Candidate], batch: &mut Batch, sink: &mut dyn WalkSink) -> Result<()> {
        for candidate in candidates {
            self.measure(candidate, batch)?;
            if batch.rows.len() >= BATCH_COUNT {
                sink.deliver(batch)?;
            }
        }
        Ok(())
    }

    fn measure(&self, candidate: &Candidate, batch: &mut Batch) -> Result<()> {
        let Candidate { entry, shards, id, spelling } = candidate;
        match entry.metadata() {
            // The type can have changed since the listing; it is checked again when the file is opened.
            Ok(metadata) if metadata.is_file() => {
                batch.rows.push(Row { id: *id, locator: spelling.bits(), len_bytes: metadata.len() });
            }
            Ok(_) => batch.skipped.push(skipped(Code::Vanished, *shards, Some(&entry.file_name()))),
            Err(cause) => self.unreadable("inspecting the file", *shards, Some(&entry.file_name()), cause, batch)?,
        }
        Ok(())
    }

    /// Reports a file or folder that cannot be read, or returns an error.
    #[cold]
    fn unreadable(
        &self,
        action: &'static str,
        shards: Shards,
        name: Option<&OsStr>,
        cause: io::Error,
        batch: &mut Batch,
    ) -> Result<()> {
        // The caller named the files folder itself, so a missing one is always an error.
        let is_root = shards == Shards::Root && name.is_none();
        let code = match cause.kind() {
            io::ErrorKind::NotFound if !is_root => Code::Vanished,
            _ if !is_root && self.unreadable == Unreadable::Report => Code::Unreadable,
            // Joined with an empty path, the root would end in a slash.
            _ if is_root => return Err(Error::io(&self.folder.root, action, cause)),
            _ => return Err(Error::io(self.folder.root.join(relative_path(shards, name)), action, cause)),
        };
        batch.skipped.push(skipped(code, shards, name));
        Ok(())
    }
}

/// The sink of a walker that works alone.
struct InlineSink<'a> {
    folders: Vec<Shards>,
    deliver: &'a mut dyn FnMut(&mut Batch) -> Result<()>,
}

impl WalkSink for InlineSink<'_> {
    fn deliver(&mut self, batch: &mut Batch) -> Result<()> {
        (self.deliver)(batch)
    }

    fn enter(&mut self, shards: Shards) {
        self.folders.push(shards);
    }

    fn share(&mut self, candidates: Vec<Candidate>) -> Option<Vec<Candidate>> {
        Some(candidates)
    }
}

fn relative_path(shards: Shards, name: Option<&OsStr>) -> PathBuf {
    let mut path = PathBuf::new();
    shards.push_to(&mut path);
    path.extend(name);
    path
}

fn skipped(code: Code, shards: Shards, name: Option<&OsStr>) -> SkippedFile {
    SkippedFile { code, path: relative_path(shards, name) }
}

#[cfg(test)]
mod tests {
    use super::super::DirectoryOptions;
    use super::*;

    #[test]
    fn unreadable_files_are_errors_or_reported_as_the_options_say() {
        let folder = FilesFolder::new("root".as_ref(), &DirectoryOptions::new()).unwrap();
        let refuse = |unreadable, shards, name: Option<&str>| {
            let (walk, mut batch) = (Walk { folder: &folder, unreadable }, Batch::default());
            let cause = io::ErrorKind::PermissionDenied.into();
            walk.unreadable("listing the folder", shards, name.map(OsStr::new), cause, &mut batch)
                .map(|()| batch.skipped)
                .map_err(|error| PathBuf::from(error.context().unwrap_or_default()))
        };
        let shard = Shards::Root.child(b"0d").unwrap();
        let path = PathBuf::from_iter(["root", "0d", "x"]);
        assert_eq!(refuse(Unreadable::Fail, shard, Some("x")), Err(path));
        let reported = SkippedFile { code: Code::Unreadable, path: PathBuf::from_iter(["0d", "x"]) };
        assert_eq!(refuse(Unreadable::Report, shard, Some("x")), Ok(vec![reported]));
        let root = refuse(Unreadable::Report, Shards::Root, None).unwrap_err();
        assert_eq!(root.as_os_str(), "root");
    }
}
