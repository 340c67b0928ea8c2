//! Indexes of archives of other programs: any bytes are refused or lead to what the archive has; what is made opens and verifies.

use std::io::Read;
use std::sync::LazyLock;

use appsnap::io::Parallelism;
use appsnap::observe::NoObserver;
use appsnap::snapshot::SnapshotArchive;
use appsnap::snapshot::index::make_sidecar;

use super::index::BASES;
use super::read::{options, outcome};
use crate::compression::gzip;
use crate::control;
use crate::tape::seal;

/// The rest is an archive to be indexed; otherwise, an index of a small archive.
pub const ARCHIVE: u8 = 1;
/// In that archive, write right checksums where headers may be, and compress.
pub const SEAL: u8 = 2;

/// A small archive and its true index.
pub static BASE: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let archive = BASES[2].data.clone();
    let index = made(&archive).expect("a sound archive");
    (archive, index)
});

/// Bytes of the locator's page, and of its gzip member after the page.
const LOCATOR_BYTES: usize = 103;
const BEHIND_BYTES: usize = 10;

fn made(archive: &[u8]) -> Option<Vec<u8>> {
    let mut index = Vec::new();
    make_sidecar(&archive, &options(), &mut NoObserver).ok()?.write_to(&mut index).expect("memory does not fail");
    Some(index)
}

pub fn open_sidecar(data: &[u8]) {
    let (control, rest) = control::split(data);
    if !control.has(ARCHIVE) {
        let mut index = rest.to_vec();
        // The checksum of the locator is right, so that what it says is looked at.
        let end = index.len().saturating_sub(BEHIND_BYTES);
        if let Some(page) = end.checked_sub(LOCATOR_BYTES).and_then(|start| index.get_mut(start..end)) {
            let (content, crc) = page.split_at_mut(LOCATOR_BYTES - 4);
            crc.copy_from_slice(&crc32fast::hash(content).to_le_bytes());
        }
        return opened(&BASE.0, &index);
    }
    let archive = if control.has(SEAL) {
        let mut tar = rest.to_vec();
        seal(&mut tar);
        gzip(&tar)
    } else {
        rest.to_vec()
    };
    let Some(index) = made(&archive) else { return };
    let archive_index = SnapshotArchive::open_with_sidecar(archive.as_slice(), index.as_slice(), &options());
    let opened_archive = archive_index.expect("the index that was made");
    assert!(opened_archive.verify(Parallelism::INLINE, &mut NoObserver).is_ok());
    opened(&archive, &index);
}

/// Opens an archive and uses all of it, whether or not the index is sound.
fn opened(archive: &[u8], index: &[u8]) {
    let Ok(opened) = SnapshotArchive::open_with_sidecar(archive, index, &options()) else { return };
    let is_sound = opened.verify(Parallelism::INLINE, &mut NoObserver).is_ok();
    let _ = opened.metadata();
    let sequential = outcome(archive, options());
    for listed in opened.documents().flatten().take(100) {
        let mut bytes = Vec::new();
        let Ok(Some(mut file)) = opened.document(listed.id()) else {
            assert!(!is_sound, "a document of a sound index is not found");
            continue;
        };
        let is_read = file.read_to_end(&mut bytes).is_ok();
        assert!(is_read || !is_sound, "a document of a sound index cannot be read");
        if is_sound {
            let id = listed.id().to_string();
            let (_, expected) = sequential.entries.iter().find(|(name, _)| *name == id).expect("a listed document");
            assert!(bytes == *expected, "random access reads something else");
        }
    }
    if let Some(mut database) = opened.database() {
        let mut bytes = Vec::new();
        let is_read = database.read_to_end(&mut bytes).is_ok();
        assert!(is_read || !is_sound, "the database of a sound index cannot be read");
    }
}
