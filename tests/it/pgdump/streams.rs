//! Streams are lent one at a time, from files and pipes, and verified even if they are not read.

use std::io::{self, Read};
use std::ops::ControlFlow;

use appsnap::Limits;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::pgdump::raw::{BlockReader, Compression, DataElement, Header};
use appsnap::pgdump::toc::{DataState, Offsets};
use appsnap::pgdump::{Code, Dump, Error, ErrorKind, FormatVersion, inspect};

use crate::support::dumps::{Content, DumpBuilder, compressions, sample};
use crate::support::slow::Stutter;

const VERSION: FormatVersion = FormatVersion::V1_14;

fn streams(source: impl Read) -> Vec<(u32, Option<u32>, Vec<u8>)> {
    let mut dump = Dump::open(source, &Limits::untrusted()).unwrap();
    let mut found = Vec::new();
    while let Some(mut stream) = dump.next_stream().unwrap() {
        let mut plain = Vec::new();
        stream.read_to_end(&mut plain).unwrap();
        found.push((stream.entry().id, stream.oid(), plain));
    }
    found
}

fn contents(builder: &DumpBuilder) -> Vec<(u32, Option<u32>, Vec<u8>)> {
    let mut wanted = Vec::new();
    for item in &builder.items {
        match &item.content {
            Some(Content::Table(plain)) => wanted.push((item.id, None, plain.clone())),
            Some(Content::Blobs(objects)) => {
                wanted.extend(objects.iter().map(|(oid, plain)| (item.id, Some(*oid), plain.clone())));
            }
            None => {}
        }
    }
    wanted
}

#[test]
fn streams_do_not_depend_on_chunks_positions_or_reads() {
    for compression in compressions() {
        for chunk_bytes in [1, 18, 1000, 1 << 20] {
            let mut builder = sample(VERSION, compression);
            builder.chunk_bytes = chunk_bytes;
            for with_positions in [true, false] {
                builder.with_positions = with_positions;
                let bytes = builder.build();
                assert_eq!(streams(&bytes[..]), contents(&builder));
                assert_eq!(streams(Stutter::new(&bytes[..])), contents(&builder));
                let inspection = inspect(&bytes[..], &Limits::untrusted(), &mut NoObserver).unwrap();
                assert_eq!(inspection.offsets, if with_positions { Offsets::Set } else { Offsets::NotSet });
                assert_eq!((inspection.diagnostics.count_of(Code::DumpWithoutOffsets) == 1), !with_positions);
            }
        }
    }
}

#[test]
fn a_stream_need_not_be_read_to_its_end() {
    for compression in compressions() {
        let builder = sample(VERSION, compression);
        let bytes = builder.build();
        let mut dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
        let mut count = 0;
        while let Some(mut stream) = dump.next_stream().unwrap() {
            let _some = stream.read(&mut [0; 3][..count % 4]).unwrap();
            count += 1;
        }
        assert_eq!(count, contents(&builder).len());
        assert_eq!(dump.finish(&mut NoObserver).unwrap().rows_count(), 65);
    }
}

#[test]
fn a_stream_that_is_not_read_is_verified() {
    let mut builder = sample(VERSION, Compression::GZIP);
    let long: Vec<u8> =
        (0..40_000_u32).flat_map(|row| format!("{}\n", row.wrapping_mul(2_654_435_761)).into_bytes()).collect();
    let id = builder.table("long", "a", &long);
    builder.table("last", "a", b"");
    let mut bytes = builder.build();
    let blocks = BlockReader::open(&bytes[..], &Limits::untrusted()).unwrap();
    let DataState::Set(position) = blocks.toc().get(id).unwrap().data else { panic!("no position") };
    bytes[position as usize + 100_000] ^= 0x10;
    let mut dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
    while dump.next_stream().unwrap().unwrap().entry().id != id {}
    let error = dump.next_stream().map(|_| ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Corrupt(_)), "{error}");
    assert!(error.context().is_some_and(|context| context.contains("long")), "{error}");
}

#[test]
fn errors_travel_through_read_and_back() {
    let mut builder = DumpBuilder::new(VERSION, Compression::None);
    builder.table("t", "a", b"");
    builder.items.last_mut().unwrap().content = Some(Content::Table(b"1\n".to_vec()));
    let bytes = builder.build();
    let mut dump = Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
    let mut stream = dump.next_stream().unwrap().unwrap();
    let error = io::copy(&mut stream, &mut io::sink()).unwrap_err();
    let ours = error.downcast::<Error>().unwrap();
    assert_eq!(ours.kind(), &ErrorKind::Corrupt("the COPY data does not end in its terminator".into()));
}

#[test]
fn a_failing_source_is_not_a_damaged_dump() {
    struct Unplugged;
    impl Read for Unplugged {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("cable unplugged"))
        }
    }
    let bytes = sample(VERSION, Compression::GZIP).build();
    for len in [0, 20, 100, bytes.len() - 1] {
        let error =
            inspect((&bytes[..len]).chain(Unplugged), &Limits::untrusted(), &mut NoObserver).map(|_| ()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
        assert!(!error.is_bad_input());
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "cable unplugged");
    }
}

#[test]
fn sizes_are_reported_per_block() {
    for compression in compressions() {
        let builder = sample(VERSION, compression);
        let bytes = builder.build();
        let inspection = inspect(&bytes[..], &Limits::untrusted(), &mut NoObserver).unwrap();
        let plain: usize = contents(&builder).iter().map(|(_, _, plain)| plain.len()).sum();
        assert_eq!(inspection.uncompressed_bytes(), plain as u64);
        let stored: u64 = inspection.blocks.iter().map(|block| block.stored_bytes).sum();
        assert_eq!(stored, (bytes.len() - builder.data_offset_bytes()) as u64);
        let objects = inspection.blocks.iter().find(|block| block.large_objects_count == Some(3)).unwrap();
        assert_eq!((objects.uncompressed_bytes, objects.rows_count), (1200 + 5000, None));
    }
}

#[test]
fn elements_contain_every_stored_byte() {
    for compression in compressions() {
        let mut builder = sample(VERSION, compression);
        builder.chunk_bytes = 300_000;
        builder
            .blobs(vec![(7, (0..400_000_u32).map(|byte| byte.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect())]);
        let bytes = builder.build();
        let mut blocks = BlockReader::open(Stutter::new(&bytes[..]), &Limits::untrusted()).unwrap();
        let header = blocks.header().clone();
        let mut out = bytes[..builder.data_offset_bytes()].to_vec();
        while let Some(element) = blocks.next_element().unwrap() {
            element.encode(&header, &mut out).unwrap();
        }
        assert!(out == bytes);
        assert!(matches!(blocks.next_element(), Ok(None)), "the end stays the end");
    }
}

#[test]
fn large_object_numbers_use_all_32_bits() {
    let header = Header::new(VERSION);
    let mut bytes = Vec::new();
    DataElement::LargeObject { oid: 3_000_000_001 }.encode(&header, &mut bytes).unwrap();
    assert_eq!(bytes, [1, 255, 161, 47, 77]);
}

#[test]
fn the_observer_receives_the_bytes_read_and_can_cancel() {
    let mut builder = DumpBuilder::new(VERSION, Compression::None);
    builder.table("t", "a", &b"some words that take room\n".repeat(400_000));
    let bytes = builder.build();
    let run = |stop_after| {
        let mut events = Vec::new();
        let mut observer = Recorder { events: &mut events, stop_after };
        let result = inspect(&bytes[..], &Limits::untrusted(), &mut observer);
        (result, events)
    };
    let (result, events) = run(usize::MAX);
    result.unwrap();
    assert!(events.is_sorted() && events.len() > 5, "{events:?}");
    assert_eq!(events.last(), Some(&(bytes.len() as u64)));
    let (result, events) = run(2);
    assert!(result.unwrap_err().is_cancelled());
    assert_eq!(events.len(), 2);
}

struct Recorder<'a> {
    events: &'a mut Vec<u64>,
    stop_after: usize,
}

impl Observer for Recorder<'_> {
    fn observe(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::Bytes { plain_bytes, .. } = event {
            self.events.push(*plain_bytes);
        }
        if self.events.len() >= self.stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
