//! Extracts snapshots, all or nothing.

mod file_writers;
mod names;
mod options;
mod replaceable;
mod staging;
mod tree;

use std::io::Read;
use std::path::Path;

pub use options::{Durability, ExtractOptions, IfExists};

use super::entry::EntryKind;
use super::error::{Error, Result};
use super::reader::SnapshotReader;
use crate::metadata::Metadata;
use crate::observe::{Event, Observer, Phase, proceed, watch};
use file_writers::{SMALL_BYTES, with_file_writers};
pub(crate) use staging::Staging;
use tree::Tree;

/// The contents of an extraction.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{SnapshotWriter, WriteOptions};
/// # let (archive, _) = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?.finish()?;
/// # let folder = tempfile::tempdir()?;
/// # let destination = folder.path().join("restored");
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::{ReadOptions, SnapshotReader, extract};
/// use appsnap::snapshot::extract::ExtractOptions;
///
/// let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
/// let report = extract(&mut reader, &destination, &ExtractOptions::new(), &mut NoObserver)?;
/// assert_eq!((report.database_bytes(), report.documents_count()), (None, 0));
/// assert!(report.metadata().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ExtractReport {
    pub(super) metadata: Option<Metadata>,
    pub(super) database_bytes: Option<u64>,
    pub(super) documents_count: u64,
    pub(super) document_bytes: u64,
}

impl ExtractReport {
    /// Returns the archive's metadata.
    #[must_use]
    pub const fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// Returns the length of `db.backup` in bytes; `None` if it was not written.
    #[must_use]
    pub const fn database_bytes(&self) -> Option<u64> {
        self.database_bytes
    }

    /// Returns the number of documents written.
    #[must_use]
    pub const fn documents_count(&self) -> u64 {
        self.documents_count
    }

    /// Returns the size of all documents written, in bytes.
    #[must_use]
    pub const fn document_bytes(&self) -> u64 {
        self.document_bytes
    }
}

/// Extracts all entries that `reader` has not read yet to `destination`: `db.backup` for `pg_restore`, and
/// `files/xx/yy/<uuid>` for `data/files`.
///
/// Files are written to a staging folder beside the destination, which is renamed once the archive is verified to its
/// last byte. On an error the staging folder is removed, and the destination does not change. A killed process leaves
/// its staging folder, which [`remove_stale`](crate::io::remove_stale) removes.
///
/// ```
/// # use appsnap::metadata::Metadata;
/// # use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
/// # let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new())?;
/// # writer.database(Content::sized(4, &b"dump"[..]), &mut NoObserver)?;
/// # let (archive, _) = writer.finish()?;
/// # let folder = tempfile::tempdir()?;
/// # let destination = folder.path().join("restored");
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::{ReadOptions, SnapshotReader, extract};
/// use appsnap::snapshot::extract::ExtractOptions;
///
/// let mut reader = SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
/// extract(&mut reader, &destination, &ExtractOptions::new(), &mut NoObserver)?;
/// assert_eq!(std::fs::read(destination.join("db.backup"))?, b"dump");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns the errors of [`SnapshotReader::next_entry`]. Also returns an error if the destination exists ([`IfExists`]), if a file
/// cannot be created or written, or if the reader salvages a faulty archive.
///
/// # Security
/// No path is taken from the archive: each is rendered from a [`DocumentId`](crate::DocumentId). Only regular files
/// are created, and no existing file is opened. Modes, owners, times and links in the archive are ignored.
pub fn extract<R: Read>(
    reader: &mut SnapshotReader<R>,
    destination: &Path,
    options: &ExtractOptions,
    observer: &mut dyn Observer,
) -> Result<ExtractReport> {
    let staging = Staging::create(destination, options.if_exists)?;
    let tree = Tree::create(staging.content(), options.durability, options.contents.has_documents())?;
    let mut report = ExtractReport::default();
    with_file_writers(&tree, options.parallelism, |writers| {
        while let Some(mut entry) = reader.next_entry()? {
            let len_bytes = entry.len_bytes();
            match *entry.kind() {
                EntryKind::Metadata(ref metadata) => report.metadata = Some(metadata.clone()),
                EntryKind::Database => {
                    if options.contents.has_database() {
                        proceed(observer, &Event::Phase(Phase::ExtractingDump))?;
                        watch(&mut entry, Some(len_bytes), observer, |source| tree.database(source))?.0?;
                        report.database_bytes = Some(len_bytes);
                    }
                }
                EntryKind::Document(id) => {
                    if !options.contents.has_documents() {
                        continue;
                    }
                    if report.documents_count == 0 {
                        proceed(observer, &Event::Phase(Phase::ExtractingDocuments))?;
                    }
                    if len_bytes <= SMALL_BYTES {
                        writers.document(id, |bytes| match entry.read_to_end(bytes) {
                            Ok(_) => Ok(()),
                            Err(error) => Err(Error::io("reading", error)),
                        })?;
                    } else {
                        tree.document(id, &mut entry)?;
                    }
                    report.documents_count = report.documents_count.saturating_add(1);
                    report.document_bytes = report.document_bytes.saturating_add(len_bytes);
                    proceed(observer, &Event::document(id, report.documents_count, report.document_bytes))?;
                }
                EntryKind::UnusableMetadata(_) | EntryKind::Misplaced { .. } | EntryKind::Repeated(_) => {
                    return Err(Error::misuse("a faulty archive cannot be extracted: repair it first"));
                }
            }
        }
        Ok(())
    })?;
    staging.commit(options.durability)?;
    Ok(report)
}
