//! An object that appears complete or not at all: [`Upload`].

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use appsnap::remote::{RemoteUpload, UploadOptions};

use super::store::{Place, runtime};
use crate::support::{Failure, Outcome, shown, signals};

/// Uploads that are neither complete nor aborted.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Returns `true` while the end of this process would leave parts of an upload in the store.
pub fn are_uploads_open() -> bool {
    OPEN.load(Relaxed) > 0
}

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
pub struct Upload(Option<RemoteUpload>, OpenUpload);

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
        let upload = RemoteUpload::new(place.store, place.path, runtime()?, &UploadOptions::new());
        Ok(Self(Some(upload), OpenUpload::new()))
    }

    /// Completes the object.
    pub fn finish(mut self) -> Result<(), appsnap::Error> {
        if let Some(upload) = self.0.take() {
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
        self.0.as_mut().map_or(Err(io::ErrorKind::BrokenPipe.into()), |upload| upload.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(upload) = self.0.take() {
            // The store may have refused the upload itself; there is nothing that could be done about it here.
            let _ = upload.abort();
        }
    }
}
