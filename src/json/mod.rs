//! Errors of serde about untrusted JSON, made safe to print.

#[cfg(feature = "retention")]
mod location;

use std::error::Error as StdError;
use std::fmt;

#[cfg(feature = "retention")]
pub(crate) use location::Location;

/// The number of characters of a text that are shown: enough for every field of the crate's types.
const SHOWN_CHARS: usize = 400;

/// An error about JSON, and its location.
///
/// serde repeats the names of unknown fields and variants unescaped and in full length.
#[derive(Debug)]
pub(crate) struct JsonError {
    /// Printable ASCII, and bounded.
    message: String,
    /// Counted from 1; 0 if there is none to show.
    line: usize,
    column: usize,
}

#[cfg(feature = "retention")]
impl JsonError {
    /// Leaves the location out: something else says it, or the parser saw only a part of the text.
    pub(crate) const fn without_location(mut self) -> Self {
        self.line = 0;
        self
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

/// Returns text from JSON as printable ASCII, and bounded.
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
    fn untrusted_names_are_escaped() {
        assert_eq!(
            message("{\"i\u{7f}\u{202e}d\":1}"),
            "unknown field `i\\u{7f}\\u{202e}d`, expected `id` at line 1 column 9",
        );
    }

    #[test]
    fn long_names_are_cut_and_the_location_is_kept() {
        let text = message(&format!("{{\"{}\":1}}", "n".repeat(100_000)));
        assert!(text.len() < 500 && text.ends_with("... at line 1 column 100003"), "{text}");
    }
}
