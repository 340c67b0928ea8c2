//! A set of document ids that stays small for a million of them.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use crate::document::DocumentId;

/// Ids in a page of the ascending run.
const PAGE_IDS: usize = 4096;

/// The number of hash sets for ids that do not ascend. A set doubles when it grows: with 256 sets, a doubling costs a
/// 256th of that of one large set.
const SETS: usize = 256;

/// A set of ids.
///
/// Archives of this crate are sorted. As long as ids ascend they are appended, 16 bytes each, and found by binary
/// search. Other ids are added to hash sets, 20 to 40 bytes each. The hash key is random, so that an author of
/// archives cannot choose ids that collide.
#[derive(Debug, Default)]
pub(crate) struct IdSet {
    ascending: Vec<Vec<[u8; 16]>>,
    others: Vec<HashSet<[u8; 16]>>,
    key: RandomState,
}

impl IdSet {
    /// Adds `id`. Returns `false` if the set already contains it.
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
