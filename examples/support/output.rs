//! The output of a command: a file that appears complete or not at all, or standard output.

use std::path::Path;
use std::time::{Duration, SystemTime};

use appsnap::io::{OutputFile, remove_stale};

use super::{Failure, InFile, Outcome, shown};

/// An interrupted run is believed to be over after this time, where its process cannot be looked up.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Returns the folder of `path`.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns `true` if `path` stands for standard input or output.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Creates the output at `path`, which must be none of `inputs`; `-` is standard output.
///
/// What an interrupted run left beside it is removed and named.
pub fn create(path: &Path, inputs: &[&Path]) -> Outcome<OutputFile> {
    if is_dash(path) {
        return Ok(OutputFile::stdout());
    }
    let inputs: Vec<_> =
        inputs.iter().map(|input| if is_dash(input) { Path::new("/dev/stdin") } else { input }).collect();
    let output = OutputFile::create(path, &inputs).in_file(path)?;
    if output.is_overwriting() {
        eprintln!("note: {} exists and will be replaced", shown(path));
    }
    remove_leftovers(folder_of(path));
    Ok(output)
}

/// Removes what interrupted runs left in `folder`, and names it.
pub fn remove_leftovers(folder: &Path) {
    let Some(yesterday) = SystemTime::now().checked_sub(DAY) else { return };
    match remove_stale(folder, yesterday) {
        Ok(removed) => {
            removed.iter().for_each(|path| eprintln!("note: removed {}, left by an interrupted run", shown(path)))
        }
        // Tidying up is no reason to fail.
        Err(error) => eprintln!("note: {error}"),
    }
}

/// Completes the output.
pub fn finish(output: OutputFile, path: &Path) -> Outcome {
    output.finish().map_err(|error| Failure::environment(shown(path), error))
}
