//! Files folders and archives of them are planned, and plans open files.

mod archives;
mod directory;
mod plan;

use std::fs;
use std::path::Path;

use appsnap::DocumentId;

/// Writes a file and the folders above it.
fn put(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Returns the id of a document, derived from a number and spread over the shard folders.
fn id(number: u64) -> DocumentId {
    let spread = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    DocumentId::from_bytes(spread.to_be_bytes())
}

/// `xx/yy/<uuid>`
fn sharded(id: DocumentId) -> String {
    let text = id.to_string();
    format!("{}/{}/{text}", &text[..2], &text[2..4])
}
