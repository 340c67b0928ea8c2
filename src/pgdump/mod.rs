//! Dumps of pg_dump in custom format: read, verified and written, in every archive version from 1.0 to 1.16.
//!
//! | to | use |
//! |---|---|
//! | identify a file | [`Identity::of`], which looks at its first bytes |
//! | verify a dump and describe its contents | [`inspect`], and [`inspect_at`] on several threads |
//! | read tables and large objects | [`Dump`], its [`Stream`]s, and [`rows`] |
//! | read or list the table of contents | [`toc`] |
//! | find SQL that an older server refuses | [`compat`] |
//! | list what a restore would run | [`audit()`] |
//! | convert a dump to an older version | [`transcode`] |
//! | read and write the header of a dump | [`raw`] |
//!
//! ```
//! use std::fs::File;
//! use appsnap::{Limits, observe::NoObserver};
//! use appsnap::pgdump::{FormatVersion, inspect};
//!
//! let dump = File::open("examples/data/quickstart.dump")?;
//! let inspection = inspect(dump, &Limits::untrusted(), &mut NoObserver)?;
//! assert_eq!(inspection.header.version(), FormatVersion::V1_14);
//! assert!(!inspection.has_anomalies());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything reads forward only, so pipes work, and holds no more than the table of contents and a few buffers. Names and
//! texts are bytes in the encoding that the dump states, which need not be UTF-8.
//!
//! Two things cannot be detected in a dump: whether it was made with `-O`, because owners are stored all the same, and
//! whether bits have changed in data that is compressed with lz4, zstd or not at all, because only zlib streams have a
//! checksum.
//!
//! The examples here read dumps of an invented app in the source package: `examples/data/quickstart.dump` was written by
//! `pg_dump -Fc` of PostgreSQL 15, `tests/data/check/pg18-default.dump` by that of PostgreSQL 18.

mod audit;
mod block_reader;
mod code;
pub mod compat;
mod completeness;
mod compression;
mod copy_watch;
mod corruption;
mod created;
mod data_element;
mod data_state;
mod dump;
mod error;
mod findings;
pub mod forms;
mod header;
mod identify;
mod identity;
mod inspection;
mod large_objects;
mod parallel;
mod parse_buffer;
mod primitives;
mod rewrite;
pub mod rows;
mod second_toc;
mod settings;
mod source;
mod sql;
mod stream_decoder;
pub mod toc;
pub mod transcode;
mod utf8;
mod values;
mod version;
mod window;

pub use audit::audit;
pub use code::Code;
#[cfg(feature = "lz4")]
pub(crate) use compression::lz4_frames;
#[cfg(feature = "zstd")]
pub(crate) use compression::zstd_frames;
pub use dump::{Dump, Stream, inspect};
pub use error::{Error, ErrorKind};
pub(crate) use header::MAGIC;
pub use identity::Identity;
pub use inspection::{BlockReport, Inspection};
pub use parallel::inspect_at;
pub(crate) use parallel::{Visit, visit_sound};
pub use version::FormatVersion;

/// The parts of a dump in stored form.
pub mod raw {
    #[doc(hidden)]
    pub use super::block_reader::BlockReader;
    pub use super::created::CreatedAt;
    #[doc(hidden)]
    pub use super::data_element::DataElement;
    pub use super::header::{Compression, Header};
}
