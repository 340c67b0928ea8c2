//! The table of contents: all entries of an archive, verified once and kept as they are stored.

mod dependencies;
mod entry;
mod listing;
mod offsets;

pub use super::data_state::DataState;
pub use entry::{Entry, Section};
pub use offsets::Offsets;

use std::fmt;
use std::io::Read;

use super::corruption::Corruption;
use super::error::{Error, ErrorKind};
use super::header::Header;
use super::parse_buffer::ParseBuffer;
use super::primitives::{Cursor, Dialect, Fault};
use crate::limits::{Budget, LimitExceeded, Limits};

/// The table of contents of an archive.
///
/// It holds the stored bytes and sixteen more per entry, so its memory is bounded by the limits on its length and not by
/// what an attacker packs into that length. Entries are decoded when they are accessed.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::Dump;
///
/// let dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// let toc = dump.toc();
/// let table = toc.entries().find(|entry| entry.desc == b"TABLE" && entry.tag == b"system$user").expect("a table");
/// assert_eq!(toc.get(table.id), Some(table));
/// assert!(table.definition.is_some_and(|sql| sql.starts_with(b"CREATE TABLE")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Toc {
    dialect: Dialect,
    /// The stored entries, without their count. They are in segments, because growing one vector would temporarily take
    /// two or three times its length.
    segments: Vec<Box<[u8]>>,
    /// The segment of each entry, and its offset in the segment.
    starts: Vec<(u32, u32)>,
    /// The dump id and index of each entry, ordered by id.
    by_id: Vec<(u32, u32)>,
}

/// A segment ends with the entry that reaches this length, so every entry begins at a lower offset.
const SEGMENT_BYTES: usize = 1 << 20;

/// The table of contents' name in errors.
const TOC: &str = "the table of contents";

impl Toc {
    /// Parses the table of contents at the start of `bytes`, and returns it with its length.
    ///
    /// The limits [`max_toc_bytes`](Limits::max_toc_bytes), [`max_toc_entries`](Limits::max_toc_entries) and
    /// [`max_string_bytes`](Limits::max_string_bytes) apply.
    ///
    /// # Errors
    /// Returns an error if the bytes are too short, are damaged or exceed a limit.
    pub fn parse(header: &Header, bytes: &[u8], limits: &Limits) -> Result<(Self, usize), Error> {
        let mut buffer = ParseBuffer::new(bytes);
        let toc = Self::read(&mut buffer, header.dialect, limits)?;
        let (source, unparsed, _) = buffer.into_parts();
        let len = bytes.len().saturating_sub(source.len()).saturating_sub(unparsed.len());
        Ok((toc, len))
    }

    /// Reads the table of contents from `buffer`.
    pub(super) fn read<R: Read>(buffer: &mut ParseBuffer<R>, dialect: Dialect, limits: &Limits) -> Result<Self, Error> {
        let budget = Budget::new("max_toc_bytes", limits.max_toc_bytes());
        let count = buffer.parse(TOC, &budget, |cursor| match cursor.int(&dialect)? {
            count @ 1.. => Ok(count.cast_unsigned()),
            count => Err(Fault::from(Corruption::EntryCount(count))),
        })?;
        Budget::new("max_toc_entries", limits.max_toc_entries())
            .spend(u64::from(count))
            .map_err(|exceeded| Error::from(exceeded).at(buffer.position()))?;
        buffer.restart();
        let mut toc = Self { dialect, segments: Vec::new(), starts: Vec::new(), by_id: Vec::new() };
        // Memory grows with the entries that are read, never by the count that is claimed.
        for index in 0..count {
            toc.starts.push((stored_index(toc.segments.len())?, stored_index(buffer.segment_bytes())?));
            let read = buffer.parse(TOC, &budget, |cursor| Entry::read(cursor, &dialect, limits).map(|entry| entry.id));
            let id =
                read.map_err(|error| error.within(format!("entry {} of {count}", u64::from(index).saturating_add(1))))?;
            toc.by_id.push((id, index));
            if buffer.segment_bytes() >= SEGMENT_BYTES {
                toc.segments.push(buffer.take_segment());
            }
        }
        toc.segments.push(buffer.take_segment());
        toc.by_id.sort_unstable();
        let duplicate = toc.by_id.windows(2).find_map(|pair| match pair {
            [(one, _), (other, _)] if one == other => Some(*one),
            _ => None,
        });
        match duplicate {
            Some(id) => Err(Corruption::DuplicateId(id).into()),
            None => Ok(toc),
        }
    }

    pub(super) const fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Returns the number of entries, at least 1.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Returns `true` if there are no entries. Never `true` for a parsed archive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Returns the length of the stored entries without their count, in bytes.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.len() as u64).fold(0, u64::saturating_add)
    }

    /// Returns an iterator over the entries in stored order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> + Clone {
        Entries { toc: self, index: 0 }
    }

    /// Returns the entry at `index`, counted from 0.
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let (segment, offset) = *self.starts.get(index)?;
        let bytes = self.segments.get(segment as usize)?.get(offset as usize..)?;
        // These bytes have been parsed before, under stricter limits.
        Entry::read(&mut Cursor::new(bytes), &self.dialect, &Limits::trusted().with_max_string_bytes(u64::MAX)).ok()
    }

    /// Returns the index, counted from 0, of the entry with this dump id.
    #[must_use]
    pub fn index_of(&self, id: u32) -> Option<usize> {
        let found = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.by_id.get(found).map(|(_, index)| *index as usize)
    }

    /// Returns the entry with this dump id.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<Entry<'_>> {
        self.entry(self.index_of(id)?)
    }

    /// Summarizes the positions that the entries state.
    #[must_use]
    pub fn offsets(&self) -> Offsets {
        Offsets::of(self.entries().map(|entry| entry.data))
    }
}

/// Narrows an index to its stored form. A table of contents with more segments could not be addressed.
fn stored_index(index: usize) -> Result<u32, LimitExceeded> {
    let (allowed, wanted) = (u64::from(u32::MAX), index as u64);
    u32::try_from(index).map_err(|_| LimitExceeded { name: "max_toc_bytes", allowed, wanted })
}

impl fmt::Debug for Toc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

#[derive(Clone)]
struct Entries<'a> {
    toc: &'a Toc,
    index: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let entry = self.toc.entry(self.index)?;
        self.index = self.index.saturating_add(1);
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.toc.len().saturating_sub(self.index);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Entries<'_> {}

/// Appends a table of contents to `out`: the number of entries, then every entry in the form that `header` determines.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::pgdump::{FormatVersion, raw::Header, toc::{self, Entry, Toc}};
///
/// let header = Header::new(FormatVersion::V1_14);
/// let mut bytes = Vec::new();
/// toc::encode([Entry::new(1, b"ENCODING", b"ENCODING")], &header, &mut bytes)?;
/// let (toc, len_bytes) = Toc::parse(&header, &bytes, &Limits::untrusted())?;
/// assert_eq!((toc.len(), len_bytes), (1, bytes.len()));
/// # Ok::<(), appsnap::pgdump::Error>(())
/// ```
///
/// # Errors
/// Returns an error if an entry cannot be [encoded](Entry::encode), or if there are more than 2,147,483,647 entries.
pub fn encode<'a, I>(entries: I, header: &Header, out: &mut Vec<u8>) -> Result<(), Error>
where
    I: IntoIterator<Item = Entry<'a>, IntoIter: ExactSizeIterator>,
{
    let entries = entries.into_iter();
    let count = i32::try_from(entries.len())
        .map_err(|_| Error::new(ErrorKind::Misuse("a table of contents has at most 2,147,483,647 entries")))?;
    header.dialect.put_int(count, out)?;
    for entry in entries {
        entry.write(&header.dialect, out)?;
    }
    Ok(())
}
