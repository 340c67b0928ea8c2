//! Tables that command lines print: values separated by commas or tabs, and boxes drawn with characters.

use super::error::{Error, ErrorKind};
use super::member::Stamp;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A table: the names of its columns, and its rows with the lines in which they begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// Empty if the table has none.
    pub(super) heading: Vec<String>,
    pub(super) rows: Vec<(usize, Vec<String>)>,
}

/// The separator of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Semicolon,
    Tab,
}

impl Separator {
    const fn char(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
        }
    }
}

/// The form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Boxed,
    Separated(Separator),
}

impl Form {
    /// Detects the form of a table of backups: from its heading, or without one from its first row, which begins with an
    /// instant.
    pub(super) fn of(text: &str) -> Option<Self> {
        let separated = [Separator::Tab, Separator::Semicolon, Separator::Comma];
        let separator = |line: &str| separated.into_iter().find(|separator| line.contains(separator.char()));
        if let Some(heading) = text.lines().find(|line| is_heading(line)) {
            let form = if heading.contains(BARS) { Some(Self::Boxed) } else { separator(heading).map(Self::Separated) };
            return Some(form.unwrap_or(Self::Separated(Separator::Comma)));
        }
        if is_wrapped_heading(text) {
            return Some(Self::Boxed);
        }
        let line = text.lines().find(|line| !line.trim().is_empty() && !is_rule(line))?.trim();
        let begins = |line: &str, ends: &[char]| {
            line.split_once(ends).is_some_and(|(field, _)| begins_like_date(field.trim().trim_matches('"')))
        };
        if let Some(inner) = line.strip_prefix(BARS) {
            return begins(inner, &BARS).then_some(Self::Boxed);
        }
        separator(line).filter(|separator| begins(line, &[separator.char()])).map(Self::Separated)
    }
}

/// The lines between the columns of a box.
const BARS: [char; 3] = ['|', '\u{2502}', '\u{2503}'];

/// Returns `true` for a horizontal line of a box.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    let is_part = |c| matches!(c, '+' | '-' | '=' | ' ' | ':' | '|' | '\u{2500}'..='\u{257f}');
    line.chars().all(is_part) && line.contains(['-', '=', '\u{2500}', '\u{2501}', '\u{2550}'])
}

/// Returns the name of a column without what differs between headings and the members of the API.
pub(super) fn squashed(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_heading(line: &str) -> bool {
    let squashed = squashed(line);
    squashed.contains("created") && squashed.contains("backupid") && !line.contains("://")
}

/// Returns `true` if the names of the columns are spread over several lines of a box.
fn is_wrapped_heading(text: &str) -> bool {
    let lines = text.lines().map(str::trim).skip_while(|line| is_rule(line) || !line.starts_with(BARS));
    let heading = lines.take_while(|line| !is_rule(line)).map(boxed_fields).reduce(|mut above, line| {
        above.iter_mut().zip(line).for_each(|(above, part)| above.push_str(&part));
        above
    });
    let names: Vec<String> = heading.into_iter().flatten().map(|name| squashed(&name)).collect();
    let has = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
    has(&CREATED) && has(&ID)
}

/// The names of the columns that identify a row.
pub(super) const CREATED: [&str; 2] = ["created", "createdat"];
pub(super) const ID: [&str; 2] = ["backupid", "id"];

fn boxed_fields(line: &str) -> Vec<String> {
    line.trim().trim_matches(BARS).split(BARS).map(|field| field.trim().to_owned()).collect()
}

fn error(kind: ErrorKind, line: usize) -> Error {
    Error::new(kind).within(format!("line {line}"))
}

/// The parts of a field of which each is in a line of its own.
type Parts = Vec<String>;

impl Table {
    /// Reads a box. Lines before and after it are skipped.
    ///
    /// Narrow terminals wrap long fields. A row without an id, or without the beginning of an instant, continues the row
    /// above.
    pub(super) fn boxed(text: &str) -> Result<Self> {
        let mut heading: Vec<Parts> = Vec::new();
        let mut rows: Vec<(usize, Vec<Parts>)> = Vec::new();
        let mut columns = None;
        for (line, number) in text.lines().zip(1..) {
            let trimmed = line.trim();
            if is_rule(trimmed) || !trimmed.starts_with(BARS) {
                continue;
            }
            let fields = boxed_fields(trimmed);
            let count = heading.len().max(rows.first().map_or(0, |(_, row)| row.len()));
            check_count(count, &fields, number)?;
            let has_digits = fields.iter().any(|field| field.contains(|c: char| c.is_ascii_digit()));
            if rows.is_empty() && !has_digits {
                add_line(&mut heading, fields);
                continue;
            }
            let (created, id) = *columns.get_or_insert_with(|| columns_of(&heading));
            let field = |index: Option<usize>| index.and_then(|index| fields.get(index)).map_or("", String::as_str);
            let is_continued =
                !begins_like_date(field(created)) || (field(id).is_empty() && Stamp::parse(field(created)).is_err());
            match rows.last_mut() {
                Some((_, above)) if is_continued => add_line(above, fields),
                _ => rows.push((number, fields.into_iter().map(|field| vec![field]).collect())),
            }
        }
        if heading.is_empty() && rows.is_empty() {
            return Err(Error::new(ErrorKind::Unrecognised));
        }
        let joined = |row: Vec<Parts>| row.into_iter().map(|parts| join(&parts)).collect();
        let rows = rows.into_iter().map(|(line, row)| (line, joined(row))).collect();
        Ok(Self { heading: joined(heading), rows })
    }

    /// Reads separated values, quoted as in RFC 4180. Lines before the heading are skipped.
    pub(super) fn separated(text: &str, separator: Separator) -> Result<Self> {
        let before = text.lines().take_while(|line| !is_heading(line)).count();
        let has_heading = before < text.lines().count();
        let (mut rest, mut line) = (text, 1_usize);
        for _ in 0..if has_heading { before } else { 0 } {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            line = line.saturating_add(1);
        }
        let mut records = Records { rest: rest.chars().peekable(), separator: separator.char(), line };
        let heading = if has_heading { records.next_record()? } else { None };
        let heading = heading.map_or_else(Vec::new, |(_, heading)| heading);
        let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
        while let Some((line, fields)) = records.next_record()? {
            check_count(heading.len().max(rows.first().map_or(0, |(_, row)| row.len())), &fields, line)?;
            rows.push((line, fields));
        }
        Ok(Self { heading, rows })
    }
}

/// The columns of the instant and of the id. Without a heading, the first two.
fn columns_of(heading: &[Parts]) -> (Option<usize>, Option<usize>) {
    if heading.is_empty() {
        return (Some(0), Some(1));
    }
    let names: Vec<String> = heading.iter().map(|parts| squashed(&parts.concat())).collect();
    let column = |known: [&str; 2]| names.iter().position(|name| known.contains(&name.as_str()));
    (column(CREATED), column(ID))
}

fn begins_like_date(field: &str) -> bool {
    matches!(field.as_bytes(), [a, b, c, d, b'-', ..] if [a, b, c, d].into_iter().all(u8::is_ascii_digit))
}

fn add_line(above: &mut Vec<Parts>, fields: Vec<String>) {
    if above.is_empty() {
        *above = vec![Parts::new(); fields.len()];
    }
    for (above, field) in above.iter_mut().zip(fields) {
        if !field.is_empty() {
            above.push(field);
        }
    }
}

/// Joins the parts of a field. A terminal breaks at a space where there is one, and an instant can have one.
fn join(parts: &[String]) -> String {
    let spaced = parts.join(" ");
    if parts.len() > 1 && Stamp::parse(&spaced).is_ok() { spaced } else { parts.concat() }
}

/// Compares the number of fields with that of the heading, or of the first row; 0 if there is neither yet.
fn check_count(expected_count: usize, fields: &[String], line: usize) -> Result<()> {
    if expected_count == 0 || expected_count == fields.len() {
        return Ok(());
    }
    Err(error(ErrorKind::FieldCount { expected_count, found_count: fields.len() }, line))
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

    const HEADING: [&str; 2] = ["Created", "Backup ID"];
    const AT: &str = "2026-11-27T04:05:33+00:00";

    #[test]
    fn quoted_fields_hold_separators_quotes_and_lines() {
        let text = "sep=,\r\nCreated,Backup ID\r\n\"1,\"\"x\"\"\n2\",3\r\n\n4,\n";
        let table = Table::separated(text, Separator::Comma).unwrap();
        assert_eq!(table.heading, HEADING);
        assert_eq!(rows(&table), [["1,\"x\"\n2", "3"], ["4", ""]]);
        assert_eq!(table.rows[1].0, 6, "lines inside quotes and before the heading are counted");
    }

    #[test]
    fn an_additional_field_and_an_open_quote_name_their_line() {
        let error = Table::separated("Created,Backup ID\n1,2\n1,2,3\n", Separator::Comma).unwrap_err();
        assert_eq!(error.to_string(), "line 3: the row has 3 fields: it should have 2, as the heading has");
        let error = Table::separated("Created\tBackup ID\n1\t\"2\n", Separator::Tab).unwrap_err();
        assert_eq!(error.to_string(), "line 2: a quoted field begins here and does not end: add a quotation mark");
    }

    #[test]
    fn the_form_is_detected_with_and_without_a_heading() {
        let forms = [
            ("Created;Backup ID\n", Some(Form::Separated(Separator::Semicolon))),
            ("Created\tBackup ID\n", Some(Form::Separated(Separator::Tab))),
            ("Backups:\n| Created | Backup ID |\n", Some(Form::Boxed)),
            ("2026-11-27T04:05:33Z,x\n", Some(Form::Separated(Separator::Comma))),
            ("\"2026-11-27T04:05:33Z\";x\n", Some(Form::Separated(Separator::Semicolon))),
            ("+---+\n| 2026-11-27T04:05:33Z | x |\n", Some(Form::Boxed)),
            ("a,b\n", None),
            ("", None),
        ];
        for (text, form) in forms {
            assert_eq!(Form::of(text), form, "{text:?}");
        }
    }

    /// Draws a box, with a line of it for each line of a field.
    fn drawn(heading: &[[&str; 2]], lines: &[[&str; 2]], bar: char, rule: &str) -> String {
        let draw = |line: &[&str; 2]| format!("{bar} {:30} {bar} {:20} {bar}\n", line[0], line[1]);
        let part = |lines: &[[&str; 2]]| lines.iter().map(draw).collect::<String>();
        format!("Backups:\n{rule}\n{}{rule}\n{}{rule}\nmore\n", part(heading), part(lines))
    }

    #[test]
    fn boxes_of_every_style_are_read_and_wrapped_rows_joined() {
        let whole = [[AT, "xyz"], [AT, ""]];
        for heading in [&[HEADING][..], &[["Created", "Backup"], ["", "ID"]], &[["Crea", "Back"], ["ted", "up ID"]]] {
            for lines in [
                &whole[..],
                &[["2026-11-27T04:05:33+", "xyz"], ["00:00", ""], [AT, ""]],
                &[[AT, "x"], ["", "yz"], [AT, ""]],
                &[["2026-11-27T04", "x"], [":05:33+", "y"], ["00:00", "z"], [AT, ""]],
            ] {
                for (bar, rule) in
                    [('|', "+---+---+"), ('\u{2502}', "\u{251c}\u{2500}\u{253c}\u{2500}\u{2524}"), ('|', "|---|---|")]
                {
                    let text = drawn(heading, lines, bar, rule);
                    let table = Table::boxed(&text).unwrap();
                    assert_eq!(
                        table.heading.iter().map(|name| squashed(name)).collect::<Vec<_>>(),
                        ["created", "backupid"]
                    );
                    assert_eq!(rows(&table), whole, "{text}");
                    assert_eq!(Form::of(&text), Some(Form::Boxed), "{text}");
                }
            }
        }
        let spaced = drawn(&[HEADING], &[["2026-11-27", "x"], ["04:05:33 UTC", ""]], '|', "+---+");
        assert_eq!(rows(&Table::boxed(&spaced).unwrap()), [["2026-11-27 04:05:33 UTC", "x"]]);
    }
}
