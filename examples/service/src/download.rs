//! Answers with something stored: the whole, a part, or that the client has it already.

use std::io::{Read, Seek, SeekFrom};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::OwnedSemaphorePermit;

use crate::answer::Answer;
use crate::body;
use crate::representation::{Selection, select};
use crate::work::Workers;

/// The head of a request for something stored.
pub struct Wish {
    pub method: Method,
    pub headers: HeaderMap,
}

/// The description of what is stored.
pub struct Stored {
    /// The entity tag, without its quotes.
    pub tag: String,
    pub len_bytes: u64,
    pub content_type: &'static str,
    /// The file name for a browser that saves it; `None` if it may be shown.
    pub file_name: Option<String>,
}

/// Answers with what is stored, a part of it, or the reason why not.
///
/// `open` returns the reader, and is called only if bytes are needed. `place` is held as long as the body lives.
pub async fn of_stored<R: Read + Seek + Send + 'static>(
    wish: &Wish,
    stored: Stored,
    open: impl FnOnce() -> Result<R, Answer> + Send + 'static,
    steps: &Workers,
    place: OwnedSemaphorePermit,
) -> Result<Response, Answer> {
    let etag = format!("\"{}\"", stored.tag);
    let (status, first, len_bytes) = match select(&wish.method, &wish.headers, &etag, stored.len_bytes) {
        Selection::Whole => (StatusCode::OK, 0, stored.len_bytes),
        Selection::Part { first, len_bytes } => (StatusCode::PARTIAL_CONTENT, first, len_bytes),
        Selection::NotModified => return Ok(bare(StatusCode::NOT_MODIFIED, &etag, None)),
        Selection::Failed => return Ok(bare(StatusCode::PRECONDITION_FAILED, &etag, None)),
        Selection::Unsatisfiable => {
            let range = format!("bytes */{}", stored.len_bytes);
            return Ok(bare(StatusCode::RANGE_NOT_SATISFIABLE, &etag, Some(range)));
        }
    };
    let body = if wish.method == Method::HEAD {
        Body::empty()
    } else {
        let opened = steps.run(move || {
            let mut reader = open()?;
            reader.seek(SeekFrom::Start(first)).map_err(Answer::internal)?;
            Ok(reader.take(len_bytes))
        });
        body::of_reader(opened.await??, steps, place)
    };
    let range = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| format!("bytes {first}-{}/{}", first + len_bytes - 1, stored.len_bytes));
    let mut response = bare(status, &etag, range);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(stored.content_type));
    headers.insert(header::CONTENT_LENGTH, len_bytes.into());
    if let Some(disposition) = stored.file_name.as_deref().and_then(attachment) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    *response.body_mut() = body;
    Ok(response)
}

/// Returns an answer without a body.
fn bare(status: StatusCode, etag: &str, range: Option<String>) -> Response {
    let mut response = status.into_response();
    let range = range.map(|range| (header::CONTENT_RANGE, range));
    let fields = [(header::ETAG, etag.to_owned()), (header::ACCEPT_RANGES, "bytes".to_owned())];
    for (name, value) in fields.into_iter().chain(range) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Returns the header that gives a download its file name (RFC 6266, RFC 8187).
pub fn attachment(file_name: &str) -> Option<HeaderValue> {
    let is_simple = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let ascii: String =
        file_name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in file_name.as_bytes() {
        if is_simple(byte) {
            encoded.push(char::from(*byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    HeaderValue::from_str(&format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")).ok()
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn file_names_are_encoded() {
        let header = attachment("Über \"alles\"\r\n.tar.gz").unwrap();
        let expected =
            "attachment; filename=\"_ber _alles___.tar.gz\"; filename*=UTF-8''%C3%9Cber%20%22alles%22%0D%0A.tar.gz";
        assert_eq!(header.to_str().unwrap(), expected);
    }
}
