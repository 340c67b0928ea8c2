//! Conversion of whole dumps: data, positions, lengths, options, damage.

use std::io::{self, Read, Write};
use std::ops::ControlFlow;

use appsnap::Limits;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::pgdump::raw::{BlockReader, Compression};
use appsnap::pgdump::toc::{DataState, Offsets};
use appsnap::pgdump::transcode::Transcoder;
use appsnap::pgdump::{ErrorKind, FormatVersion, inspect};

use super::transcode_support::{converted, data_area, dropped, lines, refused, streams, to_1_14};
use crate::support::dumps::{compressions, sample, version_for};
use crate::support::readers::Stutter;

/// A dump of every newer version, in each compression, written to a file and to a pipe.
fn samples() -> impl Iterator<Item = Vec<u8>> {
    let versions = FormatVersion::ALL.iter().filter(|version| **version >= FormatVersion::V1_12);
    versions.flat_map(|version| {
        compressions().into_iter().flat_map(move |compression| {
            [true, false].map(|with_positions| {
                let mut builder = sample(version_for(*version, compression), compression);
                builder.with_positions = with_positions;
                builder.build()
            })
        })
    })
}

/// Sets the compression, if there is one.
fn with(transcoder: Transcoder, compression: Option<Compression>) -> Transcoder {
    match compression {
        Some(compression) => transcoder.with_compression(compression),
        None => transcoder,
    }
}

#[test]
fn every_stream_survives_every_conversion() {
    let choices = [None, Some(Compression::None), Some(Compression::GZIP), Some(Compression::gzip_level(1).unwrap())];
    for dump in samples() {
        let from = BlockReader::open(&dump[..], &Limits::untrusted()).unwrap().header().clone();
        let before = streams(&dump[..]);
        for to in FormatVersion::ALL.iter().filter(|to| **to >= FormatVersion::V1_12) {
            for choice in choices {
                let transcoder = with(Transcoder::to(*to), choice);
                let (out, conversion) = converted(&transcoder, &dump);
                let what = format!("{from:?} to {to} with {choice:?}");
                assert_eq!(streams(&out[..]), before, "{what}");

                let inspection = inspect(&out[..], &Limits::untrusted(), &mut NoObserver).unwrap();
                let changes = &conversion.changes;
                assert_eq!(inspection.header.version(), from.version().min(*to), "{what}");
                assert_eq!((changes.from, changes.to), (from.version(), from.version().min(*to)));
                assert_eq!(changes.compression.name(), inspection.header.compression.name());
                assert_eq!(inspection.offsets, changes.offsets, "{what}");
                assert_eq!(inspection.toc.len(), changes.entries_out_count);
                if !changes.recompressed {
                    assert_eq!(data_area(&out), data_area(&dump), "{what}");
                    assert_eq!(inspection.offsets, conversion.toc.offsets(), "{what}");
                }
            }
        }
    }
}

#[test]
fn old_versions_cannot_have_new_compression() {
    for compression in compressions() {
        let dump = sample(FormatVersion::V1_16, compression).build();
        let (_, conversion) = converted(&to_1_14(), &dump);
        let is_new = matches!(compression, Compression::Lz4 | Compression::Zstd);
        assert_eq!(conversion.changes.recompressed, is_new);
        assert_eq!(conversion.changes.compression, if is_new { Compression::GZIP } else { compression });
        let (_, conversion) = converted(&Transcoder::to(FormatVersion::V1_15), &dump);
        assert_eq!((conversion.changes.recompressed, conversion.changes.compression), (false, compression));
    }
}

#[test]
fn a_dump_without_changes_is_copied() {
    for version in FormatVersion::ALL {
        for compression in compressions() {
            let dump = sample(*version, compression).build();
            for transcoder in [Transcoder::same_version(), Transcoder::to(FormatVersion::V1_16)] {
                assert!(converted(&transcoder, &dump).0 == dump, "{version} {compression:?}");
            }
        }
    }
}

#[test]
fn older_dumps_keep_their_version() {
    for version in FormatVersion::ALL.iter().filter(|version| **version < FormatVersion::V1_14) {
        let dump = sample(*version, Compression::GZIP).build();
        assert!(converted(&to_1_14(), &dump).0 == dump, "{version}");
    }
}

#[test]
fn compression_changes_within_every_version() {
    for version in FormatVersion::ALL.iter().filter(|version| **version >= FormatVersion::V1_2) {
        for (from, to) in
            [(Compression::None, Compression::gzip_level(9).unwrap()), (Compression::GZIP, Compression::None)]
        {
            let dump = sample(*version, from).build();
            let (out, conversion) = converted(&Transcoder::same_version().with_compression(to), &dump);
            assert_eq!(streams(&out[..]), streams(&dump[..]), "{version}");
            assert!(conversion.changes.recompressed && conversion.changes.offsets == Offsets::NotSet);
            assert_eq!(lines(&out), lines(&dump));
        }
    }
}

#[test]
fn versions_below_1_12_are_not_written() {
    let dump = sample(FormatVersion::V1_14, Compression::GZIP).build();
    let error = Transcoder::to(FormatVersion::V1_11).plan(&dump[..], &Limits::untrusted()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
}

#[test]
fn the_length_is_known_before_unless_data_is_recompressed() {
    for dump in samples() {
        let input_bytes = dump.len() as u64;
        for choice in [None, Some(Compression::None)] {
            let plan = with(to_1_14(), choice).plan(&dump[..], &Limits::untrusted()).unwrap();
            let (known, recompressed) = (plan.output_bytes(input_bytes), plan.changes().recompressed);
            assert_eq!(plan.output_bytes(10), None);
            let mut out = Vec::new();
            plan.run(&mut out, &mut NoObserver).unwrap();
            assert_eq!(known, (!recompressed).then_some(out.len() as u64));
        }
    }
}

#[test]
fn how_input_and_output_are_sliced_does_not_matter() {
    for dump in samples() {
        let (whole, _) = converted(&to_1_14(), &dump);
        let plan = to_1_14().plan(Stutter::single(&dump[..]), &Limits::untrusted()).unwrap();
        let mut out = Vec::new();
        plan.run(&mut out, &mut NoObserver).unwrap();
        assert!(out == whole);

        let mut reader = to_1_14().plan(&dump[..], &Limits::untrusted()).unwrap();
        let mut pulled = Vec::new();
        let mut piece = [0; 777];
        loop {
            match reader.read(&mut piece).unwrap() {
                0 => break,
                count => pulled.extend_from_slice(&piece[..count]),
            }
        }
        assert!(pulled == whole);
        assert_eq!(reader.finish().unwrap().output_bytes, whole.len() as u64);
    }
}

#[test]
fn a_reader_that_is_not_read_to_its_end_does_not_finish() {
    let dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    let (whole, _) = converted(&to_1_14(), &dump);
    let mut reader = to_1_14().plan(&dump[..], &Limits::untrusted()).unwrap();
    // All bytes have been read, but not the end of the input.
    reader.read_exact(&mut vec![0; whole.len()]).unwrap();
    let error = reader.finish().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
}

#[test]
fn positions_that_no_longer_fit_are_not_stored() {
    // Offsets of 2 bytes, and a table of contents that grows with 300 large objects in one group.
    let mut builder = sample(FormatVersion::V1_16, Compression::None);
    builder.blobs((1..=300).map(|oid| (oid, vec![1; 50])).collect());
    builder.table("last", "id", b"1\n");
    builder.header = builder.header.with_sizes(4, 2).unwrap();
    let dump = builder.build();
    let (out, conversion) = converted(&to_1_14(), &dump);
    assert_eq!(conversion.toc.offsets(), Offsets::Set);
    assert!(matches!(conversion.changes.offsets, Offsets::NotSet | Offsets::Mixed), "{:?}", conversion.changes);
    let blocks = BlockReader::open(&out[..], &Limits::untrusted()).unwrap();
    assert_eq!((blocks.header().int_bytes(), blocks.header().offset_bytes()), (4, 2));
    assert!(blocks.toc().entries().any(|entry| entry.data == DataState::NotSet));
    // Only its sizes are unusual.
    let mut all = appsnap::pgdump::Dump::open(&out[..], &Limits::untrusted()).unwrap();
    while all.next_stream().unwrap().is_some() {}
}

#[test]
fn small_integers_limit_the_chunks() {
    let mut builder = sample(FormatVersion::V1_16, Compression::GZIP);
    builder.header = builder.header.with_sizes(1, 8).unwrap();
    builder.chunk_bytes = 100;
    builder.items.retain(|item| !item.desc.starts_with(b"BLOB"));
    let dump = builder.build();
    for choice in [Compression::None, Compression::gzip_level(1).unwrap()] {
        let mut out = Vec::new();
        let transcoder = Transcoder::same_version().with_compression(choice);
        transcoder.convert(&dump[..], &mut out, &Limits::untrusted(), &mut NoObserver).unwrap();
        let inspection = inspect(&out[..], &Limits::untrusted(), &mut NoObserver).unwrap();
        assert_eq!(
            inspection.uncompressed_bytes(),
            inspect(&dump[..], &Limits::untrusted(), &mut NoObserver).unwrap().uncompressed_bytes()
        );
    }
}

#[test]
fn access_rights_and_owners_are_dropped_on_request() {
    let dump = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/pgdump/pg17-lo-acl.dump")).unwrap();
    for to in [FormatVersion::V1_14, FormatVersion::V1_16] {
        let transcoder = Transcoder::to(to).without_access_rights().without_owners();
        let (out, conversion) = converted(&transcoder, &dump);
        let blocks = BlockReader::open(&out[..], &Limits::untrusted()).unwrap();
        assert!(blocks.toc().entries().all(|entry| entry.owner.is_none() && entry.desc != b"ACL"));
        let dropped: Vec<u32> = dropped(&conversion).into_iter().map(|(id, _)| id).collect();
        assert_eq!(dropped, [3423]);
        assert_eq!(streams(&out[..]), streams(&dump[..]));
    }
}

#[test]
fn every_truncation_is_an_error() {
    for compression in compressions() {
        let dump = sample(FormatVersion::V1_16, compression).build();
        for len in (0..dump.len()).step_by(13) {
            let error = refused(&to_1_14(), &dump[..len], &Limits::untrusted());
            assert!(error.is_bad_input(), "{compression:?} {len}: {error}");
        }
    }
}

#[test]
fn damage_is_named_and_nothing_follows_it() {
    let dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    let surplus = [&dump[..], b"\n"].concat();
    let error = refused(&to_1_14(), &surplus, &Limits::untrusted());
    assert_eq!(error.position(), Some(dump.len() as u64), "{error}");

    let mut reader = to_1_14().plan(&surplus[..], &Limits::untrusted()).unwrap();
    let mut out = Vec::new();
    reader.read_to_end(&mut out).unwrap_err();
    for _ in 0..3 {
        reader.read(&mut [0; 10]).unwrap_err();
    }
    reader.finish().unwrap_err();
}

#[test]
fn the_content_of_recompressed_data_is_verified() {
    // One bit in the first compressed table.
    let mut dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    let start = dump.len() - data_area(&dump).len();
    dump[start + 30] ^= 0x10;
    converted(&to_1_14(), &dump);
    let error = refused(&to_1_14().with_compression(Compression::None), &dump, &Limits::untrusted());
    assert!(error.is_bad_input() && error.context().unwrap().contains("customer"), "{error}");

    // A table whose COPY text is not complete.
    let mut builder = sample(FormatVersion::V1_16, Compression::None);
    for item in &mut builder.items {
        if let Some(crate::support::dumps::Content::Table(text)) = &mut item.content {
            text.truncate(text.len() - 5);
        }
    }
    let transcoder = to_1_14().with_compression(Compression::GZIP);
    let dump = builder.build();
    let error = refused(&transcoder, &dump, &Limits::untrusted());
    assert!(error.is_bad_input(), "{error}");
}

#[test]
fn the_limit_on_decoded_bytes_applies_to_recompressed_data() {
    let dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    let limits = Limits::untrusted().with_max_decompressed_bytes(1000);
    let transcoder = to_1_14().with_compression(Compression::None);
    let error = refused(&transcoder, &dump, &limits);
    assert!(error.is_limit(), "{error}");
    to_1_14().convert(&dump[..], io::sink(), &limits, &mut NoObserver).unwrap();
}

/// Records the bytes of the input that were read, and cancels after a number of events.
struct Watch {
    events: Vec<u64>,
    stop_after: usize,
}

impl Observer for Watch {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        if let Event::Bytes { done_bytes, .. } = event {
            self.events.push(*done_bytes);
        }
        if self.events.len() >= self.stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn the_observer_receives_the_bytes_of_the_input_and_can_cancel() {
    let mut builder = sample(FormatVersion::V1_16, Compression::None);
    builder.table("long", "id, text", &b"1\tsome words that take room\n".repeat(40_000));
    let dump = builder.build();
    let run = |stop_after| {
        let mut watch = Watch { events: Vec::new(), stop_after };
        let result = to_1_14().convert(&dump[..], io::sink(), &Limits::untrusted(), &mut watch);
        (result, watch.events)
    };
    let (result, events) = run(usize::MAX);
    result.unwrap();
    assert!(events.is_sorted() && events.len() > 5);
    assert_eq!(events.last(), Some(&(dump.len() as u64)));
    let (result, events) = run(3);
    assert!(result.unwrap_err().error().is_cancelled());
    assert_eq!(events.len(), 3);
}

#[test]
fn a_failing_sink_is_not_a_damaged_dump() {
    #[derive(Debug)]
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.0);
            self.0 -= count;
            if count == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(count) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    let failed = to_1_14().convert(&dump[..], Full(500), &Limits::untrusted(), &mut NoObserver).unwrap_err();
    let (error, sink) = failed.into_parts();
    assert!(matches!(error.kind(), ErrorKind::Io { .. }) && !error.is_bad_input(), "{error}");
    assert_eq!(sink.0, 0, "the sink comes back as it was left");
}
