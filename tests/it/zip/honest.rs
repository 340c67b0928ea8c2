//! Archives that must be read.

use std::fs;
use std::process::Command;

use appsnap::Limits;
use appsnap::zip::{Archive, Buffer, Kind, Writer};
use proptest::prelude::*;

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
    let end = End { zip64: true, comment: b"made by hand", ..End::default() };
    assert_eq!(read_all(&build_with(&items(), end), &Limits::untrusted()).unwrap(), contents());
}

#[test]
fn an_empty_archive_has_no_entries() {
    assert_eq!(read_all(&build(&[]), &Limits::untrusted()).unwrap(), []);
}

#[test]
fn a_folder_is_told_from_a_file() {
    let bytes = build(&[Item::stored("tree/", b""), Item::stored("tree/x", b"x")]);
    let archive = Archive::open(&bytes, &Limits::untrusted()).unwrap();
    let mut buffer = Buffer::new();
    let mut entries = archive.entries(&mut buffer);
    assert_eq!(entries.next_entry().unwrap().unwrap().kind(), Kind::Folder);
    assert_eq!(entries.next_entry().unwrap().unwrap().kind(), Kind::File);
}

#[test]
fn names_that_occur_twice_are_lent_twice() {
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
fn the_same_input_gives_the_same_zip() {
    let write = || {
        let mut writer = Writer::new(Vec::new());
        writer.entry("a/b.json", &b"{}"[..]).unwrap();
        writer.finish().unwrap()
    };
    assert_eq!(write(), write());
}

#[test]
fn an_entry_that_failed_cannot_be_finished() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let mut writer = Writer::new(Vec::new());
    let error = writer.entry("a", Broken).unwrap_err();
    assert_eq!(error.to_string(), "reading the contents of a zip entry failed (zip entry \"a\")");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is gone");
    assert!(writer.entry("b", &b""[..]).is_err());
    assert!(writer.finish().is_err());
}

#[test]
fn names_that_programs_read_differently_are_not_written() {
    for name in ["", "/etc/passwd", "../x", "a//b", "a/./b", "a\\b", "c:x", "a\nb", "folder/"] {
        let error = Writer::new(Vec::new()).entry(name, &b""[..]).unwrap_err();
        assert!(matches!(error.kind(), appsnap::zip::ErrorKind::Misuse(_)), "{name:?}");
    }
}

#[test]
fn what_pythons_zipfile_makes_is_read_and_what_is_made_here_python_reads() {
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
with zipfile.ZipFile('ours.zip') as z:
    assert z.testzip() is None
    assert z.namelist() == ['a/first', 'a/second'], z.namelist()
    assert z.read('a/first') == b'first' and z.read('a/second') == b'second ' * 5000
";
    let mut writer = Writer::new(Vec::new());
    writer.entry("a/first", &b"first"[..]).unwrap();
    writer.entry("a/second", &b"second ".repeat(5000)[..]).unwrap();
    fs::write(folder.path().join("ours.zip"), writer.finish().unwrap()).unwrap();
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_written_is_read(files in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2000), 0..8)) {
        let mut writer = Writer::new(Vec::new());
        for (index, contents) in files.iter().enumerate() {
            writer.entry(&format!("folder/{index}"), contents.as_slice()).unwrap();
        }
        let read = read_all(&writer.finish().unwrap(), &Limits::untrusted()).unwrap();
        prop_assert_eq!(read.into_iter().map(|(_, contents)| contents).collect::<Vec<_>>(), files);
    }
}
