//! The requests that are answered.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use appsnap::check::Profile;
use appsnap::metadata::Metadata;
use appsnap::snapshot::{Content, ReadOptions, SnapshotStream, WriteOptions};
use appsnap::source::directory::{self, DirectoryOptions};
use appsnap::{DocumentId, Limits};
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::Args;
use crate::answer::Answer;
use crate::body;
use crate::store::{Id, Store};
use crate::support::{Failure, Outcome};
use crate::upload::{self, Rules};
use crate::work::{Wanted, Workers};

const ARCHIVE: &str = "application/gzip";
const JSON: &str = "application/json";
/// What a document is, only the database knows; a browser must not guess.
const DOCUMENT: &str = "application/octet-stream";

/// All that requests share.
#[derive(Clone)]
pub struct Service {
    store: Store,
    rules: Rules,
    /// Checks of uploads, which may take minutes.
    jobs: Workers,
    /// Steps of downloads, which take milliseconds and must not stand in line behind checks.
    steps: Workers,
    /// Places for uploads and downloads.
    transfers: Arc<Semaphore>,
    live: Live,
}

/// Where the app's data lies.
#[derive(Clone)]
struct Live {
    files: Option<PathBuf>,
    database: Option<PathBuf>,
}

impl Service {
    pub fn new(args: &Args) -> Outcome<Self> {
        let profile =
            Profile::by_name(&args.profile).ok_or_else(|| Failure::environment("--profile", "no such profile"))?;
        let limits = Limits::for_upload(args.max_total_bytes).with_max_findings_per_code(100);
        Ok(Self {
            store: Store::new(&args.store, ReadOptions::new().with_limits(limits.clone())),
            rules: Rules {
                profile,
                limits,
                max_upload_bytes: args.max_upload_bytes,
                patience: Duration::from_secs(args.patience_seconds),
            },
            jobs: Workers::new(args.workers),
            steps: Workers::new(args.workers),
            transfers: Arc::new(Semaphore::new(args.max_transfers)),
            live: Live { files: args.files.clone(), database: args.database.clone() },
        })
    }

    /// A place for an upload or a download, held as long as it lasts; waits for one, and not for ever.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Answer> {
        let place = timeout(self.rules.patience, Arc::clone(&self.transfers).acquire_owned()).await;
        place.map_err(|_| Answer::busy())?.map_err(Answer::internal)
    }
}

pub fn router(service: Service) -> Router {
    Router::new()
        .route("/snapshots", post(take).put(take).get(list))
        .route("/snapshots/{id}", get(download))
        .route("/snapshots/{id}/documents", get(documents))
        .route("/snapshots/{id}/documents/{uuid}", get(document))
        .route("/live", get(live))
        // The upload has a limit of its own, and takes the body as it comes.
        .layer(DefaultBodyLimit::disable())
        .with_state(service)
}

async fn take(State(service): State<Service>, body: Body) -> Result<Response, Answer> {
    let _place = match service.place().await {
        Ok(place) => place,
        Err(answer) => {
            upload::linger(body, service.rules.patience);
            return Err(answer);
        }
    };
    let kept = upload::take(body, &service.rules, &service.store, &service.jobs).await?;
    let status = if kept.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/snapshots/{}", kept.id.as_str());
    let body = Json(json!({ "id": kept.id, "report": kept.report }));
    Ok((status, [(header::LOCATION, location)], body).into_response())
}

async fn list(State(service): State<Service>) -> Result<Response, Answer> {
    let store = service.store.clone();
    let listed = service.steps.run(move || store.list()).await?.map_err(Answer::internal)?;
    Ok(Json(json!({ "snapshots": listed })).into_response())
}

async fn download(State(service): State<Service>, Path(id): Path<String>) -> Result<Response, Answer> {
    let place = service.place().await?;
    let (id, store) = (Id::parse(&id).ok_or_else(Answer::not_found)?, service.store.clone());
    let (file, len_bytes) = service.steps.run(move || store.open_file(&id)).await??;
    let body = body::of_reader(file, &service.steps, place);
    Ok(([(header::CONTENT_TYPE, ARCHIVE), (header::CONTENT_LENGTH, &len_bytes.to_string())], body).into_response())
}

async fn documents(State(service): State<Service>, Path(id): Path<String>) -> Result<Response, Answer> {
    let place = service.place().await?;
    let (id, store) = (Id::parse(&id).ok_or_else(Answer::not_found)?, service.store.clone());
    let make = move |sink: &mut _| store.write_documents(&id, sink);
    let body = body::of_spool(service.store.scratch(), make, &service.steps, place).await?;
    Ok(([(header::CONTENT_TYPE, JSON)], body).into_response())
}

/// One document. Its checksum is verified before the first byte goes out.
async fn document(
    State(service): State<Service>,
    Path((id, uuid)): Path<(String, String)>,
) -> Result<Response, Answer> {
    let place = service.place().await?;
    let (id, store) = (Id::parse(&id).ok_or_else(Answer::not_found)?, service.store.clone());
    let uuid: DocumentId = uuid.parse().map_err(|_| Answer::not_found())?;
    let make = move |sink: &mut _| store.write_document(&id, uuid, sink);
    let body = body::of_spool(service.store.scratch(), make, &service.steps, place).await?;
    Ok(([(header::CONTENT_TYPE, DOCUMENT)], body).into_response())
}

/// The app's data as it is now, packed as the client takes it.
async fn live(State(service): State<Service>) -> Result<Response, Answer> {
    let place = service.place().await?;
    let live = service.live.clone();
    let stream = service.jobs.run_while_wanted(move |wanted| live.pack(wanted)).await??;
    let body = body::of_reader(stream, &service.steps, place);
    Ok(([(header::CONTENT_TYPE, ARCHIVE)], body).into_response())
}

type LiveStream = SnapshotStream<File, appsnap::source::DocumentPlan>;

impl Live {
    /// Finds out what there is; the packing comes later, bit by bit.
    fn pack(&self, mut wanted: Wanted) -> Result<LiveStream, Answer> {
        let files = self.files.as_deref().ok_or_else(Answer::not_found)?;
        let plan = directory::scan(files, &DirectoryOptions::new(), &mut wanted).map_err(Answer::internal)?;
        let dump = self.database.as_deref().map(File::open).transpose().map_err(Answer::internal)?;
        let dump = dump.map(Content::file).transpose().map_err(Answer::snapshot)?;
        let metadata = Metadata::new().with_duration(0).with_model_version("0.0.0.0").with_dump_size_bytes(0);
        let metadata = plan.complete(metadata, dump.as_ref().map(Content::len_bytes));
        SnapshotStream::new(&metadata, dump, plan, &WriteOptions::new()).map_err(Answer::snapshot)
    }
}
