//! An object at the time when it was opened: [`Opened`].

use std::ops::Range;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore};
use tokio::runtime::Handle;

use super::error::{Error, ErrorKind, Result};

/// An object at the time when it was opened. If it is replaced, requests fail.
#[derive(Clone)]
pub(super) struct Opened {
    store: Arc<dyn ObjectStore>,
    pub(super) location: Path,
    pub(super) runtime: Handle,
    pub(super) len_bytes: u64,
    pub(super) e_tag: Option<String>,
    version: Option<String>,
}

impl Opened {
    pub(super) fn new(store: Arc<dyn ObjectStore>, meta: &ObjectMeta, runtime: Handle) -> Self {
        Self {
            store,
            location: meta.location.clone(),
            runtime,
            len_bytes: meta.size,
            // If-Match never matches a weak tag.
            e_tag: meta.e_tag.clone().filter(|tag| !tag.starts_with("W/")),
            version: meta.version.clone(),
        }
    }

    /// Fetches exactly this range with one request.
    pub(super) async fn get_range(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let (start, wanted_bytes) = (range.start, range.end.saturating_sub(range.start));
        let options = GetOptions::new()
            .with_range(Some(GetRange::Bounded(range)))
            .with_if_match(self.e_tag.clone())
            .with_version(self.version.clone());
        let at = |error: Error| error.at(start);
        let result = get(&*self.store, &self.location, options).await.map_err(at)?;
        // A server that ignores the condition sends another object.
        if result.meta.size != self.len_bytes {
            return Err(at(Error::of(ErrorKind::Changed, &self.location)));
        }
        let bytes = body(result, &self.location).await.map_err(at)?;
        let actual_bytes = bytes.len() as u64;
        if actual_bytes != wanted_bytes {
            return Err(at(Error::of(ErrorKind::Short { wanted_bytes, actual_bytes }, &self.location)));
        }
        Ok(bytes)
    }
}

pub(crate) async fn get(store: &dyn ObjectStore, location: &Path, options: GetOptions) -> Result<GetResult> {
    store.get_opts(location, options).await.map_err(|error| Error::store("reading", error, location))
}

pub(crate) async fn body(result: GetResult, location: &Path) -> Result<Vec<u8>> {
    let bytes = result.bytes().await.map_err(|error| Error::store("reading", error, location))?;
    Ok(bytes.into())
}
