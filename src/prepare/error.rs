//! The errors of preparing an archive.

use crate::error::{Category, Error};

pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

/// The dump must be recompressed, and there is no directory for that.
#[cold]
pub(super) fn spool_needed() -> Error {
    let message = "the dump must be written to a temporary file: set a spool directory";
    Error::of(Category::Misuse, message)
}

/// Orphans were to be dropped.
#[cold]
pub(super) fn orphans_unknown(why: &'static str) -> Error {
    Error::of(Category::BadInput, format!("orphans cannot be distinguished from other documents: {why}"))
}

/// A file of the archive has no location in a snapshot, and any choice would be a guess.
#[cold]
pub(super) fn unplaceable(name: &[u8], reason: &'static str) -> Error {
    let message = format!("{reason}: move it to its location in a snapshot, or remove it, and try again");
    Error::of(Category::BadInput, message).within_name(name)
}

/// Two files of the archive belong to one location, and any choice would be a guess.
#[cold]
pub(super) fn repeated(name: &[u8]) -> Error {
    let message = "two files have this location in a snapshot: remove one, and try again";
    Error::of(Category::BadInput, message).within_name(name)
}

/// There is nothing to repair.
#[cold]
pub(super) fn nothing() -> Error {
    Error::of(Category::BadInput, "the archive contains neither a dump nor a document")
}

/// The source has other content than before.
#[cold]
pub(super) fn changed() -> Error {
    Error::of(Category::Changed, "the archive changed while it was being repaired: try again")
}
