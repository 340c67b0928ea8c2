//! Object storage: snapshots read out of a bucket by range, and packed straight into one.
//!
//! Works over any [`object_store::ObjectStore`]: S3, Azure, GCS, a local folder, memory. Which of them a program can speak
//! to is its own choice, made with the features of the `object_store` crate, which is exported again here.
//!
//! The clients are asynchronous and the archive code is not. [`RemoteObject`] and [`RemoteUpload`] stand between the two:
//! each is given a [`Handle`](tokio::runtime::Handle) to the caller's runtime and waits on it. No runtime and no thread is
//! ever made here.
//!
//! # Where to call it from
//! From threads that may block: a thread of one's own, or `tokio::task::spawn_blocking`, never an `async fn` directly, where
//! tokio's `block_on` panics rather than hang. The runtime has to be driven while something waits: one of several
//! threads drives itself, a current-thread runtime needs a `Runtime::block_on` elsewhere.
//!
//! ```
//! use std::io::Read;
//! use std::sync::Arc;
//! use appsnap::metadata::Metadata;
//! use appsnap::remote::object_store::{memory::InMemory, path::Path};
//! use appsnap::remote::{FetchOptions, RemoteObject, RemoteUpload, UploadOptions};
//! use appsnap::snapshot::{Content, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};
//! use appsnap::snapshot::index::IndexPlacement;
//!
//! let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
//! let store = Arc::new(InMemory::new());
//! let place = Path::from("backups/monday.tar.gz");
//! let id: appsnap::DocumentId = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
//!
//! // Pack into the bucket; the object appears when the upload is finished, and not before.
//! let upload = RemoteUpload::new(store.clone(), place.clone(), runtime.handle().clone(), UploadOptions::new());
//! let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
//! let mut writer = SnapshotWriter::start(upload, &Metadata::new(), options)?;
//! writer.document(id, Content::sized(5, &b"hello"[..]))?;
//! let (upload, _) = writer.finish()?;
//! upload.finish()?;
//!
//! // Three requests: the end of the object, a page of the index, the document.
//! let object = RemoteObject::open(store, place, runtime.handle().clone(), FetchOptions::new())?;
//! let archive = SnapshotArchive::open(object, &ReadOptions::new())?;
//! let mut text = String::new();
//! archive.document(id)?.expect("it is there").read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod object;
mod upload;

pub use error::{Error, ErrorKind, Result};
pub use object::{FetchOptions, RemoteObject};
pub use object_store;
pub use upload::{RemoteUpload, UploadOptions, Uploaded};
