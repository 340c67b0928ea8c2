//! The log: one line of JSON for each request, and for each event of the service, on the standard error.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{CLIENT_CLOSED_REQUEST, Cause};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Prints text on the standard output, whose reader may have gone.
pub fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Writes one line with the time and the members of `event`.
pub fn event(event: &Value) {
    let mut line = json!({ "time": Timestamp::now().to_string() });
    if let (Some(line), Some(event)) = (line.as_object_mut(), event.as_object()) {
        line.extend(event.clone());
    }
    // One write, so that lines do not mix. A log that cannot be written is no reason to stop serving.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Logs a request when its answer is complete, or when the client goes away.
pub async fn requests(request: Request, next: Next) -> Response {
    let received = Arc::new(AtomicU64::new(0));
    let mut entry = Entry::new(&request, Arc::clone(&received));
    let id = entry.id.clone();
    let request = request.map(|inner| Body::new(Received { inner, bytes: received }));

    let mut response = next.run(request).await;

    entry.status = response.status().as_u16();
    entry.cause = response.extensions().get::<Cause>().map(|cause| cause.0.clone());
    entry.announced_bytes =
        response.headers().get(header::CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse().ok());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response.map(|inner| {
        entry.is_complete = inner.is_end_stream();
        Body::new(Sent { inner, entry })
    })
}

/// A request's line, written when it is dropped.
struct Entry {
    id: String,
    method: String,
    path: String,
    begun: Instant,
    received: Arc<AtomicU64>,
    status: u16,
    sent_bytes: u64,
    announced_bytes: Option<u64>,
    is_complete: bool,
    cause: Option<String>,
}

impl Entry {
    fn new(request: &Request, received: Arc<AtomicU64>) -> Self {
        Self {
            id: request_id(request),
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            begun: Instant::now(),
            received,
            status: CLIENT_CLOSED_REQUEST,
            sent_bytes: 0,
            announced_bytes: None,
            is_complete: false,
            cause: None,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut line = json!({
            "event": "request",
            "id": self.id,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "bytes": self.sent_bytes,
            "received_bytes": self.received.load(Ordering::Relaxed),
            "milliseconds": u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            // The answer to HEAD announces a length and has no bytes.
            "complete": self.is_complete || self.announced_bytes == Some(self.sent_bytes),
        });
        if let (Some(cause), Some(line)) = (self.cause.take(), line.as_object_mut()) {
            line.insert("error".to_owned(), cause.into());
        }
        event(&line);
    }
}

/// Returns the id that a proxy gave the request, or a new one.
fn request_id(request: &Request) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    const MAX_LEN: usize = 64;
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    match given {
        Some(id) if !id.is_empty() && id.len() <= MAX_LEN && id.bytes().all(is_harmless) => id.to_owned(),
        _ => {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            format!("{:x}-{:x}-{number:x}", std::process::id(), Timestamp::now().as_microsecond())
        }
    }
}

/// A request's body, counted.
struct Received {
    inner: Body,
    bytes: Arc<AtomicU64>,
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let poll = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &poll {
            self.bytes.fetch_add(len_bytes(frame), Ordering::Relaxed);
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body, counted; dropping it writes the line.
struct Sent {
    inner: Body,
    entry: Entry,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let poll = Pin::new(&mut self.inner).poll_frame(context);
        match &poll {
            Poll::Ready(Some(Ok(frame))) => {
                self.entry.sent_bytes += len_bytes(frame);
                self.entry.is_complete = self.inner.is_end_stream();
            }
            Poll::Ready(Some(Err(error))) => self.entry.cause = Some(error.to_string()),
            Poll::Ready(None) => self.entry.is_complete = true,
            Poll::Pending => {}
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn len_bytes(frame: &Frame<Bytes>) -> u64 {
    frame.data_ref().map_or(0, |bytes| bytes.len() as u64)
}
