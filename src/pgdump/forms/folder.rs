//! The folder of a dump in directory format, named by its path.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::PathBuf;

use super::files::DumpFiles;
use crate::pgdump::error::{Error, ErrorKind};

/// The folder of a dump in directory format (`pg_dump -Fd`).
///
/// The folder itself may be a link. Links, FIFOs and devices in it are refused, because a folder of unknown origin could
/// otherwise add any file of the machine to a dump.
impl DumpFiles for PathBuf {
    type File = File;

    fn open(&self, name: &str) -> io::Result<Option<File>> {
        let path = self.join(name);
        // The first look keeps a FIFO from blocking and a link from being followed. The second one, after opening,
        // notices a file that was put there in between.
        let before = match fs::symlink_metadata(&path) {
            Ok(before) => before,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !before.is_file() {
            return Err(not_a_file().into());
        }
        let file = File::open(&path)?;
        let after = file.metadata()?;
        if !after.is_file() || !is_same(&before, &after) {
            return Err(not_a_file().into());
        }
        Ok(Some(file))
    }
}

#[cold]
fn not_a_file() -> Error {
    let what = "a link or another special file is not part of a dump: copy the dump with ordinary files";
    Error::new(ErrorKind::Corrupt(what.into()))
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}
