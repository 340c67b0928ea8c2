//! The reader's own promises: offsets, limits, damage, and their messages.

use std::error::Error as _;
use std::io::{self, BufRead, BufReader, Read};

use appsnap::Limits;
use appsnap::tarball::{Code, Error, ErrorKind, MemberKind, Reader};
use proptest::prelude::*;

use super::{Seen, read, write};
use crate::support::hostile::extension::pax;
use crate::support::hostile::header::{Field, Header};
use crate::support::hostile::plan::{Part, Plan};

fn two() -> Vec<u8> {
    write(&[(b".metadata".to_vec(), b"{}".to_vec()), (b"db/db.backup".to_vec(), vec![7; 1000])])
}

fn walk(tar: &[u8], limits: &Limits) -> Result<usize, Error> {
    let mut reader = Reader::new(tar, limits);
    let mut count = 0;
    while reader.next_member()?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[test]
fn offsets_are_those_of_the_own_header_and_payload() {
    let plan = Plan::sample().extend(2, pax(&[("mtime", "1")]));
    let tar = plan.tar();
    let mut reader = Reader::new(tar.as_slice(), &Limits::untrusted());
    let mut at = 0;
    for part in &plan.parts {
        let member = reader.next_member().unwrap().unwrap();
        let header_at = at + part.before.len() as u64;
        assert_eq!(member.header_offset_bytes(), header_at);
        assert_eq!(member.payload_offset_bytes(), header_at + 512);
        at += part.render().len() as u64;
    }
    assert!(reader.next_member().unwrap().is_none());
    assert_eq!(reader.offset_bytes(), tar.len() as u64);
}

#[test]
fn a_payload_may_be_left_at_any_point() {
    let tar = two();
    for taken in [0, 1, 2] {
        let mut reader = Reader::new(tar.as_slice(), &Limits::untrusted());
        assert_eq!(reader.next_member().unwrap().unwrap().len_bytes(), 2);
        assert_eq!(reader.read(&mut [0; 2][..taken]).unwrap(), taken);
        assert_eq!(reader.payload_left_bytes(), 2 - taken as u64);
        assert_eq!(reader.next_member().unwrap().unwrap().name(), b"db/db.backup");
        // Asking for more than is there gives what is there.
        let shown = reader.payload().unwrap().len();
        assert_eq!(shown, 1000);
        reader.consume(usize::MAX);
        assert_eq!(reader.read(&mut [0; 10]).unwrap(), 0);
        assert!(reader.next_member().unwrap().is_none());
        assert!(reader.next_member().unwrap().is_none(), "the end stays the end");
    }
}

#[test]
fn every_cut_is_called_truncated() {
    let tar = two();
    let members_bytes = 512 + 512 + 512 + 1024;
    for keep in 0..tar.len() {
        match walk(&tar[..keep], &Limits::untrusted()) {
            // Only the record's padding after the two zero blocks is missing.
            Ok(count) => assert!(count == 2 && (keep >= members_bytes + 1024 || keep == members_bytes + 512), "{keep}"),
            Err(error) => assert!(error.is_truncated() && error.position() == Some(keep as u64), "{keep}: {error}"),
        }
    }
}

#[test]
fn one_zero_block_at_the_end_is_reported() {
    let tar = Plan::sample().ending(vec![0; 512]).tar();
    let mut reader = Reader::new(tar.as_slice(), &Limits::untrusted());
    while reader.next_member().unwrap().is_some() {
        assert!(reader.diagnostics().is_empty());
    }
    assert!(reader.diagnostics().counts().eq([(Code::ShortEndMarker.into(), 1)]));
}

#[test]
fn every_limit_stops_at_its_bound_and_not_before() {
    let tar = two();
    let exceeded = |limits: &Limits| match walk(&tar, limits).unwrap_err().kind() {
        ErrorKind::Limit(exceeded) => exceeded.name,
        other => panic!("{other:?}"),
    };
    let limits = Limits::untrusted;
    let bytes = tar.len() as u64;
    assert_eq!(
        walk(&tar, &limits().with_max_total_bytes(bytes).with_max_entries(2).with_max_entry_bytes(1000)).unwrap(),
        2
    );
    assert_eq!(exceeded(&limits().with_max_total_bytes(bytes - 1)), "max_total_bytes");
    assert_eq!(exceeded(&limits().with_max_entries(1)), "max_entries");
    assert_eq!(exceeded(&limits().with_max_entry_bytes(999)), "max_entry_bytes");
}

#[test]
fn a_reader_that_failed_repeats_its_error() {
    let tar = Plan::sample().header(1, |header| header.with_checksum(|_, _| b"000000\0 ".to_vec())).tar();
    let mut reader = Reader::new(tar.as_slice(), &Limits::untrusted());
    reader.next_member().unwrap();
    let first = reader.next_member().unwrap_err();
    assert!(matches!(first.kind(), ErrorKind::Damaged) && first.to_string().contains("checksum"), "{first}");
    for error in [reader.next_member().map(drop).unwrap_err(), reader.read(&mut [0; 9]).map(drop).unwrap_err()] {
        assert_eq!(error.to_string(), first.to_string());
    }
}

/// Fails with an error of its own once `left` bytes are read.
struct Failing<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = buffer.len().min(self.left);
        if end == 0 {
            // The kind of an end, which must not be taken for one.
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the decoder below failed"));
        }
        self.left -= end;
        self.bytes.read(&mut buffer[..end])
    }
}

#[test]
fn an_error_of_the_source_comes_out_as_it_went_in() {
    let tar = two();
    for left in 0..tar.len() {
        let source = BufReader::with_capacity(64, Failing { bytes: &tar, left });
        let mut reader = Reader::new(source, &Limits::untrusted());
        let error = loop {
            match reader.next_member() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("read to an end that is not there, after {left} bytes"),
                Err(error) => break error,
            }
        };
        assert!(error.is_io() && !error.is_truncated(), "{left}: {error}");
        assert_eq!(error.source().unwrap().to_string(), "the decoder below failed");
    }
}

/// Is interrupted once, at any position.
struct Interrupted<'a> {
    bytes: &'a [u8],
    was_interrupted: bool,
}

impl Read for Interrupted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }
}

impl BufRead for Interrupted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !std::mem::replace(&mut self.was_interrupted, true) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(&self.bytes[..self.bytes.len().min(100)])
    }

    fn consume(&mut self, count: usize) {
        self.bytes.consume(count);
        self.was_interrupted = false;
    }
}

#[test]
fn an_interrupted_source_is_asked_again() {
    let tar = two();
    let mut reader = Reader::new(Interrupted { bytes: &tar, was_interrupted: false }, &Limits::untrusted());
    assert!(reader.next_member().unwrap().is_some());
    assert!(reader.next_member().unwrap().is_some());
    assert!(reader.next_member().unwrap().is_none());
    assert_eq!(reader.offset_bytes(), tar.len() as u64);
}

#[test]
fn labels_are_shown_as_what_they_are() {
    let label = Header::v7("nightly", 0).with(Field::Size, b"").of_type(b'V');
    let tar = Plan::sample().insert(0, Part::bare(label)).tar();
    let mut reader = Reader::new(tar.as_slice(), &Limits::untrusted());
    let member = reader.next_member().unwrap().unwrap();
    assert_eq!((member.kind(), member.name(), member.len_bytes()), (MemberKind::Label, &b"nightly"[..], 0));
}

#[test]
fn messages_name_the_place_and_the_remedy() {
    let hard_link = Plan::sample().push(Part::bare(Header::ustar("tree/x", 0).of_type(b'1'))).tar();
    let message = walk(&hard_link, &Limits::untrusted()).unwrap_err().to_string();
    assert!(
        message.starts_with("tree/x: ") && message.contains("--hard-dereference") && message.contains("at byte 6144"),
        "{message}"
    );
    let conflict = Plan::sample().extend(2, pax(&[("path", "a\u{202e}\nb")])).tar();
    let message = walk(&conflict, &Limits::untrusted()).unwrap_err().to_string();
    assert!(message.contains(r"a\xe2\x80\xae\nb"), "{message}");
}

#[test]
fn an_error_is_as_large_as_a_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_the_framing_writes_is_read_again(
        members in prop::collection::vec(("[a-z][a-z/]{0,60}[a-z]", prop::collection::vec(any::<u8>(), 0..1500)), 0..8),
        buffer_bytes in 1_usize..2000,
    ) {
        let members = members.into_iter().map(|(name, payload)| (name.into_bytes(), payload)).collect::<Vec<_>>();
        let seen = read(&write(&members), buffer_bytes).unwrap();
        let wanted = members.into_iter().map(|(name, payload)| Seen { name, is_directory: false, payload });
        prop_assert_eq!(seen, wanted.collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_make_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..3000), from: prop::sample::Index) {
        let _ = read(&bytes, 100);
        // After a sound member, so that more than the first checksum is reached.
        let mut tar = two()[..1024].to_vec();
        tar.append(&mut bytes);
        let _ = read(&tar, 100);
        let cut = from.index(tar.len());
        let _ = read(&tar[..cut], 100);
    }
}
