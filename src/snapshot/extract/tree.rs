//! Creates the files of an extracted snapshot: `db.backup` and `files/xx/yy/<uuid>`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::options::Durability;
use super::staging::named;
use crate::document::DocumentId;
use crate::snapshot::error::{Error, Result};

/// Name of the database dump, as `pg_restore` is given it.
pub(in crate::snapshot) const DATABASE: &str = "db.backup";
/// Name of the documents' folder; its content goes to `data/files`.
const FILES: &str = "files";

/// A folder being filled. Every path in it is rendered from a type, and every file is created, never opened.
#[derive(Clone, Debug)]
pub(in crate::snapshot) struct Tree {
    root: PathBuf,
    durability: Durability,
}

impl Tree {
    pub(in crate::snapshot) fn new(root: &Path, durability: Durability) -> Self {
        Self { root: root.to_owned(), durability }
    }

    /// Copies the database dump.
    pub(in crate::snapshot) fn database(&self, content: &mut impl Read) -> Result<()> {
        let path = self.root.join(DATABASE);
        let file = create(&path).map_err(|error| named(Error::io("creating a file", error), &path))?;
        self.copy(content, file, &path)
    }

    /// Copies a document that need not fit into memory.
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

    /// The folder of the documents, for an archive that has none of them, too.
    pub(in crate::snapshot) fn create_files_folder(&self) -> Result<()> {
        let path = self.root.join(FILES);
        ensure_folder(&path).map_err(|error| named(Error::io("creating a folder", error), &path))
    }

    fn create_document(&self, id: DocumentId) -> Result<(PathBuf, File)> {
        let text = id.text();
        let (first, second) = text.shards();
        let mut path = PathBuf::with_capacity(self.root.as_os_str().len() + 64);
        path.extend([self.root.as_path(), Path::new(FILES), Path::new(first), Path::new(second)]);
        path.push(text.as_str());
        let file = match create(&path) {
            // Its folder is missing the first time: cheaper to find out this way than to ask every time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folders: Vec<&Path> = path.ancestors().skip(1).take(3).collect();
                folders.into_iter().rev().try_for_each(ensure_folder).and_then(|()| create(&path))
            }
            file => file,
        };
        let file = file.map_err(|error| named(Error::io("creating a file", error), &path))?;
        Ok((path, file))
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
            let bytes = buffer.get(..count).unwrap_or_default();
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

/// Creates a folder unless another thread was faster.
fn ensure_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}
