//! Real programs that serve some tests as independent witnesses.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use super::skips::missing;

/// Returns the path of the program `name`, from `PATH` or from Debian's folders of PostgreSQL. If there is none, reports
/// that the test is skipped.
///
/// # Panics
/// If the program is missing and [`REQUIRE_TOOLS`](super::skips::REQUIRE_TOOLS) is set.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let postgres = (9..30).rev().map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")));
    let found = env::split_paths(&path).chain(postgres).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        missing(&format!("{name} is not installed"));
    }
    found
}

/// Runs `command` to its end and returns its output.
///
/// # Panics
/// If it fails, with its messages.
pub fn finish(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
