//! The example `check`: its options, and what it prints.

use std::fs;

use serde_json::Value;

use super::commands::Site;
use super::{example, run, stderr, stdout};
use crate::support::hostile::cases;

/// The programs that the README lists as commands.
const COMMANDS: [&str; 9] =
    ["pack", "unpack", "check", "inspect", "list", "fetch_document", "repack", "convert_dump", "retention"];

/// An archive of the sample dump and of documents that it does not know.
fn archive(site: &Site) -> Option<String> {
    site.pack("backup.tar.gz", &[])?;
    Some(site.arg("backup.tar.gz"))
}

#[test]
fn limit_that_a_message_names_is_raised_by_the_option_that_it_names() {
    let site = Site::new();
    let (Some(check), Some(inspect), Some(archive)) = (example("check"), example("inspect"), archive(&site)) else {
        return;
    };
    for (option, small, enough) in [
        ("--max-total-bytes", "1k", "10MB"),
        ("--max-entry-bytes", "1000", "10MiB"),
        ("--max-entries", "3", "100"),
        ("--max-metadata-bytes", "10", "1 kB"),
        ("--max-toc-bytes", "1k", "1M"),
        ("--max-toc-entries", "3", "100"),
        ("--max-string-bytes", "2", "1M"),
        ("--max-decompressed-bytes", "1KiB", "1.5G"),
    ] {
        let refused = run(&check, &[&*archive, option, small], b"");
        assert_eq!(refused.status.code(), Some(1), "{option}: {}", stderr(&refused));
        let text = String::from_utf8_lossy(&refused.stdout).into_owned();
        assert!(text.contains(&format!(": {option}\n")), "{option}: {text}");
        stdout(&run(&check, &[&*archive, option, enough], b""));
        let refused = run(&inspect, &[&*archive, option, small], b"");
        assert!(stderr(&refused).contains(option), "{option}: {}", stderr(&refused));
    }
    let help = stdout(&run(&check, &["--help"], b""));
    for limit in ["row-bytes", "extension-bytes", "extensions", "gzip-header-bytes", "event-bytes", "window-bytes"] {
        assert!(help.contains(&format!("--max-{limit}")), "{limit}: {help}");
    }
}

#[test]
fn total_bounds_the_dump_as_well() {
    let site = Site::new();
    let (Some(check), Some(archive)) = (example("check"), archive(&site)) else { return };
    // The dump takes 22 kB of the archive, and becomes 26 kB: alone it is not within the total, and neither is the archive.
    let refused = run(&check, &[&*site.arg("mx.dump"), "--max-total-bytes", "25kB"], b"");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stdout).contains("max_decompressed_bytes"), "{refused:?}");
    stdout(&run(&check, &[&*site.arg("mx.dump"), "--max-total-bytes", "27kB"], b""));
    assert_eq!(run(&check, &[&*archive, "--max-total-bytes", "27kB"], b"").status.code(), Some(1));
}

#[test]
fn sizes_and_codes_that_are_none_are_wrong_use() {
    let site = Site::new();
    let Some(check) = example("check") else { return };
    let file = site.arg("mx.dump");
    for (arguments, part) in [
        (["--max-total-bytes", "10q"], "10MiB"),
        (["--max-total-bytes", "1.5"], "10MiB"),
        (["--max-total-bytes", "99999999999T"], "10MiB"),
        (["--max-total-bytes", ""], "10MiB"),
        (["--max-entries", "many"], "--max-entries"),
        (["--allow", "F999"], "F001"),
        (["--profile", "mendix"], "mendix-cloud"),
        (["--profil", "format"], "--profile"),
        (["--target-database-bytes", "10G"], "no rule about space"),
    ] {
        let refused = run(&check, &[&[&*file], &arguments[..]].concat(), b"");
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&refused).contains(part), "{arguments:?}: {}", stderr(&refused));
    }
    let small = ["--profile", "mendix-cloud", "--target-database-bytes", "1kB"];
    let report = String::from_utf8(run(&check, &[&[&*file], &small[..]].concat(), b"").stdout).unwrap();
    assert!(report.contains("target-too-small"), "{report}");
}

#[test]
fn allowed_finding_is_shown_and_does_not_decide() {
    let site = Site::new();
    let Some(check) = example("check") else { return };
    let dump = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/postgres18.dump");
    let arguments = [dump, "--max-dump-version", "1.14", "--profile", "mendix-cloud-2021"];
    assert_eq!(run(&check, &arguments, b"").status.code(), Some(1));
    for code in ["D002", "d002", "dump-format-too-new", "F001,D002"] {
        let allowed = run(&check, &[&arguments[..], &["--allow", code, "--json"]].concat(), b"");
        let report: Value = serde_json::from_str(&stdout(&allowed)).unwrap();
        assert_ne!(report["verdict"], "reject", "{code}");
        let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "D002").unwrap();
        assert_eq!((&finding["severity"], &finding["allowed"]), (&"error".into(), &true.into()));
        assert!(report["allowed"].as_array().unwrap().contains(&"D002".into()));
    }
    let text = stdout(&run(&check, &[&arguments[..], &["--allow", "D002"]].concat(), b""));
    assert!(text.contains("error, allowed D002 dump-format-too-new"), "{text}");
    assert_eq!(site.names(), ["files", "mx.dump"]);
}

#[test]
fn full_lists_have_every_document() {
    let site = Site::new();
    let (Some(check), Some(archive)) = (example("check"), archive(&site)) else { return };
    let lists = [&*archive, "--missing", &*site.arg("missing"), "--orphans", &*site.arg("orphans")];
    run(&check, &lists, b"");
    let missing = fs::read_to_string(site.path("missing")).unwrap();
    let expected = [1, 2].map(|number| format!("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d000{number}\n"));
    assert_eq!(missing, expected.concat());
    let orphans = fs::read_to_string(site.path("orphans")).unwrap();
    let mut ids = site.documents.iter().map(|(id, _)| format!("{id}\n")).collect::<Vec<_>>();
    ids.sort();
    assert_eq!(orphans, ids.concat());

    // The rows alone say what is missing, and a list on standard output is the result.
    let piped = run(&check, &[&*site.arg("mx.dump"), "--missing", "-"], b"");
    assert_eq!(stdout(&piped), missing);
    assert!(stderr(&piped).starts_with("accept"), "{}", stderr(&piped));
    let twice = run(&check, &[&*archive, "--missing", "x", "--orphans", "x"], b"");
    assert_eq!(twice.status.code(), Some(2));
}

/// Archives that are damaged or odd at any position, from a file and from a pipe.
#[test]
fn any_archive_ends_in_a_verdict() {
    let site = Site::new();
    let Some(check) = example("check") else { return };
    for case in cases().iter().filter(|case| case.bytes.len() < 256 << 10).step_by(3) {
        fs::write(site.path("file"), &case.bytes).unwrap();
        let named = run(&check, &[&*site.arg("file"), "--json"], b"");
        let piped = run(&check, &["-", "--json"], &case.bytes);
        let report: Value = serde_json::from_slice(&named.stdout).unwrap_or_else(|_| panic!("{}", stderr(&named)));
        let code = i32::from(report["verdict"] == "reject");
        assert_eq!((named.status.code(), piped.status.code()), (Some(code), Some(code)), "{}", case.name);
        assert!(named.stdout == piped.stdout, "{}: {}", case.name, stderr(&piped));
    }
}

#[cfg(all(feature = "squidex", feature = "catalog"))]
#[test]
fn squidex_archive_in_a_pipe_is_judged_as_in_a_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/squidex.zip");
    let archive = fs::read(path).unwrap();
    for name in ["check", "inspect"] {
        let Some(program) = example(name) else { return };
        let (named, piped) = (run(&program, &[path, "--json"], b""), run(&program, &["-", "--json"], &archive));
        assert_eq!((named.status, &named.stdout), (piped.status, &piped.stdout), "{name}: {}", stderr(&piped));
        assert!(String::from_utf8_lossy(&piped.stdout).contains("blog"), "{name}");
    }
}

#[test]
fn information_is_shown_with_verbose() {
    let site = Site::new();
    let Some(check) = example("check") else { return };
    let quiet = stdout(&run(&check, &[&site.arg("mx.dump")], b""));
    assert!(quiet.contains("see them with --verbose") && !quiet.contains("\ninfo"), "{quiet}");
    let verbose = stdout(&run(&check, &[&*site.arg("mx.dump"), "--verbose"], b""));
    assert!(verbose.contains("\ninfo"), "{verbose}");
}

#[test]
fn commands_have_a_version_and_help_with_an_example() {
    for name in COMMANDS {
        let Some(program) = example(name) else { return };
        let version = stdout(&run(&program, &["--version"], b""));
        let number = version.trim_end().strip_prefix(&format!("{name} ")).unwrap();
        assert!(number.split('.').count() == 3, "{version}");
        let help = stdout(&run(&program, &["--help"], b""));
        let example = help.split_once("Example").map(|(_, example)| example);
        assert!(example.is_some_and(|example| example.contains(&format!("{name} "))), "{help}");
    }
}
