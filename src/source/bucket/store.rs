//! The objects of the documents of a plan, and how each of them is opened: [`BucketStore`].

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::fetch::{Piece, Target};
use super::options::BucketOptions;
use super::read_ahead::ReadAhead;
use super::tags::Tags;
use crate::document::DocumentId;
use crate::io::ReadAt as _;
use crate::remote::object_store::ObjectStore;
use crate::remote::object_store::path::Path;
use crate::source::directory::spelling::Spelling;
use crate::source::error::{Error, ErrorKind, Result};
use crate::source::row::Row;

/// The keys of documents: a folder, and the parts of a name before and after a UUID.
#[derive(Debug)]
pub(in crate::source) struct Keys {
    pub(super) folder: Path,
    pub(super) prefix: String,
    pub(super) suffix: String,
}

impl Keys {
    pub(super) fn new(options: &BucketOptions) -> Result<Self> {
        let misuse = |what| Err(Error::in_path(&options.key_prefix, ErrorKind::Misuse(what)));
        let (folder, prefix) = options.key_prefix.rsplit_once('/').unwrap_or(("", &options.key_prefix));
        let Ok(folder) = Path::parse(folder) else {
            return misuse("the folder of a key prefix must consist of names, without empty ones and without `..`");
        };
        if options.key_suffix.contains('/') {
            return misuse("a key suffix must not contain slashes: documents are objects, not folders");
        }
        Ok(Self { folder, prefix: prefix.to_owned(), suffix: options.key_suffix.clone() })
    }

    /// Returns the name of an object below the folder; `None` for the marker of the folder itself.
    pub(super) fn name<'a>(&self, location: &'a Path) -> Option<&'a str> {
        let name = location.as_ref().strip_prefix(self.folder.as_ref())?;
        Some(name.strip_prefix('/').unwrap_or(name)).filter(|name| !name.is_empty())
    }

    /// Returns the key of a document.
    pub(super) fn key(&self, id: DocumentId, spelling: Spelling) -> String {
        let mut path = PathBuf::new();
        spelling.push_to(id, &self.prefix, &self.suffix, &mut path);
        let parts = path.iter().map(|part| part.to_string_lossy());
        let folder = Some(self.folder.as_ref()).filter(|folder| !folder.is_empty());
        folder.map(Into::into).into_iter().chain(parts).collect::<Vec<_>>().join("/")
    }

    /// Returns the text before the UUID in the keys of a bucket without shard folders.
    pub(super) fn flat_start(&self) -> String {
        format!("{}{}", self.sharded_start(), self.prefix)
    }

    /// Returns the text before the shard folders.
    pub(super) fn sharded_start(&self) -> String {
        if self.folder.as_ref().is_empty() { String::new() } else { format!("{}/", self.folder) }
    }

    /// Returns the folder, for messages.
    pub(super) fn folder_name(&self) -> &str {
        self.folder.as_ref()
    }
}

/// The spelling and the entity tag of one listed object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) spelling: Spelling,
    pub(super) tag: u64,
}

/// The documents of a bucket.
#[derive(Debug)]
pub(in crate::source) struct BucketStore {
    keys: Keys,
    /// By [`Row::locator`].
    slots: Vec<Slot>,
    read_ahead: Arc<ReadAhead>,
}

impl BucketStore {
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        runtime: &Handle,
        options: &BucketOptions,
        (keys, slots, tags): (Keys, Vec<Slot>, Tags),
    ) -> Self {
        let read_ahead = ReadAhead::new(store, runtime.clone(), tags, options);
        Self { keys, slots, read_ahead: Arc::new(read_ahead) }
    }

    fn target(&self, row: &Row) -> Option<Target> {
        let slot = self.slots.get(usize::try_from(row.locator).ok()?)?;
        let location = Path::parse(self.keys.key(row.id, slot.spelling)).ok()?;
        Some(Target { id: row.id, location, len_bytes: row.len_bytes, tag: slot.tag })
    }

    pub(in crate::source) fn key(&self, row: &Row) -> PathBuf {
        self.target(row).map_or_else(PathBuf::new, |target| target.location.as_ref().into())
    }

    /// Opens the first of `rows`, and requests it and the ones after it.
    pub(in crate::source) fn open(&self, rows: &[Row]) -> io::Result<ObjectFile> {
        let unknown = || io::Error::other("internal error: the plan refers to an object that was not listed");
        let target = rows.first().and_then(|row| self.target(row)).ok_or_else(unknown)?;
        self.read_ahead.request(rows, |row| self.target(row));
        Ok(ObjectFile { target, read_ahead: Arc::clone(&self.read_ahead) })
    }
}

/// An open document in a bucket.
#[derive(Debug)]
pub(in crate::source) struct ObjectFile {
    target: Target,
    read_ahead: Arc<ReadAhead>,
}

impl ObjectFile {
    pub(in crate::source) const fn len_bytes(&self) -> u64 {
        self.target.len_bytes
    }

    pub(in crate::source) fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let piece = Piece::at(&self.target, offset_bytes).filter(|_| !buffer.is_empty());
        let Some(piece) = piece else { return Ok(0) };
        let bytes = self.read_ahead.wait(&piece).map_err(Error::bucket)?;
        let count = bytes.read_at(buffer, offset_bytes.saturating_sub(piece.offset_bytes))?;
        self.read_ahead.release(&piece, count as u64);
        Ok(count)
    }
}
