//! Archives that must be read.

use std::fs;
use std::process::Command;

use appsnap::Limits;
use appsnap::zip::Archive;

use super::builder::{End, Item, build, build_with};
use super::read_all;
use crate::support::tools::tool;

fn items() -> Vec<Item> {
    vec![
        Item::stored("a.txt", b"stored"),
        Item::deflated("b.txt", &b"deflated ".repeat(1000)),
        Item::stored("empty", b""),
    ]
}

fn contents() -> Vec<(Vec<u8>, Vec<u8>)> {
    vec![
        (b"a.txt".to_vec(), b"stored".to_vec()),
        (b"b.txt".to_vec(), b"deflated ".repeat(1000)),
        (b"empty".to_vec(), Vec::new()),
    ]
}

#[test]
fn stored_and_deflated_entries_are_read() {
    assert_eq!(read_all(&build(&items()), &Limits::untrusted()).unwrap(), contents());
}

#[test]
fn every_form_of_data_descriptor_is_read() {
    for (signature, wide) in [(true, false), (false, false), (true, true), (false, true)] {
        let streamed: Vec<Item> = items().into_iter().map(|item| item.streamed(signature, wide)).collect();
        assert_eq!(read_all(&build(&streamed), &Limits::untrusted()).unwrap(), contents(), "{signature} {wide}");
    }
}

#[test]
fn zip64_and_a_comment_are_read() {
    let end = End { zip64: true, comment: b"written by the test", ..End::default() };
    assert_eq!(read_all(&build_with(&items(), end), &Limits::untrusted()).unwrap(), contents());
}

#[test]
fn an_empty_archive_has_no_entries() {
    assert_eq!(read_all(&build(&[]), &Limits::untrusted()).unwrap(), []);
}

#[test]
fn folders_and_files_are_distinguished() {
    let bytes = build(&[Item::stored("tree/", b""), Item::stored("tree/x", b"x")]);
    let archive = Archive::open(&bytes, &Limits::untrusted()).unwrap();
    let mut buffer = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    assert!(entries.next_entry().unwrap().unwrap().is_folder());
    assert!(!entries.next_entry().unwrap().unwrap().is_folder());
}

#[test]
fn names_that_occur_twice_are_listed_twice() {
    let bytes = build(&[Item::stored("same", b"1"), Item::stored("same", b"2")]);
    let all = read_all(&bytes, &Limits::untrusted()).unwrap();
    assert_eq!(all, [(b"same".to_vec(), b"1".to_vec()), (b"same".to_vec(), b"2".to_vec())]);
}

#[test]
fn a_directory_in_another_order_than_the_entries_is_read() {
    let mut bytes = build(&items());
    // Swap the first two records of the directory: both have names of five bytes and no extra fields.
    let at = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let (first, second) = bytes[at..at + 102].split_at_mut(51);
    first.swap_with_slice(second);
    let mut expected = contents();
    expected.swap(0, 1);
    assert_eq!(read_all(&bytes, &Limits::untrusted()).unwrap(), expected);
}

#[test]
fn what_pythons_zipfile_writes_is_read() {
    let Some(python) = tool("python3") else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = "
import io, sys, zipfile
class Pipe(io.RawIOBase):
    def __init__(self, out): self.out = out
    def writable(self): return True
    def write(self, data): return self.out.write(data)
for name, seekable in (('seek.zip', True), ('pipe.zip', False)):
    with open(name, 'wb') as out:
        with zipfile.ZipFile(out if seekable else Pipe(out), 'w') as z:
            z.mkdir('tree') if hasattr(z, 'mkdir') else z.writestr('tree/', b'')
            z.writestr('tree/stored', b'stored', zipfile.ZIP_STORED)
            z.writestr('tree/deflated', b'deflated ' * 1000, zipfile.ZIP_DEFLATED)
            with z.open('tree/zip64', 'w', force_zip64=True) as e: e.write(b'zip64')
";
    let done = Command::new(python).args(["-c", script]).current_dir(&folder).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    for name in ["seek.zip", "pipe.zip"] {
        let all = read_all(&fs::read(folder.path().join(name)).unwrap(), &Limits::untrusted()).unwrap();
        let expected: [(&[u8], &[u8]); 4] = [
            (b"tree/", b""),
            (b"tree/stored", b"stored"),
            (b"tree/deflated", &b"deflated ".repeat(1000)),
            (b"tree/zip64", b"zip64"),
        ];
        assert_eq!(all, expected.map(|(name, contents)| (name.to_vec(), contents.to_vec())), "{name}");
    }
}
