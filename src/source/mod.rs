//! The origin of on-premises data: a files folder, an archive of one, or a bucket becomes a [`DocumentPlan`], from which a snapshot
//! writer pulls documents.
//!
//! A plan is complete before the first byte is written: it contains the id and length of every document, in order and without
//! duplicates, reports what was left out and why, and estimates the size of the snapshot. [`directory`] walks a folder;
//! [`tar`] and `zip` (feature `zip`) read archives of one; `bucket` (feature `object-store`) reads object storage.
//!
//! ```
//! use appsnap::observe::NoObserver;
//! use appsnap::source::directory::{self, DirectoryOptions};
//!
//! let plan = directory::scan("examples/data/files", &DirectoryOptions::new(), &mut NoObserver)?;
//! assert_eq!((plan.documents_count(), plan.document_bytes()), (1, 10));
//! for skipped in plan.diagnostics() {
//!     println!("{skipped}");
//! }
//! # Ok::<(), appsnap::source::Error>(())
//! ```

mod archive;
#[cfg(feature = "object-store")]
pub mod bucket;
mod code;
pub mod directory;
mod document;
pub mod dump;
mod error;
mod junk;
mod member_name;
mod naming;
mod plan;
mod row;
mod size;
mod skipped;
mod store;
pub mod tar;
#[cfg(feature = "zip")]
pub mod zip;

pub use archive::ArchiveOptions;
pub use code::Code;
pub use document::Document;
pub use error::{Error, ErrorKind};
pub(crate) use junk::is_junk;
pub use plan::DocumentPlan;
pub use size::SizeEstimate;
