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
    /// The last document that was requested ahead.
    frontier: Option<DocumentId>,
    recent: VecDeque<DocumentId>,
    /// The number of times that everything was forgotten: the results of earlier requests are ignored.
    generation: u64,
}

struct Entry {
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
        let entry = Entry { content: Content::Pending, len_bytes, unread_bytes: len_bytes };
        self.pieces.insert(key(piece), entry);
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
        stale.into_iter().for_each(|key| self.remove(key));
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
            frontier: None,
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
        state.frontier = None;
        state.recent.clear();
        state.generation = state.generation.wrapping_add(1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests the first of `rows`, which is about to be read, and as many of the ones after it as limits allow.
    pub(super) fn request(self: &Arc<Self>, rows: &[Row], target: impl Fn(&Row) -> Option<Target>) {
        let mut prepared = Vec::new();
        self.prepare(&mut self.lock(), rows, target, &mut prepared);
        prepared.into_iter().for_each(|running| self.spawn(running));
    }

    /// Prepares the requests for the first of `rows` and as many of the ones after it as limits allow.
    fn prepare(
        self: &Arc<Self>,
        state: &mut State,
        rows: &[Row],
        target: impl Fn(&Row) -> Option<Target>,
        prepared: &mut Vec<Running>,
    ) {
        let Some(first) = rows.first() else { return };
        if state.recent.len() == RECENT_COUNT {
            state.recent.pop_front();
        }
        state.recent.push_back(first.id);
        let is_requested = first.len_bytes == 0
            || state.pieces.range((first.id, 0)..).next().is_some_and(|(key, _)| key.0 == first.id);
        let frontier = state.frontier.filter(|_| is_requested);
        let skip = frontier.map_or(0, |frontier| rows.partition_point(|row| row.id <= frontier));
        let (_, ahead) = rows.split_at(skip);
        for row in ahead {
            let mut next = target(row).and_then(|target| Piece::at(&target, 0));
            while let Some(piece) = next {
                if !state.pieces.contains_key(&key(&piece)) {
                    if !self.is_allowed(state, &piece) {
                        return;
                    }
                    prepared.push(self.start(state, &piece));
                }
                next = piece.next();
            }
            state.frontier = Some(row.id);
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
                    let next = piece.next().filter(|next| !state.pieces.contains_key(&key(next)));
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
