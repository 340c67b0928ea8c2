//! Reading an object at any offset with range requests: [`RemoteObject`].

use std::fmt;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};
use tokio::runtime::Handle;

use super::error::{ErrorKind, Result};
use super::opened::{Opened, body, get};
use super::reader::ObjectReader;
use super::retry::repeated;
use crate::io::{ReadAt, at_most};

/// The length that [`SnapshotArchive::open`](crate::snapshot::SnapshotArchive::open) reads.
const DEFAULT_TAIL_BYTES: u64 = 64 << 10;

/// An object in a store, which can be read at any offset. Each read is one request for exactly that range.
///
/// Every request carries the entity tag of the first one (RFC 9110, section 13.1.1, `If-Match`): if the object is replaced
/// while it is open, reads return an error and never a mixture of both. Stores without strong entity tags cannot detect
/// this.
///
/// Reads block the calling thread: see [where to call them from](super#where-to-call-it-from).
///
/// ```
/// # use std::sync::Arc;
/// # use appsnap::remote::object_store::{memory::InMemory, path::Path};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let handle = runtime.handle().clone();
/// # std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
/// # let (store, location) = (Arc::new(InMemory::new()), Path::from("backups/monday.tar.gz"));
/// use std::io::Write;
/// use appsnap::io::ReadAt;
/// use appsnap::remote::{RemoteObject, RemoteUpload};
///
/// let mut upload = RemoteUpload::new(store.clone(), location.clone(), handle.clone());
/// upload.write_all(b"hello")?;
/// upload.finish()?;
///
/// let object = RemoteObject::open(store, location, handle.clone())?;
/// let mut two = [0; 2];
/// object.read_exact_at(&mut two, 3)?;
/// assert_eq!((object.len_bytes(), &two), (5, b"lo"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RemoteObject {
    opened: Opened,
    /// The last bytes of the object, from the first request.
    tail: Arc<[u8]>,
}

impl RemoteObject {
    /// Opens an object with one request, which fetches its length, its entity tag and its last 64 KiB.
    ///
    /// Azure does not support such a request: there, and for empty objects, two requests are made.
    ///
    /// # Errors
    /// Returns an error if there is no such object, or if a request fails.
    ///
    /// # Panics
    /// Panics when called from asynchronous code, like `Handle::block_on`.
    pub fn open(store: Arc<dyn ObjectStore>, location: Path, runtime: Handle) -> Result<Self> {
        Self::open_with_tail(store, location, runtime, DEFAULT_TAIL_BYTES)
    }

    /// Opens an object like [`open`](Self::open), with a request that fetches `tail_bytes` at the end of the object and keeps
    /// them in memory.
    ///
    /// 64 KiB are enough to open an archive whose tar stream has up to 4 GiB and 500,000 documents. Opening a larger one takes
    /// two more requests, or a larger tail: 12 bytes per MiB of the tar stream, and 16 per 614 documents. 2 MiB are enough for
    /// 100 GiB and ten million documents.
    ///
    /// # Errors
    /// Returns an error if there is no such object, or if a request fails.
    ///
    /// # Panics
    /// Panics when called from asynchronous code, like `Handle::block_on`.
    pub fn open_with_tail(
        store: Arc<dyn ObjectStore>,
        location: Path,
        runtime: Handle,
        tail_bytes: u64,
    ) -> Result<Self> {
        let work = || runtime.block_on(fetch_tail(&*store, &location, tail_bytes));
        let (meta, tail) = repeated(work)?;
        Ok(Self { tail: tail.into(), ..Self::from_meta(store, &meta, runtime) })
    }

    /// Opens an object with the metadata from a listing, without a request.
    #[must_use]
    pub fn from_meta(store: Arc<dyn ObjectStore>, meta: &ObjectMeta, runtime: Handle) -> Self {
        Self { opened: Opened::new(store, meta, runtime), tail: Arc::default() }
    }

    /// Returns the length of the object, in bytes.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.opened.len_bytes
    }

    /// Returns the location of the object in its store.
    #[must_use]
    pub const fn location(&self) -> &Path {
        &self.opened.location
    }

    /// Returns the part of the tail from `offset_bytes` on, or `None` if that is before the tail.
    fn in_tail(&self, offset_bytes: u64) -> Option<&[u8]> {
        let start = self.opened.len_bytes.checked_sub(self.tail.len() as u64)?;
        let at = usize::try_from(offset_bytes.checked_sub(start)?).ok()?;
        self.tail.get(at..)
    }

    /// Returns the content as a stream, from the beginning on: for archives without an index.
    ///
    /// Ranges of 4 MiB are requested before they are needed, four at a time. This needs 20 MiB of memory. Every range belongs
    /// to the object as it was opened, also if it is replaced in the meantime.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use appsnap::remote::object_store::{ObjectStoreExt, memory::InMemory, path::Path};
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # let (store, location) = (Arc::new(InMemory::new()), Path::from("backups/monday.tar.gz"));
    /// # let bytes = std::fs::read("examples/data/quickstart.tar.gz")?;
    /// # runtime.block_on(store.put(&location, bytes.into()))?;
    /// # let handle = runtime.handle().clone();
    /// # std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    /// use appsnap::remote::RemoteObject;
    /// use appsnap::snapshot::{ReadOptions, SnapshotReader};
    ///
    /// let object = RemoteObject::open(store, location, handle)?;
    /// let mut reader = SnapshotReader::new(object.reader(), &ReadOptions::new());
    /// while let Some(entry) = reader.next_entry()? {
    ///     println!("{:?}", entry.kind());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reader(&self) -> impl Read + Seek + Send + fmt::Debug + use<> {
        ObjectReader::new(self.opened.clone())
    }

    /// Fetches exactly `buffer.len()` bytes.
    fn fetch(&self, buffer: &mut [u8], offset_bytes: u64) -> Result<()> {
        let end = offset_bytes.saturating_add(buffer.len() as u64);
        let bytes = repeated(|| self.opened.runtime.block_on(self.opened.get_range(offset_bytes..end)))?;
        buffer.copy_from_slice(&bytes);
        Ok(())
    }
}

impl fmt::Debug for RemoteObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteObject")
            .field("location", &self.opened.location)
            .field("len_bytes", &self.opened.len_bytes)
            .field("e_tag", &self.opened.e_tag)
            .finish_non_exhaustive()
    }
}

impl ReadAt for RemoteObject {
    /// Makes one request, or none if the tail contains the bytes.
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        if let Some(tail) = self.in_tail(offset_bytes) {
            return tail.read_at(buffer, 0);
        }
        let count = at_most(buffer.len(), self.opened.len_bytes.saturating_sub(offset_bytes));
        let (wanted, _) = buffer.split_at_mut(count);
        if count != 0 {
            self.fetch(wanted, offset_bytes)?;
        }
        Ok(count)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.opened.len_bytes)
    }
}

/// Fetches the metadata of an object and its last bytes.
async fn fetch_tail(store: &dyn ObjectStore, location: &Path, tail_bytes: u64) -> Result<(ObjectMeta, Vec<u8>)> {
    let suffix = GetOptions::new().with_range(Some(GetRange::Suffix(tail_bytes)));
    if tail_bytes > 0 {
        match get(store, location, suffix).await {
            Ok(result) => {
                let meta = result.meta.clone();
                let bytes = body(result, location).await?;
                // A server that ignores ranges sends the whole object instead of the tail.
                let is_tail = bytes.len() as u64 == tail_bytes.min(meta.size);
                return Ok((meta, if is_tail { bytes } else { Vec::new() }));
            }
            Err(error) if !matches!(error.kind(), ErrorKind::Store { .. }) => return Err(error),
            // Azure rejects such ranges, and S3 rejects any range of an empty object.
            Err(_) => {}
        }
    }
    let result = get(store, location, GetOptions::new().with_head(true)).await?;
    Ok((result.meta, Vec::new()))
}
