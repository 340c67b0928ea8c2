//! The table of contents: all entries of an archive, checked once and kept as they were stored.

mod dependencies;
mod entry;
mod listing;

pub use dependencies::{Dependencies, DependencyIter};
pub use entry::{DataState, Entry, Section};
pub use listing::Listed;

use std::fmt;

use super::corruption::Corruption;
use super::cursor::{Cursor, Dialect, Fault};
use super::error::{Error, ErrorKind};
use super::head::Head;
use crate::limits::{Budget, Limits};

/// The table of contents of an archive.
///
/// It holds the stored bytes and sixteen more for each entry, so that its memory is bounded by the limits on its length
/// and not by what a stranger packs into that length. Entries are decoded when they are looked at.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::Blocks;
///
/// let dump = Blocks::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// let toc = dump.toc();
/// let table = toc.entries().find(|entry| entry.desc == b"TABLE" && entry.tag == b"system$user").expect("a table");
/// assert_eq!(toc.get(table.id), Some(table));
/// assert!(table.definition.is_some_and(|sql| sql.starts_with(b"CREATE TABLE")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Toc {
    dialect: Dialect,
    /// The entries one after the other, without the count in front of them. In segments, because one growing vector would
    /// for a moment need twice or three times its length.
    segments: Vec<Box<[u8]>>,
    /// Where each entry begins: its segment, and the offset in it.
    starts: Vec<(u32, u32)>,
    /// Dump id and index, ordered by id.
    by_id: Vec<(u32, u32)>,
}

/// A segment ends with the entry that reaches this length, so no entry begins behind it.
const SEGMENT_BYTES: usize = 1 << 20;

/// What [`ErrorKind::Truncated`] calls it.
const TOC: &str = "the table of contents";

impl Toc {
    /// Reads the table of contents at the beginning of `bytes`, and says how long it is.
    ///
    /// [`Limits::max_toc_bytes`], [`Limits::max_toc_entries`] and [`Limits::max_string_bytes`] matter.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`], [`ErrorKind::Corrupt`], [`ErrorKind::Limit`].
    pub fn parse(dialect: Dialect, bytes: &[u8], limits: &Limits) -> Result<(Self, usize), Error> {
        let mut head = Head::new(bytes);
        let toc = Self::read(&mut head, dialect, limits)?;
        let len = usize::try_from(head.position()).unwrap_or(usize::MAX);
        Ok((toc, len))
    }

    /// Takes the table of contents from the front of `head`.
    pub(crate) fn read<R: std::io::Read>(head: &mut Head<R>, dialect: Dialect, limits: &Limits) -> Result<Self, Error> {
        let budget = Budget::new("max_toc_bytes", limits.max_toc_bytes());
        let count = head.parse(TOC, &budget, |cursor| match cursor.int(&dialect)? {
            count @ 1.. => Ok(count.cast_unsigned()),
            count => Err(Fault::from(Corruption::EntryCount(count))),
        })?;
        Budget::new("max_toc_entries", limits.max_toc_entries())
            .spend(u64::from(count))
            .map_err(|exceeded| Error::from(exceeded).at(head.position()))?;
        head.mark();
        let mut toc = Self { dialect, segments: Vec::new(), starts: Vec::new(), by_id: Vec::new() };
        // Everything grows with the entries that are there, never by the count that is claimed.
        for index in 0..count {
            let segment = u32::try_from(toc.segments.len()).unwrap_or(u32::MAX);
            toc.starts.push((segment, u32::try_from(head.kept_bytes()).unwrap_or(u32::MAX)));
            let read = head.parse(TOC, &budget, |cursor| Entry::read(cursor, &dialect, limits).map(|entry| entry.id));
            let id = read
                .map_err(|error| error.within(|| format!("entry {} of {count}", u64::from(index).saturating_add(1))))?;
            toc.by_id.push((id, index));
            if head.kept_bytes() >= SEGMENT_BYTES {
                toc.segments.push(head.take_kept());
            }
        }
        toc.segments.push(head.take_kept());
        toc.by_id.sort_unstable();
        let twice = toc.by_id.windows(2).find_map(|pair| match pair {
            [(one, _), (other, _)] if one == other => Some(*one),
            _ => None,
        });
        match twice {
            Some(id) => Err(Corruption::DuplicateId(id).into()),
            None => Ok(toc),
        }
    }

    /// The dialect it is stored in.
    #[must_use]
    pub const fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// How many entries there are; never none.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are none, which no archive that was read has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Length of the stored entries in bytes, without their count.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.len() as u64).fold(0, u64::saturating_add)
    }

    /// The entries in stored order.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries { toc: self, index: 0 }
    }

    /// The entry that stands at `index`, counted from 0.
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let (segment, offset) = *self.starts.get(index)?;
        let bytes = self.segments.get(segment as usize)?.get(offset as usize..)?;
        // It was read once before, under stricter limits.
        Entry::read(&mut Cursor::new(bytes), &self.dialect, &Limits::trusted().with_max_string_bytes(u64::MAX)).ok()
    }

    /// Where the entry with this dump id stands, counted from 0.
    #[must_use]
    pub fn index_of(&self, id: u32) -> Option<usize> {
        let found = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.by_id.get(found).map(|(_, index)| *index as usize)
    }

    /// The entry with this dump id.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<Entry<'_>> {
        self.entry(self.index_of(id)?)
    }
}

impl fmt::Debug for Toc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

impl<'a> IntoIterator for &'a Toc {
    type Item = Entry<'a>;
    type IntoIter = Entries<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries()
    }
}

/// Yields the entries of a [`Toc`] in stored order.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::Blocks;
///
/// let dump = Blocks::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// assert_eq!(dump.toc().entries().filter(|entry| entry.desc == b"TABLE DATA").count(), 12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Entries<'a> {
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

/// Appends a whole table of contents to `out`: the count, then every entry as `dialect` lays it out.
///
/// ```
/// use appsnap::pgdump::{Dialect, Entry, FormatVersion, Toc, encode_toc};
/// # use appsnap::Limits;
///
/// let dialect = Dialect::usual(FormatVersion::V1_14);
/// let mut bytes = Vec::new();
/// encode_toc([Entry::new(1, b"ENCODING", b"ENCODING")], &dialect, &mut bytes)?;
/// let (toc, len) = Toc::parse(dialect, &bytes, &Limits::untrusted())?;
/// assert_eq!((toc.len(), len), (1, bytes.len()));
/// # Ok::<(), appsnap::pgdump::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Inexpressible`] as [`Entry::encode`]; [`ErrorKind::Misuse`] for more entries than an integer counts.
pub fn encode_toc<'a, I>(entries: I, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error>
where
    I: IntoIterator<Item = Entry<'a>, IntoIter: ExactSizeIterator>,
{
    let entries = entries.into_iter();
    let count = i32::try_from(entries.len())
        .map_err(|_| Error::new(ErrorKind::Misuse("a table of contents with more than 2147483647 entries")))?;
    dialect.put_int(count, out)?;
    for entry in entries {
        entry.encode(dialect, out)?;
    }
    Ok(())
}
