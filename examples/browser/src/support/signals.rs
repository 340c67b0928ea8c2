//! There are no signals: the page ends the worker.

use std::path::Path;

/// Returns `false`.
pub const fn is_interrupted() -> bool {
    false
}

/// Does nothing.
pub const fn watch_folder(_: &Path) {}
