//! Commands that are interrupted: nothing is left, and the exit code names the signal.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use appsnap::io::STAGING_PREFIX;

use super::commands::Site;
use super::{example, run, stderr, stdout};

/// No machine is so slow.
const PATIENCE: Duration = Duration::from_secs(60);

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn send(signal: &str, child: &Child) {
    let line = format!("kill -{signal} {}", child.id());
    assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
}

fn is_staging(name: &str) -> bool {
    name.starts_with(STAGING_PREFIX)
}

/// Packs until its output is begun; the dump that it waits for never ends.
fn begun(pack: &Path, site: &Site) -> Child {
    let arguments = ["--database", "-", "--output", &*site.arg("backup.tar.gz")];
    let mut command = Command::new(pack);
    let child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    wait_until("the output is not begun", || site.names().iter().any(|name| is_staging(name)));
    child.unwrap()
}

#[test]
fn interrupted_command_leaves_nothing_and_says_so_in_one_line() {
    let Some(pack) = example("pack") else { return };
    for (signal, name, code) in [("INT", "SIGINT", 130), ("TERM", "SIGTERM", 143)] {
        let site = Site::new();
        let mut child = begun(&pack, &site);
        // Open for as long as the command runs, so that it waits for more.
        let input = child.stdin.take();
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        drop(input);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert_eq!(stderr(&output), format!("error: interrupted by {name} before the work was complete\n"));
        assert_eq!(site.names(), ["files", "mx.dump"]);
    }
}

#[test]
fn interrupted_work_is_cancelled_between_two_documents() {
    let Some(pack) = example("pack") else { return };
    let site = Site::new();
    // Sparse, and slow to compress.
    for (id, _) in &site.documents {
        let path = crate::support::app::document_path(&site.path("files"), *id);
        fs::File::options().write(true).open(path).unwrap().set_len(64 << 20).unwrap();
    }
    let (files, output) = (site.arg("files"), site.arg("backup.tar.gz"));
    let mut command = Command::new(&pack);
    command.args(["--files", &files, "--output", &output, "--level", "9", "--profile", "format"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let is_growing = || {
        let staging = site.names().into_iter().find(|name| is_staging(name));
        staging.is_some_and(|name| fs::metadata(site.path(&name)).is_ok_and(|facts| facts.len() > 1000))
    };
    wait_until("nothing is written", is_growing);
    send("TERM", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
    assert!(stderr(&output).ends_with("error: interrupted by SIGTERM before the work was complete\n"));
    assert_eq!(site.names(), ["files", "mx.dump"]);
}

#[test]
fn command_without_an_output_is_interrupted_while_it_waits() {
    for name in ["check", "inspect", "list"] {
        let Some(program) = example(name) else { return };
        let mut command = Command::new(&program);
        let child = command.arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let input = child.stdin.take();
        // It listens before it reads; a signal before that ends it as any program.
        std::thread::sleep(Duration::from_millis(500));
        send("INT", &child);
        let output = child.wait_with_output().unwrap();
        drop(input);
        assert_eq!(output.status.code(), Some(130), "{name}: {}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{name}: {}", stderr(&output));
    }
}

#[test]
fn next_run_names_and_removes_what_a_killed_one_left() {
    let Some(pack) = example("pack") else { return };
    let site = Site::new();
    let mut child = begun(&pack, &site);
    child.kill().unwrap();
    child.wait().unwrap();
    let left = site.names().into_iter().find(|name| is_staging(name)).expect("a killed process cannot tidy up");
    let arguments = ["--database", &*site.arg("mx.dump"), "--output", &*site.arg("backup.tar.gz")];
    let output = run(&pack, &arguments, b"");
    stdout(&output);
    // Processes cannot be looked up everywhere; there, a day must pass.
    if cfg!(target_os = "linux") {
        assert!(stderr(&output).contains(&left) && stderr(&output).contains("interrupted run"), "{}", stderr(&output));
        assert_eq!(site.names(), ["backup.tar.gz", "files", "mx.dump"]);
    }
}
