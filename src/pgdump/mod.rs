//! The pg_dump engine: archives in custom format, read, verified and written, in every version from 1.0 to 1.16.
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
mod corruption;
mod created;
mod cursor;
mod error;
mod head;
mod header;
mod source;
mod toc;
mod version;

pub use block::{BlockKind, Blocks, Piece};
pub use corruption::Corruption;
pub use created::CreatedAt;
pub use cursor::Dialect;
pub use error::{Error, ErrorKind};
pub use header::{Compression, Format, Header};
pub use toc::{DataState, Dependencies, DependencyIter, Entries, Entry, Section, Toc, encode_toc};
pub use version::{FormatVersion, ParseVersionError};
