//! The files that a database knows against the documents of an archive: [`FileComparison`].

use std::iter::Peekable;

use serde::Serialize;

use super::row::{Expectation, FileRow, UnnamedRow};
use super::sorted::{Merged, Sorted};
use super::table::FileTable;
use crate::document::DocumentId;

/// A document of an archive or plan, and its length in bytes.
pub(crate) type Document = (DocumentId, u64);

/// What there is to say about one document, or one row.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::observe::NoObserver;
/// # use appsnap::prepare::{Database, PrepareOptions, Prepared};
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002"), "hello")?;
/// # std::fs::write(folder.path().join("0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// # let options = PrepareOptions::new().with_model_version("1.0.0.40");
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let database = Database::open(dump, &options, &mut NoObserver)?;
/// # let prepared = Prepared::new(Some(database), Some(&plan), &options)?;
/// # let report = prepared.report();
/// use appsnap::check::FileState;
///
/// let states: Vec<_> = report.files().expect("there is a table of files").cases().map(|case| case.state).collect();
/// assert_eq!(states, [FileState::Orphan, FileState::Missing, FileState::Present]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FileState {
    /// Row and document are there and agree.
    Present,
    /// The row must have a document, and there is none.
    Missing,
    /// No row knows the document.
    Orphan,
    /// The document is not as long as its row says.
    SizeDiffers,
    /// The document is empty, and its row says otherwise.
    Empty,
    /// The row says that it has no contents, and there is a document.
    Unexpected,
    /// There is no document because the app deletes it after the download.
    DeletedAfterDownload,
    /// There is no document because the row has no contents.
    WithoutContents,
}

/// One row with its document, or one of the two alone.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::observe::NoObserver;
/// # use appsnap::prepare::{Database, PrepareOptions, Prepared};
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002"), "hello")?;
/// # std::fs::write(folder.path().join("0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// # let options = PrepareOptions::new().with_model_version("1.0.0.40");
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let database = Database::open(dump, &options, &mut NoObserver)?;
/// # let prepared = Prepared::new(Some(database), Some(&plan), &options)?;
/// # let report = prepared.report();
/// let orphan = report.files().expect("there is a table of files").cases().next().expect("there are three");
/// assert_eq!((orphan.row, orphan.document_bytes), (None, Some(5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileCase {
    /// What there is to say about it.
    pub state: FileState,
    /// The document's uuid.
    pub id: DocumentId,
    /// The row; `None` for orphans. Where several rows name one document, each is a case of its own.
    pub row: Option<FileRow>,
    /// Length of the document; `None` when there is none.
    pub document_bytes: Option<u64>,
}

/// How many cases there are of each state.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::observe::NoObserver;
/// # use appsnap::prepare::{Database, PrepareOptions, Prepared};
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002"), "hello")?;
/// # std::fs::write(folder.path().join("0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// # let options = PrepareOptions::new().with_model_version("1.0.0.40");
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let database = Database::open(dump, &options, &mut NoObserver)?;
/// # let prepared = Prepared::new(Some(database), Some(&plan), &options)?;
/// # let report = prepared.report();
/// let counts = report.files().expect("there is a table of files").counts();
/// assert_eq!((counts.rows, counts.present, counts.missing, counts.orphans), (2, 1, 1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileCounts {
    /// Rows that name a document by a uuid.
    pub rows: u64,
    /// Rows and documents that agree.
    pub present: u64,
    /// Rows whose document is missing.
    pub missing: u64,
    /// Documents without a row.
    pub orphans: u64,
    /// Documents of another length than their rows say.
    pub size_differs: u64,
    /// Empty documents whose rows say otherwise.
    pub empty: u64,
    /// Documents whose rows say that there are none.
    pub unexpected: u64,
    /// Rows without a document because it is deleted after the download.
    pub deleted_after_download: u64,
    /// Rows without a document because they have no contents.
    pub without_contents: u64,
    /// Rows that are thumbnails; they count in one of the others, too.
    pub thumbnails: u64,
    /// Rows that name their document by a number, as very old apps did.
    pub numbered: u64,
    /// Rows that must have a document and name none.
    pub unnamed: u64,
}

/// The files that a database knows, compared with the documents of an archive.
///
/// It holds 32 bytes a row and 24 a document; the cases are found anew whenever they are asked for.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::observe::NoObserver;
/// # use appsnap::prepare::{Database, PrepareOptions, Prepared};
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002"), "hello")?;
/// # std::fs::write(folder.path().join("0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// # let options = PrepareOptions::new().with_model_version("1.0.0.40");
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let database = Database::open(dump, &options, &mut NoObserver)?;
/// # let prepared = Prepared::new(Some(database), Some(&plan), &options)?;
/// # let report = prepared.report();
/// use appsnap::check::FileState;
///
/// // Two rows and two documents, of which one pair belongs together.
/// let files = report.files().expect("there is a table of files");
/// for case in files.cases().filter(|case| case.state != FileState::Present) {
///     println!("{}: {:?}", case.id, case.state);
/// }
/// assert_eq!(files.cases().count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FileComparison {
    table: FileTable,
    documents: Sorted<Document>,
    counts: FileCounts,
}

impl FileComparison {
    pub(crate) fn new(table: FileTable, documents: Sorted<Document>) -> Self {
        let mut comparison = Self { table, documents: documents.finish(), counts: FileCounts::default() };
        comparison.counts = comparison.count();
        comparison
    }

    fn count(&self) -> FileCounts {
        let mut counts = FileCounts { rows: self.table.rows_count(), ..FileCounts::default() };
        for case in self.cases() {
            *match case.state {
                FileState::Present => &mut counts.present,
                FileState::Missing => &mut counts.missing,
                FileState::Orphan => &mut counts.orphans,
                FileState::SizeDiffers => &mut counts.size_differs,
                FileState::Empty => &mut counts.empty,
                FileState::Unexpected => &mut counts.unexpected,
                FileState::DeletedAfterDownload => &mut counts.deleted_after_download,
                FileState::WithoutContents => &mut counts.without_contents,
            } += 1;
            counts.thumbnails += u64::from(case.row.is_some_and(|row| row.is_thumbnail()));
        }
        let unnamed = self.table.unnamed_rows();
        counts.numbered = unnamed.iter().filter(|row| row.number().is_some()).count() as u64;
        counts.unnamed = unnamed.len() as u64 - counts.numbered;
        counts
    }

    /// Takes the documents out that no row knows.
    pub(crate) fn drop_orphans(&mut self) {
        let mut documents = Sorted::default();
        let known = self.cases().filter(|case| case.state != FileState::Orphan);
        for case in known {
            // Rows that share a document follow each other.
            if let Some(bytes) = case.document_bytes
                && documents.last() != Some(&(case.id, bytes))
            {
                documents.push((case.id, bytes));
            }
        }
        self.documents = documents.finish();
        self.counts = self.count();
    }

    /// How many cases there are of each state.
    #[must_use]
    pub const fn counts(&self) -> &FileCounts {
        &self.counts
    }

    /// Every row and every document, in the order of the uuids.
    pub fn cases(&self) -> impl Iterator<Item = FileCase> {
        Cases { rows: self.table.rows.iter().peekable(), documents: self.documents.iter().peekable(), named: None }
    }

    /// The rows that must have a document and name none by a uuid, in the order of their ids.
    #[must_use]
    pub fn unnamed_rows(&self) -> &[UnnamedRow] {
        self.table.unnamed_rows()
    }
}

/// Walks rows and documents side by side.
struct Cases<'a> {
    rows: Peekable<Merged<'a, FileRow>>,
    documents: Peekable<Merged<'a, Document>>,
    /// The latest document that a row has named; the next row may name it, too.
    named: Option<Document>,
}

impl Iterator for Cases<'_> {
    type Item = FileCase;

    fn next(&mut self) -> Option<FileCase> {
        let row_id = self.rows.peek().map(FileRow::id);
        if let Some((id, bytes)) = self.documents.next_if(|(id, _)| row_id.is_none_or(|row_id| *id < row_id)) {
            return Some(FileCase { state: FileState::Orphan, id, row: None, document_bytes: Some(bytes) });
        }
        let row = self.rows.next()?;
        if let Some(document) = self.documents.next_if(|(id, _)| *id == row.id()) {
            self.named = Some(document);
        }
        let document_bytes = self.named.filter(|(id, _)| *id == row.id()).map(|(_, bytes)| bytes);
        Some(FileCase { state: judge(&row, document_bytes), id: row.id(), row: Some(row), document_bytes })
    }
}

fn judge(row: &FileRow, document_bytes: Option<u64>) -> FileState {
    match (row.expectation(), document_bytes) {
        (Expectation::Required, None) => FileState::Missing,
        (Expectation::Optional, None) => FileState::DeletedAfterDownload,
        (Expectation::None, None) => FileState::WithoutContents,
        (Expectation::None, Some(_)) => FileState::Unexpected,
        (_, Some(bytes)) => match row.size_bytes() {
            Some(size) if size != bytes && bytes == 0 => FileState::Empty,
            Some(size) if size != bytes => FileState::SizeDiffers,
            _ => FileState::Present,
        },
    }
}
