//! A joined archive that the store assembles from ranges of its parts (`UploadPartCopy` of S3): [`join_by_copies`].
//!
//! object_store has multipart uploads by number and signs requests, but does not copy ranges: that request is made here.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use appsnap::io::ReadAt;
use appsnap::snapshot::join::{Join, S3_PIECE_BYTES};
use http::{Method, Request};
use object_store::aws::AwsAuthorizer;
use object_store::client::{HttpClient, HttpConnector as _, HttpRequestBody};
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path as ObjectPath;
use object_store::signer::Signer as _;
use object_store::{ClientOptions, ObjectStoreExt as _};
use tokio::task::JoinSet;

use super::requests::Counting;
use super::store::{Bucket, Place, runtime};
use super::upload::OpenUpload;
use crate::support::{Failure, Outcome, Progress, is_url, shown, signals};

/// The longest range that one request copies. Copies of this length take seconds, so several run at the same time.
const MAX_COPY_BYTES: u64 = 256 << 20;
/// The most parts of an upload.
const MAX_PARTS_COUNT: usize = 10_000;
/// Requests at the same time.
const REQUESTS_COUNT: usize = 16;
/// Attempts of one copy; the pause before the next one doubles.
const MAX_ATTEMPTS: u32 = 8;

/// The sources of a copy, by the number of the part: key, and the entity tag that it must have.
type Source = (ObjectPath, Option<String>);

/// Lets the store assemble `joined` at `output`, and returns the number of bytes that were uploaded for it. `None` if it
/// cannot: the output is not in S3, or a part is not in the same bucket.
pub fn join_by_copies<'p, R: ReadAt>(
    joined: &Join<'_, R>,
    part: &dyn Fn(usize) -> Option<&'p Path>,
    output: &Path,
    progress: &mut Progress,
) -> Outcome<Option<u64>> {
    if !is_url(output) {
        return Ok(None);
    }
    let target = Place::of(output)?;
    let Some(bucket) = target.s3 else { return Ok(None) };
    let runtime = runtime()?;
    let failed = |error: String| Failure::environment(shown(output), error);
    // As few parts as possible, and no more than there may be.
    let max_bytes = MAX_COPY_BYTES.max(joined.len_bytes().div_ceil(MAX_PARTS_COUNT as u64 / 2));
    let Some(pieces) = joined.pieces(*S3_PIECE_BYTES.start()..=max_bytes) else { return Ok(None) };
    let mut sources: Vec<Option<Source>> = Vec::new();
    for number in pieces.iter().filter_map(|piece| Some(piece.source()?.0)) {
        if sources.len() <= number {
            sources.resize(number.saturating_add(1), None);
        }
        let Some(slot) = sources.get_mut(number).filter(|slot| slot.is_none()) else { continue };
        let Some(url) = part(number).filter(|url| is_url(url)) else { return Ok(None) };
        let place = Place::of(url)?;
        if place.s3.is_none_or(|other| other.name != bucket.name) {
            return Ok(None);
        }
        let head = runtime.block_on(bucket.client.head(&place.path));
        let tag = head.map_err(|error| Failure::environment(shown(url), error.to_string()))?.e_tag;
        *slot = Some((place.path, tag));
    }
    let client = Counting.connect(&ClientOptions::new().with_allow_http(true));
    let client = client.map_err(|error| failed(error.to_string()))?;
    let (bucket, path) = (Arc::new(bucket), target.path);
    let begun = runtime.block_on(bucket.client.create_multipart(&path));
    let id = begun.map_err(|error| failed(error.to_string()))?;
    // Until it is complete or aborted, a signal waits.
    let _open = OpenUpload::new();
    let copier = Arc::new(Copier { client, bucket: Arc::clone(&bucket), path: path.clone(), id: id.clone() });

    progress.begin("joining in the bucket", Some(joined.len_bytes()));
    let mut tasks = JoinSet::new();
    let mut parts = vec![None; pieces.len()];
    let (mut uploaded_bytes, mut done_bytes) = (0_u64, 0_u64);
    let mut work = || -> Result<(), String> {
        for (number, piece) in pieces.iter().enumerate() {
            if signals::is_interrupted() {
                return Err("interrupted".to_owned());
            }
            while tasks.len() >= REQUESTS_COUNT {
                take(runtime.block_on(tasks.join_next()), &mut parts)?;
            }
            let range = piece.output_bytes().clone();
            let len_bytes = range.end.saturating_sub(range.start);
            let copier = Arc::clone(&copier);
            match piece.source() {
                Some((part, from)) => {
                    let source = sources.get(*part).cloned().flatten();
                    let (path, tag) = source.ok_or("internal error: a part is unknown")?;
                    let from = from.clone();
                    let request = async move { copier.copy(number, &path, tag.as_deref(), from).await };
                    tasks.spawn_on(async move { (number, request.await) }, &runtime);
                }
                None => {
                    let mut bytes = vec![0; usize::try_from(len_bytes).map_err(|error| error.to_string())?];
                    joined.read_exact_at(&mut bytes, range.start).map_err(|error| error.to_string())?;
                    uploaded_bytes = uploaded_bytes.saturating_add(len_bytes);
                    let request = async move { copier.upload(number, bytes).await };
                    tasks.spawn_on(async move { (number, request.await) }, &runtime);
                }
            }
            done_bytes = done_bytes.saturating_add(len_bytes);
            progress.advance(done_bytes);
        }
        while let Some(ended) = runtime.block_on(tasks.join_next()) {
            take(Some(ended), &mut parts)?;
        }
        Ok(())
    };
    let worked = work();
    let finished = worked.and_then(|()| {
        let parts = parts.into_iter().collect::<Option<Vec<_>>>().ok_or("internal error: a part is missing")?;
        let parts = parts.into_iter().map(|content_id| PartId { content_id }).collect();
        runtime.block_on(bucket.client.complete_multipart(&path, &id, parts)).map_err(|error| error.to_string())
    });
    if let Err(error) = finished {
        runtime.block_on(tasks.shutdown());
        let aborted = runtime.block_on(bucket.client.abort_multipart(&path, &id));
        let left = aborted.err().map(|error| format!("; the unfinished upload remains: {error}")).unwrap_or_default();
        return Err(failed(error + &left));
    }
    Ok(Some(uploaded_bytes))
}

/// A task that sent a part.
type Ended = Result<(usize, Result<String, String>), tokio::task::JoinError>;

/// Records the part that a task has sent.
fn take(ended: Option<Ended>, parts: &mut [Option<String>]) -> Result<(), String> {
    let Some(ended) = ended else { return Ok(()) };
    let (number, tag) = ended.map_err(|error| error.to_string())?;
    if let Some(part) = parts.get_mut(number) {
        *part = Some(tag?);
    }
    Ok(())
}

/// An unfinished upload, and the means to add to it.
struct Copier {
    client: HttpClient,
    bucket: Arc<Bucket>,
    path: ObjectPath,
    id: String,
}

impl Copier {
    async fn upload(&self, number: usize, bytes: Vec<u8>) -> Result<String, String> {
        let sent = self.bucket.client.put_part(&self.path, &self.id, number, bytes.into()).await;
        sent.map(|part| part.content_id).map_err(|error| error.to_string())
    }

    /// Copies a range of an object, with a few attempts, and returns the entity tag of the part.
    async fn copy(
        &self,
        number: usize,
        from: &ObjectPath,
        tag: Option<&str>,
        range: Range<u64>,
    ) -> Result<String, String> {
        let mut pause = Duration::from_millis(200);
        for attempt in 1.. {
            match self.try_copy(number, from, tag, &range).await {
                Err((true, _)) if attempt < MAX_ATTEMPTS => {}
                Err((_, error)) => return Err(format!("copying a range of {from}: {error}")),
                Ok(tag) => return Ok(tag),
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        Err("internal error: no attempt was made".to_owned())
    }

    /// Makes one request. An error says whether another one may succeed.
    async fn try_copy(
        &self,
        number: usize,
        from: &ObjectPath,
        tag: Option<&str>,
        range: &Range<u64>,
    ) -> Result<String, (bool, String)> {
        let lasting = |error: &dyn std::fmt::Display| (false, error.to_string());
        let passing = |error: &dyn std::fmt::Display| (true, error.to_string());
        let s3 = &self.bucket.client;
        // A signed URL is the one way to learn how this client addresses an object.
        let url = s3.signed_url(Method::PUT, &self.path, Duration::from_secs(60)).await;
        let mut url = url.map_err(|error| lasting(&error))?;
        url.set_query(None);
        url.query_pairs_mut()
            .append_pair("partNumber", &number.saturating_add(1).to_string())
            .append_pair("uploadId", &self.id);
        let last = range.end.saturating_sub(1);
        let mut request = Request::builder()
            .method(Method::PUT)
            .uri(url.as_str())
            .header("x-amz-copy-source", format!("/{}/{}", self.bucket.name, encoded(from)))
            .header("x-amz-copy-source-range", format!("bytes={}-{last}", range.start));
        if let Some(tag) = tag {
            request = request.header("x-amz-copy-source-if-match", tag);
        }
        let mut request = request.body(HttpRequestBody::empty()).map_err(|error| lasting(&error))?;
        let credential = s3.credentials().get_credential().await.map_err(|error| lasting(&error))?;
        let signer = AwsAuthorizer::new(&credential, "s3", &self.bucket.region);
        signer.try_authorize(&mut request, None).map_err(|error| lasting(&error))?;
        let answer = self.client.execute(request).await.map_err(|error| passing(&error))?;
        let status = answer.status();
        let body = answer.into_body().bytes().await.map_err(|error| passing(&error))?;
        let text = String::from_utf8_lossy(&body);
        let tag = || Some(text.split_once("<ETag>")?.1.split_once("</ETag>")?.0.replace("&quot;", "\""));
        // S3 begins to answer before it knows whether the copy will succeed.
        match tag().filter(|_| status.is_success()) {
            Some(tag) => Ok(tag),
            None if status == 412 => Err((false, "it was replaced while it was being joined: join again".to_owned())),
            None => {
                Err((status.is_success() || status.is_server_error() || status == 429, format!("{status}: {text}")))
            }
        }
    }
}

/// Returns a key with everything encoded that has a meaning in a URL.
fn encoded(path: &ObjectPath) -> String {
    let mut text = String::new();
    for byte in path.as_ref().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(char::from(byte)),
            byte => text += &format!("%{byte:02X}"),
        }
    }
    text
}
