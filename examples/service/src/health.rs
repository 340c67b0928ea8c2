//! The health of the service: whether its store can take an upload.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::answer::Answer;
use crate::service::Service;

/// Answers 200 if the store is writable and has room, else 503; both say which.
pub async fn report(State(service): State<Service>) -> Result<Response, Answer> {
    let (store, min_free_bytes) = (service.store.clone(), service.rules.min_free_bytes);
    let (error, free_bytes) = service.steps.run(move || (store.try_write().err(), store.free_bytes())).await?;
    let has_room = free_bytes.is_none_or(|free_bytes| free_bytes >= min_free_bytes);
    let is_healthy = error.is_none() && has_room;
    let health = json!({
        "status": if is_healthy { "ok" } else { "unavailable" },
        "store": {
            "writable": error.is_none(),
            "error": error.map(|error| error.to_string()),
            "has_room": has_room,
            "free_bytes": free_bytes,
            "min_free_bytes": min_free_bytes,
        },
    });
    let status = if is_healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(health)).into_response())
}
