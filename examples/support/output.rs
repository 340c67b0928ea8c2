//! An output file that appears whole or not at all.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Failure, InFile, Outcome, shown};

/// The folder in which `path` lies.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file that is written under another name beside its place, and gone unless it is [published](Self::publish).
pub struct Output {
    file: NamedTempFile,
    path: PathBuf,
}

impl Output {
    pub fn create(path: &Path) -> Outcome<Self> {
        let folder = folder_of(path);
        if path.is_dir() {
            return Err(Failure::environment(shown(path), "this is a folder: name a file in it"));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(appsnap::snapshot::extract::STAGING_PREFIX).suffix(".part");
        // Like any new file: the umask decides, where a temporary file would be its owner's alone.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|error| match error.kind() {
            // The error would name a file that nobody asked for.
            io::ErrorKind::NotFound => Failure::environment(shown(folder), "there is no such folder: make it first"),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Failure::environment(shown(folder), "no file may be made in this folder: choose another for the output")
            }
            _ => Failure::environment(shown(path), error),
        })?;
        Ok(Self { file, path: path.to_owned() })
    }

    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Gives the file its name, in place of whatever has it now, once its content is on the disk.
    pub fn publish(self) -> Outcome {
        let Self { file, path } = self;
        file.as_file().sync_all().in_file(&path)?;
        file.persist(&path).map_err(io::Error::from).in_file(&path)?;
        Ok(())
    }
}
