//! Dumps in directory and tar format, read as dumps in custom format: [`JoinedDump`].
//!
//! All formats of pg_dump share the table of contents and the streams. In directory format (`pg_dump -Fd`, the only one
//! that is dumped in parallel) and in tar format every stream is a file of its own. A [`JoinedDump`] puts the files
//! together again, and everything that reads a dump in custom format reads it:
//!
//! ```
//! use appsnap::{Limits, observe::NoObserver, pgdump};
//! use appsnap::pgdump::forms::JoinedDump;
//! use std::path::PathBuf;
//!
//! let folder = PathBuf::from("tests/data/pgdump/pg17-directory");
//! let dump = JoinedDump::open(folder, &Limits::untrusted())?;
//! assert_eq!(pgdump::inspect(dump, &Limits::untrusted(), &mut NoObserver)?.rows_count(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Dumps of [other forms](crate::source::dump) are found by their content.

mod body;
mod contents;
mod file_name;
mod files;
mod find;
mod folder;
mod gzip_file;
mod joined;
mod last_block;
mod members;
mod moved;
mod opened;
mod read_exact;
mod recompressed;
mod stored_blocks;
mod sums;
mod workers;

pub use files::DumpFiles;
pub use joined::JoinedDump;
