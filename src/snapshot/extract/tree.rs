//! Creates the files of an extracted snapshot: `db.backup` and `files/xx/yy/<uuid>`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::names::{DATABASE, FILES, named};
use super::options::Durability;
use crate::document::DocumentId;
use crate::io::prefix;
use crate::snapshot::error::{Error, Result};

/// The number of possible folders `xx/yy`, and of those that share a word of the bit set.
const FOLDERS_COUNT: usize = 1 << 16;
const BITS: usize = u64::BITS as usize;

/// A folder that is being filled. Every path in it is rendered from a type, and no existing file is opened.
#[derive(Debug)]
pub(in crate::snapshot) struct Tree {
    root: PathBuf,
    durability: Durability,
    /// One bit for each of the 65,536 folders `xx/yy`, set once it is known to exist.
    folders: Vec<AtomicU64>,
}

impl Tree {
    pub(in crate::snapshot) fn new(root: &Path, durability: Durability) -> Self {
        let folders = (0..FOLDERS_COUNT / BITS).map(|_| AtomicU64::new(0)).collect();
        Self { root: root.to_owned(), durability, folders }
    }

    /// Copies the database dump.
    pub(in crate::snapshot) fn database(&self, content: &mut impl Read) -> Result<()> {
        let path = self.root.join(DATABASE);
        let file = create(&path).map_err(|error| named(Error::io("creating a file", error), &path))?;
        self.copy(content, file, &path)
    }

    /// Copies a document of any length.
    pub(in crate::snapshot) fn document(&self, id: DocumentId, content: &mut impl Read) -> Result<()> {
        let (path, file) = self.create_document(id)?;
        self.copy(content, file, &path)
    }

    /// Writes a document from memory.
    pub(in crate::snapshot) fn small_document(&self, id: DocumentId, bytes: &[u8]) -> Result<()> {
        let (path, mut file) = self.create_document(id)?;
        file.write_all(bytes).map_err(|error| named(Error::io("writing a file", error), &path))?;
        self.sync(&file, &path)
    }

    /// Creates the folder of documents, even if the archive has no documents.
    pub(in crate::snapshot) fn create_files_folder(&self) -> Result<()> {
        let path = self.root.join(FILES);
        ensure_folder(&path).map_err(|error| named(Error::io("creating a folder", error), &path))
    }

    fn create_document(&self, id: DocumentId) -> Result<(PathBuf, File)> {
        let path = self.root.join(FILES).join(id.path());
        let file = self.ensure_shard(id, &path).and_then(|()| create(&path));
        let file = file.map_err(|error| named(Error::io("creating a file", error), &path))?;
        Ok((path, file))
    }

    /// Ensures that the folder of a document exists, with few system calls: most folders are new or already known.
    fn ensure_shard(&self, id: DocumentId, path: &Path) -> io::Result<()> {
        let [first, second, ..] = *id.as_bytes();
        let number = usize::from(u16::from_be_bytes([first, second]));
        let bit = 1 << (number % BITS);
        let Some(known) = self.folders.get(number / BITS) else { return Ok(()) };
        if known.load(Ordering::Acquire) & bit != 0 {
            return Ok(());
        }
        let Some(folder) = path.parent() else { return Ok(()) };
        match (ensure_folder(folder), folder.parent()) {
            (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
                ensure_folder(parent)?;
                ensure_folder(folder)?;
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

fn create(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

/// Creates a folder, unless it exists.
fn ensure_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}
