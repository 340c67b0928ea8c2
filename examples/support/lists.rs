//! Full lists of the documents that a check finds.

use appsnap::DocumentId;
use appsnap::check::{Code, FileCase};

/// Returns the documents with findings of one code, each once, although several rows may refer to one.
pub fn documents_of(files: impl Iterator<Item = FileCase>, code: Code) -> impl Iterator<Item = DocumentId> {
    let mut last = None;
    let cases = files.filter(move |case| case.code == Some(code));
    cases.map(|case| case.id).filter(move |id| last.replace(*id) != Some(*id))
}
