//! Object storage: the requests that are made, and the objects that result.

mod documents;
mod documents_upload;
mod fetch;
mod http;
mod s3;
mod shares;
mod upload;

use std::sync::{Arc, LazyLock};

use appsnap::remote::object_store::{ObjectStore, path::Path};
use appsnap::remote::{RemoteObject, RemoteUpload};
use tokio::runtime::{Builder, Handle, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

fn runtime() -> Handle {
    RUNTIME.handle().clone()
}

fn location() -> Path {
    Path::from("backups/one.tar.gz")
}

fn upload<S: ObjectStore>(store: &Arc<S>) -> RemoteUpload {
    RemoteUpload::new(Arc::clone(store) as _, location(), runtime())
}

fn open<S: ObjectStore>(store: &Arc<S>) -> RemoteObject {
    RemoteObject::open(Arc::clone(store) as _, location(), runtime()).unwrap()
}
