//! One part of a plan, known without the documents of the others: [`PlannedShare`], from a [`Census`] of all documents.

use std::ops::Range;

use super::number::Shard;
use super::rows_digest::RowsDigest;
use crate::document::DocumentId;
use crate::snapshot::documents::filled;
use crate::snapshot::index::member_bytes;

/// The share of a document in the work, besides its bytes: opening it costs about as much as reading this many bytes.
const DOCUMENT_BYTES: u64 = 16 << 10;

/// The documents are counted by the first hex digits of their ids: this many of them.
const DIGITS: usize = 3;
const BINS_COUNT: usize = 1 << (4 * DIGITS);

/// Documents that are consecutive in a plan, with the same first digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bin {
    count: u64,
    work: u128,
    /// The length of their members, modulo the length of a chunk.
    filled_bytes: u64,
}

impl Bin {
    fn add(&mut self, len_bytes: u64) {
        self.count = self.count.saturating_add(1);
        self.work = self.work.saturating_add(u128::from(work(len_bytes)));
        self.filled_bytes = filled(self.filled_bytes, member_bytes(len_bytes));
    }
}

/// Counts all documents of a plan, in memory that does not depend on their number.
pub(crate) struct Census {
    digest: RowsDigest,
    bins: Vec<Bin>,
    documents_count: u64,
    document_bytes: u64,
    /// The work for the documents and the database.
    work: u128,
    database_bytes: u64,
}

/// The bins that contain the documents of a part, and what is before them.
#[derive(Clone, Debug)]
pub(crate) struct Bins {
    pub(crate) range: Range<usize>,
    documents_before_count: u64,
    work_before: u128,
}

/// One part of a plan, and what its bytes depend on outside of it.
#[derive(Clone, Debug)]
pub(crate) struct PlannedShare {
    shard: Shard,
    /// The number of documents of the plan.
    pub(crate) documents_count: u64,
    /// The length of the documents of the plan.
    pub(crate) document_bytes: u64,
    pub(super) digest: [u8; 32],
    /// The number of the first document, in the plan.
    pub(super) first: u64,
    /// The number of documents of the part.
    pub(crate) count: usize,
    /// The documents before: an id, and the length of its member and of those that follow, modulo the length of a chunk.
    before: Vec<(DocumentId, u64)>,
}

impl Census {
    /// Begins a census of a plan with a dump of this length.
    pub(crate) fn new(database_bytes: u64) -> Self {
        Self {
            digest: RowsDigest::new(),
            bins: vec![Bin::default(); BINS_COUNT],
            documents_count: 0,
            document_bytes: 0,
            work: u128::from(database_bytes),
            database_bytes,
        }
    }

    /// Counts a document. Returns `None` unless its id is greater than those with the same first digit before, and otherwise
    /// the number of its bin.
    pub(crate) fn add(&mut self, id: DocumentId, len_bytes: u64) -> Option<usize> {
        let number = bin(id);
        let is_ascending = self.digest.add(id, len_bytes);
        self.bins.get_mut(number).filter(|_| is_ascending)?.add(len_bytes);
        self.documents_count = self.documents_count.saturating_add(1);
        self.document_bytes = self.document_bytes.saturating_add(len_bytes);
        self.work = self.work.saturating_add(u128::from(work(len_bytes)));
        Some(number)
    }

    #[cfg(feature = "object-store")]
    pub(crate) const fn bins_count() -> usize {
        BINS_COUNT
    }

    /// Returns the bins that contain the documents of a part.
    pub(crate) fn bins(&self, shard: Shard) -> Bins {
        let work_before = u128::from(self.database_bytes);
        let mut found = Bins { range: 0..0, documents_before_count: 0, work_before };
        let mut start = work_before;
        for (number, bin) in self.bins.iter().enumerate().filter(|(_, bin)| bin.count > 0) {
            if !shard.is_before(start, self.work, shard.number()) {
                break;
            }
            start = start.saturating_add(bin.work);
            let until = number.saturating_add(1);
            if !found.range.is_empty() {
                found.range.end = until;
            } else if shard.is_before(start, self.work, shard.number().saturating_sub(1)) {
                found.documents_before_count = found.documents_before_count.saturating_add(bin.count);
                found.work_before = start;
            } else {
                found.range = number..until;
            }
        }
        found
    }

    /// Returns the number of documents in bins.
    #[cfg(feature = "object-store")]
    pub(crate) fn documents_count_in(&self, bins: &Bins) -> u64 {
        self.within(bins).iter().fold(0, |sum: u64, bin| sum.saturating_add(bin.count))
    }

    fn within(&self, bins: &Bins) -> &[Bin] {
        self.bins.get(bins.range.clone()).unwrap_or_default()
    }

    /// Completes the census with `rows`, all documents of the plan in `bins`, ascending. Returns the part, and the number of
    /// rows before it; `None` if the rows are not those that were counted.
    pub(crate) fn share(
        self,
        shard: Shard,
        bins: &Bins,
        rows: impl Iterator<Item = (DocumentId, u64)>,
    ) -> Option<(PlannedShare, usize)> {
        let counted = self.within(bins);
        let earlier = self.bins.get(..bins.range.start)?.iter().enumerate().filter(|(_, bin)| bin.count > 0);
        let mut share = PlannedShare {
            shard,
            documents_count: self.documents_count,
            document_bytes: self.document_bytes,
            digest: [0; 32],
            first: bins.documents_before_count,
            count: 0,
            before: earlier.map(|(number, bin)| (first_id(number), bin.filled_bytes)).collect(),
        };
        let mut found = vec![Bin::default(); counted.len()];
        let (mut start, mut skipped_count, mut last) = (bins.work_before, 0_usize, None);
        for (id, len_bytes) in rows {
            if last >= Some(id) {
                return None;
            }
            last = Some(id);
            found.get_mut(bin(id).checked_sub(bins.range.start)?)?.add(len_bytes);
            if shard.is_before(start, self.work, shard.number().saturating_sub(1)) {
                share.first = share.first.saturating_add(1);
                skipped_count = skipped_count.saturating_add(1);
                share.add_before(id, len_bytes);
            } else if shard.is_before(start, self.work, shard.number()) {
                share.count = share.count.saturating_add(1);
            }
            start = start.saturating_add(u128::from(work(len_bytes)));
        }
        if found != counted {
            return None;
        }
        share.digest = self.digest.finish();
        Some((share, skipped_count))
    }
}

impl PlannedShare {
    /// Divides a plan of which all `rows` are known, ascending by id. Returns the part, and the number of rows before it.
    pub(crate) fn of<I>(shard: Shard, database_bytes: u64, rows: impl Fn() -> I) -> Option<(Self, usize)>
    where
        I: Iterator<Item = (DocumentId, u64)>,
    {
        let mut census = Census::new(database_bytes);
        for (id, len_bytes) in rows() {
            census.add(id, len_bytes)?;
        }
        let bins = census.bins(shard);
        let (share, _) = census.share(shard, &bins, rows().filter(|(id, _)| bins.range.contains(&bin(*id))))?;
        let skipped_count = usize::try_from(share.first).ok()?;
        Some((share, skipped_count))
    }

    pub(crate) const fn shard(&self) -> Shard {
        self.shard
    }

    /// Returns the documents before, for a cutter of sections.
    pub(crate) fn before(&self) -> &[(DocumentId, u64)] {
        &self.before
    }

    fn add_before(&mut self, id: DocumentId, len_bytes: u64) {
        let added_bytes = member_bytes(len_bytes);
        match self.before.last_mut() {
            // No section begins between ids with the same first digits.
            Some((last, filled_bytes)) if bin(*last) == bin(id) => *filled_bytes = filled(*filled_bytes, added_bytes),
            _ => self.before.push((id, filled(0, added_bytes))),
        }
    }
}

impl Shard {
    /// Returns `true` if a document belongs to part `number` or one before it. `start` is the work before the document,
    /// of a `total`.
    ///
    /// A document belongs to the part in which it begins, on a line that is as long as all of the work.
    pub(super) const fn is_before(self, start: u128, total: u128, number: u32) -> bool {
        start.saturating_mul(self.count() as u128) < total.saturating_mul(number as u128)
    }
}

/// Returns the work for a document, in bytes.
const fn work(len_bytes: u64) -> u64 {
    len_bytes.saturating_add(DOCUMENT_BYTES)
}

/// Returns the number of the bin of a document: the first digits of its id.
fn bin(id: DocumentId) -> usize {
    let [first, second, ..] = *id.as_bytes();
    usize::from(first) << 4 | usize::from(second >> 4)
}

/// Returns the least id in a bin.
fn first_id(bin: usize) -> DocumentId {
    let mut bytes = [0; 16];
    let [first, second, ..] = &mut bytes;
    let [.., high, low] = (bin << 4).to_be_bytes();
    (*first, *second) = (high, low);
    DocumentId::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::assembly::SectionCutter;
    use crate::snapshot::documents::filled_after;
    use crate::snapshot::options::SectionSplit;

    /// Documents in random order of digits, some bins with several and some with none.
    fn rows(random: &mut fastrand::Rng, count: usize) -> Vec<(DocumentId, u64)> {
        let mut rows: Vec<_> = (0..count)
            .map(|_| {
                let mut bytes = random.u128(..).to_be_bytes();
                bytes[0] &= 0x13;
                (DocumentId::from_bytes(bytes), random.u64(0..200_000))
            })
            .collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn share_is_what_follows_from_all_documents() {
        let mut random = fastrand::Rng::with_seed(3);
        for (count, documents) in [(1, 0), (3, 0), (1, 5), (7, 3), (4, 1_000), (16, 3_000), (100, 1_000)] {
            let rows = rows(&mut random, documents);
            let database_bytes = random.u64(0..10_000_000);
            let total = rows.iter().fold(database_bytes, |sum, (_, len)| sum + work(*len));
            let mut at = 0;
            for number in 1..=count {
                let shard = Shard::new(number, count).unwrap();
                let (share, skipped) = PlannedShare::of(shard, database_bytes, || rows.iter().copied()).unwrap();
                assert_eq!((share.first as usize, skipped), (at, at));
                at += share.count;
                let sum: u64 = rows[skipped..at].iter().map(|(_, len)| work(*len)).sum();
                assert!(sum <= total / u64::from(count) + 200_000 + DOCUMENT_BYTES);
                for split in [SectionSplit::Contents, SectionSplit::Digit, SectionSplit::Byte] {
                    // Document by document.
                    let mut cutter = SectionCutter::new(split);
                    let expected = rows[..skipped].iter().fold(0, |bytes, (id, len)| {
                        filled(if cutter.begins_at(*id) { 0 } else { bytes }, member_bytes(*len))
                    });
                    let mut cutter = SectionCutter::new(split);
                    assert_eq!(filled_after(share.before(), &mut cutter) as u64, expected);
                }
            }
            assert_eq!(at, documents, "{count} parts of {documents}");
        }
    }

    #[test]
    fn lengths_beyond_64_bits_do_not_overflow() {
        let id = |number: u128| DocumentId::from_bytes(number.to_be_bytes());
        let rows = || (0..5).map(|number| (id(number), u64::MAX));
        let shares = (1..=5).map(|number| PlannedShare::of(Shard::new(number, 5).unwrap(), u64::MAX, rows).unwrap());
        assert_eq!(shares.map(|(share, _)| share.count).sum::<usize>(), 5);
    }

    #[test]
    fn documents_in_another_order_or_others_than_counted_are_noticed() {
        let mut random = fastrand::Rng::with_seed(4);
        let rows = rows(&mut random, 200);
        let shard = Shard::new(2, 3).unwrap();
        let census = || {
            let mut census = Census::new(0);
            // The first digits may come in any order.
            for digit in [1, 0] {
                let of_digit = rows.iter().filter(|(id, _)| id.as_bytes()[0] >> 4 == digit);
                of_digit.for_each(|(id, len)| assert!(census.add(*id, *len).is_some()));
            }
            census
        };
        let bins = census().bins(shard);
        let within: Vec<_> = rows.iter().copied().filter(|(id, _)| bins.range.contains(&bin(*id))).collect();
        let share = |rows: Vec<(DocumentId, u64)>| census().share(shard, &bins, rows.into_iter());
        let (found, skipped) = share(within.clone()).unwrap();
        let (expected, _) = PlannedShare::of(shard, 0, || rows.iter().copied()).unwrap();
        assert_eq!((found.digest, found.first, found.count), (expected.digest, expected.first, expected.count));
        assert!(skipped < within.len());
        assert!(share(within[1..].to_vec()).is_none());
        assert!(share(within.iter().rev().copied().collect()).is_none());
        let mut longer = within.clone();
        longer[3].1 += 1;
        assert!(share(longer).is_none());
        let mut more = within;
        more.push((DocumentId::from_bytes([0xff; 16]), 1));
        assert!(share(more).is_none());
        assert!(census().add(rows[0].0, 1).is_none(), "it was counted before");
    }
}
