//! Object storage: read snapshots in a bucket with range requests, and write them directly into one.
//!
//! To pack the documents in a bucket, see [`source::bucket`](crate::source::bucket). To upload the documents of a snapshot
//! into one, see [`DocumentUpload`].
//!
//! Works with every [`object_store::ObjectStore`]: S3, Azure, GCS, a local folder, memory. A program chooses the stores that
//! it supports with the features of the `object_store` crate, which this module re-exports.
//!
//! The clients of these stores are asynchronous and the archive code is not. [`RemoteObject`] and [`RemoteUpload`] connect
//! the two: each takes a [`Handle`](tokio::runtime::Handle) of the caller's runtime and waits on it. This module never
//! creates a runtime or a thread.
//!
//! # Where to call it from
//! From threads that may block: a thread of your own, or `tokio::task::spawn_blocking`. Directly in an `async fn`, tokio's
//! `block_on` panics. The runtime must be driven while a call waits: a multi-threaded runtime drives itself, a
//! current-thread runtime needs a `Runtime::block_on` on another thread.
//!
//! ```
//! # use appsnap::observe::NoObserver;
//! use std::io::Read;
//! use std::sync::Arc;
//! use appsnap::metadata::Metadata;
//! use appsnap::remote::object_store::{memory::InMemory, path::Path};
//! use appsnap::remote::{RemoteObject, RemoteUpload};
//! use appsnap::snapshot::{Content, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};
//! use appsnap::snapshot::index::IndexPlacement;
//!
//! // The caller's runtime, driven by a thread of its own here; one of several threads drives itself.
//! let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! let handle = runtime.handle().clone();
//! std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
//!
//! let (store, location) = (Arc::new(InMemory::new()), Path::from("backups/monday.tar.gz"));
//! let id: appsnap::DocumentId = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
//!
//! // Write into the bucket. The object appears when the upload is finished, and not before.
//! let upload = RemoteUpload::new(store.clone(), location.clone(), handle.clone());
//! let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
//! let mut writer = SnapshotWriter::start(upload, &Metadata::new(), &options)?;
//! writer.document(id, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
//! let (upload, _) = writer.finish()?;
//! upload.finish()?;
//!
//! // Read a document with three requests: the end of the object, a page of the index, the document.
//! let object = RemoteObject::open(store, location, handle.clone())?;
//! let archive = SnapshotArchive::open(object, &ReadOptions::new())?;
//! let mut text = String::new();
//! archive.document(id)?.expect("it is there").read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod documents;
mod error;
pub(crate) mod keys;
mod object;
mod opened;
mod reader;
pub(crate) mod retry;
mod upload;

pub use documents::{DocumentUpload, DocumentUploadReport};
pub use error::{Error, ErrorKind};
pub use object::RemoteObject;
pub use object_store;
pub(crate) use opened::{body, get};
pub use upload::RemoteUpload;
