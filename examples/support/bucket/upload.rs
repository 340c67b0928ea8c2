//! An object that appears complete or not at all: [`Upload`].

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use appsnap::remote::RemoteUpload;

use super::store::{Place, runtime};
use crate::support::{Failure, Outcome, shown, signals};

/// Uploads that are neither complete nor aborted.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Returns `true` while the end of this process would leave parts of an upload in the store.
pub fn are_uploads_open() -> bool {
    OPEN.load(Relaxed) > 0
}

/// The length of parts unless a larger object is expected.
const DEFAULT_PART_BYTES: u64 = 8 << 20;
/// The number of parts for an expected length: fewer than the 10,000 that stores accept, because it is an estimate.
const MOST_PARTS: u64 = 9_000;

/// Counts an upload as open.
#[derive(Debug)]
pub struct OpenUpload(());

impl OpenUpload {
    pub fn new() -> Self {
        OPEN.fetch_add(1, Relaxed);
        Self(())
    }
}

impl Drop for OpenUpload {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Relaxed);
    }
}

/// An object that is being written. If it is dropped, its parts are removed from the store.
#[derive(Debug)]
pub struct Upload {
    upload: Option<RemoteUpload>,
    url: PathBuf,
    _open: OpenUpload,
}

impl Upload {
    /// Begins an object at `url`, which is not there before it is complete.
    pub fn create(url: &Path) -> Outcome<Self> {
        let place = Place::of(url)?;
        if place.path.as_ref().is_empty() {
            return Err(Failure::environment(
                shown(url),
                "a bucket is no object: add the name of the object to the URL",
            ));
        }
        let upload = RemoteUpload::new(place.store, place.path, runtime()?);
        Ok(Self { upload: Some(upload), url: url.to_owned(), _open: OpenUpload::new() })
    }

    /// Chooses the length of the parts, of which stores accept 10,000, for an object of about `len_bytes`. Ignored after the
    /// first write.
    pub fn expect_bytes(&mut self, len_bytes: u64) -> Outcome {
        let part_bytes = len_bytes.div_ceil(MOST_PARTS).next_multiple_of(1 << 20);
        if part_bytes > DEFAULT_PART_BYTES
            && let Some(upload) = self.upload.take_if(|upload| upload.len_bytes() == 0)
        {
            let failed = |error| Failure::of(shown(&self.url), error);
            let part_bytes =
                usize::try_from(part_bytes).map_err(|_| Failure::environment(shown(&self.url), "too large"))?;
            self.upload = Some(upload.with_part_bytes(part_bytes).map_err(failed)?);
        }
        Ok(())
    }

    /// Completes the object.
    pub fn finish(mut self) -> Result<(), appsnap::Error> {
        if let Some(upload) = self.upload.take() {
            upload.finish()?;
        }
        Ok(())
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if signals::is_interrupted() {
            return Err(io::Error::other("interrupted"));
        }
        self.upload.as_mut().map_or(Err(io::ErrorKind::BrokenPipe.into()), |upload| upload.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take() {
            // The store may have refused the upload itself; there is nothing that could be done about it here.
            let _ = upload.abort();
        }
    }
}
