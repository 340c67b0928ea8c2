//! The documents that will go into a snapshot, sorted, without duplicates, their lengths known: [`Plan`].

use std::collections::HashSet;
use std::io;

use super::archive::{Document, Store};
use super::directory::spelling::Spelling;
use super::leftover::{Leftover, LeftoverKind, LeftoverSet, Leftovers};
use super::size::SizeEstimate;
use crate::document::DocumentId;
use crate::metadata::Metadata;
use crate::snapshot::DocumentSource;

/// One document of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    // Declared in this order so that the derived order sorts by id and puts the preferred place of an id first.
    pub(super) id: DocumentId,
    /// Where it lies, as only its store can read it.
    pub(super) place: u64,
    pub(super) len_bytes: u64,
}

/// A file that is named by a number: a document, if somebody knows its uuid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NumberedFile {
    number: u64,
    /// As in [`Row`].
    place: u64,
    len_bytes: u64,
}

impl NumberedFile {
    /// `None` when `spelling` is not that of a numbered file.
    pub(super) fn new(spelling: Spelling, place: u64, len_bytes: u64) -> Option<Self> {
        spelling.number().map(|number| Self { number, place, len_bytes })
    }
}

/// The documents of a files folder, or of an archive of one: in ascending order of their ids, each once, with the
/// length that each had when the plan was made.
///
/// A plan holds 32 bytes a document and no paths (and 24 to 56 more of an archive); it opens a file only when asked to,
/// and refuses one that has changed. It is a [`DocumentSource`], so a snapshot writer can pull documents out of it with
/// several threads.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::create_dir_all(folder.path().join("0d/3e"))?;
/// # std::fs::write(folder.path().join("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # std::fs::write(folder.path().join("Thumbs.db"), "left by a file manager")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// use appsnap::metadata::Metadata;
/// use appsnap::snapshot::{SnapshotWriter, WriteOptions};
///
/// let id = "0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?;
/// assert_eq!((plan.documents_count(), plan.len_bytes(id)), (1, Some(5)));
/// for leftover in plan.leftovers().iter() {
///     eprintln!("left out: {leftover}");
/// }
///
/// let metadata = plan.complete(Metadata::new().with_model_version("1.0.0.40"), None);
/// let mut writer = SnapshotWriter::start(Vec::new(), &metadata, WriteOptions::new())?;
/// writer.documents(&plan, &mut NoObserver)?;
/// writer.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Plan {
    store: Store,
    rows: Vec<Row>,
    /// By number, each once.
    numbered: Vec<NumberedFile>,
    document_bytes: u64,
    leftovers: Leftovers,
}

impl Plan {
    /// Sorts `rows`, keeps the preferred place of every document, and reports the others.
    pub(super) fn new(
        store: Store,
        mut rows: Vec<Row>,
        mut numbered: Vec<NumberedFile>,
        mut leftovers: LeftoverSet,
    ) -> Self {
        rows.sort_unstable();
        rows.dedup_by(|later, kept| {
            let again = later.id == kept.id;
            if again {
                leftovers.add(Leftover::new(LeftoverKind::Duplicate, store.relative_path(later)));
            }
            again
        });
        rows.shrink_to_fit();
        numbered.sort_unstable();
        let document_bytes = total_bytes(&rows);
        Self { store, rows, numbered, document_bytes, leftovers: leftovers.finish() }
    }

    /// How many documents there are.
    #[must_use]
    pub fn documents_count(&self) -> usize {
        self.rows.len()
    }

    /// Their plain bytes: what `filesSize` of the metadata says. Saturates at [`u64::MAX`].
    #[must_use]
    pub const fn document_bytes(&self) -> u64 {
        self.document_bytes
    }

    /// Ids and lengths in ascending order of the ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (DocumentId, u64)> {
        self.rows.iter().map(|row| (row.id, row.len_bytes))
    }

    /// The length of one document; `None` when it is not in the plan.
    #[must_use]
    pub fn len_bytes(&self, id: DocumentId) -> Option<u64> {
        let index = self.rows.binary_search_by_key(&id, |row| row.id).ok()?;
        self.rows.get(index).map(|row| row.len_bytes)
    }

    /// Keeps only the documents for which `keep` says so, for example those that a row of the database knows.
    pub fn retain(&mut self, mut keep: impl FnMut(DocumentId) -> bool) {
        self.rows.retain(|row| keep(row.id));
        self.document_bytes = total_bytes(&self.rows);
    }

    /// The files that very old apps named by numbers, `NN/<number>` with the thousands in front, and their
    /// lengths in bytes, in ascending order of the numbers.
    ///
    /// They are among the [leftovers](Self::leftovers) until [`assign`](Self::assign) makes documents of them.
    pub fn numbered(&self) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.numbered.iter().map(|file| (file.number, file.len_bytes))
    }

    /// Makes documents of numbered files whose uuids somebody knows: `id_of` is asked for each. Returns how many there were.
    ///
    /// A file stays a leftover when the plan has a document with its uuid already, or another number got it.
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
        self.rows.extend(known.iter().map(|(id, file)| Row { id: *id, place: file.place, len_bytes: file.len_bytes }));
        self.rows.sort_unstable();
        self.document_bytes = total_bytes(&self.rows);
        let (store, nobody) = (&self.store, DocumentId::from_bytes([0; 16]));
        let paths =
            assigned.iter().map(|file| store.relative_path(&Row { id: nobody, place: file.place, len_bytes: 0 }));
        let paths = paths.collect::<HashSet<_>>();
        self.leftovers.settle(LeftoverKind::Numbered, assigned.len() as u64, |path| {
            paths.contains(path.strip_prefix(".").unwrap_or(path))
        });
        assigned.len() as u64
    }

    /// What lay among the documents and was not taken.
    #[must_use]
    pub const fn leftovers(&self) -> &Leftovers {
        &self.leftovers
    }

    /// `metadata` with `filesSize` and, if there is a database dump, `dumpSize` as this plan makes them.
    #[must_use]
    pub fn complete(&self, metadata: Metadata, database_bytes: Option<u64>) -> Metadata {
        let metadata = metadata.with_files_size_bytes(self.document_bytes);
        match database_bytes {
            Some(len_bytes) => metadata.with_dump_size_bytes(len_bytes),
            None => metadata,
        }
    }

    /// How large a snapshot of these documents will be, with this `metadata` and, if there is one, a database dump of
    /// `database_bytes`.
    ///
    /// ```
    /// # use appsnap::observe::NoObserver;
    /// # use appsnap::source::directory::{self, DirectoryOptions};
    /// use appsnap::metadata::Metadata;
    ///
    /// let empty = tempfile::tempdir()?;
    /// let plan = directory::scan(empty.path(), &DirectoryOptions::new(), &mut NoObserver)?;
    /// let metadata = plan.complete(Metadata::new().with_model_version("1.0.0.40"), Some(20_000));
    /// let size = plan.size_estimate(&metadata, Some(20_000));
    /// assert_eq!(size.tar_bytes, 30_720);
    /// assert!(size.max_packed_bytes < 31_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn size_estimate(&self, metadata: &Metadata, database_bytes: Option<u64>) -> SizeEstimate {
        SizeEstimate::of_lengths(metadata, database_bytes, self.rows.iter().map(|row| row.len_bytes))
    }
}

impl DocumentSource for Plan {
    type File = Document;

    fn documents_count(&self) -> usize {
        self.rows.len()
    }

    fn row(&self, index: usize) -> (DocumentId, u64) {
        self.rows.get(index).map_or((DocumentId::from_bytes([0; 16]), 0), |row| (row.id, row.len_bytes))
    }

    fn open(&self, index: usize) -> io::Result<Document> {
        let row = self.rows.get(index).ok_or(io::ErrorKind::InvalidInput)?;
        self.store.open(row)
    }

    fn origin(&self, index: usize) -> String {
        self.rows.get(index).map_or_else(String::new, |row| self.store.origin(row))
    }
}

fn total_bytes(rows: &[Row]) -> u64 {
    rows.iter().fold(0, |sum: u64, row| sum.saturating_add(row.len_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_32_bytes() {
        assert_eq!(size_of::<Row>(), 32);
    }
}
