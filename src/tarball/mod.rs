//! The tar engine: members in order, read so strictly that no two programs can see two archives in one file.
//!
//! Only the format's header layout comes from the `tar` crate; how members are framed, what extensions may say and
//! where a stream ends is decided here. [`Reader`] walks a stream; [`file_header`], [`padding_bytes`] and
//! [`end_marker_bytes`] are all that a writer needs, and give every offset before the first byte is written.
//!
//! The reader accepts every dialect that tar programs write (v7, GNU, ustar, pax, star) and refuses what they read
//! differently: links, devices, sparse files, numbers in doubtful forms, extensions that contradict their member,
//! members behind the end.
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

mod error;
mod extension;
mod framing;
mod header;
mod member;
mod reader;
mod source;

pub use error::{Ambiguity, Damage, Error, ErrorKind, ExtensionFault, Misuse, Part, TypeFault};
pub use framing::{end_marker_bytes, file_header, padding_bytes};
pub use member::{Member, MemberKind, Oddities, Oddity};
pub use reader::Reader;

pub(crate) use header::BLOCK_BYTES;
