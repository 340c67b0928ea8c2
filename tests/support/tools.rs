//! Finds the real tools that some tests want as independent witnesses, and skips loudly without them.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// Set in CI: a test whose tool is missing fails instead of being skipped.
const REQUIRE_TOOLS: &str = "APPSNAP_REQUIRE_TOOLS";

/// Where `name` is, on the path or among Debian's PostgreSQL programs; `None`, said loudly, when it is nowhere.
///
/// # Panics
/// When `APPSNAP_REQUIRE_TOOLS` is set and the tool is missing.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let postgres = (9..30).rev().map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")));
    let found = env::split_paths(&path).chain(postgres).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        assert!(env::var_os(REQUIRE_TOOLS).is_none(), "{name} is not installed, and {REQUIRE_TOOLS} asks for it");
        eprintln!("SKIPPED: {name} is not installed");
    }
    found
}

/// Runs `command` to its end and returns what it printed.
///
/// # Panics
/// When it fails, with what it said about that.
pub fn finish(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
