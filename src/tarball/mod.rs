//! Reads tar archives so strictly that no two programs can see different contents in one file.
//!
//! Only the layout of a header comes from the `tar` crate. [`Reader`] reads the members in order; [`file_header`],
//! [`padding_bytes`] and [`end_marker_bytes`] are all that a writer needs, and give every offset before the first byte is
//! written.
//!
//! The reader accepts every dialect that tar programs write (v7, GNU, ustar, pax, star) and refuses what they read
//! differently: links, devices, sparse files, ambiguous numbers, extensions that contradict their member, members after
//! the end.
//!
//! ```
//! use appsnap::Limits;
//! use appsnap::tarball::{MemberKind, Reader};
//!
//! let mut tar = tar::Builder::new(Vec::new());
//! let mut header = tar::Header::new_gnu();
//! header.set_size(5);
//! tar.append_data(&mut header, "a/very/".repeat(20) + "long/name", &b"hello"[..])?;
//! let tar = tar.into_inner()?;
//!
//! let mut reader = Reader::new(tar.as_slice(), &Limits::untrusted());
//! while let Some(member) = reader.next_member()? {
//!     assert_eq!((member.kind(), member.len_bytes(), member.name().len()), (MemberKind::File, 5, 149));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chain;
mod code;
mod error;
mod expansion;
mod extension;
mod framing;
mod header;
mod member;
mod reader;
mod source;
mod sparse_map;
mod special;

pub use code::Code;
pub use error::{Error, ErrorKind};
pub use framing::{end_marker_bytes, file_header, padding_bytes};
// Public for the fuzz targets and the integration tests alone: snapshots are read by `SnapshotReader`.
#[doc(hidden)]
pub use member::{Member, MemberKind};
#[doc(hidden)]
pub use reader::Reader;

pub(crate) use header::BLOCK_BYTES;
#[cfg(test)]
pub(crate) use special::Segment;
pub(crate) use special::{SparseMap, Special};
