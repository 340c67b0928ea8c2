//! Reads the table of an app's files from the rows of a dump: [`FileTable`].

use std::borrow::Cow;
use std::io::Read;

use thiserror::Error;

use super::row::{Expectation, FileRow, RowFacts, UnnamedRow};
use super::sorted::Sorted;
use crate::document::DocumentId;
use crate::io::decimal;
use crate::limits::{Budget, LimitExceeded};
use crate::pgdump::rows::{Field, Row, Rows};
use crate::pgdump::toc::Toc;
use crate::pgdump::{self, Stream};

/// The table that has a row for every file document, including those of its specializations.
const TABLE: &[u8] = b"system$filedocument";
/// The specialization whose documents the platform creates, and which do not count as contents.
const THUMBNAIL: &[u8] = b"System.Thumbnail";

/// The rows of `system$filedocument`, as far as they concern documents: 32 bytes each.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileTable {
    pub(super) rows: Sorted<FileRow>,
    unnamed: Vec<UnnamedRow>,
    numbers: Option<Sorted<(u64, DocumentId)>>,
}

/// The treatment of the numbers of files in very old apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    Forget,
    Keep,
}

/// The reason why a dump has no [`FileTable`] to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum FileTableUnavailable {
    /// The dump has no table of this name, or no data of it.
    #[error("the dump has no rows of system$filedocument")]
    Absent,
    /// Its data is INSERT statements, which are not read.
    #[error("the rows of system$filedocument are INSERT statements, which are not read")]
    Inserts,
    /// It has no column `__uuid__`.
    #[error("system$filedocument has no column __uuid__")]
    NoUuid,
    /// It has more rows than the limit of entries allows.
    #[error("system$filedocument has too many rows: {0}")]
    TooMany(LimitExceeded),
}

/// Returns the dump id of the data of the table of files, of the one in the schema `public` if there are several.
pub(crate) fn find(toc: &Toc) -> Option<u32> {
    let named = toc.entries().filter(|entry| entry.desc == b"TABLE DATA" && entry.tag == TABLE);
    named.min_by_key(|entry| entry.namespace != Some(b"public")).map(|entry| entry.id)
}

/// The positions of the columns that matter.
struct Columns {
    object_id: Option<usize>,
    uuid: usize,
    file_name: Option<usize>,
    file_id: Option<usize>,
    has_contents: Option<usize>,
    deletes: Option<usize>,
    size: Option<usize>,
    entity: Option<usize>,
}

impl Columns {
    fn find(names: &[Vec<u8>]) -> Option<Self> {
        let at = |name: &[u8]| names.iter().position(|column| column == name);
        Some(Self {
            uuid: at(b"__uuid__")?,
            object_id: at(b"id"),
            file_name: at(b"__filename__"),
            file_id: at(b"fileid"),
            has_contents: at(b"hascontents"),
            deletes: at(b"deleteafterdownload"),
            size: at(b"size"),
            entity: at(b"submetaobjectname"),
        })
    }

    fn facts(&self, row: &Row<'_>) -> RowFacts {
        let is_true = |column: Option<usize>| text(row, column).is_some_and(|text| *text == *b"t");
        let size_bytes = number(row, self.size);
        // Earlier versions of the platform lack this column; there, a row with a size has contents.
        let has_contents = match self.has_contents {
            Some(_) => is_true(self.has_contents),
            None => size_bytes.is_some_and(|bytes| bytes > 0),
        };
        let is_thumbnail = text(row, self.entity).is_some_and(|entity| *entity == *THUMBNAIL);
        let expectation = match (has_contents || is_thumbnail, is_true(self.deletes)) {
            (false, _) => Expectation::None,
            (true, true) => Expectation::Optional,
            (true, false) => Expectation::Required,
        };
        RowFacts { expectation, is_thumbnail, has_contents, size_bytes }
    }
}

/// Returns the text of a field; `None` for NULL and for a missing column.
fn text<'a>(row: &Row<'a>, column: Option<usize>) -> Option<Cow<'a, [u8]>> {
    row.field(column?).as_ref().and_then(Field::bytes)
}

/// Returns the number in a field; `None` for NULL, for a text that is not a number from 0 on, and for a missing column.
fn number(row: &Row<'_>, column: Option<usize>) -> Option<u64> {
    decimal(&text(row, column)?)
}

impl FileTable {
    /// Reads the rows of `stream`, which must belong to the entry that [`find`] returned; keeps at most `max_rows_count`.
    ///
    /// The outer error means that the dump is damaged, the inner one that there is no usable table.
    pub(crate) fn read<R: Read>(
        stream: Stream<'_, R>,
        max_rows_count: u64,
        numbers: Numbers,
    ) -> Result<Result<Self, FileTableUnavailable>, pgdump::Error> {
        if !stream.entry().is_copy() {
            return Ok(Err(FileTableUnavailable::Inserts));
        }
        let mut rows = stream.rows()?;
        let Some(columns) = Columns::find(rows.columns()) else { return Ok(Err(FileTableUnavailable::NoUuid)) };
        let mut table = Self { numbers: (numbers == Numbers::Keep).then(Sorted::default), ..Self::default() };
        let mut budget = Budget::new("max_entries", max_rows_count);
        while let Some(row) = rows.next_row()? {
            if let Err(exceeded) = table.add(&row, &columns, &mut budget) {
                return Self::pass_over(rows, FileTableUnavailable::TooMany(exceeded));
            }
        }
        table.unnamed.sort_unstable();
        table.rows = table.rows.finish();
        table.numbers = table.numbers.map(Sorted::finish);
        Ok(Ok(table))
    }

    /// Verifies the remaining rows.
    fn pass_over<R: Read>(
        mut rows: Rows<'_, R>,
        why: FileTableUnavailable,
    ) -> Result<Result<Self, FileTableUnavailable>, pgdump::Error> {
        while rows.next_row()?.is_some() {}
        Ok(Err(why))
    }

    fn add(&mut self, row: &Row<'_>, columns: &Columns, budget: &mut Budget) -> Result<(), LimitExceeded> {
        let facts = columns.facts(row);
        let object_id = text(row, columns.object_id).and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok());
        // Only for messages, and every app of the platform has this column.
        let object_id = object_id.unwrap_or(0);
        let uuid = text(row, Some(columns.uuid)).and_then(|text| DocumentId::parse(&text).ok());
        let file_number = || number(row, columns.file_name).or_else(|| number(row, columns.file_id));
        if let Some(id) = uuid {
            budget.spend(1)?;
            self.rows.push(FileRow::new(id, object_id, facts));
            if let (Some(numbers), Some(number)) = (&mut self.numbers, file_number()) {
                numbers.push((number, id));
            }
        } else if facts.expectation == Expectation::Required {
            budget.spend(1)?;
            self.unnamed.push(UnnamedRow::new(object_id, file_number()));
        }
        Ok(())
    }

    /// Returns the rows that must have a document and refer to none by a uuid, in the order of their ids.
    pub(super) fn unnamed_rows(&self) -> &[UnnamedRow] {
        &self.unnamed
    }

    /// Returns the documents that rows refer to by a uuid, ascending. A document may be repeated.
    pub(crate) fn documents(&self) -> impl Iterator<Item = DocumentId> {
        self.rows.iter().map(|row| row.id())
    }

    /// Returns the numbers of files with the uuids of the rows that have both, in the order of the numbers; none unless
    /// they were [kept](Numbers::Keep).
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (u64, DocumentId)> {
        self.numbers.iter().flat_map(Sorted::iter)
    }
}
