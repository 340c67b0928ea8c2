//! The archive itself: written, read, extracted and accessed at random.
//!
//! | to | there is |
//! |---|---|
//! | write an archive | [`SnapshotWriter`] into any sink; [`SnapshotStream`] where somebody pulls |
//! | give it payloads | [`Content`] for one, a [`DocumentSource`] such as [`DocumentPlan`](crate::source::DocumentPlan) for many |
//! | read an archive from front to back | [`SnapshotReader`], which lends one [`Entry`] after the other |
//! | unpack one, all or nothing | [`extract`] |
//! | fetch single files of an indexed one | [`SnapshotArchive`] |
//! | give one an index | [`repack`] for any, [`make_index`] for one that this crate wrote |
//! | join what many workers packed | [`Joined`], [`Shard`] |
//!
//! Options come by value ([`WriteOptions`], [`ReadOptions`], [`ExtractOptions`]), and what was done comes back as a
//! report ([`WriteReport`], [`ReadReport`], [`ExtractReport`]). An [`Error`] is why the work stopped; a
//! [`Diagnostic`](crate::diagnostic::Diagnostic) is a finding about an archive that could still be read.
//!
//! ```
//! use std::io::Read;
//! use appsnap::metadata::Metadata;
//! use appsnap::snapshot::{Content, IndexPlacement, ReadOptions, WriteOptions};
//! use appsnap::snapshot::{SnapshotArchive, SnapshotReader, SnapshotWriter};
//!
//! let id = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
//! let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
//! let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new().with_files_size_bytes(5), options)?;
//! writer.document(id, Content::sized(5, &b"hello"[..]))?;
//! let (archive, _) = writer.finish()?;
//!
//! // From front to back: believed, because it was verified.
//! let mut reader = SnapshotReader::new(archive.as_slice(), ReadOptions::new());
//! while let Some(entry) = reader.next_entry()? {
//!     println!("{:?}: {} bytes", entry.kind(), entry.len_bytes());
//! }
//! assert!(reader.report().is_verified() && reader.report().is_indexed());
//!
//! // At random: one document, a few reads.
//! let archive = SnapshotArchive::open(archive.as_slice(), &ReadOptions::new())?;
//! let mut text = String::new();
//! archive.document(id)?.expect("it is there").read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod archive;
mod code;
mod content;
mod documents;
mod entry;
mod error;
mod extract;
mod ids;
mod index;
mod join;
mod make_index;
mod options;
mod plain;
mod reader;
mod repack;
mod report;
mod stored;
mod stream;
mod take_apart;
mod writer;

pub use archive::{Documents, ListedDocument, SnapshotArchive};
pub use code::Code;
pub use content::{Content, DocumentSource, NoDocuments};
pub use entry::{Entry, EntryKind};
pub use error::{Error, ErrorKind};
pub use extract::{
    Durability, Existing, ExtractOptions, ExtractReport, STAGING_PREFIX, Selection, extract, remove_stale_staging,
};
pub use index::Index;
pub use join::{Joined, Piece, PieceSizes, Shard};
pub use make_index::make_index;
pub use options::{IndexPlacement, MetadataSizes, ReadOptions, Sections, Tolerance, WriteOptions};
pub use reader::SnapshotReader;
pub use repack::repack;
pub use report::{ReadReport, WriteReport};
pub use stored::StoredFile;
pub use stream::SnapshotStream;
pub use writer::SnapshotWriter;
