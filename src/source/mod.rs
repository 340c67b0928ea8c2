//! Where on-premises data comes from: a files folder, or an archive of one, becomes a [`Plan`] that the snapshot writer can
//! pull documents from.
//!
//! A plan is made before the first byte is written: it knows every document's id and length, in order and without
//! duplicates, says what it left out and why, and how large the archive will be. [`directory`] walks a folder; [`tar`]
//! and `zip` (feature `zip`) read what was packed of one.
//!
//! ```
//! use appsnap::observe::NoObserver;
//! use appsnap::source::directory::{self, DirectoryOptions};
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::create_dir_all(folder.path().join("0d/3e"))?;
//! std::fs::write(folder.path().join("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"), "a document")?;
//! std::fs::write(folder.path().join("Thumbs.db"), "left by a file manager")?;
//!
//! let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
//! assert_eq!((plan.documents_count(), plan.document_bytes()), (1, 10));
//! assert_eq!(plan.leftovers().total_count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
pub mod directory;
mod error;
mod leftover;
mod plan;
mod size;
pub mod tar;
#[cfg(feature = "zip")]
pub mod zip;

pub use archive::{ArchiveOptions, Document};
pub(crate) use directory::walk::is_junk;
pub use error::{Error, ErrorKind};
pub use leftover::{Leftover, LeftoverKind, Leftovers};
pub use plan::Plan;
pub use size::SizeEstimate;
