//! The presence and position of an entry's data block: [`DataState`].

/// The presence and position of an entry's data block.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{Dump, toc::DataState};
///
/// let dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// let with_data = dump.toc().entries().filter(|entry| entry.data != DataState::NoData);
/// assert_eq!(with_data.count(), 13);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataState {
    /// The entry has a block, and its position is not stored: the dump was written to a pipe.
    NotSet,
    /// The entry has a block that begins at this position in the file.
    Set(u64),
    /// The entry has no block: it consists of SQL alone.
    NoData,
}
