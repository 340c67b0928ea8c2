//! Prints: results on standard output, everything else on standard error, and nothing that could disturb a terminal.
//!
//! A stream that is closed or full never causes a panic, as `println!` does.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::failure::STANDARD_OUTPUT;
use super::output::is_dash;
use super::{Failure, Outcome};

/// Prints lines of text on standard output.
pub fn print(text: &str) -> Outcome {
    let text: Cow<'_, str> = if text.chars().all(|c| c == '\n' || is_harmless(c)) {
        text.into()
    } else {
        text.split('\n').map(harmless).collect::<Vec<_>>().join("\n").into()
    };
    write_out(text.as_bytes())
}

/// Writes bytes to standard output.
pub fn write_out(bytes: &[u8]) -> Outcome {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| Failure::environment(STANDARD_OUTPUT, error))
}

/// Prints a line on standard error. If that is closed or full, no one can be told, and the exit code says the rest.
pub fn tell(line: impl fmt::Display) {
    let line = line.to_string();
    let line = if line.chars().all(|c| c == '\n' || is_harmless(c)) {
        line
    } else {
        line.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
    };
    // In one piece, so that the lines of several processes do not mix.
    let _ = io::stderr().lock().write_all((line + "\n").as_bytes());
}

/// Prints lines about an output: on standard error if the output is standard output.
pub fn print_about(output: &Path, text: &str) -> Outcome {
    if is_dash(output) {
        tell(text.trim_end_matches('\n'));
        return Ok(());
    }
    print(text)
}

/// Prints one JSON value about an output.
pub fn print_json_about(output: &Path, json: &impl Serialize) -> Outcome {
    if is_dash(output) {
        tell(json_text(json)?.trim_end_matches('\n'));
        return Ok(());
    }
    print_json(json)
}

/// Prints one JSON value and a line break.
pub fn print_json(value: &impl Serialize) -> Outcome {
    print(&json_text(value)?)
}

fn json_text(value: &impl Serialize) -> Outcome<String> {
    let json = serde_json::to_string_pretty(value).map_err(|error| Failure::environment("JSON", error))?;
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_harmless(c) {
            text.push(c);
        } else {
            // Outside of its strings JSON has no such characters.
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text.push('\n');
    Ok(text)
}

/// Returns `true` if a character is shown, and neither controls a terminal nor changes the direction of the text.
fn is_harmless(c: char) -> bool {
    (' '..='~').contains(&c) || c.escape_debug().len() == 1
}

/// Returns untrusted text with everything escaped that is not harmless, line breaks too.
pub fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmless(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    shown
}

/// Returns a path as messages show it: quoted, and with nothing in it that could disturb a terminal.
pub fn shown(path: &Path) -> String {
    format!("{path:?}")
}

/// Returns an input's path as messages show it; `-` is standard input.
pub fn shown_input(path: &Path) -> String {
    if is_dash(path) { "standard input".to_owned() } else { shown(path) }
}
