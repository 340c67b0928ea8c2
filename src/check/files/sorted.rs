//! Many small records, sorted, in as much memory as they take: [`Sorted`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Records of a page. A page is all that is ever allocated at once, and so all that can be allocated in vain.
const PAGE_RECORDS: usize = 16_384;

/// Records in pages that are sorted one by one, and merged while they are read.
///
/// A vector that grows and is sorted at the end would want up to three times the memory when it grows.
#[derive(Clone, Debug)]
pub(crate) struct Sorted<T> {
    pages: Vec<Vec<T>>,
    len: u64,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { pages: Vec::new(), len: 0 }
    }
}

impl<T: Copy + Ord> Sorted<T> {
    pub(crate) fn push(&mut self, record: T) {
        match self.pages.last_mut() {
            Some(page) if page.len() < PAGE_RECORDS => page.push(record),
            last => {
                if let Some(page) = last {
                    page.sort_unstable();
                }
                // The first page may stay small; all others are worth a whole one.
                let mut page = if self.pages.is_empty() { Vec::new() } else { Vec::with_capacity(PAGE_RECORDS) };
                page.push(record);
                self.pages.push(page);
            }
        }
        self.len = self.len.saturating_add(1);
    }

    /// Sorts what is not sorted yet. Must be called once, before anything is read.
    pub(crate) fn finish(mut self) -> Self {
        if let Some(page) = self.pages.last_mut() {
            page.sort_unstable();
            page.shrink_to_fit();
        }
        self
    }

    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// The record that was added last, before the records are sorted.
    pub(crate) fn last(&self) -> Option<&T> {
        self.pages.last()?.last()
    }

    /// All records, ascending.
    pub(crate) fn iter(&self) -> Merged<'_, T> {
        let mut merged =
            Merged { pages: self.pages.iter().map(|page| page.iter()).collect(), heads: BinaryHeap::new() };
        for page in 0..merged.pages.len() {
            merged.take_from(page);
        }
        merged
    }
}

/// Yields the records of all pages in ascending order.
#[derive(Clone, Debug)]
pub(crate) struct Merged<'a, T> {
    pages: Vec<std::slice::Iter<'a, T>>,
    /// The next record of every page that has one, the smallest on top.
    heads: BinaryHeap<Reverse<(T, usize)>>,
}

impl<T: Copy + Ord> Merged<'_, T> {
    fn take_from(&mut self, page: usize) {
        if let Some(record) = self.pages.get_mut(page).and_then(Iterator::next) {
            self.heads.push(Reverse((*record, page)));
        }
    }
}

impl<T: Copy + Ord> Iterator for Merged<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        // Replacing the top sifts once, where popping and pushing would sift twice.
        let mut top = self.heads.peek_mut()?;
        let Reverse((record, page)) = *top;
        match self.pages.get_mut(page).and_then(Iterator::next) {
            Some(next) => *top = Reverse((*next, page)),
            None => drop(std::collections::binary_heap::PeekMut::pop(top)),
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_sorted_whatever_their_number() {
        for count in [0, 1, 2, PAGE_RECORDS, PAGE_RECORDS + 1, 5 * PAGE_RECORDS - 3] {
            let mut sorted = Sorted::default();
            for number in 0..count {
                sorted.push((number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            }
            let sorted = sorted.finish();
            assert_eq!(sorted.len(), count as u64);
            let records = sorted.iter().collect::<Vec<_>>();
            assert_eq!(records.len(), count);
            assert!(records.is_sorted());
        }
    }
}
