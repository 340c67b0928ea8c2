//! The number of threads to work on: [`Parallelism`].

use std::num::NonZeroUsize;

use crate::error::Error;

/// The number of threads to work on. Results never depend on it.
///
/// ```
/// use appsnap::io::Parallelism;
///
/// assert_eq!(Parallelism::threads(0), Parallelism::INLINE);
/// assert_eq!(Parallelism::threads(4).threads_count(), 4);
///
/// let all = Parallelism::try_from(std::thread::available_parallelism()?.get())?;
/// assert!(Parallelism::try_from(1_000_000).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parallelism {
    /// Zero for the caller's thread alone.
    threads: u16,
}

impl Parallelism {
    /// The caller's thread alone.
    pub const INLINE: Self = Self { threads: 0 };

    /// Most threads that [`TryFrom`] accepts: enough for any machine and for slow disks, few enough to be started.
    pub const MAX_THREADS: usize = 1024;

    /// `count` threads beside the caller's, which reads or writes in order; 0 means [`INLINE`](Self::INLINE).
    #[must_use]
    pub const fn threads(count: u8) -> Self {
        Self { threads: count as u16 }
    }

    /// The number of threads that do the work: at least one.
    #[must_use]
    pub fn threads_count(self) -> usize {
        usize::from(self.threads).max(1)
    }

    /// The number of threads to start; `None` for the caller's alone.
    pub(crate) fn started(self) -> Option<NonZeroUsize> {
        // WebAssembly has threads with this feature only.
        let has_threads = !cfg!(all(target_family = "wasm", not(target_feature = "atomics")));
        NonZeroUsize::new(usize::from(self.threads)).filter(|_| has_threads)
    }
}

impl TryFrom<usize> for Parallelism {
    type Error = Error;

    /// Accepts up to [`MAX_THREADS`](Self::MAX_THREADS) threads.
    fn try_from(count: usize) -> Result<Self, Error> {
        match u16::try_from(count) {
            Ok(threads) if count <= Self::MAX_THREADS => Ok(Self { threads }),
            _ => Err(Error::out_of_range("number of threads", count as u64, &(0..=Self::MAX_THREADS as u64))),
        }
    }
}
