//! Output files, with errors that name them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use appsnap::io::OutputFile;

use super::{Failure, InFile, Outcome, shown};

/// The folder in which `path` is.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns `true` if `path` stands for the standard input or output.
pub fn is_dash(path: &Path) -> bool {
    path == OsStr::new("-")
}

/// An output that appears complete or not at all; `-` is the standard output.
pub struct Output {
    file: OutputFile,
    path: PathBuf,
}

impl Output {
    /// Creates an output for `path`, which must be none of the `inputs`.
    pub fn create(path: &Path, inputs: &[&Path]) -> Outcome<Self> {
        let path = path.to_owned();
        if is_dash(&path) {
            return Ok(Self { file: OutputFile::standard_output(), path });
        }
        // What cannot be listed or removed does not concern this output.
        for stale in OutputFile::remove_stale(&path).unwrap_or_default() {
            eprintln!("removed {}, which an interrupted run has left", shown(&stale));
        }
        let inputs: Vec<_> =
            inputs.iter().map(|input| if is_dash(input) { Path::new("/dev/stdin") } else { input }).collect();
        match OutputFile::create(&path, &inputs) {
            Ok(file) => Ok(Self { file, path }),
            // Says what to do.
            Err(error) if error.get_ref().is_some() => Err(Failure::environment(shown(&path), error.to_string())),
            Err(error) => Err(Failure::environment(shown(&path), error)),
        }
    }

    pub fn file(&mut self) -> &mut OutputFile {
        &mut self.file
    }

    /// Completes the output, in place of the file that has its name.
    pub fn publish(self) -> Outcome {
        self.file.persist().in_file(&self.path)
    }
}
