//! Documents of an archive, each as an object in a bucket: [`DocumentUpload`].

mod manifest;
mod plan;
mod report;
mod session;
mod settings;

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::Arc;

use object_store::ObjectStore;
use tokio::runtime::Handle;

use crate::error::Error as AnyError;
use crate::io::{Parallelism, ReadAt};
use crate::observe::{Event, Observer, Phase, proceed};
use crate::snapshot::extract::IfExists;
use crate::snapshot::{SnapshotArchive, SnapshotReader};
pub use report::DocumentUploadReport;

use plan::Plan;
use session::Session;
use settings::Settings;

/// Uploads the documents of an archive into a bucket, many at a time, with the keys `<prefix><uuid><suffix>`.
///
/// The archive is read twice: first to its end, to verify all of it, and then to upload the documents. Each is uploaded
/// after its content was compared with that of the first pass. A document is one request; one of more than 8 MiB is a
/// multipart upload. Failed requests are repeated a few times, and fewer run at the same time after a failure.
///
/// # Manifest
/// The object `<prefix>.appsnap-upload.json` identifies the documents and says how many of them, in the order of the archive,
/// are in the bucket. It is written before the first document, after every 1,000 documents, and at the end, when it says
/// that all of them are there. An upload that was interrupted continues: the same documents with the same prefix and suffix
/// are not uploaded again if the manifest contains them and a listing of the bucket shows them with their lengths.
///
/// Documents that are there without such a manifest are handled as [`IfExists`] says; there is no upload that replaces all
/// documents at once.
///
/// Calls block the calling thread: see [where to call them from](super#where-to-call-it-from).
///
/// ```
/// # use appsnap::remote::object_store::{ObjectStoreExt, memory::InMemory, path::Path};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let handle = runtime.handle().clone();
/// # std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
/// use std::sync::Arc;
/// use appsnap::observe::NoObserver;
/// use appsnap::remote::DocumentUpload;
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive};
///
/// let store = Arc::new(InMemory::new());
/// let upload = DocumentUpload::new(store.clone(), handle.clone()).with_key_prefix("apps/shop-").with_key_suffix(".bin");
///
/// let archive = SnapshotArchive::open_path("examples/data/quickstart.tar.gz", &ReadOptions::new())?;
/// let report = upload.upload_archive(&archive, &mut NoObserver)?;
/// assert_eq!((report.documents_count(), report.document_bytes()), (2, 25));
///
/// let key = Path::from("apps/shop-8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002.bin");
/// assert_eq!(handle.block_on(store.head(&key))?.size, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DocumentUpload(Settings);

impl DocumentUpload {
    /// Creates an upload with the default of each method. Nothing is sent yet.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, runtime: Handle) -> Self {
        Self(Settings::new(store, runtime))
    }

    /// Sets the text before the UUID in every key. The part up to the last slash is a folder. Default: none.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.0.key_prefix = prefix.into();
        self
    }

    /// Sets the text after the UUID in every key. Default: none.
    #[must_use]
    pub fn with_key_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.0.key_suffix = suffix.into();
        self
    }

    /// Sets how many documents are sent at the same time. Default: 64.
    #[must_use]
    pub const fn with_requests_in_flight_count(mut self, count: NonZeroUsize) -> Self {
        self.0.requests_count = count;
        self
    }

    /// Sets the memory for documents that are being sent, in bytes. Default: 32 MiB.
    ///
    /// One document of up to 8 MiB is sent in any case. A longer one needs another 40 MiB.
    #[must_use]
    pub const fn with_in_flight_bytes(mut self, bytes: u64) -> Self {
        self.0.in_flight_bytes = bytes;
        self
    }

    /// Sets the handling of documents that are in the bucket already. Default: [`IfExists::Refuse`].
    ///
    /// [`IfExists::Replace`] overwrites documents with the same keys. Other objects remain.
    #[must_use]
    pub const fn with_if_exists(mut self, if_exists: IfExists) -> Self {
        self.0.if_exists = if_exists;
        self
    }

    /// Sets the number of threads that inflate an indexed archive. Default: [`Parallelism::INLINE`].
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.0.parallelism = parallelism;
        self
    }

    /// Uploads the documents of an indexed archive.
    ///
    /// The observer receives the phases `verifying the archive` and `uploading documents`, and each document of them.
    ///
    /// # Errors
    /// Returns the errors of [`SnapshotArchive::verify`], before anything is uploaded. Also returns an error if the prefix or
    /// suffix cannot occur in a key, if documents are in the bucket already, if a request fails too often, if the archive
    /// changes, or if the observer cancels. The manifest then does not say that the upload is complete.
    ///
    /// # Panics
    /// Panics when called from asynchronous code, like `Handle::block_on`.
    pub fn upload_archive<R: ReadAt + Sync, S: ReadAt>(
        &self,
        archive: &SnapshotArchive<R, S>,
        observer: &mut dyn Observer,
    ) -> Result<DocumentUploadReport, AnyError> {
        self.0.keys()?;
        proceed(observer, &Event::Phase(Phase::VerifyingArchive))?;
        let plan = archive.with_reader(self.0.parallelism, |reader| Plan::survey(reader, observer))?;
        let mut session = Session::begin(&self.0, plan, observer)?;
        archive.with_reader(self.0.parallelism, |reader| Ok(session.send(reader, observer)))??;
        Ok(session.report())
    }

    /// Uploads the documents of any readable archive, which `open` opens twice.
    ///
    /// # Errors
    /// Returns the errors of [`SnapshotReader::next_entry`], before anything is uploaded, and those of
    /// [`upload_archive`](Self::upload_archive). Also returns an error if `open` fails.
    ///
    /// # Panics
    /// Panics when called from asynchronous code, like `Handle::block_on`.
    pub fn upload_stream<R: Read>(
        &self,
        mut open: impl FnMut() -> io::Result<SnapshotReader<R>>,
        observer: &mut dyn Observer,
    ) -> Result<DocumentUploadReport, AnyError> {
        self.0.keys()?;
        let failed = |error| AnyError::io("opening the archive", error);
        proceed(observer, &Event::Phase(Phase::VerifyingArchive))?;
        let plan = Plan::survey(&mut open().map_err(failed)?, observer)?;
        let mut session = Session::begin(&self.0, plan, observer)?;
        session.send(&mut open().map_err(failed)?, observer)?;
        Ok(session.report())
    }
}
