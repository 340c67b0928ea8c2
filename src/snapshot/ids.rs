//! The set of document ids seen so far, small enough for a million of them.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::document::DocumentId;

/// Ids a page of the ascending run holds.
const PAGE_IDS: usize = 4096;

/// How many small sets hold the ids that came out of order. A set doubles when it grows; one of 256 doubling at a time
/// costs a 256th of what one large set would.
const SETS: usize = 256;

/// Ids, without duplicates.
///
/// Archives written by this crate are sorted, and as long as ids ascend they are merely appended: 16 bytes each, found
/// again by binary search. Ids that come out of order go into hash sets, 20 to 40 bytes each. Which set, and where in it,
/// depends on a random key, so that nobody can choose ids that collide.
#[derive(Debug, Default)]
pub(crate) struct IdSet {
    ascending: Vec<Vec<[u8; 16]>>,
    others: Vec<HashSet<[u8; 16]>>,
    key: RandomState,
}

impl IdSet {
    /// Adds `id`; `false` when it was there already.
    pub(crate) fn insert(&mut self, id: DocumentId) -> bool {
        let id = *id.as_bytes();
        match self.ascending.last_mut() {
            Some(page) if page.last() >= Some(&id) => return self.insert_out_of_order(id),
            Some(page) if page.len() < PAGE_IDS => {
                page.push(id);
                return true;
            }
            _ => {}
        }
        let mut page = Vec::with_capacity(PAGE_IDS);
        page.push(id);
        self.ascending.push(page);
        true
    }

    fn insert_out_of_order(&mut self, id: [u8; 16]) -> bool {
        let behind = self.ascending.partition_point(|page| page.first() <= Some(&id));
        let page = behind.checked_sub(1).and_then(|index| self.ascending.get(index));
        if page.is_some_and(|page| page.binary_search(&id).is_ok()) {
            return false;
        }
        if self.others.is_empty() {
            self.others.resize_with(SETS, HashSet::default);
        }
        let [set, ..] = self.key.hash_one(id).to_le_bytes();
        self.others.get_mut(usize::from(set)).is_some_and(|set| set.insert(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> DocumentId {
        DocumentId::from_bytes(u128::from(number).to_be_bytes())
    }

    #[test]
    fn duplicates_are_found_in_any_order() {
        let mut set = IdSet::default();
        for number in (0..20_000).map(|number| number * 2) {
            assert!(set.insert(id(number)));
        }
        assert!(set.others.is_empty());
        for number in 0..40_000 {
            assert_eq!(set.insert(id(number)), number % 2 == 1, "{number}");
        }
        for number in 0..40_000 {
            assert!(!set.insert(id(number)), "{number}");
        }
        assert!(!set.others.is_empty());
        assert!(set.insert(id(40_000)));
    }
}
