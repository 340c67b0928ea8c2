//! Receives an upload: into a file, hashed, with limits on its kind, its size and the client's pauses.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use hyper::body::Frame;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::finding::Finding;
use crate::judge::Rules;
use crate::kind::{HEAD_BYTES, refuse_known_others, refuse_others};
use crate::store::{Id, Store};

/// A complete upload, not yet checked.
pub struct Upload {
    pub file: NamedTempFile,
    /// The SHA-256 of its bytes.
    pub sha256: String,
}

/// Receives `body` into a file of the store.
///
/// When the client goes away, the future is dropped, and with it the file.
pub async fn receive(headers: &HeaderMap, mut body: Body, rules: &Rules, store: &Store) -> Result<Upload, Answer> {
    let refused = match refuse_early(headers, &body, rules, store) {
        Ok(()) => match write(&mut body, rules, store).await {
            Ok(upload) => return Ok(upload),
            Err(answer) => answer,
        },
        Err(answer) if is_waiting(headers) => return Err(answer),
        Err(answer) => answer,
    };
    // A client that has sent nothing for too long is not waited for again.
    if refused.status() != StatusCode::REQUEST_TIMEOUT {
        linger(body, rules.patience);
    }
    Err(refused)
}

/// Refuses what is known to fail before its first byte.
fn refuse_early(headers: &HeaderMap, body: &Body, rules: &Rules, store: &Store) -> Result<(), Answer> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media_type.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return Err(Answer::refused_unread(StatusCode::UNSUPPORTED_MEDIA_TYPE, &Finding::form_upload()));
    }
    let announced_bytes = body.size_hint().lower();
    if announced_bytes > rules.max_upload_bytes {
        return Err(too_large(rules));
    }
    let wanted_bytes = announced_bytes.saturating_add(rules.min_free_bytes);
    if store.free_bytes().is_some_and(|free_bytes| free_bytes < wanted_bytes) {
        return Err(Answer::no_room());
    }
    Ok(())
}

/// Returns `true` if the client sends its body only when asked to.
fn is_waiting(headers: &HeaderMap) -> bool {
    headers.get(header::EXPECT).is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn too_large(rules: &Rules) -> Answer {
    Answer::refused_unread(StatusCode::PAYLOAD_TOO_LARGE, &Finding::too_large(rules.max_upload_bytes))
}

/// Writes the body to a file, and hashes it.
async fn write(body: &mut Body, rules: &Rules, store: &Store) -> Result<Upload, Answer> {
    let spool = store.incoming().map_err(Answer::internal)?;
    let file = spool.as_file().try_clone().map_err(Answer::internal)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut hash = Sha256::new();
    let mut len_bytes = 0_u64;
    let mut head = Vec::new();
    loop {
        let frame = match timeout(rules.patience, next_frame(body)).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => break,
            Ok(Some(Err(_))) => {
                return Err(Answer::refused_unread(StatusCode::BAD_REQUEST, &Finding::cut_short(len_bytes)));
            }
            Err(_) => {
                let finding = Finding::stalled(len_bytes, rules.patience.as_secs());
                return Err(Answer::refused_unread(StatusCode::REQUEST_TIMEOUT, &finding));
            }
        };
        // Trailers are of no interest.
        let Ok(bytes) = frame.into_data() else { continue };
        len_bytes = len_bytes.saturating_add(bytes.len() as u64);
        if len_bytes > rules.max_upload_bytes {
            return Err(too_large(rules));
        }
        if head.len() < HEAD_BYTES {
            head.extend(bytes.iter().take(HEAD_BYTES - head.len()));
            if head.len() == HEAD_BYTES {
                refuse_known_others(&head, rules)?;
            }
        }
        hash.update(&bytes);
        file.write_all(&bytes).await.map_err(Answer::internal)?;
    }
    refuse_others(&head, rules)?;
    file.flush().await.map_err(Answer::internal)?;
    Ok(Upload { file: spool, sha256: Id::of(hash).as_str().to_owned() })
}

async fn next_frame(body: &mut Body) -> Option<Result<Frame<Bytes>, axum::Error>> {
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *body).poll_frame(context)).await
}

/// Reads and discards what a refused client still sends, for a while.
///
/// A connection that is closed while its client sends is reset, and the answer may be lost with it.
pub fn linger(mut body: Body, patience: Duration) {
    const LINGER_BYTES: u64 = 256 << 20;
    tokio::spawn(timeout(patience.saturating_mul(10), async move {
        let mut len_bytes = 0_u64;
        while let Ok(Some(Ok(frame))) = timeout(patience, next_frame(&mut body)).await {
            len_bytes = len_bytes.saturating_add(frame.data_ref().map_or(0, |bytes| bytes.len() as u64));
            if len_bytes > LINGER_BYTES {
                break;
            }
        }
    }));
}
