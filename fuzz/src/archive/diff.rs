//! Comparisons: nothing differs from itself in whatever form it is read, and what one direction adds the other removes.

use std::sync::LazyLock;

use appsnap::diff::{Difference, Input, diff};
use appsnap::observe::NoObserver;
use appsnap::snapshot::SnapshotArchive;
use appsnap_tests::readers::Stutter;

use super::index::{BASES, with_index};
use super::read::options;
use crate::compression::gzip;
use crate::control;
use crate::tape::seal;

/// The rest is the index of a small archive.
pub const INDEX: u8 = 1;
/// In the rest, write right checksums where headers may be, and compress.
pub const SEAL: u8 = 2;

/// An archive that differs from most.
static OTHER: LazyLock<SnapshotArchive<Vec<u8>>> = LazyLock::new(|| {
    let base = &BASES[BASES.len() - 1];
    let input = super::index::encode(u8::try_from(BASES.len() - 1).expect("a few"), &base.pages);
    SnapshotArchive::open(with_index(&input), &options()).expect("an archive with its index")
});

fn compared(old: Input<'_>, new: Input<'_>) -> Option<Difference> {
    let limits = crate::pgdump::limits().with_max_total_bytes(16 << 20).with_max_entries(10_000);
    let difference = diff(old, new, &limits, &mut NoObserver).ok()?;
    let json = serde_json::to_value(&difference).expect("a difference is JSON");
    assert_eq!(json["same"], difference.is_same());
    assert_eq!(difference.is_same(), difference.to_string().is_empty());
    Some(difference)
}

pub fn compare(data: &[u8]) {
    let (control, rest) = control::split(data);
    let file = if control.has(INDEX) {
        with_index(rest)
    } else if control.has(SEAL) {
        let mut tar = rest.to_vec();
        seal(&mut tar);
        gzip(&tar)
    } else {
        rest.to_vec()
    };
    let stream = || Input::stream("a stream", file.as_slice());
    let portions = Input::stream("portions", Stutter::new(file.as_slice(), crate::seed(&file)));
    let same = compared(stream(), portions);
    assert!(same.as_ref().is_none_or(Difference::is_same), "a file differs from itself");
    let other = || Input::archive("other", &OTHER);
    let forth = compared(stream(), other());
    let back = compared(other(), stream());
    // The dump of the other archive is none, so a comparison of the dumps fails.
    assert_eq!(forth.is_some(), back.is_some());
    if let (Some(forth), Some(back)) = (forth, back) {
        assert_eq!(forth.added_documents(), back.removed_documents());
        assert_eq!(forth.removed_documents(), back.added_documents());
        assert_eq!(forth.changed_documents().len(), back.changed_documents().len());
        assert_eq!(forth.tables().len(), back.tables().len());
    }
    // An index that lies is refused, or lists what the archive does not contain; only the rest of it could tell.
    if let Ok(archive) = SnapshotArchive::open(file.as_slice(), &options()) {
        let indexed = compared(Input::archive("indexed", &archive), stream());
        assert!(same.is_none() || indexed.is_none_or(|difference| difference.is_same()), "a sound index differs");
    }
}
