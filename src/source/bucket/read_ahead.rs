//! Requests documents before they are needed, many at a time and in bounded memory: [`ReadAhead`].

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

use super::fetch::{Piece, Target, fetch};
use super::options::BucketOptions;
use super::tags::Tags;
use crate::document::DocumentId;
use crate::remote;
use crate::remote::object_store::ObjectStore;
use crate::remote::retry::{MAX_ATTEMPTS, is_worth_repeating, pause};
use crate::source::row::Row;

/// The number of documents that are remembered as opened recently, by all threads of a writer.
const RECENT_COUNT: usize = 64;

/// Pieces of objects that were requested and not completely read yet.
pub(super) struct ReadAhead {
    store: Arc<dyn ObjectStore>,
    runtime: Handle,
    tags: Tags,
    max_bytes: u64,
    max_requests: usize,
    state: Mutex<State>,
    changed: Condvar,
}

/// The document and the offset of a piece.
type Key = (DocumentId, u64);

struct State {
    pieces: BTreeMap<Key, Entry>,
    used_bytes: u64,
    running_count: usize,
    /// The number of requests that may run at the same time. It falls with every failure and rises again.
    allowed_count: usize,
    /// The documents of the plan that were requested, a bit for each. Threads read in several parts of the plan at the same time,
    /// so what was read and forgotten must not be requested again.
    requested: Bits,
    /// The end of what was requested of documents that need several requests.
    requested_until: BTreeMap<DocumentId, u64>,
    recent: VecDeque<DocumentId>,
    /// The number of times that everything was forgotten: the results of earlier requests are ignored.
    generation: u64,
}

struct Entry {
    /// The number of the document in the plan.
    number: usize,
    content: Content,
    len_bytes: u64,
    unread_bytes: u64,
}

enum Content {
    Pending,
    Ready(Arc<Vec<u8>>),
    Failed(remote::Error),
}

impl State {
    fn insert(&mut self, piece: &Piece) {
        let len_bytes = piece.len_bytes;
        let number = piece.target.number;
        let entry = Entry { number, content: Content::Pending, len_bytes, unread_bytes: len_bytes };
        self.pieces.insert(key(piece), entry);
        self.requested.set(number);
        if piece.offset_bytes > 0 || piece.next().is_some() {
            let until = self.requested_until.entry(piece.target.id).or_default();
            *until = piece.offset_bytes.saturating_add(len_bytes).max(*until);
        }
        self.used_bytes = self.used_bytes.saturating_add(len_bytes);
        self.running_count = self.running_count.saturating_add(1);
    }

    fn remove(&mut self, key: Key) {
        if let Some(entry) = self.pieces.remove(&key) {
            self.used_bytes = self.used_bytes.saturating_sub(entry.len_bytes);
        }
    }

    /// Removes pieces before everything that was opened recently: the writer has left these documents out.
    fn remove_stale(&mut self) {
        let Some(oldest) = self.recent.iter().min().copied() else { return };
        let is_stale = |(key, entry): (&Key, &Entry)| {
            (key.0 < oldest && !matches!(entry.content, Content::Pending)).then_some(*key)
        };
        let stale = self.pieces.iter().filter_map(is_stale).collect::<Vec<_>>();
        for key in stale {
            if let Some(entry) = self.pieces.get(&key) {
                self.requested.unset(entry.number);
            }
            self.remove(key);
        }
    }
}

impl ReadAhead {
    pub(super) fn new(store: Arc<dyn ObjectStore>, runtime: Handle, tags: Tags, options: &BucketOptions) -> Self {
        let max_requests = options.requests_count.get();
        let state = State {
            pieces: BTreeMap::new(),
            used_bytes: 0,
            running_count: 0,
            allowed_count: max_requests,
            requested: Bits::default(),
            requested_until: BTreeMap::new(),
            recent: VecDeque::new(),
            generation: 0,
        };
        Self {
            store,
            runtime,
            tags,
            max_bytes: options.read_ahead_bytes,
            max_requests,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub(super) const fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    pub(super) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(super) const fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Forgets everything that was requested: the objects are others now.
    pub(super) fn forget(&self) {
        let mut state = self.lock();
        state.pieces.clear();
        state.used_bytes = 0;
        state.requested = Bits::default();
        state.requested_until.clear();
        state.recent.clear();
        state.generation = state.generation.wrapping_add(1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests the document `number` of `rows`, which is about to be read, and as many of the ones after it as limits allow.
    pub(super) fn request(self: &Arc<Self>, rows: &[Row], number: usize, target: impl Fn(usize) -> Option<Target>) {
        let mut prepared = Vec::new();
        self.prepare(&mut self.lock(), (rows, number), target, &mut prepared);
        prepared.into_iter().for_each(|running| self.spawn(running));
    }

    fn prepare(
        self: &Arc<Self>,
        state: &mut State,
        (rows, number): (&[Row], usize),
        target: impl Fn(usize) -> Option<Target>,
        prepared: &mut Vec<Running>,
    ) {
        let Some(first) = rows.get(number) else { return };
        if state.recent.len() == RECENT_COUNT {
            state.recent.pop_front();
        }
        state.recent.push_back(first.id);
        let is_there = || state.pieces.range((first.id, 0)..).next().is_some_and(|(key, _)| key.0 == first.id);
        if first.len_bytes > 0 && state.requested.contains(number) && !is_there() {
            // It was read before: the plan is read again from here.
            state.requested.clear_from(number);
            state.requested_until.clear();
        }
        let mut next = state.requested.first_unset(number);
        while let Some(row) = rows.get(next) {
            let mut piece = target(next).filter(|_| row.len_bytes > 0).and_then(|target| Piece::at(&target, 0));
            while let Some(wanted) = piece {
                if !self.is_allowed(state, &wanted) {
                    return;
                }
                prepared.push(self.start(state, &wanted));
                piece = wanted.next();
            }
            state.requested.set(next);
            next = state.requested.first_unset(next);
        }
    }

    /// Waits for `piece`, which is requested now if it was not before. A failed request is repeated.
    ///
    /// # Errors
    /// Returns an error if the object has changed, or if all requests fail.
    pub(super) fn wait(self: &Arc<Self>, piece: &Piece) -> Result<Arc<Vec<u8>>, remote::Error> {
        let mut failures_count = 0_u32;
        let mut state = self.lock();
        loop {
            match state.pieces.get(&key(piece)).map(|entry| &entry.content) {
                None => {
                    let running = self.start(&mut state, piece);
                    drop(state);
                    self.spawn(running);
                    state = self.lock();
                }
                Some(Content::Pending) => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Content::Ready(bytes)) => {
                    let bytes = Arc::clone(bytes);
                    let until = state.requested_until.get(&piece.target.id).copied();
                    let next = piece.next().filter(|next| until.is_none_or(|until| until <= next.offset_bytes));
                    let next = next.filter(|next| self.is_allowed(&mut state, next));
                    let running = next.map(|next| self.start(&mut state, &next));
                    drop(state);
                    running.into_iter().for_each(|running| self.spawn(running));
                    return Ok(bytes);
                }
                Some(Content::Failed(error)) => {
                    let error = error.clone();
                    state.remove(key(piece));
                    drop(state);
                    failures_count = failures_count.saturating_add(1);
                    if failures_count == MAX_ATTEMPTS || !is_worth_repeating(&error) {
                        return Err(error);
                    }
                    pause(failures_count);
                    state = self.lock();
                }
            }
        }
    }

    /// Counts bytes of a piece as read. A piece that was read completely is removed.
    pub(super) fn release(&self, piece: &Piece, bytes: u64) {
        let mut state = self.lock();
        if let Some(entry) = state.pieces.get_mut(&key(piece)) {
            entry.unread_bytes = entry.unread_bytes.saturating_sub(bytes);
            if entry.unread_bytes == 0 {
                state.remove(key(piece));
            }
        }
    }

    /// Returns `true` if memory and the number of running requests allow one more.
    fn is_allowed(&self, state: &mut State, piece: &Piece) -> bool {
        let fits = |state: &State| state.used_bytes.saturating_add(piece.len_bytes) <= self.max_bytes;
        if !fits(state) {
            state.remove_stale();
        }
        fits(state) && state.running_count < state.allowed_count
    }

    fn start(self: &Arc<Self>, state: &mut State, piece: &Piece) -> Running {
        state.insert(piece);
        let generation = state.generation;
        Running { read_ahead: Arc::clone(self), piece: piece.clone(), generation, result: None }
    }

    /// Runs a request. Not to be called under the lock: a runtime that was shut down drops the request immediately.
    fn spawn(&self, running: Running) {
        self.runtime.spawn(async move {
            let result = fetch(&*running.read_ahead.store, &running.piece, &running.read_ahead.tags).await;
            running.complete(result);
        });
    }

    fn finish(&self, piece: &Piece, generation: u64, result: Result<Vec<u8>, remote::Error>) {
        let mut state = self.lock();
        state.running_count = state.running_count.saturating_sub(1);
        state.allowed_count = match &result {
            Ok(_) => state.allowed_count.saturating_add(1).min(self.max_requests),
            Err(_) => (state.allowed_count / 2).max(1),
        };
        let is_current = generation == state.generation;
        if let Some(entry) = state.pieces.get_mut(&key(piece)).filter(|_| is_current) {
            entry.content = result.map_or_else(Content::Failed, |bytes| Content::Ready(Arc::new(bytes)));
        }
        drop(state);
        self.changed.notify_all();
    }
}

/// A set of numbers, a bit for each.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    const WORD_BITS: usize = u64::BITS as usize;

    fn contains(&self, number: usize) -> bool {
        self.0.get(number / Self::WORD_BITS).is_some_and(|word| word >> (number % Self::WORD_BITS) & 1 == 1)
    }

    fn set(&mut self, number: usize) {
        let index = number / Self::WORD_BITS;
        if self.0.len() <= index {
            self.0.resize(index.saturating_add(1), 0);
        }
        if let Some(word) = self.0.get_mut(index) {
            *word |= 1 << (number % Self::WORD_BITS);
        }
    }

    fn unset(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / Self::WORD_BITS) {
            *word &= !(1 << (number % Self::WORD_BITS));
        }
    }

    fn clear_from(&mut self, number: usize) {
        self.0.truncate((number / Self::WORD_BITS).saturating_add(1));
        if let Some(word) = self.0.get_mut(number / Self::WORD_BITS) {
            *word &= !(u64::MAX << (number % Self::WORD_BITS));
        }
    }

    /// Returns the first number from `from` that is not in the set.
    fn first_unset(&self, from: usize) -> usize {
        let start = from / Self::WORD_BITS;
        let mut before = !(u64::MAX << (from % Self::WORD_BITS));
        for (index, word) in (start..).zip(self.0.get(start..).unwrap_or_default()) {
            let unset = (!(word | before)).trailing_zeros();
            if unset < u64::BITS {
                return index.saturating_mul(Self::WORD_BITS).saturating_add(unset as usize);
            }
            before = 0;
        }
        from.max(self.0.len().saturating_mul(Self::WORD_BITS))
    }
}

/// A running request. Its result is passed on even if the runtime drops it.
struct Running {
    read_ahead: Arc<ReadAhead>,
    piece: Piece,
    generation: u64,
    result: Option<Result<Vec<u8>, remote::Error>>,
}

impl Running {
    fn complete(mut self, result: Result<Vec<u8>, remote::Error>) {
        self.result = Some(result);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let lost = || Err(remote::Error::of(remote::ErrorKind::TaskLost, &self.piece.target.location));
        let result = self.result.take().unwrap_or_else(lost);
        self.read_ahead.finish(&self.piece, self.generation, result);
    }
}

const fn key(piece: &Piece) -> Key {
    (piece.target.id, piece.offset_bytes)
}

impl fmt::Debug for ReadAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAhead")
            .field("max_bytes", &self.max_bytes)
            .field("max_requests", &self.max_requests)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_a_set_of_numbers() {
        let mut random = fastrand::Rng::with_seed(1);
        let (mut bits, mut expected) = (Bits::default(), std::collections::BTreeSet::new());
        for _ in 0..3_000 {
            let number = random.usize(0..300);
            match random.u8(0..20) {
                0 => {
                    bits.clear_from(number);
                    expected.retain(|other| *other < number);
                }
                1..5 => {
                    bits.unset(number);
                    expected.remove(&number);
                }
                _ => {
                    bits.set(number);
                    expected.insert(number);
                }
            }
            let from = random.usize(0..400);
            assert_eq!(bits.contains(from), expected.contains(&from));
            assert_eq!(Some(bits.first_unset(from)), (from..).find(|number| !expected.contains(number)));
        }
    }
}
