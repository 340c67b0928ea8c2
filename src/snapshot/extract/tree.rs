//! Creates the files of an extracted snapshot: `db.backup` and `files/xx/yy/<uuid>`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::names::{DATABASE, FILES, named};
use super::options::Durability;
use crate::document::DocumentId;
use crate::io::{Folder, prefix};
use crate::snapshot::error::{Error, Result};

/// The number of possible folders `xx/yy`, and of those that share a word of the bit set.
const FOLDERS_COUNT: usize = 1 << 16;
const BITS: usize = u64::BITS as usize;

/// A folder that is being filled. Every path in it is rendered from a type, and no existing file is opened.
#[derive(Debug)]
pub(in crate::snapshot) struct Tree {
    root: PathBuf,
    durability: Durability,
    /// The folder of documents, if any are wanted.
    documents: Option<Folder>,
    /// One bit for each of the 65,536 folders `xx/yy`, set once it is known to exist.
    folders: Vec<AtomicU64>,
}

impl Tree {
    /// Creates a tree in the folder `root`, with the folder of documents even if the archive has none.
    pub(in crate::snapshot) fn create(root: &Path, durability: Durability, has_documents: bool) -> Result<Self> {
        let create = || {
            let path = root.join(FILES);
            let opened = ensure(fs::create_dir(&path)).and_then(|()| Folder::open(&path));
            opened.map_err(|error| named(Error::io("creating a folder", error), &path))
        };
        let documents = has_documents.then(create).transpose()?;
        let folders = (0..FOLDERS_COUNT / BITS).map(|_| AtomicU64::new(0)).collect();
        Ok(Self { root: root.to_owned(), durability, documents, folders })
    }

    /// Copies the database dump.
    pub(in crate::snapshot) fn database(&self, content: &mut impl Read) -> Result<()> {
        let path = self.root.join(DATABASE);
        let file = File::options().write(true).create_new(true).open(&path);
        let file = file.map_err(|error| named(Error::io("creating a file", error), &path))?;
        self.copy(content, file, &path)
    }

    /// Copies a document of any length.
    pub(in crate::snapshot) fn document(&self, id: DocumentId, content: &mut impl Read) -> Result<()> {
        let file = self.create_document(id)?;
        self.copy(content, file, &self.path(id))
    }

    /// Writes a document from memory.
    pub(in crate::snapshot) fn small_document(&self, id: DocumentId, bytes: &[u8]) -> Result<()> {
        let mut file = self.create_document(id)?;
        file.write_all(bytes).map_err(|error| named(Error::io("writing a file", error), &self.path(id)))?;
        if self.durability == Durability::System { Ok(()) } else { self.sync(&file, &self.path(id)) }
    }

    /// Returns the path of a document, for messages.
    fn path(&self, id: DocumentId) -> PathBuf {
        self.root.join(FILES).join(id.path())
    }

    fn create_document(&self, id: DocumentId) -> Result<File> {
        let Some(documents) = &self.documents else {
            return Err(Error::internal("a document was extracted that was not wanted"));
        };
        let relative = id.path();
        let relative = Path::new(&relative);
        let file = self.ensure_shard(documents, id, relative).and_then(|()| documents.create_file(relative));
        file.map_err(|error| named(Error::io("creating a file", error), &self.path(id)))
    }

    /// Ensures that the folder of a document exists, with few system calls: most folders are new or already known.
    fn ensure_shard(&self, documents: &Folder, id: DocumentId, relative: &Path) -> io::Result<()> {
        let [first, second, ..] = *id.as_bytes();
        let number = usize::from(u16::from_be_bytes([first, second]));
        let bit = 1 << (number % BITS);
        let Some(known) = self.folders.get(number / BITS) else { return Ok(()) };
        if known.load(Ordering::Acquire) & bit != 0 {
            return Ok(());
        }
        let Some(folder) = relative.parent() else { return Ok(()) };
        match (ensure(documents.create_folder(folder)), folder.parent()) {
            (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
                ensure(documents.create_folder(parent))?;
                ensure(documents.create_folder(folder))?;
            }
            (made, _) => made?,
        }
        known.fetch_or(bit, Ordering::Release);
        Ok(())
    }

    fn copy(&self, content: &mut impl Read, mut file: File, path: &Path) -> Result<()> {
        let mut buffer = vec![0; 128 << 10];
        loop {
            let count = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("reading", error)),
            };
            let bytes = prefix(&buffer, count as u64);
            file.write_all(bytes).map_err(|error| named(Error::io("writing a file", error), path))?;
        }
        self.sync(&file, path)
    }

    fn sync(&self, file: &File, path: &Path) -> Result<()> {
        if self.durability == Durability::System {
            return Ok(());
        }
        file.sync_all().map_err(|error| named(Error::io("syncing a file", error), path))
    }
}

/// Accepts a folder that exists already.
fn ensure(created: io::Result<()>) -> io::Result<()> {
    match created {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}
