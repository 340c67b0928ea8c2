//! The objects of the documents of a plan, and how each of them is opened: [`BucketStore`].

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::fetch::{Piece, Target};
use super::found::Found;
use super::listing::{Listed, Listing};
use super::options::BucketOptions;
use super::read_ahead::ReadAhead;
use super::tags::Tags;
use crate::document::DocumentId;
use crate::io::{Parallelism, ReadAt as _};
use crate::remote::keys::Keys;
use crate::remote::object_store::ObjectStore;
use crate::remote::object_store::path::Path;
use crate::source::directory::spelling::Spelling;
use crate::source::error::{Error, ErrorKind, Result};
use crate::source::member_name::MemberName;
use crate::source::row::Row;

/// Returns the keys of the documents that the options describe.
pub(super) fn keys(options: &BucketOptions) -> Result<Keys> {
    let misuse = |what| Error::in_path(&options.key_prefix, ErrorKind::Misuse(what));
    Keys::new(&options.key_prefix, &options.key_suffix).map_err(misuse)
}

/// Returns the key of a document in this spelling.
pub(super) fn key(keys: &Keys, id: DocumentId, spelling: Spelling) -> String {
    let mut path = PathBuf::new();
    spelling.push_to(id, &keys.prefix, &keys.suffix, &mut path);
    let parts = path.iter().map(|part| part.to_string_lossy());
    let folder = keys.listed().map(Path::as_ref);
    folder.map(Into::into).into_iter().chain(parts).collect::<Vec<_>>().join("/")
}

/// The spelling and the entity tag of one listed object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    spelling: Spelling,
    tag: u64,
}

/// The facts about listed objects that the ids of documents do not determine.
#[derive(Debug)]
pub(super) enum Slots {
    /// The spelling of all of them. The locator of a row is the entity tag.
    Same(Spelling),
    /// The locator of a row is an index.
    Each(Vec<Slot>),
}

impl Slots {
    pub(super) fn of(all: &[Found]) -> Self {
        match all.first().map(|first| first.spelling) {
            Some(first) if first.number().is_none() && all.iter().all(|found| found.spelling == first) => {
                Self::Same(first)
            }
            _ => Self::Each(all.iter().map(|found| Slot { spelling: found.spelling, tag: found.tag }).collect()),
        }
    }

    /// Returns the locator of the document with this index.
    pub(super) const fn locator(&self, index: u64, found: &Found) -> u64 {
        match self {
            Self::Same(_) => found.tag,
            Self::Each(_) => index,
        }
    }

    fn get(&self, row: &Row) -> Option<Slot> {
        match self {
            Self::Same(spelling) => Some(Slot { spelling: *spelling, tag: row.locator }),
            Self::Each(slots) => slots.get(usize::try_from(row.locator).ok()?).copied(),
        }
    }

    fn set_tag(&mut self, row: &mut Row, tag: u64) {
        match self {
            Self::Same(_) => row.locator = tag,
            Self::Each(slots) => {
                let index = usize::try_from(row.locator).ok();
                if let Some(slot) = index.and_then(|index| slots.get_mut(index)) {
                    slot.tag = tag;
                }
            }
        }
    }
}

/// The documents of a bucket.
#[derive(Debug)]
pub(in crate::source) struct BucketStore {
    keys: Keys,
    slots: Slots,
    read_ahead: Arc<ReadAhead>,
}

impl BucketStore {
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        runtime: &Handle,
        options: &BucketOptions,
        (keys, slots, tags): (Keys, Slots, Tags),
    ) -> Self {
        let read_ahead = ReadAhead::new(store, runtime.clone(), tags, options);
        Self { keys, slots, read_ahead: Arc::new(read_ahead) }
    }

    fn location(&self, row: &Row) -> Option<Path> {
        Path::parse(key(&self.keys, row.id, self.slots.get(row)?.spelling)).ok()
    }

    fn target(&self, rows: &[Row], number: usize) -> Option<Target> {
        let row = rows.get(number)?;
        let (location, tag) = (self.location(row)?, self.slots.get(row)?.tag);
        Some(Target { id: row.id, number, location, len_bytes: row.len_bytes, tag })
    }

    /// Lists the bucket again and corrects the `rows` that are `wanted`. Returns the documents that are gone and those that are
    /// others now; `None` if the bucket cannot be listed.
    pub(in crate::source) fn recheck(
        &mut self,
        rows: &mut [Row],
        wanted: impl Fn(DocumentId) -> bool,
    ) -> Option<(Vec<DocumentId>, Vec<DocumentId>)> {
        let mut found = BTreeMap::new();
        let read_ahead = &self.read_ahead;
        let mut listing = Listing::start(read_ahead.store(), read_ahead.runtime(), &self.keys, Parallelism::INLINE);
        while let Some(listed) = listing.next() {
            let Listed::Objects(objects) = listed else { return None };
            for object in objects {
                let name = self.keys.name(&object.location).unwrap_or_default();
                let parsed = MemberName::parse(name.as_bytes(), &self.keys.prefix, &self.keys.suffix);
                if let MemberName::Document { root: "", id, spelling } = parsed
                    && wanted(id)
                {
                    found.insert((id, spelling), (object.size, read_ahead.tags().of(object.e_tag.as_deref())));
                }
            }
        }
        let (mut gone, mut modified) = (Vec::new(), Vec::new());
        for row in rows.iter_mut().filter(|row| wanted(row.id)) {
            let slot = self.slots.get(row)?;
            match found.get(&(row.id, slot.spelling)) {
                None => gone.push(row.id),
                Some(now) if *now != (row.len_bytes, slot.tag) => {
                    row.len_bytes = now.0;
                    self.slots.set_tag(row, now.1);
                    modified.push(row.id);
                }
                Some(_) => {}
            }
        }
        self.read_ahead.forget();
        Some((gone, modified))
    }

    pub(in crate::source) fn key(&self, row: &Row) -> PathBuf {
        self.location(row).map_or_else(PathBuf::new, |location| location.as_ref().into())
    }

    /// Opens the document `number` of `rows`, and requests it and the ones after it.
    pub(in crate::source) fn open(&self, rows: &[Row], number: usize) -> io::Result<ObjectFile> {
        let unknown = || io::Error::other("internal error: the plan refers to an object that was not listed");
        let target = self.target(rows, number).ok_or_else(unknown)?;
        self.read_ahead.request(rows, number, |number| self.target(rows, number));
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
