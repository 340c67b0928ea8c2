//! The output of a command: a file or an object in a bucket that appears complete or not at all, or standard output.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use appsnap::io::{OutputFile, remove_stale};

use super::bucket::Upload;
use super::failure::STANDARD_OUTPUT;
use super::{Failure, InFile, Outcome, is_url, shown, signals, tell};

/// An interrupted run is believed to be over after this time, where its process cannot be looked up.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The output of a command.
#[derive(Debug)]
pub enum Output {
    File(OutputFile),
    Object(Upload),
}

impl Output {
    /// Prepares for about `len_bytes`; only an object is written in parts of a length that depends on its own.
    pub fn expect_bytes(&mut self, len_bytes: u64) -> Outcome {
        match self {
            Self::File(_) => Ok(()),
            Self::Object(object) => object.expect_bytes(len_bytes),
        }
    }

    /// Returns the file if it can be written at any position.
    pub fn as_regular_file(&mut self) -> Option<&mut File> {
        match self {
            Self::File(file) => file.as_regular_file(),
            Self::Object(_) => None,
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Object(object) => object.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Object(object) => object.flush(),
        }
    }
}

/// Returns the folder of `path`.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns `true` if `path` means standard input or output.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Returns the folder for temporary files: `named`, or that of a regular output, which must have room anyhow, or the
/// system's.
pub fn spool_dir(named: Option<&Path>, output: &Path) -> Outcome<PathBuf> {
    if let Some(folder) = named {
        if !folder.is_dir() {
            let message = format!("{} is no folder: create it, or name another one", shown(folder));
            return Err(Failure::environment("--spool-dir", message));
        }
        return Ok(folder.to_owned());
    }
    let is_special = is_dash(output) || is_url(output) || fs::metadata(output).is_ok_and(|facts| !facts.is_file());
    Ok(if is_special { std::env::temp_dir() } else { folder_of(output).to_owned() })
}

/// Creates the output at `path`, which must be none of `inputs`; `-` is standard output.
///
/// Leftovers of interrupted runs beside it are removed and named.
pub fn create(path: &Path, inputs: &[&Path]) -> Outcome<Output> {
    if is_dash(path) {
        return Ok(Output::File(OutputFile::stdout()));
    }
    if is_url(path) {
        if inputs.contains(&path) {
            let message = "the output is the same object as an input: choose another name";
            return Err(Failure::environment(shown(path), message));
        }
        return Upload::create(path).map(Output::Object);
    }
    let inputs: Vec<_> =
        inputs.iter().map(|input| if is_dash(input) { Path::new("/dev/stdin") } else { input }).collect();
    // Before there is anything to remove.
    signals::watch_folder(folder_of(path));
    let output = OutputFile::create(path, &inputs).in_file(path)?;
    if output.is_overwriting() {
        tell(format_args!("note: {} exists and will be replaced", shown(path)));
    }
    remove_leftovers(folder_of(path));
    // What a link leads to is replaced where it is.
    if let Some(folder) = linked_folder(path) {
        remove_leftovers(&folder);
    }
    Ok(Output::File(output))
}

/// Returns the folder of the file to which the link `path` leads; `None` if `path` is no link.
fn linked_folder(path: &Path) -> Option<PathBuf> {
    let target = folder_of(path).join(fs::read_link(path).ok()?);
    let target = fs::canonicalize(&target).unwrap_or(target);
    Some(folder_of(&target).to_owned())
}

/// Removes what interrupted runs left in `folder`, and names it. What this run leaves there after a signal is removed, too.
pub fn remove_leftovers(folder: &Path) {
    signals::watch_folder(folder);
    let Some(yesterday) = SystemTime::now().checked_sub(DAY) else { return };
    match remove_stale(folder, yesterday) {
        Ok(removed) => {
            for path in removed {
                tell(format_args!("note: removed {}, which an interrupted run left", shown(&path)));
            }
        }
        // Tidying up is no reason to fail.
        Err(error) => tell(format_args!("note: {error}")),
    }
}

/// Writes a complete text to `path`, for the lists and pictures that commands write beside their results.
pub fn write_text(path: &Path, inputs: &[&Path], text: &str) -> Outcome {
    let mut output = create(path, inputs)?;
    output.write_all(text.as_bytes()).in_file(path)?;
    finish(output, path)
}

/// Copies `source`, the content of `input`, to `output`, the file at `path`, and returns the number of bytes.
pub fn copy(source: &mut impl Read, input: &Path, output: &mut impl Write, path: &Path) -> Outcome<u64> {
    let (mut buffer, mut copied_bytes) = (vec![0; 64 << 10], 0_u64);
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => return Ok(copied_bytes),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).in_input(input),
        };
        let written = output.write_all(buffer.get(..count).unwrap_or_default());
        written.map_err(|error| match is_dash(path) {
            true => Failure::environment(STANDARD_OUTPUT, error),
            false => Failure::environment(shown(path), error),
        })?;
        copied_bytes = copied_bytes.saturating_add(count as u64);
    }
}

/// Completes the output.
pub fn finish(output: Output, path: &Path) -> Outcome {
    if signals::is_interrupted() {
        return Err(Failure::environment(shown(path), "interrupted"));
    }
    match output {
        Output::File(file) => file.finish().map_err(|error| Failure::environment(shown(path), error)),
        Output::Object(object) => object.finish().map_err(|error| Failure::of(shown(path), error)),
    }
}
