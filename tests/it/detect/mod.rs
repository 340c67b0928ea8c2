//! Files are recognised by their first bytes.

use std::fs;
use std::io::Write;

use appsnap::detect::{self, Detection, HEAD_BYTES, Kind};
use appsnap::pgdump::Identity;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::tempdir;

const ID: &str = "0d3e301f-5551-46f8-ad44-8de2be084c95";
const PLAIN_SQL: &[u8] = b"--\n-- PostgreSQL database dump\n--\n\n\\restrict KEY\n";
const DUMPALL: &[u8] = b"--\n-- PostgreSQL database cluster dump\n--\n\n";

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// A tar archive of members with these names; a name that ends in a slash is a directory.
fn tar(names: &[&str]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for name in names {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        let content: &[u8] = if name.ends_with('/') { b"" } else { b"content" };
        header.set_entry_type(if content.is_empty() { tar::EntryType::Directory } else { tar::EntryType::Regular });
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A zip file's first local header.
fn zip(name: &str) -> Vec<u8> {
    let mut header = b"PK\x03\x04".to_vec();
    header.resize(26, 0);
    header.extend((name.len() as u16).to_le_bytes());
    header.extend([0, 0]);
    header.extend(name.as_bytes());
    header
}

fn dump(format: u8) -> Vec<u8> {
    [b"PGDMP\x01\x0e\x00\x04\x08".as_slice(), &[format], &[0; 40]].concat()
}

fn name_and_gzip(bytes: &[u8]) -> (&'static str, bool) {
    let detection = detect::identify(bytes);
    (detection.name(), detection.is_gzip())
}

#[test]
fn every_kind_is_told_by_its_bytes() {
    let document = format!("tree/0d/3e/{ID}");
    let utf16 = |text: &str| [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("snapshot", tar(&[".metadata", "db/db.backup", &document])),
        ("snapshot", tar(&["./", "./db/", "./db/db.backup"])),
        ("snapshot", tar(&[&document])),
        ("snapshot", tar(&["._.metadata", ".metadata"])),
        ("snapshot", tar(&["README", ".metadata"])),
        ("snapshot", tar(&["tree/not-a-uuid"])),
        ("files-tar", tar(&["files/", "files/0d/", "files/0d/3e/", &format!("files/0d/3e/{ID}")])),
        ("files-tar", tar(&[&format!("./0d/3e/{ID}")])),
        ("files-tar", tar(&[ID])),
        ("tar", tar(&["README", "src/main.rs"])),
        ("pg-tar", tar(&["toc.dat", "3497.dat"])),
        ("hsqldb", tar(&["default.script"])),
        ("custom-dump", dump(1)),
        ("pg-directory-toc", dump(3)),
        ("plain-sql", PLAIN_SQL.to_vec()),
        ("plain-sql", [b"\xef\xbb\xbf", PLAIN_SQL].concat()),
        ("plain-sql", String::from_utf8(PLAIN_SQL.to_vec()).unwrap().replace('\n', "\r\n").into_bytes()),
        ("dumpall-sql", DUMPALL.to_vec()),
        ("zip", zip("files/0d/3e/x")),
        ("zip", b"PK\x05\x06".to_vec()),
        ("squidex", zip("attachments/327/version.json")),
        ("squidex", zip("events/0/0.json")),
        ("utf16-damaged", utf16("PGDMP\u{1}")),
        ("utf16-sql", utf16("--\r\n-- PostgreSQL database dump")),
        ("mssql-backup", b"TAPE\0\0\x03\0".to_vec()),
        ("hsqldb", b"SET DATABASE UNIQUE NAME HSQLDB8C1A2F8D5E\n".to_vec()),
        ("hsqldb", b"CREATE SCHEMA PUBLIC AUTHORIZATION DBA\n".to_vec()),
        ("unknown", b"hello".to_vec()),
        ("unknown", Vec::new()),
        ("unknown", [b"hello ".as_slice(), &[b'x'; 1000]].concat()),
        ("snapshot-in-folder", tar(&["backup/", "backup/.metadata"])),
        ("snapshot-in-folder", tar(&["backup/tree/", &format!("backup/tree/0d/3e/{ID}")])),
        ("snapshot-in-folder", tar(&["./my.app/monday/db/db.backup"])),
        ("cpio", b"070701000000010000".to_vec()),
        ("ar", b"!<arch>\ndebian-binary".to_vec()),
        ("lzip", b"LZIP\x01\x0c".to_vec()),
        ("gzip-as-latin1", b"\x1f\xc2\x8b\x08\0\0\0\0".to_vec()),
        ("gzip-as-text", b"\x1f\xef\xbf\xbd\x08\0\0\0".to_vec()),
        ("gzip-as-text", b"\xff\xfe\x1f\0\xef\0\x08\0".to_vec()),
        ("after-text", [b"tar: Removing leading `/' from member names\n".as_slice(), &gzip(b"x")].concat()),
        ("after-text", [b"one\n".as_slice(), &tar(&[".metadata"])].concat()),
    ];
    for (expected, bytes) in &cases {
        let detection = detect::identify(bytes);
        assert_eq!(name_and_gzip(bytes), (*expected, false), "{}", bytes.escape_ascii());
        if let Some(hint) = detection.hint() {
            assert!(hint.len() > 20 && !hint.ends_with('.') && !hint.contains('\n'), "{hint}");
        }
        let inside = match *expected {
            "custom-dump" => "bare-dump-gzip",
            // A whole block without any sign of a header.
            "unknown" if bytes.len() >= 512 => "gzip",
            _ => expected,
        };
        assert_eq!(name_and_gzip(&gzip(bytes)), (inside, true), "{} in gzip", bytes.escape_ascii());
    }
}

#[test]
fn dumps_recoded_as_text_are_told_with_the_way_back() {
    let dump = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/check/pg15-default.dump")).unwrap();
    let latin1: String = dump.iter().map(|byte| char::from(*byte)).collect();
    // Bytes without a character in Windows-1252 stay what they are.
    let windows: String = latin1.replace('\u{80}', "€").replace('\u{9c}', "œ").replace('\u{93}', "\u{201c}");
    let lossy = String::from_utf8_lossy(&dump).into_owned();
    for (text, name, remedy) in [
        (latin1.as_str(), "latin1-damaged", "iconv -f UTF-8 -t LATIN1"),
        (&format!("\u{feff}{latin1}"), "latin1-damaged", "iconv"),
        (&windows, "windows1252-damaged", "iconv -f UTF-8 -t CP1252"),
        (&lossy, "text-damaged", "cannot be recovered"),
    ] {
        let detection = detect::identify(text.as_bytes());
        assert_eq!(detection.name(), name);
        assert!(detection.hint().unwrap().contains(remedy), "{name}");
    }
    for sound in
        ["check/pg13-default.dump", "check/pg18-default.dump", "pgdump/pg13-edge.dump", "pgdump/pg17-lo-acl.dump"]
    {
        let dump = fs::read(format!("{}/data/{sound}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        for len in [1000, 3000, dump.len()] {
            assert_eq!(detect::identify(&dump[..len.min(dump.len())]).name(), "custom-dump", "{sound}");
        }
    }
}

#[test]
fn compressed_frames_that_are_not_looked_into_are_named_in_the_hint() {
    for (magic, program) in [
        (&[0x04, 0x22, 0x4d, 0x18][..], "lz4 -d"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstd -d"),
        (b"BZh91AY&SY", "bunzip2 -c"),
        (b"\xfd7zXZ\0", "xz -dc"),
    ] {
        let detection = detect::identify(magic);
        assert_eq!(detection.name(), "unknown");
        assert!(detection.hint().unwrap().contains(program));
    }
}

#[test]
fn damage_that_can_be_undone_is_told_with_the_command() {
    let twice = gzip(&gzip(&tar(&[".metadata"])));
    assert_eq!(name_and_gzip(&twice), ("gzip-twice", true));
    assert!(detect::identify(&twice).hint().unwrap().contains("gunzip -c"));
    let warned = [b"tar: Removing leading `/' from member names\n".as_slice(), &gzip(b"x")].concat();
    assert!(detect::identify(&warned).hint().unwrap().contains("tail -c +45 "));
    let latin1 = gzip(&tar(&[".metadata"])).iter().map(|byte| char::from(*byte)).collect::<String>();
    assert!(detect::identify(latin1.as_bytes()).hint().unwrap().contains("iconv -f UTF-8 -t ISO-8859-1"));
    let something = gzip(&[b'x'; 2000]);
    assert_eq!(name_and_gzip(&something), ("gzip", true));
    assert!(!detect::identify(&something).may_be_snapshot(), "text is no damaged archive");
}

#[test]
fn only_snapshots_and_bare_custom_dumps_need_no_hint() {
    let has_hint = |bytes: &[u8]| detect::identify(bytes).hint().is_some();
    assert!(!has_hint(&tar(&[".metadata"])) && !has_hint(&gzip(&tar(&[".metadata"]))));
    assert!(!has_hint(&dump(1)) && has_hint(&gzip(&dump(1))));
    assert!(detect::identify(&dump(1)).is_custom_dump() && !detect::identify(&gzip(&dump(1))).is_custom_dump());
    assert!(has_hint(PLAIN_SQL) && has_hint(b"hello") && has_hint(&zip("x")));
}

#[test]
fn archive_with_a_damaged_beginning_is_worth_reading_for_its_error() {
    let mut broken = tar(&[".metadata"]);
    broken[0] ^= 1;
    let is_worth = |bytes: &[u8]| Detection::may_be_snapshot(&detect::identify(bytes));
    assert!(is_worth(&broken) && is_worth(&gzip(&broken)));
    assert!(is_worth(&gzip(&tar(&[".metadata"]))[..5]));
    assert!(!is_worth(PLAIN_SQL) && !is_worth(b"hello") && !is_worth(&dump(1)));
}

#[test]
fn head_of_a_large_archive_is_enough() {
    let document = format!("tree/0d/3e/{ID}");
    let mut archive = tar(&[".metadata", "db/db.backup", &document]);
    archive.extend(vec![0; 1 << 20]);
    assert_eq!(name_and_gzip(&archive[..usize::try_from(HEAD_BYTES).unwrap()]).0, "snapshot");
    assert_eq!(name_and_gzip(&archive[..600]).0, "snapshot");
}

#[test]
fn folder_with_a_table_of_contents_is_a_directory_dump() {
    let folder = tempdir().unwrap();
    assert!(detect::identify_path(folder.path()).is_err(), "some folder");
    fs::write(folder.path().join("toc.dat"), dump(3)).unwrap();
    assert_eq!(detect::identify_path(folder.path()).unwrap().kind(), Kind::Other(Identity::TocFile));
    assert_eq!(detect::identify_path(folder.path().join("toc.dat")).unwrap().kind(), Kind::Other(Identity::TocFile));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_never_panic(
        start in prop::sample::select(vec![&b""[..], b"\x1f\x8b\x08", b"PGDMP", b"PK\x03\x04", b"\xff\xfe", b"--\n-- Po"]),
        rest in proptest::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let bytes = [start, &rest].concat();
        let detection = detect::identify(&bytes);
        prop_assert_eq!(detection, detect::identify(&bytes));
        prop_assert!(detect::identify(&gzip(&bytes)).is_gzip());
    }
}

#[test]
#[cfg(all(feature = "lz4", feature = "zstd"))]
fn snapshots_compressed_otherwise_are_named_with_the_command_that_helps() {
    let archive = tar(&[".metadata", "db/db.backup", &format!("tree/0d/3e/{ID}")]);
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(&archive).unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(archive.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    for (bytes, name, command) in
        [(lz4.finish().unwrap(), "tar-lz4", "lz4 -dc FILE | gzip"), (zstd, "tar-zstd", "zstd -dc FILE | gzip")]
    {
        let detection = detect::identify(&bytes);
        assert_eq!(detection.name(), name);
        assert!(detection.hint().unwrap().contains(command) && !detection.may_be_snapshot());
    }
    assert_eq!(detect::identify(&[0; 20_000]).kind(), Kind::Zeros);
    assert_eq!(detect::identify(&[0; 10_240]).kind(), Kind::Other(Identity::Unknown));
}
