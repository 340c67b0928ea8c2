//! Writing an object sequentially, in parts that are sent while the next one is filled: [`RemoteUpload`].

use std::fmt;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};

use super::error::{Error, ErrorKind, Result};

/// The maximum number of parts of an upload: 10,000 for S3 and GCS (their documentation, 2026); Azure allows more.
const MAX_PARTS_COUNT: usize = 10_000;

/// An object that is being written. It appears in the store, complete, when [`finish`](Self::finish) returns, and never
/// otherwise.
///
/// Data that fits into one part is sent with one request. More becomes a multipart upload, whose parts are sent by tasks on
/// the caller's runtime; `write` waits only while too many are in flight.
///
/// After an error every further call returns it again. An upload that is dropped unfinished deletes its parts in a
/// background task; [`abort`](Self::abort) does the same and reports the outcome. If the runtime ends before that task, the
/// parts remain in the store, invisible but billed: give the bucket a lifecycle rule that ends incomplete uploads, as
/// providers recommend.
///
/// It uses memory for `part bytes x (parts in flight + 1)`: 40 MiB by default.
///
/// Writes block the calling thread: see [where to call them from](super#where-to-call-it-from).
///
/// ```
/// # use std::sync::Arc;
/// # use appsnap::remote::object_store::{memory::InMemory, path::Path};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let handle = runtime.handle().clone();
/// # std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
/// # let (store, location) = (Arc::new(InMemory::new()), Path::from("backups/monday.tar.gz"));
/// use std::io::Write;
/// use appsnap::remote::RemoteUpload;
///
/// let mut upload = RemoteUpload::new(store, location, handle.clone());
/// upload.write_all(b"hello")?;
/// println!("the entity tag is {:?}", upload.finish()?.e_tag);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RemoteUpload {
    store: Arc<dyn ObjectStore>,
    location: Path,
    runtime: Handle,
    part_bytes: usize,
    in_flight_count: NonZeroUsize,
    buffer: Vec<u8>,
    len_bytes: u64,
    parts: Option<Parts>,
    /// The first error, which every later call repeats.
    failed: Option<Error>,
}

/// A multipart upload that was started.
struct Parts {
    upload: Box<dyn MultipartUpload>,
    tasks: JoinSet<object_store::Result<()>>,
    count: usize,
}

impl Parts {
    /// Waits for the parts in flight first: a part that arrives after its upload was aborted may stay for ever.
    async fn abort(mut self) -> object_store::Result<()> {
        self.tasks.shutdown().await;
        self.upload.abort().await
    }
}

impl RemoteUpload {
    /// The minimum length of all parts but the last one in S3 and compatible stores (S3 documentation, 2026).
    pub const MIN_PART_BYTES: usize = 5 << 20;

    /// The maximum length of a part in S3 (S3 documentation, 2026).
    const MAX_PART_BYTES: u64 = 5 << 30;
    const DEFAULT_PART_BYTES: usize = 8 << 20;
    const DEFAULT_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(4).unwrap();

    /// Prepares to write the object at `location`, replacing any object there. Nothing is sent yet.
    #[must_use]
    pub const fn new(store: Arc<dyn ObjectStore>, location: Path, runtime: Handle) -> Self {
        Self {
            store,
            location,
            runtime,
            part_bytes: Self::DEFAULT_PART_BYTES,
            in_flight_count: Self::DEFAULT_IN_FLIGHT,
            buffer: Vec::new(),
            len_bytes: 0,
            parts: None,
            failed: None,
        }
    }

    /// Sets the length of all parts but the last one, before the first write. Default: 8 MiB.
    ///
    /// Stores accept 10,000 parts, so this also bounds the length of the object: 78 GiB by default.
    ///
    /// # Errors
    /// Returns an error for less than [`MIN_PART_BYTES`](Self::MIN_PART_BYTES) or more than 5 GiB, and after the first write,
    /// since all parts must have the same length.
    pub fn with_part_bytes(mut self, part_bytes: usize) -> Result<Self, crate::Error> {
        if part_bytes < Self::MIN_PART_BYTES || part_bytes as u64 > Self::MAX_PART_BYTES {
            let range = Self::MIN_PART_BYTES as u64..=Self::MAX_PART_BYTES;
            return Err(crate::Error::out_of_range("part length", part_bytes as u64, &range));
        }
        if self.len_bytes > 0 {
            let kind = ErrorKind::Misuse("the length of the parts was set after a write: set it before");
            return Err(Error::of(kind, &self.location).into());
        }
        self.part_bytes = part_bytes;
        Ok(self)
    }

    /// Sets how many parts may be in flight at the same time. Default: 4.
    #[must_use]
    pub const fn with_in_flight_count(mut self, in_flight_count: NonZeroUsize) -> Self {
        self.in_flight_count = in_flight_count;
        self
    }

    /// Sends the rest, completes the object, and returns its entity tag and version where the store has them.
    ///
    /// # Errors
    /// Returns an error if a request fails, for this or an earlier part. There is no object then, and the upload is aborted.
    ///
    /// # Panics
    /// Panics when called from asynchronous code, like `Handle::block_on`.
    pub fn finish(mut self) -> Result<PutResult> {
        let result = self.guarded(|upload| {
            if upload.parts.is_some() && !upload.buffer.is_empty() {
                upload.send_part()?;
            }
            upload.complete()
        })?;
        self.parts = None;
        Ok(result)
    }

    /// Aborts the upload and waits until the store has deleted its parts.
    ///
    /// # Errors
    /// Returns an error if the request fails. The parts may then remain, but they are never visible.
    ///
    /// # Panics
    /// Panics when called from asynchronous code, like `Handle::block_on`.
    pub fn abort(mut self) -> Result<()> {
        let Some(parts) = self.parts.take() else { return Ok(()) };
        let aborted = self.runtime.block_on(parts.abort());
        aborted.map_err(|error| Error::store("aborting the upload", error, &self.location))
    }

    /// Returns the number of bytes written so far.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Runs `operation`. An error or a panic ends the upload, and every later call repeats the error.
    fn guarded<T>(&mut self, operation: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.failed = Some(Error::of(ErrorKind::TaskLost, &self.location));
        let result = operation(self);
        self.failed = result.as_ref().err().cloned();
        result
    }

    /// Passes the full buffer to a task, after waiting until fewer than the maximum are in flight.
    fn send_part(&mut self) -> Result<()> {
        let runtime = self.runtime.clone();
        let parts = match &mut self.parts {
            Some(parts) => parts,
            none => {
                let started = self.store.put_multipart_opts(&self.location, PutMultipartOptions::default());
                let upload = runtime
                    .block_on(started)
                    .map_err(|error| Error::store("starting the upload", error, &self.location))?;
                none.insert(Parts { upload, tasks: JoinSet::new(), count: 0 })
            }
        };
        if parts.count == MAX_PARTS_COUNT {
            let kind = ErrorKind::TooManyParts { max_parts_count: MAX_PARTS_COUNT };
            return Err(Error::of(kind, &self.location));
        }
        while parts.tasks.len() >= self.in_flight_count.get() {
            join(runtime.block_on(parts.tasks.join_next()), &self.location)?;
        }
        // The next part will be as long, so its memory is allocated at once.
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(self.part_bytes));
        let payload = PutPayload::from(full);
        parts.tasks.spawn_on(parts.upload.put_part(payload), &runtime);
        parts.count = parts.count.saturating_add(1);
        Ok(())
    }

    /// Waits for all parts and completes the object, or sends a single part as the whole object.
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

/// Returns the outcome of the task that sent a part.
fn join(joined: Option<Result<object_store::Result<()>, JoinError>>, location: &Path) -> Result<()> {
    match joined {
        Some(Err(_)) => Err(Error::of(ErrorKind::TaskLost, location)),
        Some(Ok(Err(error))) => Err(Error::store("writing a part", error, location)),
        Some(Ok(Ok(()))) | None => Ok(()),
    }
}

impl Write for RemoteUpload {
    /// Accepts as much as the current part can hold, and sends the part when it is full.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.guarded(|upload| {
            if upload.buffer.len() >= upload.part_bytes {
                upload.send_part()?;
            }
            let room = upload.part_bytes.saturating_sub(upload.buffer.len());
            let (taken, _) = bytes.split_at(room.min(bytes.len()));
            upload.buffer.extend_from_slice(taken);
            upload.len_bytes = upload.len_bytes.saturating_add(taken.len() as u64);
            Ok(taken.len())
        })?;
        Ok(count)
    }

    /// Does nothing: parts are sent only when they are full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for RemoteUpload {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            // A drop may happen in asynchronous code, so it must not wait. The outcome cannot be reported.
            drop(self.runtime.spawn(parts.abort()));
        }
    }
}

impl fmt::Debug for RemoteUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteUpload")
            .field("location", &self.location)
            .field("part_bytes", &self.part_bytes)
            .field("in_flight_count", &self.in_flight_count)
            .field("len_bytes", &self.len_bytes)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
