//! Texts from archives and dumps reach no terminal as they are: no control, no line break, nothing that turns the
//! direction of writing or hides.

use appsnap::observe::NoObserver;
use appsnap::snapshot::options::Tolerance;
use appsnap::{Limits, pgdump};

use super::{chain, said};
use crate::support::hostile::cases;
use crate::support::hostile::extension::{long_name_of, pax};
use crate::support::hostile::header::Header;
use crate::support::hostile::plan::{DOCUMENT, METADATA, Part, Plan};

/// Terminal escapes, line breaks, bidirectional controls, invisible and combining characters.
const NASTY: [&str; 9] = [
    "\u{1b}]0;owned\u{7}\u{1b}[2J",
    "line\r\nerror: all is well",
    "\u{202e}gnp.exe",
    "\u{2066}\u{2069}\u{200f}",
    "\u{200b}\u{feff}\u{ad}",
    "e\u{301}\u{327}\u{20dd}",
    "\u{9b}31m",
    "\u{7f}\u{8}\u{8}",
    "\u{e0041}\u{fff9}\u{2028}",
];

fn expect_plain(what: &str, text: &str) {
    assert!(text.chars().all(|c| (' '..='~').contains(&c)), "{what}: {text:?}");
    assert!(text.len() < 2000, "{what}: {} bytes", text.len());
}

fn expect_plain_reading(what: &str, archive: &[u8], limits: &Limits) {
    for tolerance in [Tolerance::Strict, Tolerance::Salvage] {
        let (anomalies, error) = said(archive, limits, tolerance);
        anomalies.iter().chain(&error).for_each(|text| expect_plain(what, text));
    }
}

#[test]
fn every_hostile_case_is_answered_in_plain_text() {
    for case in cases() {
        expect_plain_reading(&case.name, &case.bytes, &case.limits);
    }
}

#[test]
fn nasty_names_are_escaped_wherever_they_stand() {
    for nasty in NASTY {
        let limits = Limits::untrusted();
        let label = Part::bare(Header::gnu(nasty, 0).of_type(b'V'));
        for (what, plan) in [
            ("a name", Plan::sample().push(Part::file(nasty, ""))),
            ("a name below tree", Plan::sample().push(Part::file(format!("tree/{nasty}"), "x"))),
            ("junk", Plan::sample().push(Part::file(format!("._{nasty}"), ""))),
            ("a directory", Plan::sample().push(Part::directory(nasty))),
            ("a label", Plan::sample().push(label)),
            ("a pax path", Plan::sample().extend(DOCUMENT, pax(&[("path", nasty)]))),
            ("a pax key", Plan::sample().extend(DOCUMENT, pax(&[(nasty, "x"), (nasty, "y")]))),
            ("a pax size", Plan::sample().extend(DOCUMENT, pax(&[("size", nasty)]))),
            ("a long name", Plan::sample().extend(DOCUMENT, long_name_of(nasty))),
            ("an owner", Plan::sample().push(Part::file("x", "").behind(pax(&[("uname", nasty)])))),
        ] {
            expect_plain_reading(what, &plan.gz(), &limits);
        }
        let json = serde_json::to_string(nasty).unwrap();
        for text in [
            format!("{{{json}:1,{json}:2}}"),
            format!("{{\"dumpSize\":{json}}}"),
            format!("{{\"modelVersion\":[{json}]}}"),
            format!("{{\"duration\":{{{json}:{json}}}}}"),
            json.to_string(),
            format!("{{{nasty}}}"),
            format!("{{\"a\":\"{nasty}\"}}"),
            format!("{{\"modelVersion\":{nasty}}}"),
        ] {
            let mut plan = Plan::sample();
            plan.parts[METADATA] = Part::file(".metadata", text);
            expect_plain_reading("metadata", &plan.gz(), &limits);
        }
    }
}

#[test]
fn nasty_texts_of_dumps_are_escaped() {
    use appsnap::pgdump::FormatVersion;
    use appsnap::pgdump::raw::{Compression, Header};
    use appsnap::pgdump::toc::{self, DataState, Entry};

    for nasty in NASTY.map(str::as_bytes) {
        let mut header = Header::new(FormatVersion::V1_14);
        header.compression = Compression::None;
        header.database = Some(nasty.to_vec());
        header.server_version = Some(nasty.to_vec());
        let mut encoding = Entry::new(1, b"ENCODING", b"ENCODING");
        let statement = [b"SET client_encoding = '", nasty, b"';\n"].concat();
        encoding.definition = Some(&statement);
        let mut strings = Entry::new(2, b"STDSTRINGS", nasty);
        strings.definition = Some(nasty);
        // Data that never come, twice the same id, and a fine entry: three ways to be named in an error or finding.
        let mut missing = Entry::new(3, nasty, nasty);
        missing.namespace = Some(nasty);
        missing.owner = Some(nasty);
        missing.data = DataState::NotSet;
        let twice = Entry::new(2, nasty, nasty);
        for entries in [vec![encoding, strings], vec![missing], vec![strings, twice], vec![encoding], vec![twice]] {
            let mut dump = Vec::new();
            header.encode(&mut dump).unwrap();
            toc::encode(entries, &header, &mut dump).unwrap();
            for bytes in [dump.clone(), dump[..dump.len() - 3].to_vec(), [dump.as_slice(), b"behind"].concat()] {
                match pgdump::inspect(bytes.as_slice(), &Limits::untrusted(), &mut NoObserver) {
                    Err(error) => expect_plain("a dump", &chain(&error)),
                    Ok(inspection) => {
                        let toc = inspection.toc.entries().map(|entry| entry.to_string());
                        let findings = inspection.diagnostics.iter().map(ToString::to_string);
                        toc.chain(findings).for_each(|text| expect_plain("a dump", &text));
                    }
                }
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn nasty_file_names_are_escaped() {
    use appsnap::observe::NoObserver;
    use appsnap::source::directory::{DirectoryOptions, scan};

    let folder = tempfile::tempdir().unwrap();
    for nasty in NASTY {
        std::fs::write(folder.path().join(nasty), "left over").unwrap();
    }
    let plan = scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver).unwrap();
    assert_eq!(plan.diagnostics().count(), NASTY.len() as u64);
    for skipped in plan.diagnostics() {
        expect_plain("a file that is left out", &skipped.to_string());
    }
    for nasty in NASTY {
        let error = scan(folder.path().join("no").join(nasty), &DirectoryOptions::new(), &mut NoObserver).unwrap_err();
        expect_plain("a missing folder", &chain(&error));
    }
}
