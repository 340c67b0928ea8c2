//! The destination of an upload, and how it is reached: [`Settings`].

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use object_store::ObjectStore;
use tokio::runtime::Handle;

use crate::io::Parallelism;
use crate::remote::error::{Error, ErrorKind, Result};
use crate::remote::keys::Keys;
use crate::snapshot::extract::IfExists;

const DEFAULT_REQUESTS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// The destination of an upload, and how it is reached.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) runtime: Handle,
    pub(super) key_prefix: String,
    pub(super) key_suffix: String,
    pub(super) requests_count: NonZeroUsize,
    pub(super) in_flight_bytes: u64,
    pub(super) if_exists: IfExists,
    pub(super) parallelism: Parallelism,
}

impl Settings {
    pub(super) fn new(store: Arc<dyn ObjectStore>, runtime: Handle) -> Self {
        Self {
            store,
            runtime,
            key_prefix: String::new(),
            key_suffix: String::new(),
            requests_count: DEFAULT_REQUESTS,
            in_flight_bytes: 32 << 20,
            if_exists: IfExists::default(),
            parallelism: Parallelism::INLINE,
        }
    }

    pub(super) fn keys(&self) -> Result<Keys> {
        let misuse = |what| Error::of(ErrorKind::Misuse(what), &self.key_prefix.as_str().into());
        Keys::new(&self.key_prefix, &self.key_suffix).map_err(misuse)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("key_prefix", &self.key_prefix)
            .field("key_suffix", &self.key_suffix)
            .field("requests_count", &self.requests_count)
            .field("if_exists", &self.if_exists)
            .finish_non_exhaustive()
    }
}
