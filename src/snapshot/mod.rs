//! Snapshots: write, read, extract and repack them, and access single files at random.
//!
//! | to | use |
//! |---|---|
//! | write an archive | [`SnapshotWriter`] into any sink, or [`SnapshotStream`] if the caller reads the archive |
//! | supply payloads | [`Content`] for one, a [`DocumentSource`] such as [`DocumentPlan`](crate::source::DocumentPlan) for many |
//! | read an archive from beginning to end | [`SnapshotReader`], which returns one [`Entry`] after the other |
//! | unpack an archive, all or nothing | [`extract()`], with the options in [`mod@extract`] |
//! | fetch single files of an indexed archive | [`SnapshotArchive`], and the files in [`archive`] |
//! | add an index | [`repack`] for any archive, [`index::make_index`] for one that this crate wrote |
//! | join parts that many workers compressed | [`join`] |
//!
//! Operations return a [`report`]. An [`Error`] is the reason why an operation stopped; a
//! [`Diagnostic`](crate::diagnostic::Diagnostic) is a finding about an archive that could still be read.
//!
//! ```
//! # use appsnap::observe::NoObserver;
//! use std::io::Read;
//! use appsnap::metadata::Metadata;
//! use appsnap::snapshot::{Content, ReadOptions, WriteOptions};
//! use appsnap::snapshot::index::IndexPlacement;
//! use appsnap::snapshot::{SnapshotArchive, SnapshotReader, SnapshotWriter};
//!
//! let id = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
//! let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
//! let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new().with_files_size_bytes(5), &options)?;
//! writer.document(id, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
//! let (archive, _) = writer.finish()?;
//!
//! // From beginning to end: everything is verified.
//! let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
//! while let Some(entry) = reader.next_entry()? {
//!     println!("{:?}: {} bytes", entry.kind(), entry.len_bytes());
//! }
//! assert!(reader.report().is_verified() && reader.report().is_indexed());
//!
//! // At random: one document, with a few reads.
//! let archive = SnapshotArchive::open(archive.as_slice(), &ReadOptions::new())?;
//! let mut text = String::new();
//! archive.document(id)?.expect("it is there").read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod archive;
mod assembly;
mod code;
mod content;
mod documents;
mod entry;
mod error;
pub mod extract;
mod ids;
pub mod index;
pub mod join;
pub mod options;
mod reader;
mod repack;
pub mod report;
mod stored;
mod stream;
mod tar_source;
mod write_part;
mod writer;

#[doc(inline)]
pub use archive::SnapshotArchive;
pub use code::Code;
pub use content::{Content, DocumentSource};
pub use entry::{Entry, EntryKind};
pub use error::{Error, ErrorKind};
#[doc(inline)]
pub use extract::extract;
#[doc(inline)]
pub use options::{ReadOptions, WriteOptions};
pub use reader::SnapshotReader;
pub(crate) use repack::part_of;
pub use repack::repack;
pub use stream::SnapshotStream;
pub use writer::SnapshotWriter;
