//! The archive itself: written, read, extracted and accessed at random.

mod anomaly;
mod archive;
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

pub use anomaly::{Anomaly, AnomalyKind};
pub use archive::{Documents, ListedDocument, SnapshotArchive};
pub use content::{Content, DocumentSource, NoDocuments};
pub use entry::{Entry, EntryKind};
pub use error::{Error, ErrorKind, Result};
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
