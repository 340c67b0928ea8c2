//! Objects and unfinished uploads in memory: [`Objects`].

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, Range};
use std::time::SystemTime;

use bytes::Bytes;

/// S3 refuses smaller parts, except for the last one.
const MIN_PART_BYTES: u64 = 5 << 20;

/// The content of an object, in pieces that other objects may share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content(Vec<Bytes>);

impl Content {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self(if bytes.is_empty() { Vec::new() } else { vec![bytes.into_boxed_slice().into()] })
    }

    pub(crate) fn len_bytes(&self) -> u64 {
        self.0.iter().map(|piece| piece.len() as u64).sum()
    }

    pub(crate) fn into_pieces(self) -> Vec<Bytes> {
        self.0
    }

    /// Returns the bytes of `range`, which is inside the content.
    pub(crate) fn range(self, range: Range<u64>) -> Self {
        let mut at = 0;
        let mut pieces = Vec::new();
        for piece in self.0 {
            let end = at + piece.len() as u64;
            let (from, until) = (range.start.clamp(at, end), range.end.clamp(at, end));
            if from < until {
                pieces.push(piece.slice((from - at) as usize..(until - at) as usize));
            }
            at = end;
        }
        Self(pieces)
    }
}

/// The reason why an upload cannot be completed.
pub(crate) enum Refused {
    NoUpload,
    NoPart,
    TooSmall,
}

/// A page of a listing.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Name, length, number of the entity tag.
    pub(crate) objects: Vec<(String, u64, u64)>,
    pub(crate) folders: Vec<String>,
    /// The last name of the page, if more follow.
    pub(crate) last: Option<String>,
}

struct Upload {
    name: String,
    begun_at: SystemTime,
    parts: BTreeMap<i32, Content>,
}

/// All objects, by bucket and key.
#[derive(Default)]
pub(crate) struct Objects {
    stored: BTreeMap<Box<str>, (Content, u64)>,
    uploads: HashMap<String, Upload>,
    /// Entity tags and ids of uploads are numbered.
    last_number: u64,
}

impl Objects {
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub(crate) fn put(&mut self, name: String, content: Content) -> u64 {
        let number = self.number();
        self.stored.insert(name.into_boxed_str(), (content, number));
        number
    }

    pub(crate) fn get(&self, name: &str) -> Option<(Content, u64)> {
        self.stored.get(name).cloned()
    }

    pub(crate) fn delete(&mut self, name: &str) {
        self.stored.remove(name);
    }

    /// Lists up to `max_count` names after `after` that begin with `prefix`.
    pub(crate) fn page(&self, prefix: &str, after: &str, delimiter: Option<&str>, max_count: usize) -> Page {
        let mut page = Page::default();
        let mut from = if after < prefix { Bound::Included(prefix.to_owned()) } else { Bound::Excluded(after.to_owned()) };
        let mut last = String::new();
        loop {
            let bounds = (from.as_ref().map(String::as_str), Bound::Unbounded);
            let mut skip = None;
            for (name, (content, number)) in self.stored.range::<str, _>(bounds) {
                let Some(rest) = name.strip_prefix(prefix) else { return page };
                let folder = delimiter.and_then(|delimiter| {
                    let end = rest.find(delimiter)? + delimiter.len();
                    Some(&name[..prefix.len() + end])
                });
                // A page that ended with a folder continues after everything in it.
                if let Some(folder) = folder.filter(|folder| *folder == after) {
                    skip = Some(folder.to_owned());
                    break;
                }
                if page.objects.len() + page.folders.len() == max_count {
                    page.last = Some(last);
                    return page;
                }
                if let Some(folder) = folder {
                    page.folders.push(folder.to_owned());
                    last = folder.to_owned();
                    skip = Some(folder.to_owned());
                    break;
                }
                page.objects.push((name.to_string(), content.len_bytes(), *number));
                last = name.to_string();
            }
            let Some(folder) = skip else { return page };
            from = Bound::Excluded(format!("{folder}\u{10ffff}"));
        }
    }

    pub(crate) fn begin(&mut self, name: String) -> String {
        let id = format!("{:016x}", self.number());
        self.uploads.insert(id.clone(), Upload { name, begun_at: SystemTime::now(), parts: BTreeMap::new() });
        id
    }

    /// Returns id, name and time of the unfinished uploads whose names begin with `prefix`.
    pub(crate) fn uploads(&self, prefix: &str) -> impl Iterator<Item = (&str, &str, SystemTime)> {
        let matching = self.uploads.iter().filter(move |(_, upload)| upload.name.starts_with(prefix));
        matching.map(|(id, upload)| (id.as_str(), upload.name.as_str(), upload.begun_at))
    }

    pub(crate) fn add(&mut self, id: &str, part: i32, content: Content) -> Option<u64> {
        let number = self.number();
        self.uploads.get_mut(id)?.parts.insert(part, content);
        Some(number)
    }

    pub(crate) fn abort(&mut self, id: &str) {
        self.uploads.remove(id);
    }

    pub(crate) fn complete(&mut self, id: &str, parts: &[i32]) -> Result<u64, Refused> {
        let upload = self.uploads.get(id).ok_or(Refused::NoUpload)?;
        let contents: Option<Vec<_>> = parts.iter().map(|part| upload.parts.get(part)).collect();
        let contents = contents.filter(|contents| !contents.is_empty()).ok_or(Refused::NoPart)?;
        let (_, all_but_last) = contents.split_last().ok_or(Refused::NoPart)?;
        if all_but_last.iter().any(|content| content.len_bytes() < MIN_PART_BYTES) {
            return Err(Refused::TooSmall);
        }
        let pieces = contents.into_iter().flat_map(|content| content.0.iter().cloned()).collect();
        let name = upload.name.clone();
        self.uploads.remove(id);
        Ok(self.put(name, Content(pieces)))
    }
}
