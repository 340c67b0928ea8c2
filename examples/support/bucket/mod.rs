//! Objects in buckets, by URL: what is read, what is written, and the requests that it takes.

mod copy;
mod requests;
mod store;
mod upload;

use std::io::{self, Read, Seek};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use appsnap::io::{Parallelism, ReadAt};
use appsnap::observe::Observer;
use appsnap::prepare::Pack;
use appsnap::remote::{DocumentUpload, DocumentUploadReport, ErrorKind, RemoteObject};
use appsnap::snapshot::extract::IfExists;
use appsnap::snapshot::{SnapshotArchive, SnapshotReader};
use appsnap::source::bucket::BucketOptions;
use clap::Args;
use object_store::ObjectStore as _;
use serde_json::{Value, json};

use super::{Failure, Outcome, Stored, shown, shown_input, tell};
pub use copy::join_by_copies;
pub use store::{Place, runtime};
pub use upload::{Upload, are_uploads_open};

/// The options of commands with buckets.
#[derive(Args, Clone, Copy, Debug)]
pub struct BucketArgs {
    /// Requests to a bucket at the same time. Fewer run after it asked to slow down.
    #[arg(long, value_name = "N", default_value = "64")]
    pub requests: NonZeroUsize,
}

impl BucketArgs {
    /// Applies the options, before the first request.
    fn apply(self) {
        requests::limit(self.requests);
    }
}

/// An object in a bucket.
#[derive(Clone, Debug)]
pub struct Object(RemoteObject);

impl Object {
    /// Opens the object at `url`.
    pub fn open(url: &Path) -> Outcome<Self> {
        let place = store::Place::of(url)?;
        let object = RemoteObject::open(place.store, place.path, store::runtime()?);
        object.map(Self).map_err(|error| Failure::of(shown(url), error))
    }

    pub fn len_bytes(&self) -> u64 {
        self.0.len_bytes()
    }

    /// Returns the content as a stream.
    pub fn reader(&self) -> impl Read + Seek + Send + use<> {
        self.0.reader()
    }
}

impl ReadAt for Object {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset_bytes)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.0.len_bytes())
    }
}

/// The text around the UUIDs in keys, below the folder that a URL names.
#[derive(Clone, Copy, Debug)]
pub struct KeyNames<'a> {
    pub prefix: Option<&'a str>,
    pub suffix: Option<&'a str>,
}

impl KeyNames<'_> {
    fn full_prefix(self, folder: &str) -> String {
        let prefix = self.prefix.unwrap_or_default();
        if folder.is_empty() { prefix.to_owned() } else { format!("{folder}/{prefix}") }
    }
}

/// Adds the documents below `url` to an archive.
pub fn add_files<'a>(
    pack: Pack<'a>,
    url: &Path,
    names: KeyNames<'_>,
    args: BucketArgs,
    max_findings_per_code: u64,
) -> Outcome<Pack<'a>> {
    args.apply();
    let place = store::Place::of(url)?;
    let options = BucketOptions::new()
        .with_key_prefix(names.full_prefix(place.path.as_ref()))
        .with_key_suffix(names.suffix.unwrap_or_default())
        .with_requests_in_flight_count(args.requests)
        .with_listing_parallelism(place.listing)
        .with_max_findings_per_code(max_findings_per_code);
    Ok(pack.with_bucket(place.store, &store::runtime()?, &options))
}

/// Returns the URLs of the objects directly below `url` whose names end with `end`.
pub fn objects_in(url: &Path, end: &str) -> Outcome<Vec<PathBuf>> {
    let place = store::Place::of(url)?;
    let folder = Some(&place.path).filter(|path| !path.as_ref().is_empty());
    let listed = store::runtime()?.block_on(place.store.list_with_delimiter(folder));
    let listed = listed.map_err(|error| Failure::environment(shown(url), error.to_string()))?;
    let names = listed.objects.iter().filter_map(|object| object.location.filename());
    let mut found: Vec<_> = names.filter(|name| name.ends_with(end)).map(|name| url.join(name)).collect();
    found.sort();
    Ok(found)
}

/// An upload of documents below a URL.
#[derive(Debug)]
pub struct DocumentsUpload {
    upload: DocumentUpload,
    url: PathBuf,
}

/// The documents that were uploaded.
#[derive(Clone, Copy, Debug)]
pub struct Uploaded {
    pub documents_count: u64,
    pub document_bytes: u64,
    /// Those that an interrupted run had uploaded before.
    pub continued_count: u64,
}

/// An upload that failed.
#[derive(Debug)]
pub struct UploadFailed {
    url: PathBuf,
    error: appsnap::Error,
}

impl DocumentsUpload {
    /// Prepares an upload; nothing is sent yet.
    pub fn new(url: &Path, names: KeyNames<'_>, args: BucketArgs, is_replacing: bool) -> Outcome<Self> {
        args.apply();
        let place = store::Place::of(url)?;
        let upload = DocumentUpload::new(place.store, store::runtime()?)
            .with_key_prefix(names.full_prefix(place.path.as_ref()))
            .with_key_suffix(names.suffix.unwrap_or_default())
            .with_requests_in_flight_count(args.requests)
            .with_if_exists(if is_replacing { IfExists::Replace } else { IfExists::Refuse });
        Ok(Self { upload, url: url.to_owned() })
    }

    pub fn with_parallelism(self, parallelism: Parallelism) -> Self {
        Self { upload: self.upload.with_parallelism(parallelism), ..self }
    }

    pub fn upload_archive(
        &self,
        archive: &SnapshotArchive<Stored>,
        observer: &mut dyn Observer,
    ) -> Result<Uploaded, UploadFailed> {
        self.done(self.upload.upload_archive(archive, observer))
    }

    pub fn upload_stream<R: Read>(
        &self,
        open: impl FnMut() -> io::Result<SnapshotReader<R>>,
        observer: &mut dyn Observer,
    ) -> Result<Uploaded, UploadFailed> {
        self.done(self.upload.upload_stream(open, observer))
    }

    fn done(&self, report: Result<DocumentUploadReport, appsnap::Error>) -> Result<Uploaded, UploadFailed> {
        match report {
            Ok(report) => Ok(Uploaded {
                documents_count: report.documents_count(),
                document_bytes: report.document_bytes(),
                continued_count: report.continued_count(),
            }),
            Err(error) => Err(UploadFailed { url: self.url.clone(), error }),
        }
    }
}

impl UploadFailed {
    /// Adds the archive that was read, unless the bucket is to blame.
    pub fn of_archive(self, archive: &Path) -> Failure {
        match self.error.downcast_ref::<appsnap::remote::Error>().map(appsnap::remote::Error::kind) {
            Some(ErrorKind::Exists) => {
                let message = "documents are there already: choose another URL or --key-prefix, or replace those with the \
                               same keys with --replace";
                Failure::environment(shown(&self.url), message)
            }
            Some(_) => Failure::of(shown(&self.url), self.error),
            None => Failure::of(shown_input(archive), self.error),
        }
    }
}

/// Returns the requests that were made so far, for reports; `None` if there were none.
pub fn requests_json() -> Option<Value> {
    requests::counted().map(|counts| json!(counts))
}

/// Prints the requests that were made so far.
pub fn tell_requests() {
    if let Some(counts) = requests::counted() {
        tell(format_args!("note: {counts}"));
    }
}
