//! What a reader hands out: an [`Entry`], lent until the reader goes on.

use std::io::{self, Read};

use super::reader::SnapshotReader;
use crate::document::DocumentId;
use crate::layout::{self, MemberName};
use crate::metadata::{self, Metadata};
use crate::observe::NoObserver;

/// What an entry is.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options)?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
///
/// let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
/// while let Some(entry) = reader.next_entry()? {
///     match entry.kind() {
///         EntryKind::Metadata(metadata) => println!("model {}", metadata.model_version().unwrap_or("unknown")),
///         EntryKind::Database => println!("a dump of {} bytes", entry.len_bytes()),
///         EntryKind::Document(id) => println!("{id}"),
///         // Only where the reader salvages.
///         other => unreachable!("{other:?}"),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum EntryKind {
    /// `.metadata`, read already; reading the entry gives its bytes as they stand in the archive.
    Metadata(Metadata),
    /// The database dump.
    Database,
    /// A file document.
    Document(DocumentId),
    /// Only in [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage): `.metadata` that cannot be used.
    UnusableMetadata(metadata::Error),
    /// Only in [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage): a file whose name no snapshot may hold.
    #[non_exhaustive]
    Misplaced {
        /// The name, raw. Never join it to a path.
        name: Vec<u8>,
        /// The code of what is wrong with it.
        fault: layout::Code,
    },
    /// Only in [`Tolerance::Salvage`](crate::snapshot::options::Tolerance::Salvage): a member that stood in the archive before.
    Repeated(MemberName),
}

/// One file of the archive.
///
/// Reading it gives its content; what is not read is passed over, and verified all the same, when the reader goes on.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # use appsnap::snapshot::index::IndexPlacement;
/// # let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &options)?;
/// # writer.document("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?, Content::sized(5, &b"hello"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// use std::io::Read;
/// use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
///
/// let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
/// let mut text = String::new();
/// while let Some(mut entry) = reader.next_entry()? {
///     if matches!(entry.kind(), EntryKind::Document(_)) {
///         entry.read_to_string(&mut text)?;
///         assert_eq!(entry.crc32()?, 0x3610_a686);
///     }
/// }
/// assert_eq!(text, "hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Entry<'a, R> {
    pub(super) reader: &'a mut SnapshotReader<R>,
}

impl<R: Read> Entry<'_, R> {
    /// What the entry is, by its name.
    #[must_use]
    pub fn kind(&self) -> &EntryKind {
        self.reader.current_kind()
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.reader.current_len_bytes()
    }

    /// The CRC32 of its content, for listings; passes over what has not been read of it.
    ///
    /// # Errors
    /// As for [`SnapshotReader::next_entry`].
    pub fn crc32(self) -> super::error::Result<u32> {
        self.reader.skip_current(None, &mut NoObserver)
    }
}

impl<R: Read> Read for Entry<'_, R> {
    /// An error of this crate comes as an [`io::Error`] that `io::Error::downcast::<snapshot::Error>` takes apart again.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read_current(buffer).map_err(io::Error::from)
    }
}
