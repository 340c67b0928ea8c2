//! An object written from front to back, in parts that are sent while the next is filled: [`RemoteUpload`].

use std::fmt;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};

use super::error::{Error, ErrorKind, Result};

/// Most parts of one upload: S3 and GCS both say 10,000 (their documentation, 2026); Azure takes more.
const MAX_PARTS_COUNT: usize = 10_000;

/// How an object is uploaded.
///
/// Memory is `part bytes x (parts in flight + 1)`: 40 MiB by default.
///
/// ```
/// use std::num::NonZeroUsize;
/// use appsnap::remote::UploadOptions;
///
/// // Objects of up to 312 GiB, at the price of 64 MiB of memory.
/// let options = UploadOptions::new().with_part_bytes(32 << 20).with_in_flight_count(NonZeroUsize::MIN);
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct UploadOptions {
    part_bytes: usize,
    in_flight_count: NonZeroUsize,
}

impl UploadOptions {
    /// The least that S3, and what imitates it, takes for a part that is not the last (S3 documentation, 2026).
    pub const MIN_PART_BYTES: usize = 5 << 20;

    const DEFAULT_PART_BYTES: usize = 8 << 20;
    const DEFAULT_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(4).unwrap();

    /// The defaults: see each method.
    #[must_use]
    pub const fn new() -> Self {
        Self { part_bytes: Self::DEFAULT_PART_BYTES, in_flight_count: Self::DEFAULT_IN_FLIGHT }
    }

    /// Bytes of every part but the last; default 8 MiB, and never less than [`MIN_PART_BYTES`](Self::MIN_PART_BYTES).
    ///
    /// Stores take 10,000 parts, so this also bounds the object: 78 GiB by default.
    #[must_use]
    pub const fn with_part_bytes(mut self, part_bytes: usize) -> Self {
        self.part_bytes = if part_bytes < Self::MIN_PART_BYTES { Self::MIN_PART_BYTES } else { part_bytes };
        self
    }

    /// How many parts may be under way at once; default 4.
    #[must_use]
    pub const fn with_in_flight_count(mut self, in_flight_count: NonZeroUsize) -> Self {
        self.in_flight_count = in_flight_count;
        self
    }
}

impl Default for UploadOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What has been uploaded.
///
/// ```
/// # use std::sync::Arc;
/// # use appsnap::remote::object_store::{memory::InMemory, path::Path};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let handle = runtime.handle().clone();
/// # std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
/// # let (store, place) = (Arc::new(InMemory::new()), Path::from("backups/monday.tar.gz"));
/// use std::io::Write;
/// use appsnap::remote::{RemoteUpload, UploadOptions};
///
/// let mut upload = RemoteUpload::new(store, place, handle.clone(), UploadOptions::new());
/// upload.write_all(b"hello")?;
/// let uploaded = upload.finish()?;
/// assert_eq!((uploaded.len_bytes, uploaded.e_tag.is_some()), (5, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Length of the object.
    pub len_bytes: u64,
    /// Its entity tag, where the store gives one.
    pub e_tag: Option<String>,
    /// Its version, where the store keeps versions.
    pub version: Option<String>,
}

/// An object being written. It appears in the store when [`finish`](Self::finish) returns, whole, and never otherwise.
///
/// What fits into one part is sent with one request. More is a multipart upload, whose parts are sent by tasks on the
/// caller's runtime; `write` waits only while too many are under way.
///
/// After an error every further call fails. Dropping an upload that was not finished, or calling
/// [`abort`](Self::abort) to learn how that went, makes the store forget its parts. When the runtime ends before the task
/// that a drop leaves behind, the parts remain, invisible and billed: give the bucket a lifecycle rule that ends
/// incomplete uploads, as its provider recommends anyway.
///
/// Writes block the calling thread, so the [module's page](super) says where to call them from.
///
/// ```
/// # use std::sync::Arc;
/// # use appsnap::remote::object_store::{memory::InMemory, path::Path};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let handle = runtime.handle().clone();
/// # std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
/// # let (store, place) = (Arc::new(InMemory::new()), Path::from("backups/monday.tar.gz"));
/// use std::io::Write;
/// use appsnap::remote::{FetchOptions, RemoteObject, RemoteUpload, UploadOptions};
///
/// let mut upload = RemoteUpload::new(store.clone(), place.clone(), handle.clone(), UploadOptions::new());
/// upload.write_all(b"half of it")?;
/// upload.abort()?;
/// // Nobody ever saw a half.
/// let opened = RemoteObject::open(store, place, handle.clone(), FetchOptions::new());
/// assert!(opened.unwrap_err().is_absent());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RemoteUpload {
    store: Arc<dyn ObjectStore>,
    location: Path,
    runtime: Handle,
    options: UploadOptions,
    buffer: Vec<u8>,
    len_bytes: u64,
    parts: Option<Parts>,
    has_failed: bool,
}

/// A multipart upload that has begun.
struct Parts {
    upload: Box<dyn MultipartUpload>,
    tasks: JoinSet<object_store::Result<()>>,
    count: usize,
}

impl Parts {
    /// Lets the parts under way end first: a part that arrives after its upload was aborted may stay for ever.
    async fn abort(mut self) -> object_store::Result<()> {
        self.tasks.shutdown().await;
        self.upload.abort().await
    }
}

impl RemoteUpload {
    /// Prepares to write the object `location`, in place of whatever is there; nothing is sent yet.
    #[must_use]
    pub const fn new(store: Arc<dyn ObjectStore>, location: Path, runtime: Handle, options: UploadOptions) -> Self {
        let buffer = Vec::new();
        Self { store, location, runtime, options, buffer, len_bytes: 0, parts: None, has_failed: false }
    }

    /// Sends what is left and makes the object appear.
    ///
    /// # Errors
    /// What the store says, of this or of a part sent before. There is no object then, and the upload is aborted.
    ///
    /// # Panics
    /// In asynchronous code, as `Handle::block_on` does.
    pub fn finish(mut self) -> Result<Uploaded> {
        let result = self.guarded(|upload| {
            if upload.parts.is_some() && !upload.buffer.is_empty() {
                upload.send_part()?;
            }
            upload.complete()
        })?;
        self.parts = None;
        Ok(Uploaded { len_bytes: self.len_bytes, e_tag: result.e_tag, version: result.version })
    }

    /// Gives the upload up and waits until the store has forgotten its parts.
    ///
    /// # Errors
    /// What the store says; the parts may then still be there, and are never visible.
    ///
    /// # Panics
    /// In asynchronous code, as `Handle::block_on` does.
    pub fn abort(mut self) -> Result<()> {
        let Some(parts) = self.parts.take() else { return Ok(()) };
        let aborted = self.runtime.block_on(parts.abort());
        aborted.map_err(|error| Error::store("aborting the upload", error, &self.location))
    }

    /// Bytes written so far.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Runs `operation`; an error, or a panic, ends the upload.
    fn guarded<T>(&mut self, operation: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if std::mem::replace(&mut self.has_failed, true) {
            let kind = ErrorKind::Misuse("an earlier error has ended this upload");
            return Err(Error::new(kind, &self.location));
        }
        let result = operation(self)?;
        self.has_failed = false;
        Ok(result)
    }

    /// Hands the full buffer to a task, once there is room for one more.
    fn send_part(&mut self) -> Result<()> {
        let runtime = self.runtime.clone();
        if self.parts.is_none() {
            let begun = runtime.block_on(self.store.put_multipart_opts(&self.location, PutMultipartOptions::default()));
            let upload = begun.map_err(|error| Error::store("beginning the upload", error, &self.location))?;
            self.parts = Some(Parts { upload, tasks: JoinSet::new(), count: 0 });
        }
        let Some(parts) = &mut self.parts else { return Ok(()) };
        if parts.count == MAX_PARTS_COUNT {
            let kind = ErrorKind::TooManyParts { max_parts_count: MAX_PARTS_COUNT };
            return Err(Error::new(kind, &self.location));
        }
        while parts.tasks.len() >= self.options.in_flight_count.get() {
            join(runtime.block_on(parts.tasks.join_next()), &self.location)?;
        }
        // The next part will be as long, so its memory need not grow step by step.
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(self.options.part_bytes));
        let payload = PutPayload::from(full);
        parts.tasks.spawn_on(parts.upload.put_part(payload), &runtime);
        parts.count += 1;
        Ok(())
    }

    /// Waits for all parts and completes the object, or sends the only part there is.
    fn complete(&mut self) -> Result<PutResult> {
        let runtime = self.runtime.clone();
        let Some(parts) = &mut self.parts else {
            let payload = PutPayload::from(std::mem::take(&mut self.buffer));
            let sent = runtime.block_on(self.store.put_opts(&self.location, payload, PutOptions::default()));
            return sent.map_err(|error| Error::store("writing", error, &self.location));
        };
        while let Some(joined) = runtime.block_on(parts.tasks.join_next()) {
            join(Some(joined), &self.location)?;
        }
        let completed = runtime.block_on(parts.upload.complete());
        completed.map_err(|error| Error::store("completing the upload", error, &self.location))
    }
}

/// The outcome of a part's task.
fn join(joined: Option<Result<object_store::Result<()>, JoinError>>, location: &Path) -> Result<()> {
    match joined {
        Some(Err(_)) => Err(Error::new(ErrorKind::TaskLost, location)),
        Some(Ok(Err(error))) => Err(Error::store("writing a part", error, location)),
        Some(Ok(Ok(()))) | None => Ok(()),
    }
}

impl Write for RemoteUpload {
    /// Takes all it can hold; sends a part when one is full.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.guarded(|upload| {
            if upload.buffer.len() >= upload.options.part_bytes {
                upload.send_part()?;
            }
            let room = upload.options.part_bytes.saturating_sub(upload.buffer.len());
            let taken = bytes.get(..room).unwrap_or(bytes);
            upload.buffer.extend_from_slice(taken);
            upload.len_bytes = upload.len_bytes.saturating_add(taken.len() as u64);
            Ok(taken.len())
        })?;
        Ok(count)
    }

    /// Does nothing: a part cannot be sent before it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for RemoteUpload {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            // Waiting is not possible here: a drop may happen in asynchronous code. The store's answer has nobody to go to.
            drop(self.runtime.spawn(parts.abort()));
        }
    }
}

impl fmt::Debug for RemoteUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteUpload")
            .field("location", &self.location)
            .field("options", &self.options)
            .field("len_bytes", &self.len_bytes)
            .field("has_failed", &self.has_failed)
            .finish_non_exhaustive()
    }
}
