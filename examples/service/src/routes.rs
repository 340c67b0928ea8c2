//! The addresses, and what wraps every request.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use crate::answer::Answer;
use crate::service::Service;
use crate::{guard, health, kind, live, log, page, snapshots};

/// Returns the router of all requests.
pub fn router(service: Service) -> Router {
    let all = post(snapshots::upload).put(snapshots::upload).get(snapshots::list);
    let router = Router::new()
        .route("/snapshots", all.clone())
        // `curl -T - ADDRESS/snapshots/` has no name to add.
        .route("/snapshots/", all)
        .route("/snapshots/{id}", get(snapshots::download).delete(snapshots::delete).put(snapshots::upload_named))
        .route("/snapshots/{id}/report", get(snapshots::report))
        .route("/snapshots/{id}/documents", get(snapshots::documents))
        .route("/snapshots/{id}/documents/{uuid}", get(snapshots::document))
        .route("/identify", post(kind::identify))
        .route("/live", get(live::download))
        .route("/healthz", get(health::report));
    page::routes(router)
        .fallback(async || Answer::not_found())
        .method_not_allowed_fallback(async || Answer::wrong_method())
        // The upload has a limit of its own, and takes the body as it comes.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(guard::guard))
        // The outermost, so that it sees all answers.
        .layer(from_fn(log::requests))
        .with_state(service)
}
