//! The files of a dump, by name: [`DumpFiles`].

use std::io;

use crate::io::ReadAt;

/// The files of a dump in directory or tar format, by their names.
///
/// Implemented for [`PathBuf`](std::path::PathBuf): the folder of a dump in directory format.
///
/// ```
/// use std::path::PathBuf;
/// use appsnap::pgdump::forms::DumpFiles;
///
/// let folder = PathBuf::from("tests/data/pgdump/pg17-directory");
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
