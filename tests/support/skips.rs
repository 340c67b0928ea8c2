//! Tests that are skipped: reported at once, and again in a summary at the end of the run.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

/// The variable that turns a missing program into a failure. CI sets it.
pub const REQUIRE_TOOLS: &str = "APPSNAP_REQUIRE_TOOLS";

/// Reports that the current test is skipped, or a part of it, because this system cannot run it.
///
/// The report goes to the standard error itself: what `eprintln!` prints is captured while a test passes.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let line = format!("{}: {reason}\n", thread.name().unwrap_or("a test"));
    let _ = io::stderr().write_all(format!("SKIPPED {line}").as_bytes());
    let file = OpenOptions::new().append(true).create(true).open(list());
    let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
}

/// Reports that the current test is skipped because something is missing that could be installed.
///
/// # Panics
/// If [`REQUIRE_TOOLS`] is set.
pub fn missing(what: &str) {
    assert!(env::var_os(REQUIRE_TOOLS).is_none(), "{what}, and {REQUIRE_TOOLS} is set");
    skip(what);
}

/// Returns the tests that this run of cargo has skipped so far, with their reasons, and forgets them.
pub fn take() -> Vec<String> {
    let text = fs::read_to_string(list()).unwrap_or_default();
    let _ = fs::remove_file(list());
    let mut lines = text.lines().map(str::to_owned).collect::<Vec<_>>();
    lines.sort();
    lines.dedup();
    lines
}

/// A file beside the test's program. All programs of a run have the same parent process, which is cargo.
fn list() -> PathBuf {
    #[cfg(unix)]
    let run = std::os::unix::process::parent_id();
    #[cfg(not(unix))]
    let run = 0;
    env::current_exe().unwrap().with_file_name(format!("skipped-tests-{run}.txt"))
}
