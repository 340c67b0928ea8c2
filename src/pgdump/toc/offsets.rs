//! A summary of the positions that entries state: [`Offsets`].

use super::DataState;

/// A summary of the positions of data that a dump states.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{Dump, toc::Offsets};
///
/// let dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// assert_eq!(dump.toc().offsets(), Offsets::Set);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Offsets {
    /// There is no data.
    None,
    /// Every entry with data states its position.
    Set,
    /// No entry states a position: the dump was written to a pipe.
    NotSet,
    /// Some entries with data state its position, and some do not.
    Mixed,
}

impl Offsets {
    pub(in crate::pgdump) fn of(states: impl IntoIterator<Item = DataState>) -> Self {
        states.into_iter().fold(Self::None, |all, state| match (all, state) {
            (all, DataState::NoData) => all,
            (Self::None | Self::Set, DataState::Set(_)) => Self::Set,
            (Self::None | Self::NotSet, DataState::NotSet) => Self::NotSet,
            _ => Self::Mixed,
        })
    }
}
