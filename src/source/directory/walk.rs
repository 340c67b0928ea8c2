//! Examines one folder at a time: collects documents, reports other files, and passes on the folders in it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::FilesFolder;
use super::options::Unreadable;
use super::spelling::{Mismatch, Shards, Spelling};
use crate::document::DocumentId;
use crate::io::{Entries, FileKind, Folder, decimal};
use crate::source::code::Code;
use crate::source::error::{Error, Result};
use crate::source::junk::is_junk;
use crate::source::row::{NumberedFile, Row};
use crate::source::skipped::SkippedFile;

/// The number of entries that are passed on together, which makes the cost negligible.
const BATCH_COUNT: usize = 1024;
/// The number of documents that are measured as one job: enough to hide the cost of a job, few enough to distribute.
const CANDIDATES_COUNT: usize = 256;
/// The number of folders that are listed as one job, for the same reason. In the files folder it is one: each contains 256
/// others, and their handles are open until those are listed.
const FOLDERS_COUNT: usize = 32;

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
    /// List folders.
    List(Listing),
    /// Determine the lengths of documents that were listed.
    Measure(Listed),
}

/// Folders that were found, and the folder that they are in.
pub(super) struct Listing {
    parent: Arc<Folder>,
    folders: Vec<Shards>,
}

impl Listing {
    /// The files folder itself.
    pub(super) fn root(root: &Arc<Folder>) -> Self {
        Self { parent: Arc::clone(root), folders: vec![Shards::Root] }
    }
}

/// Documents that were found in a folder, whose lengths are not known yet.
pub(super) struct Listed {
    folder: Arc<Folder>,
    shards: Shards,
    candidates: Vec<Candidate>,
}

/// A document whose length is not known yet.
struct Candidate {
    name: OsString,
    id: DocumentId,
    spelling: Spelling,
}

/// A folder while it is listed.
struct OpenFolder {
    folder: Arc<Folder>,
    shards: Shards,
    inner: Vec<Shards>,
    candidates: Vec<Candidate>,
}

impl OpenFolder {
    fn take_inner(&mut self) -> Listing {
        Listing { parent: Arc::clone(&self.folder), folders: std::mem::take(&mut self.inner) }
    }

    fn take_candidates(&mut self) -> Listed {
        let candidates = std::mem::take(&mut self.candidates);
        Listed { folder: Arc::clone(&self.folder), shards: self.shards, candidates }
    }
}

/// The memory of a walker.
#[derive(Default)]
pub(super) struct Workspace {
    pub(super) batch: Batch,
    entries: Entries,
}

/// The receiver of a walker's results, and of what it leaves to others.
pub(super) trait WalkSink {
    /// Passes on the files in `batch` and empties it.
    fn deliver(&mut self, batch: &mut Batch) -> Result<()>;

    /// Leaves folders to be listed later.
    fn enter(&mut self, listing: Listing);

    /// Leaves documents to be measured by another walker; returns them if all are busy.
    fn share(&mut self, listed: Listed) -> Option<Listed>;
}

impl Walk<'_> {
    /// Opens the files folder.
    pub(super) fn open_root(&self) -> Result<Arc<Folder>> {
        let root = &self.folder.root;
        Folder::open(root).map(Arc::new).map_err(|cause| Error::io(root, "listing the folder", cause))
    }

    /// Does all work on this thread.
    pub(super) fn run_inline(
        &self,
        root: &Arc<Folder>,
        deliver: &mut dyn FnMut(&mut Batch) -> Result<()>,
    ) -> Result<()> {
        let mut sink = InlineSink { listings: vec![Listing::root(root)], deliver };
        let mut workspace = Workspace::default();
        while let Some(listing) = sink.listings.pop() {
            self.run(Job::List(listing), &mut workspace, &mut sink)?;
        }
        sink.deliver(&mut workspace.batch)
    }

    /// Does one job. The files it finds stay in the workspace until there are enough of them.
    pub(super) fn run(&self, job: Job, workspace: &mut Workspace, sink: &mut dyn WalkSink) -> Result<()> {
        match job {
            Job::List(Listing { parent, folders }) => {
                folders.into_iter().try_for_each(|shards| self.list(&parent, shards, workspace, sink))
            }
            Job::Measure(listed) => self.measure_all(&listed, &mut workspace.batch, sink),
        }
    }

    fn list(
        &self,
        parent: &Arc<Folder>,
        shards: Shards,
        workspace: &mut Workspace,
        sink: &mut dyn WalkSink,
    ) -> Result<()> {
        let Workspace { batch, entries } = workspace;
        let folder = match shards.name().map(|name| parent.folder(Path::new(&name))) {
            None => Arc::clone(parent),
            Some(Ok(folder)) => Arc::new(folder),
            Some(Err(cause)) => return self.unreadable("listing the folder", shards, None, cause, batch),
        };
        let max_inner_count = if shards == Shards::Root { 1 } else { FOLDERS_COUNT };
        let mut open = OpenFolder { folder: Arc::clone(&folder), shards, inner: Vec::new(), candidates: Vec::new() };
        folder.for_each(entries, |found| -> Result<bool> {
            let (name, kind) = match found {
                Ok(found) => found,
                // The rest of the folder is unknown, so the folder is reported, not an entry.
                Err(cause) => {
                    self.unreadable("listing the folder", shards, None, cause, batch)?;
                    return Ok(false);
                }
            };
            self.classify(&mut open, name, kind, batch)?;
            if batch.skipped.len() >= BATCH_COUNT {
                sink.deliver(batch)?;
            }
            if open.inner.len() == max_inner_count {
                sink.enter(open.take_inner());
            }
            if open.candidates.len() == CANDIDATES_COUNT
                && let Some(listed) = sink.share(open.take_candidates())
            {
                self.measure_all(&listed, batch, sink)?;
            }
            Ok(true)
        })?;
        if !open.inner.is_empty() {
            sink.enter(open.take_inner());
        }
        self.measure_all(&open.take_candidates(), batch, sink)
    }

    /// Classifies an entry by its name and kind alone.
    fn classify(
        &self,
        open: &mut OpenFolder,
        name: &OsStr,
        kind: io::Result<FileKind>,
        batch: &mut Batch,
    ) -> Result<()> {
        let (bytes, shards) = (name.as_encoded_bytes(), open.shards);
        let code = match kind {
            Ok(FileKind::Link) => Code::Symlink,
            Ok(FileKind::Folder) => match shards.child(bytes) {
                Some(child) => {
                    open.inner.push(child);
                    return Ok(());
                }
                None => Code::Folder,
            },
            Ok(FileKind::Special) => Code::Special,
            Ok(FileKind::File) => match self.folder.key(bytes).map(|key| (key, Spelling::parse(shards, key))) {
                Some((_, Ok((id, spelling)))) => {
                    open.candidates.push(Candidate { name: name.to_owned(), id, spelling });
                    return Ok(());
                }
                Some((_, Err(Mismatch::WrongShard))) => Code::WrongShard,
                Some((key, Err(Mismatch::NotAnId))) if decimal::<u64>(key).is_some() => {
                    if !self.note_number(open, key, name, batch)? {
                        return Ok(());
                    }
                    Code::Numbered
                }
                _ if is_junk(bytes) => Code::Junk,
                _ => Code::NotAnId,
            },
            Err(cause) => return self.unreadable("inspecting the file", shards, Some(name), cause, batch),
        };
        batch.skipped.push(skipped(code, shards, Some(name)));
        Ok(())
    }

    /// Adds a numbered file, which may get a UUID later. Returns `true` if the file still exists.
    fn note_number(&self, open: &OpenFolder, key: &[u8], name: &OsStr, batch: &mut Batch) -> Result<bool> {
        let Some(spelling) = Spelling::parse_number(open.shards, key) else { return Ok(true) };
        match open.folder.facts(name) {
            Ok(facts) => {
                batch.numbered.extend(NumberedFile::new(spelling, spelling.bits(), facts.len_bytes));
                Ok(true)
            }
            Err(cause) => self.unreadable("inspecting the file", open.shards, Some(name), cause, batch).map(|()| false),
        }
    }

    fn measure_all(&self, listed: &Listed, batch: &mut Batch, sink: &mut dyn WalkSink) -> Result<()> {
        for candidate in &listed.candidates {
            self.measure(listed, candidate, batch)?;
            if batch.rows.len() >= BATCH_COUNT {
                sink.deliver(batch)?;
            }
        }
        Ok(())
    }

    fn measure(&self, listed: &Listed, candidate: &Candidate, batch: &mut Batch) -> Result<()> {
        let Candidate { name, id, spelling } = candidate;
        match listed.folder.facts(name) {
            // The kind can have changed since the listing; it is checked again when the file is opened.
            Ok(facts) if facts.kind == FileKind::File => {
                batch.rows.push(Row { id: *id, locator: spelling.bits(), len_bytes: facts.len_bytes });
            }
            Ok(_) => batch.skipped.push(skipped(Code::Vanished, listed.shards, Some(name))),
            Err(cause) => self.unreadable("inspecting the file", listed.shards, Some(name), cause, batch)?,
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
    listings: Vec<Listing>,
    deliver: &'a mut dyn FnMut(&mut Batch) -> Result<()>,
}

impl WalkSink for InlineSink<'_> {
    fn deliver(&mut self, batch: &mut Batch) -> Result<()> {
        (self.deliver)(batch)
    }

    fn enter(&mut self, listing: Listing) {
        self.listings.push(listing);
    }

    fn share(&mut self, listed: Listed) -> Option<Listed> {
        Some(listed)
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
