//! The table that knows an app's files, read from the rows of a dump: [`FileTable`].

use std::borrow::Cow;
use std::io::Read;

use super::row::{Expectation, FileRow, RowFacts, UnnamedRow};
use super::sorted::Sorted;
use crate::document::DocumentId;
use crate::io::decimal;
use crate::limits::{Budget, LimitExceeded};
use crate::pgdump::{self, Field, Row, Rows, Stream, Toc};

/// The table that has a row for every file document, those of its specialisations included.
const TABLE: &[u8] = b"system$filedocument";
/// The specialisation whose documents are made by the platform, and do not count as contents.
const THUMBNAIL: &[u8] = b"System.Thumbnail";

/// The rows of `system$filedocument`, as far as they matter for documents: 32 bytes each.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::observe::NoObserver;
/// # use appsnap::prepare::{Database, PrepareOptions};
/// # let dump = File::open("examples/data/quickstart.dump")?;
/// # let database = Database::open(dump, &PrepareOptions::new(), &mut NoObserver)?;
/// use appsnap::check::FileTable;
///
/// let table: &FileTable = database.files().expect("the dump has the table");
/// assert_eq!((table.rows_count(), table.unnamed_rows().len()), (2, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct FileTable {
    pub(super) rows: Sorted<FileRow>,
    unnamed: Vec<UnnamedRow>,
    numbers: Option<Sorted<(u64, DocumentId)>>,
}

/// Whether the numbers of legacy files are kept along with the uuids of their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    Forget,
    Keep,
}

/// Why there is no table to compare with.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::observe::NoObserver;
/// # use appsnap::prepare::{Database, PrepareOptions};
/// # let dump = File::open("tests/data/pgdump/pg13-edge.dump")?;
/// # let database = Database::open(dump, &PrepareOptions::new(), &mut NoObserver)?;
/// use appsnap::check::NoTable;
///
/// match database.files() {
///     Err(NoTable::Absent) => println!("not an app of Mendix"),
///     Err(why) => println!("{why:?}"),
///     Ok(_) => unreachable!(),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoTable {
    /// The dump has no table of this name, or no data of it.
    Absent,
    /// Its data are INSERT statements, which are not read.
    Inserts,
    /// It lacks the column `__uuid__`.
    NoUuid,
    /// It has more rows than the limit of entries allows.
    TooMany(LimitExceeded),
}

/// Dump id of the data of the table of files; that in the schema `public` if there are several.
pub(crate) fn find(toc: &Toc) -> Option<u32> {
    let named = toc.entries().filter(|entry| entry.desc == b"TABLE DATA" && entry.tag == TABLE);
    named.min_by_key(|entry| entry.namespace != Some(b"public")).map(|entry| entry.id)
}

/// Where the columns stand that matter.
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
        // The column came with a later version of the platform; before it, what has a size has contents.
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

/// A field's text; `None` for NULL and for a column that is not there.
fn text<'a>(row: &Row<'a>, column: Option<usize>) -> Option<Cow<'a, [u8]>> {
    row.field(column?).as_ref().and_then(Field::bytes)
}

/// A field's number; `None` for NULL, for what is negative or no number, and for a column that is not there.
fn number(row: &Row<'_>, column: Option<usize>) -> Option<u64> {
    decimal(&text(row, column)?)
}

impl FileTable {
    /// Reads the rows of `stream`, which must be that of the entry that [`find`] named; at most `max_rows_count` are kept.
    ///
    /// The inner result says whether there is a table, the outer one whether the dump is sound.
    pub(crate) fn read<R: Read>(
        stream: Stream<'_, R>,
        max_rows_count: u64,
        numbers: Numbers,
    ) -> Result<Result<Self, NoTable>, pgdump::Error> {
        if stream.entry().copy_statement.is_none_or(<[u8]>::is_empty) {
            return Ok(Err(NoTable::Inserts));
        }
        let mut rows = stream.rows()?;
        let Some(columns) = Columns::find(rows.columns()) else { return Ok(Err(NoTable::NoUuid)) };
        let mut table = Self { numbers: (numbers == Numbers::Keep).then(Sorted::default), ..Self::default() };
        let mut budget = Budget::new("max_entries", max_rows_count);
        while let Some(row) = rows.next_row()? {
            if let Err(exceeded) = table.add(&row, &columns, &mut budget) {
                return Self::pass_over(rows, NoTable::TooMany(exceeded));
            }
        }
        table.unnamed.sort_unstable();
        table.rows = table.rows.finish();
        table.numbers = table.numbers.map(Sorted::finish);
        Ok(Ok(table))
    }

    /// The rows that are left still have to be sound ones.
    fn pass_over<R: Read>(mut rows: Rows<'_, R>, why: NoTable) -> Result<Result<Self, NoTable>, pgdump::Error> {
        while rows.next_row()?.is_some() {}
        Ok(Err(why))
    }

    fn add(&mut self, row: &Row<'_>, columns: &Columns, budget: &mut Budget) -> Result<(), LimitExceeded> {
        let facts = columns.facts(row);
        let object_id = text(row, columns.object_id).and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok());
        let object_id = object_id.unwrap_or_default();
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

    /// The rows that name a document, in the order of their uuids.
    pub fn rows(&self) -> impl Iterator<Item = FileRow> {
        self.rows.iter()
    }

    /// How many rows name a document.
    #[must_use]
    pub const fn rows_count(&self) -> u64 {
        self.rows.len()
    }

    /// The rows that must have a document and name none by a uuid, in the order of their ids.
    #[must_use]
    pub fn unnamed_rows(&self) -> &[UnnamedRow] {
        &self.unnamed
    }

    /// Numbers of files with the uuids of the rows that carry both, in the order of the numbers; none unless they were
    /// kept.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (u64, DocumentId)> {
        self.numbers.iter().flat_map(Sorted::iter)
    }
}
