//! The share of one worker in the documents: [`shard`].

use std::ops::RangeInclusive;

use crate::snapshot::content::{DocumentSource, Share};

/// Selects the documents of a source whose first hex digit is in `digits`, from 0 to 15: the share of one of many workers.
///
/// ```no_run
/// # fn demo(plan: appsnap::source::DocumentPlan) -> Result<(), Box<dyn std::error::Error>> {
/// use std::fs::File;
/// use appsnap::metadata::Metadata;
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::index::IndexPlacement;
/// use appsnap::snapshot::join::shard;
/// use appsnap::snapshot::options::SectionSplit;
/// use appsnap::snapshot::{SnapshotWriter, WriteOptions};
///
/// let options = WriteOptions::new().with_sections(SectionSplit::Digit).with_index(IndexPlacement::Embedded);
/// let mut writer = SnapshotWriter::start(File::create_new("part-3.tar.gz")?, &Metadata::new(), &options)?;
/// writer.documents(&shard(plan, 0x3..=0x3), &mut NoObserver)?;
/// writer.finish()?.0.sync_all()?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn shard<S: DocumentSource>(source: S, digits: RangeInclusive<u8>) -> impl DocumentSource<File = S::File> {
    let digit = |row| {
        let [first, ..] = *source.row(row).0.as_bytes();
        first >> 4
    };
    let count = source.documents_count();
    let from = first_where(count, |row| digit(row) >= *digits.start());
    let until = first_where(count, |row| digit(row) > *digits.end());
    Share { source, numbers: from..until.max(from) }
}

/// Returns the first of `count` rows for which `holds` is true, as it is for all rows after it; `count` if there is
/// none.
fn first_where(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut until) = (0, count);
    while from < until {
        let middle = from.midpoint(until);
        if holds(middle) {
            until = middle;
        } else {
            from = middle.saturating_add(1);
        }
    }
    from
}
