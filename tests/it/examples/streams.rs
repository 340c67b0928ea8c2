//! Streams that are closed, full, or given up by their reader: no panic, and no bad verdict that turns into success.

use std::fs;
use std::process::{Command, Output, Stdio};

use super::commands::Site;
use super::{example, run, stderr, stdout};
use crate::support::app::DUMP;
use crate::support::tools::tool;

/// Runs a command line of the shell, in which `$0` is the program and `$1` its argument.
fn shell(line: &str, program: &std::path::Path, argument: &str) -> Output {
    Command::new("sh").args(["-c", line]).arg(program).arg(argument).output().unwrap()
}

/// Redirections to what cannot be written to.
const BROKEN: [&str; 6] = [">&-", "2>&-", ">&- 2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"];

#[test]
fn bad_verdict_survives_streams_that_break() {
    let site = Site::new();
    let (Some(check), Some(inspect), Some(list)) = (example("check"), example("inspect"), example("list")) else {
        return;
    };
    fs::write(site.path("cut.dump"), &DUMP[..DUMP.len() / 2]).unwrap();
    let file = site.arg("cut.dump");
    for program in [&check, &inspect, &list] {
        for redirection in BROKEN {
            for json in ["", "--json"] {
                let line = format!("\"$0\" \"$1\" {json} {redirection}");
                let output = shell(&line, program, &file);
                assert_eq!(output.status.code(), Some(1), "{program:?} {line}: {}", stderr(&output));
                assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
            }
        }
        // The reader is gone before anything is written.
        let line = "{ sleep 0.2; \"$0\" \"$1\" --json; echo code $? >&2; } | true";
        let output = shell(line, program, &file);
        assert!(stderr(&output).contains("code 1") && !stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
}

#[test]
fn good_result_that_no_one_can_read_is_a_failure_unless_the_reader_has_gone() {
    let site = Site::new();
    let Some(check) = example("check") else { return };
    let file = site.arg("mx.dump");
    let full = shell("\"$0\" \"$1\" >/dev/full", &check, &file);
    assert_eq!(full.status.code(), Some(2));
    assert!(stderr(&full).contains("standard output"), "{}", stderr(&full));
    let gone = shell("{ sleep 0.2; \"$0\" \"$1\"; echo code $? >&2; } | true", &check, &file);
    assert_eq!(stderr(&gone), "code 0\n");
    for redirection in ["2>&-", "2>/dev/full"] {
        let output = shell(&format!("\"$0\" \"$1\" {redirection}"), &check, &file);
        assert!(stdout(&output).starts_with("accept"), "{redirection}");
    }
}

#[test]
fn progress_is_shown_on_a_terminal_alone() {
    let site = Site::new();
    let (Some(script), Some(check), Some(_)) = (tool("script"), example("check"), site.pack("backup.tar.gz", &[]))
    else {
        return;
    };
    let archive = site.arg("backup.tar.gz");
    let line = format!("'{}' '{archive}'", check.display());
    let shown = Command::new(&script).args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    for part in ["reading the dump", "reading documents", "left", "/s"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let line = format!("{line} --quiet");
    let quiet = Command::new(&script).args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    assert!(!String::from_utf8_lossy(&quiet.stdout).contains("reading"), "{quiet:?}");
    assert_eq!(stderr(&run(&check, &[&archive], b"")), "");
}

#[test]
fn standard_input_is_read_by_commands_that_need_one_pass() {
    let site = Site::new();
    let Some(_) = site.pack("backup.tar.gz", &["--index"]) else { return };
    let archive = fs::read(site.path("backup.tar.gz")).unwrap();
    let id = site.documents[7].0.to_string();
    for (name, more) in [("check", "--json"), ("inspect", "--json"), ("list", "--json"), ("fetch_document", &*id)] {
        let Some(program) = example(name) else { return };
        let piped = run(&program, &["-", more], &archive);
        let named = run(&program, &[&*site.arg("backup.tar.gz"), more], b"");
        assert_eq!(stdout(&piped), stdout(&named), "{name}");
        let nothing = run(&program, &["-", more], b"");
        assert_eq!(nothing.status.code(), Some(1), "{name}: {}", stderr(&nothing));
        assert!(stderr(&nothing).contains("standard input"), "{name}: {}", stderr(&nothing));
    }
}
