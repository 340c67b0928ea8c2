//! Twice the input takes about twice the time: no quadratic path. Only ratios are compared, never seconds.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use appsnap::check::{CheckOptions, Profile, check};
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::{Compression, DataElement, Header};
use appsnap::pgdump::toc::{self, DataState, Entry};
use appsnap::pgdump::{FormatVersion, inspect};
use appsnap::snapshot::options::Tolerance;
use appsnap::snapshot::{ReadOptions, SnapshotReader};
use appsnap::{DocumentId, Limits};

use super::alone;
use crate::support::archives::Contents;
use crate::support::hostile::gzip::member;
use crate::support::hostile::header::{BLOCK, Header as TarHeader};
use crate::support::hostile::plan::{Part, Plan, path};
use crate::support::readers::Portions;

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
    let mut reader = SnapshotReader::new(source, &options);
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
    linear("ascending ids", 6000, |count| tar((0..count).map(header)), |input| read(input));
    linear("descending ids", 6000, |count| tar((0..count).rev().map(header)), |input| read(input));
}

#[test]
fn junk_and_repeated_names() {
    let junk = |number: usize| Part::file(format!("tree/._{number}"), "").render();
    linear("junk", 6000, |count| tar((0..count).map(junk)), |input| read(input));
    let again = TarHeader::ustar(path(&id(1)), 0).render().to_vec();
    linear("one name", 6000, |count| tar(std::iter::repeat_n(again.clone(), count)), |input| read(input));
}

#[test]
fn keys_of_metadata() {
    let make = |count: usize| {
        let keys = (0..count).map(|number| format!("\"{number:x}\":0")).collect::<Vec<_>>();
        Plan::with_metadata(format!("{{{}}}", keys.join(","))).gz()
    };
    linear("keys of metadata", 3000, make, |input| read(input));
    let nested = |count: usize| {
        Plan::with_metadata(format!("{{\"a\":{}}}", "[".repeat(60) + &"[],".repeat(count) + "0" + &"]".repeat(60))).gz()
    };
    linear("nested arrays of metadata", 5000, nested, |input| read(input));
}

fn head(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut header = Header::new(FormatVersion::V1_14);
    header.compression = Compression::None;
    let mut out = Vec::new();
    header.encode(&mut out).unwrap();
    toc::encode(entries.iter().copied(), &Header::new(FormatVersion::V1_14), &mut out).unwrap();
    out
}

fn put(out: &mut Vec<u8>, piece: DataElement<'_>) {
    piece.encode(&Header::new(FormatVersion::V1_14), out).unwrap();
}

#[test]
fn entries_of_a_dump() {
    let make = |count: usize| {
        // Backwards, so that sorting by id has something to do.
        head(&(1..=count as u32).rev().map(|id| Entry::new(id, b"TABLE", b"t")).collect::<Vec<_>>())
    };
    linear("entries", 20_000, make, |input| drop(inspect(input, &Limits::untrusted(), &mut NoObserver).unwrap()));
}

#[test]
fn dependencies_of_one_entry() {
    let make = |count: usize| {
        let ids = (1..=count as u32).collect::<Vec<_>>();
        let mut entry = Entry::new(1, b"TABLE", b"t");
        entry.set_dependencies(ids.as_slice());
        head(&[entry])
    };
    linear("dependencies", 100_000, make, |input| drop(inspect(input, &Limits::untrusted(), &mut NoObserver).unwrap()));
}

/// The entry that large objects belong to may be long itself: it must not be read again for each of them, be it to
/// inspect them or to look for the rows of another table.
#[test]
fn large_objects_behind_a_long_entry() {
    let make = |count: usize| {
        let ids = (1..=count as u32).collect::<Vec<_>>();
        let mut blobs = Entry::new(1, b"BLOBS", b"BLOBS");
        blobs.set_dependencies(ids.as_slice());
        blobs.data = DataState::NotSet;
        let mut files = Entry::new(2, b"TABLE DATA", b"system$filedocument");
        files.copy_statement = Some(b"COPY public.\"system$filedocument\" (id, __uuid__) FROM stdin;\n");
        files.data = DataState::NotSet;
        let mut out = head(&[blobs, files]);
        put(&mut out, DataElement::LargeObjects { id: 1 });
        for oid in 1..=count as u32 {
            put(&mut out, DataElement::LargeObject { oid });
            put(&mut out, DataElement::StreamEnd);
        }
        put(&mut out, DataElement::LargeObjectsEnd);
        put(&mut out, DataElement::TableData { id: 2 });
        put(&mut out, DataElement::Chunk { len_bytes: 5 });
        put(&mut out, DataElement::Bytes(b"\\.\n\n\n"));
        put(&mut out, DataElement::StreamEnd);
        out
    };
    linear("large objects", 3000, make, |input| drop(inspect(input, &Limits::untrusted(), &mut NoObserver).unwrap()));
    linear("large objects of a check", 3000, make, |input| {
        let report = check(input, &Profile::format(), &CheckOptions::new(), &mut NoObserver).unwrap();
        assert!(report.contents().is_verified);
    });
}

/// Blocks of every table in turn, all after long entries.
#[test]
fn blocks_of_many_tables() {
    let make = |count: usize| {
        let ids = [1; 50];
        let entries = (1..=count as u32).map(|id| {
            let mut entry = Entry::new(id, b"TABLE DATA", b"t");
            entry.set_dependencies(&ids[..]);
            entry.data = DataState::NotSet;
            entry
        });
        let mut out = head(&entries.collect::<Vec<_>>());
        for id in 1..=count as u32 {
            put(&mut out, DataElement::TableData { id });
            put(&mut out, DataElement::StreamEnd);
            put(&mut out, DataElement::TableDataEnd);
        }
        out
    };
    linear("blocks", 4000, make, |input| drop(inspect(input, &Limits::untrusted(), &mut NoObserver).unwrap()));
}

/// A dump of one stream that is stored as `stored`.
fn one_stream(compression: Compression, stored: &[u8]) -> Vec<u8> {
    let mut header = Header::new(FormatVersion::V1_16);
    header.compression = compression;
    let mut entry = Entry::new(1, b"TABLE DATA", b"t");
    entry.data = DataState::NotSet;
    let mut out = Vec::new();
    header.encode(&mut out).unwrap();
    toc::encode([entry], &header, &mut out).unwrap();
    let chunk = DataElement::Chunk { len_bytes: stored.len() as u32 };
    for piece in [DataElement::TableData { id: 1 }, chunk, DataElement::Bytes(stored), DataElement::StreamEnd] {
        piece.encode(&header, &mut out).unwrap();
    }
    out
}

/// Asserts that `slow` takes less than `most` times as long as `fast`.
fn no_slower(what: &str, most: f64, fast: impl Fn(), slow: impl Fn()) {
    let _alone = alone();
    let time = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed().max(Duration::from_micros(10)).as_secs_f64()
    };
    let ratios = (0..TRIES).map(|_| time(&slow) / time(&fast)).collect::<Vec<_>>();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    println!("{what}: {least:.2}");
    assert!(least < most, "{what} takes {ratios:.1?} times as long");
}

/// Not a ratio of lengths but of portions: a source that gives little at a time must not cost a large buffer each time.
#[test]
fn a_slow_source_costs_no_more_than_its_bytes() {
    let dump = one_stream(Compression::None, &[b'x'; 200_000]);
    let inspected = |source: &mut dyn Read| drop(inspect(source, &Limits::untrusted(), &mut NoObserver).unwrap());
    // What reading byte by byte costs by itself.
    let drained = |bytes: &[u8]| {
        let (mut source, mut buffer) = (Portions::single(bytes), vec![0; 64 << 10]);
        while source.read(&mut buffer).unwrap() > 0 {}
    };
    no_slower("a dump byte by byte", 30.0, || drained(&dump), || inspected(&mut Portions::single(dump.as_slice())));
    let archive = Contents::sample(8).archive();
    no_slower("an archive byte by byte", 60.0, || drained(&archive), || read(Portions::single(archive.as_slice())));
}

/// A frame may announce blocks of 4 MiB and hold a thousand of one byte: each must cost one byte.
#[cfg(feature = "lz4")]
#[test]
fn tiny_lz4_blocks_cost_no_large_ones() {
    let frame = |sizes: u8| {
        let descriptor = [0x40, sizes];
        let mut hasher = twox_hash::XxHash32::with_seed(0);
        std::hash::Hasher::write(&mut hasher, &descriptor);
        let check = hasher.finish_32().to_le_bytes()[1];
        let blocks = [&(1_u32 << 31 | 1).to_le_bytes()[..], b"x"].concat().repeat(3000);
        [&b"\x04\x22\x4d\x18"[..], &descriptor, &[check], &blocks, &[0; 4]].concat()
    };
    let [small, large] = [0x40, 0x70].map(|sizes| one_stream(Compression::Lz4, &frame(sizes)));
    let inspected = |dump: &[u8]| drop(inspect(dump, &Limits::untrusted(), &mut NoObserver).unwrap());
    no_slower("lz4 blocks of one byte", 20.0, || inspected(&small), || inspected(&large));
}
