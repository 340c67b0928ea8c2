//! A safe reader for zip files: one list of entries that every careful program agrees on, or an error.
//!
//! A zip file describes its entries twice: in a central directory at its end, and in a header before each entry. Programs
//! that trust different halves see different archives, which is how malicious files pass scanners. This reader requires
//! both halves to agree. [`Archive::open`] refuses overlapping entries, bytes that belong to no entry, and declared
//! lengths beyond the [`Limits`](crate::Limits). [`Archive::read`] refuses entries whose local header or data descriptor
//! contradicts the directory. An [`EntryReader`] never yields more than the declared length, and returns the last byte only
//! after verifying the CRC-32.
//!
//! Stored and deflated entries are supported, with or without zip64. Encryption, other compression methods, symbolic links
//! and archives of several volumes are refused.
//!
//! Names are bytes. This module never converts one into a path.
//!
//! ```
//! use appsnap::{Limits, zip};
//!
//! let file = std::fs::read("examples/data/files.zip")?;
//! let archive = zip::Archive::open(&file, &Limits::untrusted())?;
//! let mut buffer = Vec::new();
//! let mut entries = archive.entries(&mut buffer);
//! while let Some(entry) = entries.next_entry()? {
//!     let contents = std::io::read_to_string(archive.read(&entry)?)?;
//!     println!("{}: {contents}", entry.name().escape_ascii());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod end_records;
mod entry;
mod entry_reader;
mod error;
mod local_header;
mod rawzip_reader;
#[cfg(any(feature = "squidex", test))]
mod writer;

pub use archive::{Archive, Entries};
pub use entry::Entry;
pub(crate) use entry::{FileType, LocatedEntry, Method};
pub use entry_reader::EntryReader;
pub use error::{Error, ErrorKind};
#[cfg(feature = "squidex")]
pub(crate) use writer::Writer;
