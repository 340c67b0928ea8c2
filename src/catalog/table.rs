//! Tables that command lines print: comma or tab separated values, and boxes drawn with characters.

use super::error::{Error, ErrorKind, Result};

/// A table: the names of its columns, and its rows with the lines they begin in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<(usize, Vec<String>)>,
}

/// What separates the fields of a separated table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Tab,
}

/// The characters that boxes are drawn with, besides `|` and its relatives.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.chars().all(|c| matches!(c, '+' | '-' | '=' | ' ' | '\u{2500}'..='\u{257f}') && c != '│')
}

fn place(line: usize) -> String {
    format!("line {line}")
}

impl Table {
    /// Reads a box; lines in front of it and behind it are passed over.
    ///
    /// A row whose first field is empty continues the row above: that is how narrow terminals wrap long fields.
    pub(super) fn boxed(text: &str) -> Result<Self> {
        let mut head: Option<Vec<String>> = None;
        let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let trimmed = line.trim();
            if is_rule(trimmed) || !trimmed.starts_with(['|', '│', '┃']) {
                continue;
            }
            let inner = trimmed.trim_matches(['|', '│', '┃']);
            let fields: Vec<String> = inner.split(['|', '│', '┃']).map(|field| field.trim().to_owned()).collect();
            let Some(head) = &head else {
                head = Some(fields);
                continue;
            };
            check_fields(head, &fields, number)?;
            match rows.last_mut() {
                Some((_, above)) if fields.first().is_some_and(String::is_empty) => {
                    above.iter_mut().zip(&fields).for_each(|(above, field)| above.push_str(field));
                }
                _ => rows.push((number, fields)),
            }
        }
        let head = head.ok_or_else(|| Error::new(ErrorKind::Unrecognised, ""))?;
        Ok(Self { head, rows })
    }

    /// Reads separated values, quoted as in RFC 4180.
    pub(super) fn separated(text: &str, separator: Separator) -> Result<Self> {
        let separator = match separator {
            Separator::Comma => ',',
            Separator::Tab => '\t',
        };
        let mut records = Records { rest: text.chars().peekable(), separator, line: 1 };
        let (_, head) = records.next_record()?.ok_or_else(|| Error::new(ErrorKind::Unrecognised, ""))?;
        let mut rows = Vec::new();
        while let Some((line, fields)) = records.next_record()? {
            check_fields(&head, &fields, line)?;
            rows.push((line, fields));
        }
        Ok(Self { head, rows })
    }
}

fn check_fields(head: &[String], fields: &[String], line: usize) -> Result<()> {
    if head.len() == fields.len() {
        return Ok(());
    }
    let kind = ErrorKind::Fields { expected_count: head.len(), found_count: fields.len() };
    Err(Error::new(kind, place(line)))
}

/// Separated values, record by record.
struct Records<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    separator: char,
    line: usize,
}

impl Records<'_> {
    /// The next record that is not an empty line, with the line it begins in.
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

    /// One field; stops in front of the separator or the line's end.
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
            return Err(Error::new(ErrorKind::Quote, place(begin)));
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
        assert_eq!(table.head, ["a", "b"]);
        assert_eq!(rows(&table), [["1,\"x\"\n2", "3"], ["4", ""]]);
        assert_eq!(table.rows[1].0, 5, "lines inside of quotes are counted");
    }

    #[test]
    fn a_field_too_many_and_an_open_quote_name_their_line() {
        let error = Table::separated("a,b\n1,2\n1,2,3\n", Separator::Comma).unwrap_err();
        assert_eq!(error.to_string(), "line 3: has 3 fields, the head has 2");
        let error = Table::separated("a\tb\n1\t\"2\n", Separator::Tab).unwrap_err();
        assert_eq!(error.to_string(), "line 2: begins a quoted field that does not end");
    }

    #[test]
    fn boxes_of_both_styles_are_read_and_wrapped_rows_joined() {
        let ascii =
            "Backups:\n+---+----+\n| a | b  |\n+---+----+\n| 1 | xy |\n|   | z  |\n| 2 |    |\n+---+----+\nmore\n";
        let drawn = "┌───┬────┐\n│ a │ b  │\n├───┼────┤\n│ 1 │ xy │\n│   │ z  │\n│ 2 │    │\n└───┴────┘\n";
        for text in [ascii, drawn] {
            let table = Table::boxed(text).unwrap();
            assert_eq!(table.head, ["a", "b"]);
            assert_eq!(rows(&table), [["1", "xyz"], ["2", ""]]);
        }
    }
}
