//! Twice the input takes about twice the time: no quadratic path. Only ratios are compared, never seconds.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use appsnap::pgdump::{
    BlockKind, Compression, DataState, Dependencies, Dialect, Entry, FormatVersion, Header, Piece, encode_toc, inspect,
};
use appsnap::snapshot::{ReadOptions, SnapshotReader, Tolerance};
use appsnap::{DocumentId, Limits};

use super::alone;
use crate::support::hostile::gzip::member;
use crate::support::hostile::header::{BLOCK, Header as TarHeader};
use crate::support::hostile::plan::{Part, Plan, path};

/// A quadratic path takes four times as long for twice the input; a busy machine may blur two to three.
const MOST: f64 = 3.0;
const TRIES: usize = 6;

/// Compares the time that `work` takes for inputs of `count` and of twice as many.
fn linear(what: &str, count: usize, make: impl Fn(usize) -> Vec<u8>, work: impl Fn(&[u8])) {
    let _alone = alone();
    let (one, two) = (make(count), make(2 * count));
    let time = |input: &[u8]| {
        let start = Instant::now();
        work(input);
        start.elapsed().max(Duration::from_micros(10))
    };
    let mut ratios = Vec::new();
    for _ in 0..TRIES {
        let ratio = time(&two).as_secs_f64() / time(&one).as_secs_f64();
        if ratio < MOST {
            println!("{what}: {ratio:.2}");
            return;
        }
        ratios.push(ratio);
    }
    panic!("{what}: twice the input takes {ratios:.1?} times as long");
}

fn read(source: impl Read) {
    let options = ReadOptions::new().with_tolerance(Tolerance::Salvage);
    let mut reader = SnapshotReader::new(source, options);
    while let Some(mut entry) = reader.next_entry().unwrap() {
        io::copy(&mut entry, &mut io::sink()).unwrap();
    }
}

fn id(number: usize) -> DocumentId {
    let number = number as u128;
    DocumentId::from_bytes((number << 96 | number).to_be_bytes())
}

fn tar(members: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut bytes = members.flatten().collect::<Vec<_>>();
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

#[test]
fn empty_gzip_members() {
    let make = |count| [member(b"").repeat(count), Plan::sample().gz()].concat();
    linear("empty gzip members", 10_000, make, |input| read(input));
}

#[test]
fn empty_documents_in_either_order() {
    let header = |number| TarHeader::ustar(path(&id(number)), 0).render().to_vec();
    linear("ascending ids", 20_000, |count| tar((0..count).map(header)), |input| read(input));
    linear("descending ids", 20_000, |count| tar((0..count).rev().map(header)), |input| read(input));
}

#[test]
fn junk_and_repeated_names() {
    let junk = |number: usize| Part::file(format!("tree/._{number}"), "").render();
    linear("junk", 20_000, |count| tar((0..count).map(junk)), |input| read(input));
    let again = TarHeader::ustar(path(&id(1)), 0).render().to_vec();
    linear("one name", 20_000, |count| tar(std::iter::repeat_n(again.clone(), count)), |input| read(input));
}

#[test]
fn keys_of_metadata() {
    let make = |count: usize| {
        let keys = (0..count).map(|number| format!("\"{number:x}\":0")).collect::<Vec<_>>();
        Plan::with_metadata(format!("{{{}}}", keys.join(","))).gz()
    };
    linear("keys of metadata", 3000, make, |input| read(input));
    let nested = |count: usize| Plan::with_metadata(format!("{{\"a\":{}}}", "[".repeat(60) + &"[],".repeat(count) + "0" + &"]".repeat(60))).gz();
    linear("nested arrays of metadata", 5000, nested, |input| read(input));
}

fn head(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut header = Header::new(FormatVersion::V1_14);
    header.compression = Compression::None;
    let mut out = Vec::new();
    header.encode(&mut out).unwrap();
    encode_toc(entries.iter().copied(), &Dialect::usual(FormatVersion::V1_14), &mut out).unwrap();
    out
}

fn put(out: &mut Vec<u8>, piece: Piece<'_>) {
    piece.encode(&Dialect::usual(FormatVersion::V1_14), out).unwrap();
}

#[test]
fn entries_of_a_dump() {
    let make = |count: usize| {
        // Backwards, so that sorting by id has something to do.
        head(&(1..=count as u32).rev().map(|id| Entry::new(id, b"TABLE", b"t")).collect::<Vec<_>>())
    };
    linear("entries", 20_000, make, |input| drop(inspect(input, &Limits::untrusted()).unwrap()));
}

#[test]
fn dependencies_of_one_entry() {
    let make = |count: usize| {
        let ids = (1..=count as u32).collect::<Vec<_>>();
        let mut entry = Entry::new(1, b"TABLE", b"t");
        entry.dependencies = Dependencies::from(ids.as_slice());
        head(&[entry])
    };
    linear("dependencies", 100_000, make, |input| drop(inspect(input, &Limits::untrusted()).unwrap()));
}

/// The entry that large objects belong to may be long itself: it must not be read again for each of them.
#[test]
fn large_objects_behind_a_long_entry() {
    let make = |count: usize| {
        let ids = (1..=count as u32).collect::<Vec<_>>();
        let mut entry = Entry::new(1, b"BLOBS", b"BLOBS");
        entry.dependencies = Dependencies::from(ids.as_slice());
        entry.data = DataState::NotSet;
        let mut out = head(&[entry]);
        put(&mut out, Piece::block(BlockKind::Blobs, 1));
        for oid in 1..=count as u32 {
            put(&mut out, Piece::object(oid));
            put(&mut out, Piece::StreamEnd);
        }
        put(&mut out, Piece::BlockEnd(BlockKind::Blobs));
        out
    };
    linear("large objects", 3000, make, |input| drop(inspect(input, &Limits::untrusted()).unwrap()));
}

/// Blocks of every table in turn, all behind long entries.
#[test]
fn blocks_of_many_tables() {
    let make = |count: usize| {
        let ids = [1; 50];
        let entries = (1..=count as u32).map(|id| {
            let mut entry = Entry::new(id, b"TABLE DATA", b"t");
            entry.dependencies = Dependencies::from(&ids[..]);
            entry.data = DataState::NotSet;
            entry
        });
        let mut out = head(&entries.collect::<Vec<_>>());
        for id in 1..=count as u32 {
            put(&mut out, Piece::block(BlockKind::Data, id));
            put(&mut out, Piece::StreamEnd);
            put(&mut out, Piece::BlockEnd(BlockKind::Data));
        }
        out
    };
    linear("blocks", 4000, make, |input| drop(inspect(input, &Limits::untrusted()).unwrap()));
}

/// Not a ratio of lengths but of portions: reading in small ones must not cost a large buffer each time.
#[test]
fn a_slow_source_costs_no_more_than_its_bytes() {
    let make = |count: usize| {
        let mut entry = Entry::new(1, b"TABLE DATA", b"t");
        entry.data = DataState::NotSet;
        let mut out = head(&[entry]);
        put(&mut out, Piece::block(BlockKind::Data, 1));
        put(&mut out, Piece::chunk(count as u32));
        out.extend(vec![b'x'; count]);
        put(&mut out, Piece::StreamEnd);
        put(&mut out, Piece::BlockEnd(BlockKind::Data));
        out
    };
    let _alone = alone();
    let dump = make(30_000);
    let time = |portion: usize| {
        let start = Instant::now();
        let source = crate::support::archives::OneByte(dump.as_slice());
        let source = io::BufReader::with_capacity(portion, source);
        drop(inspect(source, &Limits::untrusted()).unwrap());
        start.elapsed()
    };
    let (slow, fast) = (time(1), time(1 << 20));
    println!("one byte at a time: {slow:?}, otherwise {fast:?}");
}
