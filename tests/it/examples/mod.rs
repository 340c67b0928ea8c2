//! The example programs, run as users run them.

mod check;
mod commands;
mod convert_dump;
mod diff;
mod inspect;
mod join;
#[cfg(unix)]
mod live_database;
#[cfg(unix)]
mod outputs;
mod pack;
mod repack;
#[cfg(unix)]
mod round_trip;
mod rows;
// Each backend for deflate has bytes of its own.
#[cfg(feature = "zlib-rs")]
mod sample;
mod sidecar;
#[cfg(unix)]
mod signals;
mod small;
#[cfg(unix)]
mod streams;
mod unpack;

use std::env;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::skips::missing;

/// Returns the path of an example. If it is not built, reports that the test is skipped.
///
/// # Panics
/// If it is not built and [`REQUIRE_TOOLS`](crate::support::skips::REQUIRE_TOOLS) is set.
pub(crate) fn example(name: &str) -> Option<PathBuf> {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let file = profile.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    if !file.is_file() {
        missing(&format!("the example {name} is not built: run cargo build --examples"));
        return None;
    }
    Some(file)
}

/// Runs `program`, with `input` on its standard input.
fn run<A: AsRef<OsStr>>(program: &Path, arguments: &[A], input: &[u8]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // On a thread of its own, and without insisting: not every program reads all that it is offered.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}

/// The output of a program that succeeded.
fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap()
}
