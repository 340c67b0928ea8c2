//! The machinery that [`tar`](super::tar) and [`zip`](super::zip) share for archives of a files folder.

mod collector;
mod options;
mod sparse;
mod spool;
mod store;

pub(super) use collector::Collector;
pub use options::ArchiveOptions;
pub(super) use sparse::OpenSparseFile;
pub(super) use spool::DocumentSpool;
pub(super) use store::{ArchiveStore, Payload};
