//! Compares the files that a database refers to with the documents of an archive: [`FileComparison`].

use std::iter::Peekable;

use serde::Serialize;

use super::row::{Expectation, FileRow, UnnamedRow};
use super::sorted::{Merged, Sorted};
use super::table::FileTable;
use crate::check::code::Code;
use crate::document::DocumentId;

/// A document of an archive or plan, and its length in bytes.
pub(crate) type Document = (DocumentId, u64);

/// A row with its document, or one of the two alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileCase {
    /// The code of the finding; `None` if row and document agree, or if neither needs the other.
    pub code: Option<Code>,
    /// The document's uuid.
    pub id: DocumentId,
    /// Length of the document, in bytes; `None` if it does not exist.
    pub document_bytes: Option<u64>,
    /// `None` for orphans. If several rows refer to one document, each is a case of its own.
    pub(in crate::check) row: Option<FileRow>,
}

impl FileCase {
    /// Returns the id of the row, from the column `id`; 0 if the table has no such number, `None` for orphans.
    #[must_use]
    pub fn object_id(&self) -> Option<i64> {
        self.row.map(|row| row.object_id())
    }

    /// Returns `true` if there is a row that must have a document, and `false` if it may lack one: because it has no contents,
    /// or because the app deletes the document after the download.
    #[must_use]
    pub fn requires_document(&self) -> bool {
        self.row.is_some_and(|row| row.requires_document())
    }

    /// Returns `true` if the row is a thumbnail of an image.
    #[must_use]
    pub fn is_thumbnail(&self) -> bool {
        self.row.is_some_and(|row| row.is_thumbnail())
    }

    /// Returns the length of the document as the row states it, in bytes; `None` if it is not known.
    #[must_use]
    pub fn stated_bytes(&self) -> Option<u64> {
        self.row.and_then(|row| row.size_bytes())
    }
}

/// Numbers of rows and documents that were compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileCounts {
    /// Rows that refer to a document by a uuid.
    pub rows: u64,
    /// Rows and documents that agree.
    pub present: u64,
    /// Rows whose document is missing.
    pub missing: u64,
    /// Documents without a row.
    pub orphans: u64,
    /// Documents whose length differs from the one in their rows.
    pub size_differs: u64,
    /// Empty documents whose rows have another size.
    pub empty: u64,
    /// Documents whose rows have no contents.
    pub unexpected: u64,
    /// Rows without a document because the app deletes it after the download.
    pub deleted_after_download: u64,
    /// Rows without a document because they have no contents.
    pub without_contents: u64,
    /// Rows that are thumbnails; they are also counted in one of the others.
    pub thumbnails: u64,
    /// Rows that refer to their document by a number, as very old apps did.
    pub numbered: u64,
    /// Rows that must have a document and refer to none.
    pub unnamed: u64,
}

/// A comparison of the files that a database refers to with the documents of an archive.
///
/// It takes 32 bytes per row and 24 per document; the cases are computed on every iteration.
#[derive(Clone, Debug)]
pub(crate) struct FileComparison {
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
        let mut counts = FileCounts { rows: self.table.rows.len(), ..FileCounts::default() };
        for case in self.cases() {
            let number = match case.code {
                Some(Code::DocumentMissing) => &mut counts.missing,
                Some(Code::DocumentOrphan) => &mut counts.orphans,
                Some(Code::DocumentSizeDiffers) => &mut counts.size_differs,
                Some(Code::DocumentEmpty) => &mut counts.empty,
                Some(Code::DocumentUnexpected) => &mut counts.unexpected,
                Some(Code::DocumentDeletedAfterDownload) => &mut counts.deleted_after_download,
                _ if case.document_bytes.is_none() => &mut counts.without_contents,
                _ => &mut counts.present,
            };
            *number = number.saturating_add(1);
            if case.is_thumbnail() {
                counts.thumbnails = counts.thumbnails.saturating_add(1);
            }
        }
        let unnamed = self.table.unnamed_rows();
        counts.numbered = unnamed.iter().filter(|row| row.number().is_some()).count() as u64;
        counts.unnamed = unnamed.iter().filter(|row| row.number().is_none()).count() as u64;
        counts
    }

    /// Compares the rows with other documents.
    pub(crate) fn with_documents(self, documents: Sorted<Document>) -> Self {
        Self::new(self.table, documents)
    }

    /// Removes the documents that no row refers to.
    pub(crate) fn drop_orphans(&mut self) {
        let mut documents = Sorted::default();
        let known = self.cases().filter(|case| case.code != Some(Code::DocumentOrphan));
        for case in known {
            // Rows that share a document are consecutive.
            if let Some(bytes) = case.document_bytes
                && documents.last() != Some(&(case.id, bytes))
            {
                documents.push((case.id, bytes));
            }
        }
        self.documents = documents.finish();
        self.counts = self.count();
    }

    /// Returns the numbers of rows and documents.
    pub(crate) const fn counts(&self) -> &FileCounts {
        &self.counts
    }

    /// Returns every row and every document, in the order of the uuids.
    pub(crate) fn cases(&self) -> impl Iterator<Item = FileCase> {
        Cases { rows: self.table.rows.iter().peekable(), documents: self.documents.iter().peekable(), named: None }
    }

    /// Returns the rows that must have a document and refer to none by a uuid, in the order of their ids.
    pub(crate) fn unnamed_rows(&self) -> &[UnnamedRow] {
        self.table.unnamed_rows()
    }
}

/// Merges rows and documents by uuid.
struct Cases<'a> {
    rows: Peekable<Merged<'a, FileRow>>,
    documents: Peekable<Merged<'a, Document>>,
    /// The document of the previous row; the next row may refer to it, too.
    named: Option<Document>,
}

impl Iterator for Cases<'_> {
    type Item = FileCase;

    fn next(&mut self) -> Option<FileCase> {
        let row_id = self.rows.peek().map(FileRow::id);
        if let Some((id, bytes)) = self.documents.next_if(|(id, _)| row_id.is_none_or(|row_id| *id < row_id)) {
            return Some(FileCase { code: Some(Code::DocumentOrphan), id, row: None, document_bytes: Some(bytes) });
        }
        let row = self.rows.next()?;
        if let Some(document) = self.documents.next_if(|(id, _)| *id == row.id()) {
            self.named = Some(document);
        }
        let document_bytes = self.named.filter(|(id, _)| *id == row.id()).map(|(_, bytes)| bytes);
        Some(FileCase { code: compare(&row, document_bytes), id: row.id(), row: Some(row), document_bytes })
    }
}

fn compare(row: &FileRow, document_bytes: Option<u64>) -> Option<Code> {
    match (row.expectation(), document_bytes) {
        (Expectation::Required, None) => Some(Code::DocumentMissing),
        (Expectation::Optional, None) => Some(Code::DocumentDeletedAfterDownload),
        (Expectation::None, None) => None,
        (Expectation::None, Some(_)) => Some(Code::DocumentUnexpected),
        (_, Some(bytes)) => match row.size_bytes() {
            Some(size) if size != bytes && bytes == 0 => Some(Code::DocumentEmpty),
            Some(size) if size != bytes => Some(Code::DocumentSizeDiffers),
            _ => None,
        },
    }
}
