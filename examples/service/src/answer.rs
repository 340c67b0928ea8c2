//! Answers other than success.

use std::error::Error;
use std::fmt::Write;
use std::io;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::finding::{Finding, exceeded_limit};

/// The client closed the connection before it had an answer; nginx gave it this number, and others followed.
pub const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The reason of an answer, for the log alone.
#[derive(Clone)]
pub struct Cause(pub String);

/// An answer other than success.
pub struct Answer(Box<Response>);

impl Answer {
    /// Creates an answer with a message as JSON.
    pub fn new(status: StatusCode, message: &str) -> Self {
        Self::with(status, &json!({ "error": message }))
    }

    fn with(status: StatusCode, body: &Value) -> Self {
        Self(Box::new((status, Json(body)).into_response()))
    }

    /// Refuses an upload with a report: its first finding becomes the message.
    pub fn refused(status: StatusCode, mut report: Value) -> Self {
        let first = |member| report.pointer("/findings/0").and_then(|finding| finding.get(member)?.as_str());
        let message = match (first("message"), first("help")) {
            (Some(message), Some(help)) => format!("{message}: {help}"),
            _ => "the upload is refused".to_owned(),
        };
        if let Some(report) = report.as_object_mut() {
            if status == StatusCode::PAYLOAD_TOO_LARGE
                && let Some(limit) = exceeded_limit(&message)
            {
                report.insert("limit".to_owned(), limit.into());
            }
            report.insert("error".to_owned(), message.into());
        }
        Self::with(status, &report)
    }

    /// Refuses an upload that was not read, for one reason.
    pub fn refused_unread(status: StatusCode, finding: &Finding) -> Self {
        Self::refused(status, json!({ "verdict": "reject", "findings": [finding] }))
    }

    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// Adds the reason for the log.
    fn because(mut self, cause: String) -> Self {
        self.0.extensions_mut().insert(Cause(cause));
        self
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this address: GET /snapshots lists what there is")
    }

    pub fn wrong_method() -> Self {
        let message = "this address has no such method: the header Allow lists those it has";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, message)
    }

    /// Too many other requests are in progress.
    pub fn busy() -> Self {
        let message = "too many transfers are in progress: try again in a few seconds";
        let mut answer = Self::new(StatusCode::SERVICE_UNAVAILABLE, message);
        answer.0.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        answer
    }

    /// The disk of the store is full.
    pub fn no_room() -> Self {
        let message = "the store has no room for the upload: delete snapshots, or make room on its disk";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, message)
    }

    /// The service is at fault. The reason is written to the log only.
    pub fn internal(error: impl Error + 'static) -> Self {
        let answer = if is_disk_full(&error) {
            Self::no_room()
        } else {
            let message = "the service failed: its log has the reason, under the id in the header x-request-id";
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
        };
        answer.because(chain(&error))
    }

    /// The meaning of a library error for the client that sent the input.
    pub fn of_input(error: impl Into<appsnap::Error>) -> Self {
        let error = error.into();
        let message = chain(&error);
        if error.is_limit() {
            let body = json!({ "error": message, "limit": exceeded_limit(&message) });
            return Self::with(StatusCode::PAYLOAD_TOO_LARGE, &body);
        }
        if error.is_cancelled() {
            return StatusCode::from_u16(CLIENT_CLOSED_REQUEST)
                .map_or_else(Self::internal, |status| Self::new(status, "the client closed the connection"));
        }
        if error.is_misuse() {
            return Self::new(StatusCode::BAD_REQUEST, &message);
        }
        if error.is_bad_input() {
            return Self::new(StatusCode::UNPROCESSABLE_ENTITY, &message);
        }
        Self::internal(error)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Returns an error's message with those of its causes.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// Returns `true` if the error or one of its causes is a disk without room.
fn is_disk_full(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let of_library = || error.downcast_ref::<appsnap::Error>()?.downcast_ref::<io::Error>();
        let system = error.downcast_ref::<io::Error>().or_else(of_library);
        if system.is_some_and(|error| matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
        {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_library_become_statuses_by_whose_fault_they_are() {
        use appsnap::Limits;
        use appsnap::metadata::Metadata;

        let parse = |bytes: &[u8], limits: &Limits| Metadata::parse(bytes, limits).map(drop).unwrap_err();
        let bad = parse(b"{", &Limits::untrusted());
        assert_eq!(Answer::of_input(bad).status(), 422);
        let limited = parse(b"{}", &Limits::untrusted().with_max_metadata_bytes(1));
        assert_eq!(Answer::of_input(limited).status(), 413);
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(Answer::internal(full).status(), 507);
        assert_eq!(Answer::internal(io::Error::other("lost")).status(), 500);
    }
}
