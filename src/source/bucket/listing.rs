//! Lists the objects in a folder of a bucket, with one or several concurrent listings: [`Listing`].

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::io::Parallelism;
use crate::remote;
use crate::remote::keys::Keys;
use crate::remote::object_store::path::Path;
use crate::remote::object_store::{ObjectMeta, ObjectStore};
use crate::remote::retry::{MAX_ATTEMPTS, is_worth_repeating};

/// Objects that are passed on together.
const BATCH_COUNT: usize = 1_000;

const UNORDERED: remote::ErrorKind = remote::ErrorKind::Misuse(
    "the store does not list keys in ascending order: use one listing (`with_listing_parallelism`)",
);

/// A part of a listing.
pub(super) enum Listed {
    Objects(Vec<ObjectMeta>),
    Failed(remote::Error),
}

/// Running listings, which end when this is dropped.
pub(super) struct Listing {
    receiver: Receiver<Option<Listed>>,
    running_count: usize,
    folder: Path,
    _tasks: JoinSet<()>,
}

/// The keys greater than `after` and not greater than `last`.
#[derive(Clone, Debug, Default)]
pub(super) struct Range {
    pub(super) after: Option<Path>,
    pub(super) last: Option<Path>,
}

impl Range {
    /// Returns the keys that are also in `other`; `None` if there are none.
    fn within(self, other: &Self) -> Option<Self> {
        let after = self.after.max(other.after.clone());
        let last = [self.last, other.last.clone()].into_iter().flatten().min();
        let is_empty = after.as_ref().zip(last.as_ref()).is_some_and(|(after, last)| after >= last);
        (!is_empty).then_some(Self { after, last })
    }
}

impl Listing {
    pub(super) fn start(store: &Arc<dyn ObjectStore>, runtime: &Handle, keys: &Keys, parallelism: Parallelism) -> Self {
        Self::start_within(store, runtime, (keys, &Range::default()), parallelism)
    }

    /// Lists only keys in `window`.
    pub(super) fn start_within(
        store: &Arc<dyn ObjectStore>,
        runtime: &Handle,
        (keys, window): (&Keys, &Range),
        parallelism: Parallelism,
    ) -> Self {
        let (sender, receiver) = channel();
        let mut tasks = JoinSet::new();
        let ranges = ranges(keys, parallelism.threads_count());
        let ranges: Vec<_> = ranges.into_iter().filter_map(|range| range.within(window)).collect();
        let running_count = ranges.len();
        for range in ranges {
            let (store, folder, sender) = (Arc::clone(store), keys.folder.clone(), sender.clone());
            tasks.spawn_on(list(store, folder, range, sender), runtime);
        }
        Self { receiver, running_count, folder: keys.folder.clone(), _tasks: tasks }
    }

    /// Waits for the next part; `None` when all listings have ended.
    pub(super) fn next(&mut self) -> Option<Listed> {
        while self.running_count > 0 {
            match self.receiver.recv() {
                Ok(Some(listed)) => return Some(listed),
                Ok(None) => self.running_count = self.running_count.saturating_sub(1),
                Err(_) => {
                    self.running_count = 0;
                    return Some(Listed::Failed(remote::Error::of(remote::ErrorKind::TaskLost, &self.folder)));
                }
            }
        }
        None
    }
}

/// Divides the keys into about `count` ranges, by the hex digits at which UUIDs and shard folders differ.
fn ranges(keys: &Keys, count: usize) -> Vec<Range> {
    let mut boundaries = Vec::new();
    if count > 1 {
        let digits = "0123456789abcdef".chars();
        // In flat buckets, the prefix is before the UUID; in others, shard folders are.
        let starts = [keys.flat_start(), keys.sharded_start()];
        boundaries =
            starts.iter().flat_map(|start| digits.clone().map(move |digit| format!("{start}{digit}"))).collect();
        boundaries.sort_unstable();
        boundaries.dedup();
        let step = boundaries.len().div_ceil(count.saturating_sub(1)).max(1);
        boundaries = boundaries.into_iter().step_by(step).collect();
    }
    let boundaries = boundaries.into_iter().filter_map(|key| Path::parse(key).ok()).map(Some).collect::<Vec<_>>();
    let afters = [None].into_iter().chain(boundaries.iter().cloned());
    let lasts = boundaries.iter().cloned().chain([None]);
    afters.zip(lasts).map(|(after, last)| Range { after, last }).collect()
}

/// Sends the objects of one range, and `None` at its end. A receiver that is gone has cancelled.
async fn list(store: Arc<dyn ObjectStore>, folder: Path, range: Range, sender: Sender<Option<Listed>>) {
    let prefix = (!folder.as_ref().is_empty()).then_some(&folder);
    let mut objects = match &range.after {
        Some(after) => store.list_with_offset(prefix, after),
        None => store.list(prefix),
    };
    let is_only = range.after.is_none() && range.last.is_none();
    let (mut before, mut is_ascending, mut failures_count): (Option<Path>, bool, u32) = (None, true, 0);
    let mut batch = Vec::new();
    let end = loop {
        match poll_fn(|context| objects.as_mut().poll_next(context)).await {
            None => break None,
            Some(Err(error)) => {
                let error = remote::Error::store("listing", error, &folder);
                failures_count = failures_count.saturating_add(1);
                if failures_count == MAX_ATTEMPTS || !is_ascending || !is_worth_repeating(&error) {
                    break Some(Listed::Failed(error));
                }
                // A page that ended early, for example: the rest is listed again.
                objects = match before.as_ref().or(range.after.as_ref()) {
                    Some(after) => store.list_with_offset(prefix, after),
                    None => store.list(prefix),
                };
            }
            Some(Ok(object)) => {
                is_ascending = is_ascending && before.as_ref().is_none_or(|before| object.location > *before);
                if !is_only {
                    if !is_ascending {
                        break Some(Listed::Failed(remote::Error::of(UNORDERED, &folder)));
                    }
                    if range.last.as_ref().is_some_and(|last| object.location > *last) {
                        break None;
                    }
                }
                before = Some(object.location.clone());
                batch.push(object);
                if batch.len() == BATCH_COUNT && sender.send(Some(Listed::Objects(std::mem::take(&mut batch)))).is_err()
                {
                    return;
                }
            }
        }
    };
    let rest = (!batch.is_empty()).then_some(Listed::Objects(batch));
    for part in [rest, end].into_iter().flatten() {
        if sender.send(Some(part)).is_err() {
            return;
        }
    }
    let _ = sender.send(None);
}
