//! HTTP requests, counted and limited: [`Counting`].

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use serde::Serialize;
use tokio::sync::Notify;

use crate::support::size;

/// The counters of this process.
static COUNTERS: Counters = Counters::new();
static LIMITER: Limiter = Limiter::new();

/// Sets the number of requests at the same time.
pub fn limit(most: NonZeroUsize) {
    let mut state = LIMITER.state.lock().unwrap_or_else(PoisonError::into_inner);
    (state.most, state.allowed) = (most.get(), most.get());
}

struct Counters {
    gets: AtomicU64,
    lists: AtomicU64,
    heads: AtomicU64,
    puts: AtomicU64,
    copies: AtomicU64,
    others: AtomicU64,
    slowed: AtomicU64,
    failed: AtomicU64,
    sent_bytes: AtomicU64,
    received_bytes: AtomicU64,
}

/// The requests that were made, retries included.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Counts {
    get: u64,
    list: u64,
    head: u64,
    put: u64,
    copy: u64,
    other: u64,
    /// Answered with a demand to slow down.
    slowed_down: u64,
    /// Without an answer.
    failed: u64,
    sent_bytes: u64,
    received_bytes: u64,
}

impl Counters {
    const fn new() -> Self {
        Self {
            gets: AtomicU64::new(0),
            lists: AtomicU64::new(0),
            heads: AtomicU64::new(0),
            puts: AtomicU64::new(0),
            copies: AtomicU64::new(0),
            others: AtomicU64::new(0),
            slowed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
            received_bytes: AtomicU64::new(0),
        }
    }

    fn add(&self, request: &HttpRequest) {
        let query = request.uri().query().unwrap_or_default();
        let is_list = ["list-type=", "comp=list", "prefix=", "delimiter="].iter().any(|word| query.contains(word));
        let counter = match request.method().as_str() {
            "GET" if is_list => &self.lists,
            "PROPFIND" => &self.lists,
            "GET" => &self.gets,
            "HEAD" => &self.heads,
            "PUT" if request.headers().contains_key("x-amz-copy-source") => &self.copies,
            "PUT" => &self.puts,
            _ => &self.others,
        };
        counter.fetch_add(1, Relaxed);
        self.sent_bytes.fetch_add(request.body().content_length() as u64, Relaxed);
    }
}

/// Returns the number of requests so far; `None` if there were none.
pub fn counted() -> Option<Counts> {
    let counters = &COUNTERS;
    let counts = Counts {
        get: counters.gets.load(Relaxed),
        list: counters.lists.load(Relaxed),
        head: counters.heads.load(Relaxed),
        put: counters.puts.load(Relaxed),
        copy: counters.copies.load(Relaxed),
        other: counters.others.load(Relaxed),
        slowed_down: counters.slowed.load(Relaxed),
        failed: counters.failed.load(Relaxed),
        sent_bytes: counters.sent_bytes.load(Relaxed),
        received_bytes: counters.received_bytes.load(Relaxed),
    };
    let all = [counts.get, counts.list, counts.head, counts.put, counts.copy, counts.other];
    all.iter().any(|count| *count > 0).then_some(counts)
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.get, "GET"),
            (self.list, "LIST"),
            (self.head, "HEAD"),
            (self.put, "PUT"),
            (self.copy, "copies of ranges"),
            (self.other, "other"),
            (self.slowed_down, "of them answered with a demand to slow down"),
            (self.failed, "of them without an answer"),
        ];
        let kinds = kinds.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
        write!(f, "requests: {}", kinds.collect::<Vec<_>>().join(", "))?;
        write!(f, "; {} sent, {} received", size(self.sent_bytes), size(self.received_bytes))
    }
}

/// Lets only so many requests run, fewer after the store asked to slow down.
struct Limiter {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    most: usize,
    allowed: usize,
    running: usize,
}

impl Limiter {
    const fn new() -> Self {
        Self { state: Mutex::new(State { most: 64, allowed: 64, running: 0 }), changed: Notify::const_new() }
    }

    async fn begin(&'static self) -> Running {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if state.running < state.allowed {
                    state.running = state.running.saturating_add(1);
                    return Running { is_slowed_down: false };
                }
            }
            changed.await;
        }
    }
}

/// A running request; it ends when this is dropped, also if it is cancelled.
struct Running {
    is_slowed_down: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = LIMITER.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.running = state.running.saturating_sub(1);
        state.allowed = match self.is_slowed_down {
            true => (state.allowed / 2).max(1),
            false => state.allowed.saturating_add(1).min(state.most),
        };
        drop(state);
        LIMITER.changed.notify_waiters();
    }
}

/// Connects with an HTTP client whose requests are counted and limited.
#[derive(Debug)]
pub struct Counting;

impl HttpConnector for Counting {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        // The only library for TLS in this program; it may be installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(HttpClient::new(CountingService(ReqwestConnector::default().connect(options)?)))
    }
}

#[derive(Debug)]
struct CountingService(HttpClient);

#[async_trait]
impl HttpService for CountingService {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut running = LIMITER.begin().await;
        COUNTERS.add(&request);
        let answer = self.0.execute(request).await;
        match &answer {
            Ok(answer) => {
                let length = answer.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
                COUNTERS.received_bytes.fetch_add(length.unwrap_or_default(), Relaxed);
                running.is_slowed_down = matches!(answer.status().as_u16(), 429 | 503);
                COUNTERS.slowed.fetch_add(u64::from(running.is_slowed_down), Relaxed);
            }
            Err(_) => {
                COUNTERS.failed.fetch_add(1, Relaxed);
            }
        }
        answer
    }
}
