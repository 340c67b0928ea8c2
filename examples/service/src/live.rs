//! The data of a running app, packed while the client takes it.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use appsnap::metadata::Metadata;
use appsnap::snapshot::{Content, SnapshotStream, WriteOptions};
use appsnap::source::DocumentPlan;
use appsnap::source::directory::{self, DirectoryOptions};
use axum::extract::State;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;

use crate::answer::Answer;
use crate::body;
use crate::download::attachment;
use crate::service::Service;
use crate::settings::Settings;
use crate::work::Wanted;

/// The locations of the app's data.
pub struct Live {
    files: Option<PathBuf>,
    database: Option<PathBuf>,
}

impl Live {
    pub fn new(settings: &Settings) -> Self {
        Self { files: settings.files.clone(), database: settings.database.clone() }
    }

    /// Returns `true` if the settings name an app.
    pub fn is_available(&self) -> bool {
        self.files.is_some()
    }

    /// Finds out what there is. The packing happens later, as the stream is read.
    fn pack(&self, mut wanted: Wanted) -> Result<SnapshotStream<File, DocumentPlan>, Answer> {
        let files = self.files.as_deref().ok_or_else(Answer::not_found)?;
        let plan = directory::scan(files, &DirectoryOptions::new(), &mut wanted).map_err(Answer::internal)?;
        let dump = self.database.as_deref().map(File::open).transpose().map_err(Answer::internal)?;
        let dump = dump.map(Content::file).transpose().map_err(Answer::internal)?;
        let metadata = Metadata::new().with_duration(0).with_model_version("0.0.0.0").with_dump_size_bytes(0);
        let metadata = plan.complete(metadata, dump.as_ref().map(Content::len_bytes));
        SnapshotStream::new(&metadata, dump, plan, &WriteOptions::new()).map_err(Answer::internal)
    }
}

/// Answers with a snapshot of the app's data. Its length is not known before its end.
pub async fn download(State(service): State<Service>, method: Method) -> Result<Response, Answer> {
    if !service.live.is_available() {
        return Err(Answer::not_found());
    }
    let place = service.place().await?;
    let body = if method == Method::HEAD {
        // Not `Body::empty`, which announces a length of 0.
        body::of_reader(io::empty(), &service.steps, place)
    } else {
        let live = Arc::clone(&service.live);
        let stream = service.jobs.run_while_wanted(move |wanted| live.pack(wanted)).await??;
        body::of_reader(stream, &service.steps, place)
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Some(disposition) = attachment("live.tar.gz") {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
