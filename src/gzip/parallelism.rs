//! On how many threads to work: [`Parallelism`].

use std::num::NonZeroUsize;

/// On how many threads to work. Results never depend on it.
///
/// ```
/// use appsnap::gzip::Parallelism;
///
/// assert_eq!(Parallelism::threads(0), Parallelism::Inline);
/// assert_eq!(Parallelism::threads(4).threads_count(), 4);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parallelism {
    /// On the caller's thread alone.
    #[default]
    Inline,
    /// On this many threads beside the caller's, which reads or writes in order.
    Threads(NonZeroUsize),
}

impl Parallelism {
    /// `count` threads; none at all means [`Inline`](Self::Inline).
    #[must_use]
    pub fn threads(count: usize) -> Self {
        NonZeroUsize::new(count).map_or(Self::Inline, Self::Threads)
    }

    /// How many threads do the work: at least one.
    #[must_use]
    pub const fn threads_count(self) -> usize {
        match self {
            Self::Inline => 1,
            Self::Threads(count) => count.get(),
        }
    }
}
