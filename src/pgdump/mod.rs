//! The pg_dump engine: archives in custom format, read, verified and written, in every version from 1.0 to 1.16.
//!
//! | to | there is |
//! |---|---|
//! | know what a file is | [`identify`], which looks at its first bytes |
//! | know what a dump holds, and that it is whole | [`inspect`] |
//! | read tables and large objects | [`Dump`], which lends one [`Stream`] after the other, and [`Rows`] of COPY text |
//! | list it as `pg_restore -l` does | [`Toc::listed`] |
//! | know whether a platform takes it | [`Requirements`] |
//! | know what an older server would refuse | [`incompatibilities`] |
//! | make an older version of it | [`Transcoder`] |
//! | take it apart byte by byte, and put one together | [`Blocks`], [`Piece`], [`Entry`], [`Header`] |
//!
//! ```
//! use std::fs::File;
//! use appsnap::Limits;
//! use appsnap::pgdump::{FormatVersion, inspect};
//!
//! let inspection = inspect(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
//! assert_eq!(inspection.header.version(), FormatVersion::V1_14);
//! assert_eq!((inspection.toc.len(), inspection.large_objects_count()), (58, 5));
//! assert!(!inspection.has_warnings());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything reads forward only, so that pipes will do, and nothing holds more than the table of contents and a few
//! buffers. Names and texts are bytes: a dump is in the encoding that it says, which need not be UTF-8.
//!
//! Two things cannot be seen in a dump: whether it was made with `-O`, because owners are stored all the same, and, when it
//! is compressed with lz4, zstd or not at all, whether bits in the data have rotted, because only zlib streams carry a
//! checksum there.
//!
//! The examples here read dumps of a made-up app that lie beside the sources: `examples/data/quickstart.dump` is what
//! `pg_dump -Fc` of PostgreSQL 15 wrote, `tests/data/check/pg18-default.dump` the same of PostgreSQL 18.
#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod block;
mod code;
mod compat;
mod compression;
mod corruption;
mod created;
mod cursor;
mod dump;
mod encoding;
mod error;
mod finding;
mod head;
mod header;
mod identify;
mod inspection;
mod large_object;
mod piece;
mod requirements;
mod rewrite;
mod second_toc;
mod source;
mod sql;
mod table;
mod toc;
mod transcode;
mod version;
mod watch;

pub use block::Blocks;
pub use code::Code;
pub use compat::{Feature, Incompatibility, incompatibilities};
pub use corruption::Corruption;
pub use created::CreatedAt;
pub use cursor::Dialect;
pub use dump::{Dump, Stream};
pub use encoding::Settings;
pub use error::{Error, ErrorKind};
pub use finding::Finding;
pub(crate) use header::MAGIC;
pub use header::{Compression, Format, Header};
pub use identify::{IDENTIFY_BYTES, Identity, identify};
pub use inspection::{DataFacts, Inspection, Offsets, inspect};
pub use piece::{BlockKind, Piece};
pub use requirements::{Requirements, Unmet};
pub use table::{Field, Row, Rows};
pub use toc::{DataState, Dependencies, DependencyIter, Entries, Entry, Listed, Section, Toc, encode_toc};
pub use transcode::{
    AccessRights, Changes, Conversion, Converted, DropReason, Dropped, Edit, Edited, Expanded, OutputCompression,
    Owners, Plan, Transcoder,
};
pub use version::{FormatVersion, ParseVersionError};
