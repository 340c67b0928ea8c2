//! Reading at an offset, working on several threads, and outputs: what every engine of this crate shares.
//!
//! [`ReadAt`] is implemented by everything that is opened for random access: files, memory, remote objects.
//! [`Parallelism`] is an option of everything that can use more than one thread.
//! [`OutputFile`] is a file that appears complete or not at all.
//!
//! ```
//! use appsnap::io::{Parallelism, ReadAt};
//!
//! assert_eq!(b"snapshot".len_bytes()?, 8);
//! assert_eq!(Parallelism::threads(4).threads_count(), 4);
//! # Ok::<(), std::io::Error>(())
//! ```

mod codec;
mod counted;
mod folder;
pub(crate) mod inflate;
mod number;
mod ordered_queue;
mod output;
mod parallelism;
mod read_at;
mod spool;
mod transfer;
mod unread;

pub use output::{OutputFile, STAGING_PREFIX, remove_stale};
pub use parallelism::Parallelism;
pub use read_at::ReadAt;

pub(crate) use codec::deflate_vec;
pub(crate) use counted::CountedSource;
pub(crate) use folder::{Entries, FileKind, Folder, PlannedRead, read_to_planned_end};
pub(crate) use number::{canonical_decimal, decimal};
pub(crate) use ordered_queue::{OrderedQueue, Spares, WorkerError, window};
pub(crate) use output::{directory_of, staging_prefix};
pub(crate) use spool::{Spool, SpoolError};
pub(crate) use transfer::{
    Cursor, at_most, copy_prefix, grow, prefix, prefix_mut, read_full, read_full_at, read_range,
};
pub(crate) use unread::Unread;
