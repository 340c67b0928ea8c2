//! Archives that must be refused, each for its own reason.

use std::io::Read as _;

use appsnap::Limits;
use appsnap::zip::{Archive, ErrorKind};

use super::builder::{End, Item, build, build_with, deflated};
use super::read_all;

fn refusal(bytes: &[u8]) -> ErrorKind {
    read_all(bytes, &Limits::untrusted()).expect_err("the archive was read").kind().clone()
}

fn pair(change: impl FnOnce(&mut Item)) -> Vec<u8> {
    let mut item = Item::deflated("bent", &b"contents ".repeat(100));
    change(&mut item);
    build(&[Item::stored("first", b"1"), item, Item::stored("last", b"2")])
}

#[test]
fn a_file_that_is_not_a_zip_is_reported_as_such() {
    for bytes in [&b""[..], b"PK", b"not a zip file at all", &[0; 5000]] {
        assert_eq!(refusal(bytes), ErrorKind::NotZip);
    }
}

#[test]
fn entries_that_share_bytes_are_refused() {
    // Two entries of the directory, one body.
    let mut twice = build(&[Item::stored("a", b"body")]);
    let second = Item { offset: Some(0), ..Item::stored("a", b"body") };
    assert_eq!(refusal(&build(&[Item::stored("a", b"body"), second])), ErrorKind::Overlap);
    // An entry whose contents hold the header of the next.
    twice.truncate(twice.windows(4).position(|window| window == b"PK\x01\x02").unwrap());
    let outer = Item::stored("outer", &twice);
    let inner = Item { offset: Some(35), ..Item::stored("a", b"body") };
    assert_eq!(refusal(&build(&[outer, inner])), ErrorKind::Overlap);
}

#[test]
fn an_entry_that_overlaps_its_neighbour_by_its_local_extra_field_is_refused() {
    // The directory does not list the local extra field: only the exact end shows that it moves the contents.
    let mut bytes = pair(|_| {});
    let at = bytes.windows(8).position(|window| window == b"PK\x03\x04\x14\0\0\0").unwrap();
    assert_eq!(at, 0);
    bytes[28] = 4;
    assert_eq!(refusal(&bytes), ErrorKind::Overlap);
}

#[test]
fn bytes_that_belong_to_no_entry_are_refused() {
    let stray = |extra_bytes| ErrorKind::StrayBytes { extra_bytes };
    assert_eq!(refusal(&pair(|item| item.junk = vec![0; 7])), stray(7));
    let first = Item { junk: vec![b'x'; 9], ..Item::stored("a", b"body") };
    assert_eq!(refusal(&build(&[first])), stray(9));
    let mut trailing = build(&[Item::stored("a", b"body")]);
    trailing.push(0);
    assert_eq!(refusal(&trailing), stray(1));
    let mut prefixed = b"#!/bin/sh\n".to_vec();
    prefixed.extend(build(&[Item::stored("a", b"body")]));
    assert_eq!(refusal(&prefixed), ErrorKind::EndRecord);
}

#[test]
fn an_end_record_that_contradicts_the_directory_is_refused() {
    for zip64 in [false, true] {
        let bytes = build_with(&[Item::stored("a", b"body")], End { zip64, ..End::default() });
        let end = bytes.len() - 22;
        let offsets = if zip64 {
            vec![end - 20 + 8, end - 76 + 4, end - 76 + 40, end - 76 + 48]
        } else {
            vec![end + 12, end + 16]
        };
        for offset in offsets {
            let mut lying = bytes.clone();
            lying[offset] ^= 1;
            let kind = refusal(&lying);
            assert!(matches!(kind, ErrorKind::EndRecord | ErrorKind::Directory), "{offset}: {kind:?}");
        }
    }
}

#[test]
fn a_header_that_contradicts_the_directory_is_refused() {
    let disagreement = |what| ErrorKind::Disagreement(what);
    assert_eq!(refusal(&pair(|item| item.local_name = b"evil".to_vec())), disagreement("name"));
    assert_eq!(refusal(&pair(|item| item.local_method = 0)), disagreement("compression method"));
    assert_eq!(refusal(&pair(|item| item.local_numbers.0 ^= 1)), disagreement("CRC-32"));
    assert_eq!(refusal(&pair(|item| item.local_numbers.1 += 1)), disagreement("length"));
    assert_eq!(refusal(&pair(|item| item.local_numbers.2 += 1)), disagreement("length"));
    assert_eq!(refusal(&pair(|item| item.local_flags = 8)), disagreement("data descriptor"));
    assert_eq!(refusal(&pair(|item| item.local_numbers = (0, 0, 0))), disagreement("length"));
    assert_eq!(refusal(&pair(|item| item.local_name = b"bent-and-longer".to_vec())), disagreement("name"));
}

#[test]
fn a_descriptor_that_contradicts_the_directory_is_refused() {
    for byte in 0..16 {
        let bytes = pair(|item| {
            *item = item.clone().streamed(true, false);
            item.descriptor[byte] ^= 1;
        });
        assert_eq!(refusal(&bytes), ErrorKind::Descriptor, "byte {byte}");
    }
    let absent = pair(|item| {
        *item = item.clone().streamed(true, false);
        item.descriptor.clear();
    });
    assert_eq!(refusal(&absent), ErrorKind::Descriptor);
}

#[test]
fn contents_of_another_length_than_declared_are_refused() {
    let declare = |plain: u32| {
        pair(|item| {
            item.uncompressed_bytes = plain.into();
            item.local_numbers.2 = plain;
        })
    };
    assert_eq!(refusal(&declare(899)), ErrorKind::TooLong { declared_bytes: 899 });
    assert_eq!(refusal(&declare(901)), ErrorKind::TooShort { declared_bytes: 901, actual_bytes: 900 });
    assert_eq!(refusal(&declare(0)), ErrorKind::TooLong { declared_bytes: 0 });
}

#[test]
fn bytes_after_the_end_of_the_deflate_stream_are_refused() {
    let bytes = pair(|item| {
        item.stored.extend(b"hidden");
        item.compressed_bytes += 6;
        item.local_numbers.1 += 6;
    });
    assert_eq!(refusal(&bytes), ErrorKind::Disagreement("compressed length"));
}

#[test]
fn wrong_contents_are_never_returned_completely() {
    let mut bytes = build(&[Item::stored("a", b"contents")]);
    bytes[31] ^= 1;
    let archive = Archive::open(&bytes, &Limits::untrusted()).unwrap();
    let mut buffer = Vec::new();
    let mut reader = archive.read(&archive.entries(&mut buffer).next_entry().unwrap().unwrap()).unwrap();
    // A read of exactly the declared length must not bypass the check.
    let mut contents = [0; 8];
    let error = reader.read_exact(&mut contents).unwrap_err();
    let again = reader.read(&mut contents).expect_err("a failed reader continued");
    assert_eq!(again.to_string(), error.to_string(), "the first error is repeated");
}

#[test]
fn damaged_deflate_data_is_refused() {
    assert_eq!(refusal(&pair(|item| item.stored[0] = 0xff)), ErrorKind::Deflate);
}

#[test]
fn unsupported_features_are_named() {
    for flag in [1, 1 << 6, 1 << 13] {
        assert_eq!(refusal(&pair(|item| item.flags = flag)), ErrorKind::Encrypted);
        assert_eq!(refusal(&pair(|item| item.local_flags = flag)), ErrorKind::Encrypted);
    }
    for method in [1, 9, 12, 14, 93, 99] {
        assert_eq!(refusal(&pair(|item| item.method = method)), ErrorKind::UnsupportedMethod(method));
    }
    for mode in [0o120_777, 0o020_666, 0o010_644, 0o140_755] {
        assert_eq!(refusal(&pair(|item| item.attributes = mode << 16)), ErrorKind::SpecialFile);
    }
    let second = |name: &[u8]| {
        let mut extra = vec![0x75, 0x70, name.len() as u8 + 5, 0, 1];
        extra.extend(crc32fast::hash(b"bent").to_le_bytes());
        extra.extend(name);
        extra
    };
    assert_eq!(refusal(&pair(|item| item.extra = second(b"evil"))), ErrorKind::SecondName);
    assert!(read_all(&pair(|item| item.extra = second(b"bent")), &Limits::untrusted()).is_ok());
    let end = End { volume: 1, ..End::default() };
    assert_eq!(refusal(&build_with(&[Item::stored("a", b"")], end)), ErrorKind::MultipleVolumes);
}

#[test]
fn a_wrong_number_of_entries_is_refused() {
    for count_error in [-1, 1] {
        let bytes =
            build_with(&[Item::stored("a", b""), Item::stored("b", b"")], End { count_error, ..End::default() });
        assert!(matches!(refusal(&bytes), ErrorKind::EntryCount { listed: 2, .. }));
    }
}

#[test]
fn a_folder_with_contents_and_two_zip64_fields_are_refused() {
    assert_eq!(refusal(&build(&[Item::stored("a/", b"x")])), ErrorKind::FolderWithContents);
    let twice = pair(|item| item.extra = [1, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8].repeat(2));
    assert_eq!(refusal(&twice), ErrorKind::DuplicateZip64);
}

#[test]
fn bombs_are_refused_before_a_byte_is_inflated() {
    let bomb = build(&[Item::deflated("bomb", &vec![0; 4 << 20])]);
    assert!(bomb.len() < 8 << 10);
    let limit = |limits: Limits| match read_all(&bomb, &limits).unwrap_err().kind() {
        ErrorKind::Limit(exceeded) => exceeded.name,
        other => panic!("{other:?}"),
    };
    assert_eq!(limit(Limits::untrusted().with_max_entry_bytes((4 << 20) - 1)), "max_entry_bytes");
    assert_eq!(limit(Limits::untrusted().with_max_total_bytes((4 << 20) - 1)), "max_total_bytes");
    assert_eq!(limit(Limits::untrusted().with_max_entries(0)), "max_entries");
    let claims =
        build(&[Item { uncompressed_bytes: u64::MAX, compressed_bytes: u64::MAX, ..Item::deflated("huge", b"x") }]);
    assert!(read_all(&claims, &Limits::trusted()).is_err());
}

#[test]
fn a_lying_entry_yields_no_more_than_it_declares() {
    // Declares ten bytes, holds four mebibytes.
    let mut item = Item::deflated("bomb", &[0; 10]);
    item.stored = deflated(&vec![0; 4 << 20]);
    item.compressed_bytes = item.stored.len() as u64;
    item.local_numbers.1 = item.stored.len() as u32;
    assert_eq!(refusal(&build(&[item])), ErrorKind::TooLong { declared_bytes: 10 });
}

#[test]
fn no_cut_and_no_flipped_bit_yields_other_contents() {
    let items = [
        Item::deflated("a", b"first contents").streamed(true, false),
        Item::deflated("b", &b"second contents, a little longer".repeat(3)).streamed(true, false),
    ];
    let bytes = build(&items);
    let whole = read_all(&bytes, &Limits::untrusted()).unwrap();
    for length in 0..bytes.len() {
        assert!(read_all(&bytes[..length], &Limits::untrusted()).is_err(), "cut to {length} bytes");
    }
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        // Bits of times, versions and attributes have no effect; names are stored twice, so a flipped bit shows.
        if let Ok(read) = read_all(&flipped, &Limits::untrusted()) {
            assert_eq!(read, whole, "bit {bit}");
        }
    }
}

#[test]
fn names_in_messages_are_escaped() {
    let error =
        read_all(&build(&[Item { flags: 1, ..Item::stored("\u{1b}[2J", b"") }]), &Limits::untrusted()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "zip entry \"\\x1b[2J\": the entry is encrypted: create the archive again without a password (at byte 34 of the zip file)"
    );
}
