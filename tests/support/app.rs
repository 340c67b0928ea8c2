//! The folders of an application, made by code.

use std::fs;
use std::path::{Path, PathBuf};

use appsnap::DocumentId;

/// A real dump, the one that the quickstart packs.
pub const DUMP: &[u8] = include_bytes!("../../examples/data/quickstart.dump");

/// Fills a files folder with `count` documents of all sizes, and says which.
pub fn make_files(folder: &Path, count: u64) -> Vec<(DocumentId, Vec<u8>)> {
    let mut documents: Vec<_> = (1..=count)
        .map(|number| {
            let spread = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            let len = [0, 1, 511, 512, 513, 70_000][number as usize % 6];
            let text = format!("document {number} ");
            (DocumentId::from_bytes(spread.to_be_bytes()), text.bytes().cycle().take(len).collect())
        })
        .collect();
    documents.sort_by_key(|(id, _)| *id);
    for (id, content) in &documents {
        let path = document_path(folder, *id);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    documents
}

/// `xx/yy/<uuid>`
pub fn document_path(folder: &Path, id: DocumentId) -> PathBuf {
    folder.join(id.path())
}
