//! Names in a destination, and errors that name it: [`named`].

use std::path::Path;

use crate::snapshot::error::Error;

/// Name of the database dump, for `pg_restore`.
pub(in crate::snapshot) const DATABASE: &str = "db.backup";
/// Name of the folder of documents, whose content belongs in `data/files`.
pub(super) const FILES: &str = "files";

/// Adds a path to an error.
pub(super) fn named(error: Error, path: &Path) -> Error {
    error.within_path(path)
}
