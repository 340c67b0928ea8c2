//! Rows of COPY text: the columns of a statement, the fields of its rows, and a watch over rows that only go by.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use super::corruption::Corruption;
use super::dump::Stream;
use super::error::{Error, ErrorKind};
use crate::limits::Budget;

/// The rows of one table, lent one at a time.
///
/// Only one row is held in memory. The lines are read as COPY's text format has them, with its default delimiter and
/// NULL mark, which is what pg_dump writes.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::Dump;
///
/// let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// let mut names = Vec::new();
/// while let Some(stream) = dump.next_stream()? {
///     if stream.entry().tag != b"mendixsystem$entity" {
///         continue;
///     }
///     let mut rows = stream.rows()?;
///     let name = rows.columns().iter().position(|column| column == b"entity_name");
///     while let Some(row) = rows.next_row()? {
///         let name = name.and_then(|name| row.field(name)).and_then(|field| field.bytes());
///         names.push(String::from_utf8_lossy(&name.unwrap_or_default()).into_owned());
///     }
/// }
/// assert_eq!(names[..2], ["System.FileDocument", "System.Image"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Rows<'d, R: Read> {
    stream: Stream<'d, R>,
    /// `None` when the statement does not list them.
    columns: Option<Vec<Vec<u8>>>,
    max_row_bytes: u64,
    /// What has been read of the stream and not been handed out lies in it from `start` to `end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where the fields of the latest row begin and end.
    fields: Vec<(usize, usize)>,
    rows_count: u64,
    ended: bool,
}

/// How much is read of the stream at a time, at least.
const PIECE_BYTES: usize = 64 << 10;

impl<'d, R: Read> Rows<'d, R> {
    pub(super) fn new(mut stream: Stream<'d, R>, max_row_bytes: u64) -> Result<Self, Error> {
        let misuse = || Error::new(ErrorKind::Misuse("only COPY data has rows; this stream has something else"));
        if stream.oid().is_some() {
            return Err(misuse());
        }
        let statement = stream.entry().copy_statement.filter(|sql| !sql.is_empty()).ok_or_else(misuse)?;
        let Some(statement) = statement.strip_prefix(b"COPY ") else {
            let id = stream.id();
            return Err(stream.fail(Error::from(Corruption::CopyStatement(id))));
        };
        let columns = columns(statement);
        let (buffer, fields) = (Vec::new(), Vec::new());
        Ok(Self { stream, columns, max_row_bytes, buffer, start: 0, end: 0, fields, rows_count: 0, ended: false })
    }

    /// The columns' names, unquoted, in the order of the fields. Empty for a table without columns, and for dumps so old
    /// that their statements do not list them.
    #[must_use]
    pub fn columns(&self) -> &[Vec<u8>] {
        self.columns.as_deref().unwrap_or_default()
    }

    /// The next row; `None` behind the last, once the stream has ended as it should.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] for a row longer than [`Limits::max_row_bytes`](crate::Limits::max_row_bytes);
    /// [`ErrorKind::Corrupt`] for a row that has another number of fields than the statement has columns, for data that
    /// end without terminator or go on behind it, and whatever reading the stream says.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, Error> {
        if self.ended {
            return Ok(None);
        }
        let (start, end) = self.next_line()?;
        let line = self.buffer.get(start..end).unwrap_or_default();
        if line == b"\\." {
            self.ended = true;
            // The stream itself checks what follows the terminator.
            let mut rest = [0; 512];
            while self.stream.read_plain(&mut rest)? > 0 {}
            return Ok(None);
        }
        self.fields.clear();
        // An empty line is a row: of one empty text, or of a table without columns.
        if !line.is_empty() || self.columns.is_some() {
            let mut at = start;
            for field in line.split(|byte| *byte == b'\t') {
                let to = at.saturating_add(field.len());
                self.fields.push((at, to));
                at = to.saturating_add(1);
            }
        }
        self.rows_count = self.rows_count.saturating_add(1);
        let (row, found) = (self.rows_count, self.fields.len());
        if let Some(columns) = self.columns.as_ref().filter(|columns| columns.len() != found) {
            let wanted = columns.len();
            return Err(self.stream.fail(Error::from(Corruption::RowWidth { row, wanted, found })));
        }
        Ok(Some(Row { buffer: &self.buffer, fields: &self.fields }))
    }

    /// How many rows have been handed out.
    #[must_use]
    pub const fn rows_count(&self) -> u64 {
        self.rows_count
    }

    /// Where in the buffer the next line begins and ends; its line feed is already passed.
    fn next_line(&mut self) -> Result<(usize, usize), Error> {
        let mut searched = self.start;
        loop {
            let unsearched = self.buffer.get(searched..self.end).unwrap_or_default();
            if let Some(found) = unsearched.iter().position(|byte| *byte == b'\n') {
                let line = (self.start, searched.saturating_add(found));
                self.start = line.1.saturating_add(1);
                return Ok(line);
            }
            // The unfinished line moves to the front, and more comes behind it.
            self.buffer.copy_within(self.start..self.end, 0);
            self.end = self.end.saturating_sub(self.start);
            (self.start, searched) = (0, self.end);
            let row = Budget::new("max_row_bytes", self.max_row_bytes);
            if let Err(exceeded) = row.check(self.end as u64) {
                return Err(self.stream.fail(Error::from(exceeded)));
            }
            if self.buffer.len().saturating_sub(self.end) < PIECE_BYTES {
                // Doubles at most, so that long rows are not copied over and over.
                self.buffer.resize(self.end.saturating_mul(2).max(PIECE_BYTES.saturating_mul(2)), 0);
            }
            let count = self.stream.read_plain(self.buffer.get_mut(self.end..).unwrap_or_default())?;
            self.end = self.end.saturating_add(count);
            if count == 0 {
                return Err(self.stream.fail(Corruption::CopyTerminator.into()));
            }
        }
    }
}

impl<R: Read> fmt::Debug for Rows<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("rows_count", &self.rows_count).finish_non_exhaustive()
    }
}

/// One row of COPY text.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::Limits;
/// # use appsnap::pgdump::Dump;
/// # let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// while let Some(stream) = dump.next_stream()? {
///     if stream.entry().tag == b"kpi" {
///         let mut rows = stream.rows()?;
///         let first = rows.next_row()?.expect("it has three rows");
///         assert_eq!(first.len(), 2);
///         assert!(first.fields().map(|field| field.raw()).eq([&b"2026-01-01"[..], b"1.5"]));
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Row<'a> {
    buffer: &'a [u8],
    fields: &'a [(usize, usize)],
}

impl<'a> Row<'a> {
    /// How many fields it has: as many as the table's statement has columns.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether it has no fields, which is so for tables without columns.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The field of the column that stands at `index`, counted from 0.
    #[must_use]
    pub fn field(&self, index: usize) -> Option<Field<'a>> {
        let (start, end) = self.fields.get(index)?;
        self.buffer.get(*start..*end).map(|text| Field { text })
    }

    /// The fields in the columns' order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Field<'a>> + use<'a> {
        let buffer = self.buffer;
        self.fields.iter().map(move |(start, end)| Field { text: buffer.get(*start..*end).unwrap_or_default() })
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields()).finish()
    }
}

/// One field of a row, as it is written.
///
/// ```
/// # use std::fs::File;
/// # use appsnap::Limits;
/// # use appsnap::pgdump::Dump;
/// # let mut dump = Dump::open(File::open("examples/data/quickstart.dump")?, &Limits::untrusted())?;
/// while let Some(stream) = dump.next_stream()? {
///     if stream.entry().tag == b"system$image" {
///         let mut rows = stream.rows()?;
///         let row = rows.next_row()?.expect("it has one row");
///         let (path, thumbnail) = (row.field(1).unwrap(), row.field(3).unwrap());
///         assert!(path.is_null() && path.bytes().is_none());
///         assert_eq!(thumbnail.raw(), br"\\x89504e470d0a1a0a0000000d");
///         assert_eq!(thumbnail.bytes().as_deref(), Some(&br"\x89504e470d0a1a0a0000000d"[..]));
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    text: &'a [u8],
}

impl<'a> Field<'a> {
    /// Whether it is NULL, which an empty text is not.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.text == b"\\N"
    }

    /// The value's text with escapes resolved, in the dump's encoding; `None` for NULL.
    ///
    /// Copies only when there is something to resolve.
    #[must_use]
    pub fn bytes(&self) -> Option<Cow<'a, [u8]>> {
        if self.is_null() {
            return None;
        }
        if !self.text.contains(&b'\\') {
            return Some(Cow::Borrowed(self.text));
        }
        Some(Cow::Owned(unescaped(self.text)))
    }

    /// The field as it stands in the dump, with escapes; `\N` is NULL.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.text
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes() {
            Some(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            None => f.write_str("NULL"),
        }
    }
}

/// Resolves the escapes of COPY's text format: letters, up to three octal digits, `x` and up to two hexadecimal ones;
/// any other character stands for itself.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(escaped) = rest.next() else {
            out.push(b'\\');
            break;
        };
        out.push(match escaped {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'0'..=b'7' => {
                let mut value = u32::from(escaped & 7);
                for _ in 0..2 {
                    let Some(digit) = rest.next_if(|digit| (b'0'..=b'7').contains(digit)) else { break };
                    value = (value << 3) | u32::from(digit & 7);
                }
                // PostgreSQL keeps the low byte, too.
                value.to_le_bytes().first().copied().unwrap_or_default()
            }
            b'x' if rest.peek().is_some_and(u8::is_ascii_hexdigit) => {
                let mut value = 0_u8;
                for _ in 0..2 {
                    let Some(digit) = rest.next_if(u8::is_ascii_hexdigit) else { break };
                    let digit = char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                    value = (value << 4) | digit.unwrap_or_default();
                }
                value
            }
            other => other,
        });
    }
    out
}

/// The columns that a statement like `COPY public.t (a, "b ""c") FROM stdin;` lists, unquoted; it is given without its
/// first word. `None` when it lists none: that of a table without columns, and every one before PostgreSQL 7.3.
fn columns(statement: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut bytes = statement.iter().copied().peekable();
    let mut quoted = false;
    bytes.by_ref().find(|byte| {
        quoted ^= *byte == b'"';
        !quoted && *byte == b'('
    })?;
    let (mut columns, mut name) = (Vec::new(), Vec::new());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.next_if_eq(&b'"').is_some() => name.push(b'"'),
            b'"' => quoted = !quoted,
            _ if quoted => name.push(byte),
            b' ' => {}
            b',' => columns.push(std::mem::take(&mut name)),
            b')' => {
                columns.push(name);
                let rest: Vec<u8> = bytes.collect();
                // Tables of old had a hidden column, which then comes first.
                if rest.starts_with(b" WITH OIDS") {
                    columns.insert(0, b"oid".to_vec());
                }
                return Some(columns);
            }
            other => name.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(statement: &str) -> Option<Vec<String>> {
        let columns = columns(statement.as_bytes())?;
        Some(columns.into_iter().map(|name| String::from_utf8(name).unwrap()).collect())
    }

    #[test]
    fn column_names_are_unquoted() {
        assert_eq!(
            listed("public.\"odd (table)\" (id, \"b \"\"c\", \"d,e\", \"f)\") FROM stdin;\n").unwrap(),
            ["id", "b \"c", "d,e", "f)"]
        );
    }

    #[test]
    fn tables_without_columns_list_none() {
        assert_eq!(listed("public.nothing  FROM stdin;\n"), None);
        assert_eq!(listed("\"odd (table)\"  FROM stdin;\n"), None);
    }

    #[test]
    fn oids_come_first() {
        assert_eq!(listed("t (a) WITH OIDS FROM stdin;").unwrap(), ["oid", "a"]);
    }

    #[test]
    fn escapes_are_resolved() {
        let field = Field { text: b"a\\tb\\nc\\\\d\\101\\x41z\\.\\bx" };
        assert_eq!(field.bytes().unwrap().as_ref(), b"a\tb\nc\\dAAz.\x08x");
        assert!(matches!(Field { text: b"plain" }.bytes(), Some(Cow::Borrowed(b"plain"))));
    }

    #[test]
    fn null_is_not_an_empty_text() {
        assert_eq!(Field { text: b"\\N" }.bytes(), None);
        assert_eq!(Field { text: b"" }.bytes().unwrap().as_ref(), b"");
        assert_eq!(Field { text: b"\\\\N" }.bytes().unwrap().as_ref(), b"\\N");
    }
}
