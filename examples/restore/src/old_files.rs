//! Refuses to replace a folder that holds more than documents.

use std::path::Path;

use appsnap::diagnostic::Diagnostic;
use appsnap::observe::NoObserver;
use appsnap::source::Code;
use appsnap::source::directory::{self, DirectoryOptions};

use crate::support::{Failure, InFile, Outcome, shown};

/// Files that are named.
const SHOWN_COUNT: usize = 3;

/// Refuses a folder whose replacement would remove what no snapshot brings back.
pub fn refuse_losses(files: &Path, archive: &Path, keeps_old: bool) -> Outcome {
    // A folder that does not exist is created.
    let Ok(folder) = files.canonicalize() else { return Ok(()) };
    if let Ok(archive) = archive.canonicalize()
        && archive.starts_with(&folder)
    {
        let message = format!("it is inside of the folder {}, which is replaced: move it elsewhere", shown(files));
        return Err(Failure::environment(shown(&archive), message));
    }
    if keeps_old {
        return Ok(());
    }
    let plan = directory::scan(&folder, &DirectoryOptions::new(), &mut NoObserver).in_file(files)?;
    let harmless = [Code::Numbered, Code::Duplicate, Code::Junk, Code::Vanished];
    let is_foreign = |found: &&Diagnostic| !harmless.iter().any(|code| found.is(*code));
    let foreign: Vec<&str> =
        plan.diagnostics().iter().filter(is_foreign).filter_map(Diagnostic::location).take(SHOWN_COUNT).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let message = format!(
        "it holds more than documents, for example {}, which would be removed: name the folder of the documents, or keep all of it with --keep-old",
        foreign.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
    );
    Err(Failure::environment(shown(files), message))
}
