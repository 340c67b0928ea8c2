//! Archives that the usual tar programs make of an unpacked snapshot, read back.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use appsnap::DocumentId;
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};

use crate::support::hostile::dump;
use crate::support::hostile::plan::{documents, metadata, path};
use crate::support::tools::tool;

/// The contents of the folder, which every archive must return.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    metadata: Vec<u8>,
    database: Vec<u8>,
    documents: BTreeMap<DocumentId, Vec<u8>>,
}

fn content() -> Content {
    let documents = documents().into_iter().collect::<BTreeMap<_, _>>();
    let files_bytes = documents.values().map(Vec::len).sum();
    Content { metadata: metadata(dump::small().len(), files_bytes).into_bytes(), database: dump::small(), documents }
}

/// Lays the content out as a snapshot's folder.
fn unpacked(root: &Path) -> Content {
    let content = content();
    let put = |name: &str, bytes: &[u8]| {
        let file = root.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    };
    put(".metadata", &content.metadata);
    put("db/db.backup", &content.database);
    for (id, bytes) in &content.documents {
        put(&path(id), bytes);
    }
    content
}

/// Reads an archive; gives its content and the names of its diagnostics.
fn read(archive: &[u8]) -> (Content, Vec<&'static str>) {
    let mut reader = SnapshotReader::new(archive, &ReadOptions::new());
    let mut content = Content { metadata: Vec::new(), database: Vec::new(), documents: BTreeMap::new() };
    while let Some(mut entry) = reader.next_entry().unwrap() {
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        match entry.kind() {
            EntryKind::Metadata(_) => content.metadata = bytes,
            EntryKind::Database => content.database = bytes,
            EntryKind::Document(id) => drop(content.documents.insert(*id, bytes)),
            other => panic!("{other:?}"),
        }
    }
    assert!(reader.report().is_verified());
    (content, reader.report().diagnostics().iter().map(|found| found.code().name()).collect())
}

/// Runs a program in the snapshot's folder; its output is an archive.
fn packed(program: &OsStr, folder: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Packs the folder in every way, and reads every archive, compressed and bare.
fn every_way(program: &OsString, formats: &[&str], ways: &[(&[&str], &[&str])]) {
    let folder = tempfile::tempdir().unwrap();
    let wanted = unpacked(folder.path());
    for format in formats {
        for (arguments, anomalies) in ways {
            for output in ["-cf-", "-czf-"] {
                let all = [&[output, *format][..], arguments].concat();
                let archive = packed(program, folder.path(), &all, b"");
                let (content, told) = read(&archive);
                assert_eq!(content, wanted, "{all:?}");
                assert_eq!(told, *anomalies, "{all:?}");
            }
        }
    }
}

#[test]
fn archives_of_gnu_tar_are_read() {
    let Some(tar) = tool("tar") else { return };
    let formats = ["--format=v7", "--format=oldgnu", "--format=gnu", "--format=ustar", "--format=posix"];
    every_way(
        &tar.into_os_string(),
        &formats,
        &[
            (&["."], &[]),
            (&[".metadata", "db", "tree"], &[]),
            (&["--sort=name", "--owner=0", "--group=0", "--mtime=@0", "."], &[]),
            (&["-b", "20", "."], &[]),
            (&["-b", "1", "."], &[]),
        ],
    );
}

#[test]
fn times_before_1970_are_nobodys_business() {
    let Some(tar) = tool("tar") else { return };
    let formats = ["--format=oldgnu", "--format=gnu", "--format=posix"];
    every_way(&tar.into_os_string(), &formats, &[(&["--mtime=1960-01-01", "."], &[])]);
}

#[test]
fn labels_of_gnu_tar_are_skipped_with_a_warning() {
    let Some(tar) = tool("tar") else { return };
    let formats = ["--format=oldgnu", "--format=gnu"];
    every_way(&tar.clone().into_os_string(), &formats, &[(&["-V", "nightly", "."], &["junk-skipped"])]);
    // In the pax format a label is a record, which is legal without a word.
    every_way(&tar.into_os_string(), &["--format=posix"], &[(&["-V", "nightly", "."], &[])]);
}

#[test]
fn archives_of_bsdtar_are_read() {
    let Some(bsdtar) = tool("bsdtar") else { return };
    let formats = ["--format=v7", "--format=gnutar", "--format=ustar", "--format=pax", "--format=paxr"];
    every_way(
        &bsdtar.into_os_string(),
        &formats,
        &[(&["."], &[]), (&[".metadata", "db", "tree"], &[]), (&["-b", "20", "."], &[])],
    );
}

#[test]
fn archives_of_busybox_are_read() {
    let Some(busybox) = tool("busybox") else { return };
    let folder = tempfile::tempdir().unwrap();
    unpacked(folder.path());
    for arguments in [["tar", "-cf", "-", "."], ["tar", "-czf", "-", "."]] {
        let archive = packed(busybox.as_os_str(), folder.path(), &arguments, b"");
        assert_eq!(read(&archive), (content(), vec![]), "{arguments:?}");
    }
}

/// Packs the working directory; the arguments are the format and the name of the top.
const PYTHON: &str = "
import sys, tarfile
format = getattr(tarfile, sys.argv[1])
with tarfile.open(fileobj=sys.stdout.buffer, mode=sys.argv[2], format=format) as tar:
    for name in sys.argv[3:]:
        tar.add(name)
";

#[test]
fn archives_of_python_are_read() {
    let Some(python) = tool("python3") else { return };
    let folder = tempfile::tempdir().unwrap();
    unpacked(folder.path());
    for format in ["USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"] {
        for mode in ["w|", "w|gz"] {
            for names in [&["."][..], &[".metadata", "db", "tree"]] {
                let arguments = [&["-c", PYTHON, format, mode][..], names].concat();
                let archive = packed(python.as_os_str(), folder.path(), &arguments, b"");
                assert_eq!(read(&archive), (content(), vec![]), "{format} {mode} {names:?}");
            }
        }
    }
}

#[test]
fn gzip_and_its_parallel_kin_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let plain = crate::support::hostile::plan::Plan::sample().tar();
    for (program, arguments) in [("gzip", &["-1"][..]), ("gzip", &["-9"]), ("pigz", &["-b", "128"]), ("pigz", &["-i"])]
    {
        let Some(program) = tool(program) else { continue };
        let archive = packed(program.as_os_str(), folder.path(), arguments, &plain);
        assert_eq!(read(&archive), (content(), vec![]), "{arguments:?}");
    }
}
