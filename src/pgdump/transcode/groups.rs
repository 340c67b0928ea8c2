//! Large objects in groups, as 1.16 has them, with all entries that speak of their members: [`Groups`].

use crate::limits::Budget;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;
use crate::pgdump::toc::{Entry, Toc};

/// The groups of a dump, found in two passes over its entries.
///
/// Its memory is a few words for each large object and for each entry about one, both of which the limits bound.
pub(super) struct Groups {
    groups: Vec<Group>,
    /// Dump id of each group and its place in `groups`, ordered by id.
    by_id: Vec<(u32, usize)>,
    /// The first dump id that neither an entry nor a dependency uses.
    next_id: u64,
}

/// A group of large objects with the same owner and the same rights.
pub(super) struct Group {
    pub(super) id: u32,
    /// Where its `BLOB METADATA` entry stands.
    pub(super) index: usize,
    /// Its members, ascending.
    oids: Vec<u32>,
    /// Id of the second member's entry; the first member gets the id of the group.
    second_id: u64,
    /// Where entries stand that speak of all members, in stored order.
    about_all: Vec<usize>,
    /// The same for entries that speak of one, ordered by its OID.
    about_one: Vec<(u32, usize)>,
}

/// What an entry says about large objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    One(u32),
    All,
}

const BLOB_METADATA: &[u8] = b"BLOB METADATA";

impl Groups {
    pub(super) const NONE: Self = Self { groups: Vec::new(), by_id: Vec::new(), next_id: 1 };

    /// Groups of the dump; `entries` is the limit of the output's entries.
    pub(super) fn of(toc: &Toc, entries: &Budget) -> Result<Self, Error> {
        let mut found = Self::NONE;
        let mut entries = entries.clone();
        for (index, entry) in toc.entries().enumerate() {
            let highest = entry.dependencies.iter().fold(entry.id, u32::max);
            found.next_id = found.next_id.max(u64::from(highest).saturating_add(1));
            if entry.desc == BLOB_METADATA {
                let oids = members(&entry, &mut entries)?;
                found.by_id.push((entry.id, found.groups.len()));
                found.groups.push(Group {
                    id: entry.id,
                    index,
                    oids,
                    second_id: 0,
                    about_all: Vec::new(),
                    about_one: Vec::new(),
                });
            }
        }
        found.by_id.sort_unstable();
        for group in &mut found.groups {
            group.second_id = found.next_id;
            found.next_id = found.next_id.saturating_add((group.oids.len() as u64).saturating_sub(1));
        }
        if !found.groups.is_empty() {
            for (index, entry) in toc.entries().enumerate() {
                found.note(index, &entry);
            }
        }
        for group in &mut found.groups {
            group.about_one.sort_unstable();
        }
        Ok(found)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Whether a dump id is that of a group.
    pub(super) fn contains(&self, id: u32) -> bool {
        self.find(id).is_some()
    }

    /// The first of the dump ids that are free for more entries.
    pub(super) const fn next_id(&self) -> u64 {
        self.next_id
    }

    fn find(&self, id: u32) -> Option<usize> {
        let found = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.by_id.get(found).map(|(_, group)| *group)
    }

    fn note(&mut self, index: usize, entry: &Entry<'_>) {
        let Some(about) = about(entry) else { return };
        let Some(group) = entry.dependencies.iter().find_map(|id| self.find(id)) else { return };
        let Some(group) = self.groups.get_mut(group) else { return };
        match about {
            About::All => group.about_all.push(index),
            About::One(oid) if group.oids.binary_search(&oid).is_ok() => group.about_one.push((oid, index)),
            About::One(_) => {}
        }
    }
}

impl Group {
    pub(super) fn oids(&self) -> &[u32] {
        &self.oids
    }

    /// Dump id of the entry that creates the member at `place`.
    pub(super) fn id_of(&self, place: usize) -> u64 {
        match place.checked_sub(1) {
            None => u64::from(self.id),
            Some(behind) => self.second_id.saturating_add(behind as u64),
        }
    }

    /// Where the entries stand that speak of one member only.
    pub(super) fn about_one(&self, oid: u32) -> &[(u32, usize)] {
        let start = self.about_one.partition_point(|(of, _)| *of < oid);
        let end = self.about_one.partition_point(|(of, _)| *of <= oid);
        self.about_one.get(start..end).unwrap_or_default()
    }

    /// Where all entries stand that speak of members.
    pub(super) fn about_any(&self) -> impl Iterator<Item = usize> {
        self.about_all.iter().copied().chain(self.about_one.iter().map(|(_, index)| *index))
    }
}

/// Whether an entry speaks of a whole group of large objects.
pub(super) fn is_about_all(entry: &Entry<'_>) -> bool {
    about(entry) == Some(About::All)
}

fn about(entry: &Entry<'_>) -> Option<About> {
    if !matches!(entry.desc, b"ACL" | b"COMMENT" | b"SECURITY LABEL") {
        return None;
    }
    if let Some(number) = entry.tag.strip_prefix(b"LARGE OBJECT ") {
        return std::str::from_utf8(number).ok()?.parse().ok().map(About::One);
    }
    entry.tag.starts_with(b"LARGE OBJECTS ").then_some(About::All)
}

/// The OIDs in the definition of a group: one a line, at least one, none twice, none 0.
fn members(entry: &Entry<'_>, entries: &mut Budget) -> Result<Vec<u32>, Error> {
    let bad = || Error::from(Corruption::LargeObjectList(entry.id)).within(|| entry.to_string());
    if entry.has_data() {
        return Err(bad());
    }
    let lines = entry.definition.and_then(|list| list.strip_suffix(b"\n")).ok_or_else(bad)?;
    let mut oids = Vec::new();
    for line in lines.split(|byte| *byte == b'\n') {
        entries.spend(1)?;
        let oid = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
        oids.push(oid.filter(|oid| *oid != 0).ok_or_else(bad)?);
    }
    if !oids.is_sorted() {
        oids.sort_unstable();
    }
    if oids.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(bad());
    }
    Ok(oids)
}
