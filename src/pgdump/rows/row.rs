//! One row of a table: [`Row`].

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::field::{self, Field};
use crate::pgdump::error::{Error, ErrorKind};
use crate::pgdump::window::window;

/// One row of a table, with fields by the name or index of their column.
///
/// The typed methods return `None` for NULL, and an error that names the column and the row if the table has no such
/// column or the value is not of the type.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::{Limits, pgdump::Dump};
/// # let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// let mut rows = dump.table("reporting", "kpi")?.expect("the table is in the dump");
/// let row = rows.next_row()?.expect("it has three rows");
/// assert_eq!(row.text("day")?.as_deref(), Some("2026-01-01"));
/// assert_eq!(row.parse::<f64>("value")?, Some(1.5));
/// assert!(row.parse::<i64>("day").is_err_and(|error| error.to_string().contains("column day")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub(in crate::pgdump) buffer: &'a [u8],
    /// The start and end of each field in the buffer.
    pub(in crate::pgdump) spans: &'a [(usize, usize)],
    pub(in crate::pgdump) columns: &'a [Vec<u8>],
    pub(in crate::pgdump) number: u64,
}

impl<'a> Row<'a> {
    /// Returns the number of fields, which is that of the table's columns.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Returns `true` if the row has no fields, as in tables without columns.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Returns the number of the row, counted from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Returns the field of the column at `index`, counted from 0.
    #[must_use]
    pub fn field(&self, index: usize) -> Option<Field<'a>> {
        self.spans.get(index).map(|(start, end)| Field::new(window(self.buffer, *start, *end)))
    }

    /// Returns the fields in the order of the columns.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'a>> + use<'a> {
        let buffer = self.buffer;
        self.spans.iter().map(move |(start, end)| Field::new(window(buffer, *start, *end)))
    }

    /// Returns the field of the column with this name, or `None` if the table has no such column.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<Field<'a>> {
        self.field(self.columns.iter().position(|name| name == column.as_bytes())?)
    }

    /// Returns the text of a column.
    ///
    /// # Errors
    /// Returns an error if the table has no such column or the text is not UTF-8.
    pub fn text(&self, column: &str) -> Result<Option<Cow<'a, str>>, Error> {
        self.convert(column, "UTF-8 text", field::text)
    }

    /// Parses the text of a column, for example as a number.
    ///
    /// # Errors
    /// Returns an error if the table has no such column or the text cannot be parsed.
    pub fn parse<T: FromStr>(&self, column: &str) -> Result<Option<T>, Error> {
        self.convert(column, std::any::type_name::<T>(), |bytes| std::str::from_utf8(&bytes).ok()?.parse().ok())
    }

    /// Returns the value of a `boolean` column.
    ///
    /// # Errors
    /// Returns an error if the table has no such column or the value is not a boolean.
    pub fn boolean(&self, column: &str) -> Result<Option<bool>, Error> {
        self.convert(column, "boolean", field::boolean)
    }

    /// Returns the decoded bytes of a `bytea` column.
    ///
    /// # Errors
    /// Returns an error if the table has no such column or the value is not a byte string.
    pub fn bytea(&self, column: &str) -> Result<Option<Vec<u8>>, Error> {
        self.convert(column, "bytea", field::binary)
    }

    fn convert<T>(
        &self,
        column: &str,
        expected: &'static str,
        convert: impl FnOnce(Cow<'a, [u8]>) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let field = self
            .get(column)
            .ok_or_else(|| Error::new(ErrorKind::UnknownColumn { column: column.escape_debug().to_string() }))?;
        field.convert(convert).ok_or_else(|| {
            let (column, row) = (column.escape_debug().to_string(), self.number);
            Error::new(ErrorKind::UnexpectedValue { column, row, expected })
        })
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields()).finish()
    }
}
