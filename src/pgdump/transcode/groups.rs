//! The groups of large objects in archive version 1.16, and all entries about their members: [`Groups`].

use crate::io::decimal;
use crate::limits::Budget;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;
use crate::pgdump::toc::{Entry, Toc};

/// The groups of a dump, found in two passes over its entries.
///
/// Memory is a few words for each large object and for each entry about one, and the limits bound both.
pub(super) struct Groups {
    groups: Vec<Group>,
    /// The dump id of each group and its index in `groups`, ordered by id.
    by_id: Vec<(u32, usize)>,
    /// The first of the unused dump ids.
    next_id: u64,
}

/// A group of large objects with the same owner and the same rights.
pub(super) struct Group {
    pub(super) id: u32,
    /// The index of its `BLOB METADATA` entry.
    pub(super) index: usize,
    /// Its members, ascending.
    oids: Vec<u32>,
    /// The dump id of the second member's entry. The first member gets the id of the group.
    second_id: u64,
    /// The indexes of the entries about all members, in stored order.
    about_all: Vec<usize>,
    /// The OID and index of the entries about one member, ordered by OID.
    about_one: Vec<(u32, usize)>,
}

/// The members of a group that an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    One(u32),
    All,
}

const BLOB_METADATA: &[u8] = b"BLOB METADATA";

impl Groups {
    pub(super) const NONE: Self = Self { groups: Vec::new(), by_id: Vec::new(), next_id: 1 };

    /// Finds the groups of the dump. `entries` limits the entries of the output.
    pub(super) fn of(toc: &Toc, entries: &Budget) -> Result<Self, Error> {
        let mut found = Self::NONE;
        let mut entries = entries.clone();
        for (index, entry) in toc.entries().enumerate() {
            let highest = entry.dependencies().fold(entry.id, u32::max);
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

    /// Returns `true` if a dump id is that of a group.
    pub(super) fn contains(&self, id: u32) -> bool {
        self.find(id).is_some()
    }

    /// Returns the first unused dump id.
    pub(super) const fn next_id(&self) -> u64 {
        self.next_id
    }

    fn find(&self, id: u32) -> Option<usize> {
        let found = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.by_id.get(found).map(|(_, group)| *group)
    }

    fn note(&mut self, index: usize, entry: &Entry<'_>) {
        let Some(about) = about(entry) else { return };
        let Some(group) = entry.dependencies().find_map(|id| self.find(id)) else { return };
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

    /// Returns the dump id of the entry that creates the member at this index.
    pub(super) fn id_of(&self, member: usize) -> u64 {
        match member.checked_sub(1) {
            None => u64::from(self.id),
            Some(after_second) => self.second_id.saturating_add(after_second as u64),
        }
    }

    /// Returns the OID and index of the entries about one member only.
    pub(super) fn about_one(&self, oid: u32) -> &[(u32, usize)] {
        let start = self.about_one.partition_point(|(of, _)| *of < oid);
        let end = self.about_one.partition_point(|(of, _)| *of <= oid);
        let (up_to, _) = self.about_one.split_at(end);
        up_to.split_at(start).1
    }

    /// Returns the indexes of all entries about members.
    pub(super) fn about_any(&self) -> impl Iterator<Item = usize> {
        self.about_all.iter().copied().chain(self.about_one.iter().map(|(_, index)| *index))
    }
}

/// Returns `true` if an entry is about a whole group of large objects.
pub(super) fn is_about_all(entry: &Entry<'_>) -> bool {
    about(entry) == Some(About::All)
}

fn about(entry: &Entry<'_>) -> Option<About> {
    if !matches!(entry.desc, b"ACL" | b"COMMENT" | b"SECURITY LABEL") {
        return None;
    }
    if let Some(number) = entry.tag.strip_prefix(b"LARGE OBJECT ") {
        return decimal(number).map(About::One);
    }
    entry.tag.starts_with(b"LARGE OBJECTS ").then_some(About::All)
}

/// Returns the OIDs in the definition of a group: one per line, at least one, none twice, none 0.
fn members(entry: &Entry<'_>, entries: &mut Budget) -> Result<Vec<u32>, Error> {
    let bad = || Error::from(Corruption::LargeObjectList(entry.id)).within(entry.to_string());
    if entry.has_data() {
        return Err(bad());
    }
    let lines = entry.definition.and_then(|list| list.strip_suffix(b"\n")).ok_or_else(bad)?;
    let mut oids = Vec::new();
    for line in lines.split(|byte| *byte == b'\n') {
        entries.spend(1)?;
        oids.push(decimal(line).filter(|oid| *oid != 0).ok_or_else(bad)?);
    }
    if !oids.is_sorted() {
        oids.sort_unstable();
    }
    if oids.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(bad());
    }
    Ok(oids)
}
