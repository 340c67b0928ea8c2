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
mod output;
mod progress;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

pub use describe::{anomalies_json, describe_dump, metadata_json, outline};
pub use failure::{Blame, Failure, InFile, Outcome};
pub use open::open_indexed;
pub use output::Output;
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

/// Prints text on the standard output; whoever reads it may have gone away.
pub fn print(text: &str) -> Outcome {
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::environment("standard output", error))
}

/// Prints one JSON value and a line break.
pub fn print_json(value: &impl Serialize) -> Outcome {
    let json = serde_json::to_string_pretty(value).map_err(|error| Failure::environment("JSON", error))?;
    print(&format!("{}\n", printable(&json)))
}

/// The same JSON with nothing in it that could disturb a terminal: what controls one, or turns the direction of the text,
/// is escaped. Outside of its strings JSON has no such characters.
fn printable(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || (' '..='~').contains(&c) || c.escape_debug().len() == 1 {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// A path as the messages show it: quoted, and with nothing in it that could disturb a terminal.
pub fn shown(path: &Path) -> String {
    format!("{path:?}")
}

/// The library uses no thread that nobody asked for; a command may ask for as many as there are cores.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
