//! What goes wrong, as HTTP says it.

use std::error::Error;
use std::fmt::Write;

use appsnap::snapshot::ErrorKind;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An answer other than success.
pub struct Answer(Box<Response>);

impl Answer {
    /// A status with a message as JSON.
    pub fn new(status: StatusCode, message: &str) -> Self {
        Self::with(status, json!({ "error": message }))
    }

    /// A status with a body of its own.
    pub fn with(status: StatusCode, body: impl serde::Serialize) -> Self {
        Self(Box::new((status, Json(body)).into_response()))
    }

    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing of that name")
    }

    /// Too many others are being served.
    pub fn busy() -> Self {
        let mut answer = Self::new(StatusCode::SERVICE_UNAVAILABLE, "too much is under way: try again");
        answer.0.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        answer
    }

    /// The service is at fault; what it is stays in its log.
    pub fn internal(error: impl Error) -> Self {
        eprintln!("error: {}", chain(&error));
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the service has failed")
    }

    /// An archive in the store cannot be read, or one that comes in cannot be stored.
    pub fn snapshot(error: appsnap::snapshot::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound(_) | ErrorKind::NoIndex => Self::not_found(),
            _ if error.is_io() || error.is_cancelled() => Self::internal(error),
            _ => Self::new(StatusCode::UNPROCESSABLE_ENTITY, &chain(&error)),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// An error and what caused it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
