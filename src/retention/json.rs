//! Finds the member of a JSON text at a line and column, so that an error can name it.

use crate::json::printable;

/// A location in a JSON text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// The path of members and indices, for example `rules[2].keep`.
    pub(super) member: String,
    /// The offset from the start of the text, in bytes.
    pub(super) offset: usize,
}

/// An open object or array on the way to the location.
enum Open {
    Object { key: Option<String> },
    Array { index: usize },
}

/// Finds the innermost member that begins before a line and column, both counted from 1 as `serde_json` counts them.
///
/// The parser reports a wrong value where it looked last, which may be at the bracket or comma after it: that one is
/// left out. With `of_container`, the object or array that this bracket closes is wrong, and no single member of it.
///
/// The text need not be well-formed: only what is before the location is read, and the parser has accepted that.
pub(super) fn locate(text: &str, line: usize, column: usize, of_container: bool) -> Location {
    let offset = offset(text, line, column);
    let mut open: Vec<Open> = Vec::new();
    let before = text.as_bytes().get(..offset).map_or(text.as_bytes(), |before| match before {
        [before @ .., b'}' | b']' | b','] => before,
        before => before,
    });
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
                let end = end.map_or(offset, |(end, _)| end);
                if let Some(Open::Object { key: key @ None }) = open.last_mut() {
                    *key = text.get(at.saturating_add(1)..end).map(str::to_owned);
                }
            }
            _ => {}
        }
    }
    if let (true, Some(Open::Object { key })) = (of_container, open.last_mut()) {
        *key = None;
    }
    Location { member: path(&open), offset }
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

fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before.saturating_add(column).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The location of the first `!` in `text`.
    fn at_mark(text: &str) -> String {
        let mark = text.find('!').unwrap();
        let line = text[..mark].matches('\n').count() + 1;
        let column = mark - text[..mark].rfind('\n').map_or(0, |newline| newline + 1);
        locate(text, line, column, false).member
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
        let column = text.find('}').unwrap() + 1;
        assert_eq!(locate(text, 1, column, false).member, "[0].taken_at");
        assert_eq!(locate(text, 1, column, true).member, "[0]");
    }
}
