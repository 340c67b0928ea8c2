//! The kind of an upload, known from its first bytes: what is no snapshot is refused before the rest travels.

use appsnap::check::{CheckOptions, check};
use appsnap::detect::{self, Kind};
use appsnap::observe::NoObserver;
use appsnap::pgdump::Identity;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::answer::Answer;
use crate::finding::Finding;
use crate::judge::Rules;
use crate::service::Service;

/// The number of first bytes that the kind follows from.
pub const HEAD_BYTES: usize = 64 << 10;
const _: () = assert!(HEAD_BYTES as u64 == detect::HEAD_BYTES);

/// Refuses an upload whose first bytes, at most [`HEAD_BYTES`], are not worth reading as a snapshot.
pub fn refuse_others(head: &[u8], rules: &Rules) -> Result<(), Answer> {
    let detection = detect::identify(head);
    if detection.may_be_snapshot() || matches!(detection.kind(), Kind::FilesTar | Kind::SnapshotInFolder) {
        return Ok(());
    }
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    if detection.is_custom_dump() {
        let report = json!({
            "verdict": "reject",
            "profile": rules.profile.name(),
            "findings": [Finding::bare_dump()],
            "contents": { "kind": detection.name() },
        });
        return Err(Answer::refused(status, report));
    }
    // The report about other kinds needs no more than the first bytes.
    let report = check(head, &rules.profile, &CheckOptions::new(), &mut NoObserver).map_err(Answer::of_input)?;
    Err(Answer::refused(status, json!(report)))
}

/// Refuses an upload by its first bytes, if they are those of a known kind. A file of an unknown kind may have other faults
/// that say more, such as its size.
pub fn refuse_known_others(head: &[u8], rules: &Rules) -> Result<(), Answer> {
    match detect::identify(head).kind() {
        Kind::Other(Identity::Unknown) => Ok(()),
        _ => refuse_others(head, rules),
    }
}

/// Answers 415 for the first bytes of a file that is no snapshot, so that a client need not send the rest.
pub async fn identify(State(service): State<Service>, body: Body) -> Result<Response, Answer> {
    let too_large =
        |_| Answer::new(StatusCode::PAYLOAD_TOO_LARGE, "send the first 65536 bytes of the file, not all of it");
    let head = to_bytes(body, HEAD_BYTES).await.map_err(too_large)?;
    let rules = service.rules.clone();
    service.steps.run(move || refuse_others(&head, &rules)).await??;
    Ok(Json(json!({ "may_be_snapshot": true })).into_response())
}
