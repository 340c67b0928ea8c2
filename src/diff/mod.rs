//! Compares two snapshots, or two dumps: documents, metadata, tables and other objects of the database.
//!
//! [`diff()`] takes two [`Input`]s and returns a [`Difference`].
//!
//! ```no_run
//! use std::fs::File;
//! use appsnap::Limits;
//! use appsnap::diff::{Input, diff};
//! use appsnap::observe::NoObserver;
//! use appsnap::snapshot::{ReadOptions, SnapshotArchive};
//!
//! // One has an index, the other is read from beginning to end.
//! let old = SnapshotArchive::open_path("monday.tar.gz", &ReadOptions::new())?;
//! let (old, new) = (Input::archive("monday", &old), Input::stream("tuesday", File::open("tuesday.tar.gz")?));
//! let difference = diff(old, new, &Limits::untrusted(), &mut NoObserver)?;
//! if !difference.is_same() {
//!     println!("{difference}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod database;
mod difference;
mod documents;
mod input;
mod line_digest;
mod metadata;
mod object_change;
mod render;
mod side;
mod sums;

use std::hash::RandomState;

pub use difference::Difference;
pub use input::Input;
pub use object_change::ObjectChange;

use crate::error::Error;
use crate::limits::Limits;
use crate::observe::Observer;
use side::Side;

/// Compares two snapshots or dumps.
///
/// Of archives with an index, the documents are compared from the indexes alone, in constant memory if their ids ascend.
/// Other snapshots are read once, from beginning to end, and verified; that takes 32 bytes a document. Documents are the
/// same if their lengths and CRC32 are. Dumps with the same length and CRC32 are the same and not read; otherwise both are
/// read, and tables are the same if they contain the same rows in any order.
///
/// A dump that is compared with a snapshot is compared with the dump in it.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::diff::{Input, diff};
/// use appsnap::observe::NoObserver;
///
/// let snapshot = || File::open("examples/data/quickstart.tar.gz");
/// let (old, new) = (Input::stream("old", snapshot()?), Input::stream("new", snapshot()?));
/// let difference = diff(old, new, &Limits::untrusted(), &mut NoObserver)?;
/// assert!(difference.is_same() && difference.same_documents_count() > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns an error if an input cannot be read, is damaged, exceeds a limit, or is neither a snapshot nor a dump; its
/// context is the name of the input. Also returns an error if the observer cancels.
///
/// # Security
/// Safe for untrusted inputs, which `limits` bounds. An author of both inputs can give different documents the same CRC32, and an
/// index can list what its archive does not contain, as [`SnapshotArchive`](crate::snapshot::SnapshotArchive) explains. Tables are compared by digests with a random key, which
/// no author can match.
pub fn diff(old: Input<'_>, new: Input<'_>, limits: &Limits, observer: &mut dyn Observer) -> Result<Difference, Error> {
    let key = RandomState::new();
    let mut old = Side::open(old, &key, limits, observer)?;
    let mut new = Side::open(new, &key, limits, observer)?;
    let mut difference = Difference::default();
    if let (Some(old), Some(new)) = (&old.snapshot, &new.snapshot) {
        documents::compare(old, new, &mut difference)?;
        metadata::compare(old.metadata.as_ref(), new.metadata.as_ref(), &mut difference);
    }
    difference.database = [old.dump_sums(), new.dump_sums()];
    if let [Some(old_sums), Some(new_sums)] = difference.database
        && old_sums != new_sums
    {
        let (old, new) = (old.take_dump(&key, limits, observer)?, new.take_dump(&key, limits, observer)?);
        database::compare(&old, &new, &mut difference);
    }
    Ok(difference)
}
