//! What serde says against JSON from strangers, made safe to print.

use std::error::Error as StdError;
use std::fmt;

/// Characters of a text that are shown: room for every field that a type of ours has.
const SHOWN_CHARS: usize = 400;

/// Why some JSON is not what it should be, and where.
///
/// serde repeats names of unknown fields and variants as they are, whatever they do to a terminal and however long.
#[derive(Debug)]
pub(crate) struct JsonError {
    /// Printable ASCII, and bounded.
    message: String,
    line: usize,
    column: usize,
}

impl JsonError {
    /// The line, counted from 1; 0 where none is known.
    #[cfg_attr(not(feature = "catalog"), expect(dead_code, reason = "listings have lines"))]
    pub(crate) const fn line(&self) -> usize {
        self.line
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let text = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
        Self { message: printable(text), line, column }
    }
}

/// Text from JSON as printable ASCII, and bounded.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(SHOWN_CHARS) {
        if matches!(c, ' '..='~') {
            shown.push(c);
        } else {
            shown.extend(c.escape_default());
        }
    }
    if text.chars().nth(SHOWN_CHARS).is_some() {
        shown.push_str("...");
    }
    shown
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.line == 0 { Ok(()) } else { write!(f, " at line {} column {}", self.line, self.column) }
    }
}

impl StdError for JsonError {}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Known {
        #[expect(dead_code, reason = "only its name counts")]
        id: u8,
    }

    fn message(text: &str) -> String {
        JsonError::from(serde_json::from_str::<Known>(text).unwrap_err()).to_string()
    }

    #[test]
    fn names_of_strangers_are_escaped() {
        assert_eq!(
            message("{\"i\u{7f}\u{202e}d\":1}"),
            "unknown field `i\\u{7f}\\u{202e}d`, expected `id` at line 1 column 9",
        );
    }

    #[test]
    fn long_names_are_cut_and_the_place_is_kept() {
        let text = message(&format!("{{\"{}\":1}}", "n".repeat(100_000)));
        assert!(text.len() < 500 && text.ends_with("... at line 1 column 100003"), "{text}");
    }
}
