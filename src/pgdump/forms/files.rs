//! The files of a dump, by name: [`DumpFiles`].

use std::io;

use crate::io::ReadAt;

/// The files of a dump in directory or tar format, by their names.
///
/// [`DumpFolder`](super::DumpFolder) implements it for folders.
///
/// ```
/// use appsnap::pgdump::forms::{DumpFiles, DumpFolder};
///
/// let folder = DumpFolder::new("tests/data/pgdump/pg17-directory");
/// assert!(folder.open("toc.dat")?.is_some() && folder.open("toc.dat.gz")?.is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DumpFiles {
    /// An open file.
    type File: ReadAt;

    /// Opens a file, or returns `None` if there is none with this name.
    ///
    /// The names that are requested are only those that pg_dump gives: letters, digits, `_` and `.`, without a slash.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened or is not a regular file.
    fn open(&self, name: &str) -> io::Result<Option<Self::File>>;
}
