//! What the examples share: how they end, report errors, print JSON and show progress.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each example includes this folder and needs a part of it"
)]

mod describe;
mod failure;
mod open;
pub mod output;
mod progress;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

pub use describe::{describe_dump, metadata_json, outline};
pub use failure::{Failure, InFile, Outcome};
pub use open::{is_pipe, open_indexed, refuse_other_than_dump, refuse_pipe};
pub use output::{folder_of, is_dash};
pub use progress::Progress;

/// Parses the command line, does the work, and turns its outcome into an exit code: 0 good, 1 the input is bad,
/// 2 used wrongly or the environment failed.
pub fn run<A: clap::Parser>(work: impl FnOnce(&A) -> Outcome) -> ExitCode {
    match work(&A::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

/// Prints lines of text on the standard output, with nothing in them that could disturb a terminal; whoever reads it may
/// have gone away.
pub fn print(text: &str) -> Outcome {
    let text: Cow<'_, str> = if text.chars().all(|c| c == '\n' || is_harmless(c)) {
        text.into()
    } else {
        text.split('\n').map(harmless).collect::<Vec<_>>().join("\n").into()
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::environment("standard output", error))
}

/// Prints lines about an output: on the standard error if the output is the standard output.
pub fn print_about(output: &Path, text: &str) -> Outcome {
    if is_dash(output) {
        eprint!("{text}");
        return Ok(());
    }
    print(text)
}

/// Prints one JSON value about an output.
pub fn print_json_about(output: &Path, json: &serde_json::Value) -> Outcome {
    if is_dash(output) {
        eprintln!("{json:#}");
        return Ok(());
    }
    print_json(json)
}

/// Prints one JSON value and a line break.
pub fn print_json(value: &impl Serialize) -> Outcome {
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
    print(&text)
}

/// Whether a character is shown, and neither controls a terminal nor turns the direction of the text.
fn is_harmless(c: char) -> bool {
    (' '..='~').contains(&c) || c.escape_debug().len() == 1
}

/// A stranger's text, with everything escaped that is not harmless, line breaks too.
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

/// A path as the messages show it: quoted, and with nothing in it that could disturb a terminal.
pub fn shown(path: &Path) -> String {
    format!("{path:?}")
}

/// The library uses no thread that nobody asked for; a command may ask for as many as there are cores.
pub fn default_threads() -> u8 {
    std::thread::available_parallelism().map_or(1, |count| u8::try_from(count.get()).unwrap_or(u8::MAX))
}
