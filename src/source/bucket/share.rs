//! Lists a bucket for one of many workers, which keeps only its own documents: [`scan_share`].

use std::sync::Arc;

use tokio::runtime::Handle;

use super::Collector;
use super::found::Found;
use super::listing::{Listing, Range};
use super::options::BucketOptions;
use super::store::{self, BucketStore, Slots};
use crate::observe::{Event, Observer, Phase};
use crate::remote::object_store::ObjectStore;
use crate::remote::object_store::path::Path;
use crate::snapshot::join::{Census, PlannedShare, Shard};
use crate::source::directory::spelling::Spelling;
use crate::source::error::{Error, Result};
use crate::source::plan::DocumentPlan;
use crate::source::row::Row;
use crate::source::store::Store;

/// Lists the documents in a bucket, and plans those of one part. All documents are counted, and those of the part are then
/// listed again and kept.
///
/// Returns `None` if that is not possible, and the whole list is needed: if the store may list in another order than that of
/// keys, if keys have several forms, so that they are not in the order of the ids or a document may occur twice, if files are
/// named by numbers, or if the second listing does not find what the first one counted.
///
/// # Errors
/// Returns an error if a listing fails, if the key prefix or suffix cannot occur in a key, or if the observer cancels.
pub(crate) fn scan_share(
    store: &Arc<dyn ObjectStore>,
    runtime: &Handle,
    options: &BucketOptions,
    shard: Shard,
    observer: &mut dyn Observer,
) -> Result<Option<(DocumentPlan, PlannedShare)>, Error> {
    if options.listing.threads_count() < 2 {
        return Ok(None);
    }
    let keys = store::keys(options)?;
    let mut collector = Collector::new(&keys, options, &mut *observer);
    let mut counted = Counted::new();
    collector.notify(&Event::Phase(Phase::ListingBucket))?;
    let listing = Listing::start(store, runtime, &keys, options.listing);
    let mut is_countable = true;
    collector.collect(listing, |found, location| {
        is_countable = counted.add(&found, location);
        is_countable
    })?;
    let skipped = collector.skipped;
    let Some(spelling) = counted.spelling.filter(|_| is_countable && counted.are_keys_ascending()) else {
        return Ok(None);
    };

    let bins = counted.census.bins(shard);
    let expected_count = usize::try_from(counted.census.documents_count_in(&bins));
    let Ok(expected_count) = expected_count else { return Ok(None) };
    let window = counted.window(&bins.range);
    let mut rows = Vec::with_capacity(expected_count);
    let mut collector = Collector::new(&keys, options, observer);
    if expected_count > 0 {
        collector.notify(&Event::Phase(Phase::ListingBucket))?;
        let listing = Listing::start_within(store, runtime, (&keys, &window), options.listing);
        let mut is_same = true;
        collector.collect(listing, |found, _| {
            is_same = found.spelling == spelling && rows.len() < expected_count;
            rows.push(Row { id: found.id, locator: found.tag, len_bytes: found.len_bytes });
            is_same
        })?;
        if !is_same {
            return Ok(None);
        }
    }
    rows.sort_unstable();
    let ids = rows.iter().map(|row: &Row| (row.id, row.len_bytes));
    let Some((share, skipped_count)) = counted.census.share(shard, &bins, ids) else { return Ok(None) };
    rows.truncate(skipped_count.saturating_add(share.count));
    rows.drain(..skipped_count.min(rows.len()));
    let planned_bytes = rows.iter().fold(0_u64, |sum, row| sum.saturating_add(row.len_bytes));
    collector.notify(&Event::planned(rows.len() as u64, planned_bytes))?;
    let tags = collector.tags;
    let store = BucketStore::new(Arc::clone(store), runtime, options, (keys, Slots::Same(spelling), tags));
    Ok(Some((DocumentPlan::new(Store::Bucket(store), rows, Vec::new(), skipped), share)))
}

/// The documents of a listing, counted.
struct Counted {
    census: Census,
    spelling: Option<Spelling>,
    /// The last key in each bin.
    last_keys: Vec<Option<Path>>,
}

impl Counted {
    fn new() -> Self {
        Self { census: Census::new(0), spelling: None, last_keys: vec![None; Census::bins_count()] }
    }

    /// Counts a document. Returns `false` if it cannot be counted without the list of all.
    fn add(&mut self, found: &Found, location: &Path) -> bool {
        let spelling = *self.spelling.get_or_insert(found.spelling);
        if found.spelling != spelling || spelling.number().is_some() {
            return false;
        }
        let Some(bin) = self.census.add(found.id, found.len_bytes) else { return false };
        let Some(last) = self.last_keys.get_mut(bin) else { return false };
        *last = Some(location.clone());
        true
    }

    /// Returns `true` if the keys of all bins are in the order of the ids.
    fn are_keys_ascending(&self) -> bool {
        self.last_keys.iter().flatten().is_sorted_by(|key, next| key < next)
    }

    /// Returns the keys from those of the first to those of the last of consecutive bins.
    fn window(&self, bins: &std::ops::Range<usize>) -> Range {
        let last = |keys: Option<&[Option<Path>]>| keys?.iter().rev().flatten().next().cloned();
        Range { after: last(self.last_keys.get(..bins.start)), last: last(self.last_keys.get(..bins.end)) }
    }
}
