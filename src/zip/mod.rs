//! A safe reader, and a plain writer, for zip files: one list of entries that every careful reader agrees on, or a
//! refusal.
//!
//! Zip files say everything twice: a central directory at the end, and a header in front of every entry. Programs that
//! believe different halves see different archives, which is how scanners are passed. This reader believes neither half
//! alone. [`Archive::open`] walks the directory once and refuses entries that overlap, bytes in front of the first entry,
//! and declared sizes beyond the [`Limits`](crate::Limits); [`Archive::locate`] refuses an entry whose own header or
//! data descriptor disagrees with the directory, and bytes between entries that belong to none. Reading an entry stops at
//! its declared length, and its last byte is handed out only after its CRC-32 was found right.
//!
//! Stored and deflated entries are read, zip64 or not. Encryption, other methods, symbolic links and archives in several
//! volumes are refused by name.
//!
//! Names are bytes. Nothing here turns one into a path: what a name means is decided by the layers above, which parse it
//! into a type and render their own path from that.
//!
//! ```
//! use std::io::Read as _;
//! use appsnap::{Limits, zip};
//!
//! let mut writer = zip::Writer::new(Vec::new());
//! writer.entry("hello.txt", &b"hello"[..])?;
//! let bytes = writer.finish()?;
//!
//! let archive = zip::Archive::open(&bytes, &Limits::untrusted())?;
//! let mut buffer = zip::Buffer::new();
//! let mut entries = archive.entries(&mut buffer);
//! while let Some(entry) = entries.next_entry()? {
//!     let place = archive.locate(&entry)?;
//!     let mut text = String::new();
//!     archive.read(&place).read_to_string(&mut text)?;
//!     assert_eq!((entry.name(), text.as_str()), (&b"hello.txt"[..], "hello"));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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

mod archive;
mod end;
mod entry;
mod error;
mod local;
mod reader;
mod seam;
mod writer;

pub use archive::{Archive, Buffer, Entries};
pub use entry::{Entry, Kind, Packing, Place};
pub use error::{Corrupt, Error, ErrorKind, Result, Unsupported};
pub use reader::EntryReader;
pub use writer::Writer;
