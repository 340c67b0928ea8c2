//! Every message that reading can give, as a list that is reviewed when it changes.

use std::collections::BTreeSet;
use std::io;

use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::extract::ExtractOptions;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::options::Tolerance;
use appsnap::snapshot::{
    Content, Error, ErrorKind, ReadOptions, SnapshotArchive, SnapshotReader, SnapshotWriter, WriteOptions, extract,
};
use appsnap::{Limits, pgdump};

use super::{chain, said};
use crate::support::archives::{Contents, id};
use crate::support::hostile::cases;
use crate::support::hostile::dump::Dump;
use crate::support::readers::FailAt;

/// Figures and names differ from case to case; the words do not.
fn words(message: &str) -> String {
    let word = |word: &str| {
        let is_bracket = |c: char| "(),;:?`\"".contains(c);
        let bare = word.trim_matches(is_bracket);
        let has_digit = bare.contains(|c: char| c.is_ascii_digit());
        let is_figure = has_digit && bare.chars().all(|c| c.is_ascii_hexdigit() || "-.:^".contains(c));
        let is_name = (bare.contains('\\') && !bare.contains("\\u")) || (bare.contains('/') && has_digit);
        match (bare, is_figure, is_name) {
            // The one figure that is a word.
            ("2^32" | "2^64-1", ..) | (_, false, false) => word.to_owned(),
            (_, true, _) => word.replace(bare, "#"),
            (_, _, true) => word.replace(bare, "NAME"),
        }
    };
    message.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A message without the leading name of the member.
fn nameless(message: &str) -> &str {
    let is_name = |text: &str| !text.contains(' ') || text.starts_with("tree/") || text.starts_with("document ");
    match message.split_once(": ") {
        Some((name, rest)) if is_name(name) => rest,
        _ => message,
    }
}

fn listed(messages: impl IntoIterator<Item = String>) -> String {
    let mut lines = messages.into_iter().map(|message| words(&message)).collect::<BTreeSet<_>>();
    lines.remove("");
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn errors_of_archives() {
    let errors = cases().iter().filter_map(|case| said(&case.bytes, &case.limits, Tolerance::Strict).1);
    insta::assert_snapshot!(listed(errors.map(|error| nameless(&error).to_owned())));
}

#[test]
fn anomalies_of_archives() {
    let tolerances = [Tolerance::Strict, Tolerance::Salvage];
    let all = tolerances
        .iter()
        .flat_map(|tolerance| cases().iter().flat_map(|case| said(&case.bytes, &case.limits, *tolerance).0));
    insta::assert_snapshot!(listed(all.map(|anomaly| nameless(&anomaly).to_owned())));
}

#[test]
fn errors_of_writing_and_random_access() {
    let mut errors = Vec::new();
    let mut note = |error: Error| errors.push(nameless(&chain(&error)).to_owned());
    let start = || SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new()).unwrap();

    note(start().document(id(1), Content::sized(3, &b"ab"[..]), &mut NoObserver).unwrap_err());
    note(start().document(id(1), Content::sized(3, &b"abcd"[..]), &mut NoObserver).unwrap_err());
    let mut writer = start();
    writer.document(id(1), Content::sized(0, io::empty()), &mut NoObserver).unwrap();
    note(writer.document(id(1), Content::sized(0, io::empty()), &mut NoObserver).unwrap_err());
    note(writer.document(id(2), Content::sized(0, io::empty()), &mut NoObserver).unwrap_err());
    note(writer.finish().unwrap_err().into());
    let mut writer = start();
    writer.document(id(1), Content::sized(0, io::empty()), &mut NoObserver).unwrap();
    note(writer.database(Content::sized(0, io::empty()), &mut NoObserver).unwrap_err());
    let sizes = Metadata::new().with_dump_size_bytes(7);
    note(SnapshotWriter::start(Vec::new(), &sizes, &WriteOptions::new()).unwrap().finish().unwrap_err().into());
    let mut unsorted = Contents::tiny();
    unsorted.documents.reverse();
    note(start().documents(&unsorted, &mut NoObserver).unwrap_err());
    let sink = FailAt { inner: Vec::new(), calls_left: 0 };
    let full = SnapshotWriter::start(sink, &Metadata::new(), &WriteOptions::new());
    note(full.and_then(|writer| Ok(writer.finish().map(drop)?)).unwrap_err());

    let (archive, _) = Contents::tiny().push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let open = |bytes: &[u8]| SnapshotArchive::open(bytes.to_vec(), &ReadOptions::new());
    note(open(b"").unwrap_err());
    note(open(&Contents::tiny().archive()).unwrap_err());
    // Every byte of the index, damaged. Errors of the gzip framing around it are the inflater's, and listed elsewhere.
    let mut note_index = |error: Error| {
        if matches!(error.kind(), ErrorKind::Index(_) | ErrorKind::NoIndex) {
            note(error);
        }
    };
    for at in Contents::tiny().archive().len()..archive.len() {
        let mut damaged = archive.clone();
        damaged[at] ^= 4;
        match open(&damaged) {
            Err(error) => note_index(error),
            Ok(opened) => {
                let verified = opened.verify(Parallelism::INLINE, &mut NoObserver);
                verified.err().into_iter().for_each(&mut note_index);
                opened.metadata().err().into_iter().for_each(&mut note_index);
            }
        }
        let mut reader = SnapshotReader::new(damaged.as_slice(), &ReadOptions::new());
        loop {
            match reader.next_entry() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => break note_index(error),
            }
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let archive = Contents::tiny().archive();
    let reader = || SnapshotReader::new(archive.as_slice(), &ReadOptions::new());
    let unpack = |name: &str| {
        let destination = folder.path().join(name);
        let result = extract(&mut reader(), &destination, &ExtractOptions::new(), &mut NoObserver);
        // The folder's name is another each time, and the causes are the system's words.
        result.map_err(|error| error.to_string().replace(&*folder.path().to_string_lossy(), "FOLDER"))
    };
    unpack("there").unwrap();
    errors.push(unpack("there").unwrap_err());
    errors.push(unpack("no/such/folder").unwrap_err());
    insta::assert_snapshot!(listed(errors));
}

#[test]
fn errors_and_findings_of_dumps() {
    let mut messages = Vec::new();
    let mut note = |dump: &[u8]| match pgdump::inspect(dump, &Limits::untrusted(), &mut NoObserver) {
        Err(error) => messages.push(chain(&error)),
        Ok(inspection) => messages.extend(inspection.diagnostics.iter().map(ToString::to_string)),
    };
    for version in [[1, 12, 0], [1, 14, 0], [1, 16, 0]] {
        let dump = Dump { version, ..Dump::default() }.render();
        for len in 0..dump.len() {
            note(&dump[..len]);
        }
        note(&[dump.as_slice(), b"behind"].concat());
        for at in 0..dump.len() {
            for value in [0, 1, 2, 9, 0x7f, 0xff] {
                let mut bent = dump.clone();
                bent[at] = value;
                note(&bent);
            }
        }
    }
    insta::assert_snapshot!(listed(messages));
}
