//! Compares two dumps: their tables, their large objects, and the SQL of everything else.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Read;

use super::difference::Difference;
use super::line_digest::LineDigest;
use super::object_change::ObjectChange;
use crate::error::Error;
use crate::limits::Limits;
use crate::observe::NoObserver;
use crate::pgdump::{Dump, Stream};

/// Bytes that are read of a stream at once.
const READ_BYTES: usize = 64 << 10;

/// Entries whose contents are streams. The latter list large objects, whose contents are compared instead.
const TABLE_DATA: &[u8] = b"TABLE DATA";
const LARGE_OBJECTS: [&[u8]; 3] = [b"BLOBS", b"BLOB", b"BLOB METADATA"];

/// The contents of a dump, as digests. Memory is a fraction of the table of contents.
#[derive(Debug, Default)]
pub(super) struct DumpContents {
    tables: BTreeMap<Name, Sum>,
    objects: BTreeMap<Name, Sum>,
    large_objects: Sum,
}

/// Kind, schema and name of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    schema: Option<Vec<u8>>,
    name: Vec<u8>,
    kind: Vec<u8>,
}

/// The number of rows or objects, and the sum of their digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    count: Option<u64>,
    digest: u64,
}

impl Sum {
    fn add(&mut self, count: Option<u64>, digest: u64) {
        self.count = match (self.count, count) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        self.digest = self.digest.wrapping_add(digest);
    }
}

impl DumpContents {
    /// Reads a dump to its verified end.
    pub(super) fn read(source: impl Read, key: &RandomState, limits: &Limits) -> Result<Self, Error> {
        let mut dump = Dump::open(source, limits)?;
        let mut contents = Self { large_objects: Sum { count: Some(0), digest: 0 }, ..Self::default() };
        for entry in dump.toc().entries() {
            if entry.desc != TABLE_DATA && !LARGE_OBJECTS.contains(&entry.desc) {
                let mut hasher = key.build_hasher();
                hasher.write(entry.definition.unwrap_or_default());
                let name = Name::of(entry.namespace, entry.tag, entry.desc);
                contents.objects.entry(name).or_default().add(Some(1), hasher.finish());
            }
        }
        let mut digests = BTreeMap::<u32, u64>::new();
        let mut buffer = vec![0; READ_BYTES];
        while let Some(mut stream) = dump.next_stream()? {
            if let Some(oid) = stream.oid() {
                let mut hasher = key.build_hasher();
                hasher.write(&oid.to_le_bytes());
                each_piece(&mut stream, &mut buffer, |piece| hasher.write(piece))?;
                contents.large_objects.add(Some(1), hasher.finish());
            } else {
                let mut lines = LineDigest::new(key);
                each_piece(&mut stream, &mut buffer, |piece| lines.update(piece))?;
                digests.insert(stream.id(), lines.finish());
            }
        }
        let inspection = dump.finish(&mut NoObserver)?;
        for block in &inspection.blocks {
            if let (Some(digest), Some(entry)) = (digests.get(&block.id), inspection.toc.get(block.id)) {
                let name = Name::of(entry.namespace, entry.tag, entry.desc);
                contents.tables.entry(name).or_default().add(block.rows_count, *digest);
            }
        }
        Ok(contents)
    }
}

fn each_piece<R: Read>(
    stream: &mut Stream<'_, R>,
    buffer: &mut [u8],
    mut each: impl FnMut(&[u8]),
) -> Result<(), Error> {
    loop {
        let count = stream.read(buffer)?;
        if count == 0 {
            return Ok(());
        }
        each(crate::io::prefix(buffer, count as u64));
    }
}

impl Name {
    fn of(schema: Option<&[u8]>, name: &[u8], kind: &[u8]) -> Self {
        // pg_dump stores an empty schema for objects outside of schemas.
        let schema = schema.filter(|schema| !schema.is_empty()).map(<[u8]>::to_vec);
        Self { schema, name: name.to_vec(), kind: kind.to_vec() }
    }
}

/// Adds what differs to `difference`.
pub(super) fn compare(old: &DumpContents, new: &DumpContents, difference: &mut Difference) {
    difference.is_dump_read = true;
    difference.tables = changes(&old.tables, &new.tables, true);
    difference.objects = changes(&old.objects, &new.objects, false);
    if old.large_objects != new.large_objects {
        difference.large_objects = old.large_objects.count.zip(new.large_objects.count);
    }
}

fn changes(old: &BTreeMap<Name, Sum>, new: &BTreeMap<Name, Sum>, has_rows: bool) -> Vec<ObjectChange> {
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(name)));
    let mut changes = Vec::new();
    for name in names {
        let sums = [old.get(name), new.get(name)];
        let [one, other] = sums;
        if one == other {
            continue;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        changes.push(ObjectChange {
            kind: text(&name.kind),
            schema: name.schema.as_deref().map(text),
            name: text(&name.name),
            is_in: sums.map(|sum| sum.is_some()),
            rows_counts: sums.map(|sum| sum.filter(|_| has_rows).and_then(|sum| sum.count)),
        });
    }
    changes.sort_by(|one, other| (&one.schema, &one.name, &one.kind).cmp(&(&other.schema, &other.name, &other.kind)));
    changes
}
