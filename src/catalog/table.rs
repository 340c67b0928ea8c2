//! Tables that command lines print: values separated by commas or tabs, and boxes drawn with characters.

use super::error::{Error, ErrorKind};

type Result<T, E = Error> = std::result::Result<T, E>;

/// A table: the names of its columns, and its rows with the lines in which they begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) heading: Vec<String>,
    pub(super) rows: Vec<(usize, Vec<String>)>,
}

/// The separator of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Tab,
}

/// Returns `true` for a horizontal line of a box.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.chars().all(|c| matches!(c, '+' | '-' | '=' | ' ' | '\u{2500}'..='\u{257f}') && c != '│')
}

fn error(kind: ErrorKind, line: usize) -> Error {
    Error::new(kind).within(format!("line {line}"))
}

impl Table {
    /// Reads a box. Lines before and after it are skipped.
    ///
    /// A row whose first field is empty continues the row above, because narrow terminals wrap long fields.
    pub(super) fn boxed(text: &str) -> Result<Self> {
        let mut heading: Option<Vec<String>> = None;
        let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let trimmed = line.trim();
            if is_rule(trimmed) || !trimmed.starts_with(['|', '│', '┃']) {
                continue;
            }
            let inner = trimmed.trim_matches(['|', '│', '┃']);
            let fields: Vec<String> = inner.split(['|', '│', '┃']).map(|field| field.trim().to_owned()).collect();
            let Some(heading) = &heading else {
                heading = Some(fields);
                continue;
            };
            check_fields(heading, &fields, number)?;
            match rows.last_mut() {
                Some((_, above)) if fields.first().is_some_and(String::is_empty) => {
                    above.iter_mut().zip(&fields).for_each(|(above, field)| above.push_str(field));
                }
                _ => rows.push((number, fields)),
            }
        }
        let heading = heading.ok_or_else(|| Error::new(ErrorKind::Unrecognised))?;
        Ok(Self { heading, rows })
    }

    /// Reads separated values, quoted as in RFC 4180.
    pub(super) fn separated(text: &str, separator: Separator) -> Result<Self> {
        let separator = match separator {
            Separator::Comma => ',',
            Separator::Tab => '\t',
        };
        let mut records = Records { rest: text.chars().peekable(), separator, line: 1 };
        let (_, heading) = records.next_record()?.ok_or_else(|| Error::new(ErrorKind::Unrecognised))?;
        let mut rows = Vec::new();
        while let Some((line, fields)) = records.next_record()? {
            check_fields(&heading, &fields, line)?;
            rows.push((line, fields));
        }
        Ok(Self { heading, rows })
    }
}

fn check_fields(heading: &[String], fields: &[String], line: usize) -> Result<()> {
    if heading.len() == fields.len() {
        return Ok(());
    }
    Err(error(ErrorKind::FieldCount { expected_count: heading.len(), found_count: fields.len() }, line))
}

/// A reader of separated values.
struct Records<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    separator: char,
    line: usize,
}

impl Records<'_> {
    /// Reads the next record that is not an empty line, with the line in which it begins.
    fn next_record(&mut self) -> Result<Option<(usize, Vec<String>)>> {
        while self.rest.peek().is_some_and(|c| *c == '\n' || *c == '\r') {
            self.bump();
        }
        if self.rest.peek().is_none() {
            return Ok(None);
        }
        let begin = self.line;
        let mut fields = Vec::new();
        loop {
            fields.push(self.field()?);
            match self.bump() {
                Some(c) if c == self.separator => {}
                _ => return Ok(Some((begin, fields))),
            }
        }
    }

    /// Reads a field, up to the separator or the end of the line.
    fn field(&mut self) -> Result<String> {
        let begin = self.line;
        let mut field = String::new();
        let mut quoted = false;
        if self.rest.next_if_eq(&'"').is_some() {
            quoted = true;
        }
        while let Some(c) = self.rest.peek().copied() {
            if quoted {
                self.bump();
                if c != '"' {
                    field.push(c);
                } else if self.rest.next_if_eq(&'"').is_some() {
                    field.push('"');
                } else {
                    quoted = false;
                }
            } else if c == self.separator || c == '\n' {
                break;
            } else {
                self.bump();
                field.push(c);
            }
        }
        if quoted {
            return Err(error(ErrorKind::UnclosedQuote, begin));
        }
        Ok(field.trim_end_matches('\r').trim().to_owned())
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.rest.next();
        if c == Some('\n') {
            self.line = self.line.saturating_add(1);
        }
        c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(table: &Table) -> Vec<Vec<&str>> {
        table.rows.iter().map(|(_, row)| row.iter().map(String::as_str).collect()).collect()
    }

    #[test]
    fn quoted_fields_hold_separators_quotes_and_lines() {
        let table = Table::separated("a,b\r\n\"1,\"\"x\"\"\n2\",3\r\n\n4,\n", Separator::Comma).unwrap();
        assert_eq!(table.heading, ["a", "b"]);
        assert_eq!(rows(&table), [["1,\"x\"\n2", "3"], ["4", ""]]);
        assert_eq!(table.rows[1].0, 5, "lines inside quotes are counted");
    }

    #[test]
    fn an_additional_field_and_an_open_quote_name_their_line() {
        let error = Table::separated("a,b\n1,2\n1,2,3\n", Separator::Comma).unwrap_err();
        assert_eq!(error.to_string(), "line 3: the row has 3 fields: it should have 2, as the heading has");
        let error = Table::separated("a\tb\n1\t\"2\n", Separator::Tab).unwrap_err();
        assert_eq!(error.to_string(), "line 2: a quoted field begins here and does not end: add a quotation mark");
    }

    #[test]
    fn boxes_of_both_styles_are_read_and_wrapped_rows_joined() {
        let ascii =
            "Backups:\n+---+----+\n| a | b  |\n+---+----+\n| 1 | xy |\n|   | z  |\n| 2 |    |\n+---+----+\nmore\n";
        let drawn = "┌───┬────┐\n│ a │ b  │\n├───┼────┤\n│ 1 │ xy │\n│   │ z  │\n│ 2 │    │\n└───┴────┘\n";
        for text in [ascii, drawn] {
            let table = Table::boxed(text).unwrap();
            assert_eq!(table.heading, ["a", "b"]);
            assert_eq!(rows(&table), [["1", "xyz"], ["2", ""]]);
        }
    }
}
