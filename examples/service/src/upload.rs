//! Takes an upload in: to a file, with a limit, then checked, then kept.

use std::io::{self, Seek};
use std::time::Duration;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, Report, Verdict, check};
use axum::body::{Body, HttpBody};
use axum::http::StatusCode;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::store::{Id, Store};
use crate::work::{Wanted, Workers};

/// What uploads are held against.
#[derive(Clone)]
pub struct Rules {
    pub profile: Profile,
    pub limits: Limits,
    pub max_upload_bytes: u64,
    pub patience: Duration,
}

/// An upload that was taken.
pub struct Kept {
    pub id: Id,
    pub is_new: bool,
    pub report: Report,
}

/// Takes `body` in. When the client goes away the future is dropped, and with it the file; a check that is under way ends
/// at its next read.
pub async fn take(mut body: Body, rules: &Rules, store: &Store, workers: &Workers) -> Result<Kept, Answer> {
    let spool = store.spool().map_err(Answer::internal)?;
    let (spool, id) = match receive(&mut body, spool, rules).await {
        Ok(received) => received,
        Err(answer) => {
            // Whoever has sent nothing for too long is not waited for again.
            if answer.status() != StatusCode::REQUEST_TIMEOUT {
                linger(body, rules.patience);
            }
            return Err(answer);
        }
    };
    let (rules, store) = (rules.clone(), store.clone());
    workers.run_while_wanted(move |wanted| judge(spool, id, &rules, &store, wanted)).await?
}

/// Goes on taking in what a refused client sends, for a while and to no purpose but one: a connection that is closed while
/// its client still sends is reset, and the answer may be lost with it.
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

/// Writes the body to the file, and hashes it.
async fn receive(body: &mut Body, spool: NamedTempFile, rules: &Rules) -> Result<(NamedTempFile, Id), Answer> {
    let too_large = || Answer::new(StatusCode::PAYLOAD_TOO_LARGE, "the upload is larger than is taken here");
    // The length is announced by most clients; to believe them when they say too much costs nothing.
    if body.size_hint().lower() > rules.max_upload_bytes {
        return Err(too_large());
    }
    let file = spool.as_file().try_clone().map_err(Answer::internal)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut hash = Sha256::new();
    let mut len_bytes = 0_u64;
    loop {
        let stalled = |_| Answer::new(StatusCode::REQUEST_TIMEOUT, "nothing came for too long");
        let Some(frame) = timeout(rules.patience, next_frame(body)).await.map_err(stalled)? else { break };
        let frame = frame.map_err(|_| Answer::new(StatusCode::BAD_REQUEST, "the upload was cut short"))?;
        let Ok(bytes) = frame.into_data() else { continue };
        len_bytes = len_bytes.saturating_add(bytes.len() as u64);
        if len_bytes > rules.max_upload_bytes {
            return Err(too_large());
        }
        hash.update(&bytes);
        file.write_all(&bytes).await.map_err(Answer::internal)?;
    }
    file.flush().await.map_err(Answer::internal)?;
    let text = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let id = Id::parse(&text).ok_or_else(|| Answer::internal(io::Error::other("a hash has 64 digits")))?;
    Ok((spool, id))
}

async fn next_frame(body: &mut Body) -> Option<Result<hyper::body::Frame<axum::body::Bytes>, axum::Error>> {
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *body).poll_frame(context)).await
}

/// Checks the file, and gives it a place when it is good.
fn judge(spool: NamedTempFile, id: Id, rules: &Rules, store: &Store, mut wanted: Wanted) -> Result<Kept, Answer> {
    let mut file = spool.as_file().try_clone().map_err(Answer::internal)?;
    file.rewind().map_err(Answer::internal)?;
    let options = CheckOptions::new().with_limits(rules.limits.clone());
    let source = wanted.reading(io::BufReader::with_capacity(64 << 10, file));
    let report = check(source, &rules.profile, &options, &mut wanted).map_err(Answer::internal)?;
    if report.contents().kind != "snapshot" {
        return Err(Answer::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, report));
    }
    if report.verdict() == Verdict::Reject {
        return Err(Answer::with(StatusCode::UNPROCESSABLE_ENTITY, report));
    }
    let is_new = store.keep(&id, spool, &mut wanted)?;
    Ok(Kept { id, is_new, report })
}
