//! Locations in JSON text, so that an error can name the line and the member: [`Location`].

use std::fmt;

use super::printable;

/// A location in a JSON text. It is displayed as `line 3, member rules[2].keep`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// The path of members and indices, for example `rules[2].keep`. Empty for the whole text.
    pub(crate) member: String,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The column in that line, counted from 1 in bytes.
    pub(crate) column: usize,
    /// The offset from the start of the text, in bytes.
    pub(crate) offset: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if self.member.is_empty() { Ok(()) } else { write!(f, ", member {}", self.member) }
    }
}

impl Location {
    /// Returns the location of a member that begins at an offset.
    pub(crate) fn of_member(text: &str, offset: usize, member: &str) -> Self {
        let before = before(text, offset);
        let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len).saturating_add(1);
        Self { member: printable(member), line, column, offset }
    }

    /// Returns the location of an error of the parser, which was given `text` from `start` on.
    pub(crate) fn of_error(text: &str, start: usize, error: &serde_json::Error) -> Self {
        let offset = start.saturating_add(offset(text.as_bytes(), start, error)).min(text.len());
        // The only error about something absent. The parser has no other way to say so.
        let is_of_container = error.to_string().starts_with("missing field");
        let member = member(before(text, offset), is_of_container);
        let begin = Self::of_member(text, start, "");
        let line = begin.line.saturating_add(error.line()).saturating_sub(1);
        let column = if line == begin.line { begin.column.saturating_sub(1) } else { 0 }.saturating_add(error.column());
        Self { member, line, column, offset }
    }
}

/// An open object or array on the way to the location.
enum Open {
    Object { key: Option<String> },
    Array { index: usize },
}

/// Returns the innermost member that begins in `before`.
///
/// The parser reports a wrong value where it looked last, which may be at the bracket or comma after it: that one is
/// left out. With `is_of_container`, the object or array that this bracket closes is wrong, and no single member of it.
///
/// The text need not be well-formed: only what the parser has accepted is read.
fn member(before: &[u8], is_of_container: bool) -> String {
    let mut open: Vec<Open> = Vec::new();
    let before = match before {
        [before @ .., b'}' | b']' | b','] => before,
        before => before,
    };
    let mut bytes = before.iter().copied().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' => open.push(Open::Object { key: None }),
            b'[' => open.push(Open::Array { index: 0 }),
            b'}' | b']' => drop(open.pop()),
            b',' => match open.last_mut() {
                Some(Open::Object { key }) => *key = None,
                Some(Open::Array { index }) => *index = index.saturating_add(1),
                None => {}
            },
            b'"' => {
                let mut escaped = false;
                let end = bytes.find(|(_, byte)| {
                    let closes = *byte == b'"' && !escaped;
                    escaped = *byte == b'\\' && !escaped;
                    closes
                });
                let end = end.map_or(before.len(), |(end, _)| end);
                if let Some(Open::Object { key: key @ None }) = open.last_mut() {
                    *key = before.get(at.saturating_add(1)..end).map(|key| String::from_utf8_lossy(key).into_owned());
                }
            }
            _ => {}
        }
    }
    if let (true, Some(Open::Object { key })) = (is_of_container, open.last_mut()) {
        *key = None;
    }
    path(&open)
}

fn path(open: &[Open]) -> String {
    let mut path = String::new();
    for level in open {
        match level {
            Open::Object { key: Some(key) } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&printable(key));
            }
            Open::Object { key: None } => {}
            Open::Array { index } => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

/// The offset of an error from `start` on, where the parser began to count lines and columns.
fn offset(text: &[u8], start: usize, error: &serde_json::Error) -> usize {
    let lines = text.iter().skip(start).enumerate().filter(|(_, byte)| **byte == b'\n');
    let line_start = match error.line().checked_sub(2) {
        Some(line_breaks) => lines.map(|(offset, _)| offset.saturating_add(1)).nth(line_breaks),
        None => None,
    };
    line_start.unwrap_or(0).saturating_add(error.column())
}

fn before(text: &str, offset: usize) -> &[u8] {
    match text.as_bytes().split_at_checked(offset) {
        Some((before, _)) => before,
        None => text.as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The member that is open at the first `!`.
    fn at_mark(text: &str) -> String {
        member(&text.as_bytes()[..=text.find('!').unwrap()], false)
    }

    #[test]
    fn members_and_indices_are_named() {
        assert_eq!(at_mark("{\"rules\": [\n {\"name\": \"a\"},\n {\"name\": \"b\", \"keep\": !}]}"), "rules[1].keep");
        assert_eq!(at_mark("[{\"id\": \"a,b]\", \"taken_at\": \"!\"}]"), "[0].taken_at");
        assert_eq!(at_mark(r#"{"a\"b": 1, "unknown"!: 2}"#), "unknown");
        assert_eq!(at_mark("!"), "");
    }

    #[test]
    fn a_bracket_after_a_value_still_means_the_value() {
        let text = r#"[{"id": "a", "taken_at": "soon"}]"#;
        let before = &text.as_bytes()[..=text.find('}').unwrap()];
        assert_eq!(member(before, false), "[0].taken_at");
        assert_eq!(member(before, true), "[0]");
    }

    #[test]
    fn an_error_in_a_part_is_located_in_the_whole() {
        let text = "{\"list\": [\n  {\"a\": 1},\n  {\"b\":\n   \"x\"}]}";
        let start = text.find("{\"b\"").unwrap();
        let error = serde_json::from_str::<std::collections::BTreeMap<String, u8>>(&text[start..text.len() - 2]);
        let location = Location::of_error(text, start, &error.unwrap_err());
        assert_eq!(location.to_string(), "line 4, member list[1].b");
        assert_eq!(Location::of_member(text, start, "list[1]").to_string(), "line 3, member list[1]");
    }
}
