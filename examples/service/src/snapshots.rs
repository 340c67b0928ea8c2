//! The requests for snapshots: upload, list, download, report, documents, delete.

use std::sync::Arc;

use appsnap::DocumentId;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::download::{self, Stored, Wish};
use crate::judge::judge;
use crate::record::clean_name;
use crate::service::Service;
use crate::store::Id;
use crate::{stored, upload as receive};

const ARCHIVE: &str = "application/gzip";
const JSON: &str = "application/json";
/// Only the database knows what a document is; a browser must not guess.
const DOCUMENT: &str = "application/octet-stream";

/// Parameters of an upload.
#[derive(Deserialize)]
pub struct UploadQuery {
    name: Option<String>,
}

/// Receives a snapshot, checks it, and keeps it if it is good.
pub async fn upload(
    State(service): State<Service>,
    query: Query<UploadQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Answer> {
    take(service, query.0.name, headers, body).await
}

/// Receives a snapshot with the name that `curl -T FILE ADDRESS/` adds to the address.
pub async fn upload_named(
    State(service): State<Service>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Answer> {
    take(service, Some(name), headers, body).await
}

async fn take(service: Service, name: Option<String>, headers: HeaderMap, body: Body) -> Result<Response, Answer> {
    let _place = match service.place().await {
        Ok(place) => place,
        Err(answer) => {
            receive::linger(body, service.rules.patience);
            return Err(answer);
        }
    };
    let name = name.as_deref().and_then(clean_name);
    let upload = receive::receive(&headers, body, &service.rules, &service.store).await?;
    let (rules, store) = (Arc::clone(&service.rules), service.store.clone());
    let judged = service.jobs.run_while_wanted(move |wanted| judge(upload, name, &rules, &store, wanted));
    let (kept, record) = judged.await??;
    let status = if kept.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/snapshots/{}", kept.id.as_str());
    let body = Json(json!({
        "id": kept.id,
        "archive_bytes": kept.archive_bytes,
        "name": record.name,
        "upload_sha256": record.upload_sha256,
        "uploaded_at": record.uploaded_at,
        "report": record.report,
    }));
    Ok((status, [(header::LOCATION, location)], body).into_response())
}

/// Lists the snapshots, and what a client needs to know before an upload.
pub async fn list(State(service): State<Service>) -> Result<Response, Answer> {
    let store = service.store.clone();
    let listed = service.steps.run(move || store.list()).await?.map_err(Answer::internal)?;
    let body = json!({
        "snapshots": listed,
        "profile": service.rules.profile.name(),
        "max_upload_bytes": service.rules.max_upload_bytes,
        "live": service.live.is_available(),
        "page": service.check_page.is_some(),
    });
    Ok(Json(body).into_response())
}

/// Returns the archive, or a range of it.
pub async fn download(
    State(service): State<Service>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let place = service.place().await?;
    let (id, store) = (Id::parse(&id).ok_or_else(Answer::not_found)?, service.store.clone());
    let tag = id.as_str().to_owned();
    let found = service.steps.run(move || store.open_file(&id).map(|opened| (opened, store.record(&id))));
    let ((file, len_bytes), record) = found.await??;
    let name = record.and_then(|record| record.name);
    let file_name = name.or_else(|| Some(format!("snapshot-{}.tar.gz", tag.get(..12)?)));
    let stored = Stored { tag, len_bytes, content_type: ARCHIVE, file_name };
    download::of_stored(&Wish { method, headers }, stored, || Ok(file), &service.steps, place).await
}

/// Deletes a snapshot.
pub async fn delete(State(service): State<Service>, Path(id): Path<String>) -> Result<StatusCode, Answer> {
    let (id, store) = (Id::parse(&id).ok_or_else(Answer::not_found)?, service.store.clone());
    service.steps.run(move || store.delete(&id)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the facts about a snapshot, with the report of its check.
pub async fn report(State(service): State<Service>, Path(id): Path<String>) -> Result<Response, Answer> {
    let (id, store) = (Id::parse(&id).ok_or_else(Answer::not_found)?, service.store.clone());
    let record = service.steps.run(move || store.open_file(&id).map(|_| store.record(&id))).await??;
    Ok(Json(record.ok_or_else(Answer::not_found)?).into_response())
}

/// Lists the documents of a snapshot, from its index.
pub async fn documents(
    State(service): State<Service>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let place = service.place().await?;
    let (id, store) = (Id::parse(&id).ok_or_else(Answer::not_found)?, service.store.clone());
    let tag = format!("{}-documents", id.as_str());
    let made = service.steps.run(move || {
        let archive = store.open_archive(&id)?;
        let mut list = store.scratch();
        let len_bytes = stored::write_list(&archive, &mut list)?;
        Ok((list, len_bytes))
    });
    let (list, len_bytes) = made.await??;
    let stored = Stored { tag, len_bytes, content_type: JSON, file_name: None };
    download::of_stored(&Wish { method, headers }, stored, || Ok(list), &service.steps, place).await
}

/// Returns one document. Its checksum is verified before the first byte is sent.
pub async fn document(
    State(service): State<Service>,
    Path((id, uuid)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let place = service.place().await?;
    let (id, store) = (Id::parse(&id).ok_or_else(Answer::not_found)?, service.store.clone());
    let uuid: DocumentId = uuid.parse().map_err(|_| Answer::not_found())?;
    let tag = format!("{}-{uuid}", id.as_str());
    let scratch = store.scratch();
    let found = service.steps.run(move || {
        let archive = store.open_archive(&id)?;
        let len_bytes = stored::document_bytes(&archive, uuid)?;
        Ok((archive, len_bytes))
    });
    let (archive, len_bytes) = found.await??;
    let open = move || {
        let mut scratch = scratch;
        stored::write_document(&archive, uuid, &mut scratch)?;
        Ok(scratch)
    };
    let stored = Stored { tag, len_bytes, content_type: DOCUMENT, file_name: Some(uuid.to_string()) };
    download::of_stored(&Wish { method, headers }, stored, open, &service.steps, place).await
}
