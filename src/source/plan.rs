//! The documents for a snapshot, sorted, without duplicates and with known lengths: [`DocumentPlan`].

use std::collections::HashSet;
use std::io;

use super::code::Code;
use super::document::Document;
use super::row::{NO_ID, NumberedFile, Row};
use super::size::SizeEstimate;
use super::skipped::{SkippedFile, SkippedFiles};
use super::store::Store;
use crate::diagnostic::Diagnostics;
use crate::document::DocumentId;
use crate::metadata::Metadata;
use crate::snapshot::DocumentSource;

/// The documents of a files folder, an archive of one, or a bucket, in ascending order of their ids.
///
/// Every document occurs once, with the length that it had when the plan was made. A plan holds 32 bytes of memory per
/// document and no paths (24 to 56 more for an archive, 16 for a bucket with keys of several forms). It opens a file only on
/// demand, and returns an error if the file has changed. It is a [`DocumentSource`], so a snapshot writer can pull documents from it with several threads.
///
/// ```
/// use appsnap::metadata::Metadata;
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::{SnapshotWriter, WriteOptions};
/// use appsnap::source::directory::{self, DirectoryOptions};
///
/// let plan = directory::scan("examples/data/files", &DirectoryOptions::new(), &mut NoObserver)?;
/// for skipped in plan.diagnostics() {
///     eprintln!("{skipped}");
/// }
/// let metadata = plan.complete(Metadata::new().with_model_version("1.0.0.40"), None);
/// let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &WriteOptions::new())?;
/// writer.documents(&plan, &mut NoObserver)?;
/// writer.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DocumentPlan {
    store: Store,
    rows: Vec<Row>,
    /// In ascending order of the numbers, each once.
    numbered: Vec<NumberedFile>,
    document_bytes: u64,
    skipped: SkippedFiles,
    /// Made of `skipped`.
    diagnostics: Diagnostics,
}

impl DocumentPlan {
    /// Sorts `rows`, keeps the preferred file of every document, and reports the others.
    pub(super) fn new(
        store: Store,
        mut rows: Vec<Row>,
        mut numbered: Vec<NumberedFile>,
        mut skipped: SkippedFiles,
    ) -> Self {
        rows.sort_unstable();
        rows.dedup_by(|later, kept| {
            let is_duplicate = later.id == kept.id;
            if is_duplicate {
                skipped.add(SkippedFile { code: Code::Duplicate, path: store.relative_path(later) });
            }
            is_duplicate
        });
        rows.shrink_to_fit();
        numbered.sort_unstable();
        let (document_bytes, diagnostics) = (total_bytes(&rows), skipped.diagnostics());
        Self { store, rows, numbered, document_bytes, skipped, diagnostics }
    }

    /// Returns the number of documents.
    #[must_use]
    pub fn documents_count(&self) -> usize {
        self.rows.len()
    }

    /// Returns the length of all documents together: the `filesSize` of the metadata. Saturates at [`u64::MAX`].
    #[must_use]
    pub const fn document_bytes(&self) -> u64 {
        self.document_bytes
    }

    /// Returns ids and lengths in ascending order of the ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (DocumentId, u64)> + ExactSizeIterator {
        self.rows.iter().map(|row| (row.id, row.len_bytes))
    }

    /// Returns the length of one document, or `None` if it is not in the plan.
    #[must_use]
    pub fn len_bytes(&self, id: DocumentId) -> Option<u64> {
        let index = self.rows.binary_search_by_key(&id, |row| row.id).ok()?;
        self.rows.get(index).map(|row| row.len_bytes)
    }

    /// Keeps only the documents for which `keep` returns `true`, for example those with a row in the database.
    pub fn retain(&mut self, mut keep: impl FnMut(DocumentId) -> bool) {
        self.rows.retain(|row| keep(row.id));
        self.rows.shrink_to_fit();
        self.document_bytes = total_bytes(&self.rows);
    }

    /// Returns the files that very old apps named by numbers, with their lengths, in ascending order of the numbers.
    ///
    /// Such a file has the path `NN/<number>`, where `NN` is the number of its thousands. It is left out until
    /// [`assign`](Self::assign) makes a document of it.
    pub fn numbered(&self) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.numbered.iter().map(|file| (file.number, file.len_bytes))
    }

    /// Makes documents of the numbered files for which `id_of` returns an id, and returns how many there were.
    ///
    /// A file is still left out if the plan already has a document with its id, or if another number got it.
    ///
    /// ```
    /// use appsnap::observe::NoObserver;
    /// use appsnap::source::directory::{self, DirectoryOptions};
    ///
    /// let folder = tempfile::tempdir()?;
    /// std::fs::create_dir_all(folder.path().join("00"))?;
    /// std::fs::write(folder.path().join("00/101"), "hello")?;
    /// let mut plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
    /// assert_eq!((plan.documents_count(), plan.numbered().collect::<Vec<_>>()), (0, vec![(101, 5)]));
    ///
    /// let id = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
    /// assert_eq!(plan.assign(|number| (number == 101).then_some(id)), 1);
    /// assert_eq!(plan.documents_count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn assign(&mut self, mut id_of: impl FnMut(u64) -> Option<DocumentId>) -> u64 {
        let mut known = self.numbered.iter().filter_map(|file| Some((id_of(file.number)?, *file))).collect::<Vec<_>>();
        known.sort_unstable();
        known.dedup_by_key(|(id, _)| *id);
        known.retain(|(id, _)| self.len_bytes(*id).is_none());
        let mut assigned = known.iter().map(|(_, file)| *file).collect::<Vec<_>>();
        assigned.sort_unstable();
        self.numbered.retain(|file| assigned.binary_search(file).is_err());
        self.rows.extend(known.iter().map(|(id, file)| file.with_id(*id)));
        self.rows.sort_unstable();
        self.document_bytes = total_bytes(&self.rows);
        let paths = assigned.iter().map(|file| self.store.relative_path(&file.with_id(NO_ID)));
        let paths = paths.collect::<HashSet<_>>();
        self.skipped.remove(Code::Numbered, assigned.len() as u64, |path| {
            paths.contains(path.strip_prefix(".").unwrap_or(path))
        });
        self.diagnostics = self.skipped.diagnostics();
        assigned.len() as u64
    }

    /// Looks at the files of the documents that are `wanted` again. Returns the documents whose files are gone, which are
    /// reported and stay in the plan, and those whose lengths differ, which are corrected. An object of a bucket differs if
    /// its entity tag does. Of an archive, returns none.
    pub(crate) fn recheck(&mut self, wanted: impl Fn(DocumentId) -> bool) -> (Vec<DocumentId>, Vec<DocumentId>) {
        let (mut gone, mut modified) = (Vec::new(), Vec::new());
        #[cfg(feature = "object-store")]
        if let Store::Bucket(bucket) = &mut self.store {
            if let Some(found) = bucket.recheck(&mut self.rows, wanted) {
                (gone, modified) = found;
            }
            for row in self.rows.iter().filter(|row| gone.binary_search(&row.id).is_ok()) {
                self.skipped.add(SkippedFile { code: Code::Vanished, path: self.store.relative_path(row) });
            }
            self.document_bytes = total_bytes(&self.rows);
            self.diagnostics = self.skipped.diagnostics();
            return (gone, modified);
        }
        let Store::Folder(folder) = &self.store else { return (gone, modified) };
        for row in self.rows.iter_mut().filter(|row| wanted(row.id)) {
            match std::fs::symlink_metadata(folder.path(row)) {
                Ok(facts) if facts.is_file() => {
                    if facts.len() != row.len_bytes {
                        row.len_bytes = facts.len();
                        modified.push(row.id);
                    }
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => {}
                Ok(_) | Err(_) => {
                    gone.push(row.id);
                    self.skipped.add(SkippedFile { code: Code::Vanished, path: folder.relative_path(row) });
                }
            }
        }
        self.document_bytes = total_bytes(&self.rows);
        self.diagnostics = self.skipped.diagnostics();
        (gone, modified)
    }

    /// Returns the files and folders that were left out, by [`Code`] and then by path.
    #[must_use]
    pub const fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Returns `metadata` with the `filesSize` of this plan and, for a database dump, its `dumpSize`.
    #[must_use]
    pub fn complete(&self, metadata: Metadata, database_bytes: Option<u64>) -> Metadata {
        let metadata = metadata.with_files_size_bytes(self.document_bytes);
        match database_bytes {
            Some(len_bytes) => metadata.with_dump_size_bytes(len_bytes),
            None => metadata,
        }
    }

    /// Estimates the size of a snapshot with these documents, this metadata and a database dump of this length.
    ///
    /// ```
    /// use appsnap::metadata::Metadata;
    /// use appsnap::observe::NoObserver;
    /// use appsnap::source::directory::{self, DirectoryOptions};
    ///
    /// let plan = directory::scan("examples/data/files", &DirectoryOptions::new(), &mut NoObserver)?;
    /// let metadata = plan.complete(Metadata::new().with_model_version("1.0.0.40"), Some(20_000));
    /// let size = plan.size_estimate(&metadata, Some(20_000));
    /// assert_eq!(size.tar_bytes, 30_720);
    /// assert!(size.max_compressed_bytes < 31_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn size_estimate(&self, metadata: &Metadata, database_bytes: Option<u64>) -> SizeEstimate {
        SizeEstimate::of_lengths(metadata, database_bytes, self.rows.iter().map(|row| row.len_bytes))
    }
}

impl DocumentSource for DocumentPlan {
    type File = Document;

    fn documents_count(&self) -> usize {
        self.rows.len()
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        // The writer asks only for rows below `documents_count`.
        self.rows.get(index).map_or((NO_ID, 0), |row| (row.id, row.len_bytes))
    }

    fn open(&self, index: usize) -> io::Result<Document> {
        self.store.open(&self.rows, index)
    }

    fn origin(&self, index: usize) -> String {
        self.rows.get(index).map_or_else(String::new, |row| self.store.origin(row))
    }
}

fn total_bytes(rows: &[Row]) -> u64 {
    rows.iter().fold(0, |sum: u64, row| sum.saturating_add(row.len_bytes))
}
