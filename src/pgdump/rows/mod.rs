//! The rows of a table, read one at a time from its COPY text.
//!
//! ```
//! use std::fs::File;
//! use appsnap::{Limits, pgdump::Dump};
//!
//! let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
//! let mut rows = dump.table("reporting", "kpi")?.expect("the table is in the dump");
//! let mut csv = String::from("day,value\n");
//! while let Some(row) = rows.next_row()? {
//!     let (day, value) = (row.text("day")?.unwrap_or_default(), row.parse::<f64>("value")?);
//!     csv += &format!("{day},{}\n", value.map_or_else(String::new, |value| value.to_string()));
//! }
//! assert!(csv.starts_with("day,value\n2026-01-01,1.5\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod columns;
mod escape;
mod field;
mod row;

use std::fmt;
use std::io::{Read, Seek};

pub(in crate::pgdump) use columns::columns;
pub(in crate::pgdump) use escape::escape_into;
pub use field::Field;
pub use row::Row;

use super::corruption::Corruption;
use super::dump::{Dump, Stream};
use super::error::{Error, ErrorKind};
use super::window::window;
use crate::limits::Budget;

impl<R: Read> Dump<R> {
    /// Reads up to the data of a table, and returns its rows. Returns `None` if the dump has no data of such a table.
    ///
    /// All streams before the table's are verified. Names are compared exactly; before archive version 1.6 there are no
    /// schemas, and only the name of the table is compared.
    ///
    /// # Errors
    /// Returns an error as [`next_stream`](Self::next_stream) does, if the stream of the table has been passed already, or
    /// if its data is INSERT statements.
    pub fn table(&mut self, schema: &str, table: &str) -> Result<Option<Rows<'_, R>>, Error> {
        match self.data_of(schema, table) {
            Some(id) => self.stream_of(id)?.map(Stream::rows).transpose(),
            None => Ok(None),
        }
    }

    /// Returns the dump id of the data of a table.
    fn data_of(&self, schema: &str, table: &str) -> Option<u32> {
        let is_schema = |namespace: &[u8]| namespace == schema.as_bytes();
        let mut data = self.toc().entries().filter(|entry| {
            entry.desc == b"TABLE DATA" && entry.tag == table.as_bytes() && entry.namespace.is_none_or(is_schema)
        });
        data.next().map(|entry| entry.id)
    }
}

impl<R: Read + Seek> Dump<R> {
    /// Jumps to the data of a table, and returns its rows as [`table`](Self::table) does. Nothing but the rows of this table
    /// can be read afterwards.
    ///
    /// Without a stored position, or after streams have been read, everything up to the table is read instead.
    ///
    /// ```
    /// use std::fs::File;
    /// use appsnap::{Limits, pgdump::Dump};
    ///
    /// let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
    /// let mut rows = dump.seek_table("reporting", "kpi")?.expect("the table is in the dump");
    /// assert!(rows.next_row()?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error as [`table`](Self::table) does, if the source cannot seek, or if the data is not at its position.
    pub fn seek_table(&mut self, schema: &str, table: &str) -> Result<Option<Rows<'_, R>>, Error> {
        if let Some(id) = self.data_of(schema, table) {
            self.jump_to(id)?;
        }
        self.table(schema, table)
    }
}

impl<'d, R: Read> Stream<'d, R> {
    /// Returns the rows of the stream. None of it may have been read.
    ///
    /// # Errors
    /// Returns an error if the stream is a large object or its data is INSERT statements.
    pub fn rows(self) -> Result<Rows<'d, R>, Error> {
        Rows::new(self)
    }
}

/// The rows of one table, lent one at a time.
///
/// Only one row is held in memory. Lines are parsed as COPY's text format with its default delimiter and NULL marker,
/// which is the only form that pg_dump writes. [`Dump::table`] returns the rows of one table; this is how to read those of
/// all tables:
///
/// ```
/// use std::fs::File;
/// use appsnap::{Limits, pgdump::Dump};
///
/// let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// while let Some(stream) = dump.next_stream()? {
///     if stream.entry().is_copy() {
///         let mut rows = stream.rows()?;
///         while let Some(row) = rows.next_row()? {
///             println!("{row:?}");
///         }
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Rows<'d, R> {
    stream: Stream<'d, R>,
    /// `None` if the statement does not list them.
    columns: Option<Vec<Vec<u8>>>,
    max_row_bytes: u64,
    /// The bytes of the stream that have not been returned are from `start` to `end`, which is at most the length.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The start and end of each field of the latest row.
    spans: Vec<(usize, usize)>,
    rows_count: u64,
    ended: bool,
}

/// The least number of bytes that are requested from the stream at a time.
const READ_BYTES: usize = 64 << 10;

impl<'d, R: Read> Rows<'d, R> {
    fn new(mut stream: Stream<'d, R>) -> Result<Self, Error> {
        let misuse = || Error::new(ErrorKind::Misuse("the stream has no rows: only COPY text has"));
        if stream.oid().is_some() {
            return Err(misuse());
        }
        let statement = stream.entry().copy_statement.filter(|sql| !sql.is_empty()).ok_or_else(misuse)?;
        let Some(statement) = statement.strip_prefix(b"COPY ") else {
            let id = stream.id();
            return Err(stream.fail(Corruption::CopyStatement(id).into()));
        };
        let columns = columns(statement);
        let max_row_bytes = stream.limits().max_row_bytes();
        let (buffer, spans) = (Vec::new(), Vec::new());
        Ok(Self { stream, columns, max_row_bytes, buffer, start: 0, end: 0, spans, rows_count: 0, ended: false })
    }

    /// Returns the names of the columns, unquoted, in the order of the fields. There are none for a table without columns
    /// and for dumps of PostgreSQL before 7.3.
    #[must_use]
    pub fn columns(&self) -> &[Vec<u8>] {
        self.columns.as_deref().unwrap_or(&[])
    }

    /// Returns the next row. Returns `None` after the last, when the stream has been verified.
    ///
    /// # Errors
    /// Returns an error if a row is longer than [`Limits::max_row_bytes`](crate::Limits::max_row_bytes) or has a wrong
    /// number of fields, if the terminator is missing or not at the end, or if the stream cannot be read.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, Error> {
        if self.ended {
            return Ok(None);
        }
        self.stream.check()?;
        let (start, end) = self.next_line()?;
        let line = window(&self.buffer, start, end);
        if line == b"\\." {
            self.ended = true;
            // The stream itself verifies what follows the terminator.
            let mut rest = [0; 512];
            while self.stream.read_decoded(&mut rest)? > 0 {}
            return Ok(None);
        }
        self.spans.clear();
        // An empty line is a row: of one empty text, or of a table without columns.
        if !line.is_empty() || self.columns.is_some() {
            let mut start = start;
            for field in line.split(|byte| *byte == b'\t') {
                let end = start.saturating_add(field.len());
                self.spans.push((start, end));
                start = end.saturating_add(1);
            }
        }
        self.rows_count = self.rows_count.saturating_add(1);
        let (row, found) = (self.rows_count, self.spans.len());
        if let Some(columns) = self.columns.as_ref().filter(|columns| columns.len() != found) {
            let wanted = columns.len();
            return Err(self.stream.fail(Error::from(Corruption::RowWidth { row, wanted, found })));
        }
        let columns = self.columns.as_deref().unwrap_or(&[]);
        Ok(Some(Row { buffer: &self.buffer, spans: &self.spans, columns, number: row }))
    }

    /// Returns the number of rows that have been returned.
    #[must_use]
    pub const fn rows_count(&self) -> u64 {
        self.rows_count
    }

    /// Returns the start and end of the next line in the buffer, and skips it and its line feed.
    fn next_line(&mut self) -> Result<(usize, usize), Error> {
        let mut searched = self.start;
        loop {
            let unsearched = window(&self.buffer, searched, self.end);
            if let Some(found) = unsearched.iter().position(|byte| *byte == b'\n') {
                let line = (self.start, searched.saturating_add(found));
                self.start = line.1.saturating_add(1);
                return Ok(line);
            }
            // The unfinished line moves to the start of the buffer, and more bytes are read after it.
            self.buffer.copy_within(self.start..self.end, 0);
            self.end = self.end.saturating_sub(self.start);
            (self.start, searched) = (0, self.end);
            let row = Budget::new("max_row_bytes", self.max_row_bytes);
            if let Err(exceeded) = row.check(self.end as u64) {
                return Err(self.stream.fail(Error::from(exceeded)));
            }
            if self.buffer.len().saturating_sub(self.end) < READ_BYTES {
                // The buffer at most doubles, so that long rows are not copied again and again.
                self.buffer.resize(self.end.saturating_mul(2).max(READ_BYTES.saturating_mul(2)), 0);
            }
            let filled = self.end.min(self.buffer.len());
            let (_, space) = self.buffer.split_at_mut(filled);
            let count = self.stream.read_decoded(space)?;
            self.end = self.end.saturating_add(count);
            if count == 0 {
                return Err(self.stream.fail(Corruption::CopyTerminator.into()));
            }
        }
    }
}

impl<R> fmt::Debug for Rows<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("rows_count", &self.rows_count).finish_non_exhaustive()
    }
}
